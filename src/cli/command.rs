//! Arguments to request documents: which operation, with which document, and how to look again.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::args::{
    BlockChecksum, Database, Deploy, Deployment, Export, Files, MayWait, Mode, Package, Storage, Switch, Verb,
    WaitOptions,
};
use super::settings;
use crate::base::error::{Error, Kind, Result};
use crate::base::limits::{PollingSeconds, TimeoutMinutes};
use crate::ops::catalog;

/// One operation to run.
// No `Debug`: a request can hold a link.
#[derive(Clone)]
pub(super) struct Command {
    /// Its name in the catalog.
    pub(super) operation: &'static str,
    /// Its request document.
    pub(super) request: Value,
    /// Whether a link in the result may be shown in text output.
    pub(super) shows_link: bool,
}

impl Command {
    /// The operation that a verb asks for.
    pub(super) fn of(verb: Verb) -> Result<Self> {
        let (operation, request, shows_link) = match verb {
            Verb::Connect => ("connect", json!({}), false),
            Verb::Deploy(deploy) => ("package.deploy", deploy_request(&deploy)?, false),
            Verb::Package(Package::Location) => ("packageLocation.get", json!({}), true),
            Verb::Package(Package::Upload { files, sas_url_file, sas_url_stdin }) => {
                ("package.upload", upload_request(&files, sas_url_file, sas_url_stdin)?, false)
            }
            Verb::Deployment(verb) => {
                let (operation, request) = deployment_request(verb);
                (operation, request, false)
            }
            Verb::Export(verb) => export_request(verb)?,
            Verb::Storage(Storage::Containers { environment, writable }) => {
                ("storageContainer.list", json!({"environment": environment, "writable": writable}), false)
            }
            Verb::Storage(Storage::Sas { environment, container, retention_hours, writable }) => {
                let request = json!({"environment": environment, "storageContainer": container,
                                     "retentionHours": retention_hours, "writable": writable});
                ("storageSas.get", request, true)
            }
            Verb::EdgeLogs => ("edgeLogLocation.get", json!({}), true),
            Verb::Completion { .. } | Verb::Man { .. } => {
                return Err(Error::new(Kind::Internal, "completion scripts and manual pages are not operations"));
            }
        };
        Ok(Self { operation, request: without_nulls(request), shows_link })
    }

    /// Whether it changes something in the service. An upload through a link given by somebody goes elsewhere.
    pub(super) fn changes(&self) -> bool {
        catalog::find(self.operation).is_some_and(|row| row.changes) && self.request.get("sasUrl").is_none()
    }
}

/// Options that were not given are absent from the document, so that the operation's defaults hold.
fn without_nulls(mut request: Value) -> Value {
    if let Value::Object(members) = &mut request {
        members.retain(|_, value| !value.is_null());
    }
    request
}

fn path_text(option: &str, path: &Path) -> Result<String> {
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| Error::invalid(option, format!("'{}' is not valid Unicode text", path.display())))
}

fn wait_document(timeout: Option<TimeoutMinutes>, interval: Option<PollingSeconds>) -> Value {
    without_nulls(json!({"timeoutMinutes": timeout, "pollingIntervalSeconds": interval}))
}

fn always(wait: &WaitOptions) -> Value {
    wait_document(wait.wait_timeout, wait.polling_interval)
}

fn if_asked(wait: &MayWait) -> Value {
    if wait.wait { wait_document(wait.wait_timeout, wait.polling_interval) } else { Value::Null }
}

fn with_mode(mut request: Value, mode: &Mode) -> Value {
    request["directDeploy"] = json!(mode.direct_deploy);
    request["maintenancePage"] = json!(mode.use_maintenance_page);
    request["zeroDowntimeMode"] = json!(mode.zero_downtime_mode.map(super::args::ZeroDowntime::word));
    request
}

fn files_document(files: &Files) -> Result<(Value, Value)> {
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
    let documents = files
        .files
        .iter()
        .map(|file| Ok(without_nulls(json!({"path": path_text("FILE", file)?, "blobName": files.blob_name}))))
        .collect::<Result<Vec<_>>>()?;
    let integrity = files.block_checksum.map(|checksum| match checksum {
        BlockChecksum::Crc64 => "crc64",
        BlockChecksum::Md5 => "md5",
    });
    let upload = json!({"streams": files.streams, "blockSize": files.block_size, "integrity": integrity,
                        "noContentMd5": files.content_md5.map(|switch| switch == Switch::Off)});
    Ok((Value::Array(documents), without_nulls(upload)))
}

fn deploy_request(deploy: &Deploy) -> Result<Value> {
    let (files, upload) = files_document(&deploy.files)?;
    let request = json!({"files": files, "upload": upload, "targetEnvironment": deploy.to,
                         "wait": always(&deploy.wait), "strict": deploy.strict.strict,
                         "reuseUploaded": deploy.reuse_uploaded});
    Ok(with_mode(request, &deploy.mode))
}

