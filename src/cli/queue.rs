//! What is still to be printed on a standard stream, and the thread that prints it.
//!
//! Nobody who hands something over waits for the stream: a terminal that is halted, a pipe that nobody reads and a slow
//! disk hold up this thread alone. Each standard stream has a queue of its own, so that a reader who takes only one of the
//! two gets all of it.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::error::Result;
use crate::base::threads;

/// How often a wait for the end of a queue looks whether it is to give up.
const SLICE: Duration = Duration::from_millis(50);
/// From so many entries on, what need not be printed is left out.
const BACKLOG: usize = 1024;

/// Something to print.
pub(super) trait Entry: Send + 'static {
    /// Whether the one before says nothing more beside this newer one.
    fn supersedes(&self, before: &Self) -> bool;
    /// Whether it may be left out where nobody reads.
    fn is_minor(&self) -> bool;
}

/// What the printing thread does next.
pub(super) enum Next<T> {
    /// Print this.
    Entry(T),
    /// Say that so many entries were left out.
    LeftOut(u64),
    /// Nothing has come in the time it was willing to wait.
    Nothing,
    /// Nothing will come any more.
    End,
}

struct State<T> {
    entries: VecDeque<T>,
    left_out: u64,
    /// Whether the thread is printing something that it has taken.
    is_printing: bool,
    /// Entries that were printed so far.
    printed: u64,
    is_over: bool,
}

/// The queue of one stream. Clones are the same queue.
pub(super) struct Queue<T>(Arc<Shared<T>>);

struct Shared<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
    printed: Condvar,
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Entry> Queue<T> {
    /// An empty queue.
    pub(super) fn new() -> Self {
        let state = State { entries: VecDeque::new(), left_out: 0, is_printing: false, printed: 0, is_over: false };
        Self(Arc::new(Shared { state: Mutex::new(state), filled: Condvar::new(), printed: Condvar::new() }))
    }

    /// Starts the thread that prints what is in the queue.
    pub(super) fn start(&self, name: &str, print: impl FnOnce(&Self) + Send + 'static) -> Result<()> {
        let queue = self.clone();
        let work = move || {
            // However the thread ends, nobody waits for it any more.
            let end = End(queue);
            print(&end.0);
        };
        let printing = threads::named(name).spawn(work);
        printing.map(drop).map_err(|error| threads::refused("the thread that prints", &error))
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands something over. Never waits for the stream.
    pub(super) fn push(&self, entry: T) {
        let mut state = self.state();
        let is_late = state.entries.len() >= BACKLOG;
        match state.entries.back_mut().filter(|last| is_late && entry.supersedes(last)) {
            Some(last) => *last = entry,
            None if is_late && entry.is_minor() => state.left_out += 1,
            None => state.entries.push_back(entry),
        }
        drop(state);
        self.0.filled.notify_one();
    }

    /// For the printing thread: what to do next, once what it took before is printed.
    pub(super) fn next(&self, patience: Option<Duration>) -> Next<T> {
        let mut state = self.state();
        if std::mem::take(&mut state.is_printing) {
            state.printed += 1;
            self.0.printed.notify_all();
        }
        let is_idle = |state: &mut State<T>| state.entries.is_empty() && state.left_out == 0 && !state.is_over;
        let mut state = match patience {
            None => self.0.filled.wait_while(state, is_idle).unwrap_or_else(PoisonError::into_inner),
            Some(patience) => {
                let waited = self.0.filled.wait_timeout_while(state, patience, is_idle);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        let next = match state.entries.pop_front() {
            Some(entry) => Next::Entry(entry),
            None if state.left_out > 0 => Next::LeftOut(std::mem::take(&mut state.left_out)),
            None if state.is_over => Next::End,
            None => Next::Nothing,
        };
        state.is_printing = matches!(next, Next::Entry(_) | Next::LeftOut(_));
        next
    }

    /// Waits until all is printed, or until `gives_up` says so of the time in which nothing was. Whether all is printed.
    pub(super) fn settle(&self, gives_up: impl Fn(Duration) -> bool) -> bool {
        let mut state = self.state();
        let (mut printed, mut silence) = (state.printed, Duration::ZERO);
        while (state.is_printing || !state.entries.is_empty() || state.left_out > 0) && !state.is_over {
            if gives_up(silence) {
                return false;
            }
            state = self.0.printed.wait_timeout(state, SLICE).unwrap_or_else(PoisonError::into_inner).0;
            silence = if state.printed == printed { silence + SLICE } else { Duration::ZERO };
            printed = state.printed;
        }
        !state.is_over
    }
}

/// Ends the queue with its thread.
struct End<T: Entry>(Queue<T>);

impl<T: Entry> Drop for End<T> {
    fn drop(&mut self) {
        self.0.state().is_over = true;
        self.0.0.printed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    enum Thing {
        Result(usize),
        Figure(usize),
        Detail,
    }

    impl Entry for Thing {
        fn supersedes(&self, before: &Self) -> bool {
            matches!((self, before), (Self::Figure(_), Self::Figure(_)))
        }
        fn is_minor(&self) -> bool {
            matches!(self, Self::Detail | Self::Figure(_))
        }
    }

    #[test]
    fn a_queue_that_nobody_reads_keeps_what_matters_and_is_bounded_by_the_rest() {
        let queue = Queue::new();
        for number in 0..BACKLOG {
            queue.push(Thing::Figure(number));
        }
        for number in 0..10_000 {
            queue.push(Thing::Figure(number));
            queue.push(Thing::Detail);
        }
        queue.push(Thing::Result(1));
        queue.push(Thing::Figure(1));
        let mut printed = Vec::new();
        let mut left_out = 0;
        loop {
            match queue.next(Some(Duration::ZERO)) {
                Next::Entry(thing) => printed.push(thing),
                Next::LeftOut(count) => left_out += count,
                Next::Nothing | Next::End => break,
            }
        }
        assert_eq!(printed.len(), BACKLOG + 1);
        assert_eq!(printed[BACKLOG - 1..], [Thing::Figure(9_999), Thing::Result(1)]);
        assert_eq!(left_out, 10_001);
        assert!(queue.settle(|_| true), "all is printed");
    }

    #[test]
    fn a_wait_for_a_queue_ends_when_it_is_told_so_or_the_thread_is_gone() {
        let queue = Queue::new();
        queue.push(Thing::Result(1));
        let slices = std::cell::Cell::new(Duration::ZERO);
        assert!(!queue.settle(|silence| {
            slices.set(silence);
            silence >= SLICE * 2
        }));
        assert_eq!(slices.get(), SLICE * 2);
        queue.start("test", |_| {}).unwrap();
        assert!(!queue.settle(|_| false), "nobody prints any more");
    }
}
