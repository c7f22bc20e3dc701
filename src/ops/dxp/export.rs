//! Handlers of the database export verbs.

use std::sync::Arc;

use super::bacpac_check::ExportInspection;
use super::resume;
use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::event::Event;
use crate::base::limits::DownloadStreams;
use crate::base::retry::Purpose;
use crate::base::scope::Scope;
use crate::base::secret::SafeUrl;
use crate::base::time::BoxFuture;
use crate::dxp::commands::DxpCommand;
use crate::dxp::export_job::{DxpExports, DxpHandle, DxpJob};
use crate::dxp::model::export::DatabaseExport;
use crate::dxp::request::{GetExport, SaveExport, SavedExport, StartExport, StartedExport, Wait, WaitForExport};
use crate::export::handle;
use crate::export::job::JobState;
use crate::export::provider::Provider;
use crate::export::wait;
use crate::ops::client::{Operation, Session};
use crate::transfer::{Download, DownloadOptions, LinkSource, Reservation};

fn exports_of(
    session: Session<'_>,
    project: Option<&str>,
    environment: &str,
    database: &str,
    retention_hours: u32,
) -> Result<DxpExports> {
    let (api, project) = session.dxp()?.at(project)?;
    Ok(DxpExports {
        api: api.clone(),
        project,
        environment: environment.to_owned(),
        database: database.to_owned(),
        retention_hours,
    })
}

async fn start_export(session: Session<'_>, exports: &DxpExports) -> Result<DxpJob> {
    session.scope.report(Event::verbose(format!(
        "Starting export database: {} for the project: {} / environment: {}",
        exports.database, exports.project, exports.environment
    )));
    exports.start(session.scope).await
}

/// Waits for an export that was just started. Leaves behind the handle by which it is resumed.
async fn wait_after_start(
    session: Session<'_>,
    exports: &DxpExports,
    job: &DxpJob,
    handle: &mut DxpHandle,
    wait: Wait,
) -> Result<DxpJob> {
    wait::report_progress(job, session.scope);
    handle.clone_from(&job.handle);
    wait_for(session, exports, handle, true, wait).await
}

async fn wait_for(
    session: Session<'_>,
    exports: &DxpExports,
    handle: &mut DxpHandle,
    known: bool,
    wait: Wait,
) -> Result<DxpJob> {
    wait::wait(exports, handle, known, wait.policy(), exports.api.clock().as_ref(), session.scope).await
}

/// The wait for an export, for whoever stopped it.
fn wait_again(handle: &DxpHandle, wait: Wait) -> Option<DxpCommand> {
    let DxpHandle { environment, database, id, .. } = handle.clone();
    Some(DxpCommand::WaitForExport { environment, database, id, waiting: resume::waiting(wait, false) })
}

/// The service's object, unless the job ended badly.
fn into_result(job: DxpJob, allow_failed: bool) -> Result<DatabaseExport> {
    match job.failure.filter(|_| !allow_failed) {
        Some(error) => Err(error),
        None => Ok(job.object),
    }
}

impl Operation for StartExport {
    type Answer = StartedExport;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<StartedExport>> {
        Box::pin(async move {
            let exports = exports_of(
                session,
                self.project_id.as_deref(),
                &self.environment,
                &self.database_name,
                self.retention(),
            )?;
            let job = start_export(session, &exports).await?;
            let job = match self.wait {
                Some(wait) => {
                    let mut handle = job.handle.clone();
                    wait_after_start(session, &exports, &job, &mut handle, wait)
                        .await
                        .map_err(|error| resume::export(error, true, wait_again(&handle, wait)))?
                }
                // One look after the start, as the original; a failed look is no failure of the start (spec 4.12).
                None => {
                    let look = exports.refresh(&job.handle, Purpose::Single, session.scope).await;
                    let again = wait_again(&job.handle, Wait::default());
                    resume::seen(look, job, "export", session.scope, |error| resume::export(error, true, again))?
                }
            };
            let handle = handle::to_text(&job.handle)?;
            Ok(StartedExport { export: into_result(job, self.allow_failed)?, handle })
        })
    }
}

impl Operation for GetExport {
    type Answer = DatabaseExport;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<DatabaseExport>> {
        Box::pin(async move {
            let (api, project) = session.dxp()?.at(self.project_id.as_deref())?;
            api.get_export(&project, &self.environment, &self.database_name, &self.id, Purpose::Single, session.scope)
                .await
        })
    }
}

