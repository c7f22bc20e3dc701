//! The provider for database exports of the Optimizely DXP (spec 2.2, 2.4, E9, E10).

use super::job::{Artifact, Handle, Job, JobState};
use super::provider::Provider;
use crate::dxp::api::Api;
use crate::http_api::retry::Purpose;
use crate::base::error::Result;
use crate::dxp::model::export::{DatabaseExport, ExportStatus};
use crate::base::scope::Scope;
use crate::base::time::BoxFuture;

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
    pub fn handle(&self, id: &str) -> Handle {
        Handle::Dxp {
            project: self.project.clone(),
            environment: self.environment.clone(),
            database: self.database.clone(),
            id: id.to_owned(),
        }
    }

    fn job(&self, export: &DatabaseExport) -> Result<Job> {
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
            document: export.document().clone(),
        })
    }
}

impl Provider for DxpExports {
    fn start<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Job>> {
        Box::pin(async move {
            let export = self
                .api
                .start_export(&self.project, &self.environment, &self.database, self.retention_hours, scope)
                .await?;
            self.job(&export)
        })
    }

    fn refresh<'a>(&'a self, handle: &'a Handle, purpose: Purpose, scope: &'a Scope) -> BoxFuture<'a, Result<Job>> {
        Box::pin(async move {
            let Handle::Dxp { project, environment, database, id } = handle;
            let export = self.api.get_export(project, environment, database, id, purpose, scope).await?;
            self.job(&export)
        })
    }
}
