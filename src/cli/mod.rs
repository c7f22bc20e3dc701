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
mod profile;
mod profiles;
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

use clap::FromArgMatches;
use clap::error::ErrorKind as ClapKind;
use futures_util::future::join_all;
use tokio::runtime::Runtime;

use crate::base::cancel::CancelToken;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::Event;
use crate::base::scope::Scope;
use crate::ops::client::{Client, Service, machine_clock};
use crate::ops::runtime;
use args::{Arguments, Form, Verb, grammar};
use command::Command;
use display::{Several, Shown};
use output::{Answer, Output};
use profile::Profile;
use settings::Sources;
use terminal::Abilities;
use words::CommandLine;

/// Runs the command line with the process's arguments and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    pages::answer_the_shell();
    let parsed = grammar().try_get_matches().and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
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
    let profile = settings::profile(arguments.profile.as_ref());
    let words = words(&arguments, profile.as_ref().ok().and_then(Option::as_ref));
    let output = match Output::new(&arguments.display, form, words, machine_clock()) {
        Ok(output) => output,
        Err(error) => return refuse(&error),
    };
    match (unknown, profile) {
        (Some(error), _) | (None, Err(error)) => output.finish(Err(error)),
        (None, Ok(profile)) => execute(&arguments, profile.as_ref(), &output),
    }
}

/// The words of this run, even where its account is not in order.
fn words(arguments: &Arguments, profile: Option<&Profile>) -> CommandLine {
    let service = arguments.verb.service().or(profile.map(Profile::service)).unwrap_or_default();
    Sources::new(service, arguments, profile).map(|sources| sources.words()).unwrap_or_default()
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

fn execute(arguments: &Arguments, profile: Option<&Profile>, output: &Output) -> ExitCode {
    if let Verb::Profile(verb) = &arguments.verb {
        let result = profiles::run(verb, arguments, profile);
        return output.finish(result.map(|result| Answer { result, shows_link: false }));
    }
    let (commands, runtime) = match prepare(arguments, profile) {
        Ok(prepared) => prepared,
        Err(error) => return output.finish(Err(error)),
    };
    let cancel = CancelToken::new();
    let scope = Scope::new(Arc::clone(output.sink()), cancel.clone());
    for Prepared { command, client, .. } in &commands {
        if let Some(address) = client.address_of_a_test().filter(|_| command.changes) {
            scope.report(Event::Warning { text: format!("not the live service: {address}") });
        }
    }
    let shows_link = commands.iter().any(|prepared| prepared.command.shows_link);
    let result = runtime.block_on(async {
        signals::cancel_on_interrupt(cancel, output.interrupted(), output.on_interrupt())?;
        run_all(commands, &scope).await
    });
    // Signals are still listened for: whoever reads the result may take long.
    let code = output.finish(result.map(|result| Answer { result, shows_link }));
    // Work that was cut off, such as a read of a slow disk, is not waited for.
    runtime.shutdown_background();
    code
}

/// A command with the client of its service, and the words of it.
struct Prepared {
    command: Command,
    client: Client,
    words: CommandLine,
}

/// The commands, ready to run.
fn prepare(arguments: &Arguments, profile: Option<&Profile>) -> Result<(Vec<Prepared>, Runtime)> {
    let commands = Command::of(arguments.verb.clone())?;
    let is_of_several = commands.iter().any(|command| command.service != commands[0].service);
    // A secret goes to its own service only.
    if let Some(option) = arguments.account.secret_options().next().filter(|_| is_of_several) {
        return Err(Error::invalid(option, "is for one service, but the handles are of several"));
    }
    // Jobs of other services than the profile's have their account from variables.
    let fits = |service: Service| profile.is_some_and(|profile| profile.service() == service);
    let is_used = commands.iter().any(|command| fits(command.service));
    let mut prepared: Vec<Prepared> = Vec::new();
    for command in commands {
        let known = prepared.iter().find(|known| known.command.service == command.service);
        let (client, words) = match known {
            Some(known) => (known.client.clone(), known.words.clone()),
            None => {
                let profile = profile.filter(|_| fits(command.service) || !is_used);
                let sources = Sources::new(command.service, arguments, profile)?;
                let words = sources.words();
                let client = sources.client().and_then(|(config, secret)| Client::new(config, secret.as_ref()));
                (client.map_err(|error| words.say(error))?, words)
            }
        };
        prepared.push(Prepared { command, client, words });
    }
    Ok((prepared, runtime::start(|| ())?))
}

/// Runs commands at the same time, each to its end. Of several that fail the first is the error of all; what came of the
/// others is told.
async fn run_all(commands: Vec<Prepared>, scope: &Scope) -> Result<Box<dyn Shown>> {
    let run =
        async |Prepared { command, client, words }| command.run(&client, scope).await.map_err(|error| words.say(error));
    let outcomes = join_all(commands.into_iter().map(run)).await;
    if outcomes.iter().all(Result::is_ok) {
        let mut results: Vec<_> = outcomes.into_iter().flatten().collect();
        return Ok(if results.len() == 1 { results.remove(0) } else { Box::new(Several(results)) });
    }
    let (count, mut failures) = (outcomes.len(), Vec::new());
    for (index, outcome) in outcomes.into_iter().enumerate() {
        match outcome {
            Ok(_) => scope.report(Event::info(format!("job {} of {count} succeeded", index + 1))),
            Err(error) => failures.push((index + 1, error)),
        }
    }
    let mut failures = failures.into_iter();
    let (number, first) = failures.next().ok_or_else(|| Error::new(Kind::Internal, "a failed command has no error"))?;
    for (number, error) in failures {
        scope.report(Event::Warning { text: format!("job {number} of {count}: {error}") });
    }
    Err(if count == 1 { first } else { first.context(format!("job {number} of {count}")) })
}

/// Runs something small to its end, such as what completion asks.
fn waited_for<T>(what: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = runtime::start(|| ())?;
    let outcome = runtime.block_on(what);
    runtime.shutdown_background();
    outcome
}
