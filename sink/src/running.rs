//! A running sink: its parts, its addresses and links, its start and its end.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::blobs::{Blobs, Committed};
use super::content;
use super::download::{BENCH_BLOB, bench};
use super::listener::{Purpose, accept};
use super::settings::{Change, SinkConfig, SinkSettings};
use super::shaping::Shared;
use super::statistics::{Statistics, one_more};
use crate::certificate::Certificates;
use crate::clock::{Clock, Milliseconds};
use crate::config::Speed;
use crate::core::{BACPACS, PACKAGES, link_path, request_id};
use crate::error::Error;
use crate::http::{bind, reachable};

/// The name of the storage account in links.
const ACCOUNT: &str = "episink";
/// Version and end of the links, which never end.
const VERSION: &str = "2023-01-03";
const EXPIRY: &str = "2999-01-01T00:00:00Z";

/// What all parts of one sink share.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) statistics: Statistics,
    pub(super) blobs: Blobs,
    /// The blob that can be downloaded.
    pub(super) bench: Option<Committed>,
    /// Where the time of all connections begins.
    pub(super) origin: Instant,
    pub(super) started: Milliseconds,
    clock: Clock,
    network: Mutex<(SinkSettings, Arc<Shared>)>,
    blocks: AtomicU64,
    request_ids: AtomicU64,
    http_origin: String,
    https_origin: String,
}

impl Core {
    pub(super) fn now(&self) -> Milliseconds {
        self.clock.now()
    }

    pub(super) fn request_id(&self) -> String {
        request_id(one_more(&self.request_ids))
    }

    /// The number of a Put Block, counted from 1.
    pub(super) fn next_block(&self) -> u64 {
        one_more(&self.blocks)
    }

    pub(super) fn settings(&self) -> SinkSettings {
        crate::lock(&self.network).0.clone()
    }

    /// The settings, and the links that connections under them share.
    pub(super) fn network(&self) -> (SinkSettings, Arc<Shared>) {
        crate::lock(&self.network).clone()
    }

    /// Changes the settings for new connections and requests; returns them. The faults begin to count anew.
    pub(super) fn change(&self, change: Change) -> SinkSettings {
        let mut network = crate::lock(&self.network);
        let settings = change.apply(&network.0);
        let shared = Arc::new(Shared::new(&settings));
        *network = (settings.clone(), shared);
        self.blocks.store(0, std::sync::atomic::Ordering::Relaxed);
        settings
    }

    /// Base of the store on one of the listeners, with a slash at its end.
    pub(super) fn blob_base(&self, secure: bool) -> String {
        let origin = if secure { &self.https_origin } else { &self.http_origin };
        format!("{origin}/{ACCOUNT}.blob.core.windows.net/")
    }

    fn link(&self, secure: bool, container: &str, blob: &str) -> String {
        let (resource, permissions) = if blob.is_empty() { ("c", "rw") } else { ("b", "r") };
        let path = link_path(container, blob);
        let base = self.blob_base(secure);
        format!("{base}{path}?sv={VERSION}&sr={resource}&sp={permissions}&se={EXPIRY}&sig=sink")
    }
}

/// A running sink. Dropping it stops serving and removes its temporary files.
#[derive(Debug)]
pub struct Sink {
    core: Arc<Core>,
    push: String,
    ca_file: PathBuf,
    stop: watch::Sender<bool>,
    serving: Vec<JoinHandle<()>>,
    /// Removed at the end.
    home: Option<TempDir>,
}

impl Sink {
    /// Binds the listeners and serves.
    pub async fn start(config: SinkConfig) -> Result<Self, Error> {
        let home = tempfile::Builder::new().prefix("epi-sink-").tempdir();
        let home = home.map_err(Error::io("creating a temporary directory"))?;
        let certificates = Certificates::make()?;
        let ca_file = home.path().join("ca.pem");
        certificates.write_authority(&ca_file)?;
        let tls = certificates.server_config()?;
        let clock = Clock::start(Speed::Real, 0);
        let started = clock.now();
        let bench = match config.blob_size {
            None => None,
            Some(length) => {
                let md5 = if config.blob_md5 {
                    let computed = tokio::task::spawn_blocking(move || content::md5(length)).await;
                    Some(STANDARD.encode(computed.map_err(Error::failed("computing the MD5 of the blob"))?))
                } else {
                    None
                };
                Some(bench(length, md5, started))
            }
        };
        let http = bind(config.http).await?;
        let https = bind(config.https).await?;
        // Beside HTTPS, on a port of its own.
        let push = bind((config.https.ip(), 0).into()).await?;
        let push_address = reachable(&push)?.to_string();
        let shared = Arc::new(Shared::new(&config.settings));
        let core = Arc::new(Core {
            statistics: Statistics::default(),
            blobs: Blobs::default(),
            bench,
            origin: Instant::now(),
            started,
            clock,
            network: Mutex::new((config.settings, shared)),
            blocks: AtomicU64::new(0),
            request_ids: AtomicU64::new(0),
            http_origin: format!("http://{}", reachable(&http)?),
            https_origin: format!("https://{}", reachable(&https)?),
        });
        let (stop, stopped) = watch::channel(false);
        let listeners = [(http, Purpose::Http), (https, Purpose::Https(Arc::clone(&tls))), (push, Purpose::Push(tls))];
        let serving = listeners
            .map(|(listener, purpose)| tokio::spawn(accept(Arc::clone(&core), listener, purpose, stopped.clone())));
        Ok(Self { core, push: push_address, ca_file, stop, serving: serving.into(), home: Some(home) })
    }

    /// Base of both listeners' addresses over HTTP, with a slash at its end; `__control/` follows.
    pub fn endpoint(&self) -> String {
        format!("{}/", self.core.http_origin)
    }

    /// The same over HTTPS.
    pub fn https_endpoint(&self) -> String {
        format!("{}/", self.core.https_origin)
    }

    /// PEM file of the certificate authority that signed the HTTPS listener's certificate.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// A link to the container of packages.
    pub fn container_link(&self, secure: bool) -> String {
        self.core.link(secure, PACKAGES, "")
    }

    /// A link to the blob that can be downloaded, whether there is one or not.
    pub fn blob_link(&self, secure: bool) -> String {
        self.core.link(secure, BACPACS, BENCH_BLOB)
    }

    /// Host and port of the listener that reads TLS and discards it.
    pub fn push_address(&self) -> &str {
        &self.push
    }

    /// The line the program prints when it is ready.
    pub fn ready_line(&self) -> String {
        json!({
            "endpoint": self.endpoint(),
            "httpsEndpoint": self.https_endpoint(),
            "caFile": self.ca_file.to_string_lossy(),
            "containerLink": self.container_link(true),
            "httpContainerLink": self.container_link(false),
            "blobLink": self.blob_link(true),
            "httpBlobLink": self.blob_link(false),
            "pushAddress": self.push,
        })
        .to_string()
    }

    /// Stops serving and removes the temporary files.
    pub async fn stop(mut self) -> Result<(), Error> {
        // The listeners hold a receiver each, unless they ended by a panic.
        let _ = self.stop.send(true);
        for task in self.serving.drain(..) {
            task.await.map_err(Error::failed("stopping a listener"))?;
        }
        match self.home.take() {
            Some(home) => home.close().map_err(Error::io("removing the temporary directory")),
            None => Ok(()),
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        for task in &self.serving {
            task.abort();
        }
    }
}
