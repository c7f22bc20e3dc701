//! The token endpoint: OAuth 2 client credentials as Guidewire Hub has them (spec 2.2), and the tokens it gave out.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::config::Client;
use crate::clock::Milliseconds;
use crate::error::Error;
use crate::http::decode;
use crate::random::{hex, random};

/// Begins the scope that stands for a tenant.
const TENANT: &str = "tenant.";
const ANY_TENANT: &str = "any.tenant";
const READ: &str = "gcc.deployments.read";
const WRITE: &str = "gcc.deployments.write";

/// The tokens that are good.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    good: HashMap<String, Token>,
    issued: u64,
}

/// What a token permits, and until when.
#[derive(Clone, Debug)]
pub(super) struct Token {
    scopes: Vec<String>,
    expires: Milliseconds,
}

/// What an operation needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Read,
    Write,
}

impl Token {
    /// Whether it permits an operation on a tenant.
    pub(super) fn permits(&self, tenant: &str, need: Need, write_implies_read: bool) -> bool {
        let has = |scope: &str| self.scopes.iter().any(|known| known == scope);
        let tenant = has(ANY_TENANT) || has(&format!("{TENANT}{tenant}"));
        tenant
            && match need {
                Need::Read => has(READ) || write_implies_read && has(WRITE),
                Need::Write => has(WRITE),
            }
    }
}

impl Tokens {
    /// The token of an `Authorization` header, if it is good.
    pub(super) fn find(&self, authorization: Option<&str>, now: Milliseconds) -> Option<&Token> {
        let (scheme, token) = authorization?.split_once(' ')?;
        let token = self.good.get(token).filter(|_| scheme.eq_ignore_ascii_case("bearer"))?;
        (now < token.expires).then_some(token)
    }

    /// Makes all tokens bad.
    pub(super) fn expire(&mut self) {
        self.good.clear();
    }

    /// How many were given out.
    pub(super) fn issued(&self) -> u64 {
        self.issued
    }

    /// A new token.
    pub(super) fn issue(&mut self, scopes: Vec<String>, seconds: u64, now: Milliseconds) -> Result<Value, Error> {
        let token = format!("gw-{}", hex(&random::<32>()?));
        self.issued += 1;
        self.good.retain(|_, token| now < token.expires);
        let answer = json!({
            "token_type": "Bearer",
            "expires_in": seconds,
            "access_token": token,
            "scope": scopes.join(" "),
        });
        let length = Milliseconds::try_from(seconds).unwrap_or(Milliseconds::MAX / 2_000).saturating_mul(1_000);
        self.good.insert(token, Token { scopes, expires: now.saturating_add(length) });
        Ok(answer)
    }
}

/// Why no token is given: status, error, description.
pub(super) type Refused = (u16, &'static str, &'static str);

/// The scopes that a request for a token is granted.
pub(super) fn granted(content_type: Option<&str>, body: &[u8], clients: &[Client]) -> Result<Vec<String>, Refused> {
    let is_form = content_type.is_some_and(|kind| {
        kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
    });
    if !is_form {
        return Err((400, "invalid_request", "The request body must be application/x-www-form-urlencoded."));
    }
    let form = form(body);
    let field = |name: &str| form.get(name).map(String::as_str).filter(|value| !value.is_empty());
    match field("grant_type") {
        None => return Err((400, "invalid_request", "'grant_type' is required.")),
        Some("client_credentials") => {}
        Some(_) => return Err((400, "unsupported_grant_type", "The grant type is not supported.")),
    }
    let client = clients.iter().find(|client| {
        Some(client.id.as_str()) == field("client_id") && Some(client.secret.as_str()) == field("client_secret")
    });
    let client =
        client.ok_or((401, "invalid_client", "The client secret supplied for a confidential client is invalid."))?;
    let scopes: Vec<String> = field("scope").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    if scopes.is_empty() {
        return Err((400, "invalid_scope", "'scope' must be provided."));
    }
    if scopes.iter().any(|scope| !client.scopes.contains(scope)) {
        return Err((
            400,
            "invalid_scope",
            "One or more scopes are not configured for the authorization server resource.",
        ));
    }
    Ok(scopes)
}

fn form(body: &[u8]) -> HashMap<String, String> {
    let text = String::from_utf8_lossy(body);
    let read = |text: &str| decode(&text.replace('+', " "));
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (read(name), read(value))).collect()
}

/// The form without its secret, for the record.
pub(super) fn masked(body: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(body);
    let pairs: Vec<String> = text
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if decode(name) == "client_secret" => format!("{name}=***"),
            _ => pair.to_owned(),
        })
        .collect();
    pairs.join("&").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

    fn clients() -> [Client; 1] {
        [Client {
            id: "a".into(),
            secret: "s+ /".into(),
            scopes: vec!["tenant.acme".into(), READ.into(), WRITE.into()],
        }]
    }

    #[test]
    fn credentials_and_scopes_are_judged() {
        let good =
            "grant_type=client_credentials&scope=tenant.acme+gcc.deployments.read&client_id=a&client_secret=s%2B+%2F";
        assert_eq!(granted(FORM, good.as_bytes(), &clients()), Ok(vec!["tenant.acme".to_owned(), READ.to_owned()]));
        for (body, content_type, status, error) in [
            (good.to_owned(), None, 400, "invalid_request"),
            (good.to_owned(), Some("application/json"), 400, "invalid_request"),
            (good.replace("grant_type=", "grant="), FORM, 400, "invalid_request"),
            (good.replace("client_credentials", "password"), FORM, 400, "unsupported_grant_type"),
            (good.replace("client_id=a", "client_id=b"), FORM, 401, "invalid_client"),
            (good.replace("s%2B+%2F", "wrong"), FORM, 401, "invalid_client"),
            (good.replace("scope=", "other="), FORM, 400, "invalid_scope"),
            (good.replace("tenant.acme", "any.tenant"), FORM, 400, "invalid_scope"),
        ] {
            let refused = granted(content_type, body.as_bytes(), &clients()).unwrap_err();
            assert_eq!((refused.0, refused.1), (status, error), "{body}");
        }
        let shown = String::from_utf8(masked(good.as_bytes())).unwrap();
        assert!(shown.ends_with("&client_id=a&client_secret=***"), "{shown}");
    }

    #[test]
    fn a_token_permits_what_its_scopes_say_until_it_ends() {
        let mut tokens = Tokens::default();
        let header = |answer: &Value| format!("Bearer {}", answer["access_token"].as_str().unwrap());
        let read = tokens.issue(vec!["tenant.acme".into(), READ.into()], 10, 1_000).unwrap();
        let write = tokens.issue(vec![ANY_TENANT.into(), WRITE.into()], 10, 1_000).unwrap();
        assert_eq!((read["expires_in"].as_u64(), tokens.issued()), (Some(10), 2));
        let permits = |answer: &Value, tenant, need, implied| {
            tokens.find(Some(&header(answer)), 10_999).unwrap().permits(tenant, need, implied)
        };
        assert!(permits(&read, "acme", Need::Read, false) && !permits(&read, "other", Need::Read, false));
        assert!(!permits(&read, "acme", Need::Write, false));
        assert!(permits(&write, "other", Need::Write, false) && !permits(&write, "other", Need::Read, false));
        assert!(permits(&write, "other", Need::Read, true));
        assert!(tokens.find(Some(&header(&read)), 11_000).is_none());
        assert!(tokens.find(Some(&header(&read).replace("Bearer", "Basic")), 2_000).is_none());
        tokens.expire();
        assert!(tokens.find(Some(&header(&write)), 2_000).is_none());
    }
}
