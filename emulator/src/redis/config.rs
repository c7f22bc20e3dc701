//! What the stand-in for a Redis Enterprise cluster can be told: before it starts, and while it runs by switches of the
//! cluster and knobs of each database. Plain data.
//!
//! A switch or a knob stands for each thing that the vendor does not say and the specification assumes. Its default is
//! what is assumed.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::version::Version;

/// The mount point that the sandbox has from the start.
pub(super) const MOUNT: &str = "/mnt/exports";

/// Everything the stand-in for a cluster can be told before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the HTTPS listener binds.
    pub https: SocketAddr,
    /// Where a plain HTTP listener binds; none when not given.
    pub http: Option<SocketAddr>,
    /// Where a second node listens over HTTPS, which is not the master and answers 307; none when not given.
    pub second_node: Option<SocketAddr>,
    /// Whether the HTTPS listener shows a certificate that signs itself, as a new cluster does, in place of one that
    /// the emulator's authority signed.
    pub self_signed: bool,
    /// The release that is imitated.
    pub version: Version,
    /// The name of the cluster.
    pub cluster: String,
    /// The user name of the administrator.
    pub user: String,
    /// The administrator's password; random when not given.
    pub password: Option<String>,
    /// Further users.
    pub users: Vec<User>,
    /// The databases.
    pub databases: Vec<Database>,
    /// The folder below which `mount_point` exports write; a folder of the emulator's own when not given.
    pub sandbox: Option<PathBuf>,
    /// Mount points that the sandbox has from the start.
    pub mounts: Vec<String>,
    /// Format number of RDB files.
    pub rdb_format: u32,
    /// The switches at first.
    pub switches: Switches,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            https: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            http: None,
            second_node: None,
            self_signed: false,
            version: Version::default(),
            cluster: "cluster.local".to_owned(),
            user: "admin@cluster.local".to_owned(),
            password: None,
            users: Vec::new(),
            databases: vec![Database::new(1, "sample-db"), Database { shards: 3, ..Database::new(2, "orders") }],
            sandbox: None,
            mounts: vec![MOUNT.to_owned()],
            rdb_format: 10,
            switches: Switches::default(),
        }
    }
}

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Admin,
    /// Everything but the cluster's users.
    ClusterMember,
    /// Sees everything.
    ClusterViewer,
    /// Works with databases.
    DbMember,
    /// Sees databases.
    DbViewer,
    /// Works with users.
    UserManager,
    /// Nothing by the API.
    None,
}

/// A user of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct User {
    /// The user name, usually an e-mail address.
    pub name: String,
    /// The password.
    pub password: String,
    /// What the user may do.
    pub role: Role,
    /// Whether the password has expired.
    #[serde(default)]
    pub password_expired: bool,
}

/// A database of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Database {
    /// Its id.
    pub uid: u32,
    /// Its name.
    pub name: String,
    /// Its number of shards.
    #[serde(default = "one")]
    pub shards: u32,
    /// How many keys it holds.
    #[serde(default = "hundred")]
    pub keys: u32,
    /// Names of the modules it has loaded.
    #[serde(default)]
    pub modules: Vec<String>,
    /// The passwords that the API shows to those who may read the database; random when not given.
    #[serde(default)]
    pub password: Option<String>,
}

fn one() -> u32 {
    1
}

fn hundred() -> u32 {
    100
}

impl Database {
    /// A database of one shard and a hundred keys, with the modules that come with the product.
    #[must_use]
    pub fn new(uid: u32, name: &str) -> Self {
        let modules = ["timeseries", "search", "bf", "ReJSON"].map(str::to_owned).into();
        Self { uid, name: name.to_owned(), shards: one(), keys: hundred(), modules, password: None }
    }
}

/// The body of an accepted export, import or reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// `{"action_uid": "..."}` for an export or import, `{}` for a reset.
    #[default]
    ActionUid,
    /// `{}`.
    EmptyObject,
    /// Nothing.
    Empty,
}

