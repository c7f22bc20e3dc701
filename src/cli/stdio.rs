//! The two standard streams: results go to one, everything else to the other. The only functions that write to them, and
//! so the one place where texts of somebody else are cleaned before they are shown.

use std::io::{ErrorKind, Write};

use anstyle::{AnsiColor, Style};

use crate::base::error::{Error, Result};
use crate::base::redaction::{escaped, one_line, without_signatures};

/// The word in front of a line that says what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Warning,
    Error,
}

impl Label {
    fn word(self) -> &'static str {
        match self {
            Self::Warning => "warning:",
            Self::Error => "error:",
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Warning => AnsiColor::Yellow.on_default().bold(),
            Self::Error => AnsiColor::Red.on_default().bold(),
        }
    }
}

/// An error for people, line by line: its sentence, what the other side said in its own words, and what to do next.
pub(super) fn lines_of(error: &Error) -> Vec<(Option<Label>, String)> {
    let mut lines = vec![(Some(Label::Error), error.to_string())];
    let answers = error.texts().iter().map(|text| one_line(text)).filter(|text| !error.message().contains(text));
    lines.extend(answers.map(|text| (None, format!("  response: {text}"))));
    lines.extend(error.next_step().map(|step| (None, format!("  next: {step}"))));
    lines.extend(error.request_id().map(|id| (None, format!("  request id: {id}"))));
    lines
}

/// A line for people, without anything that steers a terminal and without signatures.
pub(super) fn cleaned(line: &str) -> String {
    one_line(&without_signatures(line))
}

/// A text of several lines on standard output. What stands in a line is cleaned where the lines are made as well,
/// because there the line ends of somebody else can still be told from our own.
pub(super) fn print(text: &str) -> Result<()> {
    write(&text.split('\n').map(one_line).collect::<Vec<_>>().join("\n"))
}

/// A JSON document on standard output, on one line or several.
pub(super) fn print_json(document: &str) -> Result<()> {
    write(&escaped(document))
}

/// A reader that has gone away, such as `head`, is no failure; a full disk is.
fn write(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::io("cannot write the result to standard output", &error))
        }
        _ => Ok(()),
    }
}

/// One line on standard error; there is no other place left to report that it cannot be written.
pub(super) fn print_error(label: Option<Label>, text: &str, colours: bool) {
    let text = cleaned(text);
    let line = match label {
        None => text,
        Some(label) if colours => format!("{0}{1}{0:#} {text}", label.style(), label.word()),
        Some(label) => format!("{} {text}", label.word()),
    };
    // In one piece: another program may write to the same place.
    let _ = std::io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}
