//! `cargo xtask bench powershell`: what the module costs inside PowerShell. An import in a fresh process, next to that
//! of an older package of the module if one is given; and an upload inside one PowerShell, next to `epi` with the same
//! file in turn.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::background_load::watched;
use super::candidate::BLOB;
use super::measure::{Cost, measure, median};
use super::rounds::{Fate, fate, order};
use super::scenario::Content;
use super::settings::FEWEST;
use super::source::{Files, folder, written};
use super::target::Bound;
use crate::emulator::Emulator;
use crate::failure::{Doing, Failure, Result};
use crate::powershell;
use crate::process;
use crate::workspace::{Profile, Programs, Workspace, copy, fresh};

const IMPORTS: u32 = 15;
/// An import, as a ratio to that of the older package.
const IMPORT_LIMIT: Bound = Bound::AtMost(0.78);
const UPLOAD_BYTES: u64 = 512 << 20;
/// The time of an upload, as a ratio to that of `epi`.
const UPLOAD_LIMIT: Bound = Bound::AtMost(1.05);
/// What the process that uploads may have resident above one that does nothing, in MiB.
const MEMORY_LIMIT: Bound = Bound::AtMost(30.0);

/// Both scripts write the milliseconds of what is measured into the file of their first argument, so that the start of
/// PowerShell itself is not counted.
const IMPORT: &str = "param($figure, $module)
$ErrorActionPreference = 'Stop'
$watch = [System.Diagnostics.Stopwatch]::StartNew()
Import-Module $module
[System.IO.File]::WriteAllText($figure, $watch.Elapsed.TotalMilliseconds.ToString([cultureinfo]::InvariantCulture))";
const UPLOAD: &str = "param($figure, $module, $package)
$ErrorActionPreference = 'Stop'
Import-Module $module
$account = @{ ClientKey = $env:EPI_CLIENT_KEY; ClientSecret = $env:EPI_CLIENT_SECRET; ProjectId = $env:EPI_PROJECT_ID }
[void](Connect-EpiCloud @account)
$watch = [System.Diagnostics.Stopwatch]::StartNew()
Add-EpiDeploymentPackage -SasUrl (Get-EpiDeploymentPackageLocation) -Path $package
[System.IO.File]::WriteAllText($figure, $watch.Elapsed.TotalMilliseconds.ToString([cultureinfo]::InvariantCulture))";
const NOTHING: &str = "param($figure) [System.IO.File]::WriteAllText($figure, '0')";

struct Bench {
    folder: PathBuf,
    /// The manifest of the module.
    module: PathBuf,
}

/// Measures and prints. The baseline is a folder of modules, as `cargo xtask package powershell` makes it.
pub(crate) fn run(baseline: Option<&Path>) -> Result<()> {
    if let Some(reason) = powershell::missing() {
        return Err(Failure::new(reason));
    }
    let manifest = |modules: &Path| modules.join("EpiCloud.Native/EpiCloud.Native.psd1");
    let baseline = baseline.map(manifest);
    if let Some(absent) = baseline.as_ref().filter(|file| !file.is_file()) {
        return Err(Failure::new(format!("there is no {}", absent.display())));
    }
    let workspace = Workspace::find()?;
    println!("building epi, the emulator and the modules (release)");
    let programs = workspace.build_programs(Profile::Release)?;
    let modules = powershell::assemble(&workspace, &programs.library)?
        .ok_or_else(|| Failure::new("the PowerShell module cannot be packaged without its assembly"))?;
    let folder = folder(&workspace.target).join("powershell");
    fresh(&folder)?;
    let bench = Bench { module: manifest(&modules), folder };
    bench.imports(baseline.as_deref())?;
    bench.uploads(&programs)?;
    // What was uploaded is large.
    fs::remove_dir_all(&bench.folder).doing(format!("cannot remove {}", bench.folder.display()))
}

impl Bench {
    fn imports(&self, baseline: Option<&Path>) -> Result<()> {
        println!("\n==> import in a fresh process, median of {IMPORTS}");
        let modules: Vec<(&str, &Path)> = [("this module", self.module.as_path())]
            .into_iter()
            .chain(baseline.map(|file| ("the older one", file)))
            .collect();
        let mut figures = vec![Vec::new(); modules.len()];
        for index in order(&vec![IMPORTS; modules.len()]) {
            let mut command = self.script(IMPORT, &[modules[index].1])?;
            measure(&mut command)?;
            figures[index].push(self.milliseconds()?);
        }
        let medians: Vec<f64> = figures.iter().map(|figures| median(figures)).collect();
        for ((name, _), figure) in modules.iter().zip(&medians) {
            println!("{name:<44} {figure:>8.1} ms");
        }
        match medians[..] {
            [own, older] => judge("import against the older one", own / older, IMPORT_LIMIT),
            _ => println!("not compared: --baseline names the folder of an older package"),
        }
        Ok(())
    }

