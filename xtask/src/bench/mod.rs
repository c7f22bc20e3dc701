//! `cargo xtask bench`: `epi` and its peers side by side in the same run, against a sink on this machine that discards
//! what it gets; and what other languages add to the library.
//!
//! `scenario.rs` says what is measured and by whom, `target.rs` what `epi` has to reach; both are tables. `rounds.rs`
//! decides the order of the runs and which are thrown away, `runner.rs` makes them. `report.rs` turns what came of it
//! into a document, `table.rs` that into tables. Nothing fails by a figure: a target is met ("pass") or not ("short").

mod background_load;
mod candidate;
mod hosts;
mod measure;
mod overhead;
mod peers;
pub(crate) mod powershell;
mod received;
mod report;
mod rounds;
mod runner;
mod scenario;
mod settings;
mod sink;
mod source;
mod table;
mod target;
pub(crate) mod waits;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::failure::{Doing, Failure, Result};
use crate::process;
use crate::workspace::{Peers as Built, Profile, Programs as Workshop, Workspace, make_folder};
use candidate::Programs;
use peers::Peers;
use received::Checksums;
use report::Frame;
use runner::{Finished, Runner};
use scenario::Scenario;
pub(crate) use settings::{Settings, parse_size};
use source::Files;
use table::Tables;

/// What a short look transfers.
const SMOKE_BYTES: u64 = 256 << 20;

pub(crate) fn run(settings: &Settings) -> Result<()> {
    let report = match &settings.report {
        Some(file) => read(file)?,
        None => measured(settings)?,
    };
    let tables = Tables::of(&report);
    print!("{}", tables.text());
    if let Some(page) = &settings.markdown {
        write_page(&tables, page)?;
    }
    Ok(())
}

/// Measures everything that was asked for, and writes the report.
fn measured(settings: &Settings) -> Result<Value> {
    let workspace = Workspace::find()?;
    let folder = source::folder(&workspace.target);
    make_folder(&folder)?;
    println!("building epi, the sink, the emulator and the peers of this workspace (release)");
    let programs = workspace.build_programs(Profile::Release)?;
    let built = workspace.build_peers(Profile::Release)?;
    let scenarios = chosen(settings);
    let needed = |peer| {
        let mut all = scenarios.iter().flat_map(|scenario| &scenario.candidates);
        all.any(|candidate| candidate.peer() == Some(peer))
    };
    let peers = Peers::fetch(&folder.join("peers"), needed)?;
    let versions = versions(&workspace, &programs, &peers)?;

    let files = Files::new(folder.join("files"))?;
    let mut runner = runner(&programs, &built, &peers, files, settings.repetitions);
    // One run alone is no measurement, so that nothing is gained by making it again.
    runner.watchful = settings.repetitions > 1;
    let hosts = settings.includes("hosts").then(|| hosts::build(&workspace, &programs)).transpose()?;
    let mut frame = Frame { machine: machine(), versions, hosts: None };
    let file = folder.join("report.json");
    println!("after each run in percent: what other programs took of the processors meanwhile");
    let mut finished = Vec::new();
    for scenario in scenarios {
        finished.push(runner.run(scenario)?);
        // Each time, so that an hour is not lost by what comes after it.
        write_report(&file, &report::report(settings, &frame, &finished))?;
    }
    if let Some(hosts) = hosts {
        let extent = (settings.most_bytes, settings.repetitions);
        frame.hosts = Some(hosts::run(&hosts, &programs, &built.rust_calls, &mut runner.files, extent)?);
    }
    let report = report::report(settings, &frame, &finished);
    write_report(&file, &report)?;
    println!("\nreport: {}", file.display());
    Ok(report)
}

/// A short look at whether all of it works, with what is always there and no judgement of any figure; what arrives is
/// compared with what was sent, to the last byte.
pub(crate) fn smoke(workspace: &Workspace, programs: &Workshop, built: &Built) -> Result<()> {
    let peers = Peers::default();
    let files = Files::new(source::folder(&workspace.target).join("smoke"))?;
    let mut runner = runner(programs, built, &peers, files, 1);
    let Finished { measured, .. } = runner.run(scenario::smoke(SMOKE_BYTES))?;
    // What the figures of the bench are said to be with has to be what is sent.
    let expected = ["block CRC64", "block CRC64 + file MD5", "none", "block MD5 + file MD5"];
    for (row, expected) in measured.iter().zip(expected) {
        let shown = row.headers.map(received::Headers::shown).unwrap_or_default();
        if shown != expected {
            return Err(Failure::new(format!("{} sent {shown}, not {expected}", row.candidate.name())));
        }
    }
    Ok(())
}

