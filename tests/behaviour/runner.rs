//! What plays the cases: every way of calling the library is one.

use serde_json::Value;

/// What a call gave: the number of its status, and the result or the error.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) status: i32,
    pub(super) document: Value,
}

impl Answer {
    pub(super) fn is_ok(&self) -> bool {
        self.status == 0
    }
}

/// One way of calling the library.
pub(super) trait Runner {
    fn client(&mut self, config: &Value, secret: &str) -> Answer;
    fn start(&mut self, operation: &str, request: &Value) -> Answer;
    fn cancel(&mut self) -> Answer;
    fn end(&mut self) -> Answer;
}
