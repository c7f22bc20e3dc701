//! Request signing of the deployment API: the `epi-hmac` scheme of spec 1.3, as pure functions.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::base::entropy::Entropy;
use crate::base::error::{Error, Kind, Result};
use crate::base::given;
use crate::base::scope::Scope;
use crate::base::secret::Secret;
use crate::base::time::{BoxFuture, Clock};
use crate::dxp::model::project::credentials_step;
use crate::http_api::auth::{Authorize, Outgoing};

/// A client key and its decoded secret.
#[derive(Debug, Clone)]
pub struct Credentials {
    key: String,
    secret: Secret,
}

/// What is signed, apart from the credentials.
#[derive(Debug, Clone, Copy)]
pub struct SigningInput<'a> {
    /// The HTTP method in upper case.
    pub method: &'a str,
    /// The request target exactly as sent, query included.
    pub path_and_query: &'a str,
    /// Unix time in milliseconds.
    pub timestamp_ms: u64,
    /// Any text without `:`; used once.
    pub nonce: &'a str,
    /// The body's bytes as sent; empty for none.
    pub body: &'a [u8],
}

const COPY_AGAIN: &str = "copy it again from the DXP Management Portal (project, API tab)";

/// The error of a secret that cannot be right; it is not repeated.
fn invalid_secret(why: &str, next_step: &str) -> Error {
    Error::invalid("clientSecret", format!("the client secret is invalid: it {why}")).with_next_step(next_step)
}

impl Credentials {
    /// Checks a key and a Base64 secret before anything is sent.
    ///
    /// # Errors
    /// `NotConfigured` when one is missing, `InvalidArgument` when one cannot be right. The secret is not repeated.
    pub fn new(key: &str, secret: &Secret) -> Result<Self> {
        let missing = |name: &str| {
            Error::new(Kind::NotConfigured, format!("the client {name} is missing")).with_next_step(credentials_step())
        };
        let key = given::trimmed(key);
        if key.is_empty() {
            return Err(missing("key"));
        }
        let text = given::text(secret.expose()).map_err(|why| invalid_secret(why, COPY_AGAIN))?;
        if text.is_empty() {
            return Err(missing("secret"));
        }
        let has_strange = key.chars().any(|c| c.is_whitespace() || c.is_control() || c == ':') || !key.is_ascii();
        let is_unexpanded = given::flaw(key).is_some();
        if has_strange || is_unexpanded {
            let error = Error::invalid("clientKey", "must be plain ASCII without ':' or white space");
            return Err(given::explained("clientKey", key, error));
        }
        // The checks of the original in its order (spec 1.3): length and spaces, then the decoder.
        let has_form = text.len().is_multiple_of(4) && !text.contains(' ');
        let decoded = STANDARD.decode(text.as_bytes()).map(Zeroizing::new);
        let Some(decoded) = decoded.ok().filter(|_| has_form) else {
            let error = match given::flaw(&text) {
                Some(flaw) => invalid_secret(flaw.cause, flaw.next_step),
                None if !has_form => {
                    invalid_secret("is not valid Base64 (its length is not a multiple of 4)", COPY_AGAIN)
                }
                None => invalid_secret("is not valid Base64", COPY_AGAIN),
            };
            return Err(if has_form { error.with_code("NotBase64") } else { error });
        };
        Ok(Self { key: key.to_owned(), secret: Secret::new(decoded.to_vec()) })
    }

    /// The client key, which is no secret.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The value of the `Authorization` header.
    #[must_use]
    pub fn authorization(&self, input: SigningInput<'_>) -> Secret {
        let signature = STANDARD.encode(self.mac(input));
        Secret::new(format!("epi-hmac {}:{}:{}:{signature}", self.key, input.timestamp_ms, input.nonce).into_bytes())
    }

