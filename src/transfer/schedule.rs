//! Which stretch is worked on next: a state machine without clock, tasks or network.
//!
//! Stretches that failed wait for their time without holding a slot. The number of slots in use is halved when the
//! service is overloaded or silent, and grows by one per round of successes up to its limit. The first final error
//! ends everything.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::time::Duration;

use crate::base::error::{Error, Kind};

/// What to do now.
#[derive(Debug)]
pub(super) enum Next {
    /// Begin work on this stretch.
    Start(usize),
    /// Nothing can begin: wait for a stretch in flight or, at the latest, for this instant.
    Wait(Option<Duration>),
    /// Everything is done.
    Done,
    /// A final error happened; stop what is in flight.
    Failed(Error),
}

/// The state of one transfer's stretches.
#[derive(Debug)]
pub(super) struct Schedule {
    ready: VecDeque<usize>,
    later: BinaryHeap<Reverse<(Duration, usize)>>,
    failures: HashMap<usize, u32>,
    in_flight: usize,
    limit: usize,
    width: usize,
    /// Successes since the width last changed.
    calm: usize,
    retries: u64,
    error: Option<Error>,
}

impl Schedule {
    /// The given stretches, in this order, at most `limit` at a time.
    pub(super) fn new(stretches: impl IntoIterator<Item = usize>, limit: usize) -> Self {
        let limit = limit.max(1);
        Self {
            ready: stretches.into_iter().collect(),
            later: BinaryHeap::new(),
            failures: HashMap::new(),
            in_flight: 0,
            limit,
            width: limit,
            calm: 0,
            retries: 0,
            error: None,
        }
    }

    /// The next step at the instant `now`.
    pub(super) fn next(&mut self, now: Duration) -> Next {
        if let Some(error) = self.error.take() {
            return Next::Failed(error);
        }
        while self.later.peek().is_some_and(|Reverse((due, _))| *due <= now) {
            // What waited goes first, so that its block does not become the last one of all.
            self.ready.extend(self.later.pop().map(|Reverse((_, index))| index));
            self.ready.rotate_right(1);
        }
        if self.in_flight < self.width
            && let Some(index) = self.ready.pop_front()
        {
            self.in_flight += 1;
            return Next::Start(index);
        }
        let due = self.later.peek().map(|Reverse((due, _))| *due);
        if self.in_flight == 0 && due.is_none() && self.ready.is_empty() { Next::Done } else { Next::Wait(due) }
    }

    /// A stretch is done.
    pub(super) fn succeeded(&mut self, index: usize) {
        self.in_flight -= 1;
        self.failures.remove(&index);
        self.calm += 1;
        if self.calm >= self.width && self.width < self.limit {
            self.width += 1;
            self.calm = 0;
        }
    }

    /// How many tries of a stretch failed, with the one that fails now.
    pub(super) fn attempt(&self, index: usize) -> u32 {
        self.failures.get(&index).copied().unwrap_or_default() + 1
    }

    /// A try failed: to be repeated at `due`, or for good.
    pub(super) fn failed(&mut self, index: usize, error: Error, due: Option<Duration>) {
        self.in_flight -= 1;
        let attempt = self.attempt(index);
        self.failures.insert(index, attempt);
        if matches!(error.kind(), Kind::Throttled | Kind::Unavailable | Kind::Timeout) {
            // One halving per round: those in flight fail together.
            if self.calm > 0 || self.width == self.limit {
                self.width = (self.width / 2).max(1);
                self.calm = 0;
            }
        }
        match due {
            Some(due) => {
                self.retries += 1;
                self.later.push(Reverse((due, index)));
            }
            None => {
                // Kept only if it is the first.
                self.error.get_or_insert(error.after_attempts(attempt));
            }
        }
    }

    /// A try is to be repeated at once in another way, without counting as failed.
    pub(super) fn again(&mut self, index: usize) {
        self.in_flight -= 1;
        self.ready.push_front(index);
    }

    /// Tries that were repeated.
    pub(super) fn retries(&self) -> u64 {
        self.retries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::Retry;

    fn seconds(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    fn network() -> Error {
        Error::new(Kind::Network, "cut").with_retry(Retry::Later, None)
    }

    fn starts(schedule: &mut Schedule, now: u64) -> Vec<usize> {
        std::iter::from_fn(|| match schedule.next(seconds(now)) {
            Next::Start(index) => Some(index),
            _ => None,
        })
        .collect()
    }

    #[test]
    fn slots_are_filled_in_order_and_freed() {
        let mut schedule = Schedule::new(0..5, 2);
        assert_eq!(starts(&mut schedule, 0), [0, 1]);
        assert!(matches!(schedule.next(seconds(0)), Next::Wait(None)));
        schedule.succeeded(1);
        assert_eq!(starts(&mut schedule, 0), [2]);
        for index in [0, 2] {
            schedule.succeeded(index);
        }
        assert_eq!(starts(&mut schedule, 0), [3, 4]);
        schedule.succeeded(3);
        schedule.succeeded(4);
        assert!(matches!(schedule.next(seconds(0)), Next::Done));
    }

    #[test]
    fn a_waiting_stretch_holds_no_slot_and_comes_back_first() {
        let mut schedule = Schedule::new(0..4, 1);
        assert_eq!(starts(&mut schedule, 0), [0]);
        schedule.failed(0, network(), Some(seconds(5)));
        assert_eq!(starts(&mut schedule, 0), [1], "the slot is free");
        schedule.succeeded(1);
        assert_eq!(starts(&mut schedule, 5), [0]);
        assert_eq!(schedule.attempt(0), 2);
        schedule.failed(0, network(), Some(seconds(9)));
        assert_eq!(starts(&mut schedule, 6), [2]);
        schedule.succeeded(2);
        assert_eq!(starts(&mut schedule, 6), [3]);
        schedule.succeeded(3);
        assert!(matches!(schedule.next(seconds(6)), Next::Wait(Some(due)) if due == seconds(9)));
        assert_eq!(schedule.retries(), 2);
    }

    #[test]
    fn the_first_final_error_wins() {
        let mut schedule = Schedule::new(0..3, 3);
        starts(&mut schedule, 0);
        schedule.failed(1, Error::new(Kind::Conflict, "leased"), None);
        schedule.failed(0, Error::new(Kind::Forbidden, "other"), None);
        let Next::Failed(error) = schedule.next(seconds(0)) else { panic!("must fail") };
        assert_eq!(error.kind(), Kind::Conflict);
        assert_eq!(error.attempts(), 1);
    }

    #[test]
    fn an_overloaded_service_gets_fewer_requests_once_per_round_and_more_again_later() {
        let mut schedule = Schedule::new(0..100, 8);
        let busy = || Error::new(Kind::Unavailable, "busy").with_retry(Retry::Later, None);
        assert_eq!(starts(&mut schedule, 0).len(), 8);
        for index in 0..8 {
            schedule.failed(index, busy(), Some(seconds(1)));
        }
        assert_eq!(starts(&mut schedule, 0).len(), 4, "halved once although eight failed");
        for index in 8..12 {
            schedule.succeeded(index);
        }
        assert_eq!(starts(&mut schedule, 0).len(), 5, "a calm round earns one more");
    }

    #[test]
    fn a_try_in_another_way_does_not_count() {
        let mut schedule = Schedule::new(0..2, 1);
        assert_eq!(starts(&mut schedule, 0), [0]);
        schedule.again(0);
        assert_eq!(starts(&mut schedule, 0), [0]);
        assert_eq!(schedule.attempt(0), 1);
        assert_eq!(schedule.retries(), 0);
    }
}
