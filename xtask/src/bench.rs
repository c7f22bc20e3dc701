//! `cargo xtask bench`: time and memory of a large upload and download through `epi`, beside the upload of
//! `azure_storage_blob` itself, in the same run against the same emulator.
//!
//! The runs are interleaved, so that a busy moment of the machine hits all of them. Nothing here passes or fails by
//! a time: a table is printed and `target/bench/report.json` is written, with the ratios that mean something
//! elsewhere too.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::emulator::Emulator;
use crate::failure::{Doing, Failure, Result};
use crate::measure::{Cost, measure, median};
use crate::overhead;
use crate::process;
use crate::python;
use crate::workspace::{Profile, Workspace, fresh};

/// What `epi` may hold in memory, whatever the size of the file.
const MEMORY_LIMIT: u64 = 64 << 20;
/// How much longer an upload may take through another host of the library than through `epi`.
const HOST_LIMIT: f64 = 1.03;
/// Those hosts.
const HOSTS: [Program; 2] = [Program::CUpload, Program::PythonUpload];
/// What a Python program does to upload the file of its argument.
const PYTHON_UPLOAD: &str = "import sys, epicloud
with epicloud.Client.from_environment() as client:
    client.upload_packages(files=[{'path': sys.argv[1]}])";
const PACKAGE: &str = "bench.cms.sqldb.1.0.0.bacpac";
const PEER_PACKAGE: &str = "peer.cms.sqldb.1.0.0.bacpac";
const TARGET: [&str; 4] = ["--environment", "Production", "--database", "epicms"];

#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) size: u64,
    pub(crate) repetitions: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { size: 2 << 30, repetitions: 3 }
    }
}

/// Reads `2GiB`, `256MiB` or a number of bytes.
pub(crate) fn parse_size(text: &str) -> Result<u64> {
    let (number, shift) = match (text.strip_suffix("GiB"), text.strip_suffix("MiB")) {
        (Some(number), _) => (number, 30),
        (_, Some(number)) => (number, 20),
        _ => (text, 0),
    };
    let bytes = number.trim().parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift));
    bytes.ok_or_else(|| Failure::new(format!("'{text}' is not a size such as 2GiB")))
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Program {
    EpiUpload,
    /// The same upload by a C program through the C ABI.
    CUpload,
    /// The same upload from Python.
    PythonUpload,
    /// The upload of the official crate.
    PeerUpload,
    EpiDownload,
}

impl Program {
    const ALL: [Self; 5] = [Self::EpiUpload, Self::CUpload, Self::PythonUpload, Self::PeerUpload, Self::EpiDownload];

    fn name(self) -> &'static str {
        match self {
            Self::EpiUpload => "epi upload",
            Self::CUpload => "C upload",
            Self::PythonUpload => "Python upload",
            Self::PeerUpload => "azure_storage_blob upload",
            Self::EpiDownload => "epi download",
        }
    }
}

/// A measured program, with what each of its runs cost.
struct Contestant {
    program: Program,
    costs: Vec<Cost>,
}

struct Bench {
    epi: PathBuf,
    c_host: PathBuf,
    python: PathBuf,
    peer: PathBuf,
    folder: PathBuf,
    emulator: Emulator,
    /// The id of the export that is downloaded.
    export: String,
}

pub(crate) fn run(settings: Settings) -> Result<()> {
    let workspace = Workspace::find()?;
    println!("Building epi, epi-emulator and the peers (release)");
    let programs = workspace.build_programs(Profile::Release)?;
    let peer = workspace.build_peer("peer-upload")?;
    let folder = workspace.target.join("bench");
    fresh(&folder)?;
    let c_host = overhead::c_host(&workspace, &programs.library, &folder)?;
    let python = python::optimised(&workspace)?;

    let size = settings.size.to_string();
    let options = ["--speed", "instant", "--export-size", &size];
    let emulator = Emulator::start(&programs.emulator, &options, folder.join("client-secret"))?;
    let repetitions = settings.repetitions.max(1);
    let calls = overhead::run(&workspace, &emulator, &c_host, repetitions)?;

    let mut bench = Bench { epi: programs.epi, c_host, python, peer, folder, emulator, export: String::new() };
    bench.prepare()?;
    let mut contestants = Program::ALL.map(|program| Contestant { program, costs: Vec::new() });
    for repetition in 1..=repetitions {
        for contestant in &mut contestants {
            let cost = measure(&mut bench.command(contestant.program)?)?;
            println!("{repetition}: {:<26} {}", contestant.program.name(), line(cost, settings.size));
            contestant.costs.push(cost);
        }
    }
    bench.report(settings, &contestants, &calls)
}