/// The form of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorStyle {
    /// `{"description": ..., "error_code": ...}`.
    #[default]
    Description,
    /// `{"message": ..., "error_code": ...}`.
    Message,
    /// No body.
    Empty,
    /// The page of a proxy.
    Html,
}

/// How exported files are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileNames {
    /// `NAME-TIME-shardNofM.rdb.gz`.
    #[default]
    Shards,
    /// `export-NAME-N_of_M-TIME-FIRSTSLOT-LASTSLOT.rdb.gz`, as files of backups were seen.
    Slots,
}

/// What the vendor does not say of the cluster, one switch each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Switches {
    /// The body of an accepted action.
    pub export_response: Response,
    /// The form of errors.
    pub error_style: ErrorStyle,
    /// Whether paths without a version lead to version 1.
    pub unprefixed_paths: bool,
    /// Whether a token may come as `Bearer`, too.
    pub bearer: bool,
    /// Whether version 2 of the actions is served; by the release when not given.
    pub v2_actions: Option<bool>,
    /// How long a finished action is remembered, in virtual milliseconds.
    pub action_memory_ms: u64,
    /// Whether a reset during an export answers 200 without effect; otherwise 409.
    pub reset_ignores_running: bool,
    /// Status that refuses a location: 400 or 406.
    pub location_status: u16,
    /// How files are called.
    pub file_names: FileNames,
    /// Sends every request somewhere else by 307: the address that its path is put behind.
    pub redirect_to: Option<String>,
    /// Whether a node that is not the master passes requests on, in place of answering 307.
    pub handle_redirects: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            export_response: Response::ActionUid,
            error_style: ErrorStyle::Description,
            unprefixed_paths: false,
            bearer: false,
            v2_actions: None,
            action_memory_ms: 3_600_000,
            reset_ignores_running: false,
            location_status: 400,
            file_names: FileNames::Shards,
            redirect_to: None,
            handle_redirects: false,
        }
    }
}

/// How a database shows that it has no export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Idle {
    /// `""`.
    #[default]
    Empty,
    /// `"idle"`.
    Word,
    /// `null`.
    Null,
    /// The member is missing.
    Absent,
}

/// Why an export fails, in the words of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The destination refuses the credentials.
    NoPermission,
    /// The destination has no such place.
    WrongFilePath,
    /// Anything else.
    GeneralError,
}

impl Reason {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NoPermission => "no-permission",
            Self::WrongFilePath => "wrong-file-path",
            Self::GeneralError => "general-error",
        }
    }
}

/// What a database does, and what goes wrong with it, until it is changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Knobs {
    /// How long an export takes, in virtual milliseconds.
    pub export_ms: u64,
    /// How long an import takes.
    pub import_ms: u64,
    /// How many of the next exports are refused with 409.
    pub conflicts: u32,
    /// Whether it has a module without `backup_restore` loaded, so that an export is refused with 406.
    pub unexportable: bool,
    /// Lets exports fail for this reason.
    pub fail: Option<Reason>,
    /// The progress at which they fail.
    pub fail_at: f64,
    /// The progress at which exports stay for ever.
    pub stall_at: Option<f64>,
    /// How long after the start an export shows, in virtual milliseconds; until then the state before it is shown.
    pub start_delay_ms: u64,
    /// How many looks after the start still see the state before it.
    pub stale_looks: u32,
    /// How it shows that it has no export.
    pub idle: Idle,
    /// Whether it has no member about exports at all, as databases of old releases that never exported.
    pub hide_export_members: bool,
    /// Shown in place of `exporting`.
    pub exporting_word: String,
    /// Whether a scheduled backup runs.
    pub backup_running: bool,
    /// Its `status`; any other than `active` makes it busy.
    pub status: String,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            export_ms: 3_000,
            import_ms: 3_000,
            conflicts: 0,
            unexportable: false,
            fail: None,
            fail_at: 0.0,
            stall_at: None,
            start_delay_ms: 0,
            stale_looks: 0,
            idle: Idle::Empty,
            hide_export_members: false,
            exporting_word: "exporting".to_owned(),
            backup_running: false,
            status: "active".to_owned(),
        }
    }
}
