//! The cases as they are written down. Strict, so that a misspelt member is not an expectation that always holds.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use epicloud_emulator::guidewire::Planted;
use epicloud_emulator::redis::Knobs;
use epicloud_emulator::{Phase, Rule, Step};
use serde::Deserialize;
use serde_json::{Map, Value};

/// One case.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Case {
    pub(super) name: String,
    /// That of the file when absent.
    #[serde(default)]
    pub(super) operation: String,
    /// Beside what the file says for all its cases.
    #[serde(default)]
    pub(super) config: Map<String, Value>,
    pub(super) secret: Option<String>,
    #[serde(default)]
    pub(super) files: BTreeMap<String, Content>,
    #[serde(default)]
    pub(super) service: Service,
    #[serde(default)]
    pub(super) before: Vec<Before>,
    pub(super) request: Value,
    pub(super) cancel_at: Option<String>,
    pub(super) result: Option<Value>,
    pub(super) error: Option<Value>,
    pub(super) requests: Option<Vec<Sent>>,
    #[serde(default)]
    pub(super) blobs: BTreeMap<String, Option<u64>>,
    #[serde(default)]
    pub(super) saved: BTreeMap<String, Option<u64>>,
}

/// Which part of the emulator a case is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Dxp,
    Guidewire,
    Redis,
}

impl Case {
    /// That of the `service` in its configuration. A name that no service has is for the library to refuse.
    pub(super) fn part(&self) -> Part {
        match self.config.get("service").and_then(Value::as_str) {
            Some("guidewire") => Part::Guidewire,
            Some("redis-enterprise") => Part::Redis,
            _ => Part::Dxp,
        }
    }
}

/// What a file holds: so many bytes of a seed, or a text.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Content {
    Bytes(usize),
    Text(String),
}

/// A request that is expected: its line, or its line and its body.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Sent {
    Line(String),
    WithBody(WithBody),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WithBody {
    pub(super) request: String,
    pub(super) body: Value,
}

impl Sent {
    pub(super) fn line(&self) -> &str {
        match self {
            Self::Line(line) => line,
            Self::WithBody(sent) => &sent.request,
        }
    }
}

/// How the service behaves.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Service {
    #[serde(default)]
    pub(super) emulator: Settings,
    #[serde(default)]
    pub(super) faults: Vec<Rule>,
    #[serde(default)]
    pub(super) deployments: Vec<Script>,
    #[serde(default)]
    pub(super) exports: Vec<Vec<Step>>,
    #[serde(default)]
    pub(super) blobs: Vec<Blob>,
    #[serde(default)]
    pub(super) leases: Vec<Blob>,
    #[serde(default)]
    pub(super) guidewire: Guidewire,
    /// Knobs of the databases of Redis Enterprise, by their uid.
    #[serde(default)]
    pub(super) redis: BTreeMap<u32, Knobs>,
}

/// What Guidewire Cloud does.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Guidewire {
    /// Backups that are there, the first with the id 362.
    #[serde(default)]
    pub(super) backups: Vec<Planted>,
    /// Timelines of those that are created.
    #[serde(default)]
    pub(super) scripts: Vec<Vec<Step>>,
}

/// Members of the emulator's configuration.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) granted_environments: Option<Vec<String>>,
    pub(super) edge_logs: Option<bool>,
    /// Whether the service takes its time; otherwise the second look at anything shows its end.
    #[serde(default)]
    pub(super) takes_time: bool,
    pub(super) export_md5: Option<bool>,
    pub(super) sas_version: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    pub(super) phase: Phase,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Blob {
    pub(super) container: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) text: String,
}

/// A call that must succeed before.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Before {
    pub(super) operation: String,
    pub(super) request: Value,
    /// Names for parts of the result, by JSON pointer.
    #[serde(default)]
    pub(super) keep: BTreeMap<String, String>,
}

/// A file of cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The operation of cases that name none.
    #[serde(default)]
    operation: String,
    /// Members of the configuration of all cases.
    #[serde(default)]
    config: Map<String, Value>,
    cases: Vec<Case>,
}

/// The table of statuses, which is no file of cases.
pub(super) const STATUSES: &str = "statuses.json";

/// The folder of the workspace, from each of its packages.
pub(super) fn root() -> PathBuf {
    let mut folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    folders.find(|folder| folder.join("tests/vectors").is_dir()).unwrap().to_owned()
}

/// All cases, each with its file's name in front of its own.
pub(super) fn all() -> Vec<Case> {
    let folder = root().join("tests/vectors");
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "json") && !file.ends_with(STATUSES));
    files.sort();
    let mut cases = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let file: File = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for case in file.cases {
            let name = format!("{}: {}", path.file_stem().unwrap().to_string_lossy(), case.name);
            let operation = if case.operation.is_empty() { file.operation.clone() } else { case.operation.clone() };
            assert!(!operation.is_empty(), "{name}: no operation");
            assert!(case.result.is_some() != case.error.is_some(), "{name}: either a result or an error");
            let mut config = file.config.clone();
            config.extend(case.config.clone());
            cases.push(Case { name, operation, config, ..case });
        }
    }
    cases
}
