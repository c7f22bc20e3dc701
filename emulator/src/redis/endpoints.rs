//! The endpoints: each reads its request, asks the rules, changes the state and shows the result.

use serde_json::{Value, json};

use super::action::{Action, creation, creation_task};
use super::database::{Bdb, chosen};
use super::envelope::{Refusal, accepted, document};
use super::export::Now;
use super::location::{Location, Purpose};
use super::module;
use super::node;
use super::route::{Endpoint, Kind};
use super::schema;
use super::state::{RedisEnterprise, State};
use crate::blob::query;
use crate::http::{Answer, Asked};
use crate::random::new_guid;

/// A request whose sender may make it.
pub(super) struct Call<'a> {
    pub(super) asked: &'a Asked,
    pub(super) body: &'a [u8],
    /// The id of the user.
    pub(super) user: u32,
    pub(super) now: Now,
}

/// Carries out a request whose sender may make it.
pub(super) async fn carry_out(
    redis: &RedisEnterprise,
    endpoint: &Endpoint,
    call: &Call<'_>,
) -> Result<Answer, Refusal> {
    let changes = call.asked.method != "GET";
    super::settle::settle(redis, call.now, changes).await;
    let answer = {
        let mut state = redis.lock();
        forget(&mut state, call.now);
        match endpoint {
            Endpoint::Databases => databases(redis, &mut state, call),
            Endpoint::Database(uid) => database(redis, &mut state, call, uid),
            Endpoint::Export(uid) => export(&mut state, call, uid),
            Endpoint::Import(uid) => import(&mut state, call, uid),
            Endpoint::Reset(kind, uid) => reset(&mut state, call, *kind, uid),
            Endpoint::Schema => {
                let object = query(call.asked, "object");
                let unknown = || Refusal::new(406, "invalid_object", "There is no such object");
                schema::show(object.as_deref()).map(|schema| document(&schema)).ok_or_else(unknown)
            }
            Endpoint::Actions => Ok(document(&json!({
                "actions": state.bdbs.iter().map(creation_task).collect::<Vec<_>>(),
                "state-machines": state.bdbs.iter().map(creation).collect::<Vec<_>>(),
            }))),
            Endpoint::Action(uid) => {
                let all = state.bdbs.iter().flat_map(|bdb| [creation_task(bdb), creation(bdb)]);
                one(all, "action_uid", uid)
            }
            Endpoint::DatabaseActions(uid) => {
                let bdb = find(&mut state, uid)?;
                Ok(document(&json!([creation(bdb)])))
            }
            Endpoint::Actions2 => Ok(document(&Value::Array(actions(&mut state, call.now)))),
            Endpoint::Action2(uid) => one(actions(&mut state, call.now).into_iter(), "action_uid", uid),
            Endpoint::Modules => Ok(document(&Value::Array(modules(&state)))),
            Endpoint::Module(uid) => one(modules(&state).into_iter(), "uid", uid),
            Endpoint::Capabilities => Ok(document(&module::capabilities())),
            Endpoint::Nodes => Ok(document(&json!([node::show(redis.cluster(), &state.bdbs, call.now)]))),
            Endpoint::Node(uid) => {
                let all = std::iter::once(node::show(redis.cluster(), &state.bdbs, call.now));
                one(all, "uid", uid)
            }
            Endpoint::Authorize | Endpoint::Refresh => Err(Refusal::server_fault()),
        }?
    };
    if changes {
        redis.core.save();
    }
    Ok(answer)
}

/// Forgets actions that ended long ago.
fn forget(state: &mut State, now: Now) {
    let memory = state.switches.action_memory_ms;
    state.actions.retain(|action| action.is_remembered(now.at, memory));
}

/// The object whose member has this value.
fn one(all: impl Iterator<Item = Value>, member: &str, wanted: &str) -> Result<Answer, Refusal> {
    let is_it = |object: &Value| match &object[member] {
        Value::String(text) => text == wanted,
        other => wanted.parse().ok() == other.as_u64() && other.is_u64(),
    };
    let found = all.into_iter().find(is_it);
    found.map(|object| document(&object)).ok_or_else(|| Refusal::new(404, "not_found", "There is no such object"))
}

fn find<'a>(state: &'a mut State, uid: &str) -> Result<&'a mut Bdb, Refusal> {
    let uid = uid.parse().ok();
    uid.and_then(|uid| state.find(uid)).ok_or_else(Refusal::no_database)
}

fn databases(redis: &RedisEnterprise, state: &mut State, call: &Call<'_>) -> Result<Answer, Refusal> {
    let fields = query(call.asked, "fields");
    let shown = state.bdbs.iter_mut().map(|bdb| look(redis, bdb, call.now, fields.as_deref()));
    Ok(document(&Value::Array(shown.collect())))
}

fn database(redis: &RedisEnterprise, state: &mut State, call: &Call<'_>, uid: &str) -> Result<Answer, Refusal> {
    let fields = query(call.asked, "fields");
    let bdb = find(state, uid)?;
    Ok(document(&look(redis, bdb, call.now, fields.as_deref())))
}

/// A look at a database by a client.
fn look(redis: &RedisEnterprise, bdb: &mut Bdb, now: Now, fields: Option<&str>) -> Value {
    let shown = bdb.show(redis.cluster(), now);
    bdb.count_look(now);
    chosen(shown, fields)
}

