//! One running emulator: starts it, gives its addresses and credentials, and is the handle tests use to look inside
//! and to change things. Serving happens on tasks of the runtime it was started in.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::azurite::{Azurite, BlobStore};
use crate::blob::{BlobView, Links, Storage};
use crate::certificate::Certificates;
use crate::clock::{Clock, Speed};
use crate::config::Config;
use crate::control::Control;
use crate::core::Core;
use crate::dxp::phase::Phase;
use crate::dxp::{self, Dxp, scenario};
use crate::error::Error;
use crate::fault::Faults;
use crate::guidewire::{self, Guidewire};
use crate::http::{Front, Room, bind, origin, serve};
use crate::link::{LinkSpec, Permissions};
use crate::random::{is_guid, new_guid};
use crate::record::Recorded;
use crate::service::Service;
use crate::state_dir::StateDir;
use crate::timeline::Step;

/// A running emulator. Dropping it stops serving and removes its temporary files.
#[derive(Debug)]
pub struct Emulator {
    core: Arc<Core>,
    dxp: Arc<Dxp>,
    guidewire: Arc<Guidewire>,
    /// `http://HOST:PORT` and `https://HOST:PORT` of the listeners for DXP and its blob storage.
    http_origin: String,
    https_origin: String,
    ca_file: PathBuf,
    /// Kept for the state folder.
    _certificates: Arc<Certificates>,
    stop: watch::Sender<bool>,
    serving: Vec<JoinHandle<()>>,
    /// Holds certificate and blobs when there is no state folder; removed at the end.
    home: Option<TempDir>,
}

impl Emulator {
    /// Binds all listeners and serves.
    pub async fn start(config: Config) -> Result<Self, Error> {
        check(&config)?;
        let state = Arc::new(StateDir::open(config.state_dir.as_deref())?);
        let certificates = Arc::new(state.take("certificates")?.map_or_else(Certificates::make, Ok)?);
        state.keep(&certificates);
        let (home, place) = match &config.state_dir {
            Some(dir) => (None, dir.clone()),
            None => {
                let home = tempfile::Builder::new().prefix("epi-emulator-").tempdir();
                let home = home.map_err(Error::io("creating a temporary folder"))?;
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
        let (http_origin, https_origin) = (origin(&plain, false)?, origin(&tls, true)?);
        let azurite = match &config.blob {
            BlobStore::Embedded => None,
            BlobStore::Azurite(connection) => Some(Azurite::connect(connection)?),
        };
        let clock = Arc::new(Clock::start(config.speed, state.take("clock")?.unwrap_or(0)));
        state.keep(&clock);
        let links = Links {
            scheme: config.link_scheme,
            version: config.sas_version.clone(),
            http_origin: http_origin.clone(),
            https_origin: https_origin.clone(),
        };
        let storage = Storage::open(blob_dir, azurite, links, &clock, &state).await?;
        let core = Arc::new(Core::new(clock, storage, state));
        let dxp = Dxp::open(&core, &config, http_origin.clone())?;
        dxp::furnish(&core.storage, &config).await?;
        dxp.occupy()?;

        let guidewire_tls = bind(config.guidewire.https).await?;
        let guidewire_plain = bind_if(config.guidewire.http).await?;
        let origins = guidewire::Origins {
            https: origin(&guidewire_tls, true)?,
            http: guidewire_plain.as_ref().map(|plain| origin(plain, false)).transpose()?,
        };
        let guidewire = Guidewire::open(&core, &config.guidewire, origins)?;

        let services: Vec<Arc<dyn Service>> = vec![Arc::clone(&dxp) as _, Arc::clone(&guidewire) as _];
        let control: Arc<dyn Room> = Arc::new(Control { core: Arc::clone(&core), services });
        let storage: Arc<dyn Room> = Arc::clone(&core.storage) as _;
        let acceptor = TlsAcceptor::from(certificates.server_config()?);
        let (stop, stopped) = watch::channel(false);
        let front =
            |rooms: Vec<Arc<dyn Room>>, usual: Arc<dyn Room>| Arc::new(Front { core: Arc::clone(&core), rooms, usual });
        let dxp_front = front(vec![Arc::clone(&control), storage], Arc::clone(&dxp) as _);
        let guidewire_front = front(vec![control], Arc::clone(&guidewire) as _);
        let listeners = [
            (Some(plain), None, &dxp_front),
            (Some(tls), Some(acceptor.clone()), &dxp_front),
            (guidewire_plain, None, &guidewire_front),
            (Some(guidewire_tls), Some(acceptor), &guidewire_front),
        ];
        let serving = listeners.into_iter().filter_map(|(listener, tls, front)| {
            Some(tokio::spawn(serve(Arc::clone(front), listener?, tls, stopped.clone())))
        });
        let serving = serving.collect();
        core.save();
        Ok(Self {
            core,
            dxp,
            guidewire,
            http_origin,
            https_origin,
            ca_file,
            _certificates: certificates,
            stop,
            serving,
            home,
        })
    }

    /// Base of the API over HTTP, with a slash at its end.
    pub fn endpoint(&self) -> String {
        format!("{}/api/v1.0/", self.http_origin)
    }

    /// Base of the API over HTTPS, with a slash at its end.
    pub fn https_endpoint(&self) -> String {
        format!("{}/api/v1.0/", self.https_origin)
    }

    /// Base of the embedded blob store over HTTPS, with a slash at its end; container names follow.
    pub fn blob_endpoint(&self) -> String {
        self.core.storage.base(true)
    }

    /// Base of the embedded blob store over HTTP, with a slash at its end.
    pub fn http_blob_endpoint(&self) -> String {
        self.core.storage.base(false)
    }

    /// Base of the control interface over HTTP, with a slash at its end.
    pub fn control_endpoint(&self) -> String {
        format!("{}/__control/", self.http_origin)
    }

    /// PEM file of the certificate authority that signed the HTTPS listener's certificate.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// The client key.
    pub fn client_key(&self) -> &str {
        &self.dxp.identity.client_key
    }

    /// The client secret, Base64.
    pub fn client_secret(&self) -> &str {
        &self.dxp.identity.client_secret
    }

    /// The project id.
    pub fn project_id(&self) -> &str {
        &self.dxp.identity.project_id
    }

    /// Guidewire Cloud.
    pub fn guidewire(&self) -> &Guidewire {
        &self.guidewire
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
        self.dxp.script(phase, steps);
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
        self.container_link(dxp::PACKAGES, permissions, validity)
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
        self.core.storage.chosen_link(spec)
    }

    /// The blob as it is now; `None` when there is neither a committed blob nor a waiting block. The embedded store only.
    pub fn blob(&self, container: &str, name: &str) -> Option<BlobView> {
        self.core.storage.embedded().view(container, name)
    }

    /// Puts a blob into the embedded store, its container too when missing.
    pub fn put_blob(&self, container: &str, name: &str, bytes: &[u8]) -> Result<(), Error> {
        self.core.storage.put_embedded(container, name, bytes)
    }

    /// Takes a lease on a blob of the embedded store, as the service does on packages in use.
    pub fn lease(&self, container: &str, name: &str) -> Result<(), Error> {
        let id = new_guid()?;
        self.core.storage.embedded().lease(container, name, id).map_err(|error| Error::failed("leasing")(error.message))
    }

    /// Gives up the lease on a blob of the embedded store.
    pub fn release(&self, container: &str, name: &str) {
        self.core.storage.embedded().release(container, name);
    }

    /// The line the program prints when it is ready.
    pub fn ready_line(&self) -> String {
        let named = |settings: &[(&str, &str, String)]| -> Map<String, Value> {
            settings.iter().map(|(name, _, value)| ((*name).to_owned(), json!(value))).collect()
        };
        json!({
            "endpoint": self.endpoint(),
            "httpsEndpoint": self.https_endpoint(),
            "blobEndpoint": self.blob_endpoint(),
            "controlEndpoint": self.control_endpoint(),
            "caFile": self.ca_file.to_string_lossy(),
            "clientKey": self.client_key(),
            "clientSecret": self.client_secret(),
            "projectId": self.project_id(),
            "guidewire": named(&self.guidewire.settings()),
        })
        .to_string()
    }

    /// What clients have to know, as variables of the environment.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let own = [
            ("EPI_ENDPOINT", self.endpoint()),
            ("EPI_CLIENT_KEY", self.client_key().to_owned()),
            ("EPI_CLIENT_SECRET", self.client_secret().to_owned()),
            ("EPI_PROJECT_ID", self.project_id().to_owned()),
            ("EPI_CA_FILE", self.ca_file().to_string_lossy().into_owned()),
            ("EPI_EMULATOR_CONTROL", self.control_endpoint()),
        ];
        let guidewire = self.guidewire.settings().map(|(_, name, value)| (name, value));
        own.into_iter().chain(guidewire).collect()
    }

