//! Deployments: start, look, wait, complete, reset; and the check of the credentials, which lists them.

use serde::Serialize;

use super::project_request::{check_project, request};
use crate::base::error::{Error, Result};
use crate::base::next_step::{Phrase, Setting};
use crate::document::Checked;
use crate::document::wait::Wait;
use crate::dxp::commands::{DxpCommand, Waiting};
use crate::dxp::model::deployment::{
    DeploymentGoal, DeploymentReset, DeploymentSource, DeploymentStart, ZeroDowntimeMode,
};
use crate::dxp::model::project::{check_environment, check_id};

request! {
    /// `connect`: verifies the credentials by listing the deployments of a project.
    Connect {}
}

impl Checked for Connect {
    fn check(&self) -> Result<()> {
        check_project(self.project_id.as_deref())
    }
}

/// The result of [`Connect`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Connected {
    /// The project's GUID.
    pub project_id: String,
    /// The client key.
    pub client_key: String,
    /// Always true: credentials that are not verified are an error.
    pub authentication_verified: bool,
    /// The address that answered.
    pub endpoint: String,
    /// Whether it is the live service.
    pub live: bool,
}

request! {
    /// `deployment.start`: deploys packages that are uploaded, or the content of another environment.
    StartDeployment {
        /// Where to deploy.
        target_environment: String,
        /// Names of uploaded packages.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        packages: Option<Vec<String>>,
        /// The environment to copy from; instead of `packages`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source_environment: Option<String>,
        /// The code to copy: `cms`, `commerce`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        source_apps: Vec<String>,
        /// Copy the blobs.
        #[serde(default)]
        include_blob: bool,
        /// Copy the databases.
        #[serde(default)]
        include_db: bool,
        /// Show the maintenance page meanwhile.
        #[serde(default)]
        maintenance_page: bool,
        /// Deploy without downtime.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zero_downtime_mode: Option<ZeroDowntimeMode>,
        /// Deploy straight to the site, without a slot and its verification.
        #[serde(default)]
        direct_deploy: bool,
        /// Wait until it awaits verification, has succeeded or failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wait: Option<Wait>,
        /// Take warnings for an error.
        #[serde(default)]
        strict: bool,
        /// Give back a deployment that has failed without a text of the service, instead of an error: the habit of
        /// EpiCloud's cmdlets.
        #[serde(default)]
        allow_failed: bool,
    }
}

/// What every start of a deployment has to say, whatever it is of.
pub(super) fn check_start(project: Option<&str>, target_environment: &str) -> Result<()> {
    check_project(project)?;
    check_environment("targetEnvironment", target_environment)
}

impl Checked for StartDeployment {
    fn check(&self) -> Result<()> {
        check_start(self.project_id.as_deref(), &self.target_environment)?;
        match (&self.packages, &self.source_environment) {
            (Some(_), Some(_)) => {
                return Err(Error::invalid(
                    "sourceEnvironment",
                    Phrase::text("cannot be combined with ")
                        .setting(Setting::Packages)
                        .and(": deploy one or the other"),
                ));
            }
            (None, None) => {
                let rule =
                    Phrase::text("name at least one uploaded package, or set ").setting(Setting::SourceEnvironment);
                return Err(Error::invalid("packages", rule));
            }
            (Some(packages), None) => {
                if packages.is_empty() {
                    return Err(Error::invalid("packages", "must name at least one package"));
                }
                for (index, name) in packages.iter().enumerate() {
                    check_id(&format!("packages[{index}]"), name)?;
                }
                if !self.source_apps.is_empty() || self.include_blob || self.include_db {
                    return Err(Error::invalid(
                        "sourceEnvironment",
                        Phrase::text("is required with ")
                            .setting(Setting::SourceApps)
                            .and(", ")
                            .setting(Setting::IncludeBlob)
                            .and(" and ")
                            .setting(Setting::IncludeDb),
                    ));
                }
            }
            (None, Some(source)) => check_environment("sourceEnvironment", source)?,
        }
        for (index, app) in self.source_apps.iter().enumerate() {
            if !["cms", "commerce"].iter().any(|known| known.eq_ignore_ascii_case(app)) {
                return Err(Error::invalid(
                    format!("sourceApps[{index}]"),
                    format!("'{app}' is not an application; use cms or commerce"),
                ));
            }
        }
        Ok(())
    }

    fn named(&self) -> Vec<(Setting, &str)> {
        vec![(Setting::TargetEnvironment, &*self.target_environment)]
    }
}

impl StartDeployment {
    /// The same start of packages, as a step to take.
    pub(crate) fn again(&self, waiting: Waiting) -> DxpCommand {
        DxpCommand::StartDeployment {
            environment: self.target_environment.clone(),
            packages: self.packages.clone().unwrap_or_default(),
            direct_deploy: self.direct_deploy,
            maintenance_page: self.maintenance_page,
            zero_downtime_mode: self.zero_downtime_mode,
            waiting,
        }
    }

