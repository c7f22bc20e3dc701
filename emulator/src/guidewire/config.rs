//! What the stand-in for Guidewire can be told: before it starts, and by switches while it runs. Plain data.
//!
//! A switch stands for each thing that the vendor does not say and the specification assumes. Its default is what is
//! assumed.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

/// Longest retention of a planet unless its tenant was given another (spec 3.1).
pub(super) const RETENTION_DAYS: u32 = 14;

/// Everything the stand-in for Guidewire can be told before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the HTTPS listener binds.
    pub https: SocketAddr,
    /// Where a plain HTTP listener binds; none when not given.
    pub http: Option<SocketAddr>,
    /// The OAuth client id; random when not given.
    pub client_id: Option<String>,
    /// The OAuth client secret; random when not given.
    pub client_secret: Option<String>,
    /// Scopes the client may ask for; those of its tenant that backups need when not given.
    pub scopes: Option<Vec<String>>,
    /// The tenant of the first planet.
    pub tenant: String,
    /// The star system of the first planet.
    pub star_system: String,
    /// The first planet, of the class `dev`.
    pub planet: String,
    /// Further planets.
    pub planets: Vec<Planet>,
    /// The switches at first.
    pub switches: Switches,
}

impl Default for Config {
    fn default() -> Self {
        let planet = |star_system: &str, name: &str, class: &str| Planet {
            snapshot_enabled: true,
            ..Planet::new("acme", star_system, name, class)
        };
        Self {
            https: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            http: None,
            client_id: None,
            client_secret: None,
            scopes: None,
            tenant: "acme".to_owned(),
            star_system: "claims-dev".to_owned(),
            planet: "dev1".to_owned(),
            planets: vec![planet("claims-preprod", "preprod1", "preprod"), planet("claims-prod", "prod1", "prod")],
            switches: Switches::default(),
        }
    }
}

impl Config {
    /// All planets, the first one first.
    pub(super) fn all_planets(&self) -> Vec<Planet> {
        let first = Planet::new(&self.tenant, &self.star_system, &self.planet, "dev");
        [first].into_iter().chain(self.planets.iter().cloned()).collect()
    }
}

/// A planet: an environment whose databases are backed up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Planet {
    /// Its tenant.
    pub tenant: String,
    /// Its star system.
    pub star_system: String,
    /// Its name.
    pub name: String,
    /// Its class: `dev`, `preprod` or `prod`.
    pub class: String,
    /// Whether snapshots can be taken of it.
    #[serde(default)]
    pub snapshot_enabled: bool,
    /// Longest retention of its temporary backups in days.
    #[serde(default = "retention")]
    pub max_retention_days: u32,
    /// Its applications.
    #[serde(default = "applications")]
    pub applications: Vec<String>,
}

fn retention() -> u32 {
    RETENTION_DAYS
}

fn applications() -> Vec<String> {
    ["pc", "bc", "cc", "cm"].map(str::to_owned).into()
}

impl Planet {
    /// A planet that is not alone on its database cluster, so that no snapshots can be taken.
    #[must_use]
    pub fn new(tenant: &str, star_system: &str, name: &str, class: &str) -> Self {
        Self {
            tenant: tenant.to_owned(),
            star_system: star_system.to_owned(),
            name: name.to_owned(),
            class: class.to_owned(),
            snapshot_enabled: false,
            max_retention_days: RETENTION_DAYS,
            applications: applications(),
        }
    }
}

/// An OAuth client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
    /// Scopes it may ask for.
    pub scopes: Vec<String>,
}

/// How the list of a star system's backups is spelled (spec 3, row 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Spelling {
    /// Both spellings lead to it.
    #[default]
    Both,
    /// `/backup` alone, as the documentation has it.
    Backup,
    /// `/backups` alone.
    Backups,
}

/// What a list of backups is wrapped in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Envelope {
    /// Nothing: a bare array.
    #[default]
    Array,
    /// `{"backups": [...]}`.
    Backups,
}

/// What the vendor does not say, one switch each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Switches {
    /// How long a token is good, in seconds.
    pub token_seconds: u64,
    /// Whether the scope for writing is enough to read.
    pub write_implies_read: bool,
    /// The path of a star system's list.
    pub star_system_list: Spelling,
    /// The form of lists.
    pub list_envelope: Envelope,
    /// Status of an accepted create: 200, 201 or 202.
    pub create_status: u16,
    /// Whether an accepted create is answered with the backup; otherwise with `Location` alone.
    pub create_body: bool,
    /// How long a deletion takes, in virtual milliseconds: 0 answers 200 and has deleted; more answers 202, and the
    /// backup is `deleting` until then.
    pub delete_ms: u64,
    /// Whether a backup that is being made can be deleted; otherwise 409.
    pub delete_running: bool,
    /// Whether several backups of a planet may be made at the same time; otherwise 409.
    pub parallel_backups: bool,
    /// Whether a permanent backup may have a retention, which is then ignored; otherwise 400.
    pub permanent_with_retention: bool,
    /// Status that refuses a retention above the planet's maximum.
    pub retention_status: u16,
    /// Status that refuses a snapshot of a planet that is not enabled for them.
    pub snapshot_status: u16,
    /// The word for the mechanism of storage snapshots.
    pub snapshot_word: String,
    /// Status for an id, planet, star system or tenant that is not known; some services hide it behind 403.
    pub unknown_status: u16,
    /// Whether an expired backup stays, with the status `expired`; otherwise it is gone.
    pub expired_stays: bool,
    /// Whether ids are texts.
    pub id_as_text: bool,
    /// Whether backups have members that no documentation names.
    pub extra_members: bool,
    /// The status of a backup that has not begun.
    pub pending_word: String,
    /// The status of a backup that is being made.
    pub running_word: String,
    /// How long a backup is pending, in virtual milliseconds.
    pub pending_ms: u64,
    /// How long it is being made after that.
    pub running_ms: u64,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            token_seconds: 3_600,
            write_implies_read: false,
            star_system_list: Spelling::Both,
            list_envelope: Envelope::Array,
            create_status: 201,
            create_body: true,
            delete_ms: 0,
            delete_running: false,
            parallel_backups: false,
            permanent_with_retention: false,
            retention_status: 422,
            snapshot_status: 400,
            snapshot_word: "snapshot".to_owned(),
            unknown_status: 404,
            expired_stays: false,
            id_as_text: false,
            extra_members: false,
            pending_word: "pending".to_owned(),
            running_word: "inProgress".to_owned(),
            pending_ms: 5_000,
            running_ms: 130_000,
        }
    }
}
