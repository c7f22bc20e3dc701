//! What a request says of waiting.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{LARGEST, check_range, only_objects};
use crate::base::error::Result;
use crate::wait::Schedule;

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
    /// Checks the numbers.
    ///
    /// # Errors
    /// `InvalidArgument` naming the member.
    pub fn check(self) -> Result<()> {
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

/// Checks the wait of a request that need not have one.
///
/// # Errors
/// `InvalidArgument` naming the member.
pub fn check_wait(wait: Option<Wait>) -> Result<()> {
    wait.map_or(Ok(()), Wait::check)
}
