//! What the service holds: planets, clients, tokens, backups, switches, and the timelines that wait for a backup.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::backup::{self, Backup, Order, Planted};
use super::config::{Client, Config, Planet, Switches};
use super::identity::Identity;
use super::token::Tokens;
use crate::core::Core;
use crate::error::Error;
use crate::state_dir::Section;
use crate::timeline::Step;

/// The id of the first backup is one more, which is that of the documentation's sample.
const LAST_ID: i64 = 361;
/// The id of the authorization server in the token URL; any other is taken, too.
const AUTHORIZATION_SERVER: &str = "ausepiemulator0000000";

/// The stand-in for Guidewire Cloud's Database API, and the handle tests use to look inside and to change things.
#[derive(Debug)]
pub struct Guidewire {
    pub(super) core: Arc<Core>,
    config: Config,
    identity: Identity,
    /// `https://HOST:PORT`, and `http://HOST:PORT` if there is such a listener.
    origins: (String, Option<String>),
    state: Mutex<State>,
}

/// What changes while it runs.
#[derive(Debug)]
pub(super) struct State {
    pub(super) switches: Switches,
    pub(super) planets: Vec<Planet>,
    pub(super) clients: Vec<Client>,
    pub(super) tokens: Tokens,
    pub(super) backups: Vec<Backup>,
    last_id: i64,
    scripts: VecDeque<Vec<Step>>,
}

/// The service as it is written to a state folder. Tokens are not: a client asks for another.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Saved {
    identity: Identity,
    last_id: i64,
    backups: Vec<Backup>,
}

impl Section for Guidewire {
    fn name(&self) -> &'static str {
        "guidewire"
    }

    fn save(&self) -> serde_json::Result<Value> {
        let state = self.lock();
        serde_json::to_value(Saved {
            identity: self.identity.clone(),
            last_id: state.last_id,
            backups: state.backups.clone(),
        })
    }
}

impl State {
    pub(super) fn planet(&self, tenant: &str, star_system: &str, name: &str) -> Option<&Planet> {
        self.planets
            .iter()
            .find(|planet| planet.tenant == tenant && planet.star_system == star_system && planet.name == name)
    }

    /// Starts a backup and gives its place in the list.
    pub(super) fn start(&mut self, planet: &Planet, order: Order, now: i64) -> usize {
        let steps = self.scripts.pop_front().unwrap_or_else(|| backup::usual_way(&self.switches));
        self.last_id += 1;
        self.backups.push(Backup::start(self.last_id, planet, order, steps, &self.switches.pending_word, now));
        self.backups.len() - 1
    }
}

impl Guidewire {
    /// The service as an earlier run left it, or a new one.
    pub(crate) fn open(
        core: &Arc<Core>,
        config: &Config,
        origins: (String, Option<String>),
    ) -> Result<Arc<Self>, Error> {
        let saved: Option<Saved> = core.state.take("guidewire")?;
        let (identity, last_id, backups) = match saved {
            Some(saved) => (Some(saved.identity), saved.last_id, saved.backups),
            None => (None, LAST_ID, Vec::new()),
        };
        let identity = Identity::settle(config, identity)?;
        let state = State {
            switches: config.switches.clone(),
            planets: config.all_planets(),
            clients: vec![identity.client(config)],
            tokens: Tokens::default(),
            backups,
            last_id,
            scripts: VecDeque::new(),
        };
        let guidewire =
            Self { core: Arc::clone(core), config: config.clone(), identity, origins, state: Mutex::new(state) };
        let guidewire = Arc::new(guidewire);
        core.state.keep(&guidewire);
        Ok(guidewire)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        crate::lock(&self.state)
    }

    /// Base of the API over HTTPS, with a slash at its end.
    pub fn endpoint(&self) -> String {
        format!("{}/", self.origins.0)
    }

    /// Base of the API over HTTP, if it has such a listener.
    pub fn http_endpoint(&self) -> Option<String> {
        self.origins.1.as_ref().map(|origin| format!("{origin}/"))
    }

    /// Where tokens are asked for, over HTTPS.
    pub fn token_url(&self) -> String {
        format!("{}/oauth2/{AUTHORIZATION_SERVER}/v1/token", self.origins.0)
    }

    /// The OAuth client id.
    pub fn client_id(&self) -> &str {
        &self.identity.client_id
    }

