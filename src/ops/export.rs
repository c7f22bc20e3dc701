//! Handlers of the database export verbs.

use std::sync::Arc;

use super::client::{Operation, Session};
use super::request::{GetExport, SaveExport, SavedExport, StartExport, Wait, WaitForExport};
use super::resume;
use super::structure::ExportInspection;
use crate::api::call::Look;
use crate::base::error::Result;
use crate::base::event::Event;
use crate::base::model::export::DatabaseExport;
use crate::base::next_step::Command;
use crate::base::scope::Scope;
use crate::base::secret::SafeUrl;
use crate::base::time::BoxFuture;
use crate::export::driver;
use crate::export::dxp::DxpExports;
use crate::export::job::{Artifact, Handle, Job};
use crate::export::provider::Provider;
use crate::transfer::{Download, DownloadOptions, LinkSource};

fn provider(
    session: Session<'_>,
    project: Option<&str>,
    environment: &str,
    database: &str,
    retention_hours: u32,
) -> Result<DxpExports> {
    let (api, project) = session.account(project)?;
    Ok(DxpExports {
        api: api.clone(),
        project,
        environment: environment.to_owned(),
        database: database.to_owned(),
        retention_hours,
    })
}

async fn started(session: Session<'_>, exports: &DxpExports) -> Result<Job> {
    session.scope.report(Event::verbose(format!(
        "Starting export database: {} for the project: {} / environment: {}",
        exports.database, exports.project, exports.environment
    )));
    exports.start(session.scope).await
}

/// Waits for an export that was just started.
async fn followed(session: Session<'_>, exports: &DxpExports, job: &Job, wait: Wait) -> Result<Job> {
    driver::report_progress(job, session.scope);
    waited(session, exports, &job.handle, true, wait).await
}

async fn waited(session: Session<'_>, exports: &DxpExports, handle: &Handle, known: bool, wait: Wait) -> Result<Job> {
    driver::wait(exports, handle, known, wait.schedule(), exports.api.clock().as_ref(), session.scope).await
}

/// The wait for an export, for whoever stopped it.
fn wait_again(handle: &Handle, wait: Wait) -> Option<Command> {
    let Handle::Dxp { environment, database, id, .. } = handle.clone();
    Some(Command::WaitForExport { environment, database, id, waiting: resume::waiting(wait, false) })
}

/// The service's object, unless the job ended badly.
fn judged(job: Job, allow_failed: bool) -> Result<DatabaseExport> {
    match job.failure().filter(|_| !allow_failed) {
        Some(error) => Err(error),
        None => DatabaseExport::from_value(job.document.into_value()),
    }
}

impl Operation for StartExport {
    type Answer = DatabaseExport;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<DatabaseExport>> {
        Box::pin(async move {
            let exports = provider(
                session,
                self.project_id.as_deref(),
                &self.environment,
                &self.database_name,
                self.retention(),
            )?;
            let job = started(session, &exports).await?;
            let job = match self.wait {
                Some(wait) => followed(session, &exports, &job, wait)
                    .await
                    .map_err(|error| resume::export(error, true, wait_again(&job.handle, wait)))?,
                // One look after the start, as the original; a failed look is no failure of the start (spec 4.12).
                None => {
                    let look = exports.refresh(&job.handle, Look::Single, session.scope).await;
                    let again = wait_again(&job.handle, Wait::default());
                    resume::seen(look, job, "export", session.scope, |error| resume::export(error, true, again))?
                }
            };
            judged(job, self.allow_failed)
        })
    }
}

impl Operation for GetExport {
    type Answer = DatabaseExport;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<DatabaseExport>> {
        Box::pin(async move {
            let (api, project) = session.account(self.project_id.as_deref())?;
            api.get_export(&project, &self.environment, &self.database_name, &self.id, Look::Single, session.scope)
                .await
        })
    }
}

impl Operation for WaitForExport {
    type Answer = DatabaseExport;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<DatabaseExport>> {
        Box::pin(async move {
            let exports = provider(session, self.project_id.as_deref(), &self.environment, &self.database_name, 0)?;
            let handle = exports.handle(&self.id);
            let job = waited(session, &exports, &handle, false, self.wait)
                .await
                .map_err(|error| resume::export(error, false, wait_again(&handle, self.wait)))?;
            judged(job, self.allow_failed)
        })
    }
}

/// The link to what an export yields; asked for again when it expires in the middle of a download.
struct ExportLink {
    exports: DxpExports,
    handle: Handle,
    scope: Scope,
}

impl LinkSource for ExportLink {
    fn fresh_link(&self) -> BoxFuture<'_, Result<SafeUrl>> {
        Box::pin(async move {
            let Artifact::Link { url } =
                self.exports.refresh(&self.handle, Look::Single, &self.scope).await?.into_artifact()?;
            Ok(url)
        })
    }

    fn clock_ahead_ms(&self) -> Option<i64> {
        self.exports.api.clock_ahead_ms()
    }
}

impl Operation for SaveExport {
    type Answer = SavedExport;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<SavedExport>> {
        Box::pin(async move {
            // An export takes hours: its file is reserved before it is started.
            let reservation = crate::transfer::reserve_target(&self.output_file, self.overwrite)?;
            // A name that is no text cannot be said in a command.
            let shown = self.output_file.to_str().map(str::to_owned);
            let exports = provider(
                session,
                self.project_id.as_deref(),
                &self.environment,
                &self.database_name,
                self.retention(),
            )?;
            let again = |id: &str| {
                Some(Command::SaveExport {
                    environment: self.environment.clone(),
                    database: self.database_name.clone(),
                    id: id.to_owned(),
                    output_file: shown.clone()?,
                    overwrite: self.overwrite,
                    streams: self.download.streams,
                    waiting: resume::waiting(self.wait, false),
                })
            };
            let job = match &self.id {
                Some(id) => waited(session, &exports, &exports.handle(id), false, self.wait)
                    .await
                    .map_err(|error| resume::export(error, false, again(id)))?,
                None => {
                    let job = started(session, &exports).await?;
                    let Handle::Dxp { id, .. } = &job.handle;
                    followed(session, &exports, &job, self.wait)
                        .await
                        .map_err(|error| resume::export(error, true, again(id)))?
                }
            };
            let handle = job.handle.clone();
            let status = job.raw_status.clone();
            let Artifact::Link { url } = job.into_artifact()?;
            let defaults = DownloadOptions::default();
            let renewal = ExportLink { exports, handle: handle.clone(), scope: session.scope.clone() };
            let inspection = Arc::new(ExportInspection::new(session.scope));
            let download = Download {
                link: url,
                renewal: Some(Arc::new(renewal)),
                target: self.output_file.clone(),
                overwrite: self.overwrite,
                reservation: Some(reservation),
                inspection: Some(inspection.clone()),
                options: DownloadOptions {
                    streams: self.download.streams.map_or(defaults.streams, |streams| streams as usize),
                    ..defaults
                },
            };
            let file = session.engine().download(&download, session.scope.sink(), session.scope.cancel()).await;
            let Handle::Dxp { id, .. } = handle;
            let file = file.map_err(|error| match inspection.is_of_no_use() {
                // The same export would give the same file.
                true => error,
                false => resume::export(error, true, again(&id)),
            })?;
            Ok(SavedExport {
                id,
                environment: self.environment,
                database_name: self.database_name,
                status,
                file,
                structure: "checked",
                warnings: inspection.warnings(),
            })
        })
    }
}