    /// HMAC-SHA256 over the plain concatenation, without separators.
    fn mac(&self, input: SigningInput<'_>) -> Vec<u8> {
        // HMAC takes a key of any length; the error of `new_from_slice` cannot occur and is mapped to no signature.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.secret.expose()) else { return Vec::new() };
        for part in [self.key.as_str(), input.method, input.path_and_query] {
            mac.update(part.as_bytes());
        }
        mac.update(input.timestamp_ms.to_string().as_bytes());
        mac.update(input.nonce.as_bytes());
        mac.update(STANDARD.encode(Md5::digest(input.body)).as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

/// Signs the requests of one pair of credentials. Every attempt is signed anew, because a signature holds the time.
pub struct Signer {
    credentials: Credentials,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Signer {
    /// A signer by these credentials.
    #[must_use]
    pub fn new(credentials: Credentials, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { credentials, clock, entropy }
    }
}

impl Authorize for Signer {
    fn authorization<'a>(&'a self, request: Outgoing<'a>, _: &'a Scope) -> BoxFuture<'a, Result<Secret>> {
        let authorization = self.credentials.authorization(SigningInput {
            method: request.method.name(),
            path_and_query: request.path_and_query,
            timestamp_ms: self.clock.unix_ms(),
            nonce: &self.entropy.uuid().simple().to_string(),
            body: request.body,
        });
        Box::pin(std::future::ready(Ok(authorization)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "TestKey0123456789abcdefTestKey0123456789abcdef0";
    const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v";
    const PROJECT: &str = "/api/v1.0/projects/11111111-2222-3333-4444-555555555555";
    const NONCE: &str = "0123456789abcdef0123456789abcdef";

    fn credentials() -> Credentials {
        Credentials::new(KEY, &Secret::from(SECRET)).unwrap()
    }

    /// The vectors V1 to V4 of spec 1.3.
    #[test]
    fn the_test_vectors() {
        let body = br#"{"TargetEnvironment":"Integration","Packages":["site.cms.app.1.0.0.nupkg"],"MaintenancePage":false,"ZeroDownTimeMode":"","DirectDeploy":true}"#;
        assert_eq!(body.len(), 141);
        for (method, path, body, signature) in [
            (
                "GET",
                "/environments/Integration/storagecontainers?writable=true",
                &b""[..],
                "rj/VEwrbX79tKU4/WA9ay3p58ZIR1t8y+RRD0XPyQ+Q=",
            ),
            ("POST", "/deployments", &body[..], "OIQuMw7/udluTo/LVeC9Yjr4fLPDJvjYY1/tghrv3D4="),
            (
                "POST",
                "/deployments/6c0ed684-8548-48aa-8695-fcfd43477b43/complete",
                &b""[..],
                "o1cEdOm/LHC45nIZqjDWFmhp1ohqcmoDU4mLfyMwrjo=",
            ),
            (
                "GET",
                "/environments/H%C3%A4lso/storagecontainers",
                &b""[..],
                "Fxm/vqD70ibCxK9Sd7sJ4v1yAKjsQi3/yc0Ufpb6UVg=",
            ),
        ] {
            let header = credentials().authorization(SigningInput {
                method,
                path_and_query: &format!("{PROJECT}{path}"),
                timestamp_ms: 1_700_000_000_000,
                nonce: NONCE,
                body,
            });
            let expected = format!("epi-hmac {KEY}:1700000000000:{NONCE}:{signature}");
            assert_eq!(std::str::from_utf8(header.expose()).unwrap(), expected, "{method} {path}");
        }
    }

    #[test]
    fn a_wrong_secret_is_refused_before_any_call_and_not_repeated() {
        for (secret, rule) in [
            ("CANARY1", "multiple of 4"),
            ("CAN RY==", "contains white space"),
            ("CANARY!=", "not valid Base64"),
            ("$(ClientSecret.CANARY)", "not expanded"),
            ("$(CANARY.CANARY.)", "not expanded"),
            ("\"CANARY==\"", "quotation marks"),
            ("CANA\nRY==", "line break"),
        ] {
            let error = Credentials::new(KEY, &Secret::from(secret)).unwrap_err();
            assert!(error.to_string().contains(rule), "{error}");
            assert!(!error.to_json().to_string().contains("CANARY"), "{error}");
            assert_eq!(error.field(), Some("clientSecret"));
        }
    }

    #[test]
    fn missing_credentials_say_where_to_get_them() {
        for (key, secret) in [("", SECRET), (" ", SECRET), (KEY, "")] {
            let error = Credentials::new(key, &Secret::from(secret)).unwrap_err();
            assert_eq!(error.kind(), Kind::NotConfigured);
            assert!(error.next_step().unwrap().contains("API tab"));
        }
        assert!(Credentials::new("a:b", &Secret::from(SECRET)).is_err());
    }
}
