//! A database ("bdb") as the service shows it, without its secrets (spec 6 and 7).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{number, part};
use crate::base::error::{Error, Kind, Result};
use crate::base::service_object::{ServiceObject, member};
use crate::redis_enterprise::location::without_secrets;

/// What is asked of a database whose export is looked at. Its secrets are not among it.
pub(crate) const EXPORT_FIELDS: &str =
    "uid,name,status,export_status,export_progress,export_failure_reason,last_export_time,action_uid,shards_count";

/// What is asked of a database to tell whether it can be exported.
pub(crate) const MODULE_FIELDS: &str = "uid,name,module_list";

/// A database, without its passwords and those of the places it knows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Database(ServiceObject);

// Only what identifies it.
impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("uid", &self.uid()).field("name", &self.name()).finish_non_exhaustive()
    }
}

/// What a database says of its last export. Words are compared exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportStatus<'a> {
    /// There was none, or it was reset. The service has four spellings of it.
    Idle,
    /// It runs.
    Exporting,
    /// It has ended well.
    Succeeded,
    /// It has failed.
    Failed,
    /// A word that this library does not know.
    Other(&'a str),
}

impl<'a> ExportStatus<'a> {
    /// Reads a word; none is idle.
    #[must_use]
    pub fn of(word: Option<&'a str>) -> Self {
        match word {
            None | Some("" | "idle") => Self::Idle,
            Some("exporting") => Self::Exporting,
            Some("succeeded") => Self::Succeeded,
            Some("failed") => Self::Failed,
            Some(other) => Self::Other(other),
        }
    }

    /// The word, with one for all spellings of idle.
    #[must_use]
    pub fn word(self) -> &'a str {
        match self {
            Self::Idle => "idle",
            Self::Exporting => "exporting",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Other(word) => word,
        }
    }
}

impl Database {
    /// Takes the service's object, without what is secret in it.
    ///
    /// # Errors
    /// `Protocol` when it is not a database.
    pub fn from_value(value: Value) -> Result<Self> {
        let Value::Object(members) = value else {
            return Err(crate::base::service_object::unexpected("a database", &value));
        };
        let database = Self(ServiceObject::from_value("a database", cleaned(members).into())?);
        match number(&database.0, "uid") {
            Some(_) => Ok(database),
            None => Err(Error::new(Kind::Protocol, "the response of the service has no 'uid' for a database")),
        }
    }

    /// The databases in a list.
    ///
    /// # Errors
    /// `Protocol` when it is not a list of databases.
    pub fn list_from(value: Value) -> Result<Vec<Self>> {
        match value {
            Value::Array(items) => items.into_iter().map(Self::from_value).collect(),
            other => Err(crate::base::service_object::unexpected("a list of databases", &other)),
        }
    }

    /// The service's object.
    #[must_use]
    pub fn document(&self) -> &ServiceObject {
        &self.0
    }

    /// Its id.
    #[must_use]
    pub fn uid(&self) -> u64 {
        // Whole, and no more than a cluster has.
        number(&self.0, "uid").map_or(0, |uid| uid as u64)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.text("name").unwrap_or_default()
    }

    /// What it is called in a sentence.
    #[must_use]
    pub fn title(&self) -> String {
        match self.name() {
            "" => format!("database {}", self.uid()),
            name => format!("database {} ({name})", self.uid()),
        }
    }

    /// What it says of its last export.
    #[must_use]
    pub fn export_status(&self) -> ExportStatus<'_> {
        ExportStatus::of(self.0.text("export_status"))
    }

    /// How far the export is, 0 to 1.
    #[must_use]
    pub fn export_progress(&self) -> Option<f64> {
        part(&self.0, "export_progress")
    }

    /// Why the last export failed; empty when the service does not say.
    #[must_use]
    pub fn failure_reason(&self) -> &str {
        self.0.text("export_failure_reason").unwrap_or_default()
    }

    /// When an export last ended well, as the service writes it.
    #[must_use]
    pub fn last_export_time(&self) -> Option<&str> {
        self.0.text("last_export_time").filter(|time| !time.is_empty())
    }

    /// The action that works on it, when there is one.
    #[must_use]
    pub fn action_uid(&self) -> Option<&str> {
        self.0.text("action_uid").filter(|uid| !uid.is_empty())
    }

    /// How many shards it has, each of which is a file of an export.
    #[must_use]
    pub fn shards(&self) -> Option<u64> {
        self.0.get("shards_count").and_then(Value::as_u64)
    }

    /// The modules it has loaded.
    #[must_use]
    pub fn modules(&self) -> Vec<LoadedModule<'_>> {
        let list = self.0.get("module_list").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let text = |module: &'_ Value, name: &str| {
            module.as_object().and_then(|it| member(it, name)?.as_str().map(str::to_owned))
        };
        let loaded = |module| LoadedModule {
            id: text(module, "module_id"),
            name: module.get("module_name").and_then(Value::as_str).unwrap_or_default(),
            version: text(module, "semantic_version"),
        };
        list.iter().map(loaded).collect()
    }
}

