//! Results as text for people. JSON output shows the documents themselves.

use indicatif::HumanBytes;
use serde_json::Value;

use super::command::Command;
use super::table::table;
use super::words::CommandLine;
use crate::base::next_step::NextStep;
use crate::base::redaction::one_line;
use crate::base::service_object::texts_of;
use crate::base::time::{age, parse_instant};
use crate::ops::dxp::DeploymentGoal;
use crate::ops::dxp::commands::{DxpCommand, Waiting};

/// Where a text is shown.
pub(super) struct Page {
    /// The columns of the terminal; none in a file or a pipe, which get all in a form that stays.
    pub(super) columns: Option<usize>,
    /// The time, in milliseconds since 1970.
    pub(super) now_ms: u64,
}

/// A result document as text.
pub(super) fn text(command: &Command, document: &Value, host: &CommandLine, page: &Page) -> String {
    match command.operation {
        "connect" => {
            let kind = if document["live"] == true { "the live service" } else { "not the live service" };
            format!(
                "credentials OK: key {}, project {}, endpoint {} ({kind})",
                word(document, "clientKey"),
                word(document, "projectId"),
                word(document, "endpoint")
            )
        }
        "package.upload" => uploads(&document["packages"]),
        "package.deploy" => {
            let reused = words(&document["reused"]).into_iter().map(|name| format!("reused {name}"));
            let parts = [uploads(&document["packages"])].into_iter().chain(reused).filter(|part| !part.is_empty());
            parts.chain([deployment(&document["deployment"], host)]).collect::<Vec<_>>().join("\n")
        }
        "packageLocation.get" | "edgeLogLocation.get" => word(document, "location"),
        "deployment.list" => deployments(document, page),
        "databaseExport.save" => saved(document),
        "storageContainer.list" => words(&document["storageContainers"]).join("\n"),
        "storageSas.get" => links(document),
        name if name.starts_with("databaseExport.") => export(document, command.shows_link, host),
        _ => deployment(document, host),
    }
}

fn word(document: &Value, name: &str) -> String {
    shown(&document[name])
}

/// A value as one line without control characters, whatever the service put into it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => one_line(text),
        other => other.to_string(),
    }
}

fn words(list: &Value) -> Vec<String> {
    texts_of(list).iter().map(|text| one_line(text)).collect()
}

