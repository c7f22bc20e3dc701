//! The life of one operation: it runs, ends exactly once, and is over when everybody who may know it knows.
//!
//! ```text
//! running ──► settled (the future is gone, its outcome is here) ──► ended (no callback runs any more; waiters go on)
//! ```
//!
//! Without callbacks the two ends are one moment. With them, [`callbacks`](super::callbacks) stands between.

use std::cell::RefCell;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::end_event::EndEvent;
use super::event_log::Ring;
use super::options::{Callbacks, Options};
use super::progress::epi_progress;
use super::status::{self, PENDING, epi_status};
use crate::base::cancel::CancelToken;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::{Event, Phase, Progress, Sink};

thread_local! {
    /// The operation that this thread calls the host for.
    static INSIDE: RefCell<Option<Arc<Work>>> = const { RefCell::new(None) };
}

/// Says which operation the current thread calls the host for.
pub(super) fn enter(work: Option<Arc<Work>>) {
    INSIDE.set(work);
}

/// The operation whose callback the current thread is in.
fn inside() -> Option<Arc<Work>> {
    INSIDE.with_borrow(Clone::clone)
}

/// Whether the current thread is in a callback of this operation.
fn is_inside(work: &Work) -> bool {
    INSIDE.with_borrow(|own| own.as_ref().is_some_and(|own| std::ptr::eq(Arc::as_ptr(own), work)))
}

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
    /// What is signalled then.
    end_events: Vec<EndEvent>,
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
    figures: epi_progress,
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
    /// As `ended` of the state, for those that must not wait for its lock.
    over: AtomicBool,
    state: Mutex<State>,
    /// Something to deliver.
    pub(super) news: Condvar,
    /// The outcome is here, a callback returned, or it is over.
    turn: Condvar,
}

impl Work {
    pub(super) fn new(name: &'static str, options: &Options) -> Self {
        Self {
            name,
            cancel: CancelToken::new(),
            callbacks: options.callbacks,
            log_level: options.log_level,
            over: AtomicBool::new(false),
            state: Mutex::new(State {
                outcome: None,
                ended: false,
                end_events: Vec::new(),
                closed: false,
                calling: false,
                freeing: false,
                unseen: false,
                turned: false,
                ring: Ring::default(),
                figures: epi_progress::NOTHING_YET,
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

    /// The newest figures, as anybody may see them: the status is final once the operation has ended.
    pub(super) fn figures(&self) -> epi_progress {
        let state = self.state();
        let status = if state.ended { state.figures.status } else { PENDING };
        epi_progress { status, ..state.figures }
    }

    /// The newest figures for a callback. The last one has the final status before anybody else sees it.
    pub(super) fn figures_for_callback(&self) -> epi_progress {
        self.state().figures
    }

    /// Signals this event when the operation has ended, or at once if it has.
    pub(super) fn signal_at_end(&self, event: EndEvent) {
        let mut state = self.state();
        if state.ended {
            event.signal();
        } else {
            state.end_events.push(event);
        }
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
        let state = if is_inside(self) {
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

    /// Everybody sees the end from now on.
    fn show_end(&self, state: &mut State) {
        state.ended = true;
        self.over.store(true, Release);
        state.end_events.drain(..).for_each(EndEvent::signal);
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
        let inside = inside();
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
        let about = (progress.phase, progress.subject.clone(), progress.status.clone(), progress.percent);
        let turned = state.about.as_ref().map(|about| (about.0, &about.1)) != Some((about.0, &about.1));
        let attempt = if turned { 1 } else { state.figures.attempt };
        state.figures = epi_progress { attempt, ..epi_progress::of(progress) };
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
        self.0.settle(Err(Error::new(Kind::Internal, "a bug in this library: the operation was lost")
            .with_next_step("please report it")));
    }
}
