//! An account at a cluster: where it is, and whose it is.

use std::sync::Arc;
use std::time::Duration;

use super::api::Api;
use super::auth::Credentials;
use super::config::{Authentication, Config};
use crate::base::entropy::Entropy;
use crate::base::error::{Error, Kind, Result};
use crate::base::given;
use crate::base::next_step::{NextStep, Setting};
use crate::base::secret::Secret;
use crate::http_api::endpoint::{AddressForm, Endpoint};
use crate::transport::http::Http;

const FORM: AddressForm = AddressForm { example: "https://cluster:9443", live: None };

/// What a configuration says of an account, checked.
#[derive(Debug)]
pub struct AccountSettings {
    endpoint: Endpoint,
    credentials: Credentials,
    authentication: Authentication,
    limit: Option<Duration>,
}

impl AccountSettings {
    /// Checks the settings of an account.
    ///
    /// # Errors
    /// `InvalidArgument` naming the setting, `NotConfigured` when one is missing.
    pub fn check(config: &Config, secret: Option<&Secret>) -> Result<Self> {
        let address = given::trimmed(config.endpoint.as_deref().unwrap_or_default());
        if address.is_empty() {
            return Err(Error::new(Kind::NotConfigured, "the address of the cluster is missing").with_next_step(
                NextStep::text("set ")
                    .setting(Setting::Endpoint)
                    .and(format!(" to the address of its REST API, such as {}", FORM.example)),
            ));
        }
        let endpoint = Endpoint::parse(address, FORM)?;
        if ["/v1/", "/v2/"].iter().any(|version| endpoint.to_string().ends_with(version)) {
            let error = Error::invalid("endpoint", "must not end in a version such as /v1");
            return Err(error.with_next_step(format!("use the address alone, such as {}", FORM.example)));
        }
        Ok(Self {
            endpoint,
            credentials: Credentials::new(config.user.as_deref(), secret)?,
            authentication: config.authentication,
            limit: config.call_timeout_seconds.map(Into::into),
        })
    }

    /// The account, reached over this HTTP client.
    #[must_use]
    pub fn connect(self, http: &Http, entropy: &Arc<dyn Entropy>) -> Account {
        let Self { endpoint, credentials, authentication, limit } = self;
        Account { api: Api::new(http, &endpoint, credentials, authentication, entropy).limited_to(limit) }
    }
}

/// An account at a cluster. Cheap to clone.
#[derive(Clone)]
pub struct Account {
    api: Api,
}

impl Account {
    /// The connection.
    #[must_use]
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Every cluster is somebody's own: none is a test by its address.
    #[must_use]
    pub fn address_of_a_test(&self) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_checked_before_anything_is_sent() {
        let check = |endpoint: Option<&str>, user: Option<&str>| {
            let config =
                Config { endpoint: endpoint.map(str::to_owned), user: user.map(str::to_owned), ..Config::default() };
            AccountSettings::check(&config, Some(&Secret::from("password")))
        };
        let user = Some("admin@cluster.local");
        for (endpoint, user, kind, field) in [
            (None, user, Kind::NotConfigured, None),
            (Some(" "), user, Kind::NotConfigured, None),
            (Some("cluster"), user, Kind::InvalidArgument, Some("endpoint")),
            (Some("http://cluster:8080"), user, Kind::InvalidArgument, Some("endpoint")),
            (Some("https://cluster:9443/v1"), user, Kind::InvalidArgument, Some("endpoint")),
            (Some("https://u:p@cluster:9443"), user, Kind::InvalidArgument, Some("endpoint")),
            (Some("https://cluster:9443"), None, Kind::NotConfigured, None),
        ] {
            let error = check(endpoint, user).unwrap_err();
            assert_eq!((error.kind(), error.field()), (kind, field), "{endpoint:?} {error}");
        }
        assert_eq!(check(Some("https://cluster:9443"), user).unwrap().endpoint.to_string(), "https://cluster:9443/");
    }
}
