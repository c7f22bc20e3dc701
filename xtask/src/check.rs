//! `cargo xtask check`: what tells in two minutes whether a change is sound, with Rust and a C compiler alone. It builds
//! the library once for the lints and once for the tests, and leaves out everything that needs another tool, another
//! build, or time; `cargo xtask test` has all of it.

use crate::failure::Result;
use crate::process;
use crate::steps::Steps;
use crate::workspace::Workspace;

/// What is looked at: the library with `epi`, and the emulator that its tests run against.
const PACKAGES: [&str; 4] = ["--package", "epicloud", "--package", "epicloud-emulator"];

/// The tests that need nothing but the library: units, the rules of the architecture, `epi` and the library against the
/// emulator inside the process, and the behaviour vectors in Rust.
const TESTS: [&str; 7] = ["--lib", "--test", "architecture", "--test", "suite", "--test", "behaviour"];

pub(crate) fn run() -> Result<()> {
    let workspace = Workspace::find()?;
    let mut steps = Steps::default();
    steps.step("formatting", || process::run(&mut workspace.cargo(&["fmt", "--all", "--check"])))?;
    steps.step("lints", || {
        let mut clippy = workspace.cargo(&["clippy", "--all-targets"]);
        process::run(clippy.args(PACKAGES).args(["--", "-D", "warnings"]))
    })?;
    steps.step("tests", || {
        let mut test = workspace.cargo(&["test", "--package", "epicloud"]);
        // Those run where everything is run.
        test.args(TESTS).env_remove("EPI_TEST_AZURITE");
        process::run(&mut test)
    })?;
    steps.finish();
    Ok(())
}
