//! The provider for database exports of the Optimizely DXP (spec 2.2, 2.4, E9, E10).

use serde::{Deserialize, Serialize};

use super::account::Account;
use super::api::Api;
use super::model::export::{DatabaseExport, ExportStatus};
use crate::base::error::{Error, Kind, Result};
use crate::base::next_step::{NextStep, Setting};
use crate::base::retry::Purpose;
use crate::base::scope::Scope;
use crate::base::time::{BoxFuture, Clock, rfc3339};
use crate::export::artifact::Artifact;
use crate::export::handle::{JobHandle, check_address};
use crate::export::job::{Instant, Job, JobState, Source, Times};
use crate::export::provider::{Capabilities, Jobs, Provider};

/// An export of the service: the path to it needs all of this.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DxpHandle {
    /// The project's GUID.
    pub project: String,
    /// The environment the database belongs to.
    pub environment: String,
    /// `epicms` or `epicommerce`.
    pub database: String,
    /// The export's GUID.
    pub id: String,
    /// The service's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// For how many hours the service keeps the result, where this client has started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_hours: Option<u32>,
    /// When a client first saw that it had succeeded, in milliseconds since the Unix epoch: the service does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_ms: Option<u64>,
}

impl JobHandle for DxpHandle {
    const SERVICE: &'static str = "dxp";
    const PREFIX: &'static str = "dxp";

    fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }
}

/// An export as it was last seen.
pub type DxpJob = Job<DxpHandle, DatabaseExport>;

/// Exports of one database.
#[derive(Clone)]
pub struct DxpExports {
    /// The signed connection.
    pub api: Api,
    /// The project's GUID.
    pub project: String,
    /// The environment.
    pub environment: String,
    /// The database.
    pub database: String,
    /// How long the service keeps the result, in hours.
    pub retention_hours: u32,
}

impl DxpExports {
    /// The handle of an export of this database.
    #[must_use]
    pub fn handle(&self, id: &str) -> DxpHandle {
        DxpHandle {
            project: self.project.clone(),
            environment: self.environment.clone(),
            database: self.database.clone(),
            id: id.to_owned(),
            address: Some(self.api.endpoint().to_string()),
            retention_hours: None,
            completed_ms: None,
        }
    }

    fn job(&self, mut handle: DxpHandle, export: DatabaseExport) -> Result<DxpJob> {
        let state = match export.status() {
            ExportStatus::Started => JobState::Queued,
            ExportStatus::InProgress => JobState::Running,
            ExportStatus::Unknown => JobState::Unknown,
            ExportStatus::Succeeded => JobState::Succeeded,
            ExportStatus::ExportFailed => JobState::Failed,
            ExportStatus::LinkExpired => JobState::Expired,
        };
        // Before it is done, whatever stands there is no link yet; the export goes on and has to be followed.
        let link = if state == JobState::Succeeded { export.download_link()? } else { None };
        let subject = format!("{} ({})", self.database, self.environment);
        let status = export.status_text().to_owned();
        let failure = failure(state, &subject, &status);
        let artifact = link.map(|url| Artifact::Link { url });
        if state == JobState::Succeeded {
            handle.completed_ms.get_or_insert(self.api.clock().unix_ms());
        }
        let times = times(&handle);
        Ok(Job { artifact, failure, times, ..Job::new(handle, state, &status, subject, export) })
    }
}

/// When an export ended and when its file goes: the service says neither.
fn times(handle: &DxpHandle) -> Times {
    const HOUR_MS: u64 = 60 * 60 * 1000;
    let expires = |completed: u64| Some(completed.saturating_add(u64::from(handle.retention_hours?) * HOUR_MS));
    let instant = |unix_ms: u64, source| Instant { time: rfc3339(unix_ms), source };
    Times {
        completed: handle.completed_ms.map(|completed| instant(completed, Source::Observed)),
        expires: handle.completed_ms.and_then(expires).map(|expires| instant(expires, Source::Estimated)),
        ..Times::default()
    }
}

/// What an export amounts to that has ended badly.
fn failure(state: JobState, subject: &str, status: &str) -> Option<Error> {
    match state {
        JobState::Failed => Some(
            Error::new(Kind::JobFailed, format!("the export of {subject} failed (status {status})"))
                .with_next_step("the service gave no reason; check the DXP Management Portal, then start a new export"),
        ),
        JobState::Expired => Some(
            Error::new(Kind::Expired, format!("the export of {subject} succeeded, but its download link has expired"))
                .with_next_step(
                    NextStep::text("start a new export; to keep it longer, set ").setting(Setting::RetentionHours),
                ),
        ),
        _ => None,
    }
}

impl Provider for DxpExports {
    type Handle = DxpHandle;
    type Object = DatabaseExport;
    const NOUN: &'static str = "export";
    const CAPABILITIES: Capabilities = Capabilities { download: true, retention: true, ..Capabilities::NONE };

    fn clock(&self) -> &dyn Clock {
        self.api.clock().as_ref()
    }

    fn start<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<DxpJob>> {
        Box::pin(async move {
            let export = self
                .api
                .start_export(&self.project, &self.environment, &self.database, self.retention_hours, scope)
                .await?;
            let handle = DxpHandle { retention_hours: Some(self.retention_hours), ..self.handle(export.id()) };
            self.job(handle, export)
        })
    }

    fn refresh<'a>(
        &'a self,
        handle: &'a DxpHandle,
        purpose: Purpose,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<DxpJob>> {
        Box::pin(async move {
            let DxpHandle { project, environment, database, id, .. } = handle;
            let export = self.api.get_export(project, environment, database, id, purpose, scope).await?;
            self.job(handle.clone(), export)
        })
    }

    fn unknown_state(&self) -> NextStep {
        "check it in the DXP Management Portal, and update this program".into()
    }
}

impl Jobs for Account {
    type Provider = DxpExports;

    fn provider_of(&self, handle: &DxpHandle) -> Result<DxpExports> {
        let (api, project) = self.at(Some(&handle.project))?;
        check_address("handle", handle, &api.endpoint().to_string())?;
        Ok(DxpExports {
            api: api.clone(),
            project,
            environment: handle.environment.clone(),
            database: handle.database.clone(),
            retention_hours: handle.retention_hours.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_and_expired_are_told_apart() {
        let kind = |state| failure(state, "epicms (Production)", "x").map(|error| error.kind());
        assert_eq!(kind(JobState::Failed), Some(Kind::JobFailed));
        assert_eq!(kind(JobState::Expired), Some(Kind::Expired));
        for state in [JobState::Queued, JobState::Running, JobState::Unknown, JobState::Succeeded] {
            assert_eq!(kind(state), None, "{state:?}");
        }
    }
}
