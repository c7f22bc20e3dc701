//! Deployments: E2 to E6, and the wait on one.

use serde_json::{Map, Value};

use super::api::Api;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::{Event, Phase, Progress};
use crate::base::next_step::NextStep;
use crate::base::retry::Purpose;
use crate::base::scope::Scope;
use crate::base::service_object::{member, unexpected};
use crate::dxp::commands::DxpCommand;
use crate::dxp::model::deployment::{Deployment, DeploymentGoal, DeploymentReset, DeploymentStart, DeploymentStatus};
use crate::http_api::call::Change;
use crate::wait::{Step, WaitPolicy, poll};

impl Api {
    /// Starts a deployment (E2).
    ///
    /// # Errors
    /// As the service answers; `Ambiguous` when the answer is lost.
    pub async fn start_deployment(&self, project: &str, start: &DeploymentStart, scope: &Scope) -> Result<Deployment> {
        let change = Change {
            action: "start the deployment",
            check: NextStep::text("list the deployments with: ")
                .command(DxpCommand::ListDeployments)
                .and("; start it again only if there is no deployment to this environment"),
        };
        let result = self.calls.post(&["projects", project, "deployments"], Some(start), change.clone(), scope).await?;
        let deployment = accepted(result, change)?;
        scope.report(Event::Accepted { what: "deployment", id: deployment.id().to_owned() });
        Ok(deployment)
    }

    /// The ten most recent deployments (E3).
    ///
    /// # Errors
    /// As the service answers.
    pub async fn list_deployments(&self, project: &str, scope: &Scope) -> Result<Vec<Deployment>> {
        match self.calls.get(&["projects", project, "deployments"], None, scope).await? {
            Value::Null => Ok(Vec::new()),
            Value::Array(items) => Ok(readable(items, scope)),
            Value::Object(members) => readable_in(members, scope),
            other => Err(no_list(&other)),
        }
    }

    /// One deployment (E4).
    ///
    /// # Errors
    /// As the service answers.
    pub async fn get_deployment(&self, project: &str, id: &str, scope: &Scope) -> Result<Deployment> {
        self.read_deployment(Purpose::Single, project, id, scope).await
    }

    async fn read_deployment(&self, purpose: Purpose, project: &str, id: &str, scope: &Scope) -> Result<Deployment> {
        let segments = ["projects", project, "deployments", id];
        let deployment = Deployment::from_value(self.calls.get_for(purpose, &segments, None, scope).await?)?;
        // Who looks wants to know it; only what was just accepted may still be without.
        deployment.document().required("a deployment", "status")?;
        Ok(deployment)
    }

    /// Completes a deployment that awaits its verification (E5).
    ///
    /// # Errors
    /// As the service answers; `Ambiguous` when the answer is lost.
    pub async fn complete_deployment(&self, project: &str, id: &str, scope: &Scope) -> Result<Deployment> {
        let change =
            Change { action: "complete the deployment", check: how_to_check(id, "before you complete it again") };
        let segments = ["projects", project, "deployments", id, "complete"];
        let result = self.calls.post(&segments, None::<&()>, change.clone(), scope).await?;
        accepted(result, change)
    }

    /// Resets a deployment (E6).
    ///
    /// # Errors
    /// As the service answers; `Ambiguous` when the answer is lost.
    pub async fn reset_deployment(
        &self,
        project: &str,
        id: &str,
        reset: DeploymentReset,
        scope: &Scope,
    ) -> Result<Deployment> {
        let change = Change { action: "reset the deployment", check: how_to_check(id, "before you reset it again") };
        let segments = ["projects", project, "deployments", id, "reset"];
        let result = self.calls.post(&segments, Some(&reset), change.clone(), scope).await?;
        accepted(result, change)
    }

