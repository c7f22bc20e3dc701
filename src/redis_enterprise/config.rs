//! The configuration of a client of Redis Enterprise Software.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::limits::CallTimeoutSeconds;

/// A user of a cluster. Holds no secret, so it may be logged: the secret is the user's password.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// The address of the cluster's REST API, such as `https://cluster:9443`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The user name, usually an e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// How requests say whose they are.
    #[serde(default)]
    pub authentication: Authentication,
    /// A PEM file of certificate authorities to trust in addition to the platform's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// The SHA-256 fingerprint of the one certificate to accept, as `openssl x509 -fingerprint -sha256` prints it: a new
    /// cluster has a self-signed certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_sha256: Option<String>,
    /// How long the answers of one request to the service are waited for, with its retries, in seconds; 120 when absent.
    /// Requests that change something wait at least so long. Waits for exports have limits of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_timeout_seconds: Option<CallTimeoutSeconds>,
}

/// How requests say whose they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Authentication {
    /// By user name and password in every request.
    #[default]
    Basic,
    /// By a token, which the service gives for user name and password.
    Jwt,
}

impl Config {
    /// A file of authorities to trust, and the fingerprint of the one certificate to accept.
    pub(crate) fn trusted(&self) -> (Option<&Path>, Option<&str>) {
        (self.ca_file.as_deref(), self.certificate_sha256.as_deref())
    }
}
