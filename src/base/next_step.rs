//! What an error says about settings and operations: decided where the error is made, worded by each host.
//!
//! A document has members, `epi` has options and commands, PowerShell has parameters and cmdlets. So neither a message
//! nor a next step names any of them in its text; it holds a member, a [`Setting`] or a [`Command`], for which each host
//! has its own [`Words`]. `Phrase::to_string` gives the words of documents.

use std::fmt;

use serde_json::{Map, Value, json};

use super::model::deployment::{DeploymentGoal, ZeroDowntimeMode};

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
}

/// How a wait is to be resumed; what is not set stays at its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// The longest wait in minutes.
    pub timeout_minutes: Option<u32>,
    /// The pause between two status requests in seconds.
    pub polling_interval_seconds: Option<u32>,
    /// What was asked to count as an error.
    pub strict: bool,
}

impl Waiting {
    fn add_to(self, request: &mut Map<String, Value>) {
        let numbers =
            [("timeoutMinutes", self.timeout_minutes), ("pollingIntervalSeconds", self.polling_interval_seconds)];
        let wait: Map<String, Value> =
            numbers.into_iter().filter_map(|(name, number)| Some((name.to_owned(), json!(number?)))).collect();
        if !wait.is_empty() {
            request.insert("wait".to_owned(), wait.into());
        }
        if self.strict {
            request.insert("strict".to_owned(), true.into());
        }
    }
}

/// An operation that helps from here, with what it needs to know.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Gets the SAS URL that packages are uploaded to: `packageLocation.get`.
    GetPackageLocation,
    /// Lists the recent deployments: `deployment.list`.
    ListDeployments,
    /// Shows a deployment: `deployment.get`.
    GetDeployment {
        /// Its id.
        id: String,
    },
    /// Starts a deployment of packages that are uploaded: `deployment.start`.
    StartDeployment {
        /// Where to.
        environment: String,
        /// Names of the packages.
        packages: Vec<String>,
        /// Whether straight to the site.
        direct_deploy: bool,
        /// Whether with the maintenance page.
        maintenance_page: bool,
        /// The mode without downtime.
        zero_downtime_mode: Option<ZeroDowntimeMode>,
        /// How to wait.
        waiting: Waiting,
    },
    /// Waits for a deployment: `deployment.wait`.
    WaitForDeployment {
        /// Its id.
        id: String,
        /// What to wait for.
        until: DeploymentGoal,
        /// How to wait.
        waiting: Waiting,
    },
    /// Makes a deployment go live, and waits for it: `deployment.complete`.
    CompleteDeployment {
        /// Its id.
        id: String,
    },
    /// Takes a deployment back, and waits for that: `deployment.reset`.
    ResetDeployment {
        /// Its id.
        id: String,
        /// Whether a reset that awaits its verification is completed.
        complete: bool,
    },
    /// Waits for an export: `databaseExport.wait`.
    WaitForExport {
        /// The environment the database belongs to.
        environment: String,
        /// The database.
        database: String,
        /// The export's id.
        id: String,
        /// How to wait.
        waiting: Waiting,
    },
    /// Waits for an export and saves it to a file: `databaseExport.save`.
    SaveExport {
        /// The environment the database belongs to.
        environment: String,
        /// The database.
        database: String,
        /// The export's id; none to start another one.
        id: Option<String>,
        /// The file to write.
        output_file: String,
        /// Whether an existing file is replaced.
        overwrite: bool,
        /// Ranges fetched in parallel.
        streams: Option<u32>,
        /// How to wait.
        waiting: Waiting,
    },
}

impl Command {
    /// The wait for a deployment's start, with all defaults.
    pub fn wait_for_deployment(id: impl Into<String>) -> Self {
        Self::WaitForDeployment { id: id.into(), until: DeploymentGoal::Start, waiting: Waiting::default() }
    }

    /// The row of the catalog, and its request document.
    #[must_use]
    pub fn request(&self) -> (&'static str, Map<String, Value>) {
        let (operation, members, waiting) = match self {
            Self::GetPackageLocation => ("packageLocation.get", json!({}), None),
            Self::ListDeployments => ("deployment.list", json!({}), None),
            Self::GetDeployment { id } => ("deployment.get", json!({"id": id}), None),
            Self::StartDeployment {
                environment,
                packages,
                direct_deploy,
                maintenance_page,
                zero_downtime_mode,
                waiting,
            } => (
                "deployment.start",
                json!({"targetEnvironment": environment, "packages": packages, "directDeploy": direct_deploy,
                       "maintenancePage": maintenance_page, "zeroDowntimeMode": zero_downtime_mode, "wait": {}}),
                Some(*waiting),
            ),
            Self::WaitForDeployment { id, until, waiting } => {
                ("deployment.wait", json!({"id": id, "until": until}), Some(*waiting))
            }
            Self::CompleteDeployment { id } => ("deployment.complete", json!({"id": id, "wait": {}}), None),
            Self::ResetDeployment { id, complete } => {
                ("deployment.reset", json!({"id": id, "complete": complete, "wait": {}}), None)
            }
            Self::WaitForExport { environment, database, id, waiting } => (
                "databaseExport.wait",
                json!({"environment": environment, "databaseName": database, "id": id}),
                Some(without_strict(*waiting)),
            ),
            Self::SaveExport { environment, database, id, output_file, overwrite, streams, waiting } => {
                let mut members = json!({"environment": environment, "databaseName": database, "id": id,
                                         "outputFile": output_file, "overwrite": overwrite});
                if let Some(streams) = streams {
                    members["download"] = json!({"streams": streams});
                }
                ("databaseExport.save", members, Some(without_strict(*waiting)))
            }
        };
        let Value::Object(mut request) = members else { return (operation, Map::new()) };
        // What is off or first anyway need not be said.
        request.retain(|name, value| {
            *value != json!(false) && !value.is_null() && !(name == "until" && *value == json!("start"))
        });
        waiting.unwrap_or_default().add_to(&mut request);
        (operation, request)
    }
}

