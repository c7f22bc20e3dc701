//! What the transfer tests stand on: an emulator, an engine whose clock and randomness the test holds, folders.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use epicloud::base::cancel::CancelToken;
use epicloud::base::error::Error;
use epicloud::base::event::{Event, Progress, Recording, Sink};
use epicloud::base::secret::SafeUrl;
use epicloud::blob::client::Store;
use epicloud::transfer::Engine;
use epicloud::transfer::download::{Download, DownloadOptions, DownloadReceipt};
use epicloud::transfer::upload::{Upload, UploadFile, UploadOptions, UploadReceipt};
use epicloud::transport::authorities::Authorities;
use epicloud::transport::http::Http;
use epicloud::transport::trust::Trust;
use epicloud_emulator::{Config, Effect, Emulator, LinkScheme, Recorded, Rule};
use tempfile::TempDir;

use super::fixture::names_in;
pub(crate) use super::virtual_time::content;
use super::virtual_time::{Seeded, TestClock};

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const CONTAINER: &str = "deploymentpackages";
pub(crate) const NAME: &str = "site.cms.app.1.0.0.nupkg";
pub(crate) const BLOB: &str = "epicms_2026.bacpac";
pub(crate) const MIB: usize = 1024 * 1024;
pub(crate) const PART: u64 = MIB as u64;

pub(crate) struct TransferFixture {
    pub(crate) emulator: Arc<Emulator>,
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) events: Arc<Recording>,
    pub(crate) folder: TempDir,
    /// Where the engine keeps what a cut upload needs to go on.
    pub(crate) state: TempDir,
}

impl TransferFixture {
    pub(crate) async fn new() -> Self {
        Self::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let emulator = Emulator::start(Config { link_scheme: LinkScheme::Http, ..config }).await.unwrap();
        Self::around(emulator, TestClock::new())
    }

