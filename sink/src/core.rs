//! What all parts of one sink share: what it remembers and counts, its settings, its addresses and links.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use epicloud_emulator::Milliseconds;
use epicloud_emulator::link::link_path;
use tokio::time::Instant;

use crate::blobs::{Blobs, Committed};
use crate::settings::{Change, SinkSettings};
use crate::shaping::Shared;
use crate::statistics::{Statistics, one_more};

/// The name of the storage account in links.
const ACCOUNT: &str = "episink";
/// Version and end of the links, which never end.
const VERSION: &str = "2023-01-03";
const EXPIRY: &str = "2999-01-01T00:00:00Z";

/// What all parts of one sink share.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) statistics: Statistics,
    pub(crate) blobs: Blobs,
    /// The blob that can be downloaded.
    pub(crate) bench: Option<Committed>,
    /// Where the time of all connections begins.
    pub(crate) began: Instant,
    pub(crate) started: Milliseconds,
    network: Mutex<(SinkSettings, Arc<Shared>)>,
    blocks: AtomicU64,
    request_ids: AtomicU64,
    http_origin: String,
    https_origin: String,
}

impl Core {
    /// A sink that was asked nothing yet, behind listeners at these addresses (`http://HOST:PORT`, `https://HOST:PORT`).
    pub(crate) fn new(
        settings: SinkSettings,
        bench: Option<Committed>,
        started: Milliseconds,
        (http_origin, https_origin): (String, String),
    ) -> Self {
        let shared = Arc::new(Shared::new(&settings));
        Self {
            statistics: Statistics::default(),
            blobs: Blobs::default(),
            bench,
            began: Instant::now(),
            started,
            network: Mutex::new((settings, shared)),
            blocks: AtomicU64::new(0),
            request_ids: AtomicU64::new(0),
            http_origin,
            https_origin,
        }
    }

    pub(crate) fn now(&self) -> Milliseconds {
        let passed = Milliseconds::try_from(self.began.elapsed().as_millis()).unwrap_or(Milliseconds::MAX);
        self.started.saturating_add(passed)
    }

    pub(crate) fn request_id(&self) -> String {
        format!("e0000000-001e-0000-0000-{:012x}", one_more(&self.request_ids))
    }

    /// The number of a Put Block, counted from 1.
    pub(crate) fn next_block(&self) -> u64 {
        one_more(&self.blocks)
    }

    pub(crate) fn settings(&self) -> SinkSettings {
        crate::lock(&self.network).0.clone()
    }

    /// The settings, and the links that connections under them share.
    pub(crate) fn network(&self) -> (SinkSettings, Arc<Shared>) {
        crate::lock(&self.network).clone()
    }

    /// Changes the settings for new connections and requests; returns them. The faults begin to count anew.
    pub(crate) fn change(&self, change: Change) -> SinkSettings {
        let mut network = crate::lock(&self.network);
        let settings = change.apply(&network.0);
        let shared = Arc::new(Shared::new(&settings));
        *network = (settings.clone(), shared);
        self.blocks.store(0, Ordering::Relaxed);
        settings
    }

    /// `http://HOST:PORT` or `https://HOST:PORT`.
    pub(crate) fn origin(&self, secure: bool) -> &str {
        if secure { &self.https_origin } else { &self.http_origin }
    }

    /// Base of the store on one of the listeners, with a slash at its end.
    pub(crate) fn blob_base(&self, secure: bool) -> String {
        format!("{}/{ACCOUNT}.blob.core.windows.net/", self.origin(secure))
    }

    pub(crate) fn link(&self, secure: bool, container: &str, blob: &str) -> String {
        let (resource, permissions) = if blob.is_empty() { ("c", "rw") } else { ("b", "r") };
        let path = link_path(container, blob);
        let base = self.blob_base(secure);
        format!("{base}{path}?sv={VERSION}&sr={resource}&sp={permissions}&se={EXPIRY}&sig=sink")
    }
}
