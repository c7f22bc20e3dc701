//! The storage account: its key, its containers, the links to them, and whether they live here or in another store.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::condition::Conditions;
use super::content::Content;
use super::sas::Sas;
use super::saved::SavedStore;
use super::spool::Folder;
use super::store::{Properties, Store};
use crate::azurite::Azurite;
use crate::bacpac::Layout;
use crate::clock::{Clock, Milliseconds};
use crate::error::Error;
use crate::http::BlobAddress;
use crate::link::{Link, LinkScheme, LinkSpec, link_path};
use crate::random::random;
use crate::state_dir::{Section, StateDir};

/// The name of the storage account all containers live in.
pub(crate) const ACCOUNT: &str = "epiemulator";

/// Credentials that the account does not accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused;

/// How links to the account look.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    pub(crate) scheme: LinkScheme,
    /// `sv`.
    pub(crate) version: String,
    /// `http://HOST:PORT` and `https://HOST:PORT` of the listeners.
    pub(crate) http_origin: String,
    pub(crate) https_origin: String,
}

/// The storage account of one emulator.
#[derive(Debug)]
pub(crate) struct Storage {
    pub(super) blobs: Store,
    pub(super) folder: Folder,
    pub(super) key: Vec<u8>,
    pub(crate) clock: Arc<Clock>,
    azurite: Option<Azurite>,
    links: Links,
    state: Arc<StateDir>,
    request_ids: AtomicU64,
    is_new: bool,
}

/// The account as it is written to a state folder.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Saved {
    account_key: String,
    #[serde(flatten)]
    store: SavedStore,
}

impl Section for Storage {
    fn name(&self) -> &'static str {
        "blobs"
    }

    fn save(&self) -> serde_json::Result<Value> {
        serde_json::to_value(Saved { account_key: STANDARD.encode(&self.key), store: self.blobs.save() })
    }
}

impl Storage {
    /// Opens the account whose bytes lie in this folder, with what an earlier run left in it.
    pub(crate) async fn open(
        folder: PathBuf,
        azurite: Option<Azurite>,
        links: Links,
        clock: &Arc<Clock>,
        state: &Arc<StateDir>,
    ) -> Result<Arc<Self>, Error> {
        let saved: Option<Saved> = state.take("blobs")?;
        let key = match &saved {
            Some(saved) => STANDARD.decode(&saved.account_key).map_err(Error::failed("reading the account key"))?,
            None => random::<64>()?.to_vec(),
        };
        let is_new = saved.is_none();
        let folder = Folder::open(folder);
        let blobs = Store::new();
        let restoring = tokio::task::spawn_blocking(move || {
            if let Some(saved) = saved {
                blobs.restore(saved.store, &folder);
            }
            (blobs, folder)
        });
        let (blobs, folder) = restoring.await.map_err(Error::failed("restoring blobs"))?;
        let storage = Arc::new(Self {
            blobs,
            folder,
            key,
            clock: Arc::clone(clock),
            azurite,
            links,
            state: Arc::clone(state),
            request_ids: AtomicU64::new(0),
            is_new,
        });
        state.keep(&storage);
        Ok(storage)
    }

    /// Whether an earlier run left nothing, so that sample blobs may be put into it. Never another store: it is not ours.
    pub(crate) fn wants_samples(&self) -> bool {
        self.is_new && self.azurite.is_none()
    }

    /// From now on the files of the blobs stay.
    pub(crate) fn keep(&self) {
        self.folder.keep();
    }

    /// Writes the state folder.
    pub(crate) fn save(&self) {
        self.state.save();
    }

    /// A request id in the form of Azure's.
    pub(crate) fn request_id(&self) -> String {
        format!("e0000000-001e-0000-0000-{:012x}", self.request_ids.fetch_add(1, Ordering::SeqCst) + 1)
    }

    /// Base of the embedded store on one of the listeners, with a slash at its end.
    pub(crate) fn base(&self, secure: bool) -> String {
        let origin = if secure { &self.links.https_origin } else { &self.links.http_origin };
        format!("{origin}/{ACCOUNT}.blob.core.windows.net/")
    }

    fn is_secure(&self) -> bool {
        self.links.scheme == LinkScheme::Https
    }

    fn embedded_link(&self, link: &Link<'_>) -> String {
        let path = link_path(link.container, link.blob);
        format!("{}{path}?{}", self.base(link.secure), link.signed_query(&self.key, ACCOUNT))
    }

    /// A link to the embedded store, with everything chosen.
    pub(crate) fn chosen_link(&self, spec: &LinkSpec) -> String {
        let validity = i64::try_from(spec.validity.as_millis()).unwrap_or(i64::MAX / 4);
        self.embedded_link(&Link {
            container: &spec.container,
            blob: spec.blob.as_deref().unwrap_or_default(),
            permissions: spec.permissions.letters(),
            starts: spec.starts,
            expires: self.clock.now() + validity,
            version: spec.version.as_deref().unwrap_or(&self.links.version),
            protocol: spec.protocol.as_deref().unwrap_or_default(),
            secure: spec.scheme.map_or(self.is_secure(), |scheme| scheme == LinkScheme::Https),
        })
    }

