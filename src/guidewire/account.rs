//! An account at Guidewire Cloud: where it is, which OAuth client, tenant and star system.

use std::sync::Arc;
use std::time::Duration;

use super::api::{Api, Place};
use super::auth::{Credentials, Tokens};
use super::config::Config;
use super::contract::{self, MAX_RETENTION_DAYS, StarSystemList};
use super::model::check_id;
use crate::base::entropy::Entropy;
use crate::base::error::{Error, Kind, Result};
use crate::base::given;
use crate::base::limits::RetentionDays;
use crate::base::next_step::{NextStep, Phrase, Setting};
use crate::base::secret::{SafeUrl, Secret};
use crate::http_api::endpoint::{AddressForm, Endpoint};
use crate::transport::http::Http;

const FORM: AddressForm = AddressForm { example: contract::EXAMPLE, live: None };

/// What a configuration says of an account, checked.
pub struct AccountSettings {
    endpoint: Endpoint,
    credentials: Credentials,
    place: Place,
    list: StarSystemList,
    max_retention_days: u32,
    limit: Option<Duration>,
}

impl AccountSettings {
    /// Checks the settings of an account.
    ///
    /// # Errors
    /// `NotConfigured` for what is missing, `InvalidArgument` naming the setting for what cannot be right.
    pub fn check(config: &Config, secret: Option<&Secret>) -> Result<Self> {
        let endpoint = Endpoint::parse(required(Setting::Endpoint, config.endpoint.as_deref())?, FORM)?;
        let token_url = token_url(config.token_url.as_deref(), &endpoint)?;
        let client_id = word(Setting::ClientId, required(Setting::ClientId, config.client_id.as_deref())?)?;
        let tenant = id(Setting::TenantId, config.tenant_id.as_deref())?;
        let star_system = id(Setting::StarSystemId, config.star_system_id.as_deref())?;
        let scopes = match config.scopes.as_deref().map(given::trimmed) {
            None => contract::usual_scopes(&tenant),
            Some("") => return Err(Error::invalid(Setting::Scopes.member(), "must not be empty")),
            Some(scopes) => check_scopes(scopes)?,
        };
        let credentials = Credentials { token_url, client_id, scopes, secret: check_secret(secret)? };
        let limit = config.call_timeout_seconds.map(Into::into);
        let max_retention_days = config.max_retention_days.map_or(MAX_RETENTION_DAYS, RetentionDays::get);
        let list = config.star_system_list.unwrap_or_default();
        Ok(Self { endpoint, credentials, place: Place { tenant, star_system }, list, max_retention_days, limit })
    }

    /// The account, reached over this HTTP client.
    #[must_use]
    pub fn connect(self, http: &Http, entropy: &Arc<dyn Entropy>) -> Account {
        let Self { endpoint, credentials, place, list, max_retention_days, limit } = self;
        let client_id = credentials.client_id.clone().into();
        let tokens = Tokens::new(http.clone(), credentials);
        let api = Api::new(http.clone(), endpoint, tokens, place, list, Arc::clone(entropy)).limited_to(limit);
        Account { api, client_id, max_retention_days, entropy: Arc::clone(entropy) }
    }
}

/// A setting that must be there.
fn required(setting: Setting, value: Option<&str>) -> Result<&str> {
    let value = value.map(given::trimmed).filter(|value| !value.is_empty());
    value.ok_or_else(|| missing(setting))
}

fn missing(setting: Setting) -> Error {
    let message = Phrase::default().member(setting.member()).and(" is missing");
    let error = Error::new(Kind::NotConfigured, message);
    error.with_next_step(match setting {
        Setting::Endpoint => NextStep::text("set ")
            .setting(setting)
            .and(format!(" to the base URL of the Database API of your region, such as {}", contract::EXAMPLE)),
        Setting::TokenUrl => NextStep::text("set ")
            .setting(setting)
            .and(" to the token URL of Guidewire Hub for your region; it is known only for the published regions"),
        Setting::ClientId | Setting::ClientSecret => NextStep::text("set ")
            .setting(Setting::ClientId)
            .and(" and ")
            .setting(Setting::ClientSecret)
            .and("; Guidewire Support issues them (support case template GWHUB-0100)"),
        _ => NextStep::text("set ").setting(setting),
    })
}

