//! Says which build this is, for `--version`. Writes no file.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    say_which_build();
}

/// The commit, where this is a checkout, and the platform.
fn say_which_build() {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
        String::from_utf8(output.stdout).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    // Not that of a repository which this package has been copied into.
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let top = git(&["rev-parse", "--show-toplevel"]);
    let is_ours = top.is_some_and(|top| Path::new(&top).canonicalize().ok() == Path::new(&root).canonicalize().ok());
    let commit = git(&["rev-parse", "--short=12", "HEAD"]).filter(|_| is_ours);
    // The log grows with each commit, also in a linked work tree.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]).filter(|log| Path::new(log).exists()) {
        println!("cargo::rerun-if-changed={log}");
    }
    println!("cargo::rustc-env=EPI_COMMIT={}", commit.as_deref().unwrap_or("no commit"));
    println!("cargo::rustc-env=EPI_TARGET={}", std::env::var("TARGET").unwrap_or_default());
}
