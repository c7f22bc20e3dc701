//! What it costs to use the library through another language: the same upload by `epi`, by a C program and from Python,
//! against the emulator, whose service all of them ask for the link; and what the C ABI adds to a short call.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::background_load::watched;
use super::candidate::BLOB;
use super::measure::{Cost, median};
use super::overhead;
use super::rounds::{Fate, fate, order};
use super::scenario::Content;
use super::settings::shown_size;
use super::source::{Files, written};
use super::target::Bound;
use crate::emulator::Emulator;
use crate::failure::{Doing, Result};
use crate::process;
use crate::python;
use crate::workspace::{Programs, Workspace, copy, fresh};

/// How much longer an upload may take through another host of the library than through `epi`.
const HOST_LIMIT: f64 = 1.03;
/// Runs for each that others have: a few per cent are told apart.
const TIMES: u32 = 3;
/// What is uploaded at most: the emulator keeps it.
const MOST_BYTES: u64 = 1 << 30;
/// What a Python program does to upload the file of its argument.
const PYTHON_UPLOAD: &str = "import sys, epicloud
with epicloud.Client.from_environment() as client:
    client.upload_packages(files=[{'path': sys.argv[1]}])";

#[derive(Debug, Clone, Copy)]
enum Host {
    Epi,
    C,
    Python,
}

/// What is measured, as built.
pub(crate) struct Built {
    c: PathBuf,
    python: PathBuf,
    /// Where the file will lie, under the name of a package.
    folder: PathBuf,
}

struct Hosts<'a> {
    epi: &'a Path,
    built: &'a Built,
    emulator: Emulator,
}

/// Builds the programs, which takes minutes: before anything is measured.
pub(crate) fn build(workspace: &Workspace, programs: &Programs) -> Result<Built> {
    let folder = super::source::folder(&workspace.target).join("hosts");
    fresh(&folder)?;
    let c = overhead::c_host(workspace, &programs.library, &folder)?;
    Ok(Built { c, python: python::optimised(workspace)?, folder })
}

/// Measures, prints, and gives the part of the report.
pub(crate) fn run(
    built: &Built,
    programs: &Programs,
    rust_calls: &Path,
    files: &mut Files,
    (most_bytes, repetitions): (u64, u32),
) -> Result<Value> {
    let bytes = most_bytes.min(MOST_BYTES);
    println!("\n==> hosts: the same upload through C and Python, {}", shown_size(bytes));
    let secret = built.folder.join("client-secret");
    let emulator = Emulator::start(&programs.emulator, &["--speed", "instant"], secret)?;
    let calls = overhead::run(&emulator, rust_calls, &built.c, repetitions)?;
    copy(files.sent(bytes, Content::Random)?, &built.folder.join(BLOB))?;
    files.forget();
    written()?;

    let hosts = Hosts { epi: &programs.epi, built, emulator };
    let all = [(Host::Epi, "epi"), (Host::C, "C"), (Host::Python, "Python")];
    let mut costs = [const { Vec::new() }; 3];
    // One run alone is no measurement, so that nothing is gained by making it again.
    let (repetitions, patience) = if repetitions > 1 { (repetitions * TIMES, repetitions) } else { (repetitions, 0) };
    let mut patience = [patience; 3];
    for index in order(&[repetitions; 3]) {
        let (host, name) = all[index];
        costs[index].push(hosts.run_once(host, &mut patience[index]).doing(name)?);
    }
    let [epi, c, python] = costs;
    // The file is large, and the secret is of nobody's use any more.
    let _ = std::fs::remove_dir_all(&built.folder);
    let figures = [figure("C", &epi, &c), figure("Python", &epi, &python), calls];
    Ok(json!({ "bytes": bytes, "figures": figures }))
}

impl Hosts<'_> {
    /// One run that counts; those during which others are busy are made again while there is patience.
    fn run_once(&self, host: Host, patience: &mut u32) -> Result<Cost> {
        loop {
            let (cost, background) = watched(&mut self.command(host)?, self.emulator.process_id())?;
            let fate = fate(background.map(|background| background.others), *patience);
            println!("{host:?}: {:>8.2} s {:>7.2} CPU s  {}", cost.seconds, cost.cpu_seconds, fate.word());
            if fate != Fate::Repeated {
                return Ok(cost);
            }
            *patience -= 1;
        }
    }

    fn command(&self, host: Host) -> Result<Command> {
        let mut command = match host {
            Host::Epi => {
                let mut command = Command::new(self.epi);
                command.args(["package", "upload", BLOB, "--quiet", "--no-progress"]);
                command
            }
            Host::C => {
                let mut command = Command::new(&self.built.c);
                command.args(["upload", BLOB]);
                command
            }
            Host::Python => {
                let mut command = Command::new(&self.built.python);
                command.args(["-c", PYTHON_UPLOAD, BLOB]);
                command
            }
        };
        command.current_dir(&self.built.folder).stdout(Stdio::null());
        process::without_proxies(&mut command);
        match host {
            Host::C => self.emulator.configure_host(&mut command).map(drop)?,
            Host::Epi | Host::Python => self.emulator.configure(&mut command)?,
        }
        Ok(command)
    }
}

/// How long the upload takes through a host, as a ratio to `epi` of the same round.
fn figure(name: &str, epi: &[Cost], host: &[Cost]) -> Value {
    let rounds = host.iter().zip(epi);
    let ratio = median(&rounds.map(|(host, epi)| host.seconds / epi.seconds).collect::<Vec<_>>());
    let bound = Bound::AtMost(HOST_LIMIT);
    let each = |costs: &[Cost]| costs.iter().map(|cost| cost.seconds).collect::<Vec<_>>();
    json!({
        "name": name,
        "what": "time of an upload against epi",
        "target": bound.shown(),
        "figure": ratio,
        "verdict": bound.judge(Some(ratio)).word(),
        "seconds": each(host),
        "secondsOfEpi": each(epi),
    })
}
