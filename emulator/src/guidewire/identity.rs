//! Whom the service knows at first: an OAuth client. Given, kept from an earlier run, or random.

use serde::{Deserialize, Serialize};

use super::config::{Client, Config};
use crate::error::Error;
use crate::random::{hex, random};

/// The client's credentials; kept across restarts with a state folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Identity {
    pub(super) client_id: String,
    pub(super) client_secret: String,
}

impl Identity {
    /// Takes what the configuration gives, then what an earlier run kept, then random values.
    pub(super) fn settle(config: &Config, kept: Option<Self>) -> Result<Self, Error> {
        let kept = match kept {
            Some(kept) => kept,
            // In the form of Okta's ids and secrets.
            None => {
                Self { client_id: format!("0oa{}", &hex(&random::<9>()?)[..17]), client_secret: hex(&random::<32>()?) }
            }
        };
        Ok(Self {
            client_id: config.client_id.clone().unwrap_or(kept.client_id),
            client_secret: config.client_secret.clone().unwrap_or(kept.client_secret),
        })
    }

    /// The client, with the scopes of its tenant (spec 2.3) unless others are given.
    pub(super) fn client(&self, config: &Config) -> Client {
        let usual = || {
            let tenant = format!("tenant.{}", config.tenant);
            [tenant.as_str(), "gcc.deployments.read", "gcc.deployments.write"].map(str::to_owned).into()
        };
        Client {
            id: self.client_id.clone(),
            secret: self.client_secret.clone(),
            scopes: config.scopes.clone().unwrap_or_else(usual),
        }
    }
}
