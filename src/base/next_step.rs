//! What an error says about settings and operations: decided where the error is made, worded by each host.
//!
//! A document has members, `epi` has options and commands, PowerShell has parameters and cmdlets. So neither a message
//! nor a next step names any of them in its text; it holds a member, a [`Setting`] or a [`Command`], for which each host
//! has its own [`Words`]. `Phrase::to_string` gives the words of documents.

use std::fmt;

use serde_json::{Map, Value, json};

/// Declares the settings, each with its member, and the list of all.
macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident => $member:literal,)*) => {
        /// Something that the caller can set.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Setting {
            $($(#[$doc])* $name,)*
        }

        impl Setting {
            /// All of them, for the tests of each host's words.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The member of a request or a configuration, by its path; `[]` stands behind a list.
            #[must_use]
            pub fn member(self) -> &'static str {
                match self {
                    $(Self::$name => $member,)*
                }
            }
        }
    };
}

settings! {
    /// Whether an existing file is replaced.
    Overwrite => "overwrite",
    /// A PEM file of certificate authorities.
    CaFile => "caFile",
    /// The SHA-256 of the one certificate that is accepted.
    CertificateSha256 => "certificateSha256",
    /// The address of the service.
    Endpoint => "endpoint",
    /// The key of the API credentials.
    ClientKey => "clientKey",
    /// The secret of the API credentials.
    ClientSecret => "clientSecret",
    /// The project.
    ProjectId => "projectId",
    /// An id of a deployment or an export.
    Id => "id",
    /// The name of a package in blob storage.
    BlobName => "files[].blobName",
    /// Names of uploaded packages.
    Packages => "packages",
    /// The environment to copy from.
    SourceEnvironment => "sourceEnvironment",
    /// The code to copy.
    SourceApps => "sourceApps",
    /// Whether blobs are copied.
    IncludeBlob => "includeBlob",
    /// Whether databases are copied.
    IncludeDb => "includeDb",
    /// Whether a reset puts the database back.
    RollBackDatabase => "resetWithDbRollback",
    /// Whether a reset stops before the swap.
    ValidateBeforeSwap => "validateBeforeSwap",
    /// The environment to deploy to.
    TargetEnvironment => "targetEnvironment",
    /// Whether straight to the site.
    DirectDeploy => "directDeploy",
    /// The environment of a database or a storage container.
    Environment => "environment",
    /// The database.
    DatabaseName => "databaseName",
    /// The storage container.
    StorageContainer => "storageContainer",
    /// Whether containers may be written to.
    Writable => "writable",
    /// How long the service keeps an export.
    RetentionHours => "retentionHours",
    /// Whether a deployment starts from packages that are uploaded already.
    ReuseUploaded => "reuseUploaded",
    /// The checksum of each block.
    BlockChecksum => "upload.integrity",
    /// Bytes per block.
    BlockSize => "upload.blockSize",
    /// The user.
    User => "user",
    /// Where OAuth tokens are requested.
    TokenUrl => "tokenUrl",
    /// The id of the OAuth client.
    ClientId => "clientId",
    /// The tenant at the service.
    TenantId => "tenantId",
    /// The star system, which planets belong to.
    StarSystemId => "starSystemId",
    /// What the OAuth client asks permission for.
    Scopes => "scopes",
    /// The longest retention of a temporary backup.
    MaxRetentionDays => "maxRetentionDays",
    /// The planet whose databases are backed up.
    PlanetId => "planetId",
    /// What the planet is for.
    PlanetClass => "planetClass",
    /// How a backup is made.
    Mechanism => "mechanism",
    /// How long the service keeps a backup.
    RetentionDays => "retentionDays",
    /// Whether a backup is kept until it is deleted.
    Permanent => "permanent",
    /// The name of a backup.
    Name => "name",
    /// Whether a backup gets a name that no other one has.
    UniqueName => "uniqueName",
}

/// An operation that helps from here: its row of the catalog, and its request document.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    operation: &'static str,
    request: Map<String, Value>,
}

impl Command {
    /// The operation of this name with this request.
    #[must_use]
    pub fn new(operation: &'static str, request: Map<String, Value>) -> Self {
        Self { operation, request }
    }

    /// The row of the catalog, and its request document.
    #[must_use]
    pub fn request(&self) -> (&'static str, Map<String, Value>) {
        (self.operation, self.request.clone())
    }
}

// The operation alone: whatever was given as an id may be a secret.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.operation)
    }
}

