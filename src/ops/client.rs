//! A client: one account at one service, and everything its operations share.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::advice::advised;
use crate::base::entropy::Entropy;
use crate::base::error::{Error, Result};
use crate::base::limits::CallTimeoutSeconds;
use crate::base::next_step::Phrase;
use crate::base::scope::Scope;
use crate::base::secret::Secret;
use crate::base::time::{BoxFuture, Clock};
use crate::blob::client::Store;
use crate::document::Checked;
use crate::dxp;
use crate::dxp::account::AccountSettings;
use crate::transfer::Engine;
use crate::transport::authorities::Authorities;
use crate::transport::http::Http;
use crate::transport::system::{self, SystemClock, SystemEntropy};

/// The configuration of a client. Holds no secret, so it may be logged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientConfig {
    /// Which service.
    #[serde(default)]
    pub service: Service,
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

/// The services that a client can be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Service {
    /// The Optimizely DXP deployment API.
    #[default]
    Dxp,
}

/// One account at one service. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Client {
    account: Account,
    engine: Engine,
}

/// The account of a client, at the one service that it is of.
#[derive(Clone)]
enum Account {
    Dxp(dxp::account::Account),
}

impl Client {
    /// A client on this machine's clock, with this user's folder for state. Checks the configuration; nothing is sent
    /// yet.
    ///
    /// Without a client key and a secret the client can only do what needs no account, such as uploading by a link.
    ///
    /// # Errors
    /// `InvalidArgument` naming the setting, `NotFound` or `Io` for the file of certificates, `Tls`.
    pub fn new(config: &ClientConfig, secret: Option<&Secret>) -> Result<Self> {
        let config = ClientConfig { state_dir: state_folder(config), ..config.clone() };
        Self::with_sources(&config, secret, Arc::new(SystemClock::default()), Arc::new(SystemEntropy))
    }

    /// A client with its own time and randomness, for tests and simulations. It keeps state in the folder of the
    /// configuration alone.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_sources(
        config: &ClientConfig,
        secret: Option<&Secret>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self> {
        let account = match config.service {
            Service::Dxp => AccountSettings::check(
                config.endpoint.as_deref(),
                config.project_id.as_deref(),
                config.client_key.as_deref(),
                secret,
            )?,
        };
        if config.state_dir.as_deref().is_some_and(|folder| folder.as_os_str().is_empty()) {
            return Err(Error::invalid("stateDir", "must not be empty"));
        }
        let authorities = config.ca_file.as_deref().map(read_authorities).transpose()?;
        let http = Http::new(authorities.as_ref(), Arc::clone(&clock))?;
        let limit = config.call_timeout_seconds.map(|seconds| Duration::from_secs(seconds.get().into()));
        Ok(Self {
            account: Account::Dxp(account.connect(&http, &entropy, limit)),
            engine: Engine::new(Store::new(http), clock, entropy).keeping_state_in(config.state_dir.clone()),
        })
    }

    /// The address of the service, where it is not the live one; nothing without an account.
    #[must_use]
    pub fn address_of_a_test(&self) -> Option<String> {
        match &self.account {
            Account::Dxp(account) => account.address_of_a_test(),
        }
    }

    /// Runs an operation: checks the request, then carries it out on the caller's runtime.
    ///
    /// # Errors
    /// `InvalidArgument` before any network call; `Cancelled`; then whatever the operation meets.
    pub async fn run<O: Operation>(&self, request: O, scope: &Scope) -> Result<O::Answer> {
        request.check()?;
        self.run_checked(request, scope).await
    }

    /// Runs an operation whose request was checked.
    pub(super) async fn run_checked<O: Operation>(&self, request: O, scope: &Scope) -> Result<O::Answer> {
        scope.cancel().check()?;
        let named: Vec<_> = request.named().into_iter().map(|(setting, value)| (setting, value.to_owned())).collect();
        request.run(Session { client: self, scope }).await.map_err(|error| advised(error, &named))
    }
}

