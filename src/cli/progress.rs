//! Progress on standard error: bars on a terminal, a line now and then in a log.

use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::streams::print_error;
use crate::base::event::{Phase, Progress};
use crate::base::time::spoken;

/// In a log, a line is written whenever a transfer has come this much further.
const LOG_STEP_PERCENT: u64 = 10;

/// The progress of one command.
pub(super) struct Bars {
    /// The bar of the current subject, on a terminal.
    terminal: Option<(MultiProgress, Option<ProgressBar>)>,
    /// What the bar or the last lines are about.
    current: Option<(Phase, String)>,
    /// The last line of a log without the retries, so that none is repeated for them alone.
    last_line: String,
}

impl Bars {
    /// Progress on a terminal, or in a log.
    pub(super) fn new(terminal: bool) -> Self {
        let terminal = terminal.then(|| (MultiProgress::with_draw_target(ProgressDrawTarget::stderr()), None));
        Self { terminal, current: None, last_line: String::new() }
    }

    /// Shows how far it is.
    pub(super) fn show(&mut self, progress: &Progress) {
        let subject = (progress.phase, progress.subject.clone());
        let is_new = self.current.as_ref() != Some(&subject);
        self.current = Some(subject);
        let Some((all, bar)) = &mut self.terminal else { return self.log(progress) };
        if is_new && let Some(old) = bar.take() {
            old.finish_and_clear();
        }
        let bar = bar.get_or_insert_with(|| all.add(ProgressBar::new(100)));
        let percent = percent(progress);
        bar.set_style(style(if percent.is_some() { WITH_PERCENT } else { WITHOUT_PERCENT }));
        bar.set_prefix(headline(progress));
        bar.set_position(percent.unwrap_or(0));
        bar.set_message(figures(progress));
    }

    fn log(&mut self, progress: &Progress) {
        let line = log_line(progress);
        if line != self.last_line {
            let retries = retries(progress).map_or_else(String::new, |retries| format!(", {retries}"));
            print_error(&format!("{line}{retries}"));
            self.last_line = line;
        }
    }

    /// Prints something without tearing the bar.
    pub(super) fn beside(&self, print: impl FnOnce()) {
        match &self.terminal {
            Some((all, _)) => all.suspend(print),
            None => print(),
        }
    }

    /// Takes the bar away.
    pub(super) fn clear(&mut self) {
        if let Some((_, Some(bar))) = &mut self.terminal {
            bar.finish_and_clear();
        }
    }
}

fn log_line(progress: &Progress) -> String {
    let shown = match (progress.bytes_total, percent(progress)) {
        (Some(_), Some(percent)) => format!(" {} %", percent / LOG_STEP_PERCENT * LOG_STEP_PERCENT),
        (_, Some(percent)) => format!(" {percent} %"),
        (_, None) => String::new(),
    };
    format!("{}{shown}", headline(progress))
}

const WITH_PERCENT: &str = "{prefix} [{bar:16}] {pos:>3} % {wide_msg}";
/// The service gives no percentage of an export.
const WITHOUT_PERCENT: &str = "{prefix} for {elapsed} {wide_msg}";

fn style(template: &str) -> ProgressStyle {
    // The templates are fixed; should one ever be wrong, the plain bar is shown.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

fn headline(progress: &Progress) -> String {
    let doing = match progress.phase {
        Phase::Requesting => "asking for",
        Phase::Waiting => "waiting for",
        Phase::Uploading => "uploading",
        Phase::Committing => "committing",
        Phase::Downloading => "downloading",
        Phase::Verifying => "verifying",
    };
    let status = progress.status.as_ref().map_or_else(String::new, |status| format!(": {status}"));
    format!("{doing} {}{status}", shortened(&progress.subject))
}

/// A long name without its middle, so that the figures have room on a terminal of 80 columns.
fn shortened(name: &str) -> String {
    const LONGEST: usize = 24;
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= LONGEST {
        return name.to_owned();
    }
    let (start, end) = (&letters[..LONGEST / 2 - 1], &letters[letters.len() - LONGEST / 2..]);
    start.iter().chain(&['…']).chain(end).collect()
}

fn percent(progress: &Progress) -> Option<u64> {
    match (progress.bytes_done, progress.bytes_total) {
        (Some(_), Some(0)) => Some(100),
        (Some(done), Some(total)) => Some((u128::from(done) * 100 / u128::from(total)) as u64),
        _ => progress.percent.map(u64::from),
    }
}

/// Rate and time left first: a narrow terminal cuts the line at its end.
fn figures(progress: &Progress) -> String {
    let mut parts = Vec::new();
    if let Some(rate) = progress.bytes_per_second {
        parts.push(format!("{}/s", HumanBytes(rate)));
    }
    if let Some(left) = progress.eta_ms.filter(|left| *left >= 1000) {
        parts.push(format!("{} left", spoken(std::time::Duration::from_millis(left))));
    }
    if let (Some(done), Some(total)) = (progress.bytes_done, progress.bytes_total) {
        parts.push(format!("{} of {}", HumanBytes(done), HumanBytes(total)));
    }
    parts.extend(retries(progress));
    parts.join(", ")
}

/// How many requests were repeated; nothing when none was.
fn retries(progress: &Progress) -> Option<String> {
    match progress.retries? {
        0 => None,
        1 => Some("1 retry".to_owned()),
        many => Some(format!("{many} retries")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_loses_its_middle() {
        assert_eq!(shortened("epicms.bacpac"), "epicms.bacpac");
        let short = shortened("epicms_20261121130451_3fe5f5ce.bacpac");
        assert_eq!(short, "epicms_2026…5f5ce.bacpac");
    }

    #[test]
    fn retries_are_told_with_the_other_figures_once_there_are_any() {
        let mut progress = Progress::new(Phase::Uploading, "a.nupkg");
        (progress.bytes_done, progress.bytes_total) = (Some(409), Some(1024));
        // What was sent moves nothing: it may have to be sent again.
        progress.bytes_sent = Some(1024);
        for (count, told) in [(None, None), (Some(0), None), (Some(1), Some("1 retry")), (Some(3), Some("3 retries"))] {
            progress.retries = count;
            assert_eq!(retries(&progress).as_deref(), told);
            assert_eq!(log_line(&progress), "uploading a.nupkg 30 %");
            let figures = figures(&progress);
            assert_eq!(figures.strip_prefix("409 B of 1.00 KiB").unwrap().strip_prefix(", "), told);
        }
    }
}
