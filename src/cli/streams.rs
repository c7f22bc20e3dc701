//! The two standard streams: results go to one, everything else to the other.

use std::io::{ErrorKind, Write};

use crate::base::error::{Error, Result};
use crate::base::redaction::one_line;

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
