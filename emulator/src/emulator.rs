//! One running emulator: starts it, gives its addresses and credentials, and is the handle tests use to look inside
//! and to change things. Serving happens on tasks of the runtime it was started in.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::azurite::Azurite;
use crate::blob::{BlobView, Content, Folder, NO_CONDITIONS, Properties, Store};
use crate::certificate::Certificates;
use crate::clock::Clock;
use crate::config::{BlobStore, Config, LinkScheme};
use crate::core::{BACPACS, Core, EDGE_LOGS, Link, PACKAGES};
use crate::error::Error;
use crate::fault::Faults;
use crate::http::{bind, reachable};
use crate::identity::Identity;
use crate::link::{LinkSpec, Permissions};
use crate::record::Recorded;
use crate::service::{Phase, Service, Step};
use crate::state_dir::StateDir;

/// A running emulator. Dropping it stops serving and removes its temporary files.
#[derive(Debug)]
pub struct Emulator {
    core: Arc<Core>,
    ca_file: PathBuf,
    stop: watch::Sender<bool>,
    serving: Vec<JoinHandle<()>>,
    /// Holds certificate and blobs when there is no state folder; removed at the end.
    home: Option<TempDir>,
}

impl Emulator {
    /// Binds both listeners and serves.
    pub async fn start(config: Config) -> Result<Self, Error> {
        config.check()?;
        let saved = match &config.state_dir {
            Some(dir) => StateDir::load(dir)?,
            None => None,
        };
        let (identity, certificates, now, service, blobs) = match saved {
            Some(saved) => {
                (Some(saved.identity), Some(saved.certificates), saved.now, saved.service, Some(saved.blobs))
            }
            None => (None, None, 0, Default::default(), None),
        };
        let identity = Identity::settle(&config, identity)?;
        let certificates = certificates.map_or_else(Certificates::make, Ok)?;
        let (home, place) = match &config.state_dir {
            Some(dir) => (None, dir.clone()),
            None => {
                let home = tempfile::Builder::new().prefix("epi-emulator-").tempdir();
                let home = home.map_err(Error::io("creating a temporary directory"))?;
                let place = home.path().to_owned();
                (Some(home), place)
            }
        };
        let ca_file = place.join("ca.pem");
        certificates.write_authority(&ca_file)?;
        let blob_dir = place.join("blobs");
        std::fs::create_dir_all(&blob_dir).map_err(Error::file("creating", &blob_dir))?;

        let plain = bind(config.http).await?;
        let tls = bind(config.https).await?;
        let acceptor = TlsAcceptor::from(certificates.server_config()?);
        let azurite = match &config.blob {
            BlobStore::Embedded => None,
            BlobStore::Azurite(connection) => Some(Azurite::connect(connection)?),
        };
        let first_run = blobs.is_none();
        let core = Arc::new(Core {
            clock: Arc::new(Clock::start(config.speed, now)),
            secret: identity.secret_bytes(),
            account_key: identity.account_key_bytes(),
            identity,
            faults: Faults::default(),
            recorder: Arc::default(),
            unrecorded: Arc::default(),
            folder: Folder::open(blob_dir),
            blobs: Store::new(),
            azurite,
            service: Service::restore(service),
            state_dir: config.state_dir.as_deref().map(|dir| StateDir::new(dir, certificates)),
            http_origin: format!("http://{}", reachable(&plain)?),
            https_origin: format!("https://{}", reachable(&tls)?),
            connections: AtomicU64::new(0),
            request_ids: AtomicU64::new(0),
            config,
        });
        if let Some(saved) = blobs {
            let core = Arc::clone(&core);
            let restored = tokio::task::spawn_blocking(move || core.blobs.restore(saved, &core.folder));
            restored.await.map_err(Error::failed("restoring blobs"))?;
        }
        furnish(&core, first_run).await?;
        crate::service::occupy(&core)?;
        let (stop, stopped) = watch::channel(false);
        let serving = vec![
            tokio::spawn(crate::http::serve_plain(Arc::clone(&core), plain, stopped.clone())),
            tokio::spawn(crate::http::serve_tls(Arc::clone(&core), tls, acceptor, stopped)),
        ];
        core.save();
        Ok(Self { core, ca_file, stop, serving, home })
    }

