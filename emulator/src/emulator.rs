//! One running emulator: starts it, gives its addresses and credentials, and is the handle tests use to look inside
//! and to change things. Serving happens on tasks of the runtime it was started in.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio_rustls::TlsAcceptor;

use crate::azurite::{Azurite, BlobStore};
use crate::blob::{BlobView, Links, Storage};
use crate::certificate::{Certificates, SelfSigned};
use crate::clock::{Clock, Speed};
use crate::config::Config;
use crate::control::Control;
use crate::core::Core;
use crate::dxp::phase::Phase;
use crate::dxp::{self, Dxp, scenario};
use crate::error::Error;
use crate::fault::Faults;
use crate::guidewire::Guidewire;
use crate::http::{Room, bind, origin};
use crate::link::{LinkSpec, Permissions};
use crate::random::{is_guid, new_guid};
use crate::record::Recorded;
use crate::redis::{self, RedisEnterprise, SecondNode};
use crate::service::Service;
use crate::serving::{Doors, Home, Serving, Trust, bind_if};
use crate::state_dir::{Section, StateDir};
use crate::timeline::Step;

/// A running emulator. Dropping it stops serving and removes its temporary files.
#[derive(Debug)]
pub struct Emulator {
    core: Arc<Core>,
    dxp: Arc<Dxp>,
    guidewire: Arc<Guidewire>,
    redis: Arc<RedisEnterprise>,
    /// `http://HOST:PORT` and `https://HOST:PORT` of the listeners for DXP and its blob storage.
    http_origin: String,
    https_origin: String,
    trust: Trust,
    /// What the state folder keeps besides.
    _kept: Vec<Arc<dyn Section>>,
    serving: Serving,
    home: Home,
}

impl Emulator {
    /// Binds all listeners and serves.
    pub async fn start(config: Config) -> Result<Self, Error> {
        check(&config)?;
        let state = Arc::new(StateDir::open(config.state_dir.as_deref())?);
        let certificates = Arc::new(state.take("certificates")?.map_or_else(Certificates::make, Ok)?);
        state.keep(&certificates);
        let home = Home::open(config.state_dir.as_deref())?;
        let ca_file = home.place.join("ca.pem");
        certificates.write_authority(&ca_file)?;
        let trust = Trust {
            acceptor: TlsAcceptor::from(certificates.server_config()?),
            ca_file: ca_file.clone(),
            fingerprint: certificates.fingerprint()?,
        };
        let (plain, tls) = (bind(config.http).await?, bind(config.https).await?);
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
        let storage = Storage::open(home.folder("blobs")?, azurite, links, &clock, &state).await?;
        let core = Arc::new(Core::new(clock, storage, Arc::clone(&state)));

        let dxp = Dxp::open(&core, &config, http_origin.clone())?;
        dxp::furnish(&core.storage, &config).await?;
        dxp.occupy()?;
        let doors = Doors::open(config.guidewire.https, config.guidewire.http).await?;
        let guidewire = Guidewire::open(&core, &config.guidewire, doors.origins()?)?;
        let own = config.redis.self_signed.then(|| SelfSigned::take(&state)).transpose()?;
        let redis_trust = match &own {
            Some(own) => Trust::in_itself(own, &home.place)?,
            None => trust.clone(),
        };
        let redis_doors = Doors::open(config.redis.https, config.redis.http).await?;
        let node = bind_if(config.redis.second_node).await?;
        let (https, http) = redis_doors.origins()?;
        let place = redis::Place {
            https,
            http,
            second_node: node.as_ref().map(|node| origin(node, true)).transpose()?,
            ca_file: redis_trust.ca_file.clone(),
            fingerprint: redis_trust.fingerprint.clone(),
            sandbox: config.redis.sandbox.clone().unwrap_or_else(|| home.place.join("redis")),
        };
        let redis = RedisEnterprise::open(&core, &config.redis, place).await?;

        let services: [Arc<dyn Service>; 3] =
            [Arc::clone(&dxp) as _, Arc::clone(&guidewire) as _, Arc::clone(&redis) as _];
        let control: Arc<dyn Room> = Arc::new(Control { core: Arc::clone(&core), services: services.into() });
        let mut serving = Serving::new(&core, control);
        let storage: Arc<dyn Room> = Arc::clone(&core.storage) as _;
        let front = serving.front(Some(storage), Arc::clone(&dxp) as _);
        serving.open(Doors { plain: Some(plain), tls }, &trust, &front);
        let front = serving.front(None, Arc::clone(&guidewire) as _);
        serving.open(doors, &trust, &front);
        let front = serving.front(None, Arc::clone(&redis) as _);
        serving.open(redis_doors, &redis_trust, &front);
        if let Some(tls) = node {
            let front = serving.front(None, Arc::new(SecondNode(Arc::clone(&redis))));
            serving.open(Doors { plain: None, tls }, &redis_trust, &front);
        }
        core.save();
        let mut kept: Vec<Arc<dyn Section>> = vec![certificates];
        kept.extend(own.map(|own| own as _));
        Ok(Self { core, dxp, guidewire, redis, http_origin, https_origin, trust, _kept: kept, serving, home })
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
        &self.trust.ca_file
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

    /// The fingerprint of the HTTPS certificate, as `openssl x509 -fingerprint -sha256` prints it.
    pub fn certificate_sha256(&self) -> &str {
        &self.trust.fingerprint
    }

    /// The name of the storage account in use.
    pub fn account_name(&self) -> &str {
        self.core.storage.account()
    }

    /// The key of the storage account in use, Base64.
    pub fn account_key(&self) -> String {
        self.core.storage.account_key()
    }

    /// Guidewire Cloud.
    pub fn guidewire(&self) -> &Guidewire {
        &self.guidewire
    }

    /// The cluster of Redis Enterprise Software.
    pub fn redis(&self) -> &RedisEnterprise {
        &self.redis
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
            "caFile": self.trust.ca_file.to_string_lossy(),
            "clientKey": self.client_key(),
            "clientSecret": self.client_secret(),
            "projectId": self.project_id(),
            "guidewire": named(&self.guidewire.settings()),
            "redis": named(&self.redis.settings()),
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
        let redis = self.redis.settings().map(|(_, name, value)| (name, value));
        own.into_iter().chain(guidewire).chain(redis).collect()
    }

    /// Stops serving, saves the state folder, and removes temporary files.
    pub async fn stop(mut self) -> Result<(), Error> {
        self.serving.stop().await?;
        self.core.storage.keep();
        self.core.state.try_save()?;
        self.home.close()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.serving.abort();
        self.core.storage.keep();
        self.core.save();
    }
}

/// Refuses values that no emulator can work with.
fn check(config: &Config) -> Result<(), Error> {
    if let Some(key) = &config.client_key
        && (key.is_empty() || key.contains(':') || key.chars().any(char::is_whitespace))
    {
        return Err(Error::config("client key", "it must not be empty or contain ':' or spaces"));
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
            "it must be a published version since 2015-04-05, such as 2023-01-03",
        ));
    }
    Ok(())
}
