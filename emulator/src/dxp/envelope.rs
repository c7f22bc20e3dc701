//! The envelope of all API answers (spec 1.4).

use serde_json::{Value, json};

use crate::http::{Answer, Source};

/// A refusal: HTTP status and texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Self::new(400, text)
    }

    /// The text of spec 1.5; paths that name no environment get its first half.
    pub(crate) fn denied(project: &str, environment: &str) -> Self {
        let or_environment =
            if environment.is_empty() { String::new() } else { format!(" or environment {environment}") };
        Self::new(401, format!("Access is denied for project {project}{or_environment}."))
    }

    /// The text of spec 1.5.
    pub(crate) fn server_fault() -> Self {
        Self::new(500, "An error occurred while processing the request; Try again later.")
    }
}

/// The answer of a success.
pub(crate) fn success(charset: bool, result: &Value) -> Answer {
    wrap(charset, 200, &json!({ "success": true, "errors": [], "result": result }))
}

/// The answer of a failure.
pub(crate) fn failure(charset: bool, status: u16, errors: &[String]) -> Answer {
    wrap(charset, status, &json!({ "success": false, "errors": errors, "result": null }))
}

/// The same answer with `errors:null`, as some official examples have it.
pub(crate) fn with_null_errors(mut answer: Answer) -> Answer {
    if let Source::Bytes(bytes) = &answer.body
        && let Ok(mut envelope) = serde_json::from_slice::<Value>(bytes)
        && envelope.get("errors").is_some()
    {
        envelope["errors"] = Value::Null;
        answer.body = Source::Bytes(envelope.to_string().into());
    }
    answer
}

fn wrap(charset: bool, status: u16, envelope: &Value) -> Answer {
    let content_type = if charset { "application/json; charset=utf-8" } else { "application/json" };
    Answer::new(status, content_type, envelope.to_string())
}