    /// The body the service gets.
    pub(crate) fn body(&self) -> DeploymentStart {
        let source = match &self.source_environment {
            Some(source) => DeploymentSource::Environment {
                source_environment: source.clone(),
                source_apps: self.source_apps.clone(),
                include_blob: self.include_blob,
                include_db: self.include_db,
            },
            None => DeploymentSource::Packages { packages: self.packages.clone().unwrap_or_default() },
        };
        DeploymentStart {
            target_environment: self.target_environment.clone(),
            // A zero-downtime mode is sent with the maintenance page set (spec E2).
            maintenance_page: self.maintenance_page || self.zero_downtime_mode.is_some(),
            zero_downtime_mode: self.zero_downtime_mode,
            direct_deploy: self.direct_deploy,
            source,
        }
    }
}

request! {
    /// `deployment.list`: the ten most recent deployments.
    ListDeployments {}
}

impl Checked for ListDeployments {
    fn check(&self) -> Result<()> {
        check_project(self.project_id.as_deref())
    }
}

request! {
    /// `deployment.get`: one deployment.
    GetDeployment {
        /// The deployment's GUID.
        id: String,
    }
}

impl Checked for GetDeployment {
    fn check(&self) -> Result<()> {
        check_project(self.project_id.as_deref())?;
        check_id("id", &self.id)
    }

    fn named(&self) -> Vec<(Setting, &str)> {
        vec![(Setting::Id, &*self.id)]
    }
}

request! {
    /// `deployment.wait`: waits for a deployment that somebody started, completed or reset.
    WaitForDeployment {
        /// The deployment's GUID.
        id: String,
        /// What to wait for.
        #[serde(default)]
        until: DeploymentGoal,
        /// How to wait.
        #[serde(default)]
        wait: Wait,
        /// Take warnings for an error.
        #[serde(default)]
        strict: bool,
        /// Give back a deployment that has failed without a text of the service, instead of an error: the habit of
        /// EpiCloud's cmdlets.
        #[serde(default)]
        allow_failed: bool,
    }
}

impl Checked for WaitForDeployment {
    fn check(&self) -> Result<()> {
        check_project(self.project_id.as_deref())?;
        check_id("id", &self.id)
    }

    fn named(&self) -> Vec<(Setting, &str)> {
        vec![(Setting::Id, &*self.id)]
    }
}

request! {
    /// `deployment.complete`: makes a deployment that awaits its verification go live.
    CompleteDeployment {
        /// The deployment's GUID.
        id: String,
        /// Wait until it has succeeded or failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wait: Option<Wait>,
        /// Take warnings for an error.
        #[serde(default)]
        strict: bool,
        /// Give back a deployment that has failed without a text of the service, instead of an error: the habit of
        /// EpiCloud's cmdlets.
        #[serde(default)]
        allow_failed: bool,
    }
}

impl Checked for CompleteDeployment {
    fn check(&self) -> Result<()> {
        check_project(self.project_id.as_deref())?;
        check_id("id", &self.id)
    }

    fn named(&self) -> Vec<(Setting, &str)> {
        vec![(Setting::Id, &*self.id)]
    }
}

request! {
    /// `deployment.reset`: takes a deployment that awaits its verification back.
    ResetDeployment {
        /// The deployment's GUID.
        id: String,
        /// Put the database back to its state before; with maintenance mode only.
        #[serde(default)]
        reset_with_db_rollback: bool,
        /// Stop before the swap for validation; with maintenance mode only.
        #[serde(default)]
        validate_before_swap: bool,
        /// Complete a reset that awaits its verification.
        #[serde(default)]
        complete: bool,
        /// Wait until it is reset, awaits the verification of the reset, or has failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wait: Option<Wait>,
        /// Take warnings for an error.
        #[serde(default)]
        strict: bool,
        /// Give back a deployment that has failed without a text of the service, instead of an error: the habit of
        /// EpiCloud's cmdlets.
        #[serde(default)]
        allow_failed: bool,
    }
}

impl Checked for ResetDeployment {
    fn check(&self) -> Result<()> {
        check_project(self.project_id.as_deref())?;
        check_id("id", &self.id)?;
        if self.complete && (self.reset_with_db_rollback || self.validate_before_swap) {
            return Err(Error::invalid(
                "complete",
                Phrase::text("cannot be combined with ")
                    .setting(Setting::RollBackDatabase)
                    .and(" or ")
                    .setting(Setting::ValidateBeforeSwap),
            ));
        }
        Ok(())
    }

    fn named(&self) -> Vec<(Setting, &str)> {
        vec![(Setting::Id, &*self.id)]
    }
}

impl ResetDeployment {
    pub(crate) fn body(&self) -> DeploymentReset {
        DeploymentReset {
            reset_with_db_rollback: self.reset_with_db_rollback,
            validate_before_swap: self.validate_before_swap,
            complete: self.complete,
        }
    }

    pub(crate) fn goal(&self) -> DeploymentGoal {
        if self.complete { DeploymentGoal::CompleteReset } else { DeploymentGoal::Reset }
    }
}
