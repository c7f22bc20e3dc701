//! The connection to a cluster for one user, and its calls.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use super::auth::{Basic, Credentials, tokens};
use super::commands::RedisCommand;
use super::config::Authentication;
use super::contract::{EXPORT_CAPABILITY, NODES, SOFTWARE_VERSION};
use super::dialect::ClusterAnswers;
use super::location::Destination;
use super::model::action::Action;
use super::model::database::{Database, EXPORT_FIELDS, MODULE_FIELDS};
use super::model::module::{Exportable, Modules};
use crate::base::entropy::Entropy;
use crate::base::error::{Error, Kind, Result};
use crate::base::next_step::NextStep;
use crate::base::retry::Purpose;
use crate::base::scope::Scope;
use crate::base::time::Clock;
use crate::http_api::auth::Authorize;
use crate::http_api::call::{Change, HttpApi};
use crate::http_api::endpoint::Endpoint;
use crate::transport::http::{Http, Method};

/// A connection to a cluster. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    calls: HttpApi,
    entropy: Arc<dyn Entropy>,
}

/// The body of an export's start.
#[derive(Serialize)]
struct ExportStart<'a> {
    export_location: &'a Destination,
    email_notification: bool,
}

impl Api {
    /// A connection. Nothing is sent yet.
    #[must_use]
    pub fn new(
        http: &Http,
        endpoint: &Endpoint,
        credentials: Credentials,
        authentication: Authentication,
        entropy: &Arc<dyn Entropy>,
    ) -> Self {
        let calls = |authorize: Arc<dyn Authorize>| {
            HttpApi::new(http.clone(), endpoint.clone(), authorize, Arc::new(ClusterAnswers), Arc::clone(entropy))
                .following_redirect()
        };
        let basic = calls(Arc::new(Basic::new(&credentials)));
        let calls = match authentication {
            Authentication::Basic => basic,
            Authentication::Jwt => calls(tokens(basic, credentials)),
        };
        Self { calls, entropy: Arc::clone(entropy) }
    }

    /// The same, waiting so long for the answers of one call, if that is said.
    #[must_use]
    pub fn limited_to(self, limit: Option<Duration>) -> Self {
        Self { calls: self.calls.limited_to(limit), ..self }
    }

