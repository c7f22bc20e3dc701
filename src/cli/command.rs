//! Arguments to requests: which operation, with which request, and what of its result may be shown.

use std::path::PathBuf;

use super::args::{
    Backup, Database, Deploy, Deployment, Export, Files, GuidewireVerb, Job, MayWait, Package, RedisDatabase,
    RedisExport, RedisVerb, Storage, Switch, Verb, WaitOptions,
};
use super::display::Shown;
use super::settings;
use crate::base::error::{Error, Kind, Result};
use crate::base::limits::BlockSize;
use crate::base::scope::Scope;
use crate::base::secret::SecretString;
use crate::base::time::BoxFuture;
use crate::ops::catalog;
use crate::ops::client::{Client, Operation, Service};
use crate::ops::dxp::request::{
    CompleteDeployment, Connect, DeployPackages, DownloadSettings, GetContainerLinks, GetDeployment,
    GetEdgeLogLocation, GetExport, GetPackageLocation, ListContainers, ListDeployments, PackageFile, ResetDeployment,
    SaveExport, StartDeployment, StartExport, UploadPackages, UploadSettings, Wait, WaitForDeployment, WaitForExport,
};
use crate::ops::guidewire::request as guidewire;
use crate::ops::job::{GetJob, WaitForJob, service_of};
use crate::ops::redis_enterprise::request as redis;

/// One operation to run.
pub(super) struct Command {
    /// The service that carries it out.
    pub(super) service: Service,
    request: Box<dyn Request>,
    /// Whether it changes something in the service.
    pub(super) changes: bool,
    /// Whether a link in the result may be shown in text output.
    pub(super) shows_link: bool,
}

/// A request of any operation.
trait Request: Send {
    fn run<'a>(self: Box<Self>, client: &'a Client, scope: &'a Scope) -> BoxFuture<'a, Result<Box<dyn Shown>>>;

    /// The operation's name in the catalog, and the request as a document.
    #[cfg(test)]
    fn document(&self) -> (&'static str, serde_json::Value);
}

impl<O: Operation<Answer: Shown>> Request for O {
    fn run<'a>(self: Box<Self>, client: &'a Client, scope: &'a Scope) -> BoxFuture<'a, Result<Box<dyn Shown>>> {
        Box::pin(async move { Ok(Box::new(client.run(*self, scope).await?) as Box<dyn Shown>) })
    }

    #[cfg(test)]
    fn document(&self) -> (&'static str, serde_json::Value) {
        (catalog::row_of::<O>().unwrap().name, serde_json::to_value(self).unwrap())
    }
}

impl Command {
    fn new<O: Operation<Answer: Shown>>(request: O) -> Self {
        let changes = catalog::row_of::<O>().is_some_and(|row| row.changes);
        Self { service: Service::Dxp, request: Box::new(request), changes, shows_link: false }
    }

    fn showing_link(self, shows_link: bool) -> Self {
        Self { shows_link, ..self }
    }

    fn at(self, service: Service) -> Self {
        Self { service, ..self }
    }

    /// The operations that a verb asks for: one, except for jobs, of which several can be followed at once.
    pub(super) fn of(verb: Verb) -> Result<Vec<Self>> {
        match verb {
            Verb::Job(job) => Self::of_jobs(job),
            Verb::Redis(service) => Self::of_redis(service.verb),
            verb => Ok(vec![Self::single(verb)?]),
        }
    }

    fn of_jobs(job: Job) -> Result<Vec<Self>> {
        let (handles, wait) = match job {
            Job::Show { handles } => (handles, None),
            Job::Wait { handles, wait } => (handles, Some(always(&wait))),
        };
        let command = |handle: String| {
            let service = service_of(&handle)?;
            let command = match wait {
                None => Self::new(GetJob { handle }),
                Some(wait) => Self::new(WaitForJob { handle, wait, ..WaitForJob::default() }),
            };
            Ok(command.at(service))
        };
        settings::handles(handles)?.into_iter().map(command).collect()
    }

