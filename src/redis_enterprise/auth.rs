//! How requests say whose they are (spec 2): user name and password, or a token that is renewed.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::Value;
use zeroize::Zeroizing;

use super::contract::{RENEWED_BEFORE, TOKEN_LIFETIME, TOKEN_SCHEME};
use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::given;
use crate::base::next_step::{NextStep, Setting};
use crate::base::scope::Scope;
use crate::base::secret::Secret;
use crate::base::time::BoxFuture;
use crate::http_api::auth::{Authorize, Outgoing};
use crate::http_api::call::{Change, HttpApi};
use crate::http_api::token::{CurrentToken, Token};

/// The name of the password in errors: that of every service's secret.
const SECRET: &str = "clientSecret";

/// A user name and a password.
#[derive(Debug, Clone)]
pub struct Credentials {
    user: String,
    password: Secret,
}

impl Credentials {
    /// Checks them before anything is sent.
    ///
    /// # Errors
    /// `NotConfigured` when one is missing, `InvalidArgument` when one cannot be right. The password is not repeated.
    pub fn new(user: Option<&str>, password: Option<&Secret>) -> Result<Self> {
        let user = given::trimmed(user.unwrap_or_default());
        if user.is_empty() {
            let step = NextStep::text("set ").setting(Setting::User).and(" to a user of the cluster");
            return Err(Error::new(Kind::NotConfigured, "the user name is missing").with_next_step(step));
        }
        if user.contains(':') || user.contains(char::is_control) {
            let error = Error::invalid("user", "must not contain ':' or control characters");
            return Err(given::explained("user", user, error));
        }
        let text = match password {
            Some(password) => given::text(password.expose())
                .map_err(|why| Error::invalid(SECRET, format!("the password is invalid: it {why}")))?,
            None => Zeroizing::default(),
        };
        if text.is_empty() {
            let step = NextStep::text("set ").setting(Setting::ClientSecret).and(" to the password of the user");
            return Err(Error::new(Kind::NotConfigured, "the password is missing").with_next_step(step));
        }
        if text.contains(char::is_control) {
            return Err(Error::invalid(
                SECRET,
                "the password is invalid: it contains a line break or a control character",
            ));
        }
        Ok(Self { user: user.to_owned(), password: Secret::from(text.as_str()) })
    }

    /// The value of the `Authorization` header.
    fn header(&self) -> Secret {
        let mut pair = Zeroizing::new(Vec::with_capacity(self.user.len() + 1 + self.password.expose().len()));
        pair.extend_from_slice(self.user.as_bytes());
        pair.push(b':');
        pair.extend_from_slice(self.password.expose());
        let encoded = Zeroizing::new(STANDARD.encode(&pair));
        Secret::new(format!("Basic {}", encoded.as_str()).into_bytes())
    }
}

/// Sends user name and password with every request.
pub struct Basic(Secret);

impl Basic {
    /// For this user.
    #[must_use]
    pub fn new(credentials: &Credentials) -> Self {
        Self(credentials.header())
    }
}

impl Authorize for Basic {
    fn authorization<'a>(&'a self, _: Outgoing<'a>, _: &'a Scope) -> BoxFuture<'a, Result<Secret>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}

/// Sends a token, and gets another one before its end, or once the service does not take it any more. Requests that need
/// one at the same time wait for one renewal.
pub struct Jwt {
    /// Signs in by user name and password.
    service: HttpApi,
    credentials: Credentials,
    token: CurrentToken,
    renewal: tokio::sync::Mutex<()>,
}

/// The body that releases up to 7.4 ask for in place of the header.
#[derive(Serialize)]
struct OldSignIn<'a> {
    username: &'a str,
    password: &'a str,
}

impl Jwt {
    /// For this user; `service` sends [`Basic`].
    #[must_use]
    pub fn new(service: HttpApi, credentials: Credentials) -> Self {
        Self { service, credentials, token: CurrentToken::default(), renewal: tokio::sync::Mutex::default() }
    }

    fn current(&self) -> Option<Secret> {
        self.token.at(self.service.clock().monotonic())
    }

