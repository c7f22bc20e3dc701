//! Level 6b: the command line `epi`.
//!
//! Turns arguments and the environment into the request documents of [`ops`](crate::ops), runs one operation, and
//! shows events and the result. The only layer that prints, reads environment variables and installs signal
//! handlers. It decides nothing that another host of the library would have to decide again.

mod args;
mod command;
mod display;
mod output;
mod pages;
mod progress;
mod settings;
mod signals;
mod streams;
mod words;

use std::process::ExitCode;
use std::sync::Arc;

use clap::error::ErrorKind as ClapKind;
use clap::{CommandFactory, Parser};

use crate::base::cancel::CancelToken;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::Event;
use crate::base::scope::Scope;
use crate::ops::client::Client;
use args::{Arguments, Form, Verb};
use command::Command;
use output::Output;

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
    let output = Output::new(&arguments.display, form, settings::words(&arguments));
    let outcome = match unknown {
        Some(error) => Err(error),
        None => execute(arguments, &output),
    };
    output.finish(outcome)
}

fn written(outcome: Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            streams::print_error(&format!("error: {error}"));
            ExitCode::from(error.kind().row().exit_code)
        }
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
    // Nothing better can be done when the terminal itself cannot be written to.
    let _ = error.print();
    match error.kind() {
        ClapKind::DisplayHelp | ClapKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(Kind::InvalidArgument.row().exit_code),
    }
}

fn execute(arguments: Arguments, output: &Output) -> Result<output::Answer> {
    let command = Command::of(arguments.verb)?;
    let (config, secret) = settings::client(&arguments.account)?;
    let client = Client::new(&config, secret.as_ref())?;
    let cancel = CancelToken::new();
    let scope = Scope::new(Arc::clone(output.sink()), cancel.clone());
    if let Some(address) = client.address_of_a_test().filter(|_| command.changes()) {
        scope.report(Event::info(format!("not the live service: {address}")));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(Kind::Internal, format!("cannot start the async runtime: {error}")))?;
    let answer = runtime.block_on(async {
        signals::cancel_on_interrupt(cancel, output.interrupted())?;
        client.run_document(command.operation, command.request.clone(), &scope).await
    });
    // Work that was cut off, such as a read of a slow disk, is not waited for.
    runtime.shutdown_background();
    Ok(output::Answer { document: answer?, command })
}
