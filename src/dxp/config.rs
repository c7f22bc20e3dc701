//! The configuration of a client of the Optimizely DXP.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::limits::CallTimeoutSeconds;

/// An account at the deployment service. Holds no secret, so it may be logged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// The service's base address; the live service when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The key of the API credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_key: Option<String>,
    /// The project's GUID, for requests that name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// A PEM file of certificate authorities to trust beside the platform's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// The folder that keeps what a cut upload needs to go on; the user's own for state when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_dir: Option<PathBuf>,
    /// How long the answers of one request to the service are waited for, with its retries, in seconds; 120 when absent.
    /// Requests that change something wait at least so long. Transfers and the waits for deployments and exports have
    /// limits of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_timeout_seconds: Option<CallTimeoutSeconds>,
}

impl Config {
    /// A file of authorities to trust, and the fingerprint of a certificate, which this service has no use for.
    pub(crate) fn trusted(&self) -> (Option<&Path>, Option<&str>) {
        (self.ca_file.as_deref(), None)
    }
}
