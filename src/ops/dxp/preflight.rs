//! What is asked before packages are uploaded for a deployment: who occupies its target, and which packages a
//! deployment has taken already. One request, which costs less than an upload that ends in a refusal.

use super::resume::way_on;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::Event;
use crate::base::next_step::{NextStep, Setting};
use crate::base::scope::Scope;
use crate::dxp::api::Api;
use crate::dxp::commands::Waiting;
use crate::dxp::model::deployment::{Deployment, DeploymentStatus};
use crate::dxp::model::package_name::is_same_package;
use crate::ops::resume::is_stopped;

/// The recent deployments of the project, newest first.
pub(super) struct Preflight(Vec<Deployment>);

impl Preflight {
    /// Asks for them. Where the service answers with something else than the list, the deployment decides: that is a
    /// warning.
    pub(super) async fn ask(api: &Api, project: &str, scope: &Scope) -> Result<Self> {
        match api.list_deployments(project, scope).await {
            Ok(deployments) => Ok(Self(deployments)),
            Err(error) if is_about_the_list(&error) => {
                let text = "cannot list the deployments, so a busy target environment is noticed only after the upload";
                scope.report(Event::Warning { text: format!("{text}: {error}") });
                Ok(Self(Vec::new()))
            }
            Err(error) => Err(error),
        }
    }

    /// Refuses a target that another deployment occupies (spec 1.7), naming it and what to do about it. A status that
    /// is not known is no reason: the service decides.
    pub(super) fn check_target(&self, environment: &str, packages: &[String], waiting: Waiting) -> Result<()> {
        let occupies = |deployment: &&Deployment| {
            let status = deployment.status();
            !status.is_final()
                && status != DeploymentStatus::Unknown
                && deployment.target_environment().is_some_and(|target| target.eq_ignore_ascii_case(environment))
        };
        let Some(other) = self.0.iter().find(occupies) else { return Ok(()) };
        let taken = other.packages();
        let is_ours = packages.iter().all(|package| taken.iter().any(|name| is_same_package(name, package)));
        let what = if is_ours {
            "these packages are already being deployed: deployment"
        } else {
            "the target environment is busy: deployment"
        };
        let message = format!("{what} {} to {environment} has status {}", other.id(), other.status_text());
        let message = match other.start_time() {
            Some(started) => format!("{message}, started {started}"),
            None => message,
        };
        Err(Error::new(Kind::Conflict, message).with_next_step(way_on(other, waiting)))
    }

    /// The newest deployment that has taken this package.
    pub(super) fn taken_by(&self, package: &str) -> Option<&Deployment> {
        self.0.iter().find(|deployment| deployment.packages().iter().any(|name| is_same_package(name, package)))
    }

    /// Adds to the refusal of a package that is in use which deployment uses it, and what to do about it.
    pub(super) fn explain(&self, error: Error, packages: &[String], waiting: Waiting) -> Error {
        if !is_taken(&error) {
            return error;
        }
        let reuse =
            NextStep::text("to deploy the package that is already uploaded, set ").setting(Setting::ReuseUploaded);
        let Some(deployment) = packages.iter().find_map(|package| self.taken_by(package)) else {
            return error.with_next_step(NextStep::text("give the package a new version number; ").followed_by(reuse));
        };
        let step = NextStep::text(format!("deployment {} ({}) uses it: ", deployment.id(), deployment.status_text()));
        let step = match deployment.status().is_final() {
            true => step.and("give the package a new version number; "),
            false => step.followed_by(way_on(deployment, waiting)).and("; "),
        };
        error.with_next_step(step.followed_by(reuse))
    }
}

/// Whether only the list failed. Who cannot reach the service, is not known to it or was stopped does not get further.
fn is_about_the_list(error: &Error) -> bool {
    !is_stopped(error) && !matches!(error.kind(), Kind::Network | Kind::Tls | Kind::Unauthenticated)
}

/// Whether a package was refused because a deployment has taken it (spec 3.2).
pub(super) fn is_taken(error: &Error) -> bool {
    error.code() == Some("LeaseIdMissing")
}
