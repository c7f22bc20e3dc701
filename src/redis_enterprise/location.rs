//! Where an export goes (spec 6): six kinds of destination, each checked member by member before anything is sent, and what
//! of them may be shown.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::base::error::{Error, Result};
use crate::base::given;
use crate::base::redaction::cut;
use crate::base::secret::SecretString;
use crate::base::service_object::json_kind;

/// The longest text of a member that goes into handles, in bytes.
const LONGEST: usize = 1000;

/// A destination as a request document has it, not checked yet. Shows nothing of what it holds.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Location(Value);

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Location(***)")
    }
}

impl From<Value> for Location {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

/// A destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Destination {
    /// FTP or FTPS.
    Url {
        /// `ftp://` or `ftps://`, with user and password in it where they are needed.
        url: SecretString,
    },
    /// SFTP.
    Sftp {
        /// `sftp://`, with the user and perhaps the password in it.
        sftp_url: SecretString,
        /// An SSH private key; the cluster's own when absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<SecretString>,
    },
    /// Amazon S3, and what is compatible and configured in the cluster.
    S3 {
        /// The bucket.
        bucket_name: String,
        /// The id of the access key; shown nowhere.
        access_key_id: SecretString,
        /// The access key.
        secret_access_key: SecretString,
        /// The region.
        #[serde(skip_serializing_if = "Option::is_none")]
        region_name: Option<String>,
        /// A folder in the bucket.
        #[serde(skip_serializing_if = "Option::is_none")]
        subdir: Option<String>,
    },
    /// Google Cloud Storage, by the members of a service account's key file.
    Gs {
        /// The bucket.
        bucket_name: String,
        /// The client id.
        client_id: String,
        /// The address of the service account.
        client_email: String,
        /// The id of the private key.
        private_key_id: String,
        /// The private key, with real line breaks.
        private_key: SecretString,
        /// A folder in the bucket.
        #[serde(skip_serializing_if = "Option::is_none")]
        subdir: Option<String>,
    },
    /// Azure Blob Storage, by either of two credentials.
    Abs {
        /// The container.
        container: String,
        /// The storage account.
        account_name: String,
        /// The key of the account.
        #[serde(skip_serializing_if = "Option::is_none")]
        account_key: Option<SecretString>,
        /// A SAS token.
        #[serde(skip_serializing_if = "Option::is_none")]
        sas_token: Option<SecretString>,
        /// A folder in the container.
        #[serde(skip_serializing_if = "Option::is_none")]
        subdir: Option<String>,
    },
    /// A folder that is mounted on every node and writable for `redislabs:redislabs`.
    MountPoint {
        /// Its path.
        path: String,
    },
}

/// The kinds, each with what it requires and what it may have.
const KINDS: [(&str, &[&str], &[&str]); 6] = [
    ("url", &["url"], &[]),
    ("sftp", &["sftp_url"], &["key"]),
    ("s3", &["bucket_name", "access_key_id", "secret_access_key"], &["region_name", "subdir"]),
    ("gs", &["bucket_name", "client_id", "client_email", "private_key_id", "private_key"], &["subdir"]),
    ("abs", &["container", "account_name"], &["account_key", "sas_token", "subdir"]),
    ("mount_point", &["path"], &[]),
];

/// What looks like a kind, is one elsewhere, and which kind is meant.
const MEANT: [(&str, &str); 13] = [
    ("aws", "s3"),
    ("amazon", "s3"),
    ("gcs", "gs"),
    ("gcp", "gs"),
    ("google", "gs"),
    ("azure", "abs"),
    ("ftp", "url"),
    ("ftps", "url"),
    ("nas", "mount_point"),
    ("nfs", "mount_point"),
    ("local", "mount_point"),
    ("mount", "mount_point"),
    ("ssh", "sftp"),
];

/// Members that are secret wherever they are. The id of an access key is treated as one.
const SECRET: [&str; 6] = ["key", "access_key_id", "secret_access_key", "private_key", "account_key", "sas_token"];

/// Members without white space in them, such as a key of letters and digits.
const TOKENS: [&str; 4] = ["access_key_id", "secret_access_key", "account_key", "sas_token"];

/// Members that are texts of several lines.
const KEYS: [&str; 2] = ["key", "private_key"];

/// Shorter lines of a key say nothing, and other words would be hidden with them.
const SHORTEST_LINE: usize = 4;

