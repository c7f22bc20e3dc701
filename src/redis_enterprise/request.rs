//! The request and result documents of the service's operations, and the rules that need no network. Members are camelCase;
//! those of a destination are spelled as the service spells them.

use serde::Serialize;

use super::contract::BUSY_TIMEOUT;
use super::export_job::Order;
pub use super::location::{Destination, Location};
use super::model::database::Database;
use crate::base::error::{Error, Result};
use crate::base::limits::{BusyTimeoutSeconds, TimeoutMinutes};
pub use crate::document::Checked;
use crate::document::request;
pub use crate::document::wait::Wait;
use crate::export::handle;

/// The member that holds a handle.
pub(crate) const HANDLE: &str = "handle";

request! {
    /// `redisEnterprise.connect`: signs in, and says what the cluster is and holds.
    ConnectCluster {
        /// A database of which to say whether it can be exported.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uid: Option<u64>,
    }
}

request! {
    /// `redisEnterprise.export.start`: starts an export of a database.
    StartRedisExport {
        /// The database.
        uid: u64,
        /// Where the files go: `type` and the members of that type.
        location: Location,
        /// Let the cluster send a mail when it has ended.
        #[serde(default)]
        email_notification: bool,
        /// Clear the result of the last export before, so that it cannot be taken for this one's; true when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reset: Option<bool>,
        /// Wait so many minutes for an export that somebody else runs, 1 to 2147483647; refuse at once when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wait_while_busy_minutes: Option<TimeoutMinutes>,
        /// Try the start again for so many seconds while the database is busy with something else, 1 to 2147483647; 360
        /// when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        busy_timeout_seconds: Option<BusyTimeoutSeconds>,
        /// Wait until it has ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wait: Option<Wait>,
        /// Give back an export that has failed, instead of an error.
        #[serde(default)]
        allow_failed: bool,
    }
}

request! {
    /// `redisEnterprise.export.get`: an export by its handle, or the last one of a database.
    GetRedisExport {
        /// The database, for its last export, whoever has started it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uid: Option<u64>,
        /// The handle of an export.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        handle: Option<String>,
    }
}

request! {
    /// `redisEnterprise.export.wait`: waits for an export.
    WaitForRedisExport {
        /// The handle of the export.
        handle: String,
        /// How to wait.
        #[serde(default)]
        wait: Wait,
        /// Give back an export that has failed, instead of an error.
        #[serde(default)]
        allow_failed: bool,
    }
}

request! {
    /// `redisEnterprise.export.reset`: clears what a database says of its last export.
    ResetRedisExport {
        /// The database.
        uid: u64,
    }
}

request! {
    /// `redisEnterprise.database.list`: all databases.
    ListRedisDatabases {}
}

request! {
    /// `redisEnterprise.database.get`: one database.
    GetRedisDatabase {
        /// The database.
        uid: u64,
    }
}

/// What a cluster is and holds.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectedCluster {
    /// The address.
    pub endpoint: String,
    /// The version of its software; null where the user may not know it.
    pub version: Option<String>,
    /// The databases, without their passwords.
    pub databases: Vec<Database>,
    /// What was asked of one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<ExportableDatabase>,
}

/// Whether a database can be exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportableDatabase {
    /// The database.
    pub uid: u64,
    /// Its name.
    pub name: String,
    /// Whether it can be exported; null where the cluster does not tell what its modules can.
    pub exportable: Option<bool>,
    /// The modules that cannot be exported, or of which that is not known.
    pub modules: Vec<String>,
}

fn check_uid(uid: u64) -> Result<()> {
    if uid > 0 { Ok(()) } else { Err(Error::invalid("uid", "must be the number of a database, 1 or more")) }
}

impl Checked for ConnectCluster {
    fn check(&self) -> Result<()> {
        self.uid.map_or(Ok(()), check_uid)
    }
}

impl Checked for StartRedisExport {
    fn check(&self) -> Result<()> {
        check_uid(self.uid)?;
        self.location.checked("location").map(drop)
    }
}

impl StartRedisExport {
    /// What this amounts to.
    ///
    /// # Errors
    /// As [`Checked::check`].
    pub(crate) fn order(&self) -> Result<Order> {
        Ok(Order {
            destination: self.location.checked("location")?,
            email_notification: self.email_notification,
            reset: self.reset.unwrap_or(true),
            wait_while_busy: self.wait_while_busy_minutes.map(Into::into),
            busy_timeout: self.busy_timeout_seconds.map_or(BUSY_TIMEOUT, Into::into),
        })
    }
}

impl Checked for GetRedisExport {
    fn check(&self) -> Result<()> {
        match (self.uid, self.handle.as_deref()) {
            (Some(_), Some(_)) => Err(Error::invalid(HANDLE, "cannot be combined with uid")),
            (None, None) => Err(Error::invalid(HANDLE, "is missing; give a handle, or the uid of a database")),
            (Some(uid), None) => check_uid(uid),
            (None, Some(handle)) => handle::prefix_of(HANDLE, handle).map(drop),
        }
    }
}

impl Checked for WaitForRedisExport {
    fn check(&self) -> Result<()> {
        handle::prefix_of(HANDLE, &self.handle).map(drop)
    }
}

impl Checked for ResetRedisExport {
    fn check(&self) -> Result<()> {
        check_uid(self.uid)
    }
}

impl Checked for ListRedisDatabases {
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

impl Checked for GetRedisDatabase {
    fn check(&self) -> Result<()> {
        check_uid(self.uid)
    }
}
