//! A client: one account at one service, and everything its operations share.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::advice::advised;
use super::services::services;
use crate::base::entropy::Entropy;
use crate::base::error::{Error, Kind, Result};
use crate::base::next_step::{Phrase, Setting};
use crate::base::scope::Scope;
use crate::base::secret::Secret;
use crate::base::time::{BoxFuture, Clock};
use crate::document::{self, Checked, not_an_object};
use crate::dxp;
use crate::transport::authorities::Authorities;
use crate::transport::http::Http;
use crate::transport::system::{self, SystemClock, SystemEntropy};
use crate::transport::trust::{Fingerprint, Trust};

/// Declares what there is for every service.
macro_rules! accounts {
    ($($(#[$doc:meta])* $variant:ident, $room:ident, $name:literal;)*) => {
        /// The services that a client can be of.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Service {
            #[default]
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl Service {
            /// All of them, by their names in documents.
            pub const ALL: &[(&str, Self)] = &[$(($name, Self::$variant),)*];
        }

        /// The configuration of a client. Holds no secret, so it may be logged.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(tag = "service")]
        #[non_exhaustive]
        pub enum ClientConfig {
            $($(#[$doc])* #[serde(rename = $name)] $variant(crate::$room::config::Config),)*
        }

        $(impl From<crate::$room::config::Config> for ClientConfig {
            fn from(config: crate::$room::config::Config) -> Self {
                Self::$variant(config)
            }
        })*

        impl ClientConfig {
            /// Reads a configuration: an object whose `service` says what else may stand in it.
            ///
            /// # Errors
            /// `InvalidArgument` with the JSON path.
            pub fn from_document(what: &str, document: Value) -> Result<Self> {
                let Value::Object(mut members) = document else { return Err(not_an_object(what, &document)) };
                let service = match members.remove("service") {
                    Some(named) => document::read::<Named>(what, json!({"service": named}))?.service,
                    None => Service::default(),
                };
                let members = Value::Object(members);
                Ok(match service {
                    $(Service::$variant => Self::$variant(document::read(what, members)?),)*
                })
            }

            /// Which service it is for.
            #[must_use]
            pub fn service(&self) -> Service {
                match self {
                    $(Self::$variant(_) => Service::$variant,)*
                }
            }

            /// What to trust beside, or instead of, what the machine trusts: a file, or a certificate's fingerprint.
            fn trusted(&self) -> (Option<&Path>, Option<&str>) {
                match self {
                    $(Self::$variant(config) => config.trusted(),)*
                }
            }
        }

        /// The account of a client, at the one service that it is of.
        #[derive(Clone)]
        pub(super) enum Account {
            $($variant(crate::$room::account::Account),)*
        }

        impl Account {
            fn connect(config: &ClientConfig, secret: Option<&Secret>, sources: &Sources) -> Result<Self> {
                let http = || Http::new(&trust(config)?, Arc::clone(&sources.clock));
                Ok(match config {
                    $(ClientConfig::$variant(config) => {
                        let settings = crate::$room::account::AccountSettings::check(config, secret)?;
                        Self::$variant(settings.connect(&http()?, &sources.entropy))
                    })*
                })
            }

            fn service(&self) -> Service {
                match self {
                    $(Self::$variant(_) => Service::$variant,)*
                }
            }

            fn address_of_a_test(&self) -> Option<String> {
                match self {
                    $(Self::$variant(account) => account.address_of_a_test(),)*
                }
            }
        }

        impl<'a> Session<'a> {
            $(
                /// The account at the service of this name.
                ///
                /// # Errors
                /// `Unsupported` when the client is of another service.
                pub(crate) fn $room(self) -> Result<&'a crate::$room::account::Account> {
                    match &self.client.account {
                        Account::$variant(account) => Ok(account),
                        other => Err(of_another($name, other.service())),
                    }
                }
            )*
        }
    };
}
services!(accounts);

/// The member that says which service a configuration is for.
#[derive(Deserialize)]
struct Named {
    service: Service,
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = Self::ALL.iter().find(|(_, service)| service == self);
        f.write_str(named.map_or("", |(name, _)| name))
    }
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self::Dxp(dxp::config::Config::default())
    }
}

fn of_another(wanted: &str, service: Service) -> Error {
    Error::new(
        Kind::Unsupported,
        format!("this operation is one of the service '{wanted}', but the client is for the service '{service}'"),
    )
}

/// Time and randomness.
struct Sources {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// One account at one service. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Client {
    account: Account,
}

impl Client {
    /// A client on this machine's clock, with this user's directory for state. Checks the configuration; nothing is sent
    /// yet.
    ///
    /// Without a client key and a secret the client can only do what needs no account, such as uploading by a link.
    ///
    /// # Errors
    /// `InvalidArgument` naming the setting, `NotFound` or `Io` for the file of certificates, `Tls`.
    pub fn new(config: impl Into<ClientConfig>, secret: Option<&Secret>) -> Result<Self> {
        let mut config = config.into();
        if let ClientConfig::Dxp(config) = &mut config {
            // Without either, an upload that was cut begins again.
            config.state_dir = config.state_dir.take().or_else(system::state_folder);
        }
        Self::with_sources(config, secret, Arc::new(SystemClock::default()), Arc::new(SystemEntropy))
    }

    /// A client with its own time and randomness, for tests and simulations. It keeps state in the directory of the
    /// configuration alone.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_sources(
        config: impl Into<ClientConfig>,
        secret: Option<&Secret>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self> {
        Ok(Self { account: Account::connect(&config.into(), secret, &Sources { clock, entropy })? })
    }

    /// Which service it is of.
    #[must_use]
    pub fn service(&self) -> Service {
        self.account.service()
    }

    /// The address of the service, where it is not the live one; nothing without an account.
    #[must_use]
    pub fn address_of_a_test(&self) -> Option<String> {
        self.account.address_of_a_test()
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

/// The file with this user's profiles, for a host that reads them. It need not exist.
#[must_use]
pub fn config_file() -> Option<PathBuf> {
    system::config_file()
}

/// What a client of this configuration trusts.
fn trust(config: &ClientConfig) -> Result<Trust> {
    match config.trusted() {
        (Some(_), Some(_)) => {
            let other = Phrase::text("cannot be combined with ").setting(Setting::CaFile);
            Err(Error::invalid(Setting::CertificateSha256.member(), other))
        }
        (Some(file), None) => read_authorities(file).map(Trust::Authorities),
        (None, Some(text)) => Fingerprint::parse(Setting::CertificateSha256.member(), text).map(Trust::Certificate),
        (None, None) => Ok(Trust::Machine),
    }
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
    /// Which service the client is of.
    pub(super) fn service(self) -> Service {
        self.client.service()
    }

    /// The account.
    pub(super) fn account(self) -> &'a Account {
        &self.client.account
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

    /// What a client shows of its account.
    fn shown(client: &Client) -> String {
        let Account::Dxp(account) = &client.account else { panic!("a client of another service") };
        format!("{:?}", account.engine())
    }

    #[test]
    fn state_is_kept_where_it_is_asked_for_and_by_default_with_the_user() {
        use dxp::config::Config;
        let given = |folder: Option<&str>| Config { state_dir: folder.map(Into::into), ..Config::default() };
        let on_this_machine = |config: Config| Client::new(config, None);
        let simulated = |config: Config| {
            Client::with_sources(config, None, Arc::new(SystemClock::default()), Arc::new(SystemEntropy))
        };
        let own = system::state_folder();
        for (client, expected) in [
            (on_this_machine(given(Some("kept"))), Some("kept".into())),
            (on_this_machine(given(None)), own),
            (simulated(given(Some("kept"))), Some("kept".into())),
            (simulated(given(None)), None::<PathBuf>),
        ] {
            let shown = shown(&client.unwrap());
            assert!(shown.contains(&format!("state: {expected:?}")), "{shown}, expected {expected:?}");
        }
        for client in [on_this_machine(given(Some(""))), simulated(given(Some("")))] {
            assert_eq!(client.err().unwrap().field(), Some("stateDir"));
        }
    }

    #[test]
    fn a_configuration_has_the_members_of_its_service() {
        let read = |document: Value| ClientConfig::from_document("config_json", document);
        for (name, service) in Service::ALL {
            let config = read(json!({"service": name}));
            assert_eq!(config.unwrap().service(), *service);
            assert_eq!(service.to_string(), *name);
            let error = read(json!({"service": name, "x": 1})).unwrap_err();
            assert_eq!(error.field(), Some("x"));
        }
        assert_eq!(read(json!({})).unwrap().service(), Service::Dxp);
        let error = read(json!({"service": "other"})).unwrap_err();
        assert_eq!(error.message(), "service: unknown value, expected one of `dxp`, `guidewire`, `redis-enterprise`");
        assert_eq!(read(json!([])).unwrap_err().field(), Some("config_json"));
    }
}
