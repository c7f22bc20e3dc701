//! Tokens of Guidewire Hub: OAuth 2 client credentials. One request for a token serves every request that waits for one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use zeroize::Zeroizing;

use super::contract::{TOKEN_LIFETIME, TOKEN_RESERVE};
use super::dialect::{self, Found};
use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::event::Event;
use crate::base::next_step::{NextStep, Setting};
use crate::base::redaction::{cut, one_line};
use crate::base::scope::Scope;
use crate::base::secret::{SafeUrl, Secret};
use crate::base::service_object::member;
use crate::base::time::BoxFuture;
use crate::http_api::auth::{Authorize, Outgoing};
use crate::http_api::dialect::Answer;
use crate::http_api::json;
use crate::http_api::token::{CurrentToken, Token};
use crate::transport::http::{Body, Http, Method, Request};
use crate::transport::intermediary;

/// How long the answer to a request for a token is waited for.
const LIMIT: Duration = Duration::from_secs(120);

/// The longest such answer that is read. A token has a few KiB.
const LONGEST_ANSWER: usize = 1 << 20;

/// The longest text of a refusal that is shown.
const LONGEST_TEXT: usize = 500;

/// An OAuth client, and what it asks permission for.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Where tokens are requested.
    pub token_url: SafeUrl,
    /// The client's id.
    pub client_id: String,
    /// The scopes, separated by spaces.
    pub scopes: String,
    /// The client's secret.
    pub secret: Secret,
}

/// The tokens of one client for one set of scopes: one at a time.
pub struct Tokens {
    http: Http,
    credentials: Credentials,
    current: CurrentToken,
    /// Held while a token is requested.
    request: tokio::sync::Mutex<Option<Error>>,
    /// How many requests for a token have ended.
    ended: AtomicU64,
}

impl Tokens {
    /// The tokens of a client. Nothing is sent yet.
    #[must_use]
    pub fn new(http: Http, credentials: Credentials) -> Self {
        Self {
            http,
            credentials,
            current: CurrentToken::default(),
            request: tokio::sync::Mutex::default(),
            ended: AtomicU64::new(0),
        }
    }

    /// The token in use, while it is good.
    fn current(&self) -> Option<Secret> {
        self.current.at(self.http.clock().monotonic())
    }

    /// The token in use, or another one.
    async fn usable(&self, scope: &Scope) -> Result<Secret> {
        if let Some(authorization) = self.current() {
            return Ok(authorization);
        }
        let ended = self.ended.load(Ordering::Acquire);
        let mut failed = self.request.lock().await;
        // Somebody else has asked while this one waited, and the outcome is for both.
        if self.ended.load(Ordering::Acquire) != ended {
            if let Some(error) = failed.as_ref() {
                return Err(error.clone());
            }
            if let Some(authorization) = self.current() {
                return Ok(authorization);
            }
        }
        let outcome = self.requested(scope).await.map(|token| self.current.replace(token));
        *failed = outcome.as_ref().err().cloned();
        self.ended.fetch_add(1, Ordering::Release);
        outcome
    }