    async fn sign_in(&self, scope: &Scope) -> Result<Secret> {
        let asked = self.service.clock().monotonic();
        let answer = match self.request(None, scope).await {
            // A release whose documentation has the credentials in the body.
            Err(error) if error.http_status() == Some(400) => {
                let password = str::from_utf8(self.credentials.password.expose()).unwrap_or_default();
                self.request(Some(&OldSignIn { username: &self.credentials.user, password }), scope).await?
            }
            answer => answer?,
        };
        let text = answer.get("access_token").and_then(Value::as_str).filter(|text| Token::is_usable(text));
        let text =
            text.ok_or_else(|| Error::new(Kind::Protocol, "the response to the sign-in has no usable 'access_token'"))?;
        let life = lifetime(text).unwrap_or(TOKEN_LIFETIME);
        Ok(self.token.replace(Token::new(TOKEN_SCHEME, text, asked, life, RENEWED_BEFORE)))
    }

    /// Asking for a token leaves nothing behind, so a lost answer is no more than a fault of the network.
    async fn request(&self, body: Option<&OldSignIn<'_>>, scope: &Scope) -> Result<Value> {
        let change = Change { action: "sign in", check: "try again".into() };
        let answer = self.service.post(&["v1", "users", "authorize"], body, change, scope).await;
        answer.map_err(|error| {
            if error.kind() == Kind::Ambiguous {
                error.into_kind(Kind::Network).with_retry(Retry::Later, None)
            } else {
                error
            }
        })
    }
}

impl Authorize for Jwt {
    fn authorization<'a>(&'a self, _: Outgoing<'a>, scope: &'a Scope) -> BoxFuture<'a, Result<Secret>> {
        Box::pin(async move {
            if let Some(token) = self.current() {
                return Ok(token);
            }
            let _one = self.renewal.lock().await;
            // Another request may have got it in the meantime.
            match self.current() {
                Some(token) => Ok(token),
                None => self.sign_in(scope).await,
            }
        })
    }

    fn refused(&self, authorization: &Secret) -> bool {
        self.token.give_up(authorization);
        true
    }
}

/// How long a token lives, by its own claims: the difference of two times of the service, so that no clock is compared.
fn lifetime(token: &str) -> Option<Duration> {
    let claims = token.split('.').nth(1)?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?).ok()?;
    let time = |name: &str| claims.get(name)?.as_f64();
    let seconds = time("exp")? - time("iat")?;
    (seconds > 0.0).then(|| Duration::try_from_secs_f64(seconds).ok())?
}

/// What authorizes requests of an account, from its connection for signing in.
#[must_use]
pub fn tokens(service: HttpApi, credentials: Credentials) -> Arc<dyn Authorize> {
    Arc::new(Jwt::new(service, credentials))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_that_of_the_standard() {
        // RFC 7617, section 2.
        let credentials = Credentials::new(Some("Aladdin"), Some(&Secret::from("open sesame"))).unwrap();
        assert_eq!(credentials.header().expose(), b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(!format!("{credentials:?}").contains("sesame"));
    }

    #[test]
    fn missing_or_wrong_credentials_are_refused_without_repeating_the_password() {
        let password = Secret::from("CANARY");
        for (user, secret, kind) in [
            (None, Some(&password), Kind::NotConfigured),
            (Some(" "), Some(&password), Kind::NotConfigured),
            (Some("a@x"), None, Kind::NotConfigured),
            (Some("a@x"), Some(&Secret::from("\n")), Kind::NotConfigured),
            (Some("a:x"), Some(&password), Kind::InvalidArgument),
            (Some("a@x"), Some(&Secret::from("CANARY\nCANARY")), Kind::InvalidArgument),
            (Some("a@x"), Some(&Secret::new(b"CANARY\xff".to_vec())), Kind::InvalidArgument),
        ] {
            let error = Credentials::new(user, secret).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(!error.to_json().to_string().contains("CANARY"), "{error}");
        }
    }

    #[test]
    fn a_token_tells_how_long_it_lives() {
        let token = |claims: &str| format!("h.{}.s", URL_SAFE_NO_PAD.encode(claims));
        assert_eq!(lifetime(&token(r#"{"iat":100,"exp":400,"uid":7}"#)), Some(Duration::from_secs(300)));
        for other in [token(r#"{"exp":400}"#), token(r#"{"iat":400,"exp":400}"#), token("x"), "opaque".to_owned()] {
            assert_eq!(lifetime(&other), None, "{other}");
        }
        let is_token = Token::is_usable;
        assert!(is_token("a.b-c_d") && !is_token("a b") && !is_token("a\r\nb: c") && !is_token(""));
    }
}
