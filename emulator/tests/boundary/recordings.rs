//! Redis Enterprise against the recordings that the public Rust client `redis-enterprise` carries in its package: answers
//! of an 8.0 cluster, and the status of each route on several releases. The package is fetched into the target folder
//! and is no part of this tree.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use epicloud_emulator::redis::Version;
use epicloud_emulator::{Config, Emulator, Speed, redis};
use reqwest::Client;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::caller::client;

const PACKAGE: &str = "redis-enterprise-0.10.0";
const CHECKSUM: &str = "cccd48882cf6953b66b5d11998d0591dea38e5274af1829290f9e3d36c381781";

fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())
}

/// The folder of the recordings; nothing, with a reason on stderr, where the registry does not answer.
fn recordings() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let recordings = folder.join(PACKAGE).join("tests/fixtures");
    if recordings.is_dir() {
        return Some(recordings);
    }
    // Each process has names of its own, and the last step is a rename, because tests may run side by side.
    let beside = tempfile::tempdir_in(folder).unwrap();
    let archive = beside.path().join("package.crate");
    let url = format!("https://static.crates.io/crates/redis-enterprise/{PACKAGE}.crate");
    let fetched = run("curl", &["-sSfL", "--max-time", "60", "-o", archive.to_str().unwrap(), &url]);
    if fetched.is_none() {
        eprintln!("skipped: {url} cannot be fetched, so nothing was compared with recordings");
        return None;
    }
    let digits: String =
        Sha256::digest(std::fs::read(&archive).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digits, CHECKSUM, "{url} is not what it was");
    let unpacked = beside.path().to_str().unwrap();
    let done = run("tar", &["-xzf", archive.to_str().unwrap(), "-C", unpacked]);
    assert!(done.is_some(), "tar cannot unpack {url}");
    // Another process may have been first.
    let _ = std::fs::rename(beside.path().join(PACKAGE), folder.join(PACKAGE));
    Some(recordings)
}

fn recorded(folder: &Path, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap()
}

struct Stage {
    emulator: Emulator,
    client: Client,
}