/// The body of a request, an object; `None` when there is none.
fn object(call: &Call<'_>) -> Result<Option<serde_json::Map<String, Value>>, Refusal> {
    if call.body.trim_ascii().is_empty() {
        return Ok(None);
    }
    let is_json = call
        .asked
        .header("content-type")
        .is_some_and(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json"));
    if !is_json {
        return Err(Refusal::invalid("the header Content-Type must be application/json"));
    }
    match serde_json::from_slice(call.body) {
        Ok(Value::Object(members)) => Ok(Some(members)),
        Ok(_) => Err(Refusal::invalid("the request body must be an object")),
        Err(failure) => Err(Refusal::invalid(format!("the request body is not JSON: {failure}"))),
    }
}

/// Spec 5, in the order of 5.4.
fn export(state: &mut State, call: &Call<'_>, uid: &str) -> Result<Answer, Refusal> {
    let uid = find(state, uid)?.spec.uid;
    let switches = state.switches.clone();
    let members = object(call)?.ok_or_else(|| Refusal::invalid("the request body is missing"))?;
    let mut notify = false;
    for (name, value) in &members {
        match (name.as_str(), value) {
            ("export_location", _) => {}
            ("email_notification", Value::Bool(value)) => notify = *value,
            ("email_notification", _) => return Err(Refusal::invalid("'email_notification' is not of type 'boolean'")),
            (other, _) => return Err(Refusal::invalid(format!("'{other}' is not a property of the request"))),
        }
    }
    let location = members.get("export_location");
    let location = location.ok_or_else(|| Refusal::invalid("'export_location' is a required property"))?;
    let location = Location::read(location, Purpose::Export)
        .map_err(|text| Refusal::new(switches.location_status, "invalid_schema", text))?;
    let mail = state.users.find(call.user).filter(|_| notify).map(|user| user.name.clone());
    let bdb = state.find(uid).ok_or_else(Refusal::no_database)?;
    if !bdb.is_exportable() {
        return Err(Refusal::not_exportable());
    }
    if bdb.knobs.conflicts > 0 {
        bdb.knobs.conflicts -= 1;
        return Err(Refusal::busy());
    }
    if bdb.is_busy(call.now) {
        return Err(Refusal::busy());
    }
    let action = state.start_export(uid, &location, mail, call.now.at).map_err(|_| Refusal::server_fault())?;
    Ok(accepted(Some(&action), switches.export_response))
}

/// Spec 9: the state alone.
fn import(state: &mut State, call: &Call<'_>, uid: &str) -> Result<Answer, Refusal> {
    let uid = find(state, uid)?.spec.uid;
    for (name, value) in object(call)?.unwrap_or_default() {
        match (name.as_str(), value) {
            ("email_notification", Value::Bool(_)) => {}
            ("dataset_import_sources", Value::Array(sources)) => {
                for source in &sources {
                    Location::read(source, Purpose::Import)
                        .map_err(|text| Refusal::new(state.switches.location_status, "invalid_schema", text))?;
                }
            }
            ("email_notification" | "dataset_import_sources", _) => {
                return Err(Refusal::invalid(format!("'{name}' is of the wrong type")));
            }
            (other, _) => return Err(Refusal::invalid(format!("'{other}' is not a property of the request"))),
        }
    }
    let action = new_guid().map_err(|_| Refusal::server_fault())?;
    let bdb = state.find(uid).ok_or_else(Refusal::no_database)?;
    if !bdb.is_exportable() {
        return Err(Refusal::not_exportable());
    }
    if bdb.is_busy(call.now) {
        return Err(Refusal::busy());
    }
    bdb.start_import(call.now.at);
    state.actions.push(Action::import(action.clone(), uid, call.now.at));
    Ok(accepted(Some(&action), state.switches.export_response))
}

/// Spec 10.
fn reset(state: &mut State, call: &Call<'_>, kind: Kind, uid: &str) -> Result<Answer, Refusal> {
    let switches = state.switches.clone();
    let bdb = find(state, uid)?;
    object(call)?;
    if !bdb.is_exportable() {
        return Err(Refusal::not_exportable());
    }
    let busy = match kind {
        Kind::Export => bdb.kept.running.is_some(),
        Kind::Backup => bdb.knobs.backup_running,
        Kind::Import => bdb.importing(call.now).is_some(),
    };
    match kind {
        _ if busy && switches.reset_ignores_running => {}
        _ if busy => return Err(Refusal::busy()),
        Kind::Export => bdb.reset_export(),
        // A scheduled backup leaves nothing behind here.
        Kind::Backup => {}
        Kind::Import => bdb.reset_import(),
    }
    Ok(accepted(None, switches.export_response))
}

/// The actions of version 2; a look at the databases that they are about.
fn actions(state: &mut State, now: Now) -> Vec<Value> {
    let shown = state.actions.iter().map(|action| {
        let bdb = state.bdbs.iter().find(|bdb| bdb.spec.uid == action.bdb);
        action.show(bdb.filter(|bdb| bdb.runs(&action.uid) || !action.is_export()), now)
    });
    let shown = shown.collect();
    state.bdbs.iter_mut().for_each(|bdb| bdb.count_look(now));
    shown
}

fn modules(state: &State) -> Vec<Value> {
    let with_custom = state.bdbs.iter().any(|bdb| !bdb.is_exportable());
    module::shown(with_custom).map(module::Module::show).collect()
}
