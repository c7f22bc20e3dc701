//! The handle of the cluster: its addresses and credentials, and what tests look at and change.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::config::{Database, Knobs, Switches, User};
use super::database::{Bdb, Kept};
use super::location::{Location, Purpose};
use super::state::{CONTAINER, Mail, Placed, RedisEnterprise, password_of};
use super::version::Version;
use crate::clock::Milliseconds;
use crate::error::Error;

impl RedisEnterprise {
    /// Base of the API over HTTPS, without a slash at its end.
    pub fn endpoint(&self) -> &str {
        &self.place.https
    }

    /// Base of the API over HTTP, if it has such a listener.
    pub fn http_endpoint(&self) -> Option<&str> {
        self.place.http.as_deref()
    }

    /// Base of the API of a node that is not the master, if there is one.
    pub fn second_node(&self) -> Option<&str> {
        self.place.second_node.as_deref()
    }

    /// The user name of the administrator.
    pub fn user(&self) -> &str {
        &self.config.user
    }

    /// The administrator's password.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// PEM file of whom to trust: the emulator's authority, or the certificate that signs itself.
    pub fn ca_file(&self) -> &Path {
        &self.place.ca_file
    }

    /// The fingerprint of the certificate, as `openssl x509 -fingerprint -sha256` prints it.
    pub fn certificate_sha256(&self) -> &str {
        &self.place.fingerprint
    }

    /// The release that is imitated.
    pub fn version(&self) -> Version {
        self.config.version
    }

    /// The folder below which `mount_point` exports write.
    pub fn sandbox(&self) -> &Path {
        &self.sandbox.root
    }

    /// The path of the first mount point, as a location has it.
    pub fn mount(&self) -> &str {
        self.config.mounts.first().map_or("", String::as_str)
    }

    /// Makes a mount point, and gives the folder in which its files appear.
    pub fn add_mount(&self, path: &str) -> Result<PathBuf, Error> {
        self.sandbox.mount(path).map_err(Error::io(format!("making the mount point {path}")))
    }

    /// The name of the storage container for `abs` exports. It exists; account and key are the emulator's.
    pub fn container(&self) -> &'static str {
        CONTAINER
    }

    /// The switches as they are.
    pub fn switches(&self) -> Switches {
        self.lock().switches.clone()
    }

    /// Changes switches for the requests that follow.
    pub fn change(&self, change: impl FnOnce(&mut Switches)) {
        change(&mut self.lock().switches);
    }

    /// The knobs of a database.
    pub fn knobs(&self, uid: u32) -> Result<Knobs, Error> {
        self.with(uid, |bdb| bdb.knobs.clone())
    }

    /// Turns knobs of a database, also of an export that runs.
    pub fn tune(&self, uid: u32, tune: impl FnOnce(&mut Knobs)) -> Result<(), Error> {
        self.with(uid, |bdb| tune(&mut bdb.knobs))
    }

    fn with<T>(&self, uid: u32, act: impl FnOnce(&mut Bdb) -> T) -> Result<T, Error> {
        let mut state = self.lock();
        state.find(uid).map(act).ok_or_else(|| Error::config("uid", &format!("there is no database {uid}")))
    }

    /// Makes a database busy with something that is not shown, for so much virtual time.
    pub fn busy_for(&self, uid: u32, length: Duration) -> Result<(), Error> {
        let length = Milliseconds::try_from(length.as_millis()).unwrap_or(Milliseconds::MAX / 4);
        let until = self.core.clock.now().saturating_add(length);
        self.with(uid, |bdb| bdb.busy_until = until)
    }

    /// Lets a database show how an export of some time ago ended: `succeeded`, or `failed` with a reason.
    pub fn plant_export(&self, uid: u32, status: &str, reason: &str) -> Result<(), Error> {
        const WEEK: Milliseconds = 7 * 24 * 3_600_000;
        let ended = self.core.clock.now() - WEEK;
        self.with(uid, |bdb| bdb.plant(status, reason, ended))?;
        self.core.save();
        Ok(())
    }

    /// Starts an export as somebody else would; gives the id of its action.
    pub fn start_export(&self, uid: u32, location: &Value) -> Result<String, Error> {
        let location =
            Location::read(location, Purpose::Export).map_err(|reason| Error::config("location", &reason))?;
        let now = self.core.clock.now();
        self.lock().start_export(uid, &location, None, now)
    }

    /// Adds a user, or replaces the one of this name.
    pub fn add_user(&self, user: User) {
        self.lock().users.add(user);
    }

    /// Adds a database, or replaces the one with this uid.
    pub fn add_database(&self, spec: Database) -> Result<(), Error> {
        let (password, now) = (password_of(&spec)?, self.core.clock.now());
        self.lock().add(spec, password, now, Kept::default());
        Ok(())
    }

    /// The password of a database, which the API shows to those who may read it.
    pub fn database_password(&self, uid: u32) -> Result<String, Error> {
        self.with(uid, |bdb| bdb.password.clone())
    }

    /// All databases as the next look would show them, without counting as one.
    pub fn databases(&self) -> Vec<Value> {
        let now = self.now(self.core.clock.now());
        self.lock().bdbs.iter().map(|bdb| bdb.show(self.cluster(), now)).collect()
    }

    /// What exports have put somewhere, in order.
    pub fn placed(&self) -> Vec<Placed> {
        self.lock().placed.clone()
    }

    /// The mails that would have been sent, in order.
    pub fn outbox(&self) -> Vec<Mail> {
        self.lock().outbox.clone()
    }

    /// What the program prints when it is ready, by the names that this has in the JSON line and as variables.
    pub fn settings(&self) -> [(&'static str, &'static str, String); 4] {
        [
            ("endpoint", "EPI_REDIS_ENDPOINT", self.endpoint().to_owned()),
            ("user", "EPI_REDIS_USER", self.user().to_owned()),
            ("password", "EPI_REDIS_PASSWORD", self.password().to_owned()),
            ("caFile", "EPI_REDIS_CA_FILE", self.ca_file().to_string_lossy().into_owned()),
        ]
    }
}