impl Operation for WaitForExport {
    type Answer = DatabaseExport;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<DatabaseExport>> {
        Box::pin(async move {
            let exports = exports_of(session, self.project_id.as_deref(), &self.environment, &self.database_name, 0)?;
            let mut handle = exports.handle(&self.id);
            let job = wait_for(session, &exports, &mut handle, false, self.wait)
                .await
                .map_err(|error| resume::export(error, false, wait_again(&handle, self.wait)))?;
            into_result(job, self.allow_failed)
        })
    }
}

/// The link to what an export yields; asked for again when it expires in the middle of a download.
struct ExportLink {
    exports: DxpExports,
    handle: DxpHandle,
    scope: Scope,
}

impl LinkSource for ExportLink {
    fn fresh_link(&self) -> BoxFuture<'_, Result<SafeUrl>> {
        Box::pin(async move {
            self.exports.refresh(&self.handle, Purpose::Single, &self.scope).await?.into_artifact()?.into_link()
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
            let mut reservation = self.reserve()?;
            let exports = exports_of(
                session,
                self.project_id.as_deref(),
                &self.environment,
                &self.database_name,
                self.retention(),
            )?;
            let save = Save { request: &self, session, exports };
            if let Some(id) = &self.id {
                let mut handle = save.exports.handle(id);
                let job = wait_for(session, &save.exports, &mut handle, false, self.wait).await;
                // The service does not say that it has this export before it has answered.
                let job = job.map_err(|error| save.resumable(error.retry() != Retry::Never, &handle, error))?;
                if job.failure.is_none() {
                    save.remember(&handle, &reservation);
                }
                return save.fetched(job, reservation).await;
            }
            if let Some(job) = save.begun_earlier(&reservation).await? {
                let mut handle = job.handle.clone();
                let job = match job.artifact {
                    Some(_) => Ok(job),
                    None => wait_after_start(session, &save.exports, &job, &mut handle, self.wait).await,
                };
                let job = job.map_err(|error| save.resumable(true, &handle, error))?;
                match save.fetched(job, reservation).await {
                    Err(error) if save.is_gone(&handle, &error).await => {
                        let id = &handle.id;
                        let text = format!("export {id} can no longer be downloaded ({error}); starting a new export");
                        session.scope.report(Event::info(text));
                        reservation = self.reserve()?;
                    }
                    outcome => return outcome,
                }
            }
            let job = start_export(session, &save.exports).await?;
            // Before anything else, so that not even a kill makes another save start yet another one.
            save.remember(&job.handle, &reservation);
            let mut handle = job.handle.clone();
            let job = wait_after_start(session, &save.exports, &job, &mut handle, self.wait).await;
            save.fetched(job.map_err(|error| save.resumable(true, &handle, error))?, reservation).await
        })
    }
}

impl SaveExport {
    fn reserve(&self) -> Result<Reservation> {
        crate::transfer::reserve_target(&self.output_file, self.overwrite)
    }
}

/// One save at work.
struct Save<'a> {
    request: &'a SaveExport,
    session: Session<'a>,
    exports: DxpExports,
}

