//! Which range is worked on next: a state machine without clock, tasks or network.
//!
//! Ranges that failed wait for their time without holding a slot; how many slots there are is for `concurrency.rs` to
//! say. While the service is out of order, only what failed is tried again and nothing new begins. The first final error ends everything; an error
//! that may pass becomes final when its range has used its tries and nothing at all has succeeded for [`PATIENCE`].

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::time::Duration;

use super::concurrency::Concurrency;
use crate::base::error::{Error, Kind};

/// How long everything may fail before a passing error counts as lasting. A storage account that fails over, a
/// restarted proxy or a lost Wi-Fi is back within one to two minutes; starting a large upload again costs more.
const PATIENCE: Duration = Duration::from_secs(120);

/// The least time between two reports of failures while nothing succeeds: all streams fail together.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// What to do now.
#[derive(Debug)]
pub(crate) enum Next {
    /// Begin work on this range.
    Start(usize),
    /// Nothing can begin: wait for a range in flight or, at the latest, for this instant.
    Wait(Option<Duration>),
    /// Everything is done.
    Done,
    /// A final error happened; stop what is in flight.
    Failed(Error),
}

/// The state of one transfer's ranges.
#[derive(Debug)]
pub(crate) struct Scheduler {
    /// Not yet begun.
    ready: VecDeque<usize>,
    /// Begun before, and due again.
    due_again: VecDeque<usize>,
    later: BinaryHeap<Reverse<(Duration, usize)>>,
    failures: HashMap<usize, u32>,
    /// What is worked on, and since when.
    in_flight: HashMap<usize, Duration>,
    streams: Concurrency,
    retries: u64,
    /// When the first try failed of those since the last success.
    failing_since: Option<Duration>,
    /// Whether a failure since the last success was the service's or the network's, not the range's own.
    service_failing: bool,
    /// When a failure since the last success was reported last.
    reported_at: Option<Duration>,
    error: Option<Error>,
}

impl Scheduler {
    /// The given ranges, in this order, so many at a time.
    pub(crate) fn new(stretches: impl IntoIterator<Item = usize>, streams: Concurrency) -> Self {
        Self {
            ready: stretches.into_iter().collect(),
            due_again: VecDeque::new(),
            later: BinaryHeap::new(),
            failures: HashMap::new(),
            in_flight: HashMap::new(),
            streams,
            retries: 0,
            failing_since: None,
            service_failing: false,
            reported_at: None,
            error: None,
        }
    }

    /// The next step at the instant `now`.
    pub(crate) fn next(&mut self, now: Duration) -> Next {
        if let Some(error) = self.error.take() {
            return Next::Failed(error);
        }
        while self.later.peek().is_some_and(|Reverse((due, _))| *due <= now) {
            self.due_again.extend(self.later.pop().map(|Reverse((_, index))| index));
        }
        if self.in_flight.len() < self.streams.width()
            && let Some(index) = self.take()
        {
            self.in_flight.insert(index, now);
            self.streams.began(now);
            return Next::Start(index);
        }
        let due = self.later.peek().map(|Reverse((due, _))| *due);
        let waiting = due.is_some() || !self.ready.is_empty() || !self.due_again.is_empty();
        if self.in_flight.is_empty() && !waiting { Next::Done } else { Next::Wait(due) }
    }

    /// The range to begin next. What waited goes first, so that its block does not become the last one of all.
    fn take(&mut self) -> Option<usize> {
        self.due_again.pop_front().or_else(|| if self.service_failing { None } else { self.ready.pop_front() })
    }

    /// A range of so many bytes is done.
    pub(crate) fn succeeded(&mut self, index: usize, bytes: u64, now: Duration) {
        let began = self.in_flight.remove(&index).unwrap_or(now);
        self.failures.remove(&index);
        (self.failing_since, self.service_failing, self.reported_at) = (None, false, None);
        self.streams.finished(bytes, now.saturating_sub(began), now);
    }

    /// How many tries of a range failed, with the one that fails now.
    pub(crate) fn attempt(&self, index: usize) -> u32 {
        self.failures.get(&index).copied().unwrap_or_default() + 1
    }

    /// Whether a range that fails now is given up although its error may pass: it has used its `tries`, and nothing
    /// at all has succeeded for [`PATIENCE`].
    pub(crate) fn gives_up(&self, index: usize, tries: u32, now: Duration) -> bool {
        let out_of_patience = self.failing_since.is_some_and(|since| now.saturating_sub(since) >= PATIENCE);
        self.attempt(index) >= tries && out_of_patience
    }