    /// Requests a token.
    async fn requested(&self, scope: &Scope) -> Result<Token> {
        scope.report(Event::debug("requesting an access token"));
        let clock = self.http.clock();
        let began = clock.monotonic();
        let mut request = Request::new(Method::Post, self.credentials.token_url.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json");
        request.body = Body::Bytes(self.form());
        request.time_limit = Some(LIMIT);
        let doing = |error: Error| error.context("cannot get an access token");
        let sent = self.http.send(request, scope.sink().as_ref()).await;
        let response = sent.map_err(|fault| doing(fault.error))?;
        let status = response.status();
        let content_type = response.header("content-type").map(str::to_owned);
        let described = response.to_error(String::new());
        let left = LIMIT.saturating_sub(clock.monotonic().saturating_sub(began));
        let read = tokio::select! {
            biased;
            read = response.bytes(LONGEST_ANSWER) => read,
            () = clock.sleep(left) => Err(Error::new(Kind::Network, "the response was not complete in time")
                .with_retry(Retry::Later, None)),
        };
        let body = Zeroizing::new(read.map_err(doing)?.to_vec());
        let answer =
            Answer { status, content_type: content_type.as_deref(), body: &body, changes: true, ..Answer::default() };
        self.read(&answer, described, began).map_err(doing)
    }

    /// The request's body, which holds the secret.
    fn form(&self) -> Bytes {
        let Credentials { client_id, scopes, secret, .. } = &self.credentials;
        let secret = String::from_utf8_lossy(secret.expose());
        let fields = [
            ("grant_type", "client_credentials"),
            ("scope", scopes),
            ("client_id", client_id),
            ("client_secret", secret.as_ref()),
        ];
        // As large as it can become, so that it never moves and leaves a copy behind.
        let length: usize = fields.iter().map(|(name, value)| name.len() + 2 + 3 * value.len()).sum();
        let mut form = Zeroizing::new(String::with_capacity(length));
        for (name, value) in fields {
            if !form.is_empty() {
                form.push('&');
            }
            form.push_str(name);
            form.push('=');
            form.extend(url::form_urlencoded::byte_serialize(value.as_bytes()));
        }
        Bytes::from_owner(Zeroizing::new(form.as_bytes().to_vec()))
    }

    /// The token in an answer. `began` is when it was asked for: it is good from some time after that.
    fn read(&self, answer: &Answer<'_>, described: Error, began: Duration) -> Result<Token> {
        let found = dialect::found(answer);
        let members = match &found {
            Found::Json(Value::Object(members)) => Some(members),
            _ => None,
        };
        let text = |name: &str| members.and_then(|members| member(members, name)).and_then(Value::as_str);
        if answer.is_success()
            && let Some(members) = members
            && let Some(token) = text("access_token").filter(|token| Token::is_usable(token))
        {
            let seconds = member(members, "expires_in").and_then(|value| match value {
                Value::String(text) => text.trim().parse().ok(),
                value => value.as_f64().map(|seconds| seconds.max(0.0) as u64),
            });
            let lifetime = seconds.map_or(TOKEN_LIFETIME, Duration::from_secs);
            return Ok(Token::new("Bearer", token, began, lifetime, TOKEN_RESERVE));
        }
        // Other services write the status's words there.
        let is_code = |text: &&str| !text.contains(char::is_whitespace);
        if let Some(code) = text("error").filter(is_code).filter(|_| matches!(answer.status, 400 | 401 | 403)) {
            return Err(self.refusal(described, code, text("error_description")));
        }
        let is_json = members.is_some();
        let kind = match described.kind() {
            Kind::Throttled => Kind::Unavailable,
            Kind::Unavailable if answer.status != 500 => Kind::Unavailable,
            // A proxy.
            Kind::Network => Kind::Network,
            Kind::Unauthenticated | Kind::Forbidden if is_json => described.kind(),
            // Whatever answered, it does not answer as a token endpoint does.
            _ => Kind::Protocol,
        };
        let is_page = answer.body.trim_ascii_start().starts_with(b"<");
        // What is no page and no refusal may hold a token, in whatever form.
        let said = match answer.content_type.map_or("an unknown content type", intermediary::media_type) {
            _ if answer.is_success() && is_json => "JSON without a usable access_token".to_owned(),
            media_type if answer.is_success() && !is_page => format!("{media_type} instead of JSON"),
            _ => self.excerpt(answer, is_json),
        };
        let message = format!("the token endpoint answered {} with {said}", answer.status_in_words());
        let error = described.with_message(message).into_kind(kind);
        Err(match kind {
            Kind::Unavailable => error.with_next_step("try again later"),
            Kind::Network if answer.status == 407 => error.with_next_step(intermediary::PROXY_CREDENTIALS),
            _ => error.with_next_step(intermediary::next_step(
                "the token endpoint",
                NextStep::default().setting(Setting::TokenUrl),
            )),
        })
    }

    /// The error of a refusal in the form of OAuth (RFC 6749, section 5.2).
    fn refusal(&self, described: Error, code: &str, description: Option<&str>) -> Error {
        let told = |text: &str| cut(&one_line(&self.without_secret(text)), LONGEST_TEXT, "...");
        let code = told(code);
        let said = description.map(told).map_or_else(|| code.clone(), |description| format!("{code}: {description}"));
        let step = match code.as_str() {
            "invalid_scope" => NextStep::text("check ")
                .setting(Setting::TenantId)
                .and(" and ")
                .setting(Setting::Scopes)
                .and("; the client must be permitted to use them"),
            _ => NextStep::text("check ")
                .setting(Setting::ClientId)
                .and(" and ")
                .setting(Setting::ClientSecret)
                .and(", and that they are for the region of ")
                .setting(Setting::TokenUrl),
        };
        described
            .with_message(format!("the token endpoint refused the client: {said}"))
            .into_kind(Kind::Unauthenticated)
            .with_retry(Retry::Never, None)
            .with_code(code)
            .with_texts(vec![said])
            .with_next_step(step)
    }

    /// What an answer is, in a few words, of which none is a part of the secret.
    fn excerpt(&self, answer: &Answer<'_>, is_json: bool) -> String {
        let text = self.without_secret(&json::text(answer.body, answer.content_type));
        let media_type = answer.content_type.map(intermediary::media_type);
        Answer { status: answer.status, content_type: media_type, body: text.as_bytes(), ..Answer::default() }
            .excerpt(is_json)
    }

    /// A text of the token endpoint, which was told the secret and might repeat it: as it is, as in a form, or as in JSON.
    fn without_secret(&self, text: &str) -> String {
        let secret = String::from_utf8_lossy(self.credentials.secret.expose());
        let in_a_form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let in_json = Value::from(secret.as_ref()).to_string();
        let forms = [secret.as_ref(), &in_a_form, in_json.trim_matches('"')];
        forms.iter().filter(|form| !form.is_empty()).fold(text.to_owned(), |text, form| text.replace(form, "***"))
    }
}

impl Authorize for Tokens {
    fn authorization<'a>(&'a self, _: Outgoing<'a>, scope: &'a Scope) -> BoxFuture<'a, Result<Secret>> {
        Box::pin(self.usable(scope))
    }

    fn refused(&self, authorization: &Secret) -> bool {
        self.current.give_up(authorization);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::base::retry::classify_status;
    use crate::transport::system::SystemClock;
    use crate::transport::trust::Trust;

    const SECRET: &str = "CANARY \"+/ü";

    fn tokens() -> Tokens {
        let credentials = Credentials {
            token_url: SafeUrl::parse("tokenUrl", "https://hub.example/oauth2/x/v1/token").unwrap(),
            client_id: "id".into(),
            scopes: "a b".into(),
            secret: Secret::from(SECRET),
        };
        Tokens::new(Http::new(&Trust::Machine, Arc::new(SystemClock::default())).unwrap(), credentials)
    }

    fn read(status: u16, content_type: &str, body: &str) -> Result<Token> {
        let answer = Answer {
            status,
            content_type: Some(content_type),
            body: body.as_bytes(),
            changes: true,
            ..Answer::default()
        };
        let (kind, retry) = classify_status(status);
        let described = Error::new(kind, "").with_http_status(status).with_retry(retry, None);
        tokens().read(&answer, described, Duration::from_secs(1_000))
    }

    #[test]
    fn the_request_is_a_form() {
        let expected = "grant_type=client_credentials&scope=a+b&client_id=id&client_secret=CANARY+%22%2B%2F%C3%BC";
        assert_eq!(tokens().form(), expected.as_bytes());
    }

    #[test]
    fn a_token_is_used_until_shortly_before_its_end() {
        for (expires_in, renewed_at) in [
            (json!(3600), 4_480),
            (json!("3600"), 4_480),
            (json!(3600.0), 4_480),
            (json!(null), 4_480),
            (json!("soon"), 4_480),
            (json!(100), 1_050),
            (json!(0), 1_000),
            (json!(-5), 1_000),
        ] {
            let body = json!({"token_type": "Bearer", "expires_in": expires_in, "access_token": "t.-_"}).to_string();
            let token = read(200, "application/json", &body).unwrap();
            assert_eq!(token.authorization.expose(), b"Bearer t.-_");
            assert_eq!(token.renewed_at, Duration::from_secs(renewed_at), "{expires_in}");
        }
    }

    /// A request that was refused late does not take away what another one has got since.
    #[test]
    fn only_the_refused_token_is_given_up() {
        let tokens = tokens();
        let [old, new] = ["Bearer old", "Bearer new"].map(Secret::from);
        tokens.current.replace(Token { authorization: new.clone(), renewed_at: Duration::MAX });
        assert!(tokens.refused(&old) && tokens.current().is_some());
        assert!(tokens.refused(&new) && tokens.current().is_none());
    }

    #[test]
    fn no_answer_of_the_token_endpoint_shows_a_secret() {
        let in_a_form = "CANARY+%22%2B%2F%C3%BC";
        for (status, content_type, body, kind) in [
            (
                401,
                "application/json",
                json!({"error": "invalid_client", "error_description": format!("{SECRET} x")}),
                Kind::Unauthenticated,
            ),
            (
                400,
                "application/json",
                json!({"error": "invalid_request", "error_description": in_a_form}),
                Kind::Unauthenticated,
            ),
            (400, "application/json", json!({"error": "Bad Request", "message": SECRET}), Kind::Protocol),
            (403, "application/json", json!({"message": SECRET}), Kind::Forbidden),
            (200, "application/json", json!({"access_token": "CANARY\n"}), Kind::Protocol),
            (200, "application/json", json!({"accessToken": "CANARY"}), Kind::Protocol),
            (200, "text/plain", json!("access_token=CANARY"), Kind::Protocol),
            (200, "text/html", json!(format!("<title>{SECRET}</title>")), Kind::Protocol),
            (404, "text/html", json!(format!("<title>{in_a_form}</title>")), Kind::Protocol),
            (503, "text/plain", json!(format!("no {SECRET}")), Kind::Unavailable),
            (407, "text/html", json!("<title>proxy</title>"), Kind::Network),
        ] {
            let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
            let error = read(status, content_type, &body).err().unwrap();
            assert_eq!(error.kind(), kind, "{body}: {error}");
            assert!(error.next_step().is_some(), "{error:?}");
            let shown = format!("{error:?} {}", error.to_json());
            assert!(!shown.contains("CANARY"), "{shown}");
        }
    }
}
