//! What all parts of one running emulator share: configuration, clock, identity, stores, record, faults, addresses.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::azurite::Azurite;
use crate::blob::sas::Sas;
use crate::blob::{Folder, Store};
use crate::clock::{Clock, Milliseconds};
use crate::config::{Config, LinkScheme};
use crate::fault::Faults;
use crate::http::BlobAddress;
use crate::identity::{ACCOUNT, Identity};
use crate::record::Recorder;
use crate::service::Service;
use crate::state_dir::StateDir;
use crate::timestamp;

/// The container packages are uploaded to (spec 3.1).
pub(crate) const PACKAGES: &str = "deploymentpackages";
/// The container of exported databases (spec 3.1).
pub(crate) const BACPACS: &str = "bacpacs";
/// The container of edge logs (spec 2.5, E11).
pub(crate) const EDGE_LOGS: &str = "cloudflarelogpush";

/// The shared parts.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) config: Config,
    pub(crate) clock: Arc<Clock>,
    pub(crate) identity: Identity,
    pub(crate) secret: Vec<u8>,
    pub(crate) account_key: Vec<u8>,
    pub(crate) faults: Faults,
    pub(crate) recorder: Arc<Recorder>,
    /// Follows requests that are not shown on the record.
    pub(crate) unrecorded: Arc<Recorder>,
    pub(crate) folder: Folder,
    pub(crate) blobs: Store,
    pub(crate) azurite: Option<Azurite>,
    pub(crate) service: Service,
    pub(crate) state_dir: Option<StateDir>,
    /// `http://HOST:PORT` and `https://HOST:PORT` of the listeners.
    pub(crate) http_origin: String,
    pub(crate) https_origin: String,
    pub(crate) connections: AtomicU64,
    pub(crate) request_ids: AtomicU64,
}

/// A link to be made.
#[derive(Clone, Debug)]
pub(crate) struct Link<'a> {
    pub(crate) container: &'a str,
    /// Empty for the container itself.
    pub(crate) blob: &'a str,
    pub(crate) permissions: &'a str,
    pub(crate) starts: Option<Milliseconds>,
    pub(crate) expires: Milliseconds,
    pub(crate) version: &'a str,
    pub(crate) protocol: &'a str,
    pub(crate) secure: bool,
}

impl Core {
    pub(crate) fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// A request id in the form of Azure's.
    pub(crate) fn request_id(&self) -> String {
        request_id(self.request_ids.fetch_add(1, Ordering::SeqCst) + 1)
    }

    pub(crate) fn links_are_secure(&self) -> bool {
        self.config.link_scheme == LinkScheme::Https
    }

    /// Base of the blob store on one of the listeners, with a slash at its end.
    pub(crate) fn blob_base(&self, secure: bool) -> String {
        let origin = if secure { &self.https_origin } else { &self.http_origin };
        format!("{origin}/{ACCOUNT}.blob.core.windows.net/")
    }

    /// A link to the embedded blob store.
    pub(crate) fn embedded_link(&self, link: &Link<'_>) -> String {
        let to = BlobAddress {
            account: ACCOUNT.to_owned(),
            container: link.container.to_owned(),
            blob: link.blob.to_owned(),
        };
        let path = link_path(link.container, link.blob);
        format!("{}{path}?{}", self.blob_base(link.secure), signed_query(link, &self.account_key, &to))
    }

    /// The kind of link the service hands out, to whichever store is in use.
    pub(crate) fn service_link(&self, container: &str, blob: &str, permissions: &str, expires: Milliseconds) -> String {
        let link = Link {
            container,
            blob,
            permissions,
            starts: None,
            expires,
            version: &self.config.sas_version,
            protocol: "",
            secure: self.links_are_secure(),
        };
        match &self.azurite {
            Some(azurite) => azurite.link(&link),
            None => self.embedded_link(&link),
        }
    }

    /// Writes the state folder, if there is one. A state that cannot be written does not fail the request that
    /// changed it; stopping reports the failure.
    pub(crate) fn save(&self) {
        if let Some(dir) = &self.state_dir {
            let _ = dir.save(self);
        }
    }
}

/// A request id in the form of Azure's.
pub(crate) fn request_id(number: u64) -> String {
    format!("e0000000-001e-0000-0000-{number:012x}")
}

/// `{container}` or `{container}/{blob}`, percent-encoded but for the slashes.
pub(crate) fn link_path(container: &str, blob: &str) -> String {
    const NAME: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
    match blob {
        "" => container.to_owned(),
        blob => format!("{container}/{}", percent_encoding::utf8_percent_encode(blob, NAME)),
    }
}

/// The query of a link, signed with the account's key.
pub(crate) fn signed_query(link: &Link<'_>, key: &[u8], to: &BlobAddress) -> String {
    let sas = Sas {
        version: link.version.to_owned(),
        resource: if link.blob.is_empty() { "c" } else { "b" }.to_owned(),
        permissions: link.permissions.to_owned(),
        start: link.starts.map(timestamp::iso_seconds).unwrap_or_default(),
        expiry: timestamp::iso_seconds(link.expires),
        protocol: link.protocol.to_owned(),
        ..Sas::default()
    };
    sas.sign(key, to)
}