fn upload_request(files: &Files, link_file: Option<PathBuf>, link_stdin: bool) -> Result<Value> {
    let (files, upload) = files_document(files)?;
    let link = match (link_file, link_stdin) {
        (Some(file), _) => Some(settings::read_file("--sas-url-file", &file)?),
        (None, true) => Some(settings::read_stdin("--sas-url-stdin")?),
        (None, false) => settings::variable("EPI_SAS_URL")?,
    };
    Ok(json!({"files": files, "upload": upload, "sasUrl": link.as_deref()}))
}

fn deployment_request(verb: Deployment) -> (&'static str, Value) {
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
        } => {
            let request = json!({
                "targetEnvironment": to, "packages": package, "sourceEnvironment": source_environment,
                "sourceApps": source_app, "includeBlob": include_blob, "includeDb": include_db,
                "wait": if_asked(&wait), "strict": strict.strict,
            });
            ("deployment.start", with_mode(request, &mode))
        }
        Deployment::List => ("deployment.list", json!({})),
        Deployment::Show { id } => ("deployment.get", json!({"id": id})),
        Deployment::Wait { id, until, wait, strict } => (
            "deployment.wait",
            json!({"id": id, "until": until.word(), "wait": always(&wait), "strict": strict.strict}),
        ),
        Deployment::Complete { id, wait, strict } => {
            ("deployment.complete", json!({"id": id, "wait": if_asked(&wait), "strict": strict.strict}))
        }
        Deployment::Reset { id, rollback_database, validate_before_swap, complete, wait, strict } => (
            "deployment.reset",
            json!({"id": id, "resetWithDbRollback": rollback_database, "validateBeforeSwap": validate_before_swap,
                   "complete": complete, "wait": if_asked(&wait), "strict": strict.strict}),
        ),
    }
}

fn of_database(database: &Database, more: Value) -> Value {
    let mut request = Map::new();
    request.insert("environment".to_owned(), json!(database.environment));
    request.insert("databaseName".to_owned(), json!(database.database));
    if let Value::Object(more) = more {
        request.extend(more);
    }
    Value::Object(request)
}

fn export_request(verb: Export) -> Result<(&'static str, Value, bool)> {
    Ok(match verb {
        Export::Start { database, retention_hours, wait, link } => (
            "databaseExport.start",
            of_database(&database, json!({"retentionHours": retention_hours, "wait": if_asked(&wait)})),
            link.show_link,
        ),
        Export::Show { database, id, link } => {
            ("databaseExport.get", of_database(&database, json!({"id": id})), link.show_link)
        }
        Export::Wait { database, id, wait, link } => {
            ("databaseExport.wait", of_database(&database, json!({"id": id, "wait": always(&wait)})), link.show_link)
        }
        Export::Save { database, output_file, id, new, retention_hours, force, streams, wait } => (
            "databaseExport.save",
            of_database(
                &database,
                json!({"outputFile": path_text("--output-file", &output_file)?, "id": id, "newExport": new,
                       "retentionHours": retention_hours, "overwrite": force, "wait": always(&wait), "download": without_nulls(json!({"streams": streams}))}),
            ),
            false,
        ),
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::args::Arguments;
    use super::*;

    fn command(line: &str) -> Command {
        Command::of(Arguments::try_parse_from(line.split(' ')).unwrap().verb).unwrap()
    }

    #[test]
    fn what_is_said_of_an_upload_is_in_its_document_and_nothing_else_is() {
        for (options, upload) in [
            ("", json!({})),
            (" --streams 3 --block-checksum md5", json!({"streams": 3, "integrity": "md5"})),
            (" --block-size 5", json!({"blockSize": 5})),
            (" --block-size 64KiB --content-md5 off", json!({"blockSize": 65536, "noContentMd5": true})),
            (" --block-size 3GiB", json!({"blockSize": 3_221_225_472_u64})),
            (" --block-size=4000MiB --content-md5 on", json!({"blockSize": 4_194_304_000_u64, "noContentMd5": false})),
        ] {
            for line in ["epi package upload a.cms.app.1.nupkg", "epi deploy a.cms.app.1.nupkg --to ADE1"] {
                assert_eq!(command(&format!("{line}{options}")).request["upload"], upload, "{line}{options}");
            }
        }
        for size in ["", "MiB", "-1", "1.5MiB", "1TiB", "1 m", "18446744073709551615KiB"] {
            let line = ["epi", "package", "upload", "a", &format!("--block-size={size}")];
            let refused = Arguments::try_parse_from(line).err().map(|error| error.to_string());
            assert!(refused.is_some_and(|text| text.contains("--block-size")), "'{size}'");
        }
    }
}
