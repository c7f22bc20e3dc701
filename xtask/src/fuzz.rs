//! The step `fuzz`: builds the fuzz targets of `tests/fuzz` with coverage and AddressSanitizer, and runs each for a
//! while, two at a time. What a run finds goes below `target/fuzz`, never into the tree.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::failure::{Doing, Failure, Result};
use crate::machine::runs;
use crate::process::{self, Background};
use crate::workspace::{self, EVERYTHING, Workspace};

/// The feature that adds the programs, without libFuzzer.
pub(crate) const PROGRAMS: &str = "epicloud-fuzz/programs";
/// The one that adds them with it.
const LIBFUZZER: &str = "epicloud-fuzz/libfuzzer";
/// What adds coverage and AddressSanitizer where it compiles.
const COMPILER: &str = "tests/fuzz/rustc.sh";
/// Each target, and whether its inputs are documents.
const TARGETS: [(&str, bool); 5] =
    [("request", true), ("config", true), ("options", false), ("progress", false), ("sequence", false)];
/// How long one input may take. Long, because a busy machine is not what is looked for.
const INPUT_LIMIT: Duration = Duration::from_secs(25);
/// Beyond the time of a run: reading the corpus, the input that is at work, the last look for leaks.
const GRACE: Duration = Duration::from_secs(90);
/// Two of them keep two processors busy.
const AT_ONCE: usize = 2;
/// What is shown of the output of a target that failed.
const SHOWN_LINES: usize = 60;

/// Builds all targets and runs each for so long.
pub(crate) fn run(workspace: &Workspace, time: Duration) -> Result<()> {
    let folder = workspace.target.join("fuzz");
    let programs = build(workspace)?;
    // Another one each time; libFuzzer takes 32 bits. A clock before 1970 is as good as any.
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.subsec_nanos()).max(1);
    println!("{} s a target, seed {seed}; what is found goes to {}", time.as_secs(), folder.display());
    for some in TARGETS.chunks(AT_ONCE) {
        let runs = some.iter().map(|target| {
            let program = programs.join(target.0);
            Run::start(workspace, *target, &program, folder.join(target.0), time, seed)
        });
        let runs = runs.collect::<Result<Vec<_>>>()?;
        // All are waited for before the first failure is told, so that none is cut.
        let outcomes: Vec<_> = runs.into_iter().map(|run| run.finish(time + GRACE)).collect();
        outcomes.into_iter().collect::<Result<()>>()?;
    }
    Ok(())
}

/// Why there can be no fuzzing on this machine, if there cannot.
pub(crate) fn missing() -> Option<Failure> {
    if !cfg!(any(target_os = "linux", target_os = "macos")) {
        return Some(Failure::new("libFuzzer and AddressSanitizer come with Rust for Linux and macOS only"));
    }
    let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
    let lacking = !runs(&compiler, "--version");
    lacking.then(|| Failure::new(format!("libFuzzer needs {compiler} (on Debian: apt-get install g++)")))
}

/// Builds the programs; the result is their folder. Cargo has the crates of this workspace compiled by a program of its own,
/// and keeps them apart; all other crates are those of the tests.
fn build(workspace: &Workspace) -> Result<PathBuf> {
    let mut cargo = workspace.cargo(&["build", "--features", LIBFUZZER]);
    cargo.args(EVERYTHING).args(TARGETS.iter().flat_map(|(name, _)| ["--bin", *name]));
    process::run(cargo.env("RUSTC_WORKSPACE_WRAPPER", workspace.root.join(COMPILER)))?;
    Ok(workspace.target.join("debug"))
}

/// A target at work.
struct Run {
    name: &'static str,
    running: Background,
    folder: PathBuf,
    program: PathBuf,
}

