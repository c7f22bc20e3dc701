//! The request and result documents of every operation, and the rules that need no network.
//!
//! Members are camelCase, as the service spells them. Defaults are those of the original cmdlets (spec section 4)
//! except for the time limit of a wait, which is none unless asked. Every `check` runs before any network call.

mod deployment;
mod export;
mod package;
mod storage;

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::api::poll::Schedule;
use crate::base::error::{Error, Result};
use crate::base::given;
use crate::base::model::project::check_project_id;
use crate::base::next_step::Setting;
use crate::ops::document::only_objects;

pub use deployment::{
    CompleteDeployment, Connect, Connected, GetDeployment, ListDeployments, ResetDeployment, StartDeployment,
    WaitForDeployment,
};
pub use export::{DownloadSettings, GetExport, SaveExport, SavedExport, StartExport, WaitForExport};
pub use package::{
    BlockIntegrity, DeployPackages, DeployedPackages, GetPackageLocation, PackageFile, UploadPackages, UploadSettings,
    UploadedPackages,
};
pub use storage::{GetContainerLinks, GetEdgeLogLocation, ListContainers};

/// A request document that can be checked before any network call.
pub trait Checked {
    /// Checks everything that needs no network.
    ///
    /// # Errors
    /// `InvalidArgument` naming the member by its JSON path.
    fn check(&self) -> Result<()>;

    /// The values that the service looks up by name or id, for what is to be checked where it does not find them.
    fn named(&self) -> Vec<(Setting, &str)> {
        Vec::new()
    }
}

/// The largest number that the cmdlets' `Int` parameters take.
pub(super) const LARGEST: u32 = i32::MAX as u32;

/// Hours that the service keeps an export, or a container link is valid, when nothing is said.
pub(super) const RETENTION_HOURS: u32 = 24;

/// Waiting for the end of an operation: absent in a request means not to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, remote = "Self")]
pub struct Wait {
    /// The longest wait in minutes, 1 to 2147483647; no limit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_minutes: Option<u32>,
    /// The pause between two status requests in seconds, 1 to 2147483647; 30 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polling_interval_seconds: Option<u32>,
}

only_objects!(Wait);

impl Wait {
    pub(super) fn check(self) -> Result<()> {
        check_range("wait.timeoutMinutes", self.timeout_minutes, LARGEST)?;
        check_range("wait.pollingIntervalSeconds", self.polling_interval_seconds, LARGEST)
    }

    /// The schedule this amounts to.
    #[must_use]
    pub fn schedule(self) -> Schedule {
        let default = Schedule::default();
        Schedule {
            interval: self.polling_interval_seconds.map_or(default.interval, |s| Duration::from_secs(u64::from(s))),
            limit: self.timeout_minutes.map(|minutes| Duration::from_secs(u64::from(minutes) * 60)),
            ..default
        }
    }
}

pub(super) fn check_range<N: Into<u64>>(field: &str, value: Option<N>, largest: N) -> Result<()> {
    let largest = largest.into();
    match value.map(Into::into) {
        Some(value) if !(1..=largest).contains(&value) => {
            Err(Error::invalid(field, format!("{value} is not between 1 and {largest}")))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_wait(wait: Option<Wait>) -> Result<()> {
    wait.map_or(Ok(()), Wait::check)
}

pub(super) fn check_project(project: Option<&str>) -> Result<()> {
    project.map_or(Ok(()), |project| check_project_id("projectId", given::trimmed(project)))
}

/// `-` is a standard stream to most programs. Here it would silently be a file of that name, so it is refused.
pub(super) fn check_no_stream(field: &str, path: &Path, refusal: &str) -> Result<()> {
    if path != Path::new("-") {
        return Ok(());
    }
    Err(Error::invalid(field, refusal).with_next_step("use a file (for a file named '-', use './-')"))
}

/// Declares a request document: strict, camelCase, cloneable.
macro_rules! request {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident : $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            /// The project's GUID; the client's own when absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub project_id: Option<String>,
            $($(#[$field_doc])* pub $field: $kind,)*
        }
    };
}
pub(crate) use request;