/// A name in the path of every request.
fn id(setting: Setting, value: Option<&str>) -> Result<String> {
    let text = required(setting, value)?;
    check_id(setting.member(), text)?;
    Ok(text.to_owned())
}

/// A text without white space.
fn word(setting: Setting, text: &str) -> Result<String> {
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) || given::flaw(text).is_some() {
        let error = Error::invalid(setting.member(), "must not contain white space");
        return Err(given::explained(setting.member(), text, error));
    }
    Ok(text.to_owned())
}

/// Scopes with one space between them (RFC 6749, section 3.3).
fn check_scopes(text: &str) -> Result<String> {
    let is_scope = |scope: &str| scope.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
    let scopes: Vec<&str> = text.split_whitespace().collect();
    if scopes.iter().all(|scope| is_scope(scope)) {
        return Ok(scopes.join(" "));
    }
    Err(Error::invalid(Setting::Scopes.member(), "must be scopes separated by spaces, in plain ASCII without quotes"))
}

/// The address that credentials are sent to: as strict as that of the service.
fn token_url(given: Option<&str>, endpoint: &Endpoint) -> Result<SafeUrl> {
    let member = Setting::TokenUrl.member();
    let known = || contract::token_url_of(|host| endpoint.is_at_host_of(host));
    let text = given.map(given::trimmed).or_else(known).ok_or_else(|| missing(Setting::TokenUrl))?;
    let url = SafeUrl::parse(member, text)?;
    if url.is_plain_remote() {
        return Err(Error::invalid(member, "plain http is accepted for localhost only; use https"));
    }
    if text.contains('?') {
        return Err(Error::invalid(member, "must not contain a query"));
    }
    Ok(url)
}

fn check_secret(secret: Option<&Secret>) -> Result<Secret> {
    let invalid = |why: &str| Error::invalid("clientSecret", format!("the client secret is invalid: it {why}"));
    let secret = secret.ok_or_else(|| missing(Setting::ClientSecret))?;
    let text = given::text(secret.expose()).map_err(invalid)?;
    if text.is_empty() {
        return Err(missing(Setting::ClientSecret));
    }
    if let Some(flaw) = given::flaw(&text) {
        return Err(invalid(flaw.cause).with_next_step(flaw.next_step));
    }
    Ok(Secret::from(text.as_str()))
}

/// An account at the service. Cheap to clone.
#[derive(Clone)]
pub struct Account {
    api: Api,
    client_id: Arc<str>,
    max_retention_days: u32,
    entropy: Arc<dyn Entropy>,
}

impl Account {
    /// The connection.
    #[must_use]
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// The OAuth client that tokens are requested for.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Checks a retention against the tenant's maximum, before anything is sent.
    ///
    /// # Errors
    /// `InvalidArgument` naming `retentionDays`.
    pub fn check_retention(&self, days: u32) -> Result<()> {
        if days <= self.max_retention_days {
            return Ok(());
        }
        let rule = format!("must be from 1 to {}", self.max_retention_days);
        Err(Error::invalid(Setting::RetentionDays.member(), rule).with_next_step(
            NextStep::text("use a shorter retention or ")
                .setting(Setting::Permanent)
                .and("; if your tenant has a higher maximum, set ")
                .setting(Setting::MaxRetentionDays),
        ))
    }

    /// A short text that is in no other name: 32 random bits.
    #[must_use]
    pub fn suffix(&self) -> String {
        format!("{:08x}", self.entropy.bits() >> 32)
    }