/// A module as a database names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedModule<'a> {
    /// Its id in the cluster.
    pub id: Option<String>,
    /// Its name.
    pub name: &'a str,
    /// Its version.
    pub version: Option<String>,
}

/// Whether a member holds a password. GET shows those of the database in clear text (spec 6).
fn is_password(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    (name.starts_with("authentication_") && name.ends_with("_pass")) || name.contains("password")
}

/// Whether a member says where files go to or come from.
fn is_place(name: &str) -> bool {
    name.ends_with("_location") || name.ends_with("_sources")
}

/// An object without passwords, at any depth, and without the secrets of the places in it.
fn cleaned(members: Map<String, Value>) -> Map<String, Value> {
    let kept = members.into_iter().filter(|(name, _)| !is_password(name));
    kept.map(|(name, value)| {
        let value = if is_place(&name) { without_secrets(value) } else { clean(value) };
        (name, value)
    })
    .collect()
}

fn clean(value: Value) -> Value {
    match value {
        Value::Object(members) => cleaned(members).into(),
        Value::Array(items) => items.into_iter().map(clean).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn idle_has_four_spellings_and_words_are_compared_exactly() {
        for status in
            [json!({}), json!({"export_status": null}), json!({"export_status": ""}), json!({"export_status": "idle"})]
        {
            let mut object = json!({"uid": 1});
            object.as_object_mut().unwrap().extend(status.as_object().unwrap().clone());
            assert_eq!(Database::from_value(object).unwrap().export_status(), ExportStatus::Idle, "{status}");
        }
        for (word, status) in [
            ("exporting", ExportStatus::Exporting),
            ("succeeded", ExportStatus::Succeeded),
            ("failed", ExportStatus::Failed),
            ("Failed", ExportStatus::Other("Failed")),
            ("queued", ExportStatus::Other("queued")),
        ] {
            assert_eq!(ExportStatus::of(Some(word)), status);
            assert_eq!(status.word(), word);
        }
    }

    #[test]
    fn no_secret_of_a_database_stays_and_everything_else_does() {
        let object = json!({
            "zeta": {"unknown": [1]}, "uid": 1, "name": "a",
            "authentication_admin_pass": "CANARY", "authentication_redis_pass": "CANARY",
            "authentication_sasl_pass": "CANARY", "authentication_sasl_uname": "kept", "default_password": "CANARY",
            "tags": [{"key": "team", "value": "x"}],
            "backup_location": {"type": "aws", "bucket_name": "b", "access_key_id": "CANARY", "secret_access_key": "CANARY"},
            "replica_sources": [{"uid": 1, "uri": "redis://admin:CANARY@host:1/", "authentication_redis_pass": "CANARY"}],
            "dataset_import_sources": [{"type": "sftp", "sftp_url": "sftp://u:CANARY@host/f", "key": "CANARY"}],
        });
        let database = Database::from_value(object).unwrap();
        let shown = database.document().clone().into_value();
        assert!(!shown.to_string().contains("CANARY"), "{shown}");
        assert_eq!(shown["backup_location"], json!({"type": "aws", "bucket_name": "b"}));
        assert_eq!(shown["replica_sources"][0]["uri"], "redis://host:1/");
        assert_eq!(shown["tags"], json!([{"key": "team", "value": "x"}]));
        assert_eq!((&shown["zeta"], &shown["authentication_sasl_uname"]), (&json!({"unknown": [1]}), &json!("kept")));
        assert_eq!(shown.as_object().unwrap().keys().next().unwrap(), "zeta");
    }

    #[test]
    fn numbers_are_read_however_they_are_written_and_a_database_has_a_uid() {
        let database = |progress: Value| {
            Database::from_value(json!({"uid": 7, "export_progress": progress, "shards_count": 3})).unwrap()
        };
        for (progress, part) in
            [(json!(12.5), Some(0.125)), (json!("100"), Some(1.0)), (json!(-3), Some(0.0)), (json!(null), None)]
        {
            assert_eq!(database(progress.clone()).export_progress(), part, "{progress}");
        }
        let database = database(json!(0));
        assert_eq!((database.uid(), database.shards(), database.title()), (7, Some(3), "database 7".to_owned()));
        for bad in [json!({}), json!([]), json!(null), json!({"uid": "x"})] {
            assert_eq!(Database::from_value(bad.clone()).unwrap_err().kind(), Kind::Protocol, "{bad}");
        }
        assert!(Database::list_from(json!({"uid": 1})).is_err());
    }
}