impl Location {
    /// The destination, when it is right.
    ///
    /// # Errors
    /// `InvalidArgument` naming the member below `field`; no value is repeated.
    pub fn checked(&self, field: &str) -> Result<Destination> {
        let Value::Object(members) = &self.0 else {
            let error = Error::invalid(field, format!("must be an object, not {}", json_kind(&self.0)));
            return Err(error.with_next_step(
                "write it as an object with its type, such as {\"type\": \"mount_point\", \"path\": \"/mnt/exports\"}",
            ));
        };
        let (name, required, optional) = kind(field, members)?;
        let path = |member: &str| format!("{field}.{member}");
        let known: Vec<&str> = required.iter().chain(optional).copied().collect();
        if let Some(other) = members.keys().find(|member| *member != "type" && !known.contains(&member.as_str())) {
            return Err(unknown(field, other, &known));
        }
        if let Some(missing) = required.iter().find(|member| members.get(**member).is_none_or(Value::is_null)) {
            return Err(Error::invalid(
                path(missing),
                format!("is missing; a destination of the type {name} needs it"),
            ));
        }
        let text = |member: &str| match members.get(member) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => checked_text(&path(member), member, text).map(Some),
            Some(other) => Err(Error::invalid(path(member), format!("must be a string, not {}", json_kind(other)))),
        };
        let needed = |member: &str| text(member).map(Option::unwrap_or_default);
        let secret = |member: &str| text(member).map(|text| text.map(SecretString::from));
        let needed_secret = |member: &str| needed(member).map(SecretString::from);
        let destination = match name {
            "url" => Destination::Url { url: server(&path("url"), &needed("url")?, &["ftp", "ftps"])? },
            "sftp" => Destination::Sftp {
                sftp_url: server(&path("sftp_url"), &needed("sftp_url")?, &["sftp"])?,
                key: secret("key")?,
            },
            "s3" => Destination::S3 {
                bucket_name: needed("bucket_name")?,
                access_key_id: needed_secret("access_key_id")?,
                secret_access_key: needed_secret("secret_access_key")?,
                region_name: text("region_name")?,
                subdir: text("subdir")?,
            },
            "gs" => Destination::Gs {
                bucket_name: needed("bucket_name")?,
                client_id: needed("client_id")?,
                client_email: needed("client_email")?,
                private_key_id: needed("private_key_id")?,
                private_key: needed_secret("private_key")?,
                subdir: text("subdir")?,
            },
            "abs" => {
                let (account_key, sas_token) = (secret("account_key")?, secret("sas_token")?);
                match (&account_key, &sas_token) {
                    (Some(_), Some(_)) => {
                        return Err(Error::invalid(path("sas_token"), "cannot be combined with account_key"));
                    }
                    (None, None) => {
                        let rule = "is missing; a destination of the type abs needs either account_key or sas_token";
                        return Err(Error::invalid(path("account_key"), rule));
                    }
                    _ => {}
                }
                Destination::Abs {
                    container: needed("container")?,
                    account_name: needed("account_name")?,
                    account_key,
                    sas_token,
                    subdir: text("subdir")?,
                }
            }
            _ => Destination::MountPoint { path: absolute(&path("path"), needed("path")?)? },
        };
        Ok(destination)
    }
}

