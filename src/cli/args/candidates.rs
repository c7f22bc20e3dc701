//! What completion offers for values: never all that is permitted, as the service decides about that.

use std::time::Duration;

use clap::Parser;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};

use crate::base::error::Result;
use crate::base::scope::Scope;
use crate::cli::settings::Sources;
use crate::ops::client::{Client, Service};
use crate::ops::dxp::request::ListDeployments;
use crate::ops::dxp::{DATABASES, Deployment, USUAL_ENVIRONMENTS};

/// How long a person who presses Tab waits for the service.
const PATIENCE: Duration = Duration::from_secs(2);

/// The usual environments.
pub(super) fn environments() -> ArgValueCandidates {
    ArgValueCandidates::new(|| USUAL_ENVIRONMENTS.into_iter().map(CompletionCandidate::new).collect())
}

/// The databases of a project.
pub(super) fn databases() -> ArgValueCandidates {
    ArgValueCandidates::new(|| DATABASES.into_iter().map(CompletionCandidate::new).collect())
}

/// The ids of the recent deployments, with what tells them apart. Nothing where there are no credentials in the
/// environment or the service does not answer soon: nobody can be told why while he types.
pub(super) fn deployment_ids() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let deployments = recent_deployments().unwrap_or_default();
        let candidate = |deployment: &Deployment| {
            let environment = deployment.target_environment().unwrap_or_default();
            let help = format!("{} {environment}", deployment.status_text());
            CompletionCandidate::new(deployment.id()).help(Some(help.into()))
        };
        deployments.iter().map(candidate).collect()
    })
}

fn recent_deployments() -> Result<Vec<Deployment>> {
    // As though nothing but a command had been typed: the variables say the rest.
    let Ok(environment) = super::Arguments::try_parse_from(["epi", "connect"]) else { return Ok(Vec::new()) };
    let (config, secret) = Sources::new(Service::Dxp, &environment, None)?.client()?;
    let client = Client::new(config, secret.as_ref())?;
    let scope = Scope::silent();
    crate::cli::waited_for(async {
        let listed = client.run(ListDeployments::default(), &scope);
        tokio::time::timeout(PATIENCE, listed).await.unwrap_or(Ok(Vec::new()))
    })
}