    /// A try failed at `now`. It is repeated at `due`, or its error ends everything when that is `None`. `true` when
    /// that should be reported as a repeated try.
    pub(crate) fn failed(&mut self, index: usize, error: Error, due: Option<Duration>, now: Duration) -> bool {
        self.in_flight.remove(&index);
        let attempt = self.attempt(index);
        self.failures.insert(index, attempt);
        self.failing_since.get_or_insert(now);
        // 503 and 429 say that it is too much; 500 and others only that something went wrong.
        if matches!(error.http_status(), Some(429 | 503)) {
            self.streams.overloaded();
        }
        // Who asks for a pause is given one.
        let passing = matches!(error.kind(), Kind::Throttled | Kind::Unavailable | Kind::Network);
        if passing || error.retry_after().is_some() {
            self.service_failing = true;
        }
        let Some(due) = due else {
            // Kept only if it is the first.
            self.error.get_or_insert(error.after_attempts(attempt));
            return false;
        };
        self.retries += 1;
        self.later.push(Reverse((due, index)));
        let report = self.reported_at.is_none_or(|at| now.saturating_sub(at) >= REPORT_INTERVAL);
        if report {
            self.reported_at = Some(now);
        }
        report
    }

    /// Tries that were repeated.
    pub(crate) fn retries(&self) -> u64 {
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

    fn starts(scheduler: &mut Scheduler, now: u64) -> Vec<usize> {
        std::iter::from_fn(|| match scheduler.next(seconds(now)) {
            Next::Start(index) => Some(index),
            _ => None,
        })
        .collect()
    }

    #[test]
    fn slots_are_filled_in_order_and_freed() {
        let mut scheduler = Scheduler::new(0..5, Concurrency::fixed(2));
        assert_eq!(starts(&mut scheduler, 0), [0, 1]);
        assert!(matches!(scheduler.next(seconds(0)), Next::Wait(None)));
        scheduler.succeeded(1, 1, seconds(0));
        assert_eq!(starts(&mut scheduler, 0), [2]);
        for index in [0, 2] {
            scheduler.succeeded(index, 1, seconds(0));
        }
        assert_eq!(starts(&mut scheduler, 0), [3, 4]);
        scheduler.succeeded(3, 1, seconds(0));
        scheduler.succeeded(4, 1, seconds(0));
        assert!(matches!(scheduler.next(seconds(0)), Next::Done));
    }

    #[test]
    fn a_waiting_stretch_holds_no_slot_and_comes_back_first() {
        let damaged = || Error::new(Kind::Integrity, "mismatch").with_retry(Retry::Later, None);
        let mut scheduler = Scheduler::new(0..4, Concurrency::fixed(1));
        assert_eq!(starts(&mut scheduler, 0), [0]);
        scheduler.failed(0, damaged(), Some(seconds(5)), seconds(0));
        assert_eq!(starts(&mut scheduler, 0), [1], "the slot is free");
        scheduler.succeeded(1, 1, seconds(0));
        assert_eq!(starts(&mut scheduler, 5), [0]);
        assert_eq!(scheduler.attempt(0), 2);
        scheduler.failed(0, damaged(), Some(seconds(9)), seconds(5));
        assert_eq!(starts(&mut scheduler, 6), [2]);
        scheduler.succeeded(2, 1, seconds(0));
        assert_eq!(starts(&mut scheduler, 6), [3]);
        scheduler.succeeded(3, 1, seconds(0));
        assert!(matches!(scheduler.next(seconds(6)), Next::Wait(Some(due)) if due == seconds(9)));
        assert_eq!(scheduler.retries(), 2);
    }

    #[test]
    fn the_first_final_error_wins() {
        let mut scheduler = Scheduler::new(0..3, Concurrency::fixed(3));
        starts(&mut scheduler, 0);
        assert!(!scheduler.failed(1, Error::new(Kind::Conflict, "leased"), None, seconds(0)));
        scheduler.failed(0, Error::new(Kind::Forbidden, "other"), None, seconds(0));
        let Next::Failed(error) = scheduler.next(seconds(0)) else { panic!("must fail") };
        assert_eq!(error.kind(), Kind::Conflict);
        assert_eq!(error.attempts(), 1);
    }

    #[test]
    fn an_overloaded_service_gets_fewer_requests_once_per_round_and_more_again_later() {
        let mut scheduler = Scheduler::new(0..100, Concurrency::fixed(8));
        let file_work = || Error::new(Kind::Unavailable, "busy").with_http_status(503).with_retry(Retry::Later, None);
        let broken = || Error::new(Kind::Unavailable, "broken").with_http_status(500).with_retry(Retry::Later, None);
        assert_eq!(starts(&mut scheduler, 0).len(), 8);
        for index in 0..8 {
            scheduler.failed(index, broken(), Some(seconds(0)), seconds(0));
        }
        assert_eq!(starts(&mut scheduler, 0).len(), 8, "something went wrong, but not because of us");
        for index in 0..8 {
            scheduler.failed(index, file_work(), Some(seconds(1)), seconds(0));
        }
        assert_eq!(starts(&mut scheduler, 1), [0, 1, 2, 3], "halved once although eight failed");
        for index in 0..4 {
            scheduler.succeeded(index, 1, seconds(0));
        }
        assert_eq!(starts(&mut scheduler, 1), [4, 5, 6, 7, 8], "a calm round earns one more");
    }

    #[test]
    fn nothing_new_begins_while_the_service_is_out_of_order() {
        for kind in [Kind::Network, Kind::Throttled, Kind::Unavailable] {
            let mut scheduler = Scheduler::new(0..100, Concurrency::fixed(4));
            assert_eq!(starts(&mut scheduler, 0), [0, 1, 2, 3]);
            for index in 0..4 {
                scheduler.failed(index, Error::new(kind, "out"), Some(seconds(5)), seconds(0));
            }
            assert_eq!(starts(&mut scheduler, 4), [] as [usize; 0], "{kind:?}");
            assert!(matches!(scheduler.next(seconds(4)), Next::Wait(Some(due)) if due == seconds(5)));
            let probes = starts(&mut scheduler, 5);
            assert!(!probes.is_empty() && probes.iter().all(|index| *index < 4), "{kind:?}");
            scheduler.succeeded(probes[0], 1, seconds(0));
            let mut last = 0;
            while last < 4 {
                let begun = starts(&mut scheduler, 5);
                last = begun.iter().copied().max().unwrap();
                begun.into_iter().for_each(|index| scheduler.succeeded(index, 1, seconds(0)));
            }
        }
    }

    #[test]
    fn a_passing_error_is_final_when_its_tries_and_all_patience_are_used_up() {
        let mut scheduler = Scheduler::new(0..2, Concurrency::fixed(2));
        starts(&mut scheduler, 0);
        let mut now = 0;
        for _ in 0..20 {
            assert!(!scheduler.gives_up(0, 8, seconds(now)), "tries alone do not end it");
            scheduler.failed(0, network(), Some(seconds(now + 5)), seconds(now));
            now += 5;
            assert_eq!(starts(&mut scheduler, now), [0]);
        }
        scheduler.succeeded(1, 1, seconds(0));
        for _ in 0..24 {
            assert!(!scheduler.gives_up(0, 8, seconds(now)), "the success of another began the time anew");
            scheduler.failed(0, network(), Some(seconds(now + 5)), seconds(now));
            now += 5;
            assert_eq!(starts(&mut scheduler, now), [0]);
        }
        assert!(scheduler.gives_up(0, 8, seconds(now)));
        assert!(!scheduler.failed(0, network(), None, seconds(now)));
        let Next::Failed(error) = scheduler.next(seconds(now)) else { panic!("must fail") };
        assert_eq!((error.kind(), error.attempts(), error.retry()), (Kind::Network, 45, Retry::Exhausted));

        let mut slow = Scheduler::new(0..1, Concurrency::fixed(1));
        for now in [0, 100, 200] {
            starts(&mut slow, now);
            assert!(!slow.gives_up(0, 8, seconds(now)), "time alone does not end it");
            slow.failed(0, network(), Some(seconds(now)), seconds(now));
        }
    }

    #[test]
    fn a_round_of_failures_is_reported_once() {
        let mut scheduler = Scheduler::new(0..16, Concurrency::fixed(16));
        starts(&mut scheduler, 0);
        let mut fail = |index, now| scheduler.failed(index, network(), Some(seconds(99)), seconds(now));
        assert_eq!([fail(0, 0), fail(1, 0), fail(2, 0), fail(3, 1), fail(4, 1)], [true, false, false, true, false]);
        scheduler.succeeded(5, 1, seconds(0));
        assert!(scheduler.failed(6, network(), Some(seconds(99)), seconds(1)));
    }
}
