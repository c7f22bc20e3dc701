//! `cargo xtask test`: everything that must hold before a change is merged, in the order in which failures are
//! cheapest to find. The first step that fails ends the run under its name.

use std::process::Command;
use std::time::Duration;

use crate::azurite::{self, Azurite};
use crate::bench::{self, Settings};
use crate::dotnet;
use crate::failure::Result;
use crate::fuzz;
use crate::machine::left_out;
use crate::npm;
use crate::powershell;
use crate::process;
use crate::python;
use crate::readme;
use crate::steps::Steps;
use crate::workspace::{EVERYTHING, Workspace};

/// What each fuzz target gets: enough to see that nothing is broken plainly, or enough to look for more.
const FUZZ: Duration = Duration::from_secs(5);
const LONG_FUZZ: Duration = Duration::from_secs(60);
/// The package whose features are checked alone as well.
const LIBRARY: &str = "epicloud";

pub(crate) fn run(long: bool) -> Result<()> {
    let workspace = Workspace::find()?;
    let mut steps = Steps::default();

    steps.step("formatting", || process::run(&mut workspace.cargo(&["fmt", "--all", "--check"])))?;
    for (name, mut command) in lints(&workspace) {
        steps.step(&name, || process::run(&mut command))?;
    }
    steps.step("documentation", || {
        let mut doc = workspace.cargo(&["doc", "--no-deps"]);
        process::run(doc.args(EVERYTHING).env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    let (programs, peers) = steps.step("programs", || workspace.build_for_tests())?;
    let azurite = steps.step("Azurite", || start_azurite(&workspace))?;
    let python = steps.step("Python package", || python::interpreter(&workspace))?;
    let dotnet = steps.step(".NET assembly", || dotnet::prepare(&workspace, &programs))?;
    steps.step("tests", || {
        let mut test = workspace.cargo(&["test"]);
        // Built as one of the tests' own binaries anyway; on Windows the running program cannot be replaced.
        if cfg!(windows) {
            test.args(["--workspace", "--exclude", "xtask"]);
        } else {
            test.args(EVERYTHING);
        }
        match &azurite {
            Some(azurite) => test.env("EPI_TEST_AZURITE", &azurite.connection),
            None => test.env_remove("EPI_TEST_AZURITE"),
        };
        match &python {
            Some(python) => test.env("EPI_TEST_PYTHON", python),
            None => test.env_remove("EPI_TEST_PYTHON"),
        };
        test.env("EPI_TEST_LIBRARY", &programs.library);
        dotnet::configure(dotnet.as_ref(), &mut test);
        process::run(&mut test)
    })?;
    drop(azurite);
    if let Some(python) = &python {
        steps.step("Python", || python::check(&workspace, &programs, python))?;
    }
    if let Some(dotnet) = &dotnet {
        steps.step(".NET", || dotnet.test(&programs))?;
    }
    steps.step("PowerShell scripts", || powershell::check(&workspace))?;
    steps.step("PowerShell", || powershell::test(&workspace, Some(&programs)))?;
    steps.step("README", || readme::run(&workspace, &programs))?;
    steps.step("bench smoke", || bench::smoke(&workspace, &programs, &peers))?;
    steps.step("fuzz", || fuzz_targets(&workspace, if long { LONG_FUZZ } else { FUZZ }))?;
    if long {
        // The C programs under AddressSanitizer, which builds the library once more.
        steps.step("memory", || {
            process::run(&mut workspace.cargo(&[
                "test",
                "--package",
                "epicloud-capi",
                "--test",
                "abi",
                "--",
                "--ignored",
            ]))
        })?;
        steps.step("demo", crate::demo::run)?;
        // Only that it works; its figures are no judgement.
        steps.step("bench", || bench::run(&Settings::default().quick()))?;
    }
    steps.finish();
    Ok(())
}

/// Every combination of features that somebody may build: all, none, and each one alone.
fn lints(workspace: &Workspace) -> Vec<(String, Command)> {
    let clippy = |name: String, arguments: &[&str]| {
        let mut command = workspace.cargo(&["clippy"]);
        command.args(arguments).args(["--", "-D", "warnings"]);
        (name, command)
    };
    // The tests of the root package need its program, so without its features only what stands alone is looked at.
    let alone = ["--package", LIBRARY, "--no-default-features", "--lib", "--bins"];
    // With the fuzz targets in the same run, so that what all need is looked at once.
    let all = [&EVERYTHING[..], &["--features", fuzz::PROGRAMS, "--all-targets"]].concat();
    let mut lints = vec![clippy("lints".to_owned(), &all), clippy("lints without features".to_owned(), &alone)];
    for feature in workspace.features(LIBRARY) {
        let arguments = [&alone[..], &["--features", &feature]].concat();
        lints.push(clippy(format!("lints with only the feature {feature}"), &arguments));
    }
    lints
}

/// Starts Azurite. A person without npm may go on without it; in CI nothing is left out.
fn start_azurite(workspace: &Workspace) -> Result<Option<Azurite>> {
    match npm::missing() {
        None => Azurite::start(&azurite::fetch(&workspace.target)?).map(Some),
        Some(reason) => left_out("the tests against Azurite", reason),
    }
}

/// Runs the fuzz targets. Who cannot build them may go on without; in CI nothing is left out.
fn fuzz_targets(workspace: &Workspace, time: Duration) -> Result<()> {
    match fuzz::missing() {
        None => fuzz::run(workspace, time),
        Some(reason) => left_out::<()>("the fuzz targets", reason).map(drop),
    }
}
