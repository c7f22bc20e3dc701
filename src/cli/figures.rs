//! How far something is, as one line: on a terminal what fits its width, in a log everything.

use std::time::Duration;

use indicatif::HumanBytes;

use super::stdio::cleaned;
use super::terminal::{shortened, width};
use crate::base::event::{Phase, Progress};

/// What is known at one moment.
pub(super) struct View<'a> {
    /// The last progress; none before the first one.
    pub(super) progress: Option<&'a Progress>,
    /// How long it has taken so far.
    pub(super) elapsed: Duration,
    /// The pause before the service is asked again; zero while an answer is waited for.
    pub(super) next: Option<Duration>,
}

/// The longest name and word of the service beside which the figures have room on a terminal of 80 columns.
const NAME: usize = 24;
const SHORT_NAME: usize = 12;
/// The blanks and signs between the brackets of a bar.
const BAR: u64 = 16;

impl View<'_> {
    /// The line of a terminal: with as much as so many columns hold. The time is left away last.
    pub(super) fn bar(&self, columns: usize) -> String {
        // One column stays free, because some terminals begin a new line when the last one is written.
        let room = columns.saturating_sub(1);
        let mut lines = (0..=LEAST).map(|level| cleaned(&self.line(level)));
        lines.find(|line| width(line) <= room).unwrap_or_else(|| shortened(&cleaned(&self.line(LEAST)), room))
    }

    /// The line of a log.
    pub(super) fn log(&self) -> String {
        let Some(progress) = self.progress else {
            return format!("waiting for the service, {} elapsed", clock(self.elapsed));
        };
        let percent = percent(progress).map(|percent| format!("{percent} %"));
        let mut parts = vec![];
        if is_moving(progress) {
            parts.extend(percent);
            parts.extend(bytes(progress));
            parts.extend(rate(progress));
            parts.extend(left(progress));
            parts.extend(retries(progress));
            return format!("{}: {}", headline(progress, None), parts.join(", "));
        }
        let head = [Some(headline(progress, None)), percent].into_iter().flatten().collect::<Vec<_>>().join(" ");
        parts.push(head);
        if self.elapsed >= Duration::from_secs(1) {
            parts.push(format!("{} elapsed", clock(self.elapsed)));
        }
        if let Some(next) = self.next.filter(|next| !next.is_zero()) {
            parts.push(format!("next status request in {}", clock(rounded(next))));
        }
        parts.join(", ")
    }

    fn line(&self, level: usize) -> String {
        let Some(progress) = self.progress else {
            let head = if level < WITHOUT_HEAD { "waiting for the service, " } else { "" };
            return format!("{head}{}", clock(self.elapsed));
        };
        let percent = percent(progress).filter(|_| level < WITHOUT_PERCENT);
        let mut head = if level < WITHOUT_HEAD { headline(progress, Some(level)) } else { String::new() };
        if let Some(percent) = percent {
            let drawn = if level < WITHOUT_BAR { format!("{} ", bar(percent)) } else { String::new() };
            head = format!("{head} {drawn}{percent} %").trim_start().to_owned();
        }
        let mut parts = vec![head];
        if is_moving(progress) {
            parts.extend(rate(progress).filter(|_| level < WITHOUT_RATE));
            parts.extend(left(progress));
            parts.extend(bytes(progress).filter(|_| level < WITHOUT_BYTES));
            parts.extend(retries(progress).filter(|_| level < WITHOUT_BYTES));
        } else {
            parts.push(clock(self.elapsed));
            parts.extend(self.next.map(|next| match (next.is_zero(), level < WITH_SHORT_WORDS) {
                (true, true) => "requesting the status".to_owned(),
                (true, false) => "requesting".to_owned(),
                (false, true) => format!("next status request in {}", clock(rounded(next))),
                (false, false) => format!("next in {}", clock(rounded(next))),
            }));
        }
        parts.retain(|part| !part.is_empty());
        parts.join(", ")
    }
}

// What a line does without, the more the narrower the terminal is.
const WITHOUT_BAR: usize = 1;
const WITHOUT_BYTES: usize = 2;
const WITH_SHORT_WORDS: usize = 3;
const WITH_SHORT_NAME: usize = 4;
const WITHOUT_NAME: usize = 5;
const WITHOUT_RATE: usize = 6;
const WITH_SHORT_STATUS: usize = 7;
const WITHOUT_HEAD: usize = 8;
const WITHOUT_PERCENT: usize = 9;
const LEAST: usize = WITHOUT_PERCENT;

/// Whether bytes move, of which the rate and the time left say more than how long it has taken. While blocks are made a
/// blob all have been sent, and an answer is waited for.
fn is_moving(progress: &Progress) -> bool {
    progress.bytes_total.is_some() && progress.phase != Phase::Committing
}

/// What is done with what, and the service's own word. Without a level, whole.
fn headline(progress: &Progress, level: Option<usize>) -> String {
    let doing = match progress.phase {
        Phase::Requesting => "requesting",
        Phase::Waiting => "waiting for",
        Phase::Uploading => "uploading",
        Phase::Committing => "committing",
        Phase::Downloading => "downloading",
        Phase::Verifying => "verifying",
    };
    let name = match level {
        None => progress.subject.clone(),
        Some(level) if level < WITH_SHORT_NAME => shortened(&progress.subject, NAME),
        Some(level) if level < WITHOUT_NAME => shortened(&progress.subject, SHORT_NAME),
        Some(_) => String::new(),
    };
    let status = progress.status.as_ref().map(|status| match level {
        None => status.clone(),
        Some(level) if level < WITH_SHORT_STATUS => shortened(status, NAME),
        Some(_) => shortened(status, SHORT_NAME),
    });
    let doing = if name.is_empty() { doing.trim_end_matches(" for").to_owned() } else { format!("{doing} {name}") };
    match status {
        // The service's word says enough that something is waited for.
        Some(status) if name.is_empty() => status,
        Some(status) => format!("{doing}: {status}"),
        None => doing,
    }
}

