//! What to say of an operation that stops while its service goes on, whichever service that is.

use crate::base::error::{Error, Kind};
use crate::base::next_step::NextStep;

/// Adds how something is resumed that goes on in the service. `known` says that the service has it.
pub(super) fn resumed(error: Error, known: bool, step: NextStep) -> Error {
    let stopped = is_stopped(&error);
    let is_over = matches!(error.kind(), Kind::JobFailed | Kind::Expired);
    if is_over || !(known || stopped) {
        return error;
    }
    // What a stopped wait says itself is only that there is a way; this names it.
    if stopped { error.with_next_step(step) } else { error.with_then(step) }
}

/// Whether the caller ended it, by cancelling or by a time limit.
pub(super) fn is_stopped(error: &Error) -> bool {
    matches!(error.kind(), Kind::Cancelled | Kind::Timeout)
}
