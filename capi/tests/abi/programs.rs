//! C programs against the emulator, one a topic.

use std::io::{BufRead as _, BufReader, Read as _, Seek as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use epicloud_emulator::{Config, Effect, Emulator, LinkScheme, Rule, Speed};
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::program::{Program, library, tell};

/// How long a program may wait for the emulator to see a request.
const PATIENCE: Duration = Duration::from_secs(60);

/// An emulator on threads of its own, and what a program needs to find it.
pub(super) struct Fixture {
    pub(super) emulator: Emulator,
    /// What the programs keep between their runs.
    state: TempDir,
    /// The newest request at the last question.
    seen: AtomicU64,
    runtime: Runtime,
}

impl Fixture {
    pub(super) fn new() -> Self {
        Self::with_links(LinkScheme::Https)
    }

    pub(super) fn with_links(link_scheme: LinkScheme) -> Self {
        let runtime = Runtime::new().unwrap();
        let config = Config { speed: Speed::Instant, export_size: 3 << 20, link_scheme, ..Config::default() };
        let emulator = runtime.block_on(Emulator::start(config)).unwrap();
        Self { emulator, state: tempfile::tempdir().unwrap(), seen: AtomicU64::new(0), runtime }
    }

    /// The account, as programs take it.
    pub(super) fn config(&self) -> String {
        let config = json!({
            "endpoint": self.emulator.endpoint(),
            "clientKey": self.emulator.client_key(),
            "projectId": self.emulator.project_id(),
            "caFile": self.emulator.ca_file(),
            "stateDir": self.state.path(),
        });
        config.to_string()
    }

    /// Gives a program its account, and the library. A proxy of the developer's must not be asked for addresses of this machine.
    pub(super) fn start<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        for (name, _) in std::env::vars().filter(|(name, _)| name.to_ascii_uppercase().ends_with("_PROXY")) {
            command.env_remove(name);
        }
        command.env("EPI_LIBRARY", library());
        command.env("EPI_CONFIG", self.config()).env("EPI_SECRET", self.emulator.client_secret())
    }

    /// Waits until a request to such a path that came since the last question stands without an answer.
    pub(super) fn wait_for_open_request(&self, path: &str) {
        let began = Instant::now();
        let is_open = || {
            let (requests, seen) = (self.emulator.requests(), self.seen.load(SeqCst));
            let mut new = requests.iter().filter(|request| request.sequence > seen);
            new.any(|request| request.ended.is_none() && request.path.contains(path))
        };
        while !is_open() {
            assert!(began.elapsed() < PATIENCE, "no request to {path} stays open");
            std::thread::yield_now();
        }
    }

    /// Runs a program to its end, which must be a success, and gives the lines it printed.
    pub(super) fn run(&self, command: &mut Command) -> Vec<String> {
        let mut errors = tempfile::tempfile().unwrap();
        let command = self.start(command).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(errors.try_clone().unwrap()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let mut lines = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            match line.strip_prefix("? ") {
                // The program may have died of a failed check.
                Some(question) => drop(writeln!(stdin, "{}", self.answer(question))),
                None => lines.push(line),
            }
        }
        let status = child.wait().unwrap();
        let mut said = String::new();
        errors.rewind().unwrap();
        errors.read_to_string(&mut said).unwrap();
        // Even a panic that the library catches must not be printed into the host's terminal.
        let is_fine = status.success() && !said.contains("panicked at");
        assert!(is_fine, "{:?}: {status}\n{}\n{said}", command.get_program(), lines.join("\n"));
        lines
    }

    fn answer(&self, question: &str) -> usize {
        let answer = match question.split_once(' ') {
            None if question == "requests" => self.emulator.requests().len(),
            Some(("open", path)) => {
                self.wait_for_open_request(path);
                0
            }
            _ => panic!("no answer to '{question}'"),
        };
        let newest = self.emulator.requests().last().map_or(0, |request| request.sequence);
        self.seen.store(newest, SeqCst);
        answer
    }

    /// The faults that the programs of `tests/c` rely on.
    pub(super) fn prepare(&self, name: &str) {
        let stall = |path: &str| {
            self.emulator.faults().add(Rule::new(Effect::Stall).path(path));
        };
        match name {
            "operation" => {
                stall("*/edgelogs/location");
                self.emulator.faults().add(Rule::new(Effect::status(503)).path("*/packages/location").times(2));
            }
            "fork" | "unload" => stall("*/edgelogs/location"),
            "cancel" => {
                stall("*/edgelogs/location");
                stall("/bacpacs/");
                stall("/deploymentpackages/");
            }
            "secrets" => {
                self.emulator.faults().add(Rule::new(Effect::status(503)).method("GET").path("/exports/").times(2));
                self.emulator.faults().add(Rule::new(Effect::Truncate { keep: 1000 }).path("/bacpacs/").times(1));
            }
            "broken" => {
                let reset = Rule::new(Effect::Reset).method("PUT").path("/deploymentpackages/");
                self.emulator.faults().add(reset.after_received(100_000).every(3));
            }
            "errors" => {
                let faults = self.emulator.faults();
                faults.add(Rule::new(Effect::retry_after(429, 1)).path("*/packages/location"));
                let errors = vec!["first reason".to_owned(), "second reason".to_owned()];
                faults.add(Rule::new(Effect::Failure { errors }).path("*/storagecontainers"));
            }
            _ => {}
        }
    }

    /// Ends the emulator.
    pub(super) fn close(self) {
        drop(self.emulator);
        self.runtime.shutdown_background();
    }
}

