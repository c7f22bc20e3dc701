//! `cargo xtask`: every developer command of the workspace.
//!
//! This file reads the command line and nothing else; one module per command, and `process` is the only way any of
//! them starts another program. Kept small, because it is the first thing that a fresh machine builds.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a developer command talks to its terminal")]

mod azurite;
mod bench;
mod check;
mod demo;
mod dotnet;
mod emulator;
mod failure;
mod fuzz;
mod machine;
mod npm;
mod nupkg;
mod package;
mod powershell;
mod process;
mod python;
mod readme;
mod steps;
mod test;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::prelude::*;

use failure::{Failure, Result};
use package::Product;
use workspace::Profile;

const USAGE: &str = "\
usage: cargo xtask <command>

  demo                         show the real commands against a local emulator
  check                        formatting, lints, and the tests that need Rust and a C compiler only: two minutes
  test [--long]                everything that must hold: formatting, lints, documentation, tests, README, a short
                               look at the bench, and 5 s of each fuzz target (--long: 60 s of each, the C programs
                               under AddressSanitizer, the demo, and a small run of the whole bench)
  test python|dotnet|powershell|bench
                               the tests of one binding, of the PowerShell modules, or the look at the bench, alone
  bench [--quick] [--only SCENARIO[,...]] [--size BYTES|256MiB|2GiB] [--repetitions N] [--markdown FILE]
        [--report FILE]        epi and its peers in turn, and other hosts of the library (--quick: one small run of
                               each; --size: nothing larger; --markdown: the tables into this page as well;
                               --report: the tables of an earlier report, without measuring)
  bench dotnet                 what a thousand waits cost a .NET program: threads, memory, time to start them
  bench powershell [--baseline FOLDER]
                               the import of the PowerShell module, beside the older modules of that folder, and an
                               upload inside PowerShell beside epi
  package c|python             what users install, into target/package: the C package, installed and tried out
                               (needs cargo-c 0.10.24), or the Python wheel
  package powershell [--dev]   the PowerShell modules, as folders, for a gallery and as a zip (--dev: with the library
                               as it is built for tests, and no archives)
";

/// What can be tested alone.
enum Part {
    Python,
    DotNet,
    PowerShell,
    Bench,
}

enum Command {
    Help,
    Demo,
    Check,
    Test {
        long: bool,
    },
    TestPart(Part),
    Bench(bench::Settings),
    BenchDotNet,
    BenchPowerShell {
        baseline: Option<PathBuf>,
    },
    /// Nothing, until it is named.
    Package(Option<Product>),
}

fn main() -> ExitCode {
    let outcome = parse().and_then(|command| match command {
        Command::Help => {
            print!("{USAGE}");
            Ok(())
        }
        Command::Demo => demo::run(),
        Command::Check => check::run(),
        Command::Test { long } => test::run(long),
        Command::TestPart(Part::Python) => python::run(),
        Command::TestPart(Part::DotNet) => dotnet::run(),
        Command::TestPart(Part::PowerShell) => powershell::run(),
        Command::TestPart(Part::Bench) => bench::smoke_alone(),
        Command::Bench(settings) => bench::run(&settings),
        Command::BenchDotNet => bench::waits::run(),
        Command::BenchPowerShell { baseline } => bench::powershell::run(baseline.as_deref()),
        Command::Package(product) => package::run(product.ok_or_else(|| Failure::new(USAGE.trim_end()))?),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            if process::interrupted() { ExitCode::from(130) } else { ExitCode::FAILURE }
        }
    }
}

fn parse() -> Result<Command> {
    let usage = |error: lexopt::Error| Failure::new(format!("{error}\n\n{USAGE}"));
    let mut arguments = lexopt::Parser::from_env();
    let mut command = None;
    while let Some(argument) = arguments.next().map_err(usage)? {
        command = Some(match (argument, command) {
            (Long("help") | Short('h'), _) => return Ok(Command::Help),
            (Value(name), None) => match name.to_str() {
                Some("help") => return Ok(Command::Help),
                Some("demo") => Command::Demo,
                Some("check") => Command::Check,
                Some("test") => Command::Test { long: false },
                Some("bench") => Command::Bench(bench::Settings::default()),
                Some("package") => Command::Package(None),
                _ => return Err(usage(Value(name).unexpected())),
            },
            (Value(name), Some(Command::Test { long: false })) => match name.to_str() {
                Some("python") => Command::TestPart(Part::Python),
                Some("dotnet") => Command::TestPart(Part::DotNet),
                Some("powershell") => Command::TestPart(Part::PowerShell),
                Some("bench") => Command::TestPart(Part::Bench),
                _ => return Err(usage(Value(name).unexpected())),
            },
            (Value(name), Some(Command::Bench(settings))) => match name.to_str() {
                Some("dotnet") if settings == bench::Settings::default() => Command::BenchDotNet,
                Some("powershell") if settings == bench::Settings::default() => {
                    Command::BenchPowerShell { baseline: None }
                }
                _ => return Err(usage(Value(name).unexpected())),
            },
            (Long("baseline"), Some(Command::BenchPowerShell { .. })) => {
                let baseline = Some(arguments.value().map_err(usage)?.into());
                Command::BenchPowerShell { baseline }
            }
            (Value(name), Some(Command::Package(None))) => match name.to_str().and_then(Product::parse) {
                Some(product) => Command::Package(Some(product)),
                None => return Err(usage(Value(name).unexpected())),
            },
            (Long("dev"), Some(Command::Package(Some(Product::PowerShell(_))))) => {
                Command::Package(Some(Product::PowerShell(Profile::Dev)))
            }
            (Long("long"), Some(Command::Test { .. })) => Command::Test { long: true },
            (Long("quick"), Some(Command::Bench(settings))) => Command::Bench(settings.quick()),
            (Long("size"), Some(Command::Bench(settings))) => {
                let size = arguments.value().map_err(usage)?;
                let most_bytes = size.parse_with(bench::parse_size).map_err(usage)?;
                Command::Bench(bench::Settings { most_bytes, ..settings })
            }
            (Long("repetitions"), Some(Command::Bench(settings))) => {
                let repetitions: u32 = arguments.value().map_err(usage)?.parse().map_err(usage)?;
                Command::Bench(bench::Settings { repetitions: repetitions.max(1), ..settings })
            }
            (Long("only"), Some(Command::Bench(settings))) => {
                let names = arguments.value().map_err(usage)?.string().map_err(usage)?;
                Command::Bench(settings.only(&names)?)
            }
            (Long("markdown"), Some(Command::Bench(settings))) => {
                let markdown = Some(arguments.value().map_err(usage)?.into());
                Command::Bench(bench::Settings { markdown, ..settings })
            }
            (Long("report"), Some(Command::Bench(settings))) => {
                let report = Some(arguments.value().map_err(usage)?.into());
                Command::Bench(bench::Settings { report, ..settings })
            }
            (other, _) => return Err(usage(other.unexpected())),
        });
    }
    command.ok_or_else(|| Failure::new(USAGE.trim_end()))
}
