//! How one service writes its answers.

use std::time::Duration;

use serde_json::Value;

use crate::base::error::{Error, Result};

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

    /// What users should know of an answer that was read well, such as that a list is not whole.
    fn warning(&self, answer: &Answer<'_>) -> Option<String> {
        let _ = answer;
        None
    }
}
