//! The provider for database exports of the Optimizely DXP (spec 2.2, 2.4, E9, E10).

use serde::{Deserialize, Serialize};

use super::api::Api;
use super::model::export::{DatabaseExport, ExportStatus};
use crate::base::error::Result;
use crate::base::next_step::NextStep;
use crate::base::retry::Purpose;
use crate::base::scope::Scope;
use crate::base::time::BoxFuture;
use crate::export::artifact::Artifact;
use crate::export::handle::JobHandle;
use crate::export::job::{Job, JobState};
use crate::export::provider::Provider;

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
}

impl JobHandle for DxpHandle {
    const SERVICE: &'static str = "dxp";
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
        }
    }

    fn job(&self, export: DatabaseExport) -> Result<DxpJob> {
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
        Ok(Job {
            handle: self.handle(export.id()),
            state,
            raw_status: export.status_text().to_owned(),
            subject: format!("{} ({})", self.database, self.environment),
            artifact: link.map(|url| Artifact::Link { url }),
            object: export,
        })
    }
}

impl Provider for DxpExports {
    type Handle = DxpHandle;
    type Object = DatabaseExport;

    fn start<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<DxpJob>> {
        Box::pin(async move {
            let export = self
                .api
                .start_export(&self.project, &self.environment, &self.database, self.retention_hours, scope)
                .await?;
            self.job(export)
        })
    }

    fn refresh<'a>(
        &'a self,
        handle: &'a DxpHandle,
        purpose: Purpose,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<DxpJob>> {
        Box::pin(async move {
            let DxpHandle { project, environment, database, id } = handle;
            let export = self.api.get_export(project, environment, database, id, purpose, scope).await?;
            self.job(export)
        })
    }
    fn unknown_state(&self) -> NextStep {
        "check it in the DXP Management Portal, and update this program".into()
    }
}
