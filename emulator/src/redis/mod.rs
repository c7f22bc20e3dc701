//! Redis Enterprise Software: the database export action of a cluster, and what a client reads around it.
//!
//! `route`, `user`, `jwt`, `location`, `export`, `database`, `action` and `rdb` decide; this module admits a request and
//! `endpoints` carries it out on the state that `state` holds; `settle` ends exports. A request is judged in this order
//! (assumed): version header, credentials, path, method, permission, database, body, modules, what else is going on.

mod action;
mod config;
mod control;
mod database;
mod destination;
mod endpoints;
mod envelope;
mod export;
mod handle;
mod jwt;
mod location;
mod module;
mod node;
mod rdb;
mod route;
mod schema;
mod settle;
mod state;
mod user;
mod version;

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

pub use config::{Config, Database, ErrorStyle, FileNames, Idle, Knobs, Reason, Response, Role, Switches, User};
pub(crate) use state::Place;
pub use state::{Mail, Placed, RedisEnterprise};
pub use version::Version;

use crate::http::{Answer, Answering, Asked, BodyError, RequestBody, Room};
use crate::record;
use crate::service::{ControlRequest, Refused, Service};
use endpoints::Call;
use envelope::{Refusal, document, usual_code, with_usual_headers};
use route::Endpoint;
use user::Stranger;

/// Largest body of a request.
const LARGEST_BODY: usize = 1 << 20;
/// The version of the API that `x-api-version` may ask for; assumed.
const API_VERSION: &str = "1";
/// How long a token is good in seconds, and the longest that may be asked for (spec 2.2).
const TOKEN_SECONDS: i64 = 300;
const LONGEST_TOKEN_SECONDS: i64 = 86_400;

impl Room for RedisEnterprise {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn takes(&self, _: &Asked) -> bool {
        true
    }

    fn handle<'a>(&'a self, asked: &'a Asked, body: &'a mut RequestBody) -> Answering<'a> {
        Box::pin(self.respond(asked, body))
    }

    fn failure(&self, _: &Asked, status: u16, code: Option<&str>, message: &str) -> Answer {
        let style = self.lock().switches.error_style;
        let answer = envelope::failure(status, code.unwrap_or_else(|| usual_code(status)), message, style);
        with_usual_headers(answer, 0)
    }

    fn recorded<'a>(&self, name: &str, value: &'a str) -> Cow<'a, str> {
        record::masked(name, value)
    }
}

impl Service for RedisEnterprise {
    fn control(&self, request: &ControlRequest<'_>) -> Option<Result<Value, Refused>> {
        control::answer(self, request)
    }

    fn show(&self, state: &mut Map<String, Value>) {
        self.describe(state);
    }
}

/// A node that is not the master: sends its callers there, or passes their requests on.
#[derive(Debug)]
pub(crate) struct SecondNode(pub(crate) Arc<RedisEnterprise>);

impl Room for SecondNode {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn takes(&self, _: &Asked) -> bool {
        true
    }

    fn handle<'a>(&'a self, asked: &'a Asked, body: &'a mut RequestBody) -> Answering<'a> {
        let redis = &self.0;
        if redis.lock().switches.handle_redirects {
            return redis.handle(asked, body);
        }
        Box::pin(async move {
            redis.take(body).await?;
            Ok(elsewhere(redis.endpoint(), asked))
        })
    }

    fn failure(&self, asked: &Asked, status: u16, code: Option<&str>, message: &str) -> Answer {
        self.0.failure(asked, status, code, message)
    }

    fn recorded<'a>(&self, name: &str, value: &'a str) -> Cow<'a, str> {
        record::masked(name, value)
    }
}

fn elsewhere(base: &str, asked: &Asked) -> Answer {
    with_usual_headers(Answer::empty(307).with("location", format!("{base}{}", asked.target)), 0)
}

/// The body of a request for a token.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Login {
    username: Option<String>,
    password: Option<String>,
    ttl: Option<i64>,
}

impl RedisEnterprise {
    async fn respond(&self, asked: &Asked, body: &mut RequestBody) -> Result<Answer, BodyError> {
        let bytes = self.take(body).await?;
        let mut answer = self.process(asked, &bytes).await;
        if asked.twice {
            answer = self.process(asked, &bytes).await;
        }
        Ok(answer)
    }

    /// The body, which is recorded without its secrets.
    async fn take(&self, body: &mut RequestBody) -> Result<Vec<u8>, BodyError> {
        let bytes = body.unrecorded(LARGEST_BODY).await?.to_vec();
        let shown = match serde_json::from_slice::<Value>(&bytes) {
            Ok(value) => location::masked(&value).to_string().into_bytes(),
            // What is no JSON might hold a secret anywhere.
            Err(_) => format!("({} bytes that are not JSON)", bytes.len()).into_bytes(),
        };
        body.record(if bytes.is_empty() { Vec::new() } else { shown });
        Ok(bytes)
    }