    /// Waits until a deployment has reached `goal`, reporting its progress, and each warning once.
    ///
    /// # Errors
    /// `Timeout`, `Cancelled`, or the last failure of too many; see [`poll`]. A deployment that failed is no error here.
    pub async fn wait_for_deployment(
        &self,
        project: &str,
        id: &str,
        goal: DeploymentGoal,
        known: bool,
        policy: WaitPolicy,
        scope: &Scope,
    ) -> Result<Deployment> {
        let mut warnings = 0;
        let mut last_status = String::new();
        let ended = poll(
            self.clock().as_ref(),
            policy,
            known,
            scope,
            |_| Box::pin(self.read_deployment(Purpose::Wait, project, id, scope)),
            |deployment, timing| {
                last_status = deployment.status_text().to_owned();
                let status = deployment.status();
                // What the service has just accepted cannot have ended before it began; a state from before is stale.
                let ended = goal.is_reached(status) || (!known && status.is_final());
                let mut progress = progress(deployment);
                timing.mark(&mut progress, ended);
                scope.report(Event::Progress(progress));
                report(deployment, &mut warnings, scope);
                Ok(match status {
                    _ if ended => Step::Done,
                    DeploymentStatus::Unknown => Step::Unknown {
                        status: deployment.status_text().to_owned(),
                        next_step: "check it in the DXP Management Portal, and update this program".into(),
                    },
                    _ => Step::Continue,
                })
            },
        );
        ended.await.map_err(|error| match error.kind() {
            Kind::Timeout if !last_status.is_empty() => {
                error.context(format!("timed out waiting for deployment {id} (status: {last_status})"))
            }
            Kind::Cancelled => error.context(format!("stopped waiting for deployment {id}")),
            _ => error.context(format!("while waiting for deployment {id}")),
        })
    }
}

/// The status, and the warnings that are new since the last look: the service only appends (spec 2.1).
fn report(deployment: &Deployment, reported: &mut usize, scope: &Scope) {
    // Once a look, in the original's words (spec 4.1).
    let percent = deployment.percent_complete().unwrap_or(0);
    scope.report(Event::verbose(format!("Deployment status: {}. Progress: {percent}%", deployment.status_text())));
    let warnings = deployment.warnings();
    for text in warnings.iter().skip(*reported) {
        scope.report(Event::Warning { text: text.clone() });
    }
    *reported = warnings.len().max(*reported);
}

/// How far a deployment is, also as the answer of the request that was accepted tells it.
pub fn report_progress(deployment: &Deployment, scope: &Scope) {
    scope.report(Event::Progress(progress(deployment)));
}

fn progress(deployment: &Deployment) -> Progress {
    let subject = deployment.target_environment().unwrap_or("the environment");
    let mut progress = Progress::new(Phase::Waiting, subject);
    progress.status = Some(deployment.status_text().to_owned());
    progress.percent = deployment.percent_complete();
    progress
}

/// How to find out what became of a request about a deployment.
fn how_to_check(id: &str, before: &str) -> NextStep {
    NextStep::text("check the deployment with: ")
        .command(DxpCommand::GetDeployment { id: id.to_owned() })
        .and(format!(", {before}"))
}

/// An accepted request must come with an object that can be followed; without an id nothing could be waited for
/// (spec 4.13, last quirk).
fn accepted(result: Value, change: Change) -> Result<Deployment> {
    Deployment::from_value(result).map_err(|error| change.unclear(error))
}

/// The deployments of a list. One that cannot be read is left out, and that is said, because the others are of use.
fn readable(items: Vec<Value>, scope: &Scope) -> Vec<Deployment> {
    let read = |item| match Deployment::from_value(item) {
        Ok(deployment) => Some(deployment),
        Err(error) => {
            scope.report(Event::info(format!("skipping an unreadable item in the list of deployments: {error}")));
            None
        }
    };
    items.into_iter().filter_map(read).collect()
}

/// The deployments of an object: itself, or the list in it.
fn readable_in(members: Map<String, Value>, scope: &Scope) -> Result<Vec<Deployment>> {
    if member(&members, "id").is_some() {
        return Ok(readable(vec![Value::Object(members)], scope));
    }
    let mut lists: Vec<_> = members.values().filter_map(Value::as_array).collect();
    match (lists.pop(), lists.pop()) {
        (Some(items), None) => Ok(readable(items.clone(), scope)),
        _ => Err(no_list(&Value::Object(members))),
    }
}

fn no_list(value: &Value) -> Error {
    unexpected("a list of deployments", value)
}
