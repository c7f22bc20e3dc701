//! A database of the cluster: what it shows, what occupies it, and what exports leave behind (spec 7). Pure.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::config::{Database, Idle, Knobs, Reason};
use super::export::{NEARLY, Now, Running, Stage};
use super::module::{self, CUSTOM};
use super::version::Version;
use crate::clock::Milliseconds;
use crate::timestamp;

/// The port of the first database.
const FIRST_PORT: u32 = 12_000;

/// A database.
#[derive(Clone, Debug)]
pub(super) struct Bdb {
    pub(super) spec: Database,
    pub(super) knobs: Knobs,
    pub(super) password: String,
    /// Ids of its shards in the cluster.
    pub(super) shards: Vec<u32>,
    pub(super) created: Milliseconds,
    pub(super) kept: Kept,
    /// Until when it is busy with something that is not shown.
    pub(super) busy_until: Milliseconds,
    import: Option<Importing>,
    imported: bool,
}

/// What of it is kept across restarts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Kept {
    /// The state that is shown while nothing runs: `succeeded`, `failed`, or nothing.
    pub(super) status: Option<String>,
    progress: f64,
    reason: String,
    /// When the last export ended well.
    pub(super) last_export: Option<Milliseconds>,
    pub(super) running: Option<Running>,
}

/// An import that runs.
#[derive(Clone, Debug)]
struct Importing {
    began: Milliseconds,
    looks: u32,
}

/// What is known of the cluster that a database is in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cluster<'a> {
    pub(super) name: &'a str,
    pub(super) version: Version,
}

impl Bdb {
    pub(super) fn new(spec: Database, password: String, shards: Vec<u32>, created: Milliseconds, kept: Kept) -> Self {
        Self {
            spec,
            knobs: Knobs::default(),
            password,
            shards,
            created,
            kept,
            busy_until: Milliseconds::MIN,
            import: None,
            imported: false,
        }
    }

    /// The modules it has loaded.
    fn modules(&self) -> Vec<&str> {
        let own = self.spec.modules.iter().map(String::as_str);
        own.chain(self.knobs.unexportable.then_some(CUSTOM)).collect()
    }

    /// Whether every module it has loaded can be exported.
    pub(super) fn is_exportable(&self) -> bool {
        !self.modules().contains(&CUSTOM)
    }

    /// Whether this action runs.
    pub(super) fn runs(&self, action: &str) -> bool {
        self.kept.running.as_ref().is_some_and(|running| running.action == action)
    }

    /// What the next look at its export shows.
    pub(super) fn stage(&self, now: Now) -> Option<Stage> {
        Some(self.kept.running.as_ref()?.stage(&self.knobs, now))
    }

    /// What the cluster knows of its export, whether or not anybody looked.
    pub(super) fn known_stage(&self, now: Now) -> Option<Stage> {
        Some(self.kept.running.as_ref()?.known_stage(&self.knobs, now))
    }

    /// Whether another action occupies it (spec 5.4).
    pub(super) fn is_busy(&self, now: Now) -> bool {
        self.kept.running.is_some()
            || self.knobs.backup_running
            || self.importing(now).is_some()
            || self.knobs.status != "active"
            || now.at < self.busy_until
    }

    /// Ends its export.
    pub(super) fn finish(&mut self, ended: Milliseconds, result: Result<(), (Reason, f64)>) -> Option<Running> {
        let running = self.kept.running.take()?;
        match result {
            Ok(()) => {
                self.show_last("succeeded", 100.0, "");
                self.kept.last_export = Some(ended);
            }
            Err((reason, progress)) => self.show_last("failed", progress, reason.word()),
        }
        Some(running)
    }

    fn show_last(&mut self, status: &str, progress: f64, reason: &str) {
        self.kept.status = Some(status.to_owned());
        self.kept.progress = progress;
        reason.clone_into(&mut self.kept.reason);
    }

    /// Lets it show a state that an earlier export has left.
    pub(super) fn plant(&mut self, status: &str, reason: &str, ended: Milliseconds) {
        self.show_last(status, if status == "succeeded" { 100.0 } else { 0.0 }, reason);
        if status == "succeeded" {
            self.kept.last_export = Some(ended);
        }
    }

