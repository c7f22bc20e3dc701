//! The program `epi-emulator`: starts one emulator from its options and says on stdout where it listens, until it is
//! told to stop; or runs one command against it. All the work is in the library.

mod options;
mod run;
mod variables;

use std::io::Write;
use std::process::ExitCode;

use epicloud_emulator::Emulator;
use epicloud_emulator::program::Stop;
use options::{Form, Options, Verb};

fn main() -> ExitCode {
    let options = Options::read();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(failure) => return fail(&failure.to_string()),
    };
    let ended = runtime.block_on(run(options));
    // Blocking threads may still wait for clients that are gone; they end with the process.
    runtime.shutdown_background();
    ended.unwrap_or_else(|reason| fail(&reason))
}

fn fail(reason: &str) -> ExitCode {
    complain(reason);
    ExitCode::FAILURE
}

fn complain(reason: &str) {
    // Without a stderr there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "epi-emulator: {reason}");
}

async fn run(mut options: Options) -> Result<ExitCode, String> {
    let (form, verb) = (options.print, options.verb.take());
    // Before the ready line, so that a signal right after it finds its handler.
    let mut stop = Stop::listen().map_err(|failure| format!("handling signals: {failure}"))?;
    let emulator = Emulator::start(options.into_config()?).await.map_err(|error| error.to_string())?;
    let ended = match verb {
        Some(Verb::Run { command }) => run::run(&emulator, &command, &mut stop).await,
        None => serve(&emulator, form, &mut stop).await,
    };
    emulator.stop().await.map_err(|error| error.to_string())?;
    ended
}

/// Says where it listens, and waits for a signal.
async fn serve(emulator: &Emulator, form: Form, stop: &mut Stop) -> Result<ExitCode, String> {
    let ready = match form {
        Form::Json => emulator.ready_line(),
        Form::Env => variables::for_posix_shell(emulator),
        Form::Powershell => variables::for_powershell(emulator),
    };
    let mut stdout = std::io::stdout();
    let said = writeln!(stdout, "{ready}").and_then(|()| stdout.flush());
    said.map_err(|failure| format!("printing the ready line: {failure}"))?;
    stop.wait().await;
    Ok(ExitCode::SUCCESS)
}