impl Run {
    fn start(
        workspace: &Workspace,
        (name, documents): (&'static str, bool),
        program: &Path,
        folder: PathBuf,
        time: Duration,
        seed: u32,
    ) -> Result<Self> {
        let (found, work) = (folder.join("found"), folder.join("work"));
        workspace::make_folder(&found)?;
        workspace::fresh(&work)?;
        let log = File::create(folder.join("log")).doing("cannot write the log of a target")?;
        let source = workspace.root.join("tests/fuzz");
        let mut command = Command::new(program);
        command
            .arg(format!("-max_total_time={}", time.as_secs()))
            .arg(format!("-seed={seed}"))
            .arg(format!("-timeout={}", INPUT_LIMIT.as_secs()))
            .args(["-rss_limit_mb=2048", "-print_final_stats=1"])
            .arg(format!("-artifact_prefix={}/", folder.display()));
        if documents {
            command.arg(format!("-dict={}", source.join("documents.dict").display()));
        }
        // New inputs go to the first folder; the second is only read.
        command.arg(&found).arg(source.join("corpus").join(name));
        command.env("TMPDIR", &work).env("ASAN_OPTIONS", "detect_odr_violation=0").env("RUST_BACKTRACE", "1");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        Ok(Self { name, running: Background::start(&mut command)?, folder, program: program.to_owned() })
    }

    /// Waits for the end and tells how far it came, or what it found and how to see it again.
    fn finish(mut self, limit: Duration) -> Result<()> {
        let outcome = self.running.wait_at_most(limit);
        let log = fs::read(self.folder.join("log")).doing("cannot read the log of a target")?;
        let log = String::from_utf8_lossy(&log);
        let failed = match outcome {
            Ok(status) if status.success() => {
                println!("{}: {}", self.name, Figures::of(&log).shown());
                return Ok(());
            }
            Ok(status) => format!("the target {} ended with {status}", self.name),
            Err(failure) => format!("the target {}: {failure}", self.name),
        };
        let lines: Vec<&str> = log.lines().collect();
        println!("{}", lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n"));
        let advice = match artifact(&log) {
            Some(input) => format!(
                "\n  run it again:   {} {}\n  keep it:        cp {} tests/fuzz/corpus/{}/<what it shows>",
                process::quoted(&self.program.display().to_string()),
                process::quoted(input),
                process::quoted(input),
                self.name,
            ),
            None => format!("; its output is in {}", self.folder.join("log").display()),
        };
        Err(Failure::new(failed + &advice))
    }
}

/// The file of the input that libFuzzer stopped at.
fn artifact(log: &str) -> Option<&str> {
    log.lines().rev().find_map(|line| Some(line.split_once("Test unit written to ")?.1.trim()))
}

/// What libFuzzer says at the end.
#[derive(Debug, PartialEq, Eq)]
struct Figures {
    executions: Option<u64>,
    coverage: Option<u64>,
    inputs: Option<u64>,
}

impl Figures {
    fn of(log: &str) -> Self {
        let number = |text: &str| {
            let digits: String = text.trim_start().chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        };
        let last = |before: &str| log.lines().rev().find_map(|line| number(line.split_once(before)?.1));
        Self { executions: last("stat::number_of_executed_units:"), coverage: last(" cov: "), inputs: last(" corp: ") }
    }

    fn shown(&self) -> String {
        let known = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
        let (executions, coverage, inputs) = (known(self.executions), known(self.coverage), known(self.inputs));
        format!("{executions} executions, {coverage} edges covered by {inputs} inputs")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_and_artifacts_are_read_from_the_output() {
        let log = "#2\tINITED cov: 10 ft: 11 corp: 1/1b exec/s: 0 rss: 30Mb\n\
                   #99\tDONE   cov: 1234 ft: 4000 corp: 87/3kb lim: 4096 exec/s: 33 rss: 60Mb\n\
                   Done 99 runs in 3 second(s)\nstat::number_of_executed_units: 99\n";
        let figures = Figures { executions: Some(99), coverage: Some(1234), inputs: Some(87) };
        assert_eq!(Figures::of(log), figures);
        assert_eq!(figures.shown(), "99 executions, 1234 edges covered by 87 inputs");
        assert_eq!(artifact(log), None);
        let crash = "artifact_prefix='/t/'; Test unit written to /t/crash-00ff\nBase64: AA==\n";
        assert_eq!(artifact(crash), Some("/t/crash-00ff"));
        assert!(Figures::of("").shown().starts_with("? executions"));
    }
}
