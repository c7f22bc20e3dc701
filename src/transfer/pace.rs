//! Progress figures: how fast, how long still, and when to say so. Pure; the caller brings the time.

use std::time::Duration;

use crate::base::event::{Phase, Progress};

/// The shortest time between two reports.
const INTERVAL: Duration = Duration::from_millis(100);
/// The time over which the rate is smoothed.
const MEMORY: f64 = 5.0;

/// The pace of one transfer.
#[derive(Debug)]
pub(super) struct Pace {
    phase: Phase,
    subject: String,
    total: u64,
    items: u64,
    bytes_done: u64,
    items_done: u64,
    measured_at: Duration,
    measured_bytes: u64,
    reported_at: Option<Duration>,
    rate: Option<f64>,
}

impl Pace {
    /// A transfer of `total` bytes of which `done` are there already.
    pub(super) fn new(
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
            items_done: items_done as u64,
            measured_at: now,
            measured_bytes: done,
            reported_at: None,
            rate: None,
        }
    }

    /// Adds a finished stretch; a report when one is due.
    pub(super) fn add(&mut self, bytes: u64, now: Duration) -> Option<Progress> {
        self.bytes_done = self.bytes_done.saturating_add(bytes).min(self.total);
        self.items_done = (self.items_done + 1).min(self.items);
        let due = self.reported_at.is_none_or(|at| now.saturating_sub(at) >= INTERVAL);
        (due || self.bytes_done == self.total).then(|| self.report(now))
    }

    /// A report in any case: at the start and at the end.
    pub(super) fn report(&mut self, now: Duration) -> Progress {
        let passed = now.saturating_sub(self.measured_at).as_secs_f64();
        if passed > 0.0 && self.bytes_done > self.measured_bytes {
            let recent = (self.bytes_done - self.measured_bytes) as f64 / passed;
            // Exponential smoothing by time: what is older than MEMORY counts little.
            let weight = 1.0 - (-passed / MEMORY).exp();
            self.rate = Some(self.rate.map_or(recent, |rate| rate + weight * (recent - rate)));
            self.measured_at = now;
            self.measured_bytes = self.bytes_done;
        }
        self.reported_at = Some(now);
        let mut progress = Progress::new(self.phase, self.subject.clone());
        progress.bytes_done = Some(self.bytes_done);
        progress.bytes_total = Some(self.total);
        progress.items_done = Some(self.items_done);
        progress.items_total = Some(self.items);
        if let Some(rate) = self.rate.filter(|rate| *rate >= 1.0) {
            progress.bytes_per_second = Some(rate as u64);
            progress.eta_ms = Some(((self.total - self.bytes_done) as f64 / rate * 1000.0) as u64);
        }
        progress
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(done: u64) -> Pace {
        Pace::new(Phase::Uploading, "x", 1_000_000, done, 100, 0, Duration::ZERO)
    }

    #[test]
    fn reports_come_at_most_ten_times_a_second_and_at_the_end() {
        let mut pace = pace(0);
        let reports: Vec<Progress> =
            (1..=100).filter_map(|n| pace.add(10_000, Duration::from_millis(n * 10))).collect();
        assert!((10..=12).contains(&reports.len()), "{}", reports.len());
        assert_eq!(reports.last().unwrap().bytes_done, Some(1_000_000));
        assert_eq!(reports.last().unwrap().eta_ms, Some(0));
        assert!(reports.windows(2).all(|pair| pair[0].bytes_done < pair[1].bytes_done), "never backwards");
    }

    #[test]
    fn the_rate_is_that_of_the_bytes_of_this_run() {
        let mut pace = pace(500_000);
        let first = pace.report(Duration::ZERO);
        assert_eq!((first.bytes_done, first.bytes_per_second, first.eta_ms), (Some(500_000), None, None));
        let report = pace.add(100_000, Duration::from_secs(1)).unwrap();
        assert_eq!(report.bytes_per_second, Some(100_000), "what was there before does not count");
        assert_eq!(report.eta_ms, Some(4_000));
    }

    #[test]
    fn one_fast_moment_moves_the_rate_only_a_little() {
        let mut pace = pace(0);
        for second in 1..=20 {
            pace.add(10_000, Duration::from_secs(second));
        }
        let report = pace.add(100_000, Duration::from_millis(20_200)).unwrap();
        assert!(report.bytes_per_second.unwrap() < 40_000, "{report:?}");
    }
}
