//! How one service writes its answers.

use std::time::Duration;

use serde_json::Value;

use super::json;
use crate::base::error::{Error, Result};
use crate::transport::intermediary;

/// An answer as it came.
#[derive(Debug, Default)]
pub struct Answer<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type`, if there is one.
    pub content_type: Option<&'a str>,
    /// The `Location`: where what was made is, if the answer says so.
    pub location: Option<&'a str>,
    /// The `Link`: where a list goes on, if the answer says so.
    pub link: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
    /// Whether the request changes something: then an id is worth more than an answer without a fault.
    pub changes: bool,
    /// How far the service's clock (its `Date` header) is from ours.
    pub clock_difference: Option<Duration>,
}

impl Answer<'_> {
    /// Whether the service says that the request was carried out, or will be.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The status as people know it, such as `404 (Not Found)`.
    #[must_use]
    pub fn status_in_words(&self) -> String {
        let status = self.status;
        let reason = match status {
            200 => "OK",
            201 => "Created",
            202 => "Accepted",
            204 => "No Content",
            302 => "Found",
            307 => "Temporary Redirect",
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            406 => "Not Acceptable",
            407 => "Proxy Authentication Required",
            408 => "Request Timeout",
            409 => "Conflict",
            422 => "Unprocessable Content",
            424 => "Failed Dependency",
            429 => "Too Many Requests",
            500 => "Internal Server Error",
            502 => "Bad Gateway",
            503 => "Service Unavailable",
            504 => "Gateway Timeout",
            _ => return status.to_string(),
        };
        format!("{status} ({reason})")
    }

    /// What the body is, in a few words; `is_json` says that JSON was read out of it. What nobody can read, such as a
    /// compressed page, is not repeated.
    #[must_use]
    pub fn excerpt(&self, is_json: bool) -> String {
        let kind = self.content_type.map_or("an unknown content type", intermediary::media_type);
        let text = json::text(self.body, self.content_type);
        if text.trim().is_empty() {
            return "an empty body".to_owned();
        }
        let Some(shown) = intermediary::excerpt(&text) else { return format!("{kind} instead of JSON") };
        if is_json || serde_json::from_str::<Value>(&text).is_ok() {
            format!("unexpected JSON: \"{shown}\"")
        } else {
            format!("{kind} instead of JSON: \"{shown}\"")
        }
    }
}

/// Reads the answers of one service, its refusals above all. Pure.
pub trait Dialect: Send + Sync {
    /// What was asked for, out of an answer. `described` is an error of the right class for the status, to be given its
    /// message.
    ///
    /// # Errors
    /// The service's refusal, or that the answer is not one of its own.
    fn read(&self, answer: &Answer<'_>, described: Error) -> Result<Value>;

    /// Whether an answer is the service's own. A gateway that answers in its place does not know what the service did.
    fn is_own(&self, answer: &Answer<'_>) -> bool;

    /// What users should know of an answer that was read well as this value, such as that a list is not whole.
    fn warning(&self, answer: &Answer<'_>, value: &Value) -> Option<String> {
        let _ = (answer, value);
        None
    }
}
