//! The life of one operation: it runs, ends exactly once, and is over when everybody who may know it knows.
//!
//! ```text
//! running ──► settled (the future is gone, its outcome is here) ──► ended (no callback runs any more; waiters go on)
//! ```
//!
//! Without callbacks the two ends are one moment. With them, [`deliver`](super::deliver) stands between.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::deliver;
use super::ring::Ring;
use super::snapshot::{Figures, Snapshot};
use super::status::{self, PENDING, epi_status};
use super::structs::{Callbacks, Options};
use crate::base::cancel::CancelToken;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::{Event, Phase, Progress, Sink};

/// How an operation ended.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) status: epi_status,
    /// The result document, or why there is none.
    pub(super) result: Result<String>,
}

/// What changes while an operation lives.
pub(super) struct State {
    /// Set once, when the future is gone.
    pub(super) outcome: Option<Arc<Outcome>>,
    /// Whether waiters may see the outcome.
    pub(super) ended: bool,
    /// Whether no callback may begin any more: it was cancelled or freed.
    pub(super) closed: bool,
    /// Whether a callback runs now.
    pub(super) calling: bool,
    /// Whether the callback that runs now is itself inside a free, so that waiting for it could be waiting for oneself.
    pub(super) freeing: bool,
    /// Whether there are figures that no callback has told.
    pub(super) unseen: bool,
    /// Whether they are of another phase or subject, which is told at once.
    pub(super) turned: bool,
    pub(super) ring: Ring,
    figures: Figures,
    /// What the figures are about; a change is an event.
    about: Option<About>,
}

type About = (Phase, String, Option<String>, Option<u8>);

/// One operation.
pub(super) struct Work {
    /// Its name in the catalog.
    pub(super) name: &'static str,
    pub(super) cancel: CancelToken,
    pub(super) callbacks: Option<Callbacks>,
    log_level: i32,
    snapshot: Snapshot,
    /// As `ended` of the state, for those that must not wait for its lock.
    over: AtomicBool,
    state: Mutex<State>,
    /// Something to deliver.
    pub(super) news: Condvar,
    /// The outcome is here, a callback returned, or it is over.
    turn: Condvar,
}

pub(super) const NOTHING_YET: Figures = Figures {
    phase: 0,
    attempt: 1,
    percent: -1,
    status: PENDING,
    bytes_done: -1,
    bytes_total: -1,
    items_done: -1,
    items_total: -1,
    bytes_per_second: -1,
    eta_ms: -1,
    bytes_sent: -1,
    retries: -1,
};

impl Work {
    pub(super) fn new(name: &'static str, options: &Options) -> Self {
        let snapshot = Snapshot::default();
        snapshot.store(NOTHING_YET);
        Self {
            name,
            cancel: CancelToken::new(),
            callbacks: options.callbacks,
            log_level: options.log_level,
            snapshot,
            over: AtomicBool::new(false),
            state: Mutex::new(State {
                outcome: None,
                ended: false,
                closed: false,
                calling: false,
                freeing: false,
                unseen: false,
                turned: false,
                ring: Ring::default(),
                figures: NOTHING_YET,
                about: None,
            }),
            news: Condvar::new(),
            turn: Condvar::new(),
        }
    }

    /// Never held while a function of the host runs, nor together with another operation's.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest figures, as anybody may see them: the status is final once it is over.
    pub(super) fn figures(&self) -> Figures {
        self.snapshot.load()
    }

    /// The newest figures for a callback. The last one is told the final status before anybody else.
    pub(super) fn figures_told(&self) -> Figures {
        self.state().figures
    }