    /// Base of the API over HTTP, with a slash at its end.
    pub fn endpoint(&self) -> String {
        format!("{}/api/v1.0/", self.core.http_origin)
    }

    /// Base of the API over HTTPS, with a slash at its end.
    pub fn https_endpoint(&self) -> String {
        format!("{}/api/v1.0/", self.core.https_origin)
    }

    /// Base of the embedded blob store over HTTPS, with a slash at its end; container names follow.
    pub fn blob_endpoint(&self) -> String {
        self.core.blob_base(true)
    }

    /// Base of the embedded blob store over HTTP, with a slash at its end.
    pub fn http_blob_endpoint(&self) -> String {
        self.core.blob_base(false)
    }

    /// Base of the control interface over HTTP, with a slash at its end.
    pub fn control_endpoint(&self) -> String {
        format!("{}/__control/", self.core.http_origin)
    }

    /// PEM file of the certificate authority that signed the HTTPS listener's certificate.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// The client key.
    pub fn client_key(&self) -> &str {
        &self.core.identity.client_key
    }

    /// The client secret, Base64.
    pub fn client_secret(&self) -> &str {
        &self.core.identity.client_secret
    }

    /// The project id.
    pub fn project_id(&self) -> &str {
        &self.core.identity.project_id
    }

    /// The virtual clock.
    pub fn clock(&self) -> &Clock {
        &self.core.clock
    }

    /// The fault rules.
    pub fn faults(&self) -> &Faults {
        &self.core.faults
    }

    /// All recorded requests in the order of arrival.
    pub fn requests(&self) -> Vec<Recorded> {
        self.core.recorder.all()
    }

    /// Most requests that were open at the same time, since the start or the last clearing.
    pub fn most_simultaneous_requests(&self) -> usize {
        self.core.recorder.most_simultaneous()
    }

    /// Forgets the recorded requests.
    pub fn clear_requests(&self) {
        self.core.recorder.clear();
    }

    /// Gives the next operation of this phase a timeline of its own.
    pub fn script(&self, phase: Phase, steps: Vec<Step>) {
        self.core.service.script(phase, steps);
    }

    /// Gives the next deployment a timeline of its own.
    pub fn script_deployment(&self, steps: Vec<Step>) {
        self.script(Phase::Deploy, steps);
    }

    /// Gives the next export a timeline of its own.
    pub fn script_export(&self, steps: Vec<Step>) {
        self.script(Phase::Export, steps);
    }

    /// A link to the container of packages.
    pub fn package_link(&self, permissions: impl Into<Permissions>, validity: Duration) -> String {
        self.container_link(PACKAGES, permissions, validity)
    }

    /// A link to a container.
    pub fn container_link(&self, container: &str, permissions: impl Into<Permissions>, validity: Duration) -> String {
        self.link(&LinkSpec::new(container, None, permissions, validity))
    }

    /// A link to a blob.
    pub fn blob_link(
        &self,
        container: &str,
        blob: &str,
        permissions: impl Into<Permissions>,
        validity: Duration,
    ) -> String {
        self.link(&LinkSpec::new(container, Some(blob), permissions, validity))
    }

    /// A link with everything chosen.
    pub fn link(&self, spec: &LinkSpec) -> String {
        make_link(&self.core, spec)
    }

    /// The blob as it is now; `None` when there is neither a committed blob nor a waiting block. The embedded store only.
    pub fn blob(&self, container: &str, name: &str) -> Option<BlobView> {
        self.core.blobs.view(container, name)
    }

    /// Puts a blob into the embedded store, its container too when missing.
    pub fn put_blob(&self, container: &str, name: &str, bytes: &[u8]) -> Result<(), Error> {
        put_blob(&self.core, container, name, bytes)
    }

    /// Takes a lease on a blob of the embedded store, as the service does on packages in use.
    pub fn lease(&self, container: &str, name: &str) -> Result<(), Error> {
        let id = crate::identity::new_guid()?;
        self.core.blobs.lease(container, name, id).map_err(|error| Error::failed("leasing")(error.message))
    }

