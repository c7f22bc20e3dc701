//! The JSON schemas that the cluster shows, as far as the emulator goes (spec 8). Plain data.

use serde_json::{Map, Value, json};

use super::location;

/// The schema of a kind of object, or of all of them; `None` for a kind that is not known.
pub(super) fn show(object: Option<&str>) -> Option<Value> {
    let all = [("bdb", bdb()), ("module", named("module", MODULE)), ("node", named("node", NODE))];
    match object {
        None => Some(Value::Object(all.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect())),
        Some(object) => all.into_iter().find(|(name, _)| *name == object).map(|(_, schema)| schema),
    }
}

const BDB: &[(&str, &str)] = &[
    ("uid", "integer"),
    ("name", "string"),
    ("type", "string"),
    ("status", "string"),
    ("version", "string"),
    ("redis_version", "string"),
    ("port", "integer"),
    ("memory_size", "integer"),
    ("shards_count", "integer"),
    ("export_status", "string"),
    ("export_progress", "number"),
    ("export_failure_reason", "string"),
    ("last_export_time", "string"),
    ("backup_status", "string"),
    ("backup_progress", "number"),
    ("backup_failure_reason", "string"),
    ("import_status", "string"),
    ("import_progress", "number"),
    ("import_failure_reason", "string"),
];
const MODULE: &[(&str, &str)] =
    &[("uid", "string"), ("module_name", "string"), ("semantic_version", "string"), ("capabilities", "array")];
const NODE: &[(&str, &str)] = &[("uid", "integer"), ("addr", "string"), ("software_version", "string")];

fn named(name: &str, members: &[(&str, &str)]) -> Value {
    let properties: Map<String, Value> =
        members.iter().map(|(name, kind)| ((*name).to_owned(), json!({ "type": kind }))).collect();
    json!({ "type": "object", "description": format!("An API object that represents a {name}"), "properties": properties })
}

fn bdb() -> Value {
    let mut schema = named("managed database", BDB);
    schema["properties"]["backup_location"] = location::schema();
    schema
}
