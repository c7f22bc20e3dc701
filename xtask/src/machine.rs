//! What this machine has, and what becomes of a part of the tests that it lacks something for.

use std::env;
use std::fmt::Display;
use std::process::{Command, Stdio};

use crate::failure::{Failure, Result};

/// Whether this is a CI run, in which whatever is missing is a failure.
pub(crate) fn in_ci() -> bool {
    env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

/// Whether a program is there and answers to one option.
pub(crate) fn runs(program: &str, option: &str) -> bool {
    succeeds(Command::new(program).arg(option))
}

/// Whether a program is in a folder of `PATH`; for those that answer to no option.
pub(crate) fn on_path(program: &str) -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// Whether a command ends well; nobody sees what it prints.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = || Stdio::null();
    command.stdin(quiet()).stdout(quiet()).stderr(quiet()).status().is_ok_and(|status| status.success())
}

/// Says what is left out and why. A person may go on without it; in CI nothing is left out.
pub(crate) fn left_out<T>(what: &str, reason: impl Display) -> Result<Option<T>> {
    if in_ci() {
        return Err(Failure::new(format!("{what} cannot be left out in CI: {reason}")));
    }
    say_left_out(what, reason);
    Ok(None)
}

/// Says what is left out and why, also in CI: it needs something that no package registry has.
pub(crate) fn say_left_out(what: &str, reason: impl Display) {
    println!("left out: {what}: {reason}");
}