impl Bench {
    /// Makes the export, and the file to upload by downloading it once; neither is measured.
    fn prepare(&mut self) -> Result<()> {
        let wait = ["--wait", "--polling-interval", "1", "--output", "json"];
        let mut start = self.epi(&[&["export", "start"], &TARGET[..], &wait].concat())?;
        let export: Value = serde_json::from_str(&process::output(&mut start)?).doing("the export is not JSON")?;
        let id = export["id"].as_str().ok_or_else(|| Failure::new("the export has no id"))?;
        id.clone_into(&mut self.export);
        process::run(&mut self.download(PACKAGE)?)
    }

    fn command(&self, program: Program) -> Result<Command> {
        match program {
            Program::EpiUpload => self.epi(&["package", "upload", PACKAGE]),
            Program::CUpload => {
                let mut command = Command::new(&self.c_host);
                command.args(["upload", PACKAGE]).current_dir(&self.folder);
                self.emulator.configure_host(&mut command)?;
                Ok(command)
            }
            Program::PythonUpload => {
                let mut command = Command::new(&self.python);
                command.args(["-c", PYTHON_UPLOAD, PACKAGE]).current_dir(&self.folder);
                self.emulator.configure(&mut command)?;
                Ok(command)
            }
            Program::PeerUpload => self.peer_upload(),
            Program::EpiDownload => self.download("download.bacpac"),
        }
    }

    fn download(&self, file: &str) -> Result<Command> {
        let save =
            ["export", "save", "--force", "--id", &self.export, "--polling-interval", "1", "--output-file", file];
        self.epi(&[&save, &TARGET[..]].concat())
    }

    fn peer_upload(&self) -> Result<Command> {
        let mut location = self.epi(&["package", "location", "--output", "json"])?;
        let location: Value =
            serde_json::from_str(&process::output(&mut location)?).doing("the location is not JSON")?;
        let link = location["location"].as_str().or(location.as_str());
        let mut command = Command::new(&self.peer);
        command.args([PACKAGE, PEER_PACKAGE]).current_dir(&self.folder);
        // By the environment, as a link is a secret and arguments are visible to everybody on the machine.
        command.env("EPI_SAS_URL", link.ok_or_else(|| Failure::new("the location holds no link"))?);
        command.env("EPI_CA_FILE", self.emulator.certificate_authority()?);
        Ok(command)
    }

    fn epi(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(&self.epi);
        command.args(arguments).args(["--quiet", "--no-progress"]).current_dir(&self.folder).stdout(Stdio::null());
        self.emulator.configure(&mut command)?;
        Ok(command)
    }