    fn single(verb: Verb) -> Result<Self> {
        Ok(match verb {
            Verb::Connect => Self::new(Connect::default()),
            Verb::Deploy(deploy) => Self::new(deploy_request(deploy)?),
            Verb::Package(Package::Location) => Self::new(GetPackageLocation::default()),
            Verb::Package(Package::Upload { files, sas_url_file, sas_url_stdin }) => {
                let request = upload_request(files, sas_url_file, sas_url_stdin)?;
                // A link that somebody gave leads elsewhere than to the service.
                Self { changes: request.sas_url.is_none(), ..Self::new(request) }
            }
            Verb::Deployment(verb) => Self::of_deployment(verb),
            Verb::Export(verb) => Self::of_export(verb),
            Verb::Storage(Storage::Containers { environment, writable }) => {
                Self::new(ListContainers { project_id: None, environment, writable })
            }
            Verb::Storage(Storage::Sas { environment, container, retention_hours, writable }) => {
                let project_id = None;
                Self::new(GetContainerLinks {
                    project_id,
                    environment,
                    storage_container: container,
                    retention_hours,
                    writable,
                })
            }
            Verb::Guidewire(service) => Self::of_guidewire(service.verb).at(Service::Guidewire),
            Verb::EdgeLogs => Self::new(GetEdgeLogLocation::default()),
            Verb::Job(_) | Verb::Redis(_) | Verb::Profile(_) | Verb::Completion { .. } | Verb::Man { .. } => {
                return Err(Error::new(Kind::Internal, "this command is no single operation"));
            }
        })
    }

    fn of_deployment(verb: Deployment) -> Self {
        match verb {
            Deployment::Start {
                to,
                package,
                source_environment,
                source_app,
                include_blob,
                include_db,
                mode,
                wait,
                strict,
            } => Self::new(StartDeployment {
                target_environment: to,
                packages: package,
                source_environment,
                source_apps: source_app,
                include_blob,
                include_db,
                maintenance_page: mode.use_maintenance_page,
                zero_downtime_mode: mode.zero_downtime_mode.map(Into::into),
                direct_deploy: mode.direct_deploy,
                wait: if_asked(&wait),
                strict: strict.strict,
                ..StartDeployment::default()
            }),
            Deployment::List => Self::new(ListDeployments::default()),
            Deployment::Show { id } => Self::new(GetDeployment { project_id: None, id }),
            Deployment::Wait { id, until, wait, strict } => Self::new(WaitForDeployment {
                id,
                until: until.into(),
                wait: always(&wait),
                strict: strict.strict,
                ..WaitForDeployment::default()
            }),
            Deployment::Complete { id, wait, strict } => Self::new(CompleteDeployment {
                id,
                wait: if_asked(&wait),
                strict: strict.strict,
                ..CompleteDeployment::default()
            }),
            Deployment::Reset { id, rollback_database, validate_before_swap, complete, wait, strict } => {
                Self::new(ResetDeployment {
                    id,
                    reset_with_db_rollback: rollback_database,
                    validate_before_swap,
                    complete,
                    wait: if_asked(&wait),
                    strict: strict.strict,
                    ..ResetDeployment::default()
                })
            }
        }
    }

    fn of_export(verb: Export) -> Self {
        match verb {
            Export::Start { database: Database { environment, database }, retention_hours, wait, link } => {
                Self::new(StartExport {
                    environment,
                    database_name: database,
                    retention_hours,
                    wait: if_asked(&wait),
                    ..StartExport::default()
                })
                .showing_link(link.show_link)
            }
            Export::Show { database: Database { environment, database }, id, link } => {
                Self::new(GetExport { project_id: None, environment, database_name: database, id })
                    .showing_link(link.show_link)
            }
            Export::Wait { database: Database { environment, database }, id, wait, link } => Self::new(WaitForExport {
                environment,
                database_name: database,
                id,
                wait: always(&wait),
                ..WaitForExport::default()
            })
            .showing_link(link.show_link),
            Export::Save {
                database: Database { environment, database },
                output_file,
                id,
                new,
                retention_hours,
                force,
                streams,
                wait,
            } => Self::new(SaveExport {
                project_id: None,
                environment,
                database_name: database,
                id,
                new_export: new,
                retention_hours,
                output_file,
                overwrite: force,
                wait: always(&wait),
                download: DownloadSettings { streams },
            }),
        }
    }

