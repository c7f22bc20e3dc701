//! The PowerShell modules: checked without PowerShell, put together as they are shipped, and tested in that form where
//! `pwsh` is found. Nothing is compiled or downloaded when a module is imported, so everything is put into it here.

mod function;
mod help;
mod layout;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::failure::{Doing, Failure, Result};
use crate::machine::{left_out, runs};
use crate::nupkg::{self, Description};
use crate::process;
use crate::python;
use crate::workspace::{Profile, Programs, Workspace};
pub(crate) use layout::assemble;
use layout::{MODULES, Manifest, NATIVE, SHIM, files_below};

/// How fast the clock of the library goes in the tests: a poll of one second, the least that a cmdlet takes, is short. Not
/// faster, because the limits of calls shrink with it, and a busy machine must keep them.
const CLOCK_SPEED: &str = "5";
const REQUIREMENTS: &str = "powershell/tests/static/requirements.txt";

/// All of it alone, for those who work on the modules.
pub(crate) fn run() -> Result<()> {
    let workspace = Workspace::find()?;
    check(&workspace)?;
    if missing().is_some() {
        return test(&workspace, None);
    }
    let programs = workspace.build_programs(Profile::Dev)?;
    test(&workspace, Some(&programs))
}

/// Reads the scripts without running them. A person without Python may go on without it; in CI nothing is left out.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    if let Some(reason) = python::missing() {
        return left_out::<()>("the check of the PowerShell scripts", reason).map(drop);
    }
    let requirements = workspace.root.join(REQUIREMENTS);
    let needed = fs::read_to_string(&requirements).doing(format!("cannot read {REQUIREMENTS}"))?;
    let python = python::environment(&workspace.target.join("powershell/venv"), &needed, |python| {
        println!("installing {REQUIREMENTS}");
        process::run(python::pip_install(python).arg("--requirement").arg(&requirements))
    })?;
    let mut tests = Command::new(python);
    tests.current_dir(workspace.root.join(MODULES).join("tests/static")).env("PYTHONDONTWRITEBYTECODE", "1");
    process::run(tests.args(["-m", "pytest", "-q", "-p", "no:cacheprovider"]))
}

/// Runs the tests of the modules as they are shipped, where there is a PowerShell.
pub(crate) fn test(workspace: &Workspace, programs: Option<&Programs>) -> Result<()> {
    let (Some(programs), None) = (programs, missing()) else {
        println!("the PowerShell tests did not run: {}", missing().unwrap_or("there are no programs"));
        return Ok(());
    };
    let Some(folder) = assemble(workspace, &programs.library)? else { return Ok(()) };
    // None: the script itself says that there is no Pester, and whether that is a failure.
    let versions = pester_versions()?.into_iter().map(Some).collect::<Vec<_>>();
    let versions = if versions.is_empty() { vec![None] } else { versions };
    let own = workspace.target.join("powershell");
    let suites = versions.into_iter().map(|version| {
        let mut pwsh = pwsh();
        pwsh.arg("-File").arg(workspace.root.join(MODULES).join("tests/Run.ps1"));
        // From outside, because a script cannot give the library in its own process a variable.
        pwsh.env("EPICLOUD_TEST_CLOCK_SPEED", CLOCK_SPEED);
        pwsh.arg("-Modules").arg(&folder).arg("-Emulator").arg(&programs.emulator);
        // By the variable of the platform, because the module leaves the folder for state to the library. Each has its own.
        let state = own.join("state").join(version.as_deref().unwrap_or_default());
        pwsh.env("XDG_STATE_HOME", state);
        if let Some(version) = version {
            pwsh.arg("-PesterVersion").arg(version);
        }
        pwsh
    });
    // At once, because each mostly waits.
    process::run_together(suites.collect(), &own)
}

pub(crate) fn pwsh() -> Command {
    let mut pwsh = Command::new("pwsh");
    pwsh.args(["-NoLogo", "-NoProfile", "-NonInteractive"]);
    pwsh
}