    /// Whether it is over. Takes no lock: in a forked child another thread may have held it, and will for ever.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Acquire)
    }

    /// The outcome, once it is over.
    pub(super) fn outcome(&self) -> Option<Arc<Outcome>> {
        let state = self.state();
        if state.ended { state.outcome.clone() } else { None }
    }

    /// The document of the events after a number.
    pub(super) fn events(&self, after: u64) -> Value {
        self.state().ring.document(after)
    }

    /// Waits for the end; `None` waits without limit.
    pub(super) fn wait(&self, limit: Option<Duration>) -> epi_status {
        let running = |state: &mut State| !state.ended;
        let state = self.state();
        let state = if deliver::is_inside(self) {
            // The end comes after the callback that asks: waiting for it would be waiting for oneself.
            state
        } else {
            match limit {
                None => self.turn.wait_while(state, running).unwrap_or_else(PoisonError::into_inner),
                Some(limit) => {
                    self.turn.wait_timeout_while(state, limit, running).unwrap_or_else(PoisonError::into_inner).0
                }
            }
        };
        match &state.outcome {
            Some(outcome) if state.ended => outcome.status,
            _ => PENDING,
        }
    }

    /// Settles the operation: the first call counts. The future must be gone.
    pub(super) fn settle(&self, result: Result<String>) {
        let status = match &result {
            Ok(_) => status::OK,
            Err(error) => status::status_of(error.kind()),
        };
        let mut state = self.state();
        if state.outcome.is_some() {
            return;
        }
        state.outcome = Some(Arc::new(Outcome { status, result }));
        state.figures.status = status;
        if self.callbacks.is_none() {
            self.show_end(&mut state);
        }
        drop(state);
        self.news.notify_all();
        self.turn.notify_all();
    }

    /// Lets the waiters see the outcome. For the deliverer, when no callback follows.
    pub(super) fn end(&self) {
        self.show_end(&mut self.state());
        self.turn.notify_all();
    }

    /// Everybody sees the end from now on. The figures say so last: whoever sees it there, which takes no lock, finds
    /// the result.
    fn show_end(&self, state: &mut State) {
        state.ended = true;
        self.over.store(true, Release);
        self.snapshot.store(state.figures);
    }

    /// Begins a callback, unless none may begin any more.
    pub(super) fn begin_call(&self) -> bool {
        let mut state = self.state();
        state.calling = !state.closed;
        state.calling
    }

    /// Ends a callback.
    pub(super) fn end_call(&self) {
        let mut state = self.state();
        state.calling = false;
        state.freeing = false;
        drop(state);
        self.turn.notify_all();
    }

    /// Cancels. From now on no callback begins.
    pub(super) fn stop(&self) {
        self.state().closed = true;
        self.news.notify_all();
        self.cancel.cancel();
    }

    /// Cancels and waits until nothing of it is left: neither its future nor a callback. In its own callback it cannot
    /// wait for the callback; in that of another operation it does not wait for one that is inside a free itself.
    pub(super) fn abandon(&self) {
        self.stop();
        let inside = deliver::inside();
        if let Some(own) = &inside {
            own.state().freeing = true;
            own.turn.notify_all();
        }
        let mut state = self.state();
        loop {
            let awaits_callback = state.calling
                && match &inside {
                    None => true,
                    Some(own) => !std::ptr::eq(Arc::as_ptr(own), self) && !state.freeing,
                };
            if state.outcome.is_some() && !awaits_callback {
                break;
            }
            state = self.turn.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        if let Some(own) = &inside {
            own.state().freeing = false;
        }
    }
}

impl Sink for Work {
    fn event(&self, event: Event) {
        let mut state = self.state();
        if state.outcome.is_some() {
            return;
        }
        match &event {
            Event::Progress(progress) => self.progress(&mut state, progress, &event),
            _ => {
                if let Event::Retrying { attempt, .. } = &event {
                    let next = i32::try_from(*attempt).unwrap_or(i32::MAX).saturating_add(1);
                    state.figures.attempt = state.figures.attempt.max(next);
                    state.unseen = true;
                    self.snapshot.store(state.figures);
                }
                let level = status::level_of(&event);
                if level <= self.log_level {
                    state.ring.push(Some(level), event.sentence().unwrap_or_default(), document(&event));
                }
            }
        }
        drop(state);
        if self.callbacks.is_some() {
            self.news.notify_all();
        }
    }
}

impl Work {
    fn progress(&self, state: &mut State, progress: &Progress, event: &Event) {
        let count = |number: Option<u64>| number.map_or(-1, |number| i64::try_from(number).unwrap_or(i64::MAX));
        let about = (progress.phase, progress.subject.clone(), progress.status.clone(), progress.percent);
        let turned = state.about.as_ref().map(|about| (about.0, &about.1)) != Some((about.0, &about.1));
        state.figures = Figures {
            phase: status::phase_of(progress.phase),
            attempt: if turned { 1 } else { state.figures.attempt },
            percent: progress.percent.map_or(-1, i32::from),
            status: PENDING,
            bytes_done: count(progress.bytes_done),
            bytes_total: count(progress.bytes_total),
            items_done: count(progress.items_done),
            items_total: count(progress.items_total),
            bytes_per_second: count(progress.bytes_per_second),
            eta_ms: count(progress.eta_ms),
            bytes_sent: count(progress.bytes_sent),
            retries: count(progress.retries),
        };
        self.snapshot.store(state.figures);
        state.unseen = true;
        state.turned |= turned;
        // A change of the service's status is worth a line; one of the bytes is not.
        if state.about.as_ref() != Some(&about) {
            state.ring.push(None, String::new(), document(event));
            state.about = Some(about);
        }
    }
}

/// An event is plain data and always becomes JSON.
fn document(event: &Event) -> Value {
    serde_json::to_value(event).unwrap_or(Value::Null)
}

/// Settles an operation whatever becomes of its task, so that a waiter never hangs.
pub(super) struct Settling(pub(super) Arc<Work>);

impl Drop for Settling {
    fn drop(&mut self) {
        // Does nothing when it was settled properly.
        self.0.settle(Err(Error::new(Kind::Internal, "a defect in this library: the operation was lost")
            .with_next_step("please report it")));
    }
}
