//! Actions: what is going on in the cluster and what ended of late, as version 1 and version 2 show it (spec 11). Pure.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::database::Bdb;
use super::export::{NEARLY, Now, Stage};
use crate::clock::Milliseconds;

/// An export or import that version 2 shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Action {
    pub(super) uid: String,
    pub(super) bdb: u32,
    name: String,
    created: Milliseconds,
    ended: Option<Ended>,
}

/// How an action ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ended {
    at: Milliseconds,
    progress: f64,
    error: Option<String>,
}

impl Action {
    /// An export; the name is assumed.
    pub(super) fn export(uid: String, bdb: u32, now: Milliseconds) -> Self {
        Self { uid, bdb, name: "export_bdb".to_owned(), created: now, ended: None }
    }

    /// An import; the name is assumed.
    pub(super) fn import(uid: String, bdb: u32, now: Milliseconds) -> Self {
        Self { uid, bdb, name: "import_bdb".to_owned(), created: now, ended: None }
    }

    pub(super) fn end(&mut self, at: Milliseconds, progress: f64, error: Option<&str>) {
        self.ended = Some(Ended { at, progress, error: error.map(str::to_owned) });
    }

    /// Whether it is still remembered.
    pub(super) fn is_remembered(&self, now: Milliseconds, memory_ms: u64) -> bool {
        self.ended.as_ref().is_none_or(|ended| now < ended.at.saturating_add_unsigned(memory_ms))
    }

    /// Whether it is an export.
    pub(super) fn is_export(&self) -> bool {
        self.name == "export_bdb"
    }

    /// The object of version 2, with what the next look at its database shows.
    pub(super) fn show(&self, bdb: Option<&Bdb>, now: Now) -> Value {
        let (status, progress) = match &self.ended {
            Some(ended) if ended.error.is_some() => ("failed", ended.progress),
            Some(_) => ("completed", 100.0),
            None if self.is_export() => match bdb.and_then(|bdb| bdb.stage(now)) {
                None | Some(Stage::Stale) => ("queued", 0.0),
                Some(Stage::Exporting(progress)) => ("running", progress),
                Some(Stage::Ended(..)) => ("running", NEARLY),
            },
            None => match bdb.and_then(|bdb| bdb.importing(now)) {
                Some((_, progress)) => ("running", progress),
                None => ("completed", 100.0),
            },
        };
        let mut shown = json!({
            "action_uid": self.uid,
            "action_type": "other",
            "name": self.name,
            "creation_time": self.created.div_euclid(1_000),
            "progress": progress,
            "status": status,
            "additional_info": { "object_type": "bdb", "object_uid": self.bdb.to_string() },
        });
        if let Some(error) = self.ended.as_ref().and_then(|ended| ended.error.as_ref()) {
            shown["additional_info"]["error"] = json!(error);
        }
        shown
    }
}

/// The state machine that made a database, the one thing that version 1 shows of it.
pub(super) fn creation(bdb: &Bdb) -> Value {
    json!({
        "action_uid": format!("04d7b6ea-f377-4d40-9b23-{:012x}", bdb.spec.uid),
        "heartbeat": bdb.created.div_euclid(1_000),
        "name": "SMCreateBDB",
        "object_name": format!("bdb:{}", bdb.spec.uid),
        "status": "completed",
    })
}

/// The task that came with the state machine. Version 1 has its numbers as texts here.
pub(super) fn creation_task(bdb: &Bdb) -> Value {
    let uid = format!("8fc32a11-4688-4057-9237-{:012x}", bdb.spec.uid);
    json!({
        "action_uid": uid,
        "creation_time": bdb.created.div_euclid(1_000).to_string(),
        "name": "retry_bdb",
        "node_uid": "1",
        "progress": "100",
        "status": "completed",
        "task_id": uid,
    })
}
