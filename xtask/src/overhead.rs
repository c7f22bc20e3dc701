//! What the C ABI costs: the same short calls through it and from Rust, one after the other, against the emulator over
//! plain HTTP. Counted is the CPU time of the calling process alone; what both need to start cancels out.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::emulator::Emulator;
use crate::failure::{Failure, Result};
use crate::measure::{measure, median};
use crate::process;
use crate::workspace::Workspace;

/// Calls of one run: the kernel counts CPU time in hundredths of a second, which are then 2 microseconds a call.
const CALLS: u32 = 5000;
/// What a call may cost more.
const LIMIT_MICROSECONDS: f64 = 50.0;

/// Compiles the program that calls the library as a C host does; the release library must have been built.
pub(crate) fn c_host(workspace: &Workspace, library: &Path, folder: &Path) -> Result<PathBuf> {
    let program = folder.join("c-host");
    let mut cc = Command::new("cc");
    cc.args(["-std=c11", "-O2", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror"]);
    cc.arg("-I").arg(workspace.root.join("include")).arg(workspace.root.join("tests/c/bench.c"));
    cc.arg(library).arg("-o").arg(&program).arg("-pthread");
    if let Some(library_folder) = library.parent() {
        cc.arg(format!("-Wl,-rpath,{}", library_folder.display()));
    }
    process::run(&mut cc)?;
    Ok(program)
}

/// Measures, prints, and gives the part of the report.
pub(crate) fn run(workspace: &Workspace, emulator: &Emulator, c_host: &Path, repetitions: u32) -> Result<Value> {
    let rust = workspace.build_peer("rust-calls")?;
    let number = CALLS.to_string();
    let (mut through_abi, mut from_rust) = (Vec::new(), Vec::new());
    for _ in 0..repetitions {
        let mut command = Command::new(&rust);
        from_rust.push(measure(emulator.configure_host(command.arg(&number))?)?.cpu_seconds);
        let mut command = Command::new(c_host);
        through_abi.push(measure(emulator.configure_host(command.args(["calls", &number]))?)?.cpu_seconds);
    }
    let microseconds = |seconds: &[f64]| median(seconds) / f64::from(CALLS) * 1e6;
    let (abi, rust) = (microseconds(&through_abi), microseconds(&from_rust));
    let pass = abi - rust <= LIMIT_MICROSECONDS;
    println!();
    println!("{CALLS} calls, medians of {repetitions} runs, HTTP to an emulator on this machine");
    println!(
        "a call costs {abi:.0} us of CPU through the C ABI and {rust:.0} us from Rust: {:+.0} us (at most {LIMIT_MICROSECONDS:.0}: {})",
        abi - rust,
        if pass { "pass" } else { "short" }
    );
    if !(abi.is_finite() && rust > 0.0) {
        return Err(Failure::new("the CPU time of the calls was not measured"));
    }
    Ok(json!({
        "calls": CALLS, "microsecondsThroughAbi": abi, "microsecondsFromRust": rust,
        "limitMicroseconds": LIMIT_MICROSECONDS, "pass": pass,
    }))
}
