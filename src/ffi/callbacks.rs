//! Calls the functions of a host: one thread an operation that has any, so that a slow one slows neither the
//! operation nor others.
//!
//! Progress is reported ten times a second at most and once a second at least, a new phase and the end at once; messages
//! each once and in order.

use std::ffi::CString;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::event_log::Kept;
use super::operation_state::{State, Work, enter};
use super::options::Callbacks;
use super::panic;
use super::status::{PENDING, epi_log_level_value};
use super::text::c_text;
use crate::base::error::Result;
use crate::base::threads;

/// The shortest time between two reports of progress of one phase.
const SHORTEST: Duration = Duration::from_millis(100);

/// The longest time between two reports of progress: by its answer a host can cancel, also while nothing moves.
const LONGEST: Duration = Duration::from_secs(1);

/// Begins to deliver, if the host has given functions.
///
/// # Errors
/// `Io` when no thread can be started.
pub(super) fn begin(work: &Arc<Work>) -> Result<()> {
    let Some(callbacks) = work.callbacks else { return Ok(()) };
    let work = Arc::clone(work);
    threads::named("epicloud-calls")
        .spawn(move || {
            panic::adopt_thread();
            enter(Some(Arc::clone(&work)));
            let target = c_text(work.name);
            let ending = Ending(Arc::clone(&work));
            deliver(&work, callbacks, &target);
            drop(ending);
            enter(None);
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

/// What is reported next.
struct Batch {
    messages: Vec<Kept>,
    /// How many messages came too fast to be kept.
    dropped: u64,
    progress: bool,
    last: bool,
}

fn deliver(work: &Work, callbacks: Callbacks, target: &CString) {
    let mut reported = 0;
    let mut last_progress = Instant::now();
    let mut is_first = true;
    loop {
        let (shortest, longest) =
            (if is_first { Duration::ZERO } else { SHORTEST }, callbacks.progress.map(|_| LONGEST));
        let batch = next(work, &mut reported, last_progress + shortest, longest.map(|longest| last_progress + longest));
        if callbacks.log.is_some() {
            for message in missing(batch.dropped).iter().chain(&batch.messages) {
                log(work, callbacks, target, message);
            }
        }
        if batch.progress && callbacks.progress.is_some() {
            progress(work, callbacks);
            last_progress = Instant::now();
            is_first = false;
        }
        if batch.last {
            return;
        }
    }
}

/// Waits for something to report: figures that changed not before `earliest`, those that did not at `latest`.
fn next(work: &Work, reported: &mut u64, earliest: Instant, latest: Option<Instant>) -> Batch {
    let mut state = work.state();
    loop {
        let now = Instant::now();
        let last = state.outcome.is_some();
        let is_late = latest.is_some_and(|latest| latest <= now);
        let progress = last || state.turned || (state.unseen && earliest <= now) || is_late;
        if last || (!state.closed && (progress || state.ring.last() > *reported)) {
            return take(&mut state, reported, progress, last);
        }
        let until = match latest {
            // Nothing is reported once it is closed.
            _ if state.closed => None,
            _ if state.unseen => Some(earliest),
            latest => latest,
        };
        state = match until {
            None => work.news.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(until) => work.news.wait_timeout(state, until - now).unwrap_or_else(PoisonError::into_inner).0,
        };
    }
}

fn take(state: &mut State, reported: &mut u64, progress: bool, last: bool) -> Batch {
    let (dropped, events) = state.ring.after(*reported);
    let messages = events.filter(|kept| kept.level.is_some()).cloned().collect();
    *reported = state.ring.last();
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
    let progress = work.figures_for_callback();
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
