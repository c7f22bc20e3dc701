//! `epi-emulator run -- COMMAND`: one command against an emulator that lives as long as the command.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::process::{ExitCode, ExitStatus};

use epicloud_emulator::Emulator;
use epicloud_emulator::program::Stop;
use tokio::process::{Child, Command};

/// What a shell answers for a program that is not there, and for one that cannot be run.
const NOT_FOUND: u8 = 127;
const NOT_RUNNABLE: u8 = 126;

/// Runs the command to its end and gives its exit code.
pub(crate) async fn run(emulator: &Emulator, command: &[OsString], stop: &mut Stop) -> Result<ExitCode, String> {
    let Some((program, arguments)) = command.split_first() else { return Err("the command is missing".to_owned()) };
    let started = Command::new(program).args(arguments).envs(emulator.variables()).spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(failure) => {
            let code = if failure.kind() == ErrorKind::NotFound { NOT_FOUND } else { NOT_RUNNABLE };
            crate::complain(&format!("cannot run {}: {failure}", program.display()));
            return Ok(ExitCode::from(code));
        }
    };
    let ended = loop {
        tokio::select! {
            ended = child.wait() => break ended.map_err(|failure| format!("waiting for the command: {failure}"))?,
            // The command decides what a signal means; the emulator stays until it has ended.
            signal = stop.wait() => pass_on(&child, signal),
        }
    };
    Ok(exit_code(ended))
}

/// Ctrl-C reaches the whole group of a terminal, so the command has it already; a signal to end comes to one process.
#[cfg(unix)]
fn pass_on(child: &Child, signal: epicloud_emulator::program::Signal) {
    use epicloud_emulator::program::Signal;
    use rustix::process::{Pid, kill_process};
    let number = match signal {
        Signal::Terminate => rustix::process::Signal::TERM,
        Signal::Interrupt => return,
    };
    // It may have ended meanwhile, which is what the signal asks for.
    if let Some(id) = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)) {
        let _ = kill_process(id, number);
    }
}

#[cfg(not(unix))]
fn pass_on(_: &Child, _: epicloud_emulator::program::Signal) {}

fn exit_code(status: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return ExitCode::from(u8::try_from(128 + signal).unwrap_or(u8::MAX));
    }
    ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
