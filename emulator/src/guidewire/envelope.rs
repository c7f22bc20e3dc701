//! The form of answers: objects, lists and errors (spec 3.3 and 6).

use serde_json::{Value, json};

use super::config::{self, Switches};
use crate::clock::Milliseconds;
use crate::http::Answer;
use crate::timestamp;

const JSON: &str = "application/json";

/// An object or a list.
pub(super) fn document(status: u16, value: &Value) -> Answer {
    Answer::new(status, JSON, value.to_string())
}

/// A list in its envelope.
pub(super) fn list(backups: Vec<Value>, switches: &Switches) -> Answer {
    let list = Value::Array(backups);
    match switches.list_envelope {
        config::Envelope::Array => document(200, &list),
        config::Envelope::Backups => document(200, &json!({ "backups": list })),
    }
}

/// An error in the form that the health path hints at; the vendor shows none.
pub(super) fn failure(status: u16, message: &str, path: &str, now: Milliseconds) -> Answer {
    let reason = hyper::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let answer = document(
        status,
        &json!({
            "timestamp": timestamp::iso_milliseconds(now),
            "status": status,
            "error": reason.unwrap_or("error"),
            "message": message,
            "path": path,
        }),
    );
    if status == 401 { answer.with("www-authenticate", "Bearer") } else { answer }
}
