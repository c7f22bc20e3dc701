//! What stands on standard error: lines, and below them how far it is. Belongs to the thread that prints.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::progress::Watch;
use super::queue::{Entry, Next, Queue};
use super::stdio::{Label, print_error};
use super::terminal::{Abilities, width_of_standard_error};
use crate::base::event::Progress;
use crate::base::time::Clock;

/// Something for standard error.
pub(super) enum Said {
    /// A line.
    Line(Option<Label>, String),
    /// A line that only matters to somebody who looks for a fault.
    Detail(String),
    /// How far it was at a moment.
    Progress(Box<Progress>, Duration),
    /// A request has failed at a moment and is repeated after a pause.
    Retry(Option<(Option<Label>, String)>, Duration, Duration),
    /// The operation is over.
    End,
}

impl Entry for Said {
    fn supersedes(&self, before: &Self) -> bool {
        let subject = |said: &Self| match said {
            Self::Progress(progress, _) => Some((progress.phase, progress.subject.clone())),
            _ => None,
        };
        subject(self).is_some_and(|newer| Some(newer) == subject(before))
    }

    fn is_minor(&self) -> bool {
        matches!(self, Self::Detail(_) | Self::Progress(..) | Self::Retry(None | Some((None, _)), ..))
    }
}

/// Standard error, as long as the command runs.
pub(super) struct Screen {
    clock: Arc<dyn Clock>,
    abilities: Abilities,
    /// None when no progress is to be shown.
    watch: Option<Watch>,
    /// The line that is drawn again and again, on a terminal.
    bar: Option<ProgressBar>,
}

impl Screen {
    /// Of a command that begins now.
    pub(super) fn new(clock: Arc<dyn Clock>, abilities: Abilities, shows_progress: bool) -> Self {
        let watch = shows_progress.then(|| Watch::new(clock.monotonic()));
        Self { clock, abilities, watch, bar: None }
    }

    /// Prints what is in the queue, until nothing more comes.
    pub(super) fn run(mut self, queue: &Queue<Said>) {
        loop {
            let now = self.clock.monotonic();
            let patience = self.watch.as_ref().map(|watch| watch.patience(now, self.abilities.redraws));
            match queue.next(patience) {
                Next::Entry(said) => self.show(said),
                Next::LeftOut(count) => {
                    self.line(None, &format!("{count} lines were dropped because nobody read them"));
                }
                Next::Nothing => {}
                Next::End => return,
            }
            self.draw();
        }
    }

    fn show(&mut self, said: Said) {
        match said {
            Said::Line(label, text) => self.line(label, &text),
            Said::Detail(text) => self.line(None, &text),
            Said::Progress(progress, at) => {
                if let Some(watch) = &mut self.watch {
                    watch.see(*progress, at);
                }
            }
            Said::Retry(line, pause, at) => {
                if let Some(watch) = &mut self.watch {
                    watch.see_retry(pause, at);
                }
                if let Some((label, text)) = line {
                    self.line(label, &text);
                }
            }
            Said::End => {
                self.watch = None;
                if let Some(bar) = self.bar.take() {
                    bar.finish_and_clear();
                }
            }
        }
    }

    fn line(&self, label: Option<Label>, text: &str) {
        let print = || print_error(label, text, self.abilities.colours);
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    fn draw(&mut self) {
        let now = self.clock.monotonic();
        let Some(watch) = &mut self.watch else { return };
        if !self.abilities.redraws {
            if let Some(line) = watch.log(now) {
                self.line(None, &line);
            }
            return;
        }
        if let Some(line) = watch.bar(now, width_of_standard_error()) {
            self.bar.get_or_insert_with(bar).set_message(line);
        }
    }
}

/// A line that is drawn again in its place. What stands in it is ours, so that it fits.
fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style)
}
