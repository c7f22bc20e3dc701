//! What it means when a task of a transfer does not end by itself.

use tokio::task::JoinError;

use crate::base::error::{Error, Kind};
use crate::base::threads;

/// The error of a task that did not end by itself: it panicked, or its runtime ended.
pub(crate) fn lost(error: JoinError) -> Error {
    match error.try_into_panic() {
        Ok(payload) => threads::panicked(&threads::panic_text(payload.as_ref())),
        Err(_) => Error::new(Kind::Cancelled, "the runtime that the operation ran on was shut down"),
    }
}
