//! Calls the functions of a host: one thread an operation that has any, so that a slow one slows neither the
//! operation nor others.
//!
//! Progress is told ten times a second at most, a new phase and the end at once, messages each once and in order.

use std::cell::RefCell;
use std::ffi::CString;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::guard;
use super::ring::Kept;
use super::status::{PENDING, epi_log_level_value};
use super::structs::{Callbacks, epi_progress};
use super::text::c_text;
use super::work::{State, Work};
use crate::base::error::Result;
use crate::base::threads;

/// The shortest time between two reports of progress of one phase.
const PACE: Duration = Duration::from_millis(100);

thread_local! {
    /// The operation that this thread calls the host for.
    static INSIDE: RefCell<Option<Arc<Work>>> = const { RefCell::new(None) };
}

/// The operation whose callback the current thread is in.
pub(super) fn inside() -> Option<Arc<Work>> {
    INSIDE.with_borrow(Clone::clone)
}

/// Whether the current thread is in a callback of this operation.
pub(super) fn is_inside(work: &Work) -> bool {
    INSIDE.with_borrow(|own| own.as_ref().is_some_and(|own| std::ptr::eq(Arc::as_ptr(own), work)))
}

/// Begins to deliver, if the host has given functions.
///
/// # Errors
/// `Io` when no thread can be started.
pub(super) fn begin(work: &Arc<Work>) -> Result<()> {
    let Some(callbacks) = work.callbacks else { return Ok(()) };
    let work = Arc::clone(work);
    threads::named("epicloud-calls")
        .spawn(move || {
            guard::adopt_thread();
            INSIDE.set(Some(Arc::clone(&work)));
            let target = c_text(work.name);
            let ending = Ending(Arc::clone(&work));
            deliver(&work, callbacks, &target);
            drop(ending);
            INSIDE.set(None);
        })
        .map_err(|error| threads::refused("the thread for callbacks", &error))?;
    Ok(())
}

/// Lets the waiters go on whatever happens in this thread.
struct Ending(Arc<Work>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end_call();
        self.0.end();
    }
}

/// What is told next.
struct Batch {
    messages: Vec<Kept>,
    /// How many messages came too fast to be kept.
    dropped: u64,
    progress: bool,
    last: bool,
}

fn deliver(work: &Work, callbacks: Callbacks, target: &CString) {
    let mut told = 0;
    let mut due = None;
    loop {
        let batch = next(work, &mut told, due);
        if callbacks.log.is_some() {
            for message in missing(batch.dropped).iter().chain(&batch.messages) {
                log(work, callbacks, target, message);
            }
        }
        if batch.progress && callbacks.progress.is_some() {
            progress(work, callbacks);
            due = Some(Instant::now() + PACE);
        }
        if batch.last {
            return;
        }
    }
}

/// Waits for something to tell.
fn next(work: &Work, told: &mut u64, due: Option<Instant>) -> Batch {
    let mut state = work.state();
    loop {
        let last = state.outcome.is_some();
        let left = due.map_or(Duration::ZERO, |due| due.saturating_duration_since(Instant::now()));
        let progress = last || state.turned || (state.unseen && left.is_zero());
        if last || (!state.closed && (progress || state.ring.last() > *told)) {
            return take(&mut state, told, progress, last);
        }
        // Nothing is told once it is closed, and without figures nothing becomes due.
        state = if state.closed || !state.unseen {
            work.news.wait(state).unwrap_or_else(PoisonError::into_inner)
        } else {
            work.news.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
        };
    }
}

fn take(state: &mut State, told: &mut u64, progress: bool, last: bool) -> Batch {
    let (dropped, events) = state.ring.after(*told);
    let messages = events.filter(|kept| kept.level.is_some()).cloned().collect();
    *told = state.ring.last();
    if progress {
        state.unseen = false;
        state.turned = false;
    }
    Batch { messages, dropped, progress, last }
}

/// A line in place of those that came too fast.
fn missing(dropped: u64) -> Option<Kept> {
    (dropped > 0).then(|| Kept {
        seq: 0,
        level: Some(epi_log_level_value::EPI_LOG_LEVEL_WARNING as i32),
        text: format!("{dropped} events were dropped because log callbacks took too long"),
        document: serde_json::json!({"event": "dropped", "count": dropped}),
    })
}

fn log(work: &Work, callbacks: Callbacks, target: &CString, kept: &Kept) {
    let (Some(function), Some(level)) = (callbacks.log, kept.level) else { return };
    let (message, fields) = (c_text(&kept.text), c_text(&kept.document.to_string()));
    if !work.begin_call() {
        return;
    }
    // SAFETY: the host's function under the contract of `epi_log_fn`; all texts live until it returns.
    unsafe { function(level, target.as_ptr(), message.as_ptr(), fields.as_ptr(), callbacks.user_data) }
    work.end_call();
}

fn progress(work: &Work, callbacks: Callbacks) {
    let Some(function) = callbacks.progress else { return };
    let progress = epi_progress::from(work.figures_told());
    if !work.begin_call() {
        return;
    }
    // SAFETY: the host's function under the contract of `epi_progress_fn`; the struct lives until it returns.
    let answer = unsafe { function(&raw const progress, callbacks.user_data) };
    work.end_call();
    if answer != 0 && progress.status == PENDING {
        work.stop();
    }
}

/// The clock of the pace, for the test of it.
#[cfg(test)]
pub(super) fn now() -> Instant {
    Instant::now()
}
