//! The location of an export or a source of an import: which kinds there are, what each must and may say, and which of it
//! is secret (spec 6). Pure.

use serde_json::{Map, Value};

/// A kind of location.
struct Kind {
    name: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    /// Whether the source of an import names its file by a member of its own.
    names_file: bool,
}

const KINDS: &[Kind] = &[
    Kind { name: "url", required: &["url"], optional: &[], names_file: false },
    Kind { name: "sftp", required: &["sftp_url"], optional: &["key"], names_file: false },
    Kind {
        name: "s3",
        required: &["bucket_name", "access_key_id", "secret_access_key"],
        optional: &["region_name", "subdir"],
        names_file: true,
    },
    Kind {
        name: "gs",
        required: &["bucket_name", "client_id", "client_email", "private_key_id", "private_key"],
        optional: &["subdir"],
        names_file: true,
    },
    Kind {
        name: "abs",
        required: &["container", "account_name"],
        optional: &["account_key", "sas_token", "subdir"],
        names_file: true,
    },
    Kind { name: "mount_point", required: &["path"], optional: &[], names_file: false },
];

/// Members whose value is never shown.
const SECRET: [&str; 6] = ["key", "access_key_id", "secret_access_key", "private_key", "account_key", "sas_token"];
/// Schemes of a `url` that something is exported to.
const TARGETS: [&str; 2] = ["ftp://", "ftps://"];
/// Further schemes of a `url` that something is imported from.
const SOURCES: [&str; 3] = ["http://", "https://", "redis://"];

/// What a location is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Export,
    Import,
}

/// A location whose form is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Location {
    members: Map<String, Value>,
}

impl Location {
    /// Reads a location; the refusal names the member.
    pub(super) fn read(value: &Value, purpose: Purpose) -> Result<Self, String> {
        let Value::Object(members) = value else {
            return Err("the location must be an object".to_owned());
        };
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let given = text("type").ok_or("'type' is a required property of the location")?;
        let kind = KINDS.iter().find(|kind| kind.name == given);
        let kind = kind.ok_or_else(|| {
            let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
            format!("the type of the location is not one of {}", names.join(", "))
        })?;
        let file: &[&str] = if purpose == Purpose::Import && kind.names_file { &["filename"] } else { &[] };
        let mut known = kind.required.iter().chain(kind.optional).chain(file);
        for (name, value) in members {
            if name != "type" && !known.clone().any(|known| known == name) {
                return Err(format!("'{name}' is not a property of a location of the type {}", kind.name));
            }
            if !value.is_string() {
                return Err(format!("'{name}' of the location is not of type 'string'"));
            }
        }
        let missing = known.find(|name| !kind.optional.contains(name) && text(name).is_none_or(str::is_empty));
        if let Some(missing) = missing {
            return Err(format!("'{missing}' is a required property of the location"));
        }
        if kind.name == "abs" && text("account_key").is_some() == text("sas_token").is_some() {
            return Err("the location must have either 'account_key' or 'sas_token'".to_owned());
        }
        let schemes: &[&str] = if purpose == Purpose::Import { &SOURCES } else { &[] };
        let fits = |name, schemes: &[&str]| {
            text(name).is_none_or(|url| TARGETS.iter().chain(schemes).any(|scheme| url.starts_with(scheme)))
        };
        if kind.name == "url" && !fits("url", schemes) {
            return Err("'url' of the location does not begin with ftp:// or ftps://".to_owned());
        }
        if text("sftp_url").is_some_and(|url| !url.starts_with("sftp://")) {
            return Err("'sftp_url' of the location does not begin with sftp://".to_owned());
        }
        if text("path").is_some_and(|path| !path.starts_with('/')) {
            return Err("'path' of the location does not begin with a slash".to_owned());
        }
        Ok(Self { members: members.clone() })
    }

    /// A location that was read before.
    pub(super) fn of(members: Map<String, Value>) -> Self {
        Self { members }
    }

    pub(super) fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// A member; empty when it is not given.
    pub(super) fn text(&self, name: &str) -> &str {
        self.members.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Without its secrets.
    pub(super) fn masked(&self) -> Value {
        masked(&Value::Object(self.members.clone()))
    }
}

/// A document without the secrets of the locations, and of the credentials, in it.
pub(super) fn masked(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let shown = members.iter().map(|(name, value)| {
                let value = match value {
                    _ if SECRET.contains(&name.as_str()) || name.contains("password") || name.contains("pass") => {
                        Value::from("***")
                    }
                    other => masked(other),
                };
                (name.clone(), value)
            });
            Value::Object(shown.collect())
        }
        Value::Array(values) => Value::Array(values.iter().map(masked).collect()),
        // Wherever it stands: some clients send a location as a text.
        Value::String(url) if url.contains("://") => Value::from(without_user(url)),
        other => other.clone(),
    }
}

