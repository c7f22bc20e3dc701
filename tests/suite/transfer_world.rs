//! What the transfer tests stand on: an emulator, an engine whose clock and randomness the test holds, a folder.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use epicloud::base::entropy::Entropy;
use epicloud::base::event::{Event, Recording, Sink};
use epicloud::base::secret::SafeUrl;
use epicloud::base::time::{BoxFuture, Clock};
use epicloud::blob::client::Store;
use epicloud::transfer::Engine;
use epicloud::transport::http::Http;
use epicloud_emulator::{Config, Emulator, LinkScheme, Recorded};
use tempfile::TempDir;

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const CONTAINER: &str = "deploymentpackages";
pub(crate) const NAME: &str = "site.cms.app.1.0.0.nupkg";
pub(crate) const MIB: usize = 1024 * 1024;

/// Sleeps up to this long end at once and move the time on; longer ones wait until the test moves the time.
const AUTOMATIC: Duration = Duration::from_secs(12);

/// A clock that costs no time.
pub(crate) struct TestClock {
    unix_ms: u64,
    now: tokio::sync::watch::Sender<Duration>,
    slept: Mutex<Vec<Duration>>,
}

impl TestClock {
    fn new() -> Arc<Self> {
        let unix_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
        Arc::new(Self { unix_ms, now: tokio::sync::watch::Sender::new(Duration::ZERO), slept: Mutex::default() })
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.now.send_modify(|now| *now += by);
    }

    /// The pauses so far.
    pub(crate) fn pauses(&self) -> Vec<Duration> {
        self.slept.lock().unwrap().clone()
    }
}

impl Clock for TestClock {
    fn unix_ms(&self) -> u64 {
        self.unix_ms + self.monotonic().as_millis() as u64
    }

    fn monotonic(&self) -> Duration {
        *self.now.borrow()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if duration <= AUTOMATIC {
            self.slept.lock().unwrap().push(duration);
            self.advance(duration);
            return Box::pin(async {});
        }
        let mut now = self.now.subscribe();
        let due = self.monotonic() + duration;
        Box::pin(async move {
            drop(now.wait_for(|now| *now >= due).await);
        })
    }
}

/// SplitMix64: repeatable.
struct Seeded(AtomicU64);

impl Entropy for Seeded {
    fn bits(&self) -> u64 {
        let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

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

    #[expect(clippy::print_stdout, reason = "a seed is printed so that a failure can be repeated")]
    pub(crate) async fn with(config: Config) -> Self {
        let emulator = Emulator::start(Config { link_scheme: LinkScheme::Http, ..config }).await.unwrap();
        let clock = TestClock::new();
        let seed = clock.unix_ms;
        println!("seed {seed}");
        let http = Http::new(Some(&std::fs::read(emulator.ca_file()).unwrap()), clock.clone()).unwrap();
        let engine = Engine::new(Store::new(http), clock.clone(), Arc::new(Seeded(AtomicU64::new(seed))));
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

/// Bytes that do not repeat.
pub(crate) fn content(seed: u64, length: usize) -> Vec<u8> {
    let source = Seeded(AtomicU64::new(seed));
    (0..length.div_ceil(8)).flat_map(|_| source.bits().to_le_bytes()).take(length).collect()
}