    fn of_redis(verb: RedisVerb) -> Result<Vec<Self>> {
        let command = match verb {
            RedisVerb::Connect { uid } => Self::new(redis::ConnectCluster { uid }),
            RedisVerb::Export(RedisExport::Start {
                uid,
                location_file,
                location_stdin,
                email_notification,
                no_reset,
                wait_while_busy,
                busy_timeout,
                wait,
            }) => Self::new(redis::StartRedisExport {
                uid,
                location: settings::location(location_file.as_deref(), location_stdin)?,
                email_notification,
                reset: no_reset.then_some(false),
                wait_while_busy_minutes: wait_while_busy,
                busy_timeout_seconds: busy_timeout,
                wait: if_asked(&wait),
                ..redis::StartRedisExport::default()
            }),
            RedisVerb::Export(RedisExport::Show { uid, handle }) => Self::new(redis::GetRedisExport { uid, handle }),
            RedisVerb::Export(RedisExport::Wait { handles, wait }) => {
                let wait = always(&wait);
                let command = |handle| {
                    let request = redis::WaitForRedisExport { handle, wait, ..redis::WaitForRedisExport::default() };
                    Self::new(request).at(Service::RedisEnterprise)
                };
                return Ok(settings::handles(handles)?.into_iter().map(command).collect());
            }
            RedisVerb::Export(RedisExport::Reset { uid }) => Self::new(redis::ResetRedisExport { uid }),
            RedisVerb::Database(RedisDatabase::List) => Self::new(redis::ListRedisDatabases {}),
            RedisVerb::Database(RedisDatabase::Show { uid }) => Self::new(redis::GetRedisDatabase { uid }),
        };
        Ok(vec![command.at(Service::RedisEnterprise)])
    }

    fn of_guidewire(verb: GuidewireVerb) -> Self {
        match verb {
            GuidewireVerb::Connect => Self::new(guidewire::ConnectGuidewire {}),
            GuidewireVerb::Backup(Backup::Create {
                planet,
                planet_class,
                mechanism,
                permanent,
                retention_days,
                name,
                description,
                unique_name,
                wait,
            }) => Self::new(guidewire::CreateBackup {
                planet_id: planet,
                planet_class,
                mechanism,
                permanent,
                retention_days,
                name,
                description,
                unique_name,
                wait: if_asked(&wait),
                ..guidewire::CreateBackup::default()
            }),
            GuidewireVerb::Backup(Backup::Show { id }) => Self::new(guidewire::GetBackup { id }),
            GuidewireVerb::Backup(Backup::List { planet }) => Self::new(guidewire::ListBackups { planet_id: planet }),
            GuidewireVerb::Backup(Backup::Wait { id, wait }) => {
                Self::new(guidewire::WaitForBackup { id, wait: always(&wait), ..guidewire::WaitForBackup::default() })
            }
            GuidewireVerb::Backup(Backup::Delete { id, if_exists }) => {
                Self::new(guidewire::DeleteBackup { id, if_exists })
            }
        }
    }

    /// The operation's name in the catalog, and the request as a document.
    #[cfg(test)]
    pub(super) fn document(&self) -> (&'static str, serde_json::Value) {
        self.request.document()
    }