    /// The kind of link a service hands out, to whichever store is in use.
    pub(crate) fn link(&self, container: &str, blob: &str, permissions: &str, expires: Milliseconds) -> String {
        let link = Link {
            container,
            blob,
            permissions,
            starts: None,
            expires,
            version: &self.links.version,
            protocol: "",
            secure: self.is_secure(),
        };
        match &self.azurite {
            Some(azurite) => azurite.link(&link),
            None => self.embedded_link(&link),
        }
    }

    /// The embedded store, for what looks at it and changes it directly.
    pub(crate) fn embedded(&self) -> &Store {
        &self.blobs
    }

    /// Creates a container, unless it exists.
    pub(crate) async fn create_container(&self, name: &str) -> Result<(), Error> {
        match &self.azurite {
            Some(azurite) => azurite.create_container(name).await,
            None => {
                self.blobs.create_container(name);
                Ok(())
            }
        }
    }

    /// Whether there is a committed blob.
    pub(crate) async fn exists(&self, container: &str, name: &str) -> Result<bool, Error> {
        match &self.azurite {
            Some(azurite) => azurite.exists(container, name).await,
            None => Ok(self.blobs.exists(container, name)),
        }
    }

    /// Takes a lease that never ends, under this id where the store is the embedded one.
    pub(crate) async fn lease(&self, container: &str, name: &str, id: &str) -> Result<(), Error> {
        match &self.azurite {
            Some(azurite) => azurite.lease(container, name).await,
            None => self
                .blobs
                .lease(container, name, id.to_owned())
                .map_err(|error| Error::failed("leasing a package")(error.message)),
        }
    }

    /// Puts bytes into the embedded store, into a container that is made when missing.
    pub(crate) fn put_embedded(&self, container: &str, name: &str, bytes: &[u8]) -> Result<(), Error> {
        self.blobs.create_container(container);
        let extent = self.folder.store(bytes).map_err(Error::io("storing a blob"))?;
        let content_md5 = Some(STANDARD.encode(Md5::digest(bytes)));
        let properties = Properties { content_md5, ..Properties::default() };
        self.commit(container, name, Content::Files([extent].into()), properties)
    }

    /// The name of the account in use.
    pub(crate) fn account(&self) -> &str {
        self.azurite.as_ref().map_or(ACCOUNT, Azurite::account)
    }

    /// The key of the account in use, Base64.
    pub(crate) fn account_key(&self) -> String {
        STANDARD.encode(self.key_in_use())
    }

    fn key_in_use(&self) -> &[u8] {
        self.azurite.as_ref().map_or(&self.key, Azurite::key)
    }

    /// Whether somebody with this account key, or with this service SAS where it is empty, may put blobs into a container.
    pub(crate) fn judge(&self, container: &str, key: &str, sas: &str) -> Result<(), Refused> {
        if !key.is_empty() {
            let is_it = STANDARD.decode(key).is_ok_and(|key| key == self.key_in_use());
            return is_it.then_some(()).ok_or(Refused);
        }
        let sas = Sas::read(sas.trim_start_matches('?')).ok_or(Refused)?;
        let to =
            BlobAddress { account: self.account().to_owned(), container: container.to_owned(), blob: String::new() };
        let is_signed = sas.authenticate(self.key_in_use(), &to, self.clock.now(), true).is_ok();
        (is_signed && sas.permits_any("wc")).then_some(()).ok_or(Refused)
    }

    /// Puts bytes into a container of the store in use; says whether there is such a container.
    pub(crate) async fn put_into(&self, container: &str, name: &str, bytes: &[u8]) -> Result<bool, Error> {
        match &self.azurite {
            Some(azurite) => azurite.put(container, name, bytes).await,
            None if !self.blobs.has_container(container) => Ok(false),
            None => self.put_embedded(container, name, bytes).map(|()| true),
        }
    }

    /// Puts an exported database into the store in use.
    pub(crate) async fn put_layout(
        &self,
        container: &str,
        name: &str,
        layout: Arc<Layout>,
        content_md5: Option<String>,
    ) -> Result<(), Error> {
        if let Some(azurite) = &self.azurite {
            return azurite.upload(container, name, layout, content_md5).await;
        }
        let content_type = Some("application/octet-stream".to_owned());
        let properties = Properties { content_type, content_md5, ..Properties::default() };
        self.commit(container, name, Content::Bacpac(layout), properties)
    }

    fn commit(&self, container: &str, name: &str, content: Content, properties: Properties) -> Result<(), Error> {
        self.blobs
            .put_blob((container, name), None, Conditions::default(), content, properties, self.clock.now())
            .map_err(|error| Error::failed(format!("storing {name}"))(error.message))?;
        self.save();
        Ok(())
    }
}
