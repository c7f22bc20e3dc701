//! The DXP deployment service: endpoints E1 to E11 of the API.
//!
//! `route`, `signature`, `fields`, `deployment`, `export`, `timeline` and `package_name` decide; this module admits a
//! request (route, signature, replay, project) and `endpoints` carries it out on the state held here.

mod deployment;
mod endpoints;
mod envelope;
mod export;
mod fields;
mod package_name;
mod preparation;
mod route;
mod signature;
mod standing;
mod timeline;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) use envelope::{Refusal, failure, with_null_errors};
pub(crate) use standing::{SLOT, occupy, slot_page};
pub use timeline::{Phase, Step};

use crate::core::Core;
use crate::http::{Answer, Asked, BodyError, RequestBody};
use deployment::Deployment;
use export::Export;
use fields::Fields;
use preparation::Preparations;
use route::{Endpoint, Route};
use signature::{Credentials, Signed};

/// Largest body of an API request.
const LARGEST_BODY: usize = 4 << 20;

/// State of the service.
#[derive(Debug, Default)]
pub(crate) struct Service {
    state: Mutex<State>,
    preparations: Preparations,
}

#[derive(Debug, Default)]
struct State {
    deployments: Vec<Deployment>,
    exports: Vec<Export>,
    nonces: HashSet<String>,
    scripts: HashMap<&'static str, VecDeque<Vec<Step>>>,
}

/// The state as it is written to a state folder.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SavedService {
    deployments: Vec<Deployment>,
    exports: Vec<Export>,
}

impl Service {
    pub(crate) fn restore(saved: SavedService) -> Self {
        let state = State { deployments: saved.deployments, exports: saved.exports, ..State::default() };
        Self { state: Mutex::new(state), preparations: Preparations::default() }
    }

    pub(crate) fn save(&self) -> SavedService {
        let state = crate::lock(&self.state);
        SavedService { deployments: state.deployments.clone(), exports: state.exports.clone() }
    }

    /// Gives the next operation of this phase a timeline of its own.
    pub(crate) fn script(&self, phase: Phase, steps: Vec<Step>) {
        crate::lock(&self.state).scripts.entry(word(phase)).or_default().push_back(steps);
    }

    /// The timelines that wait for their operations, by phase, in order.
    pub(crate) fn scripts(&self) -> Value {
        let state = crate::lock(&self.state);
        let phases = Phase::ALL.iter().map(|phase| {
            let waiting: Vec<&Vec<Step>> = state.scripts.get(word(*phase)).into_iter().flatten().collect();
            (word(*phase).to_owned(), json!(waiting))
        });
        Value::Object(phases.collect())
    }

    /// Drops them.
    pub(crate) fn clear_scripts(&self) {
        crate::lock(&self.state).scripts.clear();
    }

    /// All deployments and exports as they were last seen, newest first, without counting as a look.
    pub(crate) fn show(&self, core: &Core) -> Value {
        let state = crate::lock(&self.state);
        let project = &core.identity.project_id;
        let deployments: Vec<Value> =
            state.deployments.iter().rev().map(|deployment| deployment.show(project)).collect();
        let exports: Vec<Value> = state.exports.iter().rev().map(|export| export.show(project, None)).collect();
        json!({ "deployments": deployments, "exports": exports })
    }
}

impl State {
    fn scripted(&mut self, phase: Phase) -> Option<Vec<Step>> {
        self.scripts.get_mut(word(phase))?.pop_front()
    }
}

fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Deploy => "deploy",
        Phase::Complete => "complete",
        Phase::Reset => "reset",
        Phase::Export => "export",
    }
}

/// Answers a request to the API.
pub(crate) async fn handle(core: &Arc<Core>, asked: &Asked, body: &mut RequestBody) -> Result<Answer, BodyError> {
    let body = body.whole(LARGEST_BODY).await?;
    let mut answer = process(core, asked, &body).await;
    if asked.twice {
        answer = process(core, asked, &body).await;
    }
    Ok(answer)
}

async fn process(core: &Arc<Core>, asked: &Asked, body: &[u8]) -> Answer {
    let Route::To { project, endpoint } = route::route(asked.path()) else {
        return failure(core, 404, &[format!("Nothing is found at {}.", asked.path())]);
    };
    if !endpoint.takes(&asked.method) {
        return failure(core, 405, &[format!("The method {} is not supported here.", asked.method)]);
    }
    if let Err(reason) = authenticate(core, asked, body) {
        let refusal = Refusal::denied(&project, environment_of(&endpoint));
        // The real service does not tell why; the header does, for the user of the emulator.
        return failure(core, 401, &[refusal.text]).with("x-emulator-reason", reason);
    }
    if project.trim().is_empty() {
        return failure(core, 400, &["Project Id is a required field.".to_owned()]);
    }
    if !project.eq_ignore_ascii_case(&core.identity.project_id) {
        let text = format!("There is no active project found for project id: {project}.");
        return failure(core, 404, &[text]);
    }
    let result = match Fields::read(body) {
        Ok(fields) => endpoints::carry_out(core, asked, &endpoint, &fields).await,
        Err(text) => Err(Refusal::invalid(text)),
    };
    match result {
        Ok(result) => envelope::success(core, &result),
        Err(refusal) => failure(core, refusal.status, &[refusal.text]),
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

fn authenticate(core: &Core, asked: &Asked, body: &[u8]) -> Result<(), &'static str> {
    let credentials = Credentials { key: &core.identity.client_key, secret: &core.secret };
    let signed = Signed { method: &asked.method, target: &asked.target, body };
    let window = core.config.clock_skew_minutes;
    let verified = signature::check(asked.header("authorization"), credentials, signed, asked.now, window)?;
    if core.config.replay_check && !crate::lock(&core.service.state).nonces.insert(verified.nonce) {
        return Err("the nonce was used before");
    }
    Ok(())
}
