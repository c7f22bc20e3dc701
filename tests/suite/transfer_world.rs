//! What the transfer tests stand on: an emulator, an engine whose clock and randomness the test holds, a folder.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use epicloud::base::event::{Event, Recording, Sink};
use epicloud::base::secret::SafeUrl;
use epicloud::blob::client::Store;
use epicloud::transfer::Engine;
use epicloud::transport::http::Http;
use epicloud_emulator::{Config, Emulator, LinkScheme, Recorded};
use tempfile::TempDir;

pub(crate) use super::virtual_time::content;
use super::virtual_time::{Seeded, TestClock};

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const CONTAINER: &str = "deploymentpackages";
pub(crate) const NAME: &str = "site.cms.app.1.0.0.nupkg";
pub(crate) const MIB: usize = 1024 * 1024;

pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) events: Arc<Recording>,
    pub(crate) folder: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let emulator = Emulator::start(Config { link_scheme: LinkScheme::Http, ..config }).await.unwrap();
        let clock = TestClock::new();
        let http = Http::new(Some(&std::fs::read(emulator.ca_file()).unwrap()), clock.clone()).unwrap();
        let engine = Engine::new(Store::new(http), clock.clone(), Arc::new(Seeded::printed()));
        let events = Arc::new(Recording::default());
        Self { emulator, engine, clock, events, folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn sink(&self) -> Arc<dyn Sink> {
        self.events.clone()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file with this content.
    pub(crate) fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn package_link(&self) -> SafeUrl {
        link(&self.emulator.package_link("w", HOUR))
    }

    /// The recorded requests with this method whose query holds this text.
    pub(crate) fn requests(&self, method: &str, query: &str) -> Vec<Recorded> {
        let fits = |request: &Recorded| request.method == method && format!("{}&", request.query).contains(query);
        self.emulator.requests().into_iter().filter(fits).collect()
    }

    pub(crate) fn put_blocks(&self) -> Vec<Recorded> {
        self.requests("PUT", "comp=block&")
    }

    pub(crate) fn commits(&self) -> Vec<Recorded> {
        self.requests("PUT", "comp=blocklist&")
    }

    pub(crate) fn messages(&self) -> Vec<String> {
        let text = |event| match event {
            Event::Message { text, .. } => Some(text),
            _ => None,
        };
        self.events.events().into_iter().filter_map(text).collect()
    }

    pub(crate) fn retrying(&self) -> usize {
        self.events.events().iter().filter(|event| matches!(event, Event::Retrying { .. })).count()
    }

    /// Nothing that was reported holds the signature of a link.
    pub(crate) fn assert_no_secret(&self) {
        let events = serde_json::to_string(&self.events.events()).unwrap();
        assert!(!events.contains("sig="), "an event holds a signature");
    }
}

pub(crate) fn link(text: &str) -> SafeUrl {
    SafeUrl::parse("link", text).unwrap()
}

/// Waits for a child process to end well, and gives the most memory it had resident, in KiB.
#[cfg(target_os = "linux")]
#[expect(clippy::print_stdout, reason = "the figure is the point of the test")]
pub(crate) async fn peak_memory(child: &mut std::process::Child) -> u64 {
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    let mut ended = None;
    super::virtual_time::until("the end of the child", || {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        most = most.max(peak.unwrap_or_default());
        ended = child.try_wait().unwrap();
        ended.is_some()
    })
    .await;
    assert!(ended.is_some_and(|ended| ended.success()));
    println!("peak resident memory {most} KiB");
    most
}