    async fn process(&self, asked: &Asked, body: &[u8]) -> Answer {
        let switches = self.lock().switches.clone();
        if let Some(base) = &switches.redirect_to {
            return elsewhere(base.trim_end_matches('/'), asked);
        }
        if asked.header("x-api-version").is_some_and(|version| version != API_VERSION) {
            let refusal = Refusal::new(505, "unsupported_version", "This version of the API is not supported");
            return with_usual_headers(refusal.answer(switches.error_style), 0);
        }
        let v2_actions = switches.v2_actions.unwrap_or_else(|| self.config.version.has_v2_actions());
        let endpoint = route::route(asked.path(), switches.unprefixed_paths, v2_actions);
        let answered = match &endpoint {
            Some(Endpoint::Authorize) if asked.method == "POST" => self.authorize(asked, body),
            Some(Endpoint::Refresh) if asked.method == "POST" => self.refresh(asked, body, switches.bearer),
            endpoint => {
                let user = self.lock().users.by_header(asked.header("authorization"), switches.bearer, asked.now);
                match user {
                    Ok(user) => self.admitted(asked, endpoint.as_ref(), user, body).await,
                    Err(stranger) => Err(unknown(stranger)),
                }
            }
        };
        match answered {
            Ok(answer) => with_usual_headers(answer, self.next_state_id()),
            // The one error without a body (spec 4).
            Err(refusal) if refusal.code.is_empty() => with_usual_headers(Answer::empty(refusal.status), 0),
            Err(refusal) => with_usual_headers(refusal.answer(switches.error_style), 0),
        }
    }

    async fn admitted(
        &self,
        asked: &Asked,
        endpoint: Option<&Endpoint>,
        user: u32,
        body: &[u8],
    ) -> Result<Answer, Refusal> {
        let endpoint = endpoint.ok_or_else(|| Refusal::new(404, "not_found", "The URI does not exist"))?;
        let allowed = format!("{}, OPTIONS", endpoint.method());
        if asked.method == "OPTIONS" {
            return Ok(Answer::empty(200).with("allow", allowed));
        }
        if asked.method != endpoint.method() {
            return Err(Refusal::new(405, "method_not_allowed", format!("The methods here are {allowed}")));
        }
        let permission = endpoint.permission();
        let role = self.lock().users.find(user).map(|user| user.role);
        if !role.is_some_and(|role| permission.is_of(role)) {
            let text = format!("The permission {} is needed", permission.name());
            return Err(Refusal::new(403, "permission_denied", text));
        }
        let call = Call { asked, body, user, now: self.now(asked.now) };
        endpoints::carry_out(self, endpoint, &call).await
    }

    /// A token for a user name and a password, in the body (7.4) or in a Basic header.
    fn authorize(&self, asked: &Asked, body: &[u8]) -> Result<Answer, Refusal> {
        let login = login(body)?;
        let state = self.lock();
        let user = match (&login.username, &login.password) {
            (Some(name), Some(password)) => state.users.by_password(name, password),
            (None, None) => state.users.by_basic(asked.header("authorization")),
            _ => return Err(Refusal::invalid("'username' and 'password' belong together")),
        };
        let user = user.map_err(unknown)?;
        let token = state.users.token(user, login.ttl.unwrap_or(TOKEN_SECONDS), asked.now);
        Ok(document(&json!({ "access_token": token })))
    }

    /// Another token for a good one.
    fn refresh(&self, asked: &Asked, body: &[u8], bearer: bool) -> Result<Answer, Refusal> {
        let login = login(body)?;
        if login.username.is_some() || login.password.is_some() {
            return Err(Refusal::invalid("only 'ttl' is a property of the request"));
        }
        let state = self.lock();
        let user = state.users.by_token(asked.header("authorization"), bearer, asked.now).map_err(unknown)?;
        let token = state.users.token(user, login.ttl.unwrap_or(TOKEN_SECONDS), asked.now);
        Ok(document(&json!({ "access_token": token })))
    }
}

fn unknown(stranger: Stranger) -> Refusal {
    match stranger {
        Stranger::Unknown => Refusal::new(401, "", ""),
        Stranger::PasswordExpired => Refusal::new(401, "password_expired", "The password has expired"),
    }
}

fn login(body: &[u8]) -> Result<Login, Refusal> {
    if body.trim_ascii().is_empty() {
        return Ok(Login::default());
    }
    // Without what the reader says, which may repeat a secret.
    let wrong = |_| Refusal::invalid("the request body must be an object of 'username', 'password' and 'ttl'");
    let login: Login = serde_json::from_slice(body).map_err(wrong)?;
    match login.ttl {
        Some(seconds) if !(1..=LONGEST_TOKEN_SECONDS).contains(&seconds) => {
            Err(Refusal::invalid(format!("'ttl' must be between 1 and {LONGEST_TOKEN_SECONDS}")))
        }
        _ => Ok(login),
    }
}
