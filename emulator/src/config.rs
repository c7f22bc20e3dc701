//! What an emulator can be told before it starts. Plain data with defaults; nothing here opens or checks anything.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use crate::azurite::BlobStore;
use crate::clock::Speed;
use crate::dxp::scenario::Scenario;
use crate::guidewire;
use crate::link::LinkScheme;
use crate::redis;

/// Everything an emulator can be told before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the plain HTTP listener binds.
    pub http: SocketAddr,
    /// Where the HTTPS listener binds.
    pub https: SocketAddr,
    /// The client key; random when not given.
    pub client_key: Option<String>,
    /// The client secret, Base64; random when not given.
    pub client_secret: Option<String>,
    /// The project id, a GUID; random when not given.
    pub project_id: Option<String>,
    /// How fast the virtual clock runs.
    pub speed: Speed,
    /// Exact length of an exported database in bytes.
    pub export_size: u64,
    /// Seed of the bytes of an exported database.
    pub export_seed: u64,
    /// Whether an exported blob carries `Content-MD5`.
    pub export_md5: bool,
    /// Where packages and exports live.
    pub blob: BlobStore,
    /// Keeps blobs, service state, credentials and certificates here across restarts.
    pub state_dir: Option<PathBuf>,
    /// Scheme of the links handed out.
    pub link_scheme: LinkScheme,
    /// `sv` of the links handed out.
    pub sas_version: String,
    /// Environments of the project, in their canonical spelling.
    pub environments: Vec<String>,
    /// Environments the credentials may use; `None` means all.
    pub granted_environments: Option<Vec<String>>,
    /// Whether missing rights on an environment are refused when storage containers are listed.
    pub enforce_container_rights: bool,
    /// Whether the credentials may read edge logs.
    pub edge_logs: bool,
    /// Names of the storage containers of every environment.
    pub storage_containers: Vec<String>,
    /// Whether a few small blobs are put into the storage and edge log containers at the start.
    pub seed_blobs: bool,
    /// Accepted distance in minutes between the signed timestamp and the clock; `None` accepts any.
    pub clock_skew_minutes: Option<u32>,
    /// Whether a nonce may be used only once.
    pub replay_check: bool,
    /// Whether `Content-Type` of JSON answers names the charset.
    pub charset: bool,
    /// Whether a copy that names no apps, blobs or databases is accepted (meaning: all apps).
    pub accept_empty_copy: bool,
    /// Whether a package that was not uploaded is refused at once; otherwise the deployment fails later.
    pub check_packages: bool,
    /// Whether packages are leased once a deployment uses them.
    pub lease_packages: bool,
    /// Highest retention of an export in hours; `None` accepts any.
    pub max_export_retention_hours: Option<u32>,
    /// What is to be rehearsed.
    pub scenarios: Vec<Scenario>,
    /// Guidewire Cloud.
    pub guidewire: guidewire::Config,
    /// A cluster of Redis Enterprise Software.
    pub redis: redis::Config,
}

impl Default for Config {
    fn default() -> Self {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let names = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        Self {
            http: any_port,
            https: any_port,
            client_key: None,
            client_secret: None,
            project_id: None,
            speed: Speed::Real,
            export_size: 64 << 20,
            export_seed: 1,
            export_md5: true,
            blob: BlobStore::Embedded,
            state_dir: None,
            link_scheme: LinkScheme::Https,
            sas_version: "2023-01-03".to_owned(),
            environments: names(&[
                "Integration",
                "Preproduction",
                "Production",
                "ADE1",
                "ADE2",
                "ADE3",
                "ADE4",
                "ADE5",
                "ADE6",
            ]),
            granted_environments: None,
            enforce_container_rights: true,
            edge_logs: true,
            storage_containers: names(&["azure-application-logs", "azure-web-logs", "mysitemedia"]),
            seed_blobs: true,
            clock_skew_minutes: None,
            replay_check: false,
            charset: true,
            accept_empty_copy: false,
            check_packages: true,
            lease_packages: true,
            max_export_retention_hours: None,
            scenarios: Vec::new(),
            guidewire: guidewire::Config::default(),
            redis: redis::Config::default(),
        }
    }
}
