//! The two standard streams: results go to one, everything else to the other.

use std::io::Write;

/// One text on standard output. A reader that has gone away, such as `head`, is no failure.
pub(super) fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}

/// One line on standard error; there is no other place left to report that it cannot be written.
pub(super) fn print_error(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