type Kind = (&'static str, &'static [&'static str], &'static [&'static str]);

/// The kind that a destination says it is of.
fn kind(field: &str, members: &Map<String, Value>) -> Result<Kind> {
    let field = format!("{field}.type");
    let all = KINDS.map(|(name, ..)| name).join(", ");
    let given = match members.get("type") {
        None | Some(Value::Null) => return Err(Error::invalid(field, format!("is missing; it is one of {all}"))),
        Some(Value::String(given)) => given.as_str(),
        Some(other) => return Err(Error::invalid(field, format!("must be a string, not {}", json_kind(other)))),
    };
    if let Some(kind) = KINDS.into_iter().find(|(name, ..)| *name == given) {
        return Ok(kind);
    }
    let lower = given.to_ascii_lowercase();
    if lower == "swift" {
        let rule = "OpenStack Swift is not supported by Redis Enterprise since release 6.2.4";
        return Err(Error::invalid(field, rule).with_next_step(format!("use one of {all}")));
    }
    let alias = MEANT.iter().find(|(alias, _)| *alias == lower).map(|(_, kind)| *kind);
    // Two letters at most, and less than what is there.
    let near = |name: &&str| {
        let distance = strsim::damerau_levenshtein(name, &lower);
        distance <= 2 && distance < name.len().min(lower.len())
    };
    let similar = alias.or_else(|| KINDS.iter().map(|(name, ..)| *name).find(near));
    let error =
        Error::invalid(field, format!("'{}' is not a type of destination; the types are {all}", cut(given, 32, "...")));
    Err(match similar {
        Some(similar) => error.with_next_step(format!("did you mean {similar}?")),
        None => error,
    })
}

fn unknown(field: &str, given: &str, known: &[&str]) -> Error {
    let list: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    let rule = format!("unknown field, expected one of {}", list.join(", "));
    let error = Error::invalid(format!("{field}.{}", cut(given, 64, "...")), rule);
    // The Kubernetes resource has the same names in another spelling.
    let plain = |name: &str| name.replace(['_', '-'], "").to_ascii_lowercase();
    match known.iter().find(|name| plain(name) == plain(given)) {
        Some(meant) => error.with_next_step(format!("did you mean {meant}?")),
        None => error,
    }
}

fn checked_text(field: &str, member: &str, text: &str) -> Result<String> {
    let invalid = |rule: &str| Err(Error::invalid(field, rule));
    let trimmed = given::trimmed(text);
    if trimmed.is_empty() {
        return invalid("must not be empty");
    }
    if KEYS.contains(&member) {
        if trimmed.contains("\\n") {
            let error = Error::invalid(field, "contains line breaks written as \\n");
            return Err(
                error.with_next_step("give the key with real line breaks, as a JSON parser reads it out of a key file")
            );
        }
        // A key file ends with a line break.
        return Ok(format!("{trimmed}\n"));
    }
    if TOKENS.contains(&member) {
        return match given::flaw(trimmed) {
            Some(flaw) => Err(Error::invalid(field, flaw.cause).with_next_step(flaw.next_step)),
            None => Ok(trimmed.to_owned()),
        };
    }
    if trimmed.contains(char::is_control) {
        return invalid("must not contain control characters or line breaks");
    }
    if trimmed.len() > LONGEST {
        return Err(Error::invalid(field, format!("is longer than {LONGEST} bytes")));
    }
    Ok(trimmed.to_owned())
}

/// The address of a server and a folder on it, which ends in a slash.
fn server(field: &str, text: &str, schemes: &[&str]) -> Result<SecretString> {
    if text.contains(['?', '#']) || text.contains(char::is_whitespace) {
        let error = Error::invalid(field, "must not contain '?', '#' or white space");
        return Err(error.with_next_step("percent-encode these characters in a password"));
    }
    let expected = schemes.iter().map(|scheme| format!("{scheme}://")).collect::<Vec<_>>().join(" or ");
    let url = Url::parse(text)
        .map_err(|_| Error::invalid(field, format!("is not a URL (expected {expected} and a host)")))?;
    if !schemes.contains(&url.scheme()) {
        return Err(Error::invalid(field, format!("must start with {expected}")));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(Error::invalid(field, "has no host"));
    }
    Ok(SecretString::from(if text.ends_with('/') { text.to_owned() } else { format!("{text}/") }))
}

fn absolute(field: &str, path: String) -> Result<String> {
    if path.starts_with('/') {
        return Ok(path);
    }
    Err(Error::invalid(field, "must be an absolute path, starting with '/', that exists on every node"))
}

impl From<Destination> for Location {
    fn from(destination: Destination) -> Self {
        // A value of plain texts can always be written.
        Self(serde_json::to_value(destination).unwrap_or_default())
    }
}

impl Destination {
    /// The members that may be shown: for records and handles.
    #[must_use]
    pub fn shown(&self) -> Map<String, Value> {
        match without_secrets(Location::from(self.clone()).0) {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }

    /// An error without the secrets of this destination, which the service may repeat in its texts.
    #[must_use]
    pub fn hidden_in(&self, error: Error) -> Error {
        let hide = |text: &str| self.secrets().iter().fold(text.to_owned(), |text, secret| text.replace(secret, "***"));
        let message = hide(error.message());
        if message == error.message() && error.texts().iter().all(|text| hide(text) == *text) {
            return error;
        }
        let texts = error.texts().iter().map(|text| hide(text)).collect();
        error.with_message(message).with_texts(texts)
    }

    /// What must not be seen, longest first, so that none is left over in part.
    fn secrets(&self) -> Vec<String> {
        let own = |secret: &SecretString| secret.expose().trim().to_owned();
        // Line by line, because an error has no line breaks, or writes them otherwise.
        let lines = |key: &SecretString| {
            let lines = key.expose().lines().map(str::trim).filter(|line| !line.starts_with("-----"));
            lines.filter(|line| line.len() >= SHORTEST_LINE).map(str::to_owned).collect::<Vec<_>>()
        };
        let of_url = |url: &SecretString| {
            let userinfo = userinfo(url.expose()).map(str::to_owned);
            let password = userinfo.as_deref().and_then(|info| info.split_once(':')).map(|(_, word)| word.to_owned());
            [userinfo, password].into_iter().flatten().collect::<Vec<_>>()
        };
        let mut secrets: Vec<String> = match self {
            Self::Url { url } => of_url(url),
            Self::Sftp { sftp_url, key } => of_url(sftp_url).into_iter().chain(key.iter().flat_map(lines)).collect(),
            Self::S3 { access_key_id, secret_access_key, .. } => vec![own(access_key_id), own(secret_access_key)],
            Self::Gs { private_key, .. } => lines(private_key),
            Self::Abs { account_key, sas_token, .. } => account_key.iter().chain(sas_token).map(own).collect(),
            Self::MountPoint { .. } => Vec::new(),
        };
        secrets.retain(|secret| !secret.is_empty());
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets
    }
}

/// What stands before the host of a URL, with the user and the password.
fn userinfo(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("://")?;
    let host = &rest[..rest.find('/').unwrap_or(rest.len())];
    host.rsplit_once('@').map(|(userinfo, _)| userinfo)
}

/// A destination or a source without what is secret in it, whatever its type says: stored ones may be wrong (spec 6).
#[must_use]
pub fn without_secrets(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let is_secret = |name: &str| SECRET.contains(&name) || name.contains("pass");
            let kept = members.into_iter().filter(|(name, _)| !is_secret(name));
            Value::Object(kept.map(|(name, value)| (name, without_secrets(value))).collect())
        }
        Value::Array(items) => items.into_iter().map(without_secrets).collect(),
        Value::String(text) => match userinfo(&text) {
            Some(userinfo) => text.replacen(&format!("{userinfo}@"), "", 1).into(),
            None => text.into(),
        },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::base::error::Kind;

    fn checked(location: Value) -> Result<Destination> {
        Location::from(location).checked("location")
    }

    fn all() -> [Value; 8] {
        [
            json!({"type": "url", "url": "ftp://u:CANARY@host:21/path/"}),
            json!({"type": "sftp", "sftp_url": "sftp://u:CANARY@host/", "key": "CANARY\n"}),
            json!({"type": "sftp", "sftp_url": "sftp://u@host:22/path/"}),
            json!({"type": "s3", "bucket_name": "b", "access_key_id": "CANARYID", "secret_access_key": "CANARY",
                   "region_name": "eu-west-1", "subdir": "d"}),
            json!({"type": "gs", "bucket_name": "b", "client_id": "c", "client_email": "e@x", "private_key_id": "i",
                   "private_key": "-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----\n", "subdir": "d"}),
            json!({"type": "abs", "container": "c", "account_name": "a", "account_key": "CANARY=="}),
            json!({"type": "abs", "container": "c", "account_name": "a", "sas_token": "sv=1&sig=CANARY", "subdir": "d"}),
            json!({"type": "mount_point", "path": "/mnt/exports"}),
        ]
    }

    #[test]
    fn each_kind_is_sent_as_it_was_given_and_shown_without_its_secrets() {
        for location in all() {
            let destination = checked(location.clone()).unwrap();
            assert_eq!(serde_json::to_value(&destination).unwrap(), location);
            assert_eq!(checked(Location::from(destination.clone()).0).unwrap(), destination);
            let shown = Value::from(destination.shown());
            assert_eq!(shown["type"], location["type"]);
            for text in [shown.to_string(), format!("{destination:?}"), format!("{:?}", Location::from(destination))] {
                assert!(!text.contains("CANARY"), "{text}");
            }
        }
        let shown = checked(all()[0].clone()).unwrap().shown();
        assert_eq!(Value::from(shown), json!({"type": "url", "url": "ftp://host:21/path/"}));
        let shown = checked(all()[3].clone()).unwrap().shown();
        assert_eq!(
            Value::from(shown),
            json!({"type": "s3", "bucket_name": "b", "region_name": "eu-west-1", "subdir": "d"})
        );
    }

    #[test]
    fn a_missing_slash_is_added_and_what_surrounds_a_secret_taken_away() {
        for (location, member, sent) in [
            (json!({"type": "url", "url": "ftps://host/a"}), "url", "ftps://host/a/"),
            (json!({"type": "url", "url": "ftp://host"}), "url", "ftp://host/"),
            (json!({"type": "sftp", "sftp_url": " sftp://u:p%23@host/a\r\n"}), "sftp_url", "sftp://u:p%23@host/a/"),
            (
                json!({"type": "abs", "container": "c", "account_name": "a", "account_key": "k==\r\n"}),
                "account_key",
                "k==",
            ),
        ] {
            assert_eq!(serde_json::to_value(checked(location).unwrap()).unwrap()[member], sent);
        }
    }

    #[test]
    fn each_mistake_is_named_by_its_member_and_without_a_secret() {
        let abs = |more: Value| {
            let mut location = json!({"type": "abs", "container": "c", "account_name": "a"});
            location.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            location
        };
        for (location, field, rule) in [
            (json!("ftp://u:CANARY@host/"), "location", "must be an object, not a string"),
            (json!(null), "location", "must be an object, not null"),
            (json!({"path": "/mnt"}), "location.type", "is missing; it is one of url, sftp, s3, gs, abs, mount_point"),
            (json!({"type": 1}), "location.type", "must be a string"),
            (json!({"type": "tape"}), "location.type", "'tape' is not a type of destination"),
            (json!({"type": "swift", "key": "CANARY"}), "location.type", "not supported by Redis Enterprise since"),
            (json!({"type": "mount_point"}), "location.path", "is missing"),
            (json!({"type": "mount_point", "path": null}), "location.path", "is missing"),
            (json!({"type": "mount_point", "path": " "}), "location.path", "must not be empty"),
            (json!({"type": "mount_point", "path": "mnt"}), "location.path", "absolute path"),
            (json!({"type": "mount_point", "path": 1}), "location.path", "must be a string, not a number"),
            (json!({"type": "mount_point", "path": "/a\nb"}), "location.path", "line breaks"),
            (json!({"type": "mount_point", "path": format!("/{}", "a".repeat(1000))}), "location.path", "longer than"),
            (
                json!({"type": "mount_point", "path": "/mnt", "subdir": "d"}),
                "location.subdir",
                "expected one of `path`",
            ),
            (
                json!({"type": "url", "url": "http://u:CANARY@host/"}),
                "location.url",
                "must start with ftp:// or ftps://",
            ),
            (json!({"type": "url", "url": "CANARY"}), "location.url", "is not a URL"),
            (json!({"type": "url", "url": "ftp://u:CANARY#1@host/"}), "location.url", "'#'"),
            (json!({"type": "sftp", "sftp_url": "ftp://host/"}), "location.sftp_url", "must start with sftp://"),
            (abs(json!({})), "location.account_key", "either account_key or sas_token"),
            (abs(json!({"account_key": "CANARY", "sas_token": "CANARY"})), "location.sas_token", "cannot be combined"),
            (abs(json!({"account_key": "$(CANARY)"})), "location.account_key", "not expanded"),
            (abs(json!({"account_key": "CAN ARY"})), "location.account_key", "white space"),
            (
                json!({"type": "gs", "bucket_name": "b", "client_id": "c", "client_email": "e", "private_key_id": "i",
                    "private_key": "-----BEGIN PRIVATE KEY-----\\nCANARY"}),
                "location.private_key",
                "written as \\n",
            ),
            (
                json!({"type": "s3", "bucket_name": "b", "access_key_id": "CANARY"}),
                "location.secret_access_key",
                "is missing",
            ),
        ] {
            let error = checked(location.clone()).unwrap_err();
            assert_eq!((error.kind(), error.field()), (Kind::InvalidArgument, Some(field)), "{location}: {error}");
            assert!(error.message().contains(rule), "{error}");
            assert!(!error.to_json().to_string().contains("CANARY"), "{error}");
        }
    }

    #[test]
    fn a_near_miss_gets_a_suggestion() {
        for (given, meant) in [
            ("aws", "s3"),
            ("gcs", "gs"),
            ("gcp", "gs"),
            ("azure", "abs"),
            ("ftp", "url"),
            ("nas", "mount_point"),
            ("local", "mount_point"),
            ("mount", "mount_point"),
            ("S3", "s3"),
            ("mountpoint", "mount_point"),
        ] {
            let error = checked(json!({"type": given})).unwrap_err();
            assert_eq!(error.next_step(), Some(&*format!("did you mean {meant}?")), "{given}");
        }
        assert_eq!(checked(json!({"type": "tape"})).unwrap_err().next_step(), None);
        let error = checked(json!({"type": "s3", "bucketName": "b"})).unwrap_err();
        assert_eq!(
            (error.field(), error.next_step()),
            (Some("location.bucketName"), Some("did you mean bucket_name?"))
        );
    }

    #[test]
    fn a_text_of_the_service_is_told_without_the_secrets() {
        for location in all() {
            let destination = checked(location.clone()).unwrap();
            for said in [format!("cannot use {location}"), format!("cannot use {location}").replace("\\n", "\n")] {
                let error = Error::new(Kind::Rejected, said.clone()).with_texts(vec![said]);
                let told = destination.hidden_in(error).to_json().to_string();
                assert!(!told.contains("CANARY"), "{told}");
            }
        }
    }
}