/// A URL without user and password.
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "***".to_owned() };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match host.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://***@{host}{path}"),
        None => url.to_owned(),
    }
}

/// The part of the JSON schema of a database that says which locations it takes (spec 8).
pub(super) fn schema() -> Value {
    let variants = KINDS.iter().map(|kind| {
        let names = kind.required.iter().chain(kind.optional);
        let mut properties: Map<String, Value> =
            names.map(|name| ((*name).to_owned(), serde_json::json!({ "type": "string" }))).collect();
        properties.insert("type".to_owned(), serde_json::json!({ "enum": [kind.name] }));
        let required: Vec<&str> = std::iter::once("type").chain(kind.required.iter().copied()).collect();
        serde_json::json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        })
    });
    serde_json::json!({ "anyOf": variants.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_is_read_and_each_mistake_is_named() {
        let good = [
            json!({ "type": "url", "url": "ftp://u:p@host:21/path/" }),
            json!({ "type": "sftp", "sftp_url": "sftp://u:p@host/", "key": "k" }),
            json!({ "type": "s3", "bucket_name": "b", "access_key_id": "a", "secret_access_key": "s", "subdir": "d" }),
            json!({ "type": "gs", "bucket_name": "b", "client_id": "c", "client_email": "e", "private_key_id": "i",
                    "private_key": "k" }),
            json!({ "type": "abs", "container": "c", "account_name": "a", "account_key": "k" }),
            json!({ "type": "abs", "container": "c", "account_name": "a", "sas_token": "t" }),
            json!({ "type": "mount_point", "path": "/mnt" }),
        ];
        for location in good {
            assert!(Location::read(&location, Purpose::Export).is_ok(), "{location}");
        }
        let table = [
            (json!("ftp://host/"), "object"),
            (json!({ "path": "/mnt" }), "type"),
            (json!({ "type": "aws", "bucket_name": "b" }), "one of url"),
            (json!({ "type": "mount_point" }), "'path'"),
            (json!({ "type": "mount_point", "path": "" }), "'path'"),
            (json!({ "type": "mount_point", "path": "mnt" }), "slash"),
            (json!({ "type": "mount_point", "path": 1 }), "string"),
            (json!({ "type": "mount_point", "path": "/mnt", "subdir": "d" }), "'subdir'"),
            (json!({ "type": "url", "url": "http://host/" }), "ftp://"),
            (json!({ "type": "sftp", "sftp_url": "ftp://host/" }), "sftp://"),
            (json!({ "type": "abs", "container": "c", "account_name": "a" }), "either"),
            (
                json!({ "type": "abs", "container": "c", "account_name": "a", "account_key": "k", "sas_token": "t" }),
                "either",
            ),
            (
                json!({ "type": "s3", "bucket_name": "b", "access_key_id": "a", "secret_access_key": "s", "filename": "f" }),
                "'filename'",
            ),
        ];
        for (location, word) in table {
            let refused = Location::read(&location, Purpose::Export).unwrap_err();
            assert!(refused.contains(word), "{location}: {refused}");
        }
        let source = json!({ "type": "url", "url": "https://host/dump.rdb.gz" });
        assert!(Location::read(&source, Purpose::Import).is_ok());
        let source = json!({ "type": "abs", "container": "c", "account_name": "a", "sas_token": "t" });
        assert!(Location::read(&source, Purpose::Import).unwrap_err().contains("'filename'"));
    }

    #[test]
    fn secrets_are_masked_wherever_they_are() {
        let document = json!({ "export_location": {
            "type": "sftp", "sftp_url": "sftp://user:canary@host:22/path", "key": "canary" },
            "sources": [{ "sas_token": "canary", "private_key": "canary", "account_name": "shown" }],
            "username": "shown", "password": "canary", "url": "ftp://host/path", "location": "s3://canary:canary@bucket" });
        let shown = masked(&document).to_string();
        assert!(!shown.contains("canary"), "{shown}");
        assert!(shown.contains("sftp://***@host:22/path") && shown.contains("ftp://host/path"), "{shown}");
    }
}
