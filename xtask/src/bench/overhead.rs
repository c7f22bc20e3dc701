//! What the C ABI costs: the same short calls through it and from Rust, one after the other, against the emulator over
//! plain HTTP. Counted is the CPU time of the calling process alone; what both need to start cancels out.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::measure::{measure, median};
use super::target::Bound;
use crate::emulator::Emulator;
use crate::failure::{Doing, Failure, Result};
use crate::process;
use crate::workspace::Workspace;

/// Calls of one run, enough to make what a process needs to start small next to them.
const CALLS: u32 = 5000;
/// What a call may cost more.
const LIMIT_MICROSECONDS: f64 = 50.0;

/// Compiles the program that calls the library as a C host does; the release library must have been built.
pub(crate) fn c_host(workspace: &Workspace, library: &Path, folder: &Path) -> Result<PathBuf> {
    let program = folder.join("c-host");
    let mut cc = Command::new("cc");
    cc.args(["-std=c11", "-O2", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror"]);
    cc.arg("-I").arg(workspace.root.join("capi/include")).arg(workspace.root.join("capi/tests/c/bench.c"));
    cc.arg(library).arg("-o").arg(&program).arg("-pthread");
    if let Some(library_folder) = library.parent() {
        cc.arg(format!("-Wl,-rpath,{}", library_folder.display()));
    }
    process::run(&mut cc)?;
    Ok(program)
}

/// Measures with a program that calls from Rust and one that calls from C, and gives the part of the report.
pub(crate) fn run(emulator: &Emulator, rust: &Path, c_host: &Path, repetitions: u32) -> Result<Value> {
    let number = CALLS.to_string();
    let (mut through_abi, mut from_rust) = (Vec::new(), Vec::new());
    for _ in 0..repetitions {
        let mut command = Command::new(rust);
        from_rust.push(measure(emulator.configure_host(command.arg(&number))?).doing("rust-calls")?.cpu_seconds);
        let mut command = Command::new(c_host);
        let command = emulator.configure_host(command.args(["calls", &number]))?;
        through_abi.push(measure(command).doing("the C host")?.cpu_seconds);
    }
    let microseconds = |seconds: &[f64]| median(seconds) / f64::from(CALLS) * 1e6;
    let (abi, rust) = (microseconds(&through_abi), microseconds(&from_rust));
    if !(abi.is_finite() && rust > 0.0) {
        return Err(Failure::new("the CPU time of the calls was not measured"));
    }
    println!("{CALLS} calls: {abi:.0} us of CPU each through the C ABI, {rust:.0} us from Rust");
    let bound = Bound::AtMost(LIMIT_MICROSECONDS);
    Ok(json!({
        "name": "C",
        "what": "CPU of a short call more than from Rust, microseconds",
        "target": bound.shown(),
        "figure": abi - rust,
        "verdict": bound.judge(Some(abi - rust)).word(),
        "calls": CALLS,
        "microsecondsThroughAbi": abi,
        "microsecondsFromRust": rust,
    }))
}
