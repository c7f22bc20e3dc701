//! Results as text for people. JSON output shows them as documents.

use indicatif::HumanBytes;
use serde::Serialize;
use serde_json::{Map, Value};

use super::table::table;
use super::words::CommandLine;
use crate::base::error::Result;
use crate::base::next_step::{Command, NextStep};
use crate::base::redaction::one_line;
use crate::base::service_object::ServiceObject;
use crate::base::time::{age, parse_instant};
use crate::ops::document;
use crate::ops::dxp::commands::{DxpCommand, Waiting};
use crate::ops::dxp::request::{Connected, DeployedPackages, SavedExport, StartedExport, UploadedPackages};
use crate::ops::dxp::{
    ContainerLink, DatabaseExport, Deployment, DeploymentGoal, DeploymentStatus, ExportStatus, Location,
    StorageContainers, UploadReceipt,
};
use crate::ops::guidewire::request::ConnectedGuidewire;
use crate::ops::job::{Instant, JobRecord, JobState};
use crate::ops::redis_enterprise::Database;
use crate::ops::redis_enterprise::request::{ConnectedCluster, ExportableDatabase};

/// Where a text is shown.
pub(super) struct Page<'a> {
    /// The columns of the terminal; none in a file or a pipe, which get all in a form that stays.
    pub(super) columns: Option<usize>,
    /// The time, in milliseconds since 1970.
    pub(super) now_ms: u64,
    /// Whether the link of an export may be shown.
    pub(super) shows_link: bool,
    /// The words for commands.
    pub(super) words: &'a CommandLine,
}