impl Save<'_> {
    /// The same save of an export, or of a new one.
    fn again(&self, id: Option<&str>) -> Option<DxpCommand> {
        let request = self.request;
        Some(DxpCommand::SaveExport {
            environment: request.environment.clone(),
            database: request.database_name.clone(),
            id: id.map(str::to_owned),
            // A name that is no text cannot be said in a command.
            output_file: request.output_file.to_str()?.to_owned(),
            overwrite: request.overwrite,
            streams: request.download.streams.map(DownloadStreams::get),
            waiting: resume::waiting(request.wait, false),
        })
    }

    /// The error of a save that can go on. `known` says that the service has the export.
    fn resumable(&self, known: bool, handle: &DxpHandle, error: Error) -> Error {
        resume::export(error, known, self.again(Some(&handle.id)))
    }

    /// Keeps beside the file which export it will be.
    fn remember(&self, handle: &DxpHandle, reservation: &Reservation) {
        if let Err(error) = handle::to_document(handle).and_then(|origin| reservation.remember(&origin)) {
            // The export goes on all the same, and is still to be had by its id.
            let text = format!("if interrupted, this save starts another export when it is repeated: {error}");
            self.session.scope.report(Event::Warning { text });
        }
    }

    /// Forgets the export, so that the same command starts another one.
    fn forget(&self, reservation: Result<Reservation>) {
        if let Err(error) = reservation.and_then(|reservation| reservation.forget()) {
            let text = format!("the same command will use this export again: {error}");
            self.session.scope.report(Event::Warning { text });
        }
    }

    /// The export of an interrupted save to the same file, if it is of this database and is still to be had. Says why not.
    async fn begun_earlier(&self, reservation: &Reservation) -> Result<Option<DxpJob>> {
        let Some(origin) = reservation.origin()?.filter(|_| !self.request.new_export) else { return Ok(None) };
        let scope = self.session.scope;
        let say = |text: String| scope.report(Event::info(text));
        let Some(handle) = handle::from_document::<DxpHandle>(origin) else {
            say("the export of an interrupted save cannot be read from its journal; starting a new export".to_owned());
            return Ok(None);
        };
        let DxpHandle { environment, database, id, .. } = &handle;
        if let Some(what) = other_than(&self.exports, &handle) {
            say(format!("the interrupted save to this file was for {what}; starting a new export"));
            return Ok(None);
        }
        let over = match self.exports.refresh(&handle, Purpose::Single, scope).await {
            Ok(job) => match job.state {
                JobState::Failed => "failed",
                JobState::Expired => "has expired",
                _ => {
                    let status = &job.raw_status;
                    say(format!(
                        "resuming export {id} of {database} ({environment}) from an interrupted save (status: {status})"
                    ));
                    if let Some(hours) = self.request.retention_hours {
                        let text = format!("the retention of {hours} hours is ignored: it is only for a new export");
                        scope.report(Event::Warning { text });
                    }
                    return Ok(Some(job));
                }
            },
            Err(error) if error.kind() == Kind::NotFound => "no longer exists",
            Err(error) => return Err(self.resumable(true, &handle, error)),
        };
        say(format!("export {id} of an interrupted save {over}; starting a new export"));
        Ok(None)
    }

    /// Whether an export that could not be downloaded is not to be had any more, although the service had just said so.
    async fn is_gone(&self, handle: &DxpHandle, error: &Error) -> bool {
        if error.kind() != Kind::Expired && error.http_status() != Some(404) {
            return false;
        }
        // Nothing is given up while the service itself cannot be asked.
        match self.exports.refresh(handle, Purpose::Single, self.session.scope).await {
            Ok(_) => true,
            Err(error) => error.kind() == Kind::NotFound,
        }
    }

    /// Downloads what an export that has ended yields.
    async fn fetched(&self, job: DxpJob, reservation: Reservation) -> Result<SavedExport> {
        let (request, session) = (self.request, self.session);
        let handle = job.handle.clone();
        let status = job.raw_status.clone();
        let url = match job.into_artifact() {
            Ok(artifact) => artifact.into_link()?,
            Err(error) => {
                self.forget(Ok(reservation));
                return Err(resume::export_again(error, self.again(None)));
            }
        };
        let defaults = DownloadOptions::default();
        let renewal =
            ExportLink { exports: self.exports.clone(), handle: handle.clone(), scope: session.scope.clone() };
        let inspection = Arc::new(ExportInspection::new(session.scope));
        let download = Download {
            link: url,
            renewal: Some(Arc::new(renewal)),
            target: request.output_file.clone(),
            overwrite: request.overwrite,
            reservation: Some(reservation),
            inspection: Some(inspection.clone()),
            options: DownloadOptions {
                streams: request.download.streams.map_or(defaults.streams, |streams| streams.get() as usize),
                ..defaults
            },
        };
        let file = session.dxp()?.engine().download(&download, session.scope.sink(), session.scope.cancel()).await;
        let file = match file {
            Ok(file) => file,
            // The same export would give the same file.
            Err(error) if inspection.is_of_no_use() => {
                self.forget(request.reserve());
                return Err(resume::export_again(error, self.again(None)));
            }
            Err(error) if error.kind() == Kind::Expired => {
                return Err(resume::export_again(error, self.again(None)));
            }
            Err(error) => return Err(self.resumable(true, &handle, error)),
        };
        Ok(SavedExport {
            id: handle.id,
            environment: request.environment.clone(),
            database_name: request.database_name.clone(),
            status,
            file,
            structure: "checked",
            warnings: inspection.warnings(),
        })
    }
}

/// What an export is of, in a few words, where it is not of this database. The service tells no names apart by their case.
fn other_than(exports: &DxpExports, handle: &DxpHandle) -> Option<String> {
    let DxpHandle { project, environment, database, .. } = handle;
    if !project.eq_ignore_ascii_case(&exports.project) {
        return Some("another project".to_owned());
    }
    let is_same =
        environment.eq_ignore_ascii_case(&exports.environment) && database.eq_ignore_ascii_case(&exports.database);
    (!is_same).then(|| format!("{database} ({environment})"))
}
