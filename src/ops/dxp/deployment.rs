//! Handlers of the deployment verbs.

use super::resume;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::Event;
use crate::base::next_step::NextStep;
use crate::base::time::BoxFuture;
use crate::dxp::api::Api;
use crate::dxp::commands::{DxpCommand, Waiting};
use crate::dxp::deployments::report_progress;
use crate::dxp::endpoint::is_live;
use crate::dxp::model::deployment::{Deployment, DeploymentGoal};
use crate::dxp::request::{
    Checked, CompleteDeployment, Connect, Connected, GetDeployment, ListDeployments, ResetDeployment, StartDeployment,
    Wait, WaitForDeployment,
};
use crate::ops::advice;
use crate::ops::client::{Operation, Session};

impl Operation for Connect {
    type Answer = Connected;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<Connected>> {
        Box::pin(async move {
            let (api, project_id) = session.dxp()?.at(self.project_id.as_deref())?;
            api.list_deployments(&project_id, session.scope).await?;
            Ok(Connected {
                project_id,
                client_key: api.client_key().to_owned(),
                authentication_verified: true,
                endpoint: api.endpoint().to_string(),
                live: is_live(api.endpoint()),
            })
        })
    }
}

impl Operation for StartDeployment {
    type Answer = Deployment;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<Deployment>> {
        Box::pin(async move {
            let started = self.begin(session).await?;
            self.see_through(session, started).await
        })
    }
}

impl StartDeployment {
    /// Sends the request that starts it.
    pub(super) async fn begin(&self, session: Session<'_>) -> Result<Deployment> {
        let (api, project) = session.dxp()?.at(self.project_id.as_deref())?;
        session.scope.report(Event::verbose(format!(
            "Starting deployment for the project: {project} / targetEnvironment: {}",
            self.target_environment
        )));
        let started = api.start_deployment(&project, &self.body(), session.scope).await;
        // Here, because whoever has uploaded packages before adds a step of its own.
        started.map_err(|error| advice::advised(advice::of_a_start(error, self.direct_deploy), &self.named()))
    }

    /// Waits for what was started, or looks at it once.
    pub(super) async fn see_through(&self, session: Session<'_>, started: Deployment) -> Result<Deployment> {
        let (api, project) = session.dxp()?.at(self.project_id.as_deref())?;
        let deployment = match self.wait {
            Some(wait) => {
                let follow = Follow { goal: DeploymentGoal::Start, known: true, strict: self.strict };
                maybe_wait(session, api, &project, started, follow, Some(wait)).await?
            }
            // The original shows the deployment as one look after the start finds it (spec 4.13). The start has
            // been accepted, so a failed look is no failure of this operation.
            None => {
                let look = api.get_deployment(&project, started.id(), session.scope).await;
                let again = DxpCommand::wait_for_deployment(started.id());
                resume::seen(look, started, "deployment", session.scope, |error| {
                    resume::deployment(error, true, again)
                })?
            }
        };
        into_result(deployment, self.strict, self.allow_failed)
    }
}

impl Operation for ListDeployments {
    type Answer = Vec<Deployment>;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<Vec<Deployment>>> {
        Box::pin(async move {
            let (api, project) = session.dxp()?.at(self.project_id.as_deref())?;
            api.list_deployments(&project, session.scope).await
        })
    }
}

impl Operation for GetDeployment {
    type Answer = Deployment;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<Deployment>> {
        Box::pin(async move {
            let (api, project) = session.dxp()?.at(self.project_id.as_deref())?;
            api.get_deployment(&project, &self.id, session.scope).await
        })
    }
}

