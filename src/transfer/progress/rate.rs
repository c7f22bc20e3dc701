//! Progress figures: how fast, how long still, and when to say so. Pure; the caller brings the time.

use std::collections::VecDeque;
use std::time::Duration;

use crate::base::event::{Phase, Progress};

/// The bytes of a transfer of which nobody tells how long it is.
pub(crate) const UNKNOWN: u64 = u64::MAX;

/// The shortest time between two reports.
const INTERVAL: Duration = Duration::from_millis(100);
/// The least time over which the rate is taken.
const WINDOW: Duration = Duration::from_secs(60);
/// Blocks that began together are acknowledged together, and what their connections have taken may lie in buffers. So the
/// rate is taken over that many times what a block needs; less would see bursts and pauses.
const BLOCKS: u32 = 2;
/// Samples for each such time.
const SAMPLES: u32 = 60;
/// After so long without a byte the rate is no longer what it was.
const PAUSE: Duration = Duration::from_secs(5);
/// When a look at figures that nothing has moved is due.
const PEEK: Duration = Duration::from_secs(1);

/// The pace of one transfer.
///
/// Three sums of bytes: those that are done, those that are on their way in tries that have not ended, and the highest
/// sum of both so far. What a failed try had moved leaves the second, and the third keeps every shown figure from going
/// back. An upload shows what is acknowledged, and beside it what the connections have taken; a download shows what
/// has arrived.
#[derive(Debug)]
pub(crate) struct TransferFigures {
    phase: Phase,
    subject: String,
    total: u64,
    items: u64,
    bytes_done: u64,
    bytes_moving: u64,
    bytes_seen: u64,
    items_done: u64,
    retries: u64,
    /// When this run began, and what was done then.
    began: (Duration, u64),
    reported_at: Option<Duration>,
    /// How much there was when, the oldest first: over the last `window`.
    samples: VecDeque<Sample>,
    window: Duration,
    /// When one of the sums grew last.
    grew_at: Duration,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Duration,
    done: u64,
    seen: u64,
}

impl TransferFigures {
    /// A transfer of `total` bytes of which `done` are there already.
    pub(crate) fn new(
        phase: Phase,
        subject: &str,
        total: u64,
        done: u64,
        items: usize,
        items_done: usize,
        now: Duration,
    ) -> Self {
        Self {
            phase,
            subject: subject.to_owned(),
            total,
            items: items as u64,
            bytes_done: done,
            bytes_moving: 0,
            bytes_seen: done,
            items_done: items_done as u64,
            retries: 0,
            began: (now, done),
            reported_at: None,
            samples: VecDeque::from([Sample { at: now, done, seen: done }]),
            window: WINDOW,
            grew_at: now,
        }
    }

    /// How many bytes there are in all, where that was not known at the start ([`UNKNOWN`]).
    pub(crate) fn set_total(&mut self, total: u64) {
        self.total = total;
    }

    /// A try moved so many more bytes; a report when one is due.
    pub(crate) fn moved(&mut self, bytes: u64, now: Duration) -> Option<Progress> {
        self.bytes_moving = self.bytes_moving.saturating_add(bytes);
        let seen = self.bytes_done.saturating_add(self.bytes_moving).min(self.total);
        if seen > self.bytes_seen {
            self.bytes_seen = seen;
            self.grew(now);
        }
        self.due(now)
    }

    /// A try that had moved so many bytes has failed.
    pub(crate) fn returned(&mut self, bytes: u64) {
        self.bytes_moving = self.bytes_moving.saturating_sub(bytes);
    }

    /// A failed try is repeated; a report when one is due.
    pub(crate) fn retried(&mut self, now: Duration) -> Option<Progress> {
        self.retries += 1;
        self.due(now)
    }

