//! What npm fetches into the target folder, each package in a pinned version and a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::failure::{Failure, Result};
use crate::machine::runs;
use crate::process;
use crate::workspace::make_folder;

/// Makes sure that a package lies in a folder in this version; the result is the package's own folder.
pub(crate) fn install(folder: &Path, name: &str, version: &str, weight: &str) -> Result<PathBuf> {
    let package = folder.join("node_modules").join(name);
    if installed_version(&package).as_deref() == Some(version) {
        println!("{name} {version} is in {}", folder.display());
        return Ok(package);
    }
    println!("fetching {name} {version} with npm into {} ({weight})", folder.display());
    make_folder(folder)?;
    let mut command = Command::new(npm());
    command.current_dir(folder).args(["install", "--prefix", "."]);
    // No script of any package is needed, so none runs.
    command.args(["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    process::run(command.arg(format!("{name}@{version}")))?;
    Ok(package)
}

/// Why nothing can be fetched and run on this machine, if that is so.
pub(crate) fn missing() -> Option<Failure> {
    let absent = |program: &&str| !runs(program, "--version");
    let lacking = ["node", npm()].into_iter().find(absent)?;
    Some(Failure::new(format!("{lacking} is not installed (on Debian: apt-get install nodejs npm)")))
}

fn npm() -> &'static str {
    if cfg!(windows) { "npm.cmd" } else { "npm" }
}

fn installed_version(package: &Path) -> Option<String> {
    let manifest = fs::read_to_string(package.join("package.json")).ok()?;
    let manifest: Value = serde_json::from_str(&manifest).ok()?;
    manifest["version"].as_str().map(str::to_owned)
}