    /// Where the cluster is.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        self.calls.endpoint()
    }

    /// The clock that waits and time limits run by.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        self.calls.clock()
    }

    /// 64 random bits.
    pub(super) fn random_bits(&self) -> u64 {
        self.entropy.bits()
    }

    /// The version of the cluster's software; `None` where the user may not know it, or the cluster has no such call.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn version(&self, scope: &Scope) -> Result<Option<String>> {
        let nodes = match self.calls.get(&NODES, None, scope).await {
            Err(error) if is_withheld(&error) => return Ok(None),
            nodes => nodes?,
        };
        let nodes = nodes.as_array().map(Vec::as_slice).unwrap_or_default();
        let mut versions: Vec<&str> = nodes
            .iter()
            .filter_map(|node| node.get(SOFTWARE_VERSION)?.as_str())
            .filter(|text| !text.is_empty())
            .collect();
        // They differ while a cluster is upgraded.
        versions.sort_unstable();
        versions.dedup();
        Ok((!versions.is_empty()).then(|| versions.join(", ")))
    }

    /// All databases.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn databases(&self, scope: &Scope) -> Result<Vec<Database>> {
        let list = self.calls.get(&["v1", "bdbs"], None, scope).await;
        Database::list_from(list.map_err(|error| of_a_look(error, "the databases"))?)
    }

    /// A database, whole.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn database(&self, uid: u64, scope: &Scope) -> Result<Database> {
        self.database_with(uid, None, Purpose::Single, scope).await
    }

    /// What a database says of its export.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn export_of(&self, uid: u64, purpose: Purpose, scope: &Scope) -> Result<Database> {
        self.database_with(uid, Some(EXPORT_FIELDS), purpose, scope).await
    }

    async fn database_with(&self, uid: u64, fields: Option<&str>, purpose: Purpose, scope: &Scope) -> Result<Database> {
        let query = fields.map(|fields| format!("fields={fields}"));
        let answer = self.calls.get_for(purpose, &["v1", "bdbs", &uid.to_string()], query.as_deref(), scope).await;
        Database::from_value(answer.map_err(|error| of_a_look(error, &format!("database {uid}")))?)
    }

    /// Whether the modules of a database let it be exported.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn exportable(&self, uid: u64, scope: &Scope) -> Result<(Database, Exportable)> {
        let database = self.database_with(uid, Some(MODULE_FIELDS), Purpose::Single, scope).await?;
        let loaded = database.modules();
        if loaded.is_empty() {
            return Ok((database, Exportable::Yes));
        }
        let exportable = match self.calls.get(&["v1", "modules"], None, scope).await {
            Err(error) if is_withheld(&error) => {
                Exportable::Unknown(loaded.iter().map(|module| module.name.to_owned()).collect())
            }
            modules => Modules::from_value(modules?)?.all_can(&loaded, EXPORT_CAPABILITY),
        };
        Ok((database, exportable))
    }

    /// An action, by the second version of the actions; `None` where the cluster does not have that version, or does not
    /// remember the action.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn action(&self, uid: &str, purpose: Purpose, scope: &Scope) -> Result<Option<Action>> {
        match self.calls.get_for(purpose, &["v2", "actions", uid], None, scope).await {
            Err(error) if is_withheld(&error) => Ok(None),
            action => Action::from_value(action?).map(Some),
        }
    }

    /// Starts an export: one request. Gives the id of its action, where the service tells it.
    ///
    /// # Errors
    /// As the service answers: `Conflict` while the database is busy, `Unsupported` when it cannot be exported; `Ambiguous`
    /// when the answer is lost.
    pub async fn start_export(
        &self,
        uid: u64,
        destination: &Destination,
        email_notification: bool,
        scope: &Scope,
    ) -> Result<Option<String>> {
        let change = Change {
            action: "start the export",
            check: NextStep::text("look whether it runs with: ").command(RedisCommand::GetExport { uid }),
        };
        let body = ExportStart { export_location: destination, email_notification };
        let segments = ["v1", "bdbs", &uid.to_string(), "actions", "export"];
        let answer = self.calls.post(&segments, Some(&body), change, scope).await;
        let answer = answer.map_err(|error| destination.hidden_in(of_a_start(error, uid)))?;
        let action = answer.get("action_uid").and_then(Value::as_str).filter(|action| !action.is_empty());
        Ok(action.map(str::to_owned))
    }

    /// Clears what a database says of its last export.
    ///
    /// # Errors
    /// As the service answers: `Conflict` while an export runs.
    pub async fn reset_export(&self, uid: u64, scope: &Scope) -> Result<()> {
        let change = Change {
            action: "reset the status of the export",
            check: NextStep::text("it is safe to repeat; check with: ").command(RedisCommand::GetExport { uid }),
        };
        let segments = ["v1", "bdbs", &uid.to_string(), "actions", "export_reset_status"];
        // Other clients send an empty object.
        self.calls.change(Method::Put, &segments, Some(&Map::new()), change, scope).await.map(drop).map_err(|error| {
            match error.kind() {
                Kind::Forbidden => error
                    .context(format!("the user may not reset the export status of database {uid}"))
                    .with_next_step(WORKING_ROLES),
                _ => error,
            }
        })
    }
}

/// The roles that may start and reset exports (spec 3).
const WORKING_ROLES: &str = "use a user with the role admin, cluster_member or db_member";

/// Whether the user may not know something, or the cluster does not have it: an old release, or nothing of that name.
fn is_withheld(error: &Error) -> bool {
    matches!(error.kind(), Kind::Forbidden | Kind::NotFound)
}

/// A user may be permitted to look at exports and not to start any, or not even to look. Each is said.
fn of_a_look(error: Error, what: &str) -> Error {
    match error.kind() {
        Kind::Forbidden => {
            error.context(format!("the user may not see {what}")).with_next_step("use a user with any role but 'none'")
        }
        Kind::NotFound => error.context(format!("cannot find {what}")),
        _ => error,
    }
}

fn of_a_start(error: Error, uid: u64) -> Error {
    match error.kind() {
        Kind::Forbidden => {
            error.context(format!("the user may not start an export of database {uid}")).with_next_step(WORKING_ROLES)
        }
        Kind::NotFound => error.context(format!("cannot find database {uid}")),
        Kind::Unsupported => error.context(format!("database {uid} cannot be exported")).with_next_step(format!(
            "a module of the database lacks the capability {EXPORT_CAPABILITY}; the connect operation names it"
        )),
        _ => error,
    }
}
