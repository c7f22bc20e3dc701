//! What the control interface is asked about the cluster, all below `redis/`.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::config::{Database, User};
use super::location;
use super::state::RedisEnterprise;
use crate::error::Error;
use crate::service::{ControlRequest, Refused, merged};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Busy {
    ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Planted {
    status: String,
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mount {
    path: String,
}

/// Answers a request about the cluster.
pub(super) fn answer(redis: &RedisEnterprise, request: &ControlRequest<'_>) -> Option<Result<Value, Refused>> {
    let what: Vec<&str> = request.what.strip_prefix("redis/")?.split('/').collect();
    Some(match (request.method, &what[..]) {
        ("GET", ["switches"]) => Ok(json!(redis.switches())),
        ("POST", ["switches"]) => merged(&redis.switches(), request).map(|switches| {
            redis.change(|current| current.clone_from(&switches));
            json!(switches)
        }),
        ("GET", ["databases"]) => Ok(json!(redis.databases())),
        ("POST", ["databases"]) => {
            request.read::<Database>().and_then(|spec| redis.add_database(spec).map_err(unusable)).map(|()| json!({}))
        }
        ("POST", ["users"]) => request.read::<User>().map(|user| {
            redis.add_user(user);
            json!({})
        }),
        ("GET", ["exports"]) => Ok(exports(redis)),
        ("GET", ["mails"]) => Ok(json!(redis.outbox())),
        ("POST", ["mounts"]) => request.read::<Mount>().and_then(|mount| {
            let folder = redis.add_mount(&mount.path).map_err(unusable)?;
            Ok(json!({ "folder": folder.to_string_lossy() }))
        }),
        (method, ["databases", uid, what]) => match uid.parse() {
            Ok(uid) => database(redis, method, uid, what, request)?,
            Err(_) => return None,
        },
        _ => return None,
    })
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn unusable(error: Error) -> Refused {
    (400, error.to_string())
}

fn database(
    redis: &RedisEnterprise,
    method: &str,
    uid: u32,
    what: &str,
    request: &ControlRequest<'_>,
) -> Option<Result<Value, Refused>> {
    Some(match (method, what) {
        ("GET", "knobs") => redis.knobs(uid).map(|knobs| json!(knobs)).map_err(unusable),
        ("POST", "knobs") => redis.knobs(uid).map_err(unusable).and_then(|knobs| {
            let knobs = merged(&knobs, request)?;
            redis.tune(uid, |current| current.clone_from(&knobs)).map_err(unusable)?;
            Ok(json!(knobs))
        }),
        ("POST", "busy") => request
            .read::<Busy>()
            .and_then(|busy| redis.busy_for(uid, Duration::from_millis(busy.ms)).map(|()| json!({})).map_err(unusable)),
        ("POST", "last") => request
            .read::<Planted>()
            .and_then(|last| redis.plant_export(uid, &last.status, &last.reason).map(|()| json!({})).map_err(unusable)),
        ("POST", "export") => request.read::<Value>().and_then(|location| {
            let action = redis.start_export(uid, &location).map_err(unusable)?;
            Ok(json!({ "actionUid": action }))
        }),
        _ => return None,
    })
}

/// What exports have put somewhere, without the bytes.
fn exports(redis: &RedisEnterprise) -> Value {
    let placed = redis.placed().into_iter().map(|placed| {
        let files = placed.files.iter().map(|(name, bytes)| json!({ "name": name, "length": bytes.len() }));
        json!({
            "uid": placed.uid,
            "location": location::masked(&placed.location),
            "files": files.collect::<Vec<_>>(),
        })
    });
    Value::Array(placed.collect())
}
