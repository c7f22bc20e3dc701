//! What the tests stand on: an emulator and a client on one clock that stands still, and `epi` as a child process.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use epicloud::base::event::Recording;
use epicloud::{CancelToken, Client, DxpConfig, Event, Scope, Secret};
use epicloud_emulator::{Config, Emulator, Recorded, Speed};

use super::virtual_time::{Seeded, TestClock};

/// An emulator and a client in this process, on one virtual clock.
pub(crate) struct Fixture {
    pub(crate) emulator: Arc<Emulator>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) client: Client,
    pub(crate) recording: Arc<Recording>,
    pub(crate) cancel: CancelToken,
    pub(crate) scope: Scope,
}

impl Fixture {
    /// An emulator that stands still until a client pauses.
    pub(crate) async fn new() -> Self {
        Self::with(Config { export_size: 3 << 20, ..Config::default() }).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let emulator = Arc::new(Emulator::start(Config { speed: Speed::Manual, ..config }).await.unwrap());
        let clock = TestClock::moving(&emulator);
        let client = client(&configuration(&emulator), emulator.client_secret(), &clock);
        let recording = Arc::new(Recording::default());
        let cancel = CancelToken::new();
        let scope = Scope::new(recording.clone(), cancel.clone());
        Self { emulator, clock, client, recording, cancel, scope }
    }

    /// The API requests so far as `METHOD path-below-the-project?query`.
    pub(crate) fn api_requests(&self) -> Vec<String> {
        let below = format!("/projects/{}/", self.emulator.project_id());
        let requests = self.emulator.requests();
        requests
            .iter()
            .filter_map(|request| Some(format!("{} {}", request.method, target(request).split_once(&below)?.1)))
            .collect()
    }

    /// The events of a kind.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let texts = self.recording.events().into_iter();
        texts.filter_map(|event| if let Event::Warning { text } = event { Some(text) } else { None }).collect()
    }
}

/// A request's raw path and query.
pub(crate) fn target(request: &Recorded) -> String {
    if request.query.is_empty() { request.path.clone() } else { format!("{}?{}", request.path, request.query) }
}

/// The configuration of the emulator's account.
pub(crate) fn configuration(emulator: &Emulator) -> DxpConfig {
    DxpConfig {
        endpoint: Some(emulator.endpoint()),
        client_key: Some(emulator.client_key().to_owned()),
        project_id: Some(emulator.project_id().to_owned()),
        ca_file: Some(emulator.ca_file().to_owned()),
        ..DxpConfig::default()
    }
}

pub(crate) fn client(config: &DxpConfig, secret: &str, clock: &Arc<TestClock>) -> Client {
    Client::with_sources(config.clone(), Some(&Secret::from(secret)), clock.clone(), Arc::new(Seeded::printed()))
        .unwrap()
}

/// The command that saves a database to a file of this name.
pub(crate) fn saving(file: &str) -> [&str; 10] {
    [
        "export",
        "save",
        "--environment",
        "Production",
        "--database",
        "epicms",
        "--output-file",
        file,
        "--polling-interval",
        "1",
    ]
}

/// `epi` as a child process, in a folder of its own, against an emulator.
pub(crate) struct Epi {
    pub(crate) folder: tempfile::TempDir,
    /// Apart, because tests look at what is left in the folder.
    pub(crate) state: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Epi {
    /// With the emulator's account, over HTTP or HTTPS.
    pub(crate) fn new(emulator: &Emulator, endpoint: String) -> Self {
        let variables = [
            ("EPI_CLIENT_KEY", emulator.client_key().to_owned()),
            ("EPI_CLIENT_SECRET", emulator.client_secret().to_owned()),
            ("EPI_PROJECT_ID", emulator.project_id().to_owned()),
            ("EPI_ENDPOINT", endpoint),
            ("EPI_CA_FILE", emulator.ca_file().display().to_string()),
        ];
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { variables, ..Self::bare() }
    }

    /// Without any account.
    pub(crate) fn bare() -> Self {
        let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        Self { folder, state, variables: Vec::new() }
    }

    /// With another value of a variable.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The command, not started.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_epi"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("EPI_") || name.ends_with("_PROXY")) {
            command.env_remove(name);
        }
        for name in ["CI", "CLICOLOR", "CLICOLOR_FORCE", "NO_COLOR", "TERM"] {
            command.env_remove(name);
        }
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("COLUMNS", "100").env("EPI_STATE_DIR", self.state.path());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs it to its end. Off the async threads, because the emulator may live in this process.
    pub(crate) async fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Run {
        let mut command = self.command(arguments);
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        Run::of(output)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

/// What a run of `epi` gave.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(output: Output) -> Self {
        let run = Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        // What the system and the crates say is reworded for people, whatever failed.
        for words in ["(os error", "docs.rs"] {
            assert!(!run.stderr.contains(words) && !run.stdout.contains(words), "'{words}' in {run:?}");
        }
        run
    }

    /// The result document; the run must have succeeded.
    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The run must have failed with this code, and said this and what to do next.
    pub(crate) fn refused(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        let says_what_next = ["  next: ", "For more information, try"].iter().any(|words| self.stderr.contains(words));
        // A job that failed has ended, and its texts are the service's. Where a value breaks a rule, or a file that was
        // named is not there, the message says all: no advice is better than one that says nothing.
        assert!(matches!(code, 1 | 3 | 5) || says_what_next, "no next step in {self:?}");
        for said_nothing in ["correct the value", "check the name for typing errors", "the service's own text says"] {
            assert!(!self.stderr.contains(said_nothing), "an empty next step in {self:?}");
        }
        for word in words {
            assert!(self.stderr.contains(word), "'{word}' is not in {self:?}");
        }
    }
}

/// The names of the files in a folder.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
