//! What the service holds: its deployments and exports, the timelines that wait for an operation, the files of exports
//! being made.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::deployment::Deployment;
use super::export::Export;
use super::identity::Identity;
use super::phase::Phase;
use super::preparation::{Preparations, Ready};
use crate::config::Config;
use crate::core::Core;
use crate::error::Error;
use crate::state_dir::Section;
use crate::timeline::Step;

/// The service.
#[derive(Debug)]
pub(crate) struct Dxp {
    pub(crate) core: Arc<Core>,
    pub(crate) config: Config,
    pub(crate) identity: Identity,
    pub(super) secret: Vec<u8>,
    /// `http://HOST:PORT`, below which the page of the slot is.
    pub(super) http_origin: String,
    pub(super) state: Mutex<State>,
    preparations: Preparations,
}

/// What changes while it runs.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) deployments: Vec<Deployment>,
    pub(super) exports: Vec<Export>,
    pub(super) nonces: HashSet<String>,
    scripts: HashMap<&'static str, VecDeque<Vec<Step>>>,
}

/// The service as it is written to a state folder.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Saved {
    #[serde(flatten)]
    identity: Identity,
    deployments: Vec<Deployment>,
    exports: Vec<Export>,
}

impl Section for Dxp {
    fn name(&self) -> &'static str {
        "dxp"
    }

    fn save(&self) -> serde_json::Result<Value> {
        let state = crate::lock(&self.state);
        serde_json::to_value(Saved {
            identity: self.identity.clone(),
            deployments: state.deployments.clone(),
            exports: state.exports.clone(),
        })
    }
}

impl Dxp {
    /// The service as an earlier run left it, or a new one.
    pub(crate) fn open(core: &Arc<Core>, config: &Config, http_origin: String) -> Result<Arc<Self>, Error> {
        let (identity, state) = match core.state.take::<Saved>("dxp")? {
            None => (None, State::default()),
            Some(saved) => {
                let state = State { deployments: saved.deployments, exports: saved.exports, ..State::default() };
                (Some(saved.identity), state)
            }
        };
        let identity = Identity::settle(config, identity)?;
        let dxp = Arc::new(Self {
            core: Arc::clone(core),
            config: config.clone(),
            secret: identity.secret_bytes(),
            identity,
            http_origin,
            state: Mutex::new(state),
            preparations: Preparations::default(),
        });
        core.state.keep(&dxp);
        Ok(dxp)
    }

    /// Makes the file of an export, unless that was begun in this run.
    pub(super) fn prepare(&self, export: &Export) -> Ready {
        self.preparations.begin(&self.core.storage, self.config.export_md5, export)
    }

    /// Gives the next operation of this phase a timeline of its own.
    pub(crate) fn script(&self, phase: Phase, steps: Vec<Step>) {
        crate::lock(&self.state).scripts.entry(phase.word()).or_default().push_back(steps);
    }

    /// The timelines that wait for their operations, by phase, in order.
    pub(super) fn scripts(&self) -> Value {
        let state = crate::lock(&self.state);
        let phases = Phase::ALL.iter().map(|phase| {
            let waiting: Vec<&Vec<Step>> = state.scripts.get(phase.word()).into_iter().flatten().collect();
            (phase.word().to_owned(), json!(waiting))
        });
        Value::Object(phases.collect())
    }

    /// Drops them.
    pub(super) fn clear_scripts(&self) {
        crate::lock(&self.state).scripts.clear();
    }

    /// All deployments and exports as they were last seen, newest first, without counting as a look.
    pub(super) fn describe(&self, to: &mut Map<String, Value>) {
        let state = crate::lock(&self.state);
        let project = &self.identity.project_id;
        let deployments: Vec<Value> =
            state.deployments.iter().rev().map(|deployment| deployment.show(project)).collect();
        let exports: Vec<Value> = state.exports.iter().rev().map(|export| export.show(project, None)).collect();
        to.insert("deployments".to_owned(), json!(deployments));
        to.insert("exports".to_owned(), json!(exports));
        to.insert("projectId".to_owned(), json!(project));
    }
}

impl State {
    pub(super) fn scripted(&mut self, phase: Phase) -> Option<Vec<Step>> {
        self.scripts.get_mut(phase.word())?.pop_front()
    }
}
