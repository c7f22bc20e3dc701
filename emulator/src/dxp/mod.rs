//! The DXP deployment service: endpoints E1 to E11 of the API.
//!
//! `route`, `signature`, `fields`, `deployment`, `export`, `phase` and `package_name` decide; this module admits a
//! request (route, signature, replay, project) and `endpoints` carries it out on the state that `state` holds.

mod containers;
mod control;
mod deployment;
mod endpoints;
mod envelope;
mod export;
mod fields;
mod identity;
mod package_name;
pub(crate) mod phase;
mod preparation;
mod route;
pub(crate) mod scenario;
mod signature;
mod standing;
mod state;

use serde_json::{Map, Value};

use crate::error::Error;
use crate::fault::Effect;
use crate::http::{Answer, Answering, Asked, BodyError, RequestBody, Room};
use crate::service::{ControlRequest, Refused, Service};
pub(crate) use containers::{PACKAGES, furnish};
use envelope::{Refusal, failure};
use fields::Fields;
use route::{Endpoint, Route};
use signature::{Credentials, Signed};
pub(crate) use state::Dxp;

/// Largest body of an API request.
const LARGEST_BODY: usize = 4 << 20;

impl Room for Dxp {
    fn name(&self) -> &'static str {
        "dxp"
    }

    fn takes(&self, _: &Asked) -> bool {
        true
    }

    fn handle<'a>(&'a self, asked: &'a Asked, body: &'a mut RequestBody) -> Answering<'a> {
        Box::pin(self.respond(asked, body))
    }

    fn failure(&self, _: &Asked, status: u16, _: Option<&str>, message: &str) -> Answer {
        failure(self.config.charset, status, &[message.to_owned()])
    }

    fn effect(&self, _: &Asked, effect: &Effect) -> Option<Answer> {
        let Effect::Failure { errors } = effect else { return None };
        Some(failure(self.config.charset, 200, errors))
    }

    fn altered(&self, answer: Answer, effect: &Effect) -> Answer {
        match effect {
            Effect::NullErrors => envelope::with_null_errors(answer),
            _ => answer,
        }
    }
}

impl Service for Dxp {
    fn control(&self, request: &ControlRequest<'_>) -> Option<Result<Value, Refused>> {
        control::answer(self, request)
    }

    fn show(&self, state: &mut Map<String, Value>) {
        self.describe(state);
    }
}

impl Dxp {
    /// Starts the operations of somebody else, where a scenario has some.
    pub(crate) fn occupy(&self) -> Result<(), Error> {
        standing::occupy(self)
    }

    async fn respond(&self, asked: &Asked, body: &mut RequestBody) -> Result<Answer, BodyError> {
        if asked.path().starts_with(standing::SLOT) {
            return Ok(standing::slot_page(self));
        }
        let body = body.whole(LARGEST_BODY).await?;
        let mut answer = self.process(asked, &body).await;
        if asked.twice {
            answer = self.process(asked, &body).await;
        }
        Ok(answer)
    }

    async fn process(&self, asked: &Asked, body: &[u8]) -> Answer {
        let fail = |status, text| failure(self.config.charset, status, &[text]);
        let Route::To { project, endpoint } = route::route(asked.path()) else {
            return fail(404, format!("Nothing is found at {}.", asked.path()));
        };
        if !endpoint.takes(&asked.method) {
            return fail(405, format!("The method {} is not supported here.", asked.method));
        }
        if let Err(reason) = self.authenticate(asked, body) {
            let refusal = Refusal::denied(&project, environment_of(&endpoint));
            // The real service does not tell why; the header does, for the user of the emulator.
            return fail(401, refusal.text).with("x-emulator-reason", reason);
        }
        if project.trim().is_empty() {
            return fail(400, "Project Id is a required field.".to_owned());
        }
        if !project.eq_ignore_ascii_case(&self.identity.project_id) {
            return fail(404, format!("There is no active project found for project id: {project}."));
        }
        let result = match Fields::read(body) {
            Ok(fields) => endpoints::carry_out(self, asked, &endpoint, &fields).await,
            Err(text) => Err(Refusal::invalid(text)),
        };
        match result {
            Ok(result) => envelope::success(self.config.charset, &result),
            Err(refusal) => fail(refusal.status, refusal.text),
        }
    }

    fn authenticate(&self, asked: &Asked, body: &[u8]) -> Result<(), &'static str> {
        let credentials = Credentials { key: &self.identity.client_key, secret: &self.secret };
        let signed = Signed { method: &asked.method, target: &asked.target, body };
        let window = self.config.clock_skew_minutes;
        let verified = signature::check(asked.header("authorization"), credentials, signed, asked.now, window)?;
        if self.config.replay_check && !crate::lock(&self.state).nonces.insert(verified.nonce) {
            return Err("the nonce was used before");
        }
        Ok(())
    }
}

fn environment_of(endpoint: &Endpoint) -> &str {
    match endpoint {
        Endpoint::StorageContainers(environment)
        | Endpoint::SasLink { environment, .. }
        | Endpoint::Exports { environment, .. }
        | Endpoint::Export { environment, .. } => environment,
        _ => "",
    }
}
