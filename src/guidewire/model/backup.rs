//! Backups of a planet's databases.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::error::{Error, Kind, Result};
use crate::base::service_object::{ServiceObject, json_kind, member, unexpected};
use crate::base::time::parse_instant;
use crate::guidewire::contract::LISTS;

const WHAT: &str = "a backup";

/// A backup as the service describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Backup(ServiceObject);

impl Backup {
    /// Takes a result of the service. Only the id must be there.
    ///
    /// # Errors
    /// `Protocol` when it is something else.
    pub fn from_value(value: Value) -> Result<Self> {
        let backup = Self(ServiceObject::from_value(WHAT, value)?);
        match backup.id().is_empty() {
            true => Err(Error::new(Kind::Protocol, "the response of the service has no 'id' for a backup")),
            false => Ok(backup),
        }
    }

    /// A backup of which only this is known.
    ///
    /// # Errors
    /// As [`Backup::from_value`].
    pub fn known_by(id: &str, expires_at: Option<&str>) -> Result<Self> {
        let expiry = expires_at.map(|time| ("expirationDate".to_owned(), Value::from(time)));
        let id = ("id".to_owned(), Value::from(id));
        Self::from_value(Value::Object(std::iter::once(id).chain(expiry).collect()))
    }

    /// The whole object.
    #[must_use]
    pub fn document(&self) -> &ServiceObject {
        &self.0
    }

    /// The id; the service may write it as a number or a text.
    #[must_use]
    pub fn id(&self) -> String {
        match self.0.get("id") {
            Some(Value::String(id)) => id.trim().to_owned(),
            Some(Value::Number(id)) => id.to_string(),
            _ => String::new(),
        }
    }

    /// The service's status word, unchanged.
    #[must_use]
    pub fn status_text(&self) -> &str {
        self.0.text("status").unwrap_or_default()
    }

    /// What that amounts to.
    #[must_use]
    pub fn status(&self) -> BackupStatus {
        match BackupStatus::parse(self.status_text()) {
            // Whatever the word: what has an error and an end has failed.
            BackupStatus::Pending | BackupStatus::InProgress | BackupStatus::Unknown
                if self.error_message().is_some() && self.completed_at().is_some() =>
            {
                BackupStatus::Failed
            }
            status => status,
        }
    }

    /// Why it has failed.
    #[must_use]
    pub fn error_message(&self) -> Option<&str> {
        self.given("errorMessage")
    }

    /// How it was made.
    #[must_use]
    pub fn mechanism(&self) -> Option<&str> {
        self.given("mechanism")
    }

    /// When it began.
    #[must_use]
    pub fn started_at(&self) -> Option<&str> {
        self.given("startedAt")
    }

    /// When it began, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn started_ms(&self) -> Option<u64> {
        self.started_at().and_then(parse_instant)
    }

    /// When it ended.
    #[must_use]
    pub fn completed_at(&self) -> Option<&str> {
        self.given("completedAt")
    }

    /// When the service removes it; nothing for a permanent one.
    #[must_use]
    pub fn expires_at(&self) -> Option<&str> {
        self.given("expirationDate")
    }

    /// The name that it was given.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        of_object(self.0.get("metadata"), "name")
    }

    /// The planet that it is of.
    #[must_use]
    pub fn planet(&self) -> Option<&str> {
        of_object(self.0.get("environment"), "name")
    }

    fn given(&self, name: &str) -> Option<&str> {
        self.0.text(name).filter(|text| !text.trim().is_empty())
    }
}

fn of_object<'a>(value: Option<&'a Value>, name: &str) -> Option<&'a str> {
    member(value?.as_object()?, name)?.as_str().filter(|text| !text.is_empty())
}

/// The backups in a list, however it is wrapped.
///
/// # Errors
/// `Protocol` naming what was found instead.
pub fn list_from_value(value: Value) -> Result<Vec<Backup>> {
    let items = match value {
        Value::Array(items) => items,
        Value::Object(members) => list_of(&members)?,
        other => return Err(unexpected("a list of backups", &other)),
    };
    items.into_iter().map(Backup::from_value).collect()
}

fn list_of(members: &Map<String, Value>) -> Result<Vec<Value>> {
    let lists: Vec<&str> =
        members.iter().filter(|(_, value)| value.is_array()).map(|(name, _)| name.as_str()).collect();
    let name = match lists[..] {
        [name] => Some(name.to_owned()),
        _ => LISTS.iter().find(|name| lists.contains(*name)).map(|name| (*name).to_owned()),
    };
    let described = || {
        let found: Vec<String> = members.iter().map(|(name, value)| format!("{name} ({})", json_kind(value))).collect();
        if found.is_empty() { "no members".to_owned() } else { found.join(", ") }
    };
    match name.and_then(|name| members.get(&name)) {
        Some(Value::Array(items)) => Ok(items.clone()),
        _ => Err(Error::new(
            Kind::Protocol,
            format!("expected a list of backups from the service but received an object with {}", described()),
        )),
    }
}