fn bytes(document: &Value) -> String {
    document["bytes"].as_u64().map_or_else(String::new, |bytes| HumanBytes(bytes).to_string())
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

fn uploads(packages: &Value) -> String {
    let items = packages.as_array().map(Vec::as_slice).unwrap_or_default();
    let line =
        |package: &Value| format!("uploaded {} ({}, MD5 {})", word(package, "blobName"), bytes(package), md5(package));
    items.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn md5(document: &Value) -> String {
    let md5 = word(document, "contentMd5");
    if md5.is_empty() { "not computed".to_owned() } else { md5 }
}

fn deployment(deployment: &Value, host: &CommandLine) -> String {
    let status = word(deployment, "status");
    let id = word(deployment, "id");
    let say = |text: &str, next: DxpCommand| NextStep::text(text).command(next).worded(host);
    let reset = |complete: bool| DxpCommand::ResetDeployment { id: id.clone(), complete };
    let waiting = Waiting::default();
    let wait =
        |until| vec![say("wait for it with: ", DxpCommand::WaitForDeployment { id: id.clone(), until, waiting })];
    let next = match status.as_str() {
        "AwaitingVerification" => vec![
            say("verify the site, then complete the deployment: ", DxpCommand::CompleteDeployment { id: id.clone() }),
            say("or roll it back: ", reset(false)),
        ],
        "AwaitingResetVerification" => vec![say("verify the site, then complete the reset: ", reset(true))],
        "InProgress" => wait(DeploymentGoal::Start),
        "Completing" => wait(DeploymentGoal::Complete),
        "Resetting" => wait(DeploymentGoal::Reset),
        "Failed" if words(&deployment["deploymentErrors"]).is_empty() => {
            vec!["the service gave no reason; check the deployment in the DXP Management Portal".to_owned()]
        }
        _ => Vec::new(),
    };
    // Once it is over nothing is to be verified there any more.
    let verified_at = if status.starts_with("Awaiting") { words(&deployment["validationLinks"]) } else { Vec::new() };
    let percent = deployment["percentComplete"].as_f64().map_or_else(String::new, |percent| format!("{percent} %"));
    block(&[
        ("deployment", vec![id]),
        ("status", vec![status]),
        ("progress", vec![percent]),
        ("environment", vec![word(&deployment["parameters"], "targetEnvironment")]),
        ("packages", words(&deployment["parameters"]["packages"])),
        ("from", vec![word(&deployment["parameters"], "sourceEnvironment")]),
        ("started", vec![word(deployment, "startTime")]),
        ("ended", vec![word(deployment, "endTime")]),
        ("verify at", verified_at),
        ("warnings", words(&deployment["deploymentWarnings"])),
        ("errors", words(&deployment["deploymentErrors"])),
        ("next", next),
    ])
}

fn deployments(list: &Value, page: &Page) -> String {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    if items.is_empty() {
        return "no deployments".to_owned();
    }
    let header = ["ID", "STATUS", "PERCENT", "ENVIRONMENT", "STARTED", "PACKAGES"].map(str::to_owned);
    let rows = items.iter().map(|item| {
        let started = word(item, "startTime");
        [
            word(item, "id"),
            word(item, "status"),
            match word(item, "percentComplete") {
                percent if page.columns.is_some() && !percent.is_empty() => format!("{percent} %"),
                percent => percent,
            },
            word(&item["parameters"], "targetEnvironment"),
            match (page.columns, parse_instant(&started)) {
                (Some(_), Some(instant)) => age(instant, page.now_ms),
                _ => started,
            },
            words(&item["parameters"]["packages"]).join(if page.columns.is_some() { ", " } else { "," }),
        ]
    });
    table(&header, &rows.collect::<Vec<_>>(), page.columns)
}

fn export(export: &Value, shows_link: bool, host: &CommandLine) -> String {
    let link = match word(export, "downloadLink") {
        link if link.is_empty() || shows_link => link,
        _ => "available (hidden; use --show-link)".to_owned(),
    };
    let save = |text: &str| {
        let database = word(export, "databaseName");
        let next = DxpCommand::SaveExport {
            environment: word(export, "environment"),
            id: Some(word(export, "id")),
            output_file: format!("{database}.bacpac"),
            database,
            overwrite: false,
            streams: None,
            waiting: Waiting::default(),
        };
        NextStep::text(text).command(next).worded(host)
    };
    let next = match word(export, "status").as_str() {
        "Started" | "InProgress" => vec![save("wait for it and download it with: ")],
        "Succeeded" => vec![save("download it with: ")],
        _ => Vec::new(),
    };
    // A command that does not say of which database would be of no use.
    let next = if word(export, "databaseName").is_empty() { Vec::new() } else { next };
    block(&[
        ("export", vec![word(export, "id")]),
        ("status", vec![word(export, "status")]),
        ("database", vec![word(export, "databaseName")]),
        ("environment", vec![word(export, "environment")]),
        ("file name", vec![word(export, "bacpacName")]),
        ("link", vec![link]),
        ("next", next),
    ])
}

fn saved(document: &Value) -> String {
    let verified = match word(document, "verified").as_str() {
        "md5" => format!("MD5 {} verified", md5(document)),
        "size" => "size verified; the blob storage has no MD5".to_owned(),
        _ => "not verified: the blob storage has neither size nor MD5".to_owned(),
    };
    format!(
        "saved {} of {} as {} ({}, {verified}, structure checked)",
        word(document, "databaseName"),
        word(document, "environment"),
        word(document, "file"),
        bytes(document)
    )
}

fn links(list: &Value) -> String {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let lines = items.iter().map(|item| {
        block(&[
            ("container", vec![word(item, "containerName")]),
            ("expires", vec![word(item, "expiresOn")]),
            ("link", vec![word(item, "sasLink")]),
        ])
    });
    lines.collect::<Vec<_>>().join("\n\n")
}
