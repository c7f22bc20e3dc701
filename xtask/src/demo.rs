//! `cargo xtask demo`: the real `epi` against a local emulator, each command printed before it runs.
//!
//! Nothing is simulated here. What a person sees is what `epi` prints on their own terminal; this module only
//! starts the emulator, makes a package, and checks that the story ended as it should.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::emulator::Emulator;
use crate::failure::{Doing, Failure, Result};
use crate::process;
use crate::workspace::{Profile, Programs, Workspace, fresh};

/// What an exported database weighs in the demo.
const EXPORT: u64 = 256 << 20;
const EXPORT_OPTION: &str = "256MiB";
/// Twice as fast as the profile of the emulator, in which a deployment takes three seconds and an export two.
const SPEED: &str = "2";

const BACPAC: &str = "production.bacpac";
const BACPAC_PACKAGE: &str = "demo.cms.sqldb.1.0.0.bacpac";
const SITE_PACKAGE: &str = "demo.cms.app.1.0.0.nupkg";

struct Demo {
    epi: PathBuf,
    folder: PathBuf,
    emulator: Emulator,
}

pub(crate) fn run() -> Result<()> {
    let workspace = Workspace::find()?;
    println!("Building epi and epi-emulator (debug; the first time takes some minutes)");
    let programs = workspace.build_programs(Profile::Dev)?;
    let folder = workspace.target.join("demo");
    fresh(&folder)?;
    write_package(&folder.join(SITE_PACKAGE))?;

    let began = Instant::now();
    let demo = Demo::start(&programs, folder)?;
    demo.introduce(&programs)?;
    let deployment = demo.play()?;
    println!();
    println!(
        "Done in {} seconds: exported and verified {} MiB, imported them into Integration, \
         deployed {SITE_PACKAGE} to Preproduction and completed it ({deployment}). The files are in {}",
        began.elapsed().as_secs(),
        EXPORT >> 20,
        demo.folder.display()
    );
    Ok(())
}

impl Demo {
    fn start(programs: &Programs, folder: PathBuf) -> Result<Self> {
        let options = ["--speed", SPEED, "--export-size", EXPORT_OPTION];
        println!();
        println!("$ epi-emulator {}", options.join(" "));
        let emulator = Emulator::start(&programs.emulator, &options, folder.join("client-secret"))?;
        Ok(Self { epi: programs.epi.clone(), folder, emulator })
    }

    /// What a person has to set before the commands below can be copied.
    fn introduce(&self, programs: &Programs) -> Result<()> {
        println!("The emulator runs until the demo ends. For the commands below, a shell would be set up like this:");
        println!();
        println!("$ cd {}", process::quoted(&self.folder.to_string_lossy()));
        if let Some(bin) = programs.epi.parent() {
            println!("$ export PATH={}:\"$PATH\"", process::quoted(&bin.to_string_lossy()));
        }
        for (variable, value) in self.emulator.settings()? {
            println!("$ export {variable}={}", process::quoted(&value));
        }
        println!("$ export EPI_CLIENT_SECRET=\"$(cat client-secret)\"");
        Ok(())
    }

    /// The story; its result is the id of the deployment to Preproduction.
    fn play(&self) -> Result<String> {
        step("Are the credentials right?");
        self.epi(&["connect"])?;

        step("Export the CMS database of Production, wait for it, download it and verify it");
        self.epi(&[
            "export",
            "save",
            "--environment",
            "Production",
            "--database",
            "epicms",
            "--output-file",
            BACPAC,
            "--polling-interval",
            "1",
        ])?;
        let size = fs::metadata(self.folder.join(BACPAC)).doing(format!("{BACPAC} is not there"))?.len();
        if size < EXPORT {
            return Err(Failure::new(format!("{BACPAC} has {size} bytes, at least {EXPORT} were expected")));
        }

        step("Import it into Integration: upload under a valid package name, DirectDeploy, wait");
        self.epi(&[
            "deploy",
            BACPAC,
            "--blob-name",
            BACPAC_PACKAGE,
            "--to",
            "Integration",
            "--direct-deploy",
            "--polling-interval",
            "1",
        ])?;

        step("Upload a code package");
        self.epi(&["package", "upload", SITE_PACKAGE])?;

        step("Deploy it to Preproduction, up to the point where a person looks at the slot");
        let deployment = self.epi_json(&[
            "deployment",
            "start",
            "--to",
            "Preproduction",
            "--package",
            SITE_PACKAGE,
            "--wait",
            "--polling-interval",
            "1",
            "--output",
            "json",
        ])?;
        expect_status(&deployment, "AwaitingVerification")?;
        let id = deployment["id"].as_str().ok_or_else(|| Failure::new("the deployment has no id"))?;

        step("Complete it: now it goes live");
        let arguments = ["deployment", "complete", "--id", id, "--wait", "--polling-interval", "1", "--output", "json"];
        expect_status(&self.epi_json(&arguments)?, "Succeeded")?;

        step("What has happened?");
        self.epi(&["deployment", "list"])?;
        Ok(id.to_owned())
    }

    /// Runs `epi` with the terminal as it is, so that its progress bars show.
    fn epi(&self, arguments: &[&str]) -> Result<()> {
        process::run(&mut self.command(arguments)?)
    }

    /// Runs `epi`, shows its result as well, and returns it; progress goes to the terminal directly.
    fn epi_json(&self, arguments: &[&str]) -> Result<Value> {
        let result = process::output(&mut self.command(arguments)?)?;
        print!("{result}");
        serde_json::from_str(&result).doing("the result is not JSON")
    }

    fn command(&self, arguments: &[&str]) -> Result<Command> {
        let words: Vec<_> = arguments.iter().map(|word| process::quoted(word)).collect();
        println!("$ epi {}", words.join(" "));
        let mut command = Command::new(&self.epi);
        command.args(arguments).current_dir(&self.folder);
        self.emulator.configure(&mut command)?;
        Ok(command)
    }
}

fn step(what: &str) {
    println!();
    println!("# {what}");
}

fn expect_status(deployment: &Value, expected: &str) -> Result<()> {
    match deployment["status"].as_str() {
        Some(status) if status == expected => Ok(()),
        status => Err(Failure::new(format!("the deployment is {status:?}, {expected} was expected"))),
    }
}

/// A small code package: an archive whose root holds what a publish of a site would (spec 3.3).
fn write_package(file: &Path) -> Result<()> {
    let cannot = || format!("cannot write {}", file.display());
    let mut archive = ZipWriter::new(fs::File::create(file).doing(cannot())?);
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let assembly: Vec<u8> = (0..3_u32 << 18).flat_map(u32::to_le_bytes).collect();
    for (name, content) in [("appsettings.json", &b"{}"[..]), ("DemoSite.dll", &assembly)] {
        archive.start_file(name, stored).doing(cannot())?;
        archive.write_all(content).doing(cannot())?;
    }
    archive.finish().doing(cannot()).map(drop)
}