    /// Adds a finished range that took so long; a report when one is due.
    pub(crate) fn add(&mut self, bytes: u64, took: Duration, now: Duration) -> Option<Progress> {
        self.bytes_done = self.bytes_done.saturating_add(bytes).min(self.total);
        self.bytes_seen = self.bytes_seen.max(self.bytes_done);
        self.items_done = (self.items_done + 1).min(self.items);
        self.window = WINDOW.max(took * BLOCKS);
        self.grew(now);
        if self.bytes_done == self.total { Some(self.report(now)) } else { self.due(now) }
    }

    /// Looks at the figures although nothing has happened; a report when the last one is old and there is more to come.
    pub(crate) fn peek(&mut self, now: Duration) -> Option<Progress> {
        (self.bytes_done < self.total && self.is_silent_for(PEEK, now)).then(|| self.report(now))
    }

    fn grew(&mut self, now: Duration) {
        self.grew_at = now;
        if self.samples.back().is_none_or(|last| now.saturating_sub(last.at) >= self.window / SAMPLES) {
            self.samples.push_back(Sample { at: now, done: self.bytes_done, seen: self.bytes_seen });
        }
        // Nothing is known of how long a block takes before one is done.
        let known = self.bytes_done > self.began.1;
        // The last one that is older is where the time begins.
        while known && self.samples.get(1).is_some_and(|second| now.saturating_sub(second.at) >= self.window) {
            self.samples.pop_front();
        }
    }

    fn due(&mut self, now: Duration) -> Option<Progress> {
        self.is_silent_for(INTERVAL, now).then(|| self.report(now))
    }

    fn is_silent_for(&self, least: Duration, now: Duration) -> bool {
        self.reported_at.is_none_or(|at| now.saturating_sub(at) >= least)
    }

    /// What counts as done where it is shown.
    fn shown(&self) -> u64 {
        if self.phase == Phase::Downloading { self.bytes_seen } else { self.bytes_done }
    }

    /// Bytes on their way, and the rate that may surely be counted on, as far as it is known: that of what is done, since
    /// this run began. What was handed over may only have gone into buffers.
    pub(crate) fn on_their_way(&self, now: Duration) -> (u64, Option<u64>) {
        let (at, done) = self.began;
        let average = (self.shown() - done) as f64 / now.saturating_sub(at).as_secs_f64();
        (self.bytes_moving, self.rate(now).map(|rate| rate.min(average) as u64))
    }

    /// A report in any case: at the start and at the end.
    pub(crate) fn report(&mut self, now: Duration) -> Progress {
        self.reported_at = Some(now);
        let shown = self.shown();
        let mut progress = Progress::new(self.phase, self.subject.clone());
        progress.bytes_done = Some(shown);
        progress.bytes_total = Some(self.total).filter(|total| *total != UNKNOWN);
        progress.items_done = Some(self.items_done);
        progress.items_total = Some(self.items);
        if self.phase == Phase::Uploading {
            progress.bytes_sent = Some(self.bytes_seen);
        }
        progress.retries = Some(self.retries);
        if let Some(rate) = self.present_rate(now).filter(|rate| *rate >= 1.0) {
            progress.bytes_per_second = Some(rate as u64);
            progress.eta_ms = progress.bytes_total.map(|_| ((self.total - shown) as f64 / rate * 1000.0) as u64);
        }
        progress
    }

    /// The figures of all that was sent, while one of its files is made a blob.
    pub(crate) fn committing(&mut self, name: &str, now: Duration) -> Progress {
        Progress { phase: Phase::Committing, subject: name.to_owned(), ..self.report(now) }
    }

    /// Bytes per second over the last while, or since this run began.
    ///
    /// Of an upload, whatever grew more: what is acknowledged stands still until the first blocks end, and what the
    /// connections have taken while all that is left is in their buffers.
    fn rate(&self, now: Duration) -> Option<f64> {
        let first = self.samples.front()?;
        let (passed, seen) = (now.saturating_sub(first.at).as_secs_f64(), self.bytes_seen - first.seen);
        let done = if self.phase == Phase::Uploading { self.bytes_done - first.done } else { 0 };
        (passed > 0.0 && seen.max(done) > 0).then(|| seen.max(done) as f64 / passed)
    }

