//! What the built library exports, and how it is built.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use epicloud::ffi::calls::CALLS;

use super::program::{find, library, output, root, tell};
use super::sources;

/// The exported names, in the order in which they were added.
fn listed() -> Vec<String> {
    fs::read_to_string(root().join("tests/abi/exports.txt")).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn the_library_exports_exactly_what_is_listed() {
    let Some(nm) = find("nm") else { return };
    let arguments: &[&str] = if cfg!(target_os = "macos") { &["-gU"] } else { &["-D", "--defined-only"] };
    let table = output(Command::new(nm).args(arguments).arg(library()));
    let exported: BTreeSet<String> = table
        .lines()
        .filter_map(|line| line.split_whitespace().last())
        .map(|name| if cfg!(target_os = "macos") { name.trim_start_matches('_') } else { name }.to_owned())
        .collect();
    let listed = listed();
    assert_eq!(exported, listed.iter().cloned().collect(), "tests/abi/exports.txt");
    assert_eq!(listed.len(), exported.len(), "no name is listed twice");
    tell(&format!("the library exports {} symbols", exported.len()));
}

#[test]
fn the_header_declares_exactly_what_is_listed() {
    let header = sources::header();
    let functions: BTreeSet<String> = header
        .lines()
        .filter(|line| !line.starts_with([' ', '#', '/']) && !line.starts_with("typedef"))
        .filter_map(|line| line.split_once('('))
        .filter_map(|(before, _)| before.split([' ', '*']).next_back())
        .map(str::to_owned)
        .collect();
    assert_eq!(functions, listed().into_iter().collect());
}

#[test]
fn every_operation_of_the_catalog_is_exported() {
    let listed = listed();
    for row in &epicloud::ops::catalog::CATALOG {
        let symbol =
            CALLS.iter().find(|(_, name)| *name == row.name).unwrap_or_else(|| panic!("no symbol: {}", row.name));
        assert!(listed.contains(&symbol.0.to_owned()), "{}", symbol.0);
    }
    assert_eq!(CALLS.len(), epicloud::ops::catalog::CATALOG.len());
}

/// A panic must be caught at the ABI, which an aborting profile would make impossible.
#[test]
fn every_profile_unwinds() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    for profile in ["[profile.release]", "[profile.dev]"] {
        let section = manifest.split(profile).nth(1).unwrap().split("\n[").next().unwrap();
        assert!(section.contains("panic = \"unwind\""), "{profile}");
    }
    assert!(!manifest.contains("panic = \"abort\""));
}
