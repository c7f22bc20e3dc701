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
use crate::measure::{Cost, measure};
use crate::process;
use crate::workspace::{Profile, Workspace, fresh};

/// What `epi` may hold in memory, whatever the size of the file.
const MEMORY_LIMIT: u64 = 64 << 20;
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

/// One of the measured programs, with what each of its runs cost.
struct Contestant {
    name: &'static str,
    costs: Vec<Cost>,
}

struct Bench {
    epi: PathBuf,
    peer: PathBuf,
    folder: PathBuf,
    emulator: Emulator,
    /// The id of the export that is downloaded.
    export: String,
}

pub(crate) fn run(settings: Settings) -> Result<()> {
    let workspace = Workspace::find()?;
    println!("Building epi, epi-emulator and the peer (release)");
    let programs = workspace.build_programs(Profile::Release)?;
    let peer = workspace.build_peer("peer-upload")?;
    let folder = workspace.target.join("bench");
    fresh(&folder)?;

    let size = settings.size.to_string();
    let options = ["--speed", "instant", "--export-size", &size];
    let emulator = Emulator::start(&programs.emulator, &options, folder.join("client-secret"))?;
    let mut bench = Bench { epi: programs.epi, peer, folder, emulator, export: String::new() };
    bench.prepare()?;

    let mut contestants =
        ["epi upload", "azure_storage_blob upload", "epi download"].map(|name| Contestant { name, costs: Vec::new() });
    for repetition in 1..=settings.repetitions.max(1) {
        for contestant in &mut contestants {
            let cost = bench.measure(contestant.name)?;
            println!("{repetition}: {:<26} {}", contestant.name, line(cost, settings.size));
            contestant.costs.push(cost);
        }
    }
    bench.report(settings, &contestants)
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

    fn measure(&self, what: &str) -> Result<Cost> {
        match what {
            "epi upload" => measure(&mut self.epi(&["package", "upload", PACKAGE])?),
            "epi download" => measure(&mut self.download("download.bacpac")?),
            _ => measure(&mut self.peer_upload()?),
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

    fn report(&self, settings: Settings, contestants: &[Contestant; 3]) -> Result<()> {
        let [upload, peer, download] = contestants.each_ref().map(|contestant| median(&contestant.costs));
        let runs = settings.repetitions.max(1);
        println!();
        println!("{} MiB, medians of {runs} runs, HTTPS to an emulator on this machine", settings.size >> 20);
        println!();
        println!("{:<26} {:>8} {:>10} {:>8} {:>8}", "", "seconds", "MiB/s", "CPU s", "peak MB");
        for (contestant, cost) in contestants.iter().zip([upload, peer, download]) {
            println!("{:<26} {}", contestant.name, line(cost, settings.size));
        }
        let highest = contestants.iter().filter(|contestant| contestant.name.starts_with("epi"));
        let highest = highest.flat_map(|contestant| &contestant.costs).map(|cost| cost.peak_bytes).max().unwrap_or(0);
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
        println!(
            "highest peak of epi: {:.1} MB; under 64 MB: {}",
            megabytes(highest),
            if under { "yes" } else { "no" }
        );

        let report = json!({
            "bytes": settings.size,
            "repetitions": runs,
            "runs": contestants.iter().map(|contestant| json!({
                "name": contestant.name,
                "median": in_json(median(&contestant.costs)),
                "each": contestant.costs.iter().map(|cost| in_json(*cost)).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
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

/// The median of each figure for itself.
fn median(costs: &[Cost]) -> Cost {
    let middle = |figure: fn(&Cost) -> f64| {
        let mut figures: Vec<f64> = costs.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        let (low, high) = (figures.get((figures.len().max(1) - 1) / 2), figures.get(figures.len() / 2));
        low.zip(high).map_or(0.0, |(low, high)| f64::midpoint(*low, *high))
    };
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

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        let costs = [4.0, 1.0, 2.0, 3.0].map(|seconds| Cost { seconds, ..Cost::default() });
        assert!((median(&costs).seconds - 2.5).abs() < 1e-9);
        assert!((median(&costs[..3]).seconds - 2.0).abs() < 1e-9);
    }
}