    /// Forgets how the last export ended.
    pub(super) fn reset_export(&mut self) {
        (self.kept.status, self.kept.progress) = (None, 0.0);
        self.kept.reason.clear();
    }

    pub(super) fn start_import(&mut self, now: Milliseconds) {
        self.import = Some(Importing { began: now, looks: 0 });
        self.imported = false;
    }

    pub(super) fn reset_import(&mut self) {
        self.imported = false;
    }

    /// Status and progress of the import that runs.
    pub(super) fn importing(&self, now: Now) -> Option<(&'static str, f64)> {
        let import = self.import.as_ref()?;
        let progress = match (now.instant, import.looks) {
            (_, 0) => return Some(("initializing", 0.0)),
            (true, _) => 100.0,
            (false, _) => 100.0 * (now.at - import.began) as f64 / self.knobs.import_ms.max(1) as f64,
        };
        (progress < 100.0).then_some(("importing", progress.max(0.0)))
    }

    /// Counts a look at all that runs, after it was shown.
    pub(super) fn count_look(&mut self, now: Now) {
        if let Some(running) = &mut self.kept.running {
            running.count_look();
        }
        if self.import.is_some() && self.importing(now).is_none() {
            (self.import, self.imported) = (None, true);
        }
        if let Some(import) = &mut self.import {
            import.looks = import.looks.saturating_add(1);
        }
    }

    /// The object, with what the next look shows.
    pub(super) fn show(&self, cluster: Cluster<'_>, now: Now) -> Value {
        let mut shown = self.describe(cluster);
        if let Value::Object(members) = &mut shown
            && let Value::Object(states) = self.states(now)
        {
            members.extend(states);
        }
        self.show_export(&mut shown, now);
        shown
    }

    /// What never changes.
    fn describe(&self, cluster: Cluster<'_>) -> Value {
        let uid = self.spec.uid;
        let port = FIRST_PORT + uid - 1;
        let created = timestamp::iso_seconds(self.created);
        let version = cluster.version.database_version();
        let modules = self.modules().into_iter().filter_map(module::by_name).map(module::Module::loaded);
        json!({
            "uid": uid,
            "name": self.spec.name,
            "type": "redis",
            "version": version,
            "redis_version": version.rsplit_once('.').map_or(version, |(short, _)| short),
            "port": port,
            "memory_size": 268_435_456,
            "created_time": created,
            "last_changed_time": created,
            "shards_count": self.shards.len(),
            "shard_list": self.shards,
            "sharding": self.shards.len() > 1,
            "replication": false,
            "data_persistence": "disabled",
            "crdt": false,
            "bigstore": false,
            "authentication_admin_pass": self.password,
            "authentication_redis_pass": self.password,
            "authentication_sasl_pass": "",
            "authentication_sasl_uname": "",
            "email_alerts": false,
            "module_list": modules.collect::<Vec<_>>(),
            "endpoints": [{
                "uid": format!("{uid}:1"),
                "dns_name": format!("redis-{port}.{}", cluster.name),
                "port": port,
                "addr": ["192.0.2.10"],
                "addr_type": "external",
                "proxy_policy": "single",
                "oss_cluster_api_preferred_endpoint_type": "ip",
                "oss_cluster_api_preferred_ip_type": "internal",
            }],
        })
    }

    /// What goes on, but for exports.
    fn states(&self, now: Now) -> Value {
        let import = self.importing(now);
        let (import_status, import_progress) = match import {
            Some(shown) => shown,
            None if self.imported || self.import.is_some() => ("succeeded", 100.0),
            None => ("", 0.0),
        };
        json!({
            "status": if import.is_some() { "import-pending" } else { &self.knobs.status },
            "backup": false,
            "backup_interval": 86_400,
            "backup_history": 0,
            "backup_status": if self.knobs.backup_running { "exporting" } else { "" },
            "backup_progress": 0.0,
            "backup_failure_reason": "",
            "import_status": import_status,
            "import_progress": import_progress,
            "import_failure_reason": "",
            "dataset_import_sources": [],
            "background_op": [{ "status": "idle" }],
        })
    }