/// The versions of Pester that can run the tests: people have one or the other, and they differ.
fn pester_versions() -> Result<Vec<String>> {
    let find = "Get-Module -ListAvailable -Name Pester | Where-Object { $_.Version.Major -ge 5 } | \
                ForEach-Object { [string]$_.Version } | Sort-Object -Unique";
    let mut pwsh = pwsh();
    Ok(process::output(pwsh.args(["-Command", find]))?.lines().map(|line| line.trim().to_owned()).collect())
}

/// Packages the modules for users: two folders, their packages for a gallery, and one zip of both. For those who work
/// on them only the folders, with the library that is quick to build.
pub(crate) fn package(workspace: &Workspace, profile: Profile) -> Result<()> {
    let programs = workspace.build_programs(profile)?;
    let folder = assemble(workspace, &programs.library)?
        .ok_or_else(|| Failure::new("the PowerShell module cannot be packaged without its assembly"))?;
    println!("the modules are in {}: put that folder at the front of PSModulePath", folder.display());
    if profile == Profile::Dev {
        return Ok(());
    }
    let place = workspace.target.join("package");
    let mut versions = Vec::new();
    for name in [NATIVE, SHIM] {
        let manifest = Manifest::read(&folder.join(name).join(format!("{name}.psd1")))?;
        let version = manifest.value("ModuleVersion")?;
        let description = Description {
            id: name,
            version,
            text: manifest.value("Description")?,
            authors: manifest.value("Author")?,
            copyright: manifest.value("Copyright")?,
            project: manifest.value("ProjectUri")?,
            tags: &["PSModule", "Optimizely", "DXP", "EpiCloud", "PSEdition_Desktop", "PSEdition_Core"],
        };
        let file = place.join(format!("{name}.{version}.nupkg"));
        nupkg::write(&file, &description, &files_below(&folder.join(name))?)?;
        println!("{}", file.display());
        versions.push(version.to_owned());
    }
    let version = &versions[0];
    let zip = place.join(format!("{NATIVE}.{version}.zip"));
    nupkg::write_zip(&zip, &in_folders_of_their_version(files_below(&folder)?, version))?;
    println!("{}", zip.display());
    Ok(())
}

/// The files for a folder of modules, each module in a folder named by its version. PowerShell takes the highest of these,
/// and a manifest that lies outside of them only when there are none: so the original may lie beside them. And a new
/// version is never copied over a library that a process has loaded.
fn in_folders_of_their_version(files: BTreeMap<String, PathBuf>, version: &str) -> BTreeMap<String, PathBuf> {
    let placed = |name: String| match name.split_once('/') {
        Some((module, rest)) => format!("{module}/{version}/{rest}"),
        None => name,
    };
    files.into_iter().map(|(name, file)| (placed(name), file)).collect()
}

/// Why the tests cannot run, if they cannot. Never a failure: most machines of developers have no PowerShell.
pub(crate) fn missing() -> Option<&'static str> {
    let there = runs("pwsh", "-Version");
    (!there).then_some("pwsh is not installed (https://aka.ms/powershell; then also Install-Module Pester)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zip_can_be_unpacked_beside_the_original_and_beside_a_loaded_version() {
        let names =
            ["EpiCloud.Native/EpiCloud.Native.psd1", "EpiCloud/EpiCloud.psd1", "EpiCloud/EpiCloud.Native/README.md"];
        let files = names.map(|name| (name.to_owned(), PathBuf::from(name)));
        let placed: Vec<_> = in_folders_of_their_version(files.into(), "2.0.0").into_keys().collect();
        assert_eq!(
            placed,
            [
                "EpiCloud.Native/2.0.0/EpiCloud.Native.psd1",
                "EpiCloud/2.0.0/EpiCloud.Native/README.md",
                "EpiCloud/2.0.0/EpiCloud.psd1"
            ]
        );
    }
}