fn passes(name: &str) -> Vec<String> {
    let fixture = Fixture::new();
    fixture.prepare(name);
    let program = Program::compile(name);
    let lines = fixture.run(&mut program.command());
    fixture.close();
    lines.iter().for_each(|line| tell(line));
    lines
}

#[test]
fn version() {
    passes("version");
}

#[test]
fn client() {
    passes("client");
}

#[test]
fn operation() {
    passes("operation");
}

#[test]
fn errors() {
    passes("errors");
}

#[test]
fn cancel() {
    passes("cancel");
}

#[test]
fn callbacks() {
    passes("callbacks");
}

#[test]
fn threads() {
    assert_eq!(passes("threads").len(), 4);
}

#[cfg(target_os = "linux")]
#[test]
fn lifetime() {
    assert_eq!(passes("lifetime").len(), 1);
}

#[test]
fn ends() {
    passes("ends");
}

/// Plays a share that does not answer by a function of Linux.
#[cfg(target_os = "linux")]
#[test]
fn release() {
    passes("release");
}

#[test]
fn stack() {
    passes("stack");
}

/// Every entry point where the system gives few threads. Only root can become a user of whom nothing else runs.
#[cfg(target_os = "linux")]
#[test]
fn thread_limit() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        tell("not run by root, so limits on threads are left out");
        return;
    }
    // Without TLS: the user cannot read the emulator's certificate.
    let fixture = Fixture::with_links(LinkScheme::Http);
    std::fs::set_permissions(fixture.state.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let mut config: serde_json::Value = serde_json::from_str(&fixture.config()).unwrap();
    config.as_object_mut().unwrap().remove("caFile");
    let program = Program::compile("thread_limit");
    let file = fixture.state.path().join("site.cms.app.1.nupkg");
    std::fs::write(&file, vec![7; 3 << 20]).unwrap();
    let user = 40_000 + std::process::id() % 20_000;
    let mut ends = Vec::new();
    for limit in 1..=16 {
        let mut command = program.command();
        command.arg(user.to_string()).arg(limit.to_string()).arg(&file).env("EPI_LIMITED_CONFIG", config.to_string());
        ends.push(fixture.run(&mut command).pop().unwrap());
    }
    fixture.close();
    assert_eq!(ends.first().map(String::as_str), Some("client"), "one thread is too few");
    assert_eq!(ends.last().map(String::as_str), Some("all"), "sixteen are enough: {ends:?}");
}

#[test]
fn broken() {
    passes("broken");
}

/// Looks at its own memory by a file of Linux.
#[cfg(target_os = "linux")]
#[test]
fn secrets() {
    let fixture = Fixture::new();
    fixture.prepare("secrets");
    let program = Program::compile("secrets");
    let told = fixture.run(&mut program.command()).join("\n");
    for (name, secret) in
        [("secret", fixture.emulator.client_secret()), ("signature of a link", "sig="), ("signature", "epi-hmac")]
    {
        assert!(!told.contains(secret), "the {name} is told: {told}");
    }
    assert!(told.contains("retrying") && told.contains("NOT_FOUND") && told.contains("clientSecret"), "{told}");
    fixture.close();
}

#[cfg(target_os = "linux")]
#[test]
fn unload() {
    passes("unload");
}

#[test]
fn fork() {
    passes("fork");
}
