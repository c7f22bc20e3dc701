//! The two standard streams: results go to one, everything else to the other.

use std::io::{ErrorKind, Write};

use crate::base::error::{Error, Result};

/// One text on standard output. A reader that has gone away, such as `head`, is no failure; a full disk is.
pub(super) fn print(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::io("cannot write the result to standard output", &error))
        }
        _ => Ok(()),
    }
}

/// One line on standard error; there is no other place left to report that it cannot be written.
pub(super) fn print_error(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", one_line(text));
}

/// A text as one line without control characters: what comes from a service must not steer a terminal.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_a_terminal() {
        assert_eq!(one_line("a\u{1b}]0;evil\u{7}\nb\u{9b}1m ü"), "a ]0;evil  b 1m ü");
    }
}
