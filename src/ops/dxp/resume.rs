//! What to do when an operation stops while the service goes on with its work.

use crate::base::error::{Error, Result};
use crate::base::event::Event;
use crate::base::limits::{PollingSeconds, TimeoutMinutes};
use crate::base::next_step::NextStep;
use crate::base::scope::Scope;
use crate::dxp::commands::{DxpCommand, Waiting};
use crate::dxp::model::deployment::{Deployment, DeploymentGoal, DeploymentStatus};
use crate::dxp::request::Wait;
use crate::ops::resume::{is_stopped, resumed};

/// The rest of a wait, as it was asked for.
pub(super) fn waiting(wait: Wait, strict: bool) -> Waiting {
    Waiting {
        timeout_minutes: wait.timeout_minutes.map(TimeoutMinutes::get),
        polling_interval_seconds: wait.polling_interval_seconds.map(PollingSeconds::get),
        strict,
    }
}

/// Adds how a wait for a deployment is resumed. `known` says that the service has accepted it in this operation.
pub(super) fn deployment(error: Error, known: bool, command: DxpCommand) -> Error {
    let step = NextStep::text("the deployment continues in the service; resume waiting with: ").command(command);
    resumed(error, known, step)
}

/// Adds how work on an export is resumed. `known` says that the service has it.
pub(super) fn export(error: Error, known: bool, command: Option<DxpCommand>) -> Error {
    let step = match command {
        Some(command) => NextStep::text("the export continues in the service; resume with: ").command(command),
        None => "the export continues in the service; run the same command again to resume".into(),
    };
    resumed(error, known, step)
}

/// Adds how an export is made anew whose file is not to be had any more.
pub(super) fn export_again(error: Error, command: Option<DxpCommand>) -> Error {
    match command {
        Some(command) => error.with_then(NextStep::text("export and save it again with: ").command(command)),
        None => error,
    }
}

/// One look after a start that the service has accepted: a failed one is no failure of the start, unless the caller has
/// stopped it, which `stopped` words.
pub(super) fn seen<T>(
    look: Result<T>,
    started: T,
    what: &str,
    scope: &Scope,
    stopped: impl FnOnce(Error) -> Error,
) -> Result<T> {
    let Err(error) = look else { return look };
    scope.cancel().check().map_err(stopped)?;
    scope.report(Event::verbose(format!("cannot get the status of the started {what}: {error}")));
    Ok(started)
}

/// Adds a step to the error of an operation that was stopped, unless the error has one of its own.
pub(super) fn when_stopped(error: Error, step: &str) -> Error {
    if is_stopped(&error) && error.next_step().is_none() { error.with_next_step(step) } else { error }
}

/// What brings a deployment further that has not ended.
pub(super) fn way_on(deployment: &Deployment, waiting: Waiting) -> NextStep {
    let id = || deployment.id().to_owned();
    let wait = |until| {
        NextStep::text("wait for it with: ").command(DxpCommand::WaitForDeployment { id: id(), until, waiting })
    };
    match deployment.status() {
        DeploymentStatus::Completing => wait(DeploymentGoal::Complete),
        DeploymentStatus::Resetting => wait(DeploymentGoal::Reset),
        DeploymentStatus::AwaitingVerification => NextStep::text("verify it, then complete it with: ")
            .command(DxpCommand::CompleteDeployment { id: id() })
            .and("; or reset it with: ")
            .command(DxpCommand::ResetDeployment { id: id(), complete: false }),
        DeploymentStatus::AwaitingResetVerification => NextStep::text("complete the reset with: ")
            .command(DxpCommand::ResetDeployment { id: id(), complete: true }),
        _ => wait(DeploymentGoal::Start),
    }
}