/// A result that has a text for people.
pub(super) trait Text {
    /// The text.
    fn text(&self, page: &Page<'_>) -> String;
}

/// A result of any operation.
pub(super) trait Shown: Text + Send {
    /// The result document.
    fn document(&self) -> Result<Value>;
}

impl<T: Text + Serialize + Send> Shown for T {
    fn document(&self) -> Result<Value> {
        document::write(self)
    }
}

/// Several results.
pub(super) struct Several(pub(super) Vec<Box<dyn Shown>>);

impl Shown for Several {
    fn document(&self) -> Result<Value> {
        self.0.iter().map(|result| result.document()).collect()
    }
}

impl Text for Several {
    fn text(&self, page: &Page<'_>) -> String {
        self.0.iter().map(|result| result.text(page)).collect::<Vec<_>>().join("\n\n")
    }
}

impl Text for JobRecord {
    fn text(&self, page: &Page<'_>) -> String {
        let time = |instant: &Option<Instant>| instant.iter().map(|instant| one_line(&instant.time)).collect();
        let wait = || {
            let request = Map::from_iter([("handle".to_owned(), self.handle.clone().into())]);
            NextStep::text("wait for it with: ").command(Command::new("job.wait", request)).worded(page.words)
        };
        let is_under_way = !self.state.is_final() && self.state != JobState::Idle;
        let failure = self.failure.as_ref().and_then(|failure| failure["message"].as_str());
        block(&[
            ("job", vec![one_line(&self.subject)]),
            ("service", vec![self.service.to_owned()]),
            ("status", vec![one_line(&self.status)]),
            ("progress", self.progress.map(|part| format!("{:.0} %", part * 100.0)).into_iter().collect()),
            ("started", time(&self.times.started)),
            ("ended", time(&self.times.completed)),
            ("expires", time(&self.times.expires)),
            ("error", failure.map(one_line).into_iter().collect()),
            ("handle", vec![self.handle.clone()]),
            ("next", if is_under_way { vec![wait()] } else { Vec::new() }),
        ])
    }
}

impl Text for Vec<JobRecord> {
    fn text(&self, page: &Page<'_>) -> String {
        if self.is_empty() {
            return "nothing found".to_owned();
        }
        let time = |instant: &Option<Instant>| instant.as_ref().map_or_else(String::new, |at| one_line(&at.time));
        let id = |job: &JobRecord| {
            job.object.get("id").map_or_else(String::new, |id| one_line(id.to_string().trim_matches('"')))
        };
        let row = |job: &JobRecord| {
            [id(job), one_line(&job.status), one_line(&job.subject), time(&job.times.started), time(&job.times.expires)]
        };
        let rows: Vec<_> = self.iter().map(row).collect();
        table(&["ID", "STATUS", "OF", "STARTED", "EXPIRES"].map(str::to_owned), &rows, page.columns)
    }
}

impl Text for ConnectedGuidewire {
    fn text(&self, _: &Page<'_>) -> String {
        let [client, tenant, star_system, endpoint] =
            [&self.client_id, &self.tenant_id, &self.star_system_id, &self.endpoint].map(|text| one_line(text));
        let backups = self.backups;
        format!(
            "credentials OK: client {client}, tenant {tenant}, star system {star_system} ({backups} backups), endpoint {endpoint}"
        )
    }
}

impl Text for ConnectedCluster {
    fn text(&self, page: &Page<'_>) -> String {
        let version = self.version.as_deref().map_or_else(|| "unknown".to_owned(), one_line);
        let mut text = format!("credentials OK: {} (version {version})", one_line(&self.endpoint));
        if let Some(ExportableDatabase { uid, name, exportable, modules }) = &self.database {
            let modules = lines(modules).join(", ");
            let verdict = match exportable {
                Some(true) => "can be exported".to_owned(),
                Some(false) => format!("cannot be exported because of its modules: {modules}"),
                None => format!("may not be exportable; the cluster does not say for its modules: {modules}"),
            };
            text += &format!("\ndatabase {uid} ({}) {verdict}", one_line(name));
        }
        format!("{text}\n{}", self.databases.text(page))
    }
}

impl Text for Vec<Database> {
    fn text(&self, page: &Page<'_>) -> String {
        if self.is_empty() {
            return "no databases".to_owned();
        }
        let row = |database: &Database| {
            [database.uid().to_string(), one_line(database.name()), one_line(database.export_status().word())]
        };
        let rows: Vec<_> = self.iter().map(row).collect();
        table(&["UID", "NAME", "LAST EXPORT"].map(str::to_owned), &rows, page.columns)
    }
}

impl Text for Database {
    fn text(&self, _: &Page<'_>) -> String {
        let member = |name: &str| vec![word(self.document(), name)];
        block(&[
            ("database", vec![self.uid().to_string()]),
            ("name", vec![one_line(self.name())]),
            ("status", member("status")),
            ("version", member("version")),
            ("shards", member("shards_count")),
            ("last export", vec![one_line(self.export_status().word())]),
            ("exported", member("last_export_time")),
            ("reason", member("export_failure_reason")),
        ])
    }
}

impl Text for Connected {
    fn text(&self, _: &Page<'_>) -> String {
        let kind = if self.live { "the live service" } else { "not the live service" };
        let [key, project, endpoint] = [&self.client_key, &self.project_id, &self.endpoint].map(|text| one_line(text));
        format!("credentials OK: key {key}, project {project}, endpoint {endpoint} ({kind})")
    }
}

impl Text for UploadedPackages {
    fn text(&self, _: &Page<'_>) -> String {
        uploads(&self.packages).collect::<Vec<_>>().join("\n")
    }
}

impl Text for DeployedPackages {
    fn text(&self, page: &Page<'_>) -> String {
        let reused = self.reused.iter().map(|name| format!("reused {}", one_line(name)));
        let lines = uploads(&self.packages).chain(reused).chain([self.deployment.text(page)]);
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl Text for Location {
    fn text(&self, _: &Page<'_>) -> String {
        word(self.document(), "location")
    }
}

impl Text for StorageContainers {
    fn text(&self, _: &Page<'_>) -> String {
        lines(&self.names()).join("\n")
    }
}

/// A member as one line without control characters, whatever the service put into it.
fn word(object: &ServiceObject, name: &str) -> String {
    match object.get(name) {
        None => String::new(),
        Some(Value::String(text)) => one_line(text),
        Some(other) => other.to_string(),
    }
}

fn lines(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| one_line(text)).collect()
}

fn uploads(receipts: &[UploadReceipt]) -> impl Iterator<Item = String> {
    receipts.iter().map(|receipt| {
        let (name, bytes) = (one_line(&receipt.blob_name), HumanBytes(receipt.bytes));
        format!("uploaded {name} ({bytes}, MD5 {})", receipt.content_md5.as_deref().unwrap_or("not computed"))
    })
}

/// Names and values under each other; values that are empty are left out, lists get a line each.
fn block(rows: &[(&str, Vec<String>)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (name, values) in rows {
        for (index, value) in values.iter().filter(|value| !value.is_empty()).enumerate() {
            let name = if index == 0 { name } else { "" };
            let colon = if index == 0 { ':' } else { ' ' };
            lines.push(format!("{name}{colon}{:pad$} {value}", "", pad = width - name.len()));
        }
    }
    lines.join("\n")
}

impl Text for Deployment {
    fn text(&self, page: &Page<'_>) -> String {
        let id = || self.id().to_owned();
        let say = |text: &str, next: DxpCommand| NextStep::text(text).command(next).worded(page.words);
        let reset = |complete: bool| DxpCommand::ResetDeployment { id: id(), complete };
        let waiting = Waiting::default();
        let wait = |until| vec![say("wait for it with: ", DxpCommand::WaitForDeployment { id: id(), until, waiting })];
        let status = self.status();
        let next = match status {
            DeploymentStatus::AwaitingVerification => vec![
                say("verify the site, then complete the deployment: ", DxpCommand::CompleteDeployment { id: id() }),
                say("or roll it back: ", reset(false)),
            ],
            DeploymentStatus::AwaitingResetVerification => {
                vec![say("verify the site, then complete the reset: ", reset(true))]
            }
            DeploymentStatus::InProgress => wait(DeploymentGoal::Start),
            DeploymentStatus::Completing => wait(DeploymentGoal::Complete),
            DeploymentStatus::Resetting => wait(DeploymentGoal::Reset),
            DeploymentStatus::Failed if self.errors().is_empty() => {
                vec!["the service gave no reason; check the deployment in the DXP Management Portal".to_owned()]
            }
            _ => Vec::new(),
        };
        // Once it is over nothing is to be verified there any more.
        let verified_at = match status {
            DeploymentStatus::AwaitingVerification | DeploymentStatus::AwaitingResetVerification => {
                lines(&self.validation_links())
            }
            _ => Vec::new(),
        };
        block(&[
            ("deployment", vec![one_line(self.id())]),
            ("status", vec![one_line(self.status_text())]),
            ("progress", self.percent_complete().map(|percent| format!("{percent} %")).into_iter().collect()),
            ("environment", self.target_environment().map(one_line).into_iter().collect()),
            ("packages", lines(&self.packages())),
            ("from", self.source_environment().map(one_line).into_iter().collect()),
            ("started", vec![word(self.document(), "startTime")]),
            ("ended", vec![word(self.document(), "endTime")]),
            ("verify at", verified_at),
            ("warnings", lines(&self.warnings())),
            ("errors", lines(&self.errors())),
            ("next", next),
        ])
    }
}

impl Text for Vec<Deployment> {
    fn text(&self, page: &Page<'_>) -> String {
        if self.is_empty() {
            return "no deployments".to_owned();
        }
        let header = ["ID", "STATUS", "PERCENT", "ENVIRONMENT", "STARTED", "PACKAGES"].map(str::to_owned);
        let is_terminal = page.columns.is_some();
        let rows = self.iter().map(|deployment| {
            let started = word(deployment.document(), "startTime");
            let unit = if is_terminal { " %" } else { "" };
            [
                one_line(deployment.id()),
                one_line(deployment.status_text()),
                deployment.percent_complete().map_or_else(String::new, |percent| format!("{percent}{unit}")),
                one_line(deployment.target_environment().unwrap_or_default()),
                match parse_instant(&started).filter(|_| is_terminal) {
                    Some(instant) => age(instant, page.now_ms),
                    None => started,
                },
                lines(&deployment.packages()).join(if is_terminal { ", " } else { "," }),
            ]
        });
        table(&header, &rows.collect::<Vec<_>>(), page.columns)
    }
}

impl Text for DatabaseExport {
    fn text(&self, page: &Page<'_>) -> String {
        block(&rows_of_export(self, page))
    }
}

impl Text for StartedExport {
    fn text(&self, page: &Page<'_>) -> String {
        let mut rows = rows_of_export(&self.export, page);
        rows.push(("handle", vec![self.handle.clone()]));
        block(&rows)
    }
}

fn rows_of_export(export: &DatabaseExport, page: &Page<'_>) -> Vec<(&'static str, Vec<String>)> {
    let member = |name: &str| word(export.document(), name);
    let (database, environment) = (member("databaseName"), member("environment"));
    let link = match member("downloadLink") {
        link if link.is_empty() || page.shows_link => link,
        _ => "available (hidden; use --show-link)".to_owned(),
    };
    let save = |text: &str| {
        let next = DxpCommand::SaveExport {
            environment: environment.clone(),
            database: database.clone(),
            id: Some(export.id().to_owned()),
            output_file: format!("{database}.bacpac"),
            overwrite: false,
            streams: None,
            waiting: Waiting::default(),
        };
        NextStep::text(text).command(next).worded(page.words)
    };
    let next = match export.status() {
        // A command that does not say of which database would be of no use.
        _ if database.is_empty() => Vec::new(),
        ExportStatus::Started | ExportStatus::InProgress => vec![save("wait for it and download it with: ")],
        ExportStatus::Succeeded => vec![save("download it with: ")],
        _ => Vec::new(),
    };
    vec![
        ("export", vec![one_line(export.id())]),
        ("status", vec![one_line(export.status_text())]),
        ("database", vec![database.clone()]),
        ("environment", vec![environment.clone()]),
        ("file name", vec![member("bacpacName")]),
        ("link", vec![link]),
        ("next", next),
    ]
}

impl Text for SavedExport {
    fn text(&self, _: &Page<'_>) -> String {
        let file = &self.file;
        let verified = match (&file.content_md5, file.verified) {
            (Some(md5), "md5") => format!("MD5 {md5} verified"),
            (_, "size") => "size verified; the blob storage has no MD5".to_owned(),
            _ => "not verified: the blob storage has neither size nor MD5".to_owned(),
        };
        format!(
            "saved {} of {} as {} ({}, {verified}, structure checked)",
            one_line(&self.database_name),
            one_line(&self.environment),
            one_line(&file.file.to_string_lossy()),
            HumanBytes(file.bytes)
        )
    }
}

impl Text for Vec<ContainerLink> {
    fn text(&self, _: &Page<'_>) -> String {
        let blocks = self.iter().map(|link| {
            let member = |name: &str| vec![word(link.document(), name)];
            block(&[
                ("container", member("containerName")),
                ("expires", member("expiresOn")),
                ("link", member("sasLink")),
            ])
        });
        blocks.collect::<Vec<_>>().join("\n\n")
    }
}