impl Stage {
    async fn of(version: Version) -> Self {
        let redis = redis::Config { version, ..redis::Config::default() };
        let emulator = Emulator::start(Config { speed: Speed::Manual, redis, ..Config::default() }).await.unwrap();
        let client = client(emulator.ca_file());
        Self { emulator, client }
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let redis = self.emulator.redis();
        let request = self.client.get(format!("{}{path}", redis.endpoint()));
        let answer = request.basic_auth(redis.user(), Some(redis.password())).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "integer",
        Value::String(_) => "text",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Where our value has another type than the recorded one, or a member that it does not have.
fn differences(at: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for (name, value) in ours {
                let at = format!("{at}.{name}");
                match theirs.get(name) {
                    Some(recorded) => differences(&at, value, recorded, found),
                    None => found.push(format!("{at} was never recorded")),
                }
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            for (index, value) in ours.iter().enumerate() {
                // The elements of a list may differ in their members: one of them has to fit.
                let mut least: Option<Vec<String>> = None;
                for recorded in theirs {
                    let mut own = Vec::new();
                    differences(&format!("{at}[{index}]"), value, recorded, &mut own);
                    if least.as_ref().is_none_or(|least| own.len() < least.len()) {
                        least = Some(own);
                    }
                }
                found.extend(least.unwrap_or_default());
            }
        }
        (ours, theirs) if kind(ours) == kind(theirs) => {}
        (ours, theirs) => found.push(format!("{at} is of the type {}, recorded {}", kind(ours), kind(theirs))),
    }
}

fn members(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn answers_have_the_members_and_types_of_those_recorded() {
    let Some(folder) = recordings() else { return };
    let stage = Stage::of(Version::V8_0).await;
    let mut found = Vec::new();
    for (path, file) in [
        ("/v1/bdbs", "bdbs_list.json"),
        ("/v1/bdbs/1", "bdb_single.json"),
        ("/v1/modules", "modules_list.json"),
        ("/v1/nodes", "nodes_list.json"),
        ("/v1/nodes/1", "node_single.json"),
        ("/v1/actions", "actions_list.json"),
    ] {
        let (status, ours) = stage.get(path).await;
        assert_eq!(status, 200, "{path}");
        differences(path, &ours, &recorded(&folder, file), &mut found);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    // What is small enough is there as a whole; of a database only what the specification names.
    for (path, file) in [("/v1/modules", "modules_list.json"), ("/v1/nodes", "nodes_list.json")] {
        let (_, ours) = stage.get(path).await;
        assert_eq!(members(&ours[0]), members(&recorded(&folder, file)[0]), "{path}");
    }
    let (_, ours) = stage.get("/v1/bdbs/1").await;
    let theirs = recorded(&folder, "bdb_single.json");
    for name in
        ["export_status", "export_progress", "export_failure_reason", "status", "backup_status", "import_status"]
    {
        assert_eq!(ours[name], theirs[name], "{name}");
    }
    assert!(theirs.get("last_export_time").is_none() && ours.get("last_export_time").is_none());
}

#[test]
fn a_difference_from_a_recording_would_be_found() {
    let theirs = json!({ "a": 1, "b": [{ "c": "x" }, { "c": "x", "d": 1.5 }] });
    let different = |ours: Value| {
        let mut found = Vec::new();
        differences("", &ours, &theirs, &mut found);
        found
    };
    assert!(different(json!({ "b": [{ "d": 0.0 }] })).is_empty());
    assert_eq!(different(json!({ "a": 1.0 })), [".a is of the type float, recorded integer"]);
    assert_eq!(different(json!({ "e": 1 })), [".e was never recorded"]);
    assert_eq!(different(json!({ "b": [{ "c": 1 }] })), [".b[0].c is of the type integer, recorded text"]);
}

#[tokio::test]
async fn each_release_has_the_routes_that_were_recorded_of_it() {
    let Some(folder) = recordings() else { return };
    let baseline = recorded(&folder, "live_compliance_baseline.json");
    for version in Version::ALL {
        let stage = Stage::of(version).await;
        let location = json!({ "type": "mount_point", "path": stage.emulator.redis().mount() });
        let action = stage.emulator.redis().start_export(2, &location).unwrap();
        let (_, actions) = stage.get("/v1/actions").await;
        let first = |list: &Value, name: &str| list[0][name].as_str().unwrap().to_owned();
        let (action1, module) =
            (first(&actions["actions"], "action_uid"), first(&stage.get("/v1/modules").await.1, "uid"));
        let operations = &baseline["versions"][version.name()]["profiles"]["safe"]["operations"];
        let operations: &Map<String, Value> = operations.as_object().unwrap();
        let mut compared = 0;
        for (route, path) in [
            ("GET /v1/bdbs", "/v1/bdbs".to_owned()),
            ("GET /v1/bdbs/{uid}", "/v1/bdbs/1".to_owned()),
            ("GET /v1/jsonschema", "/v1/jsonschema?object=bdb".to_owned()),
            ("GET /v1/actions", "/v1/actions".to_owned()),
            ("GET /v1/actions/{uid}", format!("/v1/actions/{action1}")),
            ("GET /v1/actions/bdb/{bdb_uid}", "/v1/actions/bdb/1".to_owned()),
            ("GET /v2/actions", "/v2/actions".to_owned()),
            ("GET /v2/actions/{uid}", format!("/v2/actions/{action}")),
            ("GET /v1/modules", "/v1/modules".to_owned()),
            ("GET /v1/modules/{uid}", format!("/v1/modules/{module}")),
            ("GET /v1/cluster/module-capabilities", "/v1/cluster/module-capabilities".to_owned()),
            ("GET /v1/nodes", "/v1/nodes".to_owned()),
            ("GET /v1/nodes/{uid}", "/v1/nodes/1".to_owned()),
        ] {
            let status = operations[route]["status_code"].as_u64();
            assert_eq!(Some(u64::from(stage.get(&path).await.0)), status, "{route} on {version}");
            compared += 1;
        }
        assert_eq!(compared, 13);
    }
}
