//! The operations of the service that a next step can name, and what each needs to know.

use serde_json::{Map, Value, json};

use super::model::deployment::{DeploymentGoal, ZeroDowntimeMode};
use crate::base::next_step::Command;

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

/// An operation of the service that helps from here, with what it needs to know.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DxpCommand {
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

impl DxpCommand {
    /// The wait for a deployment's start, with all defaults.
    pub fn wait_for_deployment(id: impl Into<String>) -> Self {
        Self::WaitForDeployment { id: id.into(), until: DeploymentGoal::Start, waiting: Waiting::default() }
    }

    /// The row of the catalog, and its request document.
    fn request(&self) -> (&'static str, Map<String, Value>) {
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

impl From<DxpCommand> for Command {
    fn from(command: DxpCommand) -> Self {
        let (operation, request) = command.request();
        Self::new(operation, request)
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
            DxpCommand::GetPackageLocation,
            DxpCommand::ListDeployments,
            DxpCommand::GetDeployment { id: id() },
            DxpCommand::WaitForDeployment { id: id(), until: DeploymentGoal::Start, waiting },
            DxpCommand::WaitForDeployment { id: id(), until: DeploymentGoal::CompleteReset, waiting },
            DxpCommand::CompleteDeployment { id: id() },
            DxpCommand::ResetDeployment { id: id(), complete: true },
            DxpCommand::ResetDeployment { id: id(), complete: false },
            DxpCommand::WaitForExport { environment: environment(), database: database(), id: id(), waiting },
            DxpCommand::SaveExport {
                environment: environment(),
                database: database(),
                id: Some(id()),
                output_file: "my db.bacpac".into(),
                overwrite: true,
                streams: Some(3),
                waiting,
            },
            DxpCommand::StartDeployment {
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
                DxpCommand::GetPackageLocation
                | DxpCommand::ListDeployments
                | DxpCommand::GetDeployment { .. }
                | DxpCommand::StartDeployment { .. }
                | DxpCommand::WaitForDeployment { .. }
                | DxpCommand::CompleteDeployment { .. }
                | DxpCommand::ResetDeployment { .. }
                | DxpCommand::WaitForExport { .. }
                | DxpCommand::SaveExport { .. } => {}
            }
        }
        all.into_iter().map(Into::into).collect()
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
