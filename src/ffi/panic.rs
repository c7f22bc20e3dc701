//! The guard around every exported function, and what becomes of a panic.
//!
//! A panic must neither cross into C nor be printed into the host's terminal. The hook keeps its text for whoever
//! catches it, on threads that are at work for this library; on all others it passes the panic on to the hook that
//! was there before.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

use super::status::{self, epi_status};
use crate::base::error::{Error, Result};
use crate::base::threads;

thread_local! {
    /// Whether this thread is at work for the library: inside a guard, or one of its own.
    static OURS: Cell<bool> = const { Cell::new(false) };
    /// The text and place of the last panic of this thread.
    static LAST: RefCell<Option<(String, String)>> = const { RefCell::new(None) };
}

/// Marks the current thread as the library's own for the rest of its life.
pub(super) fn adopt_thread() {
    OURS.set(true);
}

fn set_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| if OURS.get() { remember(info) } else { before(info) }));
    });
}

fn remember(info: &PanicHookInfo<'_>) {
    let place = info.location().map_or_else(String::new, |place| {
        // The file alone: the path is that of the machine that built the library.
        let file = place.file().rsplit(['/', '\\']).next().unwrap_or_default();
        format!("{file}:{}", place.line())
    });
    LAST.set(Some((threads::panic_text(info.payload()), place)));
}

/// The error of a panic that was caught on this thread.
pub(super) fn panic_error(payload: &(dyn Any + Send)) -> Error {
    let text = threads::panic_text(payload);
    // Only that of this panic has the same text: one of another thread left its place there.
    match LAST.take().filter(|(last, _)| *last == text) {
        Some((_, place)) => threads::panicked(&format!("{text} ({place})")),
        None => threads::panicked(&text),
    }
}

/// Runs the body of a function; a panic in it is an error.
pub(super) fn caught<T>(body: impl FnOnce() -> T) -> Result<T> {
    set_hook();
    let before = OURS.replace(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(body));
    OURS.set(before);
    outcome.map_err(|payload| panic_error(payload.as_ref()))
}

/// Runs the body of a function that has no status.
pub(super) fn value<T>(on_panic: T, body: impl FnOnce() -> T) -> T {
    caught(body).unwrap_or(on_panic)
}

/// Runs the body of a function that gives a status and no error value.
pub(super) fn plain(body: impl FnOnce() -> Result<epi_status>) -> epi_status {
    match caught(body).flatten() {
        Ok(status) => status,
        Err(error) => status::status_of(error.kind()),
    }
}
