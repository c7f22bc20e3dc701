//! An account at the deployment service: where it is, whose it is, and which project is meant.

use std::sync::Arc;
use std::time::Duration;

use super::api::Api;
use super::auth::Credentials;
use super::endpoint::{self, DEFAULT_ENDPOINT};
use super::model::project::{check_project_id, credentials_step};
use crate::base::entropy::Entropy;
use crate::base::error::{Error, Kind, Result};
use crate::base::given;
use crate::base::next_step::{NextStep, Setting};
use crate::base::secret::Secret;
use crate::http_api::endpoint::Endpoint;
use crate::transport::http::Http;

/// What a configuration says of an account, checked.
pub struct AccountSettings {
    endpoint: Endpoint,
    project: Option<String>,
    /// Why there are none, where only what needs no account is to be done.
    credentials: Result<Credentials>,
}

impl AccountSettings {
    /// Checks the settings of an account.
    ///
    /// # Errors
    /// `InvalidArgument` naming the setting, `NotConfigured` when only one of key and secret is given.
    pub fn check(
        endpoint: Option<&str>,
        project: Option<&str>,
        client_key: Option<&str>,
        secret: Option<&Secret>,
    ) -> Result<Self> {
        let endpoint = endpoint::parse(endpoint.unwrap_or(DEFAULT_ENDPOINT))?;
        let project = project.map(|id| given::trimmed(id).to_owned());
        if let Some(project) = &project {
            check_project_id("projectId", project)?;
        }
        let credentials = match (client_key, secret) {
            (None, None) => Err(Error::new(Kind::NotConfigured, "the client key and the client secret are missing")
                .with_next_step(credentials_step())),
            (key, secret) => Ok(Credentials::new(key.unwrap_or_default(), secret.unwrap_or(&Secret::new(Vec::new())))?),
        };
        Ok(Self { endpoint, project, credentials })
    }

    /// The account, reached over this HTTP client. `limit` is how long the answers of one call are waited for.
    #[must_use]
    pub fn connect(self, http: &Http, entropy: &Arc<dyn Entropy>, limit: Option<Duration>) -> Account {
        let Self { endpoint, project, credentials } = self;
        let api = credentials.map(|credentials| {
            let api = Api::new(http.clone(), endpoint, credentials, Arc::clone(entropy));
            match limit {
                Some(limit) => api.limited_to(limit),
                None => api,
            }
        });
        Account { api, project }
    }
}

/// An account at the service. Cheap to clone.
#[derive(Clone)]
pub struct Account {
    /// The signed connection, or why there is none: uploading by a link needs no credentials.
    api: Result<Api>,
    project: Option<String>,
}

impl Account {
    /// The signed connection and the project of a request: its own, or the account's.
    ///
    /// # Errors
    /// `NotConfigured` without credentials or without a project.
    pub fn at(&self, project: Option<&str>) -> Result<(&Api, String)> {
        let api = self.api.as_ref().map_err(Clone::clone)?;
        let given = project.map(|project| given::trimmed(project).to_owned());
        let project = given.or_else(|| self.project.clone()).ok_or_else(|| {
            Error::new(Kind::NotConfigured, "the project id is missing").with_next_step(
                NextStep::text("set ")
                    .setting(Setting::ProjectId)
                    .and(" to the GUID of the project, which the DXP Management Portal shows (project, API tab)"),
            )
        })?;
        Ok((api, project))
    }

    /// The address of the service, where it is not the live one; nothing without credentials.
    #[must_use]
    pub fn address_of_a_test(&self) -> Option<String> {
        let endpoint = self.api.as_ref().ok()?.endpoint();
        (!endpoint::is_live(endpoint)).then(|| endpoint.to_string())
    }
}