    /// Stops serving, saves the state folder, and removes temporary files.
    pub async fn stop(mut self) -> Result<(), Error> {
        // The listeners hold a receiver each, unless they ended by a panic.
        let _ = self.stop.send(true);
        for task in self.serving.drain(..) {
            task.await.map_err(Error::failed("stopping a listener"))?;
        }
        self.core.storage.keep();
        self.core.state.try_save()?;
        match self.home.take() {
            Some(home) => home.close().map_err(Error::io("removing the temporary folder")),
            None => Ok(()),
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        for task in &self.serving {
            task.abort();
        }
        self.core.storage.keep();
        self.core.save();
    }
}

async fn bind_if(address: Option<SocketAddr>) -> Result<Option<TcpListener>, Error> {
    match address {
        Some(address) => bind(address).await.map(Some),
        None => Ok(None),
    }
}

/// Refuses values that no emulator can work with.
fn check(config: &Config) -> Result<(), Error> {
    if let Some(key) = &config.client_key
        && (key.is_empty() || key.contains(':') || key.chars().any(char::is_whitespace))
    {
        return Err(Error::config("client key", "it must not be empty nor contain ':' or spaces"));
    }
    if let Some(project) = &config.project_id
        && !is_guid(project)
    {
        return Err(Error::config("project id", "it must be a GUID with dashes"));
    }
    if let Speed::Factor(factor) = config.speed
        && !(factor.is_finite() && factor > 0.0)
    {
        return Err(Error::config("speed", "the factor must be a number above 0"));
    }
    scenario::check(&config.scenarios, config.speed == Speed::Instant)
        .map_err(|reason| Error::config("scenario", &reason))?;
    let least = crate::bacpac::LEAST_SIZE;
    if config.export_size < least {
        return Err(Error::config("export size", &format!("it must be at least {least} bytes")));
    }
    if !crate::blob::version::is_signable(&config.sas_version, crate::clock::wall_time()) {
        return Err(Error::config(
            "SAS version",
            "it must be a published version from 2015-04-05 on, such as 2023-01-03",
        ));
    }
    Ok(())
}
