//! An account at the deployment service: where it is, whose it is, and which project is meant.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::api::Api;
use super::auth::Credentials;
use super::config::Config;
use super::endpoint::{self, DEFAULT_ENDPOINT};
use super::model::project::{check_project_id, credentials_step};
use crate::base::entropy::Entropy;
use crate::base::error::{Error, Kind, Result};
use crate::base::given;
use crate::base::next_step::{NextStep, Setting};
use crate::base::secret::Secret;
use crate::blob::client::Store;
use crate::http_api::endpoint::Endpoint;
use crate::transfer::Engine;
use crate::transport::http::Http;

/// What a configuration says of an account, checked.
pub struct AccountSettings {
    endpoint: Endpoint,
    project: Option<String>,
    /// Why there are none, where only what needs no account is to be done.
    credentials: Result<Credentials>,
    limit: Option<Duration>,
    state_dir: Option<PathBuf>,
}

impl AccountSettings {
    /// Checks the settings of an account.
    ///
    /// # Errors
    /// `InvalidArgument` naming the setting, `NotConfigured` when only one of key and secret is given.
    pub fn check(config: &Config, secret: Option<&Secret>) -> Result<Self> {
        let endpoint = endpoint::parse(config.endpoint.as_deref().unwrap_or(DEFAULT_ENDPOINT))?;
        let project = config.project_id.as_deref().map(|id| given::trimmed(id).to_owned());
        if let Some(project) = &project {
            check_project_id("projectId", project)?;
        }
        let credentials = match (config.client_key.as_deref(), secret) {
            (None, None) => Err(Error::new(Kind::NotConfigured, "the client key and the client secret are missing")
                .with_next_step(credentials_step())),
            (key, secret) => Ok(Credentials::new(key.unwrap_or_default(), secret.unwrap_or(&Secret::new(Vec::new())))?),
        };
        if config.state_dir.as_deref().is_some_and(|folder| folder.as_os_str().is_empty()) {
            return Err(Error::invalid("stateDir", "must not be empty"));
        }
        let limit = config.call_timeout_seconds.map(Into::into);
        Ok(Self { endpoint, project, credentials, limit, state_dir: config.state_dir.clone() })
    }

    /// The account, reached over this HTTP client.
    #[must_use]
    pub fn connect(self, http: &Http, entropy: &Arc<dyn Entropy>) -> Account {
        let Self { endpoint, project, credentials, limit, state_dir } = self;
        let api = credentials
            .map(|credentials| Api::new(http.clone(), endpoint, credentials, Arc::clone(entropy)).limited_to(limit));
        let engine = Engine::new(Store::new(http.clone()), Arc::clone(http.clock()), Arc::clone(entropy));
        Account { api, project, engine: engine.keeping_state_in(state_dir) }
    }
}

/// An account at the service. Cheap to clone.
#[derive(Clone)]
pub struct Account {
    /// The signed connection, or why there is none: uploading by a link needs no credentials.
    api: Result<Api>,
    project: Option<String>,
    engine: Engine,
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

    /// What packages and exports are transferred with.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The address of the service, where it is not the live one; nothing without credentials.
    #[must_use]
    pub fn address_of_a_test(&self) -> Option<String> {
        let endpoint = self.api.as_ref().ok()?.endpoint();
        (!endpoint::is_live(endpoint)).then(|| endpoint.to_string())
    }
}