/// This machine's clock, for a host that shows people how long something takes.
#[must_use]
pub fn machine_clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::default())
}

/// The folder that is given, or this user's own. Without either, an upload that was cut begins again.
fn state_folder(config: &ClientConfig) -> Option<PathBuf> {
    config.state_dir.clone().or_else(system::state_folder)
}

fn read_authorities(file: &Path) -> Result<Authorities> {
    let cannot = |error| {
        let doing = Phrase::default().member("caFile").and(format!(": cannot read '{}'", file.display()));
        Error::io(doing, &error)
    };
    let refused = |what: String| {
        Error::invalid("caFile", format!("'{}' {what}", file.display()))
            .with_next_step("use a PEM file with CA certificates")
    };
    let opened = std::fs::metadata(file).map_err(cannot)?;
    // A folder has no content, a pipe would be waited for, and a device might never end.
    if opened.is_dir() {
        return Err(refused("is a directory".to_owned()));
    }
    if !opened.is_file() {
        return Err(refused("is not a regular file".to_owned()));
    }
    if opened.len() > LARGEST_CA_FILE {
        return Err(refused(format!("is larger than {} MiB, too large for CA certificates", LARGEST_CA_FILE >> 20)));
    }
    Authorities::read(&file.display().to_string(), &std::fs::read(file).map_err(cannot)?)
}

/// Much larger than the list of all authorities of the web.
const LARGEST_CA_FILE: u64 = 4 << 20;

/// One verb: its request, its result, and what it does.
pub trait Operation: Checked + DeserializeOwned + Serialize + Send + Sync + 'static {
    /// What it gives.
    type Answer: Serialize + Send + 'static;

    /// Does it, after the request was checked.
    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<Self::Answer>>;
}

/// A client at work for one operation.
#[derive(Clone, Copy)]
pub struct Session<'a> {
    client: &'a Client,
    /// The operation.
    pub(crate) scope: &'a Scope,
}

impl<'a> Session<'a> {
    /// The account at the Optimizely DXP.
    ///
    /// # Errors
    /// `Unsupported` when the client is of another service.
    pub(crate) fn dxp(self) -> Result<&'a dxp::account::Account> {
        match &self.client.account {
            Account::Dxp(account) => Ok(account),
        }
    }

    /// The transfer engine.
    pub(crate) fn engine(self) -> &'a Engine {
        &self.client.engine
    }

    /// Runs another operation as a part of this one, whose check has covered it.
    pub(crate) async fn part<O: Operation>(self, request: O) -> Result<O::Answer> {
        self.scope.cancel().check()?;
        request.run(self).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(client: &Client) -> String {
        format!("{:?}", client.engine)
    }

    #[test]
    fn state_is_kept_where_it_is_asked_for_and_by_default_with_the_user() {
        let given =
            |folder: Option<&str>| ClientConfig { state_dir: folder.map(Into::into), ..ClientConfig::default() };
        let on_this_machine = |config: &ClientConfig| Client::new(config, None);
        let simulated = |config: &ClientConfig| {
            Client::with_sources(config, None, Arc::new(SystemClock::default()), Arc::new(SystemEntropy))
        };
        let own = system::state_folder();
        for (client, expected) in [
            (on_this_machine(&given(Some("kept"))), Some("kept".into())),
            (on_this_machine(&given(None)), own),
            (simulated(&given(Some("kept"))), Some("kept".into())),
            (simulated(&given(None)), None::<PathBuf>),
        ] {
            let shown = shown(&client.unwrap());
            assert!(shown.contains(&format!("state: {expected:?}")), "{shown}, expected {expected:?}");
        }
        for client in [on_this_machine(&given(Some(""))), simulated(&given(Some("")))] {
            assert_eq!(client.err().unwrap().field(), Some("stateDir"));
        }
    }
}
