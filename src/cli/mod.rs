//! Level 6b: the command line `epi`.
//!
//! Turns arguments and the environment into a request of [`ops`](crate::ops), runs that operation, and shows events and
//! the result. The only layer that prints, reads environment variables and installs signal
//! handlers. It decides nothing that another host of the library would have to decide again.

mod args;
mod command;
mod display;
mod figures;
mod output;
mod pages;
mod progress;
mod queue;
mod screen;
mod settings;
mod signals;
mod stdio;
mod table;
mod terminal;
mod words;

use std::process::ExitCode;
use std::sync::Arc;

use clap::error::ErrorKind as ClapKind;
use clap::{CommandFactory, Parser};
use tokio::runtime::Runtime;

use crate::base::cancel::CancelToken;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::Event;
use crate::base::scope::Scope;
use crate::ops::client::{Client, machine_clock};
use crate::ops::runtime;
use args::{Arguments, Form, Verb};
use command::Command;
use output::{Answer, Output};
use terminal::Abilities;

/// Runs the command line with the process's arguments and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    pages::answer_the_shell();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&without_environment(error)),
    };
    match &arguments.verb {
        Verb::Completion { shell } => return written(pages::completion(*shell)),
        Verb::Man { command, output_dir } => return written(pages::manual(command, output_dir.as_deref())),
        _ => {}
    }
    // A form that does not exist cannot say so in its own form.
    let (form, unknown) = match settings::form(arguments.display.output) {
        Ok(form) => (form, None),
        Err(error) => (Form::Text, Some(error)),
    };
    let output = match Output::new(&arguments.display, form, settings::words(&arguments), machine_clock()) {
        Ok(output) => output,
        Err(error) => return refuse(&error),
    };
    match unknown {
        Some(error) => output.finish(Err(error)),
        None => execute(arguments, &output),
    }
}

/// Where nothing else can print yet.
fn refuse(error: &Error) -> ExitCode {
    let colours = Abilities::of_standard_error().colours;
    for (label, line) in stdio::lines_of(error) {
        stdio::print_error(label, &line, colours);
    }
    ExitCode::from(error.kind().row().exit_code)
}

fn written(outcome: Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&error),
    }
}

/// The same error of the grammar without what came from the environment: clap's usage shows all that is set there as
/// though it had to be given.
fn without_environment(error: clap::Error) -> clap::Error {
    if !matches!(error.kind(), ClapKind::MissingRequiredArgument | ClapKind::ArgumentConflict) {
        return error;
    }
    let grammar = Arguments::command().mut_args(|argument| argument.env(None::<&str>));
    grammar.try_get_matches().err().unwrap_or(error)
}

/// clap's own texts: help and version are no errors; everything else exits as a broken rule does.
fn usage(error: &clap::Error) -> ExitCode {
    // clap repeats what was given, and a pipeline gives what somebody else has named.
    let text = error.render().to_string();
    if error.use_stderr() && text.lines().any(|line| line != stdio::cleaned(line)) {
        for line in text.lines() {
            stdio::print_error(None, line, false);
        }
    } else {
        // Nothing better can be done when the terminal itself cannot be written to.
        let _ = error.print();
    }
    match error.kind() {
        ClapKind::DisplayHelp | ClapKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(Kind::InvalidArgument.row().exit_code),
    }
}

fn execute(arguments: Arguments, output: &Output) -> ExitCode {
    let (command, client, runtime) = match prepare(arguments) {
        Ok(prepared) => prepared,
        Err(error) => return output.finish(Err(error)),
    };
    let cancel = CancelToken::new();
    let scope = Scope::new(Arc::clone(output.sink()), cancel.clone());
    if let Some(address) = client.address_of_a_test().filter(|_| command.changes) {
        scope.report(Event::Warning { text: format!("not the live service: {address}") });
    }
    let shows_link = command.shows_link;
    let result = runtime.block_on(async {
        signals::cancel_on_interrupt(cancel, output.interrupted(), output.on_interrupt())?;
        command.run(&client, &scope).await
    });
    // Signals are still listened for: whoever reads the result may take long.
    let code = output.finish(result.map(|result| Answer { result, shows_link }));
    // Work that was cut off, such as a read of a slow disk, is not waited for.
    runtime.shutdown_background();
    code
}

fn prepare(arguments: Arguments) -> Result<(Command, Client, Runtime)> {
    let command = Command::of(arguments.verb)?;
    let (config, secret) = settings::client(&arguments.account)?;
    let client = Client::new(config, secret.as_ref())?;
    let runtime = runtime::start(|| ())?;
    Ok((command, client, runtime))
}

/// Runs something small to its end, such as what completion asks.
fn waited_for<T>(what: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = runtime::start(|| ())?;
    let outcome = runtime.block_on(what);
    runtime.shutdown_background();
    outcome
}
