//! Where things are shown: results on standard output, progress and messages on standard error, and in the JSON
//! lines form everything on standard output as one line an event.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;

use super::args::{Display, Form};
use super::display::{Page, Shown};
use super::queue::{Entry, Next, Queue};
use super::screen::{Said, Screen};
use super::stdio::{Label, lines_of, print, print_json};
use super::terminal::{Abilities, width_of_standard_output};
use super::words::CommandLine;
use crate::base::error::{Error, Result};
use crate::base::event::{Event, Level, Phase, Sink};
use crate::base::time::Clock;

/// How long a reader of standard error that takes nothing holds up the result on standard output.
const BEFORE_THE_RESULT: Duration = Duration::from_millis(500);
/// How long a reader may take nothing once the command was told to end.
const AFTER_A_SIGNAL: Duration = Duration::from_secs(2);

/// A result, and what of it may be shown.
pub(super) struct Answer {
    /// The result.
    pub(super) result: Box<dyn Shown>,
    /// Whether the link of an export may be shown in text output.
    pub(super) shows_link: bool,
}

/// What one command shows.
pub(super) struct Output {
    form: Form,
    clock: Arc<dyn Clock>,
    events: Arc<Events>,
    sink: Arc<dyn Sink>,
    /// Set by the first signal that ends the command.
    interrupted: Arc<AtomicBool>,
    words: CommandLine,
}

impl Output {
    /// Decides what is shown where, and starts the threads that print.
    pub(super) fn new(display: &Display, form: Form, words: CommandLine, clock: Arc<dyn Clock>) -> Result<Self> {
        let least = match (display.quiet, display.verbose) {
            (true, _) => None,
            (false, 0) => Some(Level::Info),
            (false, 1) => Some(Level::Verbose),
            (false, _) => Some(Level::Debug),
        };
        let shows_progress = !display.quiet && !display.no_progress && form != Form::Jsonl;
        let screen = Screen::new(Arc::clone(&clock), Abilities::of_standard_error(), shows_progress);
        let (said, printed) = (Queue::new(), Queue::new());
        said.start("epi-stderr", move |queue| screen.run(queue))?;
        let failure = Arc::new(Mutex::new(Ok(())));
        let events = Events {
            lines: form == Form::Jsonl,
            least,
            clock: Arc::clone(&clock),
            said,
            printed,
            failure: Arc::clone(&failure),
        };
        events.printed.start("epi-stdout", move |queue| print_all(queue, &failure))?;
        let events = Arc::new(events);
        let sink = Arc::clone(&events) as Arc<dyn Sink>;
        Ok(Self { form, clock, events, sink, interrupted: Arc::default(), words })
    }

    /// Where the operation's events go.
    pub(super) fn sink(&self) -> &Arc<dyn Sink> {
        &self.sink
    }

    /// What the first signal sets.
    pub(super) fn interrupted(&self) -> &Arc<AtomicBool> {
        &self.interrupted
    }

    /// What is said at the first signal.
    pub(super) fn on_interrupt(&self) -> impl Fn() + Send + 'static {
        let events = Arc::clone(&self.events);
        move || events.say(None, "cancelling; a second Ctrl-C or SIGTERM quits immediately")
    }

    /// Shows the result or the error, and gives the exit code. Waits for whoever reads the result; once a signal has
    /// come, only as long as something is read.
    pub(super) fn finish(&self, outcome: Result<Answer>) -> ExitCode {
        self.events.said.push(Said::End);
        // Before the result: both may be one terminal, and nothing is to be drawn into it.
        self.events.said.settle(|silence| silence >= BEFORE_THE_RESULT);
        let shown = outcome.and_then(|answer| self.show(&answer));
        let code = match shown {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let error = self.words.say(error);
                self.refuse(&error);
                ExitCode::from(error.kind().row().exit_code)
            }
        };
        self.settle(&self.events.printed);
        self.settle(&self.events.said);
        code
    }

    fn show(&self, answer: &Answer) -> Result<()> {
        let Answer { result, shows_link } = answer;
        let page = || Page {
            columns: width_of_standard_output(),
            now_ms: self.clock.unix_ms(),
            shows_link: *shows_link,
            words: &self.words,
        };
        self.events.printed.push(match self.form {
            Form::Text => Printed::Text(result.text(&page())),
            Form::Json => Printed::Json(format!("{:#}", result.document()?)),
            Form::Jsonl => Printed::Json(json!({"event": "result", "result": result.document()?}).to_string()),
        });
        if !self.settle(&self.events.printed) {
            return Err(Error::cancelled().context("the result was not read"));
        }
        self.events.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn refuse(&self, error: &Error) {
        let document = match self.form {
            Form::Text => None,
            Form::Json => Some(format!("{:#}", json!({"error": error.to_json()}))),
            Form::Jsonl => Some(json!({"event": "error", "error": error.to_json()}).to_string()),
        };
        // The sentence on standard error is what is left when standard output cannot be written.
        if let Some(document) = document {
            self.events.printed.push(Printed::Json(document));
        }
        for (label, line) in lines_of(error) {
            self.events.say(label, &line);
        }
    }

    fn settle<T: Entry>(&self, queue: &Queue<T>) -> bool {
        queue.settle(|silence| self.interrupted.load(Ordering::SeqCst) && silence >= AFTER_A_SIGNAL)
    }
}