/// The states of a backup. Only `succeeded` is documented; the other words are assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupStatus {
    /// Accepted, not begun.
    Pending,
    /// Being made.
    InProgress,
    /// Usable.
    Succeeded,
    /// Failed; the error message explains it.
    Failed,
    /// Being deleted.
    Deleting,
    /// No longer usable.
    Expired,
    /// A word that this library does not know. It goes on.
    Unknown,
}

impl BackupStatus {
    /// Reads a status word, ignoring case, `_`, `-` and spaces.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let word: String =
            text.chars().filter(|letter| !matches!(letter, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect();
        match word.as_str() {
            "pending" => Self::Pending,
            "inprogress" | "running" | "started" => Self::InProgress,
            "succeeded" => Self::Succeeded,
            "failed" | "error" | "aborted" | "cancelled" | "canceled" => Self::Failed,
            "deleting" => Self::Deleting,
            "deleted" | "expired" => Self::Expired,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn backup(value: Value) -> Backup {
        Backup::from_value(value).unwrap()
    }

    /// The example of the vendor's page, with one more object where the page hides some.
    #[test]
    fn the_documented_example_is_read_and_kept_whole() {
        let text = r#"{"id":362,"mechanism":"logical","type":"temporary","environment":{"tenant":"example","project":"test","stage":"dev","name":"testbackup"},"hidden":{"x":[1,null]},"status":"succeeded","displayStatus":"ready","errorMessage":null,"startedAt":"2024-01-29T09:53:09Z","completedAt":"2024-01-29T09:55:20Z","expirationDate":"2024-01-30T09:00:00Z"}"#;
        let backup = backup(serde_json::from_str(text).unwrap());
        assert_eq!((backup.id().as_str(), backup.status()), ("362", BackupStatus::Succeeded));
        assert_eq!((backup.mechanism(), backup.planet(), backup.name()), (Some("logical"), Some("testbackup"), None));
        assert_eq!(backup.started_ms(), Some(1_706_521_989_000));
        assert_eq!(backup.expires_at(), Some("2024-01-30T09:00:00Z"));
        assert_eq!(serde_json::to_string(&backup).unwrap(), text);
    }

    #[test]
    fn every_member_but_the_id_may_be_missing() {
        let bare = backup(json!({"id": "a-7"}));
        assert_eq!((bare.id().as_str(), bare.status()), ("a-7", BackupStatus::Unknown));
        for none in [json!({}), json!({"id": null}), json!({"id": ""}), json!({"id": [1]}), json!([1])] {
            assert_eq!(Backup::from_value(none.clone()).unwrap_err().kind(), Kind::Protocol, "{none}");
        }
        let time = "2024-01-30T09:00:00Z";
        for (expires, expected) in
            [(None, json!({"id": "7"})), (Some(time), json!({"id": "7", "expirationDate": time}))]
        {
            assert_eq!(serde_json::to_value(Backup::known_by("7", expires).unwrap()).unwrap(), expected);
        }
    }

    #[test]
    fn only_known_words_end_a_backup() {
        use BackupStatus as S;
        for (word, status) in [
            ("pending", S::Pending),
            ("in_progress", S::InProgress),
            ("IN-PROGRESS", S::InProgress),
            ("Started", S::InProgress),
            ("Succeeded", S::Succeeded),
            ("ready", S::Unknown),
            ("completed", S::Unknown),
            ("Canceled", S::Failed),
            ("ERROR", S::Failed),
            ("deleting", S::Deleting),
            ("expired", S::Expired),
            ("", S::Unknown),
        ] {
            assert_eq!(BackupStatus::parse(word), status, "{word}");
        }
        let with = |status: &str, error: Value, completed: Value| {
            backup(json!({"id": 1, "status": status, "errorMessage": error, "completedAt": completed})).status()
        };
        assert_eq!(with("broken", json!("disk full"), json!("2024-01-29T09:55:20Z")), S::Failed);
        assert_eq!(with("inProgress", json!("disk full"), json!("2024-01-29T09:55:20Z")), S::Failed);
        assert_eq!(with("inProgress", json!("retrying"), json!(null)), S::InProgress);
        assert_eq!(with("succeeded", json!("a note"), json!("2024-01-29T09:55:20Z")), S::Succeeded);
    }

    #[test]
    fn a_list_is_found_in_each_wrapping() {
        let ids =
            |value: Value| -> Result<Vec<String>> { Ok(list_from_value(value)?.iter().map(Backup::id).collect()) };
        let item = json!([{"id": 1}, {"id": "2"}]);
        for value in [
            item.clone(),
            json!({"whatever": item, "count": 2}),
            json!({"errors": [], "items": item}),
            json!({"content": item, "links": []}),
        ] {
            assert_eq!(ids(value.clone()).unwrap(), ["1", "2"], "{value}");
        }
        assert!(ids(json!([])).unwrap().is_empty());
        for (value, named) in [
            (json!({"status": "UP"}), "an object with status (a string)"),
            (json!({"a": [], "b": []}), "a (an array), b (an array)"),
            (json!({}), "an object with no members"),
            (json!("x"), "a string"),
        ] {
            let error = ids(value).unwrap_err();
            assert!(error.kind() == Kind::Protocol && error.message().contains(named), "{error}");
        }
        assert!(ids(json!([{"name": "x"}])).is_err());
    }
}