pub(super) fn percent(progress: &Progress) -> Option<u64> {
    match (progress.bytes_done, progress.bytes_total) {
        (Some(_), Some(0)) => Some(100),
        (Some(done), Some(total)) => Some((u128::from(done) * 100 / u128::from(total)) as u64),
        _ => progress.percent.map(u64::from),
    }
}

fn bar(percent: u64) -> String {
    let full = percent.min(100) * BAR / 100;
    let tip = if full < BAR { ">" } else { "" };
    let rest = BAR.saturating_sub(full + 1);
    format!("[{}{tip}{}]", "=".repeat(full as usize), " ".repeat(rest as usize))
}

fn rate(progress: &Progress) -> Option<String> {
    progress.bytes_per_second.map(|rate| format!("{}/s", HumanBytes(rate)))
}

fn left(progress: &Progress) -> Option<String> {
    progress.eta_ms.filter(|left| *left >= 1000).map(|left| format!("{} left", clock(Duration::from_millis(left))))
}

fn bytes(progress: &Progress) -> Option<String> {
    let (done, total) = (progress.bytes_done?, progress.bytes_total?);
    Some(format!("{} of {}", HumanBytes(done), HumanBytes(total)))
}

/// How many requests were repeated; nothing when none was.
fn retries(progress: &Progress) -> Option<String> {
    match progress.retries? {
        0 => None,
        1 => Some("1 retry".to_owned()),
        many => Some(format!("{many} retries")),
    }
}

/// A duration to the second, also after hours, so that it is seen to move.
fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min {:02} s", seconds / 3600, seconds / 60 % 60, seconds % 60),
    }
}

/// To the nearest second, so that it goes down while [`clock`] goes up; never to none.
fn rounded(duration: Duration) -> Duration {
    Duration::from_secs(((duration.as_millis() + 500) / 1000).max(1) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sending(name: &str) -> Progress {
        let mut progress = Progress::new(Phase::Uploading, name);
        (progress.bytes_done, progress.bytes_total) = (Some(411 << 20), Some(1 << 30));
        (progress.bytes_per_second, progress.eta_ms, progress.retries) = (Some(123 << 17), Some(7_385_000), Some(3));
        progress
    }

    fn waiting(status: &str, percent: Option<u8>) -> Progress {
        let mut progress = Progress::new(Phase::Waiting, "Preproduction");
        (progress.status, progress.percent) = (Some(status.to_owned()), percent);
        progress
    }

    fn view(progress: &Progress) -> View<'_> {
        View {
            progress: Some(progress),
            elapsed: Duration::from_secs(725),
            next: progress.status.as_ref().map(|_| Duration::from_millis(16_200)),
        }
    }

    #[test]
    fn the_time_is_on_a_terminal_of_any_width() {
        let sending = sending("a.very.long.name.of.a.package.cms.app.20261128.1.nupkg");
        let waiting = waiting("AwaitingSomethingThatNobodyHasEverHeardOf", Some(40));
        for (progress, time) in [(&sending, "2 h 03 min 05 s left"), (&waiting, "12 min 05 s, next ")] {
            for columns in 21..200 {
                let line = view(progress).bar(columns);
                assert!(width(&line) < columns, "{columns}: {line}");
                let countdown = columns < 27 && progress.status.is_some();
                assert!(line.contains(time) || countdown, "{columns}: {line}");
            }
        }
        let uploading = "uploading a.very.long…1128.1.nupkg";
        for (progress, columns, line) in [
            (
                &sending,
                132,
                format!(
                    "{uploading} [======>         ] 40 %, 15.38 MiB/s, 2 h 03 min 05 s left, 411.00 MiB of 1.00 GiB, 3 retries"
                ),
            ),
            (&sending, 80, format!("{uploading} 40 %, 15.38 MiB/s, 2 h 03 min 05 s left")),
            (&sending, 40, "uploading 40 %, 2 h 03 min 05 s left".to_owned()),
            (&sending, 30, "40 %, 2 h 03 min 05 s left".to_owned()),
            (&waiting, 80, "AwaitingSom…sEverHeardOf 40 %, 12 min 05 s, next in 16 s".to_owned()),
            (&waiting, 40, "40 %, 12 min 05 s, next in 16 s".to_owned()),
        ] {
            assert_eq!(view(progress).bar(columns), line, "{columns}");
        }
    }

    #[test]
    fn retries_are_told_with_the_other_figures_once_there_are_any() {
        let mut progress = Progress::new(Phase::Uploading, "a.nupkg");
        (progress.bytes_done, progress.bytes_total) = (Some(409), Some(1024));
        // What was sent moves nothing: it may have to be sent again.
        progress.bytes_sent = Some(1024);
        for (count, told) in [(None, ""), (Some(0), ""), (Some(1), ", 1 retry"), (Some(3), ", 3 retries")] {
            progress.retries = count;
            assert_eq!(view(&progress).log(), format!("uploading a.nupkg: 39 %, 409 B of 1.00 KiB{told}"));
            let bar = view(&progress).bar(100);
            assert_eq!(bar, format!("uploading a.nupkg [======>         ] 39 %, 409 B of 1.00 KiB{told}"));
        }
    }

    #[test]
    fn what_the_service_says_steers_no_terminal() {
        let line = view(&waiting("In\u{1b}[2JProgress\u{9b}", None)).bar(100);
        assert!(line.starts_with("waiting for Preproduction: In [2JProgress , 12 min"), "{line}");
    }
}
