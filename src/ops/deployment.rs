//! Handlers of the deployment verbs.

use super::client::{Operation, Session};
use super::request::{
    CompleteDeployment, Connect, Connected, GetDeployment, ListDeployments, ResetDeployment, StartDeployment, Wait,
    WaitForDeployment,
};
use crate::api::call::Api;
use crate::api::deployments::report_progress;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::Event;
use crate::base::model::deployment::{Deployment, DeploymentGoal};
use crate::base::time::BoxFuture;

impl Operation for Connect {
    type Answer = Connected;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<Connected>> {
        Box::pin(async move {
            let (api, project_id) = session.account(self.project_id.as_deref())?;
            api.list_deployments(&project_id, session.scope).await?;
            Ok(Connected { project_id, client_key: api.client_key().to_owned(), authentication_verified: true })
        })
    }
}

impl Operation for StartDeployment {
    type Answer = Deployment;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<Deployment>> {
        Box::pin(async move {
            let (api, project) = session.account(self.project_id.as_deref())?;
            session.scope.report(Event::verbose(format!(
                "Starting deployment for the project: {project} / targetEnvironment: {}",
                self.target_environment
            )));
            let started = api.start_deployment(&project, &self.body(), session.scope).await?;
            let deployment = match self.wait {
                Some(wait) => or_followed(session, api, &project, started, DeploymentGoal::Start, Some(wait)).await?,
                // The original shows the deployment as one look after the start finds it (spec 4.13). The start has
                // been accepted, so a failed look is no failure of this operation.
                None => match api.get_deployment(&project, started.id(), session.scope).await {
                    Ok(seen) => seen,
                    Err(error) => {
                        session.scope.cancel().check()?;
                        session
                            .scope
                            .report(Event::verbose(format!("could not look at the started deployment: {error}")));
                        started
                    }
                },
            };
            judged(deployment, self.strict)
        })
    }
}

impl Operation for ListDeployments {
    type Answer = Vec<Deployment>;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<Vec<Deployment>>> {
        Box::pin(async move {
            let (api, project) = session.account(self.project_id.as_deref())?;
            api.list_deployments(&project, session.scope).await
        })
    }
}

impl Operation for GetDeployment {
    type Answer = Deployment;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<Deployment>> {
        Box::pin(async move {
            let (api, project) = session.account(self.project_id.as_deref())?;
            api.get_deployment(&project, &self.id, session.scope).await
        })
    }
}

impl Operation for WaitForDeployment {
    type Answer = Deployment;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<Deployment>> {
        Box::pin(async move {
            let (api, project) = session.account(self.project_id.as_deref())?;
            let ended = followed(session, api, &project, &self.id, self.until, false, self.wait).await?;
            if !self.until.is_reached(ended.status()) {
                let status = ended.status_text();
                return Err(Error::new(
                    Kind::Conflict,
                    format!("deployment {} has ended as {status}, which is not what was waited for", self.id),
                )
                .with_next_step("look at the deployment, and start a new one if needed"));
            }
            judged(ended, self.strict)
        })
    }
}

impl Operation for CompleteDeployment {
    type Answer = Deployment;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<Deployment>> {
        Box::pin(async move {
            let (api, project) = session.account(self.project_id.as_deref())?;
            let accepted = api.complete_deployment(&project, &self.id, session.scope).await?;
            judged(
                or_followed(session, api, &project, accepted, DeploymentGoal::Complete, self.wait).await?,
                self.strict,
            )
        })
    }
}

impl Operation for ResetDeployment {
    type Answer = Deployment;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<Deployment>> {
        Box::pin(async move {
            let (api, project) = session.account(self.project_id.as_deref())?;
            let accepted = api.reset_deployment(&project, &self.id, self.body(), session.scope).await?;
            judged(or_followed(session, api, &project, accepted, self.goal(), self.wait).await?, self.strict)
        })
    }
}

async fn followed(
    session: Session<'_>,
    api: &Api,
    project: &str,
    id: &str,
    goal: DeploymentGoal,
    known: bool,
    wait: Wait,
) -> Result<Deployment> {
    api.wait_for_deployment(project, id, goal, known, wait.schedule(), session.scope).await
}

async fn or_followed(
    session: Session<'_>,
    api: &Api,
    project: &str,
    accepted: Deployment,
    goal: DeploymentGoal,
    wait: Option<Wait>,
) -> Result<Deployment> {
    match wait {
        Some(wait) => {
            report_progress(&accepted, session.scope);
            followed(session, api, project, accepted.id(), goal, true, wait).await
        }
        None => Ok(accepted),
    }
}

fn judged(deployment: Deployment, strict: bool) -> Result<Deployment> {
    match deployment.failure(strict) {
        Some(error) => Err(error),
        None => Ok(deployment),
    }
}
