//! Every runner plays every case.

use std::ffi::{OsStr, OsString};
use std::mem::{offset_of, size_of};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use epicloud::base::status::STATUS_TABLE;
use epicloud::ffi::options::epi_call_options;
use epicloud::ffi::progress::epi_progress;
use epicloud::ops::catalog::CATALOG;
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;

use super::case::{self, Case};
use super::judge;
use super::program::{self, root, tell};
use super::runner::{InProcess, Program, Runner};

/// Cases that wait for the service mostly sleep, so there may be more players than processors.
const PLAYERS: usize = 6;

/// Plays all cases, a few at a time.
fn play_all(who: &str, make: impl Fn() -> Box<dyn Runner> + Sync) {
    let cases = case::all();
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let player = || {
        let runtime = Runtime::new().unwrap();
        let mut runner = make();
        while let Some(case) = cases.get(next.fetch_add(1, Relaxed)) {
            let wrong = judge::play(case, runner.as_mut(), &runtime);
            if !wrong.is_empty() {
                failures.lock().unwrap().push(format!("{}\n  {}", case.name, wrong.join("\n  ")));
            }
        }
    };
    std::thread::scope(|scope| (0..PLAYERS).map(|_| scope.spawn(player)).for_each(drop));
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{who}: {} of {} cases\n{}", failures.len(), cases.len(), failures.join("\n"));
    tell(&format!("{who}: {} cases", cases.len()));
}

#[test]
fn rust() {
    play_all("Rust", || Box::new(InProcess::new()));
}

#[test]
fn c() {
    let program = program::Program::compile("vectors");
    play_all("C", || Box::new(Program::start(program.command())));
}

/// The same under valgrind, which takes what ring's assembly decrypts for uninitialised and must not look for that here.
#[test]
fn c_without_errors_of_memory() {
    let program = program::Program::compile("vectors");
    if program::valgrind().is_none() {
        return;
    }
    let command = || {
        let mut command = program::valgrind().unwrap();
        command.arg("--undef-value-errors=no").arg(&program.file);
        command
    };
    play_all("C under valgrind", || Box::new(Program::start(command())));
}

/// A binding whose runner `cargo xtask test` prepares.
struct Binding {
    name: &'static str,
    /// The variable that names the program to start.
    variable: &'static str,
    /// What makes that program a runner; files are below the root.
    argument: &'static str,
    /// Whether this platform can have it.
    offered: bool,
}

/// The Python in which the built wheel is installed.
const PYTHON: Binding =
    Binding { name: "Python", variable: "EPI_TEST_PYTHON", argument: "bindings/python/tests/runner.py", offered: true };

/// The test program of the .NET assembly, on each of its runtimes.
const MONO: Binding =
    Binding { name: ".NET under Mono", variable: "EPI_TEST_DOTNET", argument: "behaviour", offered: true };
const DOTNET8: Binding = Binding {
    name: ".NET 8",
    variable: "EPI_TEST_DOTNET8",
    argument: "behaviour",
    // The runtime is fetched for Linux on x64 alone.
    offered: cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")),
};

const DOTNET10: Binding = Binding {
    name: ".NET 10",
    variable: "EPI_TEST_DOTNET10",
    argument: "behaviour",
    // No package registry has this runtime.
    offered: false,
};

impl Binding {
    /// The program to start, or the reason why the binding is left out.
    fn program(&self) -> Option<OsString> {
        let program = std::env::var_os(self.variable).filter(|program| !program.is_empty());
        if program.is_none() {
            let missing = format!("{} is not set; `cargo xtask test` sets it", self.variable);
            assert!(!(program::in_ci() && self.offered), "{missing}");
            tell(&format!("{} is left out: {missing}", self.name));
        }
        program
    }

    fn start(&self, program: &OsStr) -> Program {
        let mut command = Command::new(program);
        command.current_dir(root()).arg(self.argument);
        Program::start(command)
    }

    fn plays_all(&self) {
        if let Some(program) = self.program() {
            play_all(self.name, || Box::new(self.start(&program)));
        }
    }

    fn lays_the_structs_out_as_the_library_does(&self) {
        if let Some(program) = self.program() {
            assert_eq!(self.start(&program).layout(), layout());
        }
    }
}

#[test]
fn python() {
    PYTHON.plays_all();
}

#[test]
fn dotnet_under_mono() {
    MONO.plays_all();
}

#[test]
fn dotnet_8() {
    DOTNET8.plays_all();
}

#[test]
fn dotnet_10() {
    DOTNET10.plays_all();
}

/// The library's own layout of the two structs.
fn layout() -> Value {
    macro_rules! layout {
        ($members:ident, $type:ident: $($field:ident),*) => {
            $members.insert(stringify!($type).to_owned(), size_of::<$type>().into());
            $($members.insert(format!("{}.{}", stringify!($type), stringify!($field)), offset_of!($type, $field).into());)*
        };
    }
    let mut members = Map::new();
    layout!(members, epi_progress: struct_size, phase, attempt, percent, status, bytes_done, bytes_total, items_done,
            items_total, bytes_per_second, eta_ms, bytes_sent, retries);
    layout!(members, epi_call_options: struct_size, timeout_ms, progress, log, log_level, reserved, user_data);
    members.into()
}

#[test]
fn c_lays_the_structs_out_as_the_library_does() {
    let program = program::Program::compile("vectors");
    assert_eq!(Program::start(program.command()).layout(), layout());
}

#[test]
fn python_lays_the_structs_out_as_the_library_does() {
    PYTHON.lays_the_structs_out_as_the_library_does();
}

#[test]
fn dotnet_lays_the_structs_out_as_the_library_does() {
    MONO.lays_the_structs_out_as_the_library_does();
    DOTNET8.lays_the_structs_out_as_the_library_does();
    DOTNET10.lays_the_structs_out_as_the_library_does();
}

#[test]
fn every_operation_has_cases_that_succeed_and_cases_that_fail() {
    let cases = case::all();
    for row in &CATALOG {
        let of_row: Vec<&Case> = cases.iter().filter(|case| case.operation == row.name).collect();
        let succeeds = of_row.iter().any(|case| case.result.is_some());
        let refuses = |case: &&Case| case.error.is_some() && case.requests.as_ref().is_some_and(Vec::is_empty);
        assert!(succeeds, "{}: no case succeeds", row.name);
        assert!(of_row.iter().copied().any(|case| refuses(&case)), "{}: no bad input is refused", row.name);
    }
    let mut names: Vec<_> = cases.iter().map(|case| &case.name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), cases.len(), "each case has a name of its own");
}

/// The table of statuses as the bindings read it.
#[test]
fn the_table_of_statuses_is_written_down() {
    let row = |row: &epicloud::base::status::Row| {
        format!(
            "  {}",
            json!({"name": row.name, "value": row.status, "exitCode": row.exit_code, "meaning": row.meaning})
        )
    };
    let rows: Vec<String> = STATUS_TABLE.iter().map(row).collect();
    let file = root().join("tests/vectors").join(case::STATUSES);
    expect_test::expect_file![file].assert_eq(&format!("[\n{}\n]\n", rows.join(",\n")));
}