    /// Checks the request and runs the operation.
    pub(super) async fn run(self, client: &Client, scope: &Scope) -> Result<Box<dyn Shown>> {
        self.request.run(client, scope).await
    }
}

fn always(wait: &WaitOptions) -> Wait {
    Wait { timeout_minutes: wait.wait_timeout, polling_interval_seconds: wait.polling_interval }
}

fn if_asked(wait: &MayWait) -> Option<Wait> {
    let how = Wait { timeout_minutes: wait.wait_timeout, polling_interval_seconds: wait.polling_interval };
    wait.wait.then_some(how)
}

fn files_and_settings(files: Files) -> Result<(Vec<PackageFile>, UploadSettings)> {
    if files.blob_name.is_some() && files.files.len() > 1 {
        return Err(Error::invalid("--blob-name", "names one package, but there are several files"));
    }
    if files
        .files
        .iter()
        .any(|file| file.to_str().is_some_and(|text| text.starts_with("http:") || text.starts_with("https:")))
    {
        // Not repeated: it may hold a signature.
        return Err(Error::invalid(
            "FILE",
            "is a URL, not a file; pass a SAS URL in EPI_SAS_URL or with --sas-url-file",
        ));
    }
    let block_size = files.block_size.map(BlockSize::new).transpose();
    let settings = UploadSettings {
        streams: files.streams,
        block_size: block_size.map_err(|error| Error::invalid("upload.blockSize", error.to_string()))?,
        integrity: files.block_checksum.map(Into::into),
        no_content_md5: files.content_md5 == Some(Switch::Off),
    };
    let packages = files.files.into_iter().map(|path| PackageFile { path, blob_name: files.blob_name.clone() });
    Ok((packages.collect(), settings))
}

fn deploy_request(deploy: Deploy) -> Result<DeployPackages> {
    let (files, upload) = files_and_settings(deploy.files)?;
    Ok(DeployPackages {
        project_id: None,
        files,
        target_environment: deploy.to,
        maintenance_page: deploy.mode.use_maintenance_page,
        zero_downtime_mode: deploy.mode.zero_downtime_mode.map(Into::into),
        direct_deploy: deploy.mode.direct_deploy,
        wait: always(&deploy.wait),
        strict: deploy.strict.strict,
        upload,
        reuse_uploaded: deploy.reuse_uploaded,
    })
}

fn upload_request(files: Files, link_file: Option<PathBuf>, link_stdin: bool) -> Result<UploadPackages> {
    let (files, upload) = files_and_settings(files)?;
    let link = match (link_file, link_stdin) {
        (Some(file), _) => Some(settings::read_file("--sas-url-file", &file)?),
        (None, true) => Some(settings::read_stdin("--sas-url-stdin")?),
        (None, false) => settings::variable("EPI_SAS_URL")?,
    };
    let sas_url = link.map(|link| SecretString::from(link.as_str().to_owned()));
    Ok(UploadPackages { project_id: None, files, sas_url, upload })
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use super::super::args::Arguments;
    use super::*;

    fn command(line: &str) -> Command {
        Command::of(Arguments::try_parse_from(line.split(' ')).unwrap().verb).unwrap().remove(0)
    }

    #[test]
    fn what_is_said_of_an_upload_is_in_its_document_and_nothing_else_is() {
        for (options, upload) in [
            ("", json!({"noContentMd5": false})),
            (" --streams 3 --block-checksum md5", json!({"streams": 3, "integrity": "md5", "noContentMd5": false})),
            (" --block-size 5", json!({"blockSize": 5, "noContentMd5": false})),
            (" --block-size 64KiB --content-md5 off", json!({"blockSize": 65536, "noContentMd5": true})),
            (" --block-size 3GiB", json!({"blockSize": 3_221_225_472_u64, "noContentMd5": false})),
            (" --block-size=4000MiB --content-md5 on", json!({"blockSize": 4_194_304_000_u64, "noContentMd5": false})),
        ] {
            for line in ["epi package upload a.cms.app.1.nupkg", "epi deploy a.cms.app.1.nupkg --to ADE1"] {
                let (_, request) = command(&format!("{line}{options}")).document();
                assert_eq!(request["upload"], upload, "{line}{options}");
            }
        }
        for size in ["", "MiB", "-1", "1.5MiB", "1TiB", "1 m", "18446744073709551615KiB"] {
            let line = ["epi", "package", "upload", "a", &format!("--block-size={size}")];
            let refused = Arguments::try_parse_from(line).err().map(|error| error.to_string());
            assert!(refused.is_some_and(|text| text.contains("--block-size")), "'{size}'");
        }
    }
}