impl Operation for WaitForDeployment {
    type Answer = Deployment;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<Deployment>> {
        Box::pin(async move {
            let (api, project) = session.dxp()?.at(self.project_id.as_deref())?;
            let follow = Follow { goal: self.until, known: false, strict: self.strict };
            let ended = wait_for(session, api, &project, &self.id, follow, self.wait).await?;
            if !self.until.is_reached(ended.status()) {
                let status = ended.status_text();
                return Err(Error::new(
                    Kind::Conflict,
                    format!("deployment {} already finished with status {status}", self.id),
                )
                .with_next_step(
                    NextStep::text("check the deployment with: ")
                        .command(DxpCommand::GetDeployment { id: self.id.clone() })
                        .and(", and start a new one if needed"),
                ));
            }
            into_result(ended, self.strict, self.allow_failed)
        })
    }
}

impl Operation for CompleteDeployment {
    type Answer = Deployment;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<Deployment>> {
        Box::pin(async move {
            let (api, project) = session.dxp()?.at(self.project_id.as_deref())?;
            let accepted = api.complete_deployment(&project, &self.id, session.scope).await;
            let rule = "only a deployment that awaits verification can be completed";
            let accepted = accepted.map_err(|error| advice::of_a_step(error, &self.id, rule))?;
            let follow = Follow { goal: DeploymentGoal::Complete, known: true, strict: self.strict };
            let ended = maybe_wait(session, api, &project, accepted, follow, self.wait).await?;
            into_result(ended, self.strict, self.allow_failed)
        })
    }
}

impl Operation for ResetDeployment {
    type Answer = Deployment;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<Deployment>> {
        Box::pin(async move {
            let (api, project) = session.dxp()?.at(self.project_id.as_deref())?;
            let accepted = api.reset_deployment(&project, &self.id, self.body(), session.scope).await;
            let rule = match self.complete {
                true => "only a reset that awaits verification can be completed",
                false => "only a deployment that awaits verification can be reset",
            };
            let accepted = accepted.map_err(|error| advice::of_a_step(error, &self.id, rule))?;
            let follow = Follow { goal: self.goal(), known: true, strict: self.strict };
            let ended = maybe_wait(session, api, &project, accepted, follow, self.wait).await?;
            into_result(ended, self.strict, self.allow_failed)
        })
    }
}

/// What a deployment is followed for.
#[derive(Clone, Copy)]
struct Follow {
    goal: DeploymentGoal,
    /// Whether the service has accepted it in this operation.
    known: bool,
    strict: bool,
}

async fn wait_for(
    session: Session<'_>,
    api: &Api,
    project: &str,
    id: &str,
    follow: Follow,
    wait: Wait,
) -> Result<Deployment> {
    let Follow { goal, known, strict } = follow;
    let ended = api.wait_for_deployment(project, id, goal, known, wait.policy(), session.scope).await;
    ended.map_err(|error| {
        let waiting = resume::waiting(wait, strict);
        resume::deployment(error, known, DxpCommand::WaitForDeployment { id: id.to_owned(), until: goal, waiting })
    })
}

async fn maybe_wait(
    session: Session<'_>,
    api: &Api,
    project: &str,
    accepted: Deployment,
    follow: Follow,
    wait: Option<Wait>,
) -> Result<Deployment> {
    match wait {
        Some(wait) => {
            report_progress(&accepted, session.scope);
            wait_for(session, api, project, accepted.id(), follow, wait).await
        }
        None => Ok(accepted),
    }
}

/// The deployment, unless how it ended is an error: a failure always, but for the habit of EpiCloud's cmdlets, which
/// give back one without a text (spec 4.1); warnings for those who asked.
fn into_result(deployment: Deployment, strict: bool, allow_failed: bool) -> Result<Deployment> {
    match deployment.failure() {
        Some(_) if allow_failed && deployment.errors().is_empty() => Ok(deployment),
        Some(error) => Err(error),
        None => match deployment.warned().filter(|_| strict) {
            // It waits for somebody, or goes on, whatever its warnings count for.
            Some(error) if !deployment.status().is_final() => {
                let waiting = Waiting { strict, ..Waiting::default() };
                Err(error.with_next_step(resume::way_on(&deployment, waiting)))
            }
            Some(error) => Err(error),
            None => Ok(deployment),
        },
    }
}
