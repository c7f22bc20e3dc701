//! Guidewire Cloud's Database API for backups, with the token endpoint of Guidewire Hub.
//!
//! `route`, `token`, `backup` and `envelope` decide; this module admits a request (token, path, method) and `endpoints`
//! carries it out on the state that `state` holds. The order in which a request is judged is assumed: token, path,
//! method, scopes, names of the path, body, what else is going on.

mod backup;
mod config;
mod control;
mod endpoints;
mod envelope;
mod identity;
mod route;
mod state;
mod token;

use std::borrow::Cow;

use serde_json::{Map, Value, json};

pub use backup::Planted;
pub use config::{Client, Config, Envelope, Planet, Spelling, Switches};
pub use state::Guidewire;

use crate::http::{Answer, Answering, Asked, BodyError, RequestBody, Room};
use crate::service::{ControlRequest, Refused, Service};
use crate::timestamp;
use endpoints::Call;
use route::Endpoint;

/// Largest body of a request.
const LARGEST_BODY: usize = 1 << 20;

impl Room for Guidewire {
    fn name(&self) -> &'static str {
        "guidewire"
    }

    fn takes(&self, _: &Asked) -> bool {
        true
    }

    fn handle<'a>(&'a self, asked: &'a Asked, body: &'a mut RequestBody) -> Answering<'a> {
        Box::pin(self.respond(asked, body))
    }

    fn failure(&self, asked: &Asked, status: u16, _: Option<&str>, message: &str) -> Answer {
        envelope::failure(status, message, asked.path(), asked.now).with("date", timestamp::http_date(asked.now))
    }

    fn recorded<'a>(&self, name: &str, value: &'a str) -> Cow<'a, str> {
        crate::record::masked(name, value)
    }
}

impl Service for Guidewire {
    fn control(&self, request: &ControlRequest<'_>) -> Option<Result<Value, Refused>> {
        control::answer(self, request)
    }

    fn show(&self, state: &mut Map<String, Value>) {
        self.describe(state);
    }
}

impl Guidewire {
    async fn respond(&self, asked: &Asked, body: &mut RequestBody) -> Result<Answer, BodyError> {
        let endpoint = route::route(asked.path(), self.lock().switches.star_system_list);
        let bytes = body.unrecorded(LARGEST_BODY).await?;
        let is_token = endpoint == Some(Endpoint::Token);
        body.record(if is_token { token::masked(&bytes) } else { bytes.to_vec() });
        let mut answer = self.process(asked, endpoint.as_ref(), &bytes);
        if asked.twice {
            answer = self.process(asked, endpoint.as_ref(), &bytes);
        }
        // By the virtual clock: clients judge by it how old a backup is.
        Ok(answer.with("date", timestamp::http_date(asked.now)))
    }

    fn process(&self, asked: &Asked, endpoint: Option<&Endpoint>, body: &[u8]) -> Answer {
        let refuse = |status, text: &str| envelope::failure(status, text, asked.path(), asked.now);
        let is_open = matches!(endpoint, Some(Endpoint::Health | Endpoint::Token));
        let token = self.lock().tokens.find(asked.header("authorization"), asked.now).cloned();
        if token.is_none() && !is_open {
            return refuse(401, "The access token is missing, invalid or expired");
        }
        let Some(endpoint) = endpoint else {
            return refuse(404, "No message available");
        };
        let methods = endpoint.methods();
        if !methods.contains(&asked.method.as_str()) {
            let text = format!("Request method '{}' is not supported", asked.method);
            return refuse(405, &text).with("allow", methods.join(", "));
        }
        match (endpoint, token) {
            (Endpoint::Health, _) => envelope::document(200, &json!({ "status": "UP" })),
            (Endpoint::Token, _) => self.give_token(asked, body),
            (endpoint, Some(token)) => {
                let call = Call { asked, token, body, instant: self.core.clock.is_instant() };
                endpoints::carry_out(self, endpoint, &call).unwrap_or_else(|(status, text)| refuse(status, &text))
            }
            (_, None) => refuse(401, "The access token is missing"),
        }
    }

    fn give_token(&self, asked: &Asked, body: &[u8]) -> Answer {
        let mut state = self.lock();
        let seconds = state.switches.token_seconds;
        match token::granted(asked.header("content-type"), body, &state.clients) {
            Err((status, error, description)) => {
                envelope::document(status, &json!({ "error": error, "error_description": description }))
            }
            Ok(scopes) => match state.tokens.issue(scopes, seconds, asked.now) {
                Ok(token) => envelope::document(200, &token).with("cache-control", "no-store"),
                Err(_) => envelope::document(500, &json!({ "error": "server_error" })),
            },
        }
    }
}
