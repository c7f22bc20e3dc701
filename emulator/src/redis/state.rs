//! What the cluster holds: databases, users, actions, switches, what was exported and mailed.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::action::Action;
use super::config::{Config, Database, Role, Switches, User};
use super::database::{Bdb, Cluster, Kept};
use super::destination::Sandbox;
use super::export::{Now, Running};
use super::location::Location;
use super::user::Users;
use crate::clock::Milliseconds;
use crate::core::Core;
use crate::error::Error;
use crate::random::{hex, new_guid, random};
use crate::state_dir::Section;

/// The container of the blob storage that the cluster finds there.
pub(super) const CONTAINER: &str = "redisexports";

/// The stand-in for a cluster of Redis Enterprise Software, and the handle tests use to look inside and to change
/// things (`handle`).
#[derive(Debug)]
pub struct RedisEnterprise {
    pub(super) core: Arc<Core>,
    pub(super) config: Config,
    pub(super) sandbox: Sandbox,
    /// Only one request at a time puts files where they belong.
    pub(super) placing: tokio::sync::Mutex<()>,
    pub(super) password: String,
    pub(super) place: Place,
    state: Mutex<State>,
    state_ids: AtomicU64,
}

/// Where the cluster is found, and by which certificate it is known.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// `https://HOST:PORT`.
    pub(crate) https: String,
    /// `http://HOST:PORT`.
    pub(crate) http: Option<String>,
    /// `https://HOST:PORT` of a node that is not the master.
    pub(crate) second_node: Option<String>,
    /// PEM file of whom to trust.
    pub(crate) ca_file: PathBuf,
    /// The fingerprint of the certificate.
    pub(crate) fingerprint: String,
    /// The folder that stands for the file system of the nodes.
    pub(crate) sandbox: PathBuf,
}

/// What changes while it runs.
#[derive(Debug)]
pub(super) struct State {
    pub(super) switches: Switches,
    pub(super) users: Users,
    pub(super) bdbs: Vec<Bdb>,
    pub(super) actions: Vec<Action>,
    pub(super) placed: Vec<Placed>,
    pub(super) outbox: Vec<Mail>,
}

/// What an export has put somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The database.
    pub uid: u32,
    /// The location, without its secrets.
    pub location: Value,
    /// Names and bytes of the files, one for each shard.
    pub files: Vec<(String, Vec<u8>)>,
}

/// A mail that the cluster would send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mail {
    /// To whom.
    pub to: String,
    /// What it says.
    pub subject: String,
}

/// The cluster as it is written to a state folder.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Saved {
    password: String,
    token_key: String,
    databases: Vec<SavedDatabase>,
    actions: Vec<Action>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SavedDatabase {
    spec: Database,
    password: String,
    created: Milliseconds,
    kept: Kept,
}

impl Section for RedisEnterprise {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn save(&self) -> serde_json::Result<Value> {
        let state = self.lock();
        let databases = state.bdbs.iter().map(|bdb| SavedDatabase {
            spec: bdb.spec.clone(),
            password: bdb.password.clone(),
            created: bdb.created,
            kept: bdb.kept.clone(),
        });
        serde_json::to_value(Saved {
            password: self.password.clone(),
            token_key: state.users.key().to_owned(),
            databases: databases.collect(),
            actions: state.actions.clone(),
        })
    }
}

impl State {
    pub(super) fn find(&mut self, uid: u32) -> Option<&mut Bdb> {
        self.bdbs.iter_mut().find(|bdb| bdb.spec.uid == uid)
    }

    /// Adds a database, or replaces the one with this uid; its shards get the next ids.
    pub(super) fn add(&mut self, spec: Database, password: String, created: Milliseconds, kept: Kept) {
        self.bdbs.retain(|known| known.spec.uid != spec.uid);
        let last = self.bdbs.iter().flat_map(|bdb| &bdb.shards).max().copied().unwrap_or(0);
        let shards = (last + 1..=last + spec.shards.max(1)).collect();
        self.bdbs.push(Bdb::new(spec, password, shards, created, kept));
        self.bdbs.sort_by_key(|bdb| bdb.spec.uid);
    }

