//! Where things are shown: results on standard output, progress and messages on standard error, and in the JSON
//! lines form everything on standard output as one line an event.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::args::{Display, Form};
use super::command::Command;
use super::display;
use super::progress::Bars;
use super::streams::{print, print_error};
use super::words::CommandLine;
use crate::base::error::{Error, Result};
use crate::base::event::{Event, Level, Progress, Sink};
use crate::base::redaction::one_line;

/// A result and the command it answers.
pub(super) struct Answer {
    /// The result document.
    pub(super) document: Value,
    /// The command.
    pub(super) command: Command,
}

/// The screen of one command.
pub(super) struct Output {
    form: Form,
    screen: Arc<Screen>,
    sink: Arc<dyn Sink>,
    words: CommandLine,
}

impl Output {
    /// Decides what is shown where.
    pub(super) fn new(display: &Display, form: Form, words: CommandLine) -> Self {
        let least = match (display.quiet, display.verbose) {
            (true, _) => None,
            (false, 0) => Some(Level::Info),
            (false, 1) => Some(Level::Verbose),
            (false, _) => Some(Level::Debug),
        };
        let shows_progress = !display.quiet && !display.no_progress;
        let screen = Arc::new(Screen {
            lines: form == Form::Jsonl,
            least,
            state: Mutex::new(State { bars: shows_progress.then(|| Bars::new(std::io::stderr().is_terminal())) }),
        });
        Self { form, sink: Arc::clone(&screen) as Arc<dyn Sink>, screen, words }
    }

    /// Where the operation's events go.
    pub(super) fn sink(&self) -> &Arc<dyn Sink> {
        &self.sink
    }

    /// What is said at the first Ctrl-C.
    pub(super) fn interrupted(&self) -> impl Fn() + Send + 'static {
        let screen = Arc::clone(&self.screen);
        move || screen.say("cancelling; press Ctrl-C again to end at once")
    }

    /// Shows the result or the error, and gives the exit code.
    pub(super) fn finish(&self, outcome: Result<Answer>) -> ExitCode {
        self.screen.clear();
        let shown = outcome.and_then(|answer| match self.form {
            Form::Text => print(&display::text(&answer.command, &answer.document, &self.words)),
            Form::Json => print(&format!("{:#}", answer.document)),
            Form::Jsonl => print(&json!({"event": "result", "result": answer.document}).to_string()),
        });
        match shown {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let error = self.words.say(error);
                self.refuse(&error);
                ExitCode::from(error.kind().row().exit_code)
            }
        }
    }

    fn refuse(&self, error: &Error) {
        let document = match self.form {
            Form::Text => None,
            Form::Json => Some(format!("{:#}", json!({"error": error.to_json()}))),
            Form::Jsonl => Some(json!({"event": "error", "error": error.to_json()}).to_string()),
        };
        // The sentence on standard error is what is left when standard output cannot be written.
        let _ = document.map(|document| print(&document));
        print_error(&format!("error: {error}"));
        // What the other side said, in its own words.
        for text in error.texts().iter().map(|text| one_line(text)).filter(|text| !error.message().contains(text)) {
            print_error(&format!("  answer: {text}"));
        }
        if let Some(step) = error.next_step() {
            print_error(&format!("  next: {step}"));
        }
        if let Some(id) = error.request_id() {
            print_error(&format!("  request id: {id}"));
        }
    }
}

struct State {
    /// None when no progress is to be shown.
    bars: Option<Bars>,
}

/// The sink behind the screen.
struct Screen {
    /// Whether events are written as JSON lines.
    lines: bool,
    /// The least important messages that are shown; none at all when quiet.
    least: Option<Level>,
    state: Mutex<State>,
}

impl Screen {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clear(&self) {
        if let Some(bars) = &mut self.state().bars {
            bars.clear();
        }
    }

    fn say(&self, text: &str) {
        match &self.state().bars {
            Some(bars) => bars.beside(|| print_error(text)),
            None => print_error(text),
        }
    }

    fn show(&self, progress: &Progress) {
        if let Some(bars) = &mut self.state().bars {
            bars.show(progress);
        }
    }

    fn is_wanted(&self, event: &Event) -> bool {
        match event {
            Event::Message { level, .. } => self.least.is_some_and(|least| *level >= least),
            _ => true,
        }
    }
}

impl Sink for Screen {
    fn event(&self, event: Event) {
        if !self.is_wanted(&event) {
            return;
        }
        if self.lines {
            // An event is plain data and always becomes JSON; nothing is shown if it ever did not.
            if let Ok(line) = serde_json::to_string(&event) {
                // Without a reader there is nobody to tell; the result at the end fails when it cannot be written.
                let _ = print(&line);
            }
            return;
        }
        match event {
            Event::Message { text, .. } => self.say(&text),
            Event::Progress(progress) => self.show(&progress),
            Event::Accepted { what, id } if self.least.is_some() => self.say(&format!("{what} {id} accepted")),
            Event::Accepted { .. } => {}
            Event::Warning { text } => self.say(&format!("warning: {text}")),
            Event::Retrying { .. } if self.least.is_none() => {}
            Event::Retrying { what, attempt, delay_ms, reason } => {
                let pause = crate::base::time::spoken(std::time::Duration::from_millis(delay_ms));
                self.say(&format!("{what} failed (attempt {attempt}), trying again in {pause}: {reason}"));
            }
        }
    }
}