/// Exports have no warnings, so nothing about them can be asked for.
fn without_strict(waiting: Waiting) -> Waiting {
    Waiting { strict: false, ..waiting }
}

// The operation alone: whatever was given as an id may be a secret.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.request().0)
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
    pub fn command(mut self, command: Command) -> Self {
        self.0.push(Part::Command(command));
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

    /// The same phrase with each text of its own as `told` lets it out.
    pub(super) fn told(mut self, told: impl Fn(&str) -> String) -> Self {
        for part in &mut self.0 {
            if let Part::Text(text) | Part::Member(text) = part {
                *text = told(text);
            }
        }
        self
    }

    /// The parts as a document, for a host that words them on the other side of the C ABI. What was given to an
    /// operation passes `told` first.
    pub(super) fn to_json(&self, told: impl Fn(&str) -> String) -> Value {
        let part = |part: &Part| match part {
            Part::Text(text) => json!({"text": text}),
            Part::Member(path) => json!({"member": path}),
            Part::Setting(setting) => json!({"member": setting.member()}),
            Part::Command(command) => {
                let (operation, mut request) = command.request();
                for value in request.values_mut() {
                    if let Value::String(text) = value {
                        *text = told(text);
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
pub(crate) mod tests {
    use super::*;

    /// One of each command, with everything set. A new variant does not compile until it is listed.
    pub(crate) fn one_of_each_command() -> Vec<Command> {
        let id = || "7".to_owned();
        let (environment, database) = (|| "Production".to_owned(), || "epicms".to_owned());
        let waiting = Waiting { timeout_minutes: Some(5), polling_interval_seconds: Some(9), strict: true };
        let all = vec![
            Command::GetPackageLocation,
            Command::ListDeployments,
            Command::GetDeployment { id: id() },
            Command::WaitForDeployment { id: id(), until: DeploymentGoal::Start, waiting },
            Command::WaitForDeployment { id: id(), until: DeploymentGoal::CompleteReset, waiting },
            Command::CompleteDeployment { id: id() },
            Command::ResetDeployment { id: id(), complete: true },
            Command::ResetDeployment { id: id(), complete: false },
            Command::WaitForExport { environment: environment(), database: database(), id: id(), waiting },
            Command::SaveExport {
                environment: environment(),
                database: database(),
                id: Some(id()),
                output_file: "my db.bacpac".into(),
                overwrite: true,
                streams: Some(3),
                waiting,
            },
            Command::StartDeployment {
                environment: "Preproduction".into(),
                packages: vec!["a.cms.app.1.nupkg".into(), "a b.cms.sqldb.1.bacpac".into()],
                direct_deploy: true,
                maintenance_page: true,
                zero_downtime_mode: Some(ZeroDowntimeMode::ReadOnly),
                waiting,
            },
        ];
        for command in &all {
            match command {
                Command::GetPackageLocation
                | Command::ListDeployments
                | Command::GetDeployment { .. }
                | Command::StartDeployment { .. }
                | Command::WaitForDeployment { .. }
                | Command::CompleteDeployment { .. }
                | Command::ResetDeployment { .. }
                | Command::WaitForExport { .. }
                | Command::SaveExport { .. } => {}
            }
        }
        all
    }

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
        let step = NextStep::text("wait with ")
            .command(Command::wait_for_deployment("7"))
            .and(", or set ")
            .setting(Setting::Overwrite);
        assert_eq!(step.to_string(), r#"wait with deployment.wait with {"id":"7"}, or set overwrite"#);
        assert_eq!(step.worded(&Loud), "wait with DEPLOYMENT.WAIT, or set OVERWRITE");
        assert_eq!(
            step.to_json(str::to_owned),
            json!([{"text": "wait with "}, {"operation": "deployment.wait", "request": {"id": "7"}},
                   {"text": ", or set "}, {"member": "overwrite"}])
        );
    }

    #[test]
    fn a_resumed_operation_says_what_was_asked_for_and_no_defaults() {
        let whole: Vec<Value> =
            one_of_each_command().iter().map(|command| Value::Object(command.request().1)).collect();
        assert_eq!(
            whole[3],
            json!({"id": "7", "wait": {"timeoutMinutes": 5, "pollingIntervalSeconds": 9}, "strict": true})
        );
        assert_eq!(whole[4]["until"], "completeReset");
        assert_eq!(whole[9]["overwrite"], true);
        assert!(whole[8].get("strict").is_none() && whole[9].get("strict").is_none(), "an export has no such member");
    }
}
