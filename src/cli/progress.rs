//! What is to be seen of an operation that takes its time: on a terminal each second, in a log when something has come
//! further and at least each minute. Only decides; time is handed in.

use std::time::Duration;

use super::figures::{View, percent};
use crate::base::event::{Phase, Progress};

/// In a log, a line is written whenever a transfer has come this much further.
const LOG_STEP_PERCENT: u64 = 10;
/// In a log, a line is written at least this often.
const HEARTBEAT: Duration = Duration::from_secs(60);
/// On a terminal, figures that time alone moves are drawn again this often.
const SECOND: Duration = Duration::from_secs(1);
/// Nothing is drawn of a request that is answered sooner.
const PATIENCE: Duration = Duration::from_secs(2);

/// The progress of one command.
pub(super) struct Watch {
    /// When the command began.
    began: Duration,
    current: Option<Current>,
    /// What the last line of a log was about, and when it was written.
    logged: Option<(String, Duration)>,
}

struct Current {
    progress: Progress,
    began: Duration,
    /// When the service is asked again.
    next: Option<Duration>,
}

impl Watch {
    /// Of a command that begins now.
    pub(super) fn new(now: Duration) -> Self {
        Self { began: now, current: None, logged: None }
    }

    /// How far it was at a moment.
    pub(super) fn see(&mut self, progress: Progress, at: Duration) {
        let before = self
            .current
            .take()
            .filter(|before| (before.progress.phase, &before.progress.subject) == (progress.phase, &progress.subject));
        let began = match progress.elapsed_ms {
            Some(elapsed) => at.saturating_sub(Duration::from_millis(elapsed)),
            None => before.map_or(at, |before| before.began),
        };
        let next = progress.next_poll_ms.map(|pause| at + Duration::from_millis(pause));
        self.current = Some(Current { progress, began, next });
    }

    /// A request has failed and is repeated after a pause: while the service is waited for, it is asked then.
    pub(super) fn see_retry(&mut self, pause: Duration, at: Duration) {
        if let Some(current) = self.current.as_mut().filter(|current| current.progress.phase == Phase::Waiting) {
            current.next = Some(at + pause);
        }
    }

    fn view(&self, now: Duration) -> View<'_> {
        match &self.current {
            None => View { progress: None, elapsed: now.saturating_sub(self.began), next: None },
            Some(current) => View {
                progress: Some(&current.progress),
                elapsed: now.saturating_sub(current.began),
                next: current.next.map(|next| next.saturating_sub(now)),
            },
        }
    }

    /// The line of a terminal of so many columns; none as long as there is nothing to say.
    pub(super) fn bar(&self, now: Duration, columns: usize) -> Option<String> {
        let is_due = self.current.is_some() || now.saturating_sub(self.began) >= PATIENCE;
        is_due.then(|| self.view(now).bar(columns))
    }

    /// The line of a log that is due, if one is.
    pub(super) fn log(&mut self, now: Duration) -> Option<String> {
        let subject = self.current.as_ref().map(|current| key(&current.progress)).unwrap_or_default();
        let (last, at) = self.logged.as_ref().map_or(("", self.began), |(last, at)| (last, *at));
        if subject == last && now.saturating_sub(at) < HEARTBEAT {
            return None;
        }
        let line = self.view(now).log();
        self.logged = Some((subject, now));
        Some(line)
    }

    /// How long nothing changes by time alone.
    pub(super) fn patience(&self, now: Duration, redraws: bool) -> Duration {
        if redraws {
            let began = self.current.as_ref().map_or(self.began, |current| current.began);
            let into = now.saturating_sub(began).subsec_nanos();
            return SECOND - Duration::from_nanos(into.into());
        }
        let last = self.logged.as_ref().map_or(self.began, |(_, at)| *at);
        (last + HEARTBEAT).saturating_sub(now)
    }
}