    /// Gives up the lease on a blob of the embedded store.
    pub fn release(&self, container: &str, name: &str) {
        self.core.blobs.release(container, name);
    }

    /// The line the program prints when it is ready.
    pub fn ready_line(&self) -> String {
        json!({
            "endpoint": self.endpoint(),
            "httpsEndpoint": self.https_endpoint(),
            "blobEndpoint": self.blob_endpoint(),
            "controlEndpoint": self.control_endpoint(),
            "caFile": self.ca_file.to_string_lossy(),
            "clientKey": self.client_key(),
            "clientSecret": self.client_secret(),
            "projectId": self.project_id(),
        })
        .to_string()
    }

    /// Stops serving, saves the state folder, and removes temporary files.
    pub async fn stop(mut self) -> Result<(), Error> {
        // The listeners hold a receiver each, unless they ended by a panic.
        let _ = self.stop.send(true);
        for task in self.serving.drain(..) {
            task.await.map_err(Error::failed("stopping a listener"))?;
        }
        self.core.folder.keep();
        if let Some(dir) = &self.core.state_dir {
            dir.save(&self.core)?;
        }
        match self.home.take() {
            Some(home) => home.close().map_err(Error::io("removing the temporary directory")),
            None => Ok(()),
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        for task in &self.serving {
            task.abort();
        }
        self.core.folder.keep();
        self.core.save();
    }
}

pub(crate) fn make_link(core: &Core, spec: &LinkSpec) -> String {
    let validity = i64::try_from(spec.validity.as_millis()).unwrap_or(i64::MAX / 4);
    core.embedded_link(&Link {
        container: &spec.container,
        blob: spec.blob.as_deref().unwrap_or_default(),
        permissions: spec.permissions.letters(),
        starts: spec.starts,
        expires: core.clock.now() + validity,
        version: spec.version.as_deref().unwrap_or(&core.config.sas_version),
        protocol: spec.protocol.as_deref().unwrap_or_default(),
        secure: spec.scheme.map_or(core.links_are_secure(), |scheme| scheme == LinkScheme::Https),
    })
}

pub(crate) fn put_blob(core: &Core, container: &str, name: &str, bytes: &[u8]) -> Result<(), Error> {
    use base64::Engine;
    use md5::Digest;
    core.blobs.create_container(container);
    let extent = core.folder.store(bytes).map_err(Error::io("storing a blob"))?;
    let md5 = base64::engine::general_purpose::STANDARD.encode(md5::Md5::digest(bytes));
    let properties = Properties { content_md5: Some(md5), ..Properties::default() };
    let content = Content::Files([extent].into());
    core.blobs
        .put_blob((container, name), None, NO_CONDITIONS, content, properties, core.clock.now())
        .map_err(|error| Error::failed(format!("storing {name}"))(error.message))?;
    core.save();
    Ok(())
}

/// Creates the containers and, in a first run, a few blobs to look at.
async fn furnish(core: &Core, first_run: bool) -> Result<(), Error> {
    let containers = [PACKAGES, BACPACS, EDGE_LOGS].into_iter().map(str::to_owned);
    for container in containers.chain(core.config.storage_containers.iter().cloned()) {
        match &core.azurite {
            Some(azurite) => azurite.create_container(&container).await?,
            None => core.blobs.create_container(&container),
        }
    }
    if core.azurite.is_some() || !first_run || !core.config.seed_blobs {
        return Ok(());
    }
    let log = "{\"level\":\"Information\",\"message\":\"Application started\"}\n";
    let seeds = [
        ("azure-application-logs", "SITES/EPIEMULATOR/y=2026/m=01/d=15/h=08/m=00/PT1H.json", log),
        ("mysitemedia", "0a1b2c3d/logo.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n"),
        (EDGE_LOGS, "20260115/http_requests.log", "{\"EdgeResponseStatus\":200}\n"),
    ];
    for (container, name, text) in seeds {
        if container == EDGE_LOGS || core.config.storage_containers.iter().any(|known| known == container) {
            put_blob(core, container, name, text.as_bytes())?;
        }
    }
    Ok(())
}