    /// Starts an export of a database that is free, and gives the id of its action.
    pub(super) fn start_export(
        &mut self,
        uid: u32,
        location: &Location,
        mail: Option<String>,
        now: Milliseconds,
    ) -> Result<String, Error> {
        let action = new_guid()?;
        let running = Running::start(action.clone(), location.members().clone(), mail, now);
        let bdb = self.find(uid).ok_or_else(|| Error::config("uid", "there is no such database"))?;
        bdb.kept.running = Some(running);
        self.actions.push(Action::export(action.clone(), uid, now));
        Ok(action)
    }
}

impl RedisEnterprise {
    /// The cluster as an earlier run left it, or a new one.
    pub(crate) async fn open(core: &Arc<Core>, config: &Config, place: Place) -> Result<Arc<Self>, Error> {
        let saved: Option<Saved> = core.state.take("redis")?;
        let (kept_password, key, databases, actions) = match saved {
            Some(saved) => (Some(saved.password), saved.token_key, Some(saved.databases), saved.actions),
            None => (None, hex(&random::<32>()?), None, Vec::new()),
        };
        let password = match config.password.clone().or(kept_password) {
            Some(password) => password,
            None => hex(&random::<16>()?),
        };
        let admin =
            User { name: config.user.clone(), password: password.clone(), role: Role::Admin, password_expired: false };
        let mut users = Users::new(vec![admin], key);
        config.users.iter().for_each(|user| users.add(user.clone()));
        let sandbox = Sandbox { root: place.sandbox.clone() };
        for mount in &config.mounts {
            sandbox.mount(mount).map_err(Error::io(format!("making the mount point {mount}")))?;
        }
        core.storage.create_container(CONTAINER).await?;
        let mut state = State {
            switches: config.switches.clone(),
            users,
            bdbs: Vec::new(),
            actions,
            placed: Vec::new(),
            outbox: Vec::new(),
        };
        match databases {
            Some(databases) => databases.into_iter().for_each(|saved| {
                state.add(saved.spec, saved.password, saved.created, saved.kept);
            }),
            None => {
                for spec in &config.databases {
                    state.add(spec.clone(), password_of(spec)?, core.clock.now(), Kept::default());
                }
            }
        }
        let redis = Arc::new(Self {
            core: Arc::clone(core),
            config: config.clone(),
            sandbox,
            placing: tokio::sync::Mutex::new(()),
            password,
            place,
            state: Mutex::new(state),
            state_ids: AtomicU64::new(0),
        });
        core.state.keep(&redis);
        Ok(redis)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        crate::lock(&self.state)
    }

    pub(super) fn cluster(&self) -> Cluster<'_> {
        Cluster { name: &self.config.cluster, version: self.config.version }
    }

    pub(super) fn now(&self, at: Milliseconds) -> Now {
        Now { at, instant: self.core.clock.is_instant() }
    }

    pub(super) fn next_state_id(&self) -> u64 {
        self.state_ids.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(super) fn describe(&self, to: &mut Map<String, Value>) {
        let databases: Vec<Value> = self.databases().iter().map(super::location::masked).collect();
        let described = json!({
            "version": self.version().name(),
            "switches": self.switches(),
            "databases": databases,
            "sandbox": self.sandbox().to_string_lossy(),
            "mount": self.mount(),
            "container": CONTAINER,
        });
        to.insert("redis".to_owned(), described);
    }
}

pub(super) fn password_of(spec: &Database) -> Result<String, Error> {
    match &spec.password {
        Some(password) => Ok(password.clone()),
        None => random::<16>().map(|bytes| hex(&bytes)),
    }
}