/// Something for standard output.
enum Printed {
    /// Lines for people.
    Text(String),
    /// A document.
    Json(String),
    /// A document that says how far something is.
    Progress(Phase, String, String),
}

impl Entry for Printed {
    fn supersedes(&self, before: &Self) -> bool {
        match (self, before) {
            (Self::Progress(phase, subject, _), Self::Progress(before, same, _)) => (phase, subject) == (before, same),
            _ => false,
        }
    }

    /// Whoever reads events relies on them.
    fn is_minor(&self) -> bool {
        false
    }
}

fn print_all(queue: &Queue<Printed>, failure: &Mutex<Result<()>>) {
    loop {
        let written = match queue.next(None) {
            Next::Entry(Printed::Text(text)) => print(&text),
            Next::Entry(Printed::Json(text) | Printed::Progress(_, _, text)) => print_json(&text),
            Next::LeftOut(_) | Next::Nothing => continue,
            Next::End => return,
        };
        // That of the last entry stays, which is the result.
        *failure.lock().unwrap_or_else(PoisonError::into_inner) = written;
    }
}

/// The sink of the operation.
struct Events {
    /// Whether events are written as JSON lines.
    lines: bool,
    /// The least important messages that are shown; none at all when quiet.
    least: Option<Level>,
    clock: Arc<dyn Clock>,
    /// Standard error.
    said: Queue<Said>,
    /// Standard output.
    printed: Queue<Printed>,
    /// What became of the last writing on standard output.
    failure: Arc<Mutex<Result<()>>>,
}

impl Events {
    fn say(&self, label: Option<Label>, text: &str) {
        self.said.push(Said::Line(label, text.to_owned()));
    }

    fn is_wanted(&self, event: &Event) -> bool {
        match event {
            Event::Message { level, .. } => self.least.is_some_and(|least| *level >= least),
            _ => true,
        }
    }

    fn print(&self, event: Event) {
        // An event is plain data and always becomes JSON; nothing is shown if it ever did not.
        let Ok(line) = serde_json::to_string(&event) else { return };
        self.printed.push(match event {
            Event::Progress(progress) => Printed::Progress(progress.phase, progress.subject, line),
            _ => Printed::Json(line),
        });
    }
}

impl Sink for Events {
    fn event(&self, event: Event) {
        if !self.is_wanted(&event) {
            return;
        }
        if self.lines {
            return self.print(event);
        }
        let warns = matches!(event, Event::Retrying { warns: true, .. });
        let sentence = event.sentence().filter(|_| warns || self.least.is_some());
        match event {
            Event::Message { level: Level::Info, text } => self.say(None, &text),
            Event::Message { text, .. } => self.said.push(Said::Detail(text)),
            Event::Warning { text } => self.say(Some(Label::Warning), &text),
            Event::Progress(progress) => self.said.push(Said::Progress(Box::new(progress), self.clock.monotonic())),
            Event::Retrying { delay_ms, .. } => {
                let line = sentence.map(|text| (warns.then_some(Label::Warning), text));
                self.said.push(Said::Retry(line, Duration::from_millis(delay_ms), self.clock.monotonic()));
            }
            Event::Accepted { .. } => {
                if let Some(sentence) = sentence {
                    self.say(None, &sentence);
                }
            }
        }
    }
}