/// A line of a log is repeated before its time only for something else than this.
fn key(progress: &Progress) -> String {
    let step = if progress.bytes_total.is_some() { LOG_STEP_PERCENT } else { 1 };
    let percent = percent(progress).map(|percent| percent / step);
    format!("{:?} {} {:?} {percent:?}", progress.phase, progress.subject, progress.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn waiting(elapsed: f64, percent: u8, next: Option<u64>) -> Progress {
        let mut progress = Progress::new(Phase::Waiting, "Preproduction");
        (progress.status, progress.percent) = (Some("InProgress".to_owned()), Some(percent));
        (progress.elapsed_ms, progress.next_poll_ms) = (Some((elapsed * 1000.0) as u64), next);
        progress
    }

    fn sending(done: u64) -> Progress {
        let mut progress = Progress::new(Phase::Uploading, "a.nupkg");
        (progress.bytes_done, progress.bytes_total) = (Some(done << 20), Some(1 << 30));
        (progress.bytes_per_second, progress.eta_ms) = (Some(1 << 20), Some((1024 - done) * 1000));
        progress
    }

    #[test]
    fn a_terminal_shows_each_second_how_long_it_takes_and_when_it_asks_next() {
        let mut watch = Watch::new(at(9010.0));
        assert_eq!(watch.bar(at(9011.9), 80), None, "an answer that comes soon needs no words");
        assert_eq!(watch.bar(at(9012.0), 80).unwrap(), "waiting for the service, 2 s");
        watch.see(waiting(3600.0, 40, Some(30_000)), at(9020.0));
        for (now, figures) in [
            (9020.0, "1 h 00 min 00 s, next status request in 30 s"),
            (9021.001, "1 h 00 min 01 s, next status request in 29 s"),
            (9049.0, "1 h 00 min 29 s, next status request in 1 s"),
            (9050.0, "1 h 00 min 30 s, requesting the status"),
            (9095.0, "1 h 01 min 15 s, requesting the status"),
        ] {
            let shown = watch.bar(at(now), 120).unwrap();
            assert_eq!(shown, format!("waiting for Preproduction: InProgress [======>         ] 40 %, {figures}"));
            assert_eq!(watch.patience(at(now), true).as_millis(), if now == 9021.001 { 999 } else { 1000 });
        }
        // A failed request is repeated later.
        watch.see_retry(at(600.0), at(9100.0));
        assert!(watch.bar(at(9101.0), 80).unwrap().ends_with("next in 9 min 59 s"));
        // The time of one wait goes on, that of another begins.
        watch.see(Progress::new(Phase::Committing, "a.nupkg"), at(9200.0));
        watch.see(Progress::new(Phase::Committing, "a.nupkg"), at(9205.0));
        assert_eq!(watch.bar(at(9206.5), 80).unwrap(), "committing a.nupkg, 6 s");
    }

    #[test]
    fn a_log_gets_a_line_a_minute_and_when_something_has_come_further() {
        let mut watch = Watch::new(at(0.0));
        assert_eq!(watch.log(at(59.9)), None);
        assert_eq!(watch.patience(at(59.0), false), at(1.0));
        assert_eq!(watch.log(at(60.0)).unwrap(), "waiting for the service, 1 min 00 s elapsed");
        watch.see(waiting(0.0, 40, Some(3_600_000)), at(61.0));
        let begun = "waiting for Preproduction: InProgress 40 %";
        assert_eq!(watch.log(at(61.0)).unwrap(), format!("{begun}, next status request in 1 h 00 min 00 s"));
        assert_eq!(watch.log(at(120.0)), None);
        let line = watch.log(at(121.0)).unwrap();
        assert_eq!(line, format!("{begun}, 1 min 00 s elapsed, next status request in 59 min 00 s"));
        watch.see(waiting(70.0, 41, None), at(131.0));
        assert_eq!(watch.log(at(131.0)).unwrap(), "waiting for Preproduction: InProgress 41 %, 1 min 10 s elapsed");

        for (now, done, line) in [
            (140.0, 0, Some("uploading a.nupkg: 0 %, 0 B of 1.00 GiB, 1.00 MiB/s, 17 min 04 s left")),
            (141.0, 102, None),
            (142.0, 103, Some("uploading a.nupkg: 10 %, 103.00 MiB of 1.00 GiB, 1.00 MiB/s, 15 min 21 s left")),
            (201.9, 103, None),
            (202.0, 103, Some("uploading a.nupkg: 10 %, 103.00 MiB of 1.00 GiB, 1.00 MiB/s, 15 min 21 s left")),
        ] {
            watch.see(sending(done), at(now));
            assert_eq!(watch.log(at(now)).as_deref(), line, "{now}");
        }
        assert_eq!(watch.patience(at(210.0), false), at(52.0));
    }
}