    fn report(&self, settings: Settings, contestants: &[Contestant], calls: &Value) -> Result<()> {
        let runs = settings.repetitions.max(1);
        println!();
        println!("{} MiB, medians of {runs} runs, HTTPS to an emulator on this machine", settings.size >> 20);
        println!();
        println!("{:<26} {:>8} {:>10} {:>8} {:>8}", "", "seconds", "MiB/s", "CPU s", "peak MB");
        for contestant in contestants {
            println!("{:<26} {}", contestant.program.name(), line(medians(&contestant.costs), settings.size));
        }
        let of = |program| medians(costs_of(contestants, program));
        let (upload, peer) = (of(Program::EpiUpload), of(Program::PeerUpload));
        // Python's own memory is not the library's.
        let others = [Program::PeerUpload, Program::PythonUpload];
        let own = contestants.iter().filter(|contestant| !others.contains(&contestant.program));
        let highest = own.flat_map(|contestant| &contestant.costs).map(|cost| cost.peak_bytes).max().unwrap_or(0);
        let speed_ratio = peer.seconds / upload.seconds;
        let memory_ratio = upload.peak_bytes as f64 / peer.peak_bytes as f64;
        let under = highest < MEMORY_LIMIT;
        println!();
        println!(
            "epi uploads at {speed_ratio:.2} times the speed of azure_storage_blob, in {memory_ratio:.2} times its memory"
        );
        println!(
            "(epi sends a checksum with each block, which the emulator verifies, and the MD5 of the file; the peer sends neither)"
        );
        let hosts = hosts(contestants);
        println!(
            "highest peak of the library: {:.1} MB; under 64 MB: {}",
            megabytes(highest),
            if under { "yes" } else { "no" }
        );

        let report = json!({
            "bytes": settings.size,
            "repetitions": runs,
            "runs": contestants.iter().map(|contestant| json!({
                "name": contestant.program.name(),
                "median": in_json(medians(&contestant.costs)),
                "each": contestant.costs.iter().map(|cost| in_json(*cost)).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "calls": calls,
            "hosts": hosts,
            "uploadSpeedRatio": speed_ratio,
            "uploadMemoryRatio": memory_ratio,
            "highestPeakBytes": highest,
            "underMemoryLimit": under,
        });
        let file = self.folder.join("report.json");
        let text = serde_json::to_string_pretty(&report).doing("cannot write the report")?;
        fs::write(&file, text + "\n").doing(format!("cannot write {}", file.display()))?;
        for package in [PACKAGE, "download.bacpac"] {
            // Gigabytes that nobody wants to find later; a file that is gone already is fine.
            let _ = fs::remove_file(self.folder.join(package));
        }
        println!("report: {}", file.display());
        Ok(())
    }
}

/// What the runs of a program cost.
fn costs_of(contestants: &[Contestant], program: Program) -> &[Cost] {
    contestants.iter().find(|contestant| contestant.program == program).map_or(&[], |contestant| &contestant.costs)
}

/// How long the same upload takes through other hosts of the library, as ratios to `epi` of the same round.
fn hosts(contestants: &[Contestant]) -> Value {
    let epi = costs_of(contestants, Program::EpiUpload);
    let mut ratios = serde_json::Map::new();
    for host in HOSTS {
        let rounds = costs_of(contestants, host).iter().zip(epi);
        let ratio = median(&rounds.map(|(host, epi)| host.seconds / epi.seconds).collect::<Vec<_>>());
        let (name, pass) = (host.name(), ratio <= HOST_LIMIT);
        let verdict = if pass { "pass" } else { "short" };
        println!("{name} takes {ratio:.3} times as long as epi upload (at most {HOST_LIMIT}: {verdict})");
        ratios.insert(name.to_owned(), json!({ "secondsRatio": ratio, "limit": HOST_LIMIT, "pass": pass }));
    }
    ratios.into()
}

/// The median of each figure for itself.
fn medians(costs: &[Cost]) -> Cost {
    let middle = |figure: fn(&Cost) -> f64| median(&costs.iter().map(figure).collect::<Vec<_>>());
    Cost {
        seconds: middle(|cost| cost.seconds),
        cpu_seconds: middle(|cost| cost.cpu_seconds),
        peak_bytes: middle(|cost| cost.peak_bytes as f64) as u64,
    }
}

fn line(cost: Cost, bytes: u64) -> String {
    let rate = bytes as f64 / f64::from(1 << 20) / cost.seconds;
    format!("{:>8.2} {rate:>10.0} {:>8.2} {:>8.1}", cost.seconds, cost.cpu_seconds, megabytes(cost.peak_bytes))
}

/// In units of 2^20 bytes, as the limit is.
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn in_json(cost: Cost) -> Value {
    json!({ "seconds": cost.seconds, "cpuSeconds": cost.cpu_seconds, "peakBytes": cost.peak_bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        let size = |text| parse_size(text).ok();
        assert_eq!(size("2GiB"), Some(2 << 30));
        assert_eq!(size("256MiB"), Some(256 << 20));
        assert_eq!(size("1000"), Some(1000));
        assert_eq!(size("2GB"), None);
        assert_eq!(size("99999999999GiB"), None);
    }
}
