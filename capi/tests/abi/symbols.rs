//! What the built library exports, and how it is built.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use super::program::{find, library, output, package, root, tell};
use super::sources;

/// The exported names, in the order in which they were added.
fn listed() -> Vec<String> {
    fs::read_to_string(package().join("tests/abi/exports.txt")).unwrap().lines().map(str::to_owned).collect()
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
        .filter(|line| {
            !line.starts_with([' ', '#', '/']) && !line.starts_with("typedef") && !line.starts_with("static")
        })
        .filter_map(|line| line.split_once('('))
        .filter_map(|(before, _)| before.split([' ', '*']).next_back())
        .map(str::to_owned)
        .collect();
    assert_eq!(functions, listed().into_iter().collect());
}

/// Each operation of the catalog has its function, which starts that one and no other.
#[test]
fn the_header_has_a_function_for_every_operation_of_the_catalog() {
    let mut started: Vec<&str> = sources::CALLS
        .split("return epi_operation_start(client, \"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    let mut rows: Vec<&str> = epicloud::ops::catalog::CATALOG.iter().map(|row| row.name).collect();
    let named = sources::CALLS.matches("static inline epi_status epi_").count();
    assert_eq!(started.len(), named);
    for (function, name) in sources::CALLS.split("static inline epi_status ").skip(1).zip(&started) {
        // deployment.start is epi_deployment_start; connect has a name of its own.
        let expected: String = name.chars().fold("epi_".to_owned(), |mut text, letter| {
            match letter {
                '.' => text.push('_'),
                letter if letter.is_ascii_uppercase() => text.extend(['_', letter.to_ascii_lowercase()]),
                letter => text.push(letter),
            }
            text
        });
        let function = function.split('(').next().unwrap();
        assert!(function == expected || (*name == "connect" && function == "epi_client_verify"), "{function} {name}");
    }
    started.sort_unstable();
    rows.sort_unstable();
    assert_eq!(started, rows);
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