/// The same alone, for those who work on the bench.
pub(crate) fn smoke_alone() -> Result<()> {
    let workspace = Workspace::find()?;
    let (programs, built) = workspace.build_for_tests()?;
    smoke(&workspace, &programs, &built)
}

fn runner<'a>(
    programs: &'a Workshop,
    built: &'a Built,
    peers: &'a Peers,
    files: Files,
    repetitions: u32,
) -> Runner<'a> {
    Runner {
        programs: Programs {
            epi: &programs.epi,
            epi_download: &built.epi_download,
            bench_peer: &built.bench_peer,
            peers,
            state: files.state(),
        },
        sink: &built.sink,
        files,
        checksums: Checksums::new(built.bench_peer.clone()),
        repetitions,
        watchful: false,
    }
}

/// The scenarios that were asked for, no larger than was asked for. One that would then be the same as another is left
/// out.
fn chosen(settings: &Settings) -> Vec<Scenario> {
    let mut chosen: Vec<Scenario> = Vec::new();
    for mut scenario in scenario::all().into_iter().filter(|scenario| settings.includes(scenario.key)) {
        scenario.bytes = scenario.bytes.min(settings.most_bytes);
        if chosen.last().is_none_or(|last| (last.title, last.bytes) != (scenario.title, scenario.bytes)) {
            chosen.push(scenario);
        }
    }
    chosen
}

/// What was measured, by name.
fn versions(workspace: &Workspace, programs: &Workshop, peers: &Peers) -> Result<Value> {
    let said = process::output(Command::new(&programs.epi).arg("--version"))?;
    let mut versions = serde_json::Map::new();
    versions.insert("epi".to_owned(), said.trim().trim_start_matches("epi ").into());
    let lock = fs::read_to_string(workspace.root.join("Cargo.lock")).doing("cannot read Cargo.lock")?;
    let official = locked(&lock, "azure_storage_blob").ok_or_else(|| Failure::new("Cargo.lock has no peer"))?;
    versions.insert("azure_storage_blob (Rust)".to_owned(), official.into());
    versions.extend(peers.versions().into_iter().map(|(name, version)| (name.to_owned(), version.into())));
    Ok(versions.into())
}

/// The version of a package in a lock file.
fn locked<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
    rest.split_once('"').map(|(version, _)| version)
}

/// Where it was measured.
fn machine() -> Value {
    let text = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let field = |file: &str, name: &str| {
        let line = text(file).lines().find(|line| line.starts_with(name)).map(str::to_owned);
        line.and_then(|line| line.split_once(':').map(|(_, value)| value.trim().to_owned()))
    };
    json!({
        "processor": field("/proc/cpuinfo", "model name"),
        "processors": background_load::processors(),
        "kernel": text("/proc/sys/kernel/osrelease").trim(),
        "memory": field("/proc/meminfo", "MemTotal"),
    })
}

fn read(file: &Path) -> Result<Value> {
    let text = fs::read_to_string(file).doing(format!("cannot read {}", file.display()))?;
    serde_json::from_str(&text).doing(format!("{} is no report", file.display()))
}

fn write_report(file: &Path, report: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(report).doing("cannot write the report")?;
    fs::write(file, text + "\n").doing(format!("cannot write {}", file.display()))
}

fn write_page(tables: &Tables, file: &Path) -> Result<()> {
    let before = match fs::read_to_string(file) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).doing(format!("cannot read {}", file.display())),
    };
    let page = tables.page(before.as_deref());
    let page = page.ok_or_else(|| Failure::new(format!("{} has no place for the tables", file.display())))?;
    file.parent().map_or(Ok(()), make_folder)?;
    fs::write(file, page).doing(format!("cannot write {}", file.display()))?;
    println!("tables: {}", file.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_bench_makes_nothing_twice() {
        let settings = Settings { most_bytes: 256 << 20, ..Settings::default() };
        let growth: Vec<_> = chosen(&settings).into_iter().filter(|scenario| scenario.key == "growth").collect();
        let sizes: Vec<_> = growth.iter().map(|scenario| scenario.bytes >> 20).collect();
        assert_eq!(sizes, [64, 256, 256], "two sizes, and the streams");
    }

    #[test]
    fn a_version_is_found_in_the_lock_file() {
        let lock =
            "[[package]]\nname = \"other\"\nversion = \"1\"\n\n[[package]]\nname = \"peer\"\nversion = \"2.3\"\n";
        assert_eq!(locked(lock, "peer"), Some("2.3"));
        assert_eq!(locked(lock, "pee"), None);
    }
}
