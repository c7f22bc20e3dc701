//! The configuration of a client of Guidewire Cloud.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::contract::StarSystemList;
use crate::base::limits::{CallTimeoutSeconds, RetentionDays};

/// An OAuth client of a tenant, and the star system that it works on. Holds no secret, so it may be logged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// The base URL of the Database API of the tenant's region. Required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Where tokens are requested; that of the region of `endpoint` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_url: Option<String>,
    /// The id of the OAuth client. Required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The tenant, such as `acme`. Required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// The star system. Required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub star_system_id: Option<String>,
    /// The scopes that a token is requested for, separated by spaces; the tenant's own, and those to read and write
    /// backups, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<String>,
    /// The longest retention of a temporary backup in days; 14 when absent. A tenant may have a higher one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_retention_days: Option<RetentionDays>,
    /// How the path of a star system's list ends: `backup` (when absent) or `backups`. The other one is tried where the
    /// service does not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub star_system_list: Option<StarSystemList>,
    /// A PEM file of certificate authorities to trust beside the platform's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// How long the answers of one request to the service are waited for, with its retries, in seconds; 120 when absent.
    /// Requests that change something wait at least so long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_timeout_seconds: Option<CallTimeoutSeconds>,
}

impl Config {
    /// A file of authorities to trust, and the fingerprint of a certificate, which this service has no use for.
    pub(crate) fn trusted(&self) -> (Option<&Path>, Option<&str>) {
        (self.ca_file.as_deref(), None)
    }
}
