//! The form of answers: documents, errors, and the headers of the proxy in front of the API (spec 1 and 4).

use serde_json::{Value, json};

use super::config::{ErrorStyle, Response};
use crate::http::Answer;

const JSON: &str = "application/json";

/// A refusal: HTTP status, code and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) text: String,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &'static str, text: impl Into<String>) -> Self {
        Self { status, code, text: text.into() }
    }

    pub(super) fn invalid(text: impl Into<String>) -> Self {
        Self::new(400, "invalid_schema", text)
    }

    pub(super) fn no_database() -> Self {
        Self::new(404, "db_not_found", "Database does not exist")
    }

    /// The text is that of the recording.
    pub(super) fn busy() -> Self {
        Self::new(409, "db_busy", "Database is currently busy")
    }

    pub(super) fn not_exportable() -> Self {
        let text = "Not all modules loaded in the database support backup and restore";
        Self::new(406, "unsupported_module_capabilities", text)
    }

    pub(super) fn server_fault() -> Self {
        Self::new(500, "internal_error", "Internal error")
    }

    /// The answer.
    pub(super) fn answer(&self, style: ErrorStyle) -> Answer {
        failure(self.status, self.code, &self.text, style)
    }
}

/// An error in one of its forms.
pub(super) fn failure(status: u16, code: &str, text: &str, style: ErrorStyle) -> Answer {
    let name = match style {
        ErrorStyle::Description => "description",
        ErrorStyle::Message => "message",
        ErrorStyle::Empty => return Answer::empty(status),
        ErrorStyle::Html => {
            let page = format!("<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>\r\n");
            return Answer::new(status, "text/html", page);
        }
    };
    // A line feed follows, as in the recording.
    Answer::new(status, JSON, format!("{}\n", json!({ name: text, "error_code": code })))
}

/// The error code used with a status that a fault rule wants without saying one.
pub(super) fn usual_code(status: u16) -> &'static str {
    match status {
        400 => "invalid_schema",
        403 => "permission_denied",
        404 => "db_not_found",
        406 => "unsupported_module_capabilities",
        409 => "db_busy",
        503 => "no_quorum",
        _ => "error",
    }
}

/// An object or a list.
pub(super) fn document(value: &Value) -> Answer {
    Answer::new(200, JSON, value.to_string())
}

/// The answer of an accepted action.
pub(super) fn accepted(action: Option<&str>, response: Response) -> Answer {
    match (response, action) {
        (Response::Empty, _) => Answer::empty(200),
        (Response::ActionUid, Some(uid)) => document(&json!({ "action_uid": uid })),
        (Response::EmptyObject | Response::ActionUid, _) => document(&json!({})),
    }
}

/// With the headers of the proxy, and the number of the cluster's state on successful calls.
pub(super) fn with_usual_headers(answer: Answer, state_id: u64) -> Answer {
    let succeeded = answer.status < 300;
    let answer = answer.with("server", "envoy").with("x-envoy-upstream-service-time", "3");
    if succeeded { answer.with("cluster-state-id", state_id.to_string()) } else { answer }
}