    pub(crate) fn around(emulator: impl Into<Arc<Emulator>>, clock: Arc<TestClock>) -> Self {
        let emulator = emulator.into();
        let authorities = Authorities::read("ca", &std::fs::read(emulator.ca_file()).unwrap()).unwrap();
        let http = Http::new(&Trust::Authorities(authorities), clock.clone()).unwrap();
        let state = tempfile::tempdir().unwrap();
        let engine = Engine::new(Store::new(http), clock.clone(), Arc::new(Seeded::printed()));
        let engine = engine.keeping_state_in(Some(state.path().to_owned()));
        let events = Arc::new(Recording::default());
        Self { emulator, engine, clock, events, folder: tempfile::tempdir().unwrap(), state }
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

    /// How often something with this text was said.
    pub(crate) fn said(&self, text: &str) -> usize {
        self.messages().iter().filter(|message| message.contains(text)).count()
    }

    /// The reports of progress, in order.
    pub(crate) fn progress(&self) -> Vec<Progress> {
        let figures = |event| match event {
            Event::Progress(progress) => Some(progress),
            _ => None,
        };
        self.events.events().into_iter().filter_map(figures).collect()
    }

    pub(crate) fn retrying(&self) -> usize {
        self.events.events().iter().filter(|event| matches!(event, Event::Retrying { .. })).count()
    }

    /// Nothing that was reported holds the signature of a SAS URL.
    pub(crate) fn assert_no_secret(&self) {
        let events = serde_json::to_string(&self.events.events()).unwrap();
        assert!(!events.contains("sig="), "an event holds a signature");
    }

    /// Refuses the n-th request that fits for good, as a SAS URL whose right was taken away.
    pub(crate) fn refuse(&self, rule: impl FnOnce(Rule) -> Rule) {
        let refusal = Rule::new(Effect::error(403, "AuthorizationPermissionMismatch", "no"));
        self.emulator.faults().add(rule(refusal));
    }

    /// Forgets faults and requests.
    pub(crate) fn calm(&self) {
        self.emulator.faults().clear();
        self.emulator.clear_requests();
    }

    /// The journals of cut uploads.
    pub(crate) fn journals(&self) -> Vec<PathBuf> {
        let folder = self.state.path().join("uploads");
        if folder.is_dir() { names_in(&folder).iter().map(|name| folder.join(name)).collect() } else { Vec::new() }
    }
}

pub(crate) fn link(text: &str) -> SafeUrl {
    SafeUrl::parse("link", text).unwrap()
}

/// An upload of one file, on four streams.
pub(crate) fn upload(fixture: &TransferFixture, file: &Path) -> Upload {
    Upload {
        files: vec![named(file, NAME)],
        container: fixture.package_link(),
        renewal: None,
        options: UploadOptions { streams: Some(4), ..UploadOptions::default() },
    }
}

pub(crate) fn named(file: &Path, blob_name: &str) -> UploadFile {
    UploadFile { path: file.to_owned(), blob_name: blob_name.to_owned() }
}

/// Runs an upload.
pub(crate) async fn send_all(fixture: &TransferFixture, upload: &Upload) -> Result<Vec<UploadReceipt>, Error> {
    let outcome = fixture.engine.upload(upload, &fixture.sink(), &CancelToken::new()).await;
    fixture.assert_no_secret();
    if let Err(error) = &outcome {
        assert!(!error.to_json().to_string().contains("sig="), "{error}");
    }
    outcome
}

/// Runs an upload of one file.
pub(crate) async fn send(fixture: &TransferFixture, upload: &Upload) -> Result<UploadReceipt, Error> {
    let receipts = send_all(fixture, upload).await?;
    let [receipt] = <[UploadReceipt; 1]>::try_from(receipts).unwrap();
    Ok(receipt)
}

pub(crate) fn stored(fixture: &TransferFixture, name: &str) -> Vec<u8> {
    fixture.emulator.blob(CONTAINER, name).unwrap().read(0..u64::MAX).unwrap()
}

/// The number of a block, and the id of the upload that it belongs to.
pub(crate) fn block(request: &Recorded) -> (usize, [u8; 16]) {
    let id = request.query.split('&').find_map(|pair| pair.strip_prefix("blockid=")).unwrap();
    let id = percent_encoding::percent_decode_str(id).decode_utf8().unwrap();
    let id = STANDARD.decode(id.as_bytes()).unwrap();
    (u32::from_le_bytes(id[..4].try_into().unwrap()) as usize, id[4..20].try_into().unwrap())
}

/// The numbers of the blocks that were sent, in order of their numbers.
pub(crate) fn blocks(fixture: &TransferFixture) -> Vec<usize> {
    let mut numbers: Vec<_> = fixture.put_blocks().iter().map(|request| block(request).0).collect();
    numbers.sort_unstable();
    numbers
}

/// A download of the exported database on four streams, in parts of 1 MiB.
pub(crate) fn download(fixture: &TransferFixture, target: &Path) -> Download {
    Download {
        link: link(&fixture.emulator.blob_link("bacpacs", BLOB, "r", HOUR)),
        target: target.to_owned(),
        renewal: None,
        overwrite: false,
        reservation: None,
        inspection: None,
        options: DownloadOptions { streams: 4, part_size: PART },
    }
}

/// Runs a download.
pub(crate) async fn receive(fixture: &TransferFixture, download: &Download) -> Result<DownloadReceipt, Error> {
    let outcome = fixture.engine.download(download, &fixture.sink(), &CancelToken::new()).await;
    fixture.assert_no_secret();
    if let Err(error) = &outcome {
        assert!(!error.to_json().to_string().contains("sig="), "{error}");
    }
    outcome
}

/// What may be done when something is reported.
type Act = Box<dyn FnMut(&Event) + Send>;

/// A sink that does something of its own with each event: the way to act at a certain moment of a transfer.
pub(crate) struct Acting {
    events: Arc<Recording>,
    act: Mutex<Act>,
}

impl Acting {
    pub(crate) fn acting(fixture: &TransferFixture, act: impl FnMut(&Event) + Send + 'static) -> Arc<dyn Sink> {
        Arc::new(Self { events: fixture.events.clone(), act: Mutex::new(Box::new(act)) })
    }
}

impl Sink for Acting {
    fn event(&self, event: Event) {
        self.act.lock().unwrap()(&event);
        self.events.event(event);
    }
}

/// Whether an event tells that a request with this method was answered with success.
pub(crate) fn is_answered(event: &Event, method: &str) -> bool {
    matches!(event, Event::Message { text, .. } if text.starts_with(method) && text.contains(" -> 20"))
}