/// The words that a host has.
pub trait Words {
    /// Its name for a member of a request or a configuration, by the member's path, such as `files[0].blobName`.
    fn member(&self, path: &str) -> String;

    /// Its name for something that can be set.
    fn setting(&self, setting: Setting) -> String {
        self.member(setting.member())
    }

    /// How an operation is run there.
    fn command(&self, command: &Command) -> String;
}

/// The words of documents.
struct OfDocuments;

impl Words for OfDocuments {
    fn member(&self, path: &str) -> String {
        path.to_owned()
    }

    fn command(&self, command: &Command) -> String {
        let (operation, request) = command.request();
        if request.is_empty() { operation.to_owned() } else { format!("{operation} with {}", Value::Object(request)) }
    }
}

/// A part of a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Words that every host says alike.
    Text(String),
    /// A member of the request at hand, by its path.
    Member(String),
    /// A setting, by the host's name for it.
    Setting(Setting),
    /// An operation, as the host runs it.
    Command(Command),
}

/// One line in lower case, without a full stop, in which each host has its own words for settings and operations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Phrase(Vec<Part>);

/// What to do next about an error.
pub type NextStep = Phrase;

impl Phrase {
    /// A phrase that begins with these words.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::default().and(text)
    }

    /// Adds words.
    #[must_use]
    pub fn and(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Text(text.into()));
        self
    }

    /// Adds a member of the request at hand, by its path.
    #[must_use]
    pub fn member(mut self, path: impl Into<String>) -> Self {
        self.0.push(Part::Member(path.into()));
        self
    }

    /// Adds the name of a setting.
    #[must_use]
    pub fn setting(mut self, setting: Setting) -> Self {
        self.0.push(Part::Setting(setting));
        self
    }

    /// Adds an operation.
    #[must_use]
    pub fn command(mut self, command: impl Into<Command>) -> Self {
        self.0.push(Part::Command(command.into()));
        self
    }

    /// Adds another phrase.
    #[must_use]
    pub fn followed_by(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Its parts, in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The phrase in the words of a host.
    #[must_use]
    pub fn worded(&self, words: &dyn Words) -> String {
        let word = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Member(path) => words.member(path),
            Part::Setting(setting) => words.setting(*setting),
            Part::Command(command) => words.command(command),
        };
        self.0.iter().map(word).collect()
    }

    /// The same phrase with each text of its own as `redacted` lets it out.
    pub(super) fn redacted(mut self, redacted: impl Fn(&str) -> String) -> Self {
        for part in &mut self.0 {
            if let Part::Text(text) | Part::Member(text) = part {
                *text = redacted(text);
            }
        }
        self
    }

    /// The parts as a document, for a host that words them on the other side of the C ABI. What was given to an
    /// operation passes `redacted` first.
    pub(super) fn to_json(&self, redacted: impl Fn(&str) -> String) -> Value {
        let part = |part: &Part| match part {
            Part::Text(text) => json!({"text": text}),
            Part::Member(path) => json!({"member": path}),
            Part::Setting(setting) => json!({"member": setting.member()}),
            Part::Command(command) => {
                let (operation, mut request) = command.request();
                for value in request.values_mut() {
                    if let Value::String(text) = value {
                        *text = redacted(text);
                    }
                }
                json!({"operation": operation, "request": request})
            }
        };
        self.0.iter().map(part).collect()
    }
}

impl<T: Into<String>> From<T> for Phrase {
    fn from(text: T) -> Self {
        Self::text(text)
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.worded(&OfDocuments))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of a host that has its own for everything.
    struct Loud;

    impl Words for Loud {
        fn member(&self, path: &str) -> String {
            path.to_uppercase()
        }

        fn command(&self, command: &Command) -> String {
            command.request().0.to_uppercase()
        }
    }

    #[test]
    fn each_host_has_its_own_words() {
        let command = Command::new("deployment.wait", Map::from_iter([("id".to_owned(), json!("7"))]));
        let step = NextStep::text("wait with ").command(command).and(", or set ").setting(Setting::Overwrite);
        assert_eq!(step.to_string(), r#"wait with deployment.wait with {"id":"7"}, or set overwrite"#);
        assert_eq!(step.worded(&Loud), "wait with DEPLOYMENT.WAIT, or set OVERWRITE");
        assert_eq!(
            step.to_json(str::to_owned),
            json!([{"text": "wait with "}, {"operation": "deployment.wait", "request": {"id": "7"}},
                   {"text": ", or set "}, {"member": "overwrite"}])
        );
    }
}