    /// The same, unless what has happened since tells that it no longer holds: all that is on its way, even if it were
    /// acknowledged right now, would have taken so long.
    fn present_rate(&self, now: Duration) -> Option<f64> {
        let passed = now.saturating_sub(self.grew_at);
        let most = if passed > PAUSE { self.bytes_moving as f64 / passed.as_secs_f64() } else { f64::INFINITY };
        self.rate(now).map(|rate| rate.min(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(done: u64) -> TransferFigures {
        TransferFigures::new(Phase::Uploading, "x", 1_000_000, done, 100, 0, Duration::ZERO)
    }

    #[test]
    fn reports_come_at_most_ten_times_a_second_and_at_the_end() {
        let mut figures = figures(0);
        let reports: Vec<Progress> =
            (1..=100).filter_map(|n| figures.add(10_000, Duration::ZERO, Duration::from_millis(n * 10))).collect();
        assert!((10..=12).contains(&reports.len()), "{}", reports.len());
        assert_eq!(reports.last().unwrap().bytes_done, Some(1_000_000));
        assert_eq!(reports.last().unwrap().eta_ms, Some(0));
        assert!(reports.windows(2).all(|pair| pair[0].bytes_done < pair[1].bytes_done), "never backwards");
    }

    #[test]
    fn the_rate_is_that_of_the_bytes_of_this_run() {
        let mut figures = figures(500_000);
        let first = figures.report(Duration::ZERO);
        assert_eq!((first.bytes_done, first.bytes_per_second, first.eta_ms), (Some(500_000), None, None));
        let report = figures.add(100_000, Duration::ZERO, Duration::from_secs(1)).unwrap();
        assert_eq!(report.bytes_per_second, Some(100_000), "what was there before does not count");
        assert_eq!(report.eta_ms, Some(4_000));
    }

    #[test]
    fn one_fast_moment_moves_the_rate_only_a_little() {
        let mut figures = figures(0);
        for second in 1..=20 {
            figures.add(10_000, Duration::ZERO, Duration::from_secs(second));
        }
        let report = figures.add(100_000, Duration::ZERO, Duration::from_millis(20_200)).unwrap();
        assert!(report.bytes_per_second.unwrap() < 40_000, "{report:?}");
    }

    #[test]
    fn nothing_shown_goes_back_when_a_try_fails() {
        let mut figures = figures(0);
        let seconds = Duration::from_secs;
        figures.moved(200_000, seconds(1));
        figures.returned(200_000);
        let report = figures.retried(seconds(2)).unwrap();
        assert_eq!((report.bytes_done, report.bytes_sent, report.retries), (Some(0), Some(200_000), Some(1)));
        figures.moved(100_000, seconds(3));
        figures.returned(100_000);
        let report = figures.add(100_000, Duration::ZERO, seconds(4)).unwrap();
        assert_eq!((report.bytes_done, report.bytes_sent), (Some(100_000), Some(200_000)));
        let all = (5..=13).filter_map(|now| figures.add(100_000, Duration::ZERO, seconds(now))).last().unwrap();
        assert_eq!((all.bytes_done, all.bytes_sent, all.eta_ms), (Some(1_000_000), Some(1_000_000), Some(0)));
    }

    #[test]
    fn a_burst_of_answers_promises_no_fast_link() {
        let mut figures = figures(0);
        figures.moved(1_000_000, Duration::ZERO);
        for n in 0..10 {
            figures.returned(10_000);
            let report = figures.add(10_000, Duration::ZERO, Duration::from_millis(100_000 + n * 100)).unwrap();
            assert!(report.bytes_per_second.unwrap() <= 10_000, "{report:?}");
        }
        assert_eq!(figures.on_their_way(Duration::from_secs(101)), (900_000, Some(990)));
    }

    /// 32 blocks at a time over a slow link, all of which are acknowledged in the same moment, after 64 s or after ten
    /// minutes. Connections take them as the link moves them, or all at once into their buffers.
    #[test]
    fn the_rate_is_right_while_blocks_end_together() {
        const RATE: u64 = 437_500;
        const BLOCKS: u64 = 32;
        for (seconds, buffered) in [(64, false), (64, true), (640, false), (640, true)] {
            let (block, rounds) = (RATE * seconds / BLOCKS, 6);
            let mut figures =
                TransferFigures::new(Phase::Uploading, "x", block * BLOCKS * rounds, 0, 1, 0, Duration::ZERO);
            for second in 1..=rounds * seconds {
                let now = Duration::from_secs(second);
                if !buffered {
                    figures.moved(RATE, now);
                } else if second % seconds == 1 {
                    figures.moved(block * BLOCKS, now);
                }
                for _ in 0..if second % seconds == 0 { BLOCKS } else { 0 } {
                    figures.returned(block);
                    figures.add(block, Duration::from_secs(seconds), now);
                }
                // What lies in buffers is known when the first blocks have ended.
                let wrong = if buffered { if second < seconds { seconds as f64 } else { 2.1 } } else { 1.6 };
                let rate = figures.report(now).bytes_per_second.unwrap() as f64 / RATE as f64;
                assert!(rate <= wrong && rate >= 1.0 / wrong, "{rate} at {second} s of {seconds}, {buffered}");
            }
        }
    }

    #[test]
    fn figures_are_looked_at_while_nothing_happens() {
        let mut figures = figures(0);
        figures.add(100_000, Duration::ZERO, Duration::from_secs(1));
        assert!(
            figures.add(1, Duration::ZERO, Duration::from_millis(1_050)).is_none()
                && figures.peek(Duration::from_millis(1_900)).is_none()
        );
        let report = figures.peek(Duration::from_secs(2)).unwrap();
        assert_eq!(report.bytes_done, Some(100_001), "what was not due before is told now");
        figures.add(899_999, Duration::ZERO, Duration::from_secs(3));
        assert!(figures.peek(Duration::from_secs(9)).is_none(), "nothing more comes");
    }

    #[test]
    fn a_download_shows_what_has_arrived() {
        let mut figures = TransferFigures::new(Phase::Downloading, "x", 1_000, 0, 1, 0, Duration::ZERO);
        let report = figures.moved(400, Duration::from_secs(1)).unwrap();
        assert_eq!((report.bytes_done, report.bytes_sent, report.bytes_per_second), (Some(400), None, Some(400)));
        figures.returned(400);
        let report = figures.moved(100, Duration::from_secs(2)).unwrap();
        assert_eq!(report.bytes_done, Some(400), "never back");
    }

    #[test]
    fn the_time_left_grows_while_nothing_moves() {
        let mut figures = figures(0);
        let before = figures.add(100_000, Duration::ZERO, Duration::from_secs(1)).unwrap();
        assert_eq!((before.bytes_per_second, before.eta_ms), (Some(100_000), Some(9_000)));
        figures.moved(50_000, Duration::from_secs(2));
        let later = figures.moved(50_000, Duration::from_secs(101)).unwrap();
        assert_eq!((later.bytes_per_second, later.eta_ms), (Some(505), Some(1_782_000)), "of the last minute or so");
        let later = figures.peek(Duration::from_secs(300)).unwrap();
        assert_eq!((later.bytes_per_second, later.eta_ms), (Some(167), Some(5_364_000)), "and it is less and less");
        figures.returned(100_000);
        let never = figures.retried(Duration::from_secs(310)).unwrap();
        assert_eq!((never.bytes_per_second, never.eta_ms), (None, None), "nothing is on its way");
    }
}