    fn show_export(&self, shown: &mut Value, now: Now) {
        let exporting = match self.stage(now) {
            Some(Stage::Exporting(progress)) => Some(progress),
            // Its files are still on their way.
            Some(Stage::Ended(..)) => Some(NEARLY),
            Some(Stage::Stale) | None => None,
        };
        if let Some(running) = &self.kept.running
            && exporting.is_some()
        {
            shown["action_uid"] = json!(running.action);
        }
        let never = self.kept.status.is_none() && exporting.is_none();
        if !(never && self.knobs.hide_export_members) {
            let (status, progress, reason) = match exporting {
                Some(progress) => (Some(self.knobs.exporting_word.as_str()), progress, ""),
                None => (self.kept.status.as_deref(), self.kept.progress, self.kept.reason.as_str()),
            };
            let status = match (status, self.knobs.idle) {
                (Some(status), _) => Some(json!(status)),
                (None, Idle::Empty) => Some(json!("")),
                (None, Idle::Word) => Some(json!("idle")),
                (None, Idle::Null) => Some(Value::Null),
                (None, Idle::Absent) => None,
            };
            if let Some(status) = status {
                shown["export_status"] = status;
            }
            shown["export_progress"] = json!(progress);
            shown["export_failure_reason"] = json!(reason);
        }
        if let Some(last) = self.kept.last_export {
            shown["last_export_time"] = json!(timestamp::iso_seconds(last));
        }
    }
}

/// The members of an object that `fields` asks for; names that it does not have are ignored.
pub(super) fn chosen(mut object: Value, fields: Option<&str>) -> Value {
    if let (Value::Object(members), Some(fields)) = (&mut object, fields) {
        members.retain(|name, _| fields.split(',').any(|field| field == name));
    }
    object
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;

    const CLUSTER: Cluster<'static> = Cluster { name: "cluster.local", version: Version::V8_0 };

    fn bdb() -> Bdb {
        Bdb::new(Database::new(1, "sample-db"), "secret".to_owned(), vec![1], 0, Kept::default())
    }

    #[test]
    fn idle_has_four_spellings() {
        let mut bdb = bdb();
        let now = Now { at: 0, instant: false };
        for (idle, expected) in [
            (Idle::Empty, Some(json!(""))),
            (Idle::Word, Some(json!("idle"))),
            (Idle::Null, Some(Value::Null)),
            (Idle::Absent, None),
        ] {
            bdb.knobs.idle = idle;
            assert_eq!(bdb.show(CLUSTER, now).get("export_status"), expected.as_ref(), "{idle:?}");
        }
        bdb.knobs.hide_export_members = true;
        let shown = bdb.show(CLUSTER, now);
        let members = ["export_status", "export_progress", "export_failure_reason", "last_export_time", "action_uid"];
        assert!(members.iter().all(|name| shown.get(name).is_none()), "{shown}");
        let some = chosen(shown, Some("name,unknown"));
        assert_eq!(some, json!({ "name": "sample-db" }));
    }

    #[test]
    fn an_export_leaves_its_end_behind_until_a_reset() {
        let mut bdb = bdb();
        bdb.plant("failed", "general-error", 0);
        bdb.knobs.start_delay_ms = 1_000;
        bdb.kept.running = Some(Running::start("a".to_owned(), Map::new(), None, 0));
        let shown = |bdb: &Bdb, at| {
            let shown = bdb.show(CLUSTER, Now { at, instant: false });
            (shown["export_status"].clone(), shown["export_failure_reason"].clone(), shown.get("action_uid").is_some())
        };
        assert_eq!(shown(&bdb, 999), (json!("failed"), json!("general-error"), false));
        assert_eq!(shown(&bdb, 1_000), (json!("exporting"), json!(""), true));
        assert!(bdb.is_busy(Now { at: 1_000, instant: false }));
        bdb.finish(4_000, Ok(()));
        assert_eq!(shown(&bdb, 5_000), (json!("succeeded"), json!(""), false));
        bdb.reset_export();
        assert_eq!(shown(&bdb, 5_000).0, json!(""));
        assert_eq!(bdb.kept.last_export, Some(4_000));
    }
}