    /// The OAuth client secret.
    pub fn client_secret(&self) -> &str {
        &self.identity.client_secret
    }

    /// The tenant of the first planet.
    pub fn tenant(&self) -> &str {
        &self.config.tenant
    }

    /// The star system of the first planet.
    pub fn star_system(&self) -> &str {
        &self.config.star_system
    }

    /// The first planet.
    pub fn planet(&self) -> &str {
        &self.config.planet
    }

    /// The switches as they are.
    pub fn switches(&self) -> Switches {
        self.lock().switches.clone()
    }

    /// Changes switches for the requests that follow.
    pub fn change(&self, change: impl FnOnce(&mut Switches)) {
        change(&mut self.lock().switches);
    }

    /// Gives the next backup a timeline of its own. The texts of a step's `errors` become its error message and end it.
    pub fn script(&self, steps: Vec<Step>) {
        self.lock().scripts.push_back(steps);
    }

    /// The timelines that wait for their backups, in order.
    pub(super) fn scripts(&self) -> Value {
        json!(self.lock().scripts)
    }

    /// Drops them.
    pub(super) fn clear_scripts(&self) {
        self.lock().scripts.clear();
    }

    /// Adds a backup that no request has made; gives its id. Fails where the planet is not known.
    pub fn plant(&self, planted: Planted) -> Result<i64, Error> {
        let id = {
            let mut state = self.lock();
            let name = if planted.planet.is_empty() { &self.config.planet } else { &planted.planet };
            let planet = state.planets.iter().find(|planet| planet.name == *name).cloned();
            let planet = planet.ok_or_else(|| Error::config("planet", &format!("there is no planet {name}")))?;
            state.last_id += 1;
            let id = state.last_id;
            state.backups.push(planted.into_backup(id, &planet, self.core.clock.now()));
            id
        };
        self.core.save();
        Ok(id)
    }

    /// Adds a planet, or replaces the one of this name.
    pub fn add_planet(&self, planet: Planet) {
        let mut state = self.lock();
        state.planets.retain(|known| {
            (&known.tenant, &known.star_system, &known.name) != (&planet.tenant, &planet.star_system, &planet.name)
        });
        state.planets.push(planet);
    }

    /// Adds an OAuth client, or replaces the one with this id.
    pub fn add_client(&self, client: Client) {
        let mut state = self.lock();
        state.clients.retain(|known| known.id != client.id);
        state.clients.push(client);
    }

    /// Makes all tokens bad that were given out.
    pub fn expire_tokens(&self) {
        self.lock().tokens.expire();
    }

    /// How many tokens were given out.
    pub fn tokens_issued(&self) -> u64 {
        self.lock().tokens.issued()
    }

    /// All backups as they were last seen, newest first, without counting as a look.
    pub fn backups(&self) -> Vec<Value> {
        let now = self.core.clock.now();
        let state = self.lock();
        state.backups.iter().rev().map(|backup| backup.show(&state.switches, now)).collect()
    }

    /// What the program prints when it is ready, by the names that this has in the JSON line and as variables.
    pub fn settings(&self) -> [(&'static str, &'static str, String); 7] {
        [
            ("endpoint", "EPI_GUIDEWIRE_ENDPOINT", self.endpoint()),
            ("tokenUrl", "EPI_GUIDEWIRE_TOKEN_URL", self.token_url()),
            ("clientId", "EPI_GUIDEWIRE_CLIENT_ID", self.client_id().to_owned()),
            ("clientSecret", "EPI_GUIDEWIRE_CLIENT_SECRET", self.client_secret().to_owned()),
            ("tenant", "EPI_GUIDEWIRE_TENANT", self.tenant().to_owned()),
            ("starSystem", "EPI_GUIDEWIRE_STAR_SYSTEM", self.star_system().to_owned()),
            ("planet", "EPI_GUIDEWIRE_PLANET", self.planet().to_owned()),
        ]
    }

    pub(super) fn describe(&self, to: &mut Map<String, Value>) {
        let (planets, switches) = {
            let state = self.lock();
            (json!(state.planets), json!(state.switches))
        };
        let described = json!({ "backups": self.backups(), "planets": planets, "switches": switches });
        to.insert("guidewire".to_owned(), described);
    }
}
