//! Every case through C and through each binding.

use std::ffi::{OsStr, OsString};
use std::mem::{offset_of, size_of};
use std::process::Command;

use epicloud::ffi::options::epi_call_options;
use epicloud::ffi::progress::epi_progress;
use serde_json::{Map, Value};

use super::players::play_all;
use super::process::Process;
use super::program::{self, root, tell};

#[test]
fn c() {
    let program = program::Program::compile("vectors");
    play_all("C", || Box::new(Process::start(program.command())));
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
    play_all("C under valgrind", || Box::new(Process::start(command())));
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

    fn start(&self, program: &OsStr) -> Process {
        let mut command = Command::new(program);
        command.current_dir(root()).arg(self.argument);
        Process::start(command)
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
    assert_eq!(Process::start(program.command()).layout(), layout());
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
