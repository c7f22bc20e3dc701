//! What a request says of waiting.

use serde::{Deserialize, Serialize};

use super::only_objects;
use crate::base::limits::{PollingSeconds, TimeoutMinutes};
use crate::wait::WaitPolicy;

/// Waiting for the end of an operation: absent in a request means not to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, remote = "Self")]
pub struct Wait {
    /// The longest wait in minutes, 1 to 2147483647; no limit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_minutes: Option<TimeoutMinutes>,
    /// The pause between two status requests in seconds, 1 to 2147483647; 30 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polling_interval_seconds: Option<PollingSeconds>,
}

only_objects!(Wait);

impl Wait {
    /// The schedule this amounts to.
    #[must_use]
    pub fn policy(self) -> WaitPolicy {
        self.over(WaitPolicy::default())
    }

    /// The schedule this amounts to where a service has one of its own. A pause that is given does not grow.
    #[must_use]
    pub fn over(self, own: WaitPolicy) -> WaitPolicy {
        let limit = self.timeout_minutes.map(Into::into);
        match self.polling_interval_seconds.map(Into::into) {
            Some(interval) => WaitPolicy { interval, factor: 1.0, cap: interval, limit, ..own },
            None => WaitPolicy { limit, ..own },
        }
    }
}
