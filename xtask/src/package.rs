//! `cargo xtask package`: what users install, made as a release makes it, into `target/package`.

use std::process::Command;

use crate::failure::{Failure, Result};
use crate::machine::runs;
use crate::powershell;
use crate::process;
use crate::python;
use crate::workspace::{Profile, Workspace, fresh};

/// What can be packaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Product {
    C,
    Python,
    PowerShell(Profile),
}

impl Product {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "c" => Some(Self::C),
            "python" => Some(Self::Python),
            "powershell" => Some(Self::PowerShell(Profile::Release)),
            _ => None,
        }
    }
}

pub(crate) fn run(product: Product) -> Result<()> {
    let workspace = Workspace::find()?;
    match product {
        Product::C => c(&workspace),
        Product::Python => python::package(&workspace).map(drop),
        Product::PowerShell(profile) => powershell::package(&workspace, profile),
    }
}

/// Installs the C package with cargo-c and builds the examples from what was installed alone.
fn c(workspace: &Workspace) -> Result<()> {
    if !runs("cargo-cinstall", "--help") {
        return Err(Failure::new(
            "cargo-c is not installed (cargo install --locked cargo-c --version 0.10.24+cargo-0.98.0; it takes some minutes)",
        ));
    }
    let folder = workspace.target.join("package");
    let prefix = folder.join("c");
    fresh(&prefix)?;
    let mut install = workspace.cargo(&["cinstall", "--release", "--package", "epicloud-capi"]);
    // A folder of its own: cargo-c has its own way of building, which would undo the builds of the usual one.
    install.arg("--prefix").arg(&prefix).arg("--target-dir").arg(folder.join("build"));
    process::run(&mut install)?;
    process::run(Command::new("sh").arg(workspace.root.join("capi/tests/c/installed.sh")).arg(&prefix))?;
    println!("the C package is installed in {}", prefix.display());
    Ok(())
}