    /// Nothing: there is no one live service whose address another would differ from.
    #[must_use]
    pub fn address_of_a_test(&self) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config {
            endpoint: Some(contract::EXAMPLE.into()),
            client_id: Some("0oa1".into()),
            tenant_id: Some("acme".into()),
            star_system_id: Some("claims-dev".into()),
            ..Config::default()
        }
    }

    fn refused(config: &Config, secret: Option<&str>) -> Error {
        let secret = secret.map(Secret::from);
        AccountSettings::check(config, secret.as_ref()).err().unwrap()
    }

    #[test]
    fn what_is_not_said_is_taken_from_the_region_and_the_tenant() {
        let settings = AccountSettings::check(&config(), Some(&Secret::from(" CANARY\n"))).unwrap();
        assert!(settings.credentials.token_url.expose().starts_with("https://guidewire-hub.okta.com/"));
        assert_eq!(settings.credentials.scopes, "tenant.acme gcc.deployments.read gcc.deployments.write");
        assert_eq!(settings.credentials.secret.expose(), b"CANARY");
        assert_eq!((settings.max_retention_days, settings.list), (14, StarSystemList::Backup));
        assert!(!format!("{:?}", settings.credentials).contains("CANARY"));
        let given = Config { scopes: Some(" any.tenant\n gcc.deployments.read ".into()), ..config() };
        let settings = AccountSettings::check(&given, Some(&Secret::from("s"))).unwrap();
        assert_eq!(settings.credentials.scopes, "any.tenant gcc.deployments.read");
    }

    #[test]
    fn what_is_missing_is_named_with_where_to_get_it() {
        for (config, secret, named) in [
            (Config { endpoint: None, ..config() }, Some("s"), "endpoint"),
            (Config { endpoint: Some(" ".into()), ..config() }, Some("s"), "endpoint"),
            (Config { endpoint: Some("https://other.example".into()), ..config() }, Some("s"), "tokenUrl"),
            (Config { client_id: None, ..config() }, Some("s"), "clientId"),
            (Config { tenant_id: None, ..config() }, Some("s"), "tenantId"),
            (Config { star_system_id: Some(String::new()), ..config() }, Some("s"), "starSystemId"),
            (config(), None, "clientSecret"),
            (config(), Some(" \n"), "clientSecret"),
        ] {
            let error = refused(&config, secret);
            assert_eq!(error.kind(), Kind::NotConfigured, "{error}");
            assert_eq!(error.message(), format!("{named} is missing"));
            assert!(error.next_step().unwrap().starts_with("set "), "{error:?}");
        }
    }

    #[test]
    fn what_cannot_be_right_is_refused() {
        let token_url = |url: &str| Config { token_url: Some(url.into()), ..config() };
        for (config, field) in [
            (Config { endpoint: Some("http://host.example/".into()), ..config() }, "endpoint"),
            (token_url("http://hub.example/oauth2/x/v1/token"), "tokenUrl"),
            (token_url("https://u:CANARY@hub.example/token"), "tokenUrl"),
            (token_url("https://hub.example/token?client_secret=CANARY"), "tokenUrl"),
            (token_url(""), "tokenUrl"),
            (Config { client_id: Some("$(ClientId)".into()), ..config() }, "clientId"),
            (Config { client_id: Some("a b".into()), ..config() }, "clientId"),
            (Config { tenant_id: Some("..".into()), ..config() }, "tenantId"),
            (Config { star_system_id: Some("x".repeat(300)), ..config() }, "starSystemId"),
            (Config { scopes: Some(" ".into()), ..config() }, "scopes"),
            (Config { scopes: Some("\"a\"".into()), ..config() }, "scopes"),
        ] {
            let error = refused(&config, Some("s"));
            assert_eq!((error.kind(), error.field()), (Kind::InvalidArgument, Some(field)), "{error}");
            assert!(!error.to_json().to_string().contains("CANARY"), "{error}");
        }
        for plain in ["http://127.0.0.1:1/token", "http://localhost/token"] {
            assert!(AccountSettings::check(&token_url(plain), Some(&Secret::from("s"))).is_ok(), "{plain}");
        }
        for secret in ["$(CANARY)", "CAN ARY", "\"CANARY\"", "CANARY\\nx"] {
            let error = refused(&config(), Some(secret));
            assert_eq!(error.field(), Some("clientSecret"));
            assert!(!error.to_json().to_string().contains("CANARY"), "{error}");
        }
    }
}