    fn uploads(&self, programs: &Programs) -> Result<()> {
        println!("\n==> upload of {} MiB over TLS on this machine, median of {FEWEST}", UPLOAD_BYTES >> 20);
        let secret = self.folder.join("client-secret");
        let emulator = Emulator::start(&programs.emulator, &["--speed", "instant"], secret)?;
        let package = self.folder.join(BLOB);
        let mut files = Files::new(self.folder.join("files"))?;
        copy(files.sent(UPLOAD_BYTES, Content::Random)?, &package)?;
        files.forget();
        written()?;
        let mut idle = self.script(NOTHING, &[])?;
        let idle = measure(&mut idle)?;

        let (mut epi, mut own) = (Vec::new(), Vec::new());
        let mut patience = [FEWEST; 2];
        for index in order(&[FEWEST; 2]) {
            let make = || {
                let mut command = match index {
                    0 => {
                        let mut command = Command::new(&programs.epi);
                        command.args(["package", "upload", "--quiet", "--no-progress"]).arg(&package);
                        command
                    }
                    _ => self.script(UPLOAD, &[&self.module, &package])?,
                };
                emulator.configure(&mut command)?;
                Ok(command)
            };
            let cost = undisturbed(["epi", "PowerShell"][index], make, &emulator, &mut patience[index])?;
            match index {
                0 => epi.push(cost),
                _ => own.push((self.milliseconds()? / 1000.0, cost.peak_bytes)),
            }
        }
        let ratios: Vec<f64> = own.iter().zip(&epi).map(|((seconds, _), epi)| seconds / epi.seconds).collect();
        let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let peak = own.iter().map(|(_, peak)| *peak).max().unwrap_or_default();
        println!("epi {:>8.2} s", median(&epi.iter().map(|cost| cost.seconds).collect::<Vec<_>>()));
        println!(
            "Add-EpiDeploymentPackage {:>8.2} s",
            median(&own.iter().map(|(seconds, _)| *seconds).collect::<Vec<_>>())
        );
        println!("resident: {:.1} MiB at most, {:.1} MiB idle", mebibytes(peak), mebibytes(idle.peak_bytes));
        judge("time of an upload against epi", median(&ratios), UPLOAD_LIMIT);
        judge("resident above an idle PowerShell, MiB", mebibytes(peak) - mebibytes(idle.peak_bytes), MEMORY_LIMIT);
        Ok(())
    }

    /// A PowerShell that runs a script with these arguments, after the file for its figure.
    fn script(&self, text: &str, arguments: &[&Path]) -> Result<Command> {
        let file = self.folder.join("measured.ps1");
        fs::write(&file, text).doing(format!("cannot write {}", file.display()))?;
        let mut pwsh = powershell::pwsh();
        pwsh.arg("-File").arg(file).arg(self.figure()).args(arguments).stdout(Stdio::null());
        // What an upload keeps to be resumed is nothing of the user's.
        pwsh.env("XDG_STATE_HOME", self.folder.join("state"));
        process::without_proxies(&mut pwsh);
        Ok(pwsh)
    }

    fn figure(&self) -> PathBuf {
        self.folder.join("figure")
    }

    /// What the last script wrote.
    fn milliseconds(&self) -> Result<f64> {
        let file = self.figure();
        let doing = format!("cannot read {}", file.display());
        let text = fs::read_to_string(&file).doing(&doing)?;
        fs::remove_file(&file).doing(&doing)?;
        text.parse().doing(doing)
    }
}

/// One run that counts; those during which others are busy are made again while there is patience.
fn undisturbed(
    name: &str,
    make: impl Fn() -> Result<Command>,
    emulator: &Emulator,
    patience: &mut u32,
) -> Result<Cost> {
    loop {
        let mut command = make()?;
        process::without_proxies(&mut command);
        let (cost, background) = watched(&mut command, emulator.process_id()).doing(name)?;
        let fate = fate(background.map(|background| background.others), *patience);
        let peak = cost.peak_bytes >> 20;
        println!("{name:<10} {:>8.2} s {:>7.2} CPU s {peak:>5} MiB  {}", cost.seconds, cost.cpu_seconds, fate.word());
        if fate != Fate::Repeated {
            return Ok(cost);
        }
        *patience -= 1;
    }
}

fn judge(what: &str, figure: f64, bound: Bound) {
    println!("{what}: {figure:.2} ({}: {})", bound.shown(), bound.judge(Some(figure)).word());
}
