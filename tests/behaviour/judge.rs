//! Plays one case against a fresh emulator and says what is not as it should be.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use epicloud::base::status::STATUS_TABLE;
use epicloud_emulator::{Config, Emulator, Phase, Recorded, Speed};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::case::{Case, Content, Part, Sent, Service, Settings};
use super::compare::{differences, differences_of_all, fill_in, fill_in_text, fits};
use super::runner::{Answer, Runner};

/// How long a request may take to reach the emulator.
const PATIENCE: Duration = Duration::from_secs(60);
/// The emulator's SAS URLs have the real blob storage's host in their path.
const STORE: &str = "/epiemulator.blob.core.windows.net";

/// Plays a case; the result is everything that was wrong.
pub(super) fn play(case: &Case, runner: &mut dyn Runner, runtime: &Runtime) -> Vec<String> {
    let fixture = Fixture::new(case, runtime);
    let mut wrong = Vec::new();
    fixture.play(case, runner, &mut wrong);
    wrong
}

struct Fixture {
    emulator: Emulator,
    folder: TempDir,
}

impl Fixture {
    fn new(case: &Case, runtime: &Runtime) -> Self {
        let emulator = runtime.block_on(Emulator::start(configuration(&case.service.emulator))).unwrap();
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in &case.files {
            let bytes = match content {
                Content::Text(text) => text.clone().into_bytes(),
                // Any bytes that differ from block to block.
                Content::Bytes(length) => (0..*length).map(|at| (at.wrapping_mul(at >> 8) >> 3) as u8).collect(),
            };
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        furnish(&emulator, &case.service);
        Self { emulator, folder }
    }

    fn play(&self, case: &Case, runner: &mut dyn Runner, wrong: &mut Vec<String>) {
        let emulator = &self.emulator;
        let mut names = BTreeMap::from([
            ("projectId".to_owned(), emulator.project_id().to_owned()),
            ("clientKey".to_owned(), emulator.client_key().to_owned()),
            ("folder".to_owned(), self.folder.path().display().to_string()),
            ("tenant".to_owned(), emulator.guidewire().tenant().to_owned()),
            ("starSystem".to_owned(), emulator.guidewire().star_system().to_owned()),
            ("planet".to_owned(), emulator.guidewire().planet().to_owned()),
            ("mount".to_owned(), emulator.redis().mount().to_owned()),
        ]);
        let secret = case.secret.as_deref().unwrap_or(match case.part() {
            Part::Dxp => emulator.client_secret(),
            Part::Guidewire => emulator.guidewire().client_secret(),
            Part::Redis => emulator.redis().password(),
        });
        let mut answer = runner.client(&self.account(case, &names), secret);
        for call in &case.before {
            if answer.is_ok() {
                answer = run(runner, &call.operation, &fill_in(&call.request, &names));
            }
            if !answer.is_ok() {
                wrong.push(format!("before, {}: {}", call.operation, answer.document));
                return;
            }
            for (name, pointer) in &call.keep {
                let part = answer.document.pointer(pointer).and_then(Value::as_str);
                names.insert(name.clone(), part.unwrap_or_else(|| panic!("{}: no {pointer}", case.name)).to_owned());
            }
        }
        emulator.clear_requests();
        if answer.is_ok() {
            answer = runner.start(&case.operation, &fill_in(&case.request, &names));
            if answer.is_ok() {
                if let Some(path) = &case.cancel_at {
                    self.wait_for_open_request(path);
                    runner.cancel();
                }
                answer = runner.end();
            }
        }
        check_answer(case, &answer, &names, wrong);
        if answer.document.to_string().contains(secret) && !secret.is_empty() {
            wrong.push("the answer holds the client secret".to_owned());
        }
        for words in ["(os error", "docs.rs"] {
            if answer.document.to_string().contains(words) {
                wrong.push(format!("the answer says '{words}' to people"));
            }
        }
        self.check_traces(case, &names, wrong);
    }

    /// The account, with the case's own members.
    fn account(&self, case: &Case, names: &BTreeMap<String, String>) -> Value {
        let (guidewire, redis) = (self.emulator.guidewire(), self.emulator.redis());
        let mut config = match case.part() {
            Part::Dxp => json!({
                "endpoint": self.emulator.endpoint(),
                "clientKey": self.emulator.client_key(),
                "projectId": self.emulator.project_id(),
                "caFile": self.emulator.ca_file(),
                "stateDir": self.folder.path().join("state"),
            }),
            Part::Guidewire => json!({
                "endpoint": guidewire.endpoint(),
                "tokenUrl": guidewire.token_url(),
                "clientId": guidewire.client_id(),
                "tenantId": guidewire.tenant(),
                "starSystemId": guidewire.star_system(),
                "caFile": self.emulator.ca_file(),
            }),
            Part::Redis => json!({
                "endpoint": redis.endpoint(),
                "user": redis.user(),
                "caFile": redis.ca_file(),
            }),
        };
        let members = config.as_object_mut().unwrap();
        for (name, value) in &case.config {
            members.remove(name);
            if !value.is_null() {
                members.insert(name.clone(), fill_in(value, names));
            }
        }
        config
    }

    /// What the paths of a service begin with, and cases leave out.
    fn base(&self, part: Part) -> String {
        let guidewire = self.emulator.guidewire();
        match part {
            Part::Dxp => format!("/api/v1.0/projects/{}/", self.emulator.project_id()),
            Part::Guidewire => {
                format!("/api/v1/tenants/{}/starsystems/{}/", guidewire.tenant(), guidewire.star_system())
            }
            Part::Redis => "/".to_owned(),
        }
    }

    fn wait_for_open_request(&self, path: &str) {
        let began = Instant::now();
        let is_open = |request: &Recorded| request.ended.is_none() && request.path.contains(path);
        while !self.emulator.requests().iter().any(is_open) {
            assert!(began.elapsed() < PATIENCE, "no request to {path} stays open");
            std::thread::yield_now();
        }
    }

    /// What the call left behind at the service and in the folder.
    fn check_traces(&self, case: &Case, names: &BTreeMap<String, String>, wrong: &mut Vec<String>) {
        if let Some(expected) = &case.requests {
            let lines: Vec<String> = expected.iter().map(|sent| fill_in_text(sent.line(), names)).collect();
            let base = self.base(case.part());
            let sent: Vec<String> = self.emulator.requests().iter().map(|request| shown(request, &base)).collect();
            if lines.len() != sent.len() || !lines.iter().zip(&sent).all(|(line, sent)| fits(line, sent)) {
                wrong.push(format!("requests: expected {lines:#?}, sent {sent:#?}"));
            }
            for (expected, request) in expected.iter().zip(self.emulator.requests()) {
                let Sent::WithBody(expected) = expected else { continue };
                let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
                let found = differences_of_all(&fill_in(&expected.body, names), &body);
                wrong.extend(found.iter().map(|found| format!("body of {}: {found}", expected.request)));
            }
        }
        for (path, expected) in &case.blobs {
            let (container, name) = path.split_once('/').unwrap();
            let blob = self.emulator.blob(container, name).filter(|blob| blob.committed);
            let length = blob.map(|blob| blob.len);
            if length != *expected {
                wrong.push(format!("blob {path}: expected {expected:?} bytes, found {length:?}"));
            }
        }
        for (name, expected) in &case.saved {
            let length = fs::metadata(self.folder.path().join(name)).ok().map(|file| file.len());
            if length != *expected {
                wrong.push(format!("file {name}: expected {expected:?} bytes, found {length:?}"));
            }
        }
    }
}

fn configuration(settings: &Settings) -> Config {
    let speed = if settings.takes_time { Speed::Real } else { Speed::Instant };
    let default = Config { speed, export_size: 300_000, ..Config::default() };
    Config {
        granted_environments: settings.granted_environments.clone(),
        edge_logs: settings.edge_logs.unwrap_or(default.edge_logs),
        export_md5: settings.export_md5.unwrap_or(default.export_md5),
        sas_version: settings.sas_version.clone().unwrap_or(default.sas_version.clone()),
        ..default
    }
}

fn furnish(emulator: &Emulator, service: &Service) {
    for blob in &service.blobs {
        emulator.put_blob(&blob.container, &blob.name, blob.text.as_bytes()).unwrap();
    }
    for blob in &service.leases {
        emulator.lease(&blob.container, &blob.name).unwrap();
    }
    for script in &service.deployments {
        emulator.script(script.phase, script.steps.clone());
    }
    for steps in &service.exports {
        emulator.script(Phase::Export, steps.clone());
    }
    for planted in &service.guidewire.backups {
        emulator.guidewire().plant(planted.clone()).unwrap();
    }
    for steps in &service.guidewire.scripts {
        emulator.guidewire().script(steps.clone());
    }
    for (uid, knobs) in &service.redis {
        emulator.redis().tune(*uid, |current| current.clone_from(knobs)).unwrap();
    }
    for rule in &service.faults {
        emulator.faults().add(rule.clone());
    }
}

fn run(runner: &mut dyn Runner, operation: &str, request: &Value) -> Answer {
    let started = runner.start(operation, request);
    if started.is_ok() { runner.end() } else { started }
}

fn check_answer(case: &Case, answer: &Answer, names: &BTreeMap<String, String>, wrong: &mut Vec<String>) {
    let found = match (&case.result, &case.error) {
        (Some(expected), _) if answer.is_ok() => differences(&fill_in(expected, names), &answer.document),
        (_, Some(expected)) if !answer.is_ok() => {
            let mut document = answer.document.clone();
            let mut found = parts_that_differ(&mut document);
            found.extend(differences(&fill_in(expected, names), &document));
            found.extend(differences_of_all(&error_members(answer.status), &document));
            found
        }
        _ => vec![format!("came out as {}: {}", answer.status, answer.document)],
    };
    wrong.extend(found);
}

/// Takes the parts out of an error as the C ABI gives it, and says where they are not the message and the next step.
/// Languages that put the document together themselves have none.
fn parts_that_differ(document: &mut Value) -> Vec<String> {
    let Some(members) = document.as_object_mut() else { return Vec::new() };
    let mut found = Vec::new();
    for (name, whole) in [("messageParts", "message"), ("nextStepParts", "nextStep")] {
        let Some(parts) = members.shift_remove(name) else { continue };
        let word = |part: &Value| match (&part["text"], &part["member"]) {
            (Value::String(word), _) | (_, Value::String(word)) => word.clone(),
            _ => match part["request"].as_object() {
                Some(request) if request.is_empty() => part["operation"].as_str().unwrap_or_default().to_owned(),
                _ => format!("{} with {}", part["operation"].as_str().unwrap_or_default(), part["request"]),
            },
        };
        let said = parts.as_array().map(|parts| parts.iter().map(word).collect::<String>());
        if said.as_deref() != members[whole].as_str() {
            found.push(format!("{name} say {said:?}, and {whole} is {}", members[whole]));
        }
    }
    found
}

/// What every error has, and nothing else.
fn error_members(status: i32) -> Value {
    let row = STATUS_TABLE.iter().find(|row| row.status == status).unwrap_or_else(|| panic!("status {status}"));
    json!({
        "status": row.name, "exitCode": row.exit_code, "message": "<text>", "httpStatus": "<any>", "code": "<any>",
        "errors": "<any>", "requestId": "<any>", "field": "<any>", "nextStep": "<any>", "retry": "<text>",
        "retryAfterMs": "<any>", "attempts": "<number>",
    })
}

/// A request as the cases write it: without what differs from run to run.
fn shown(request: &Recorded, base: &str) -> String {
    let method = &request.method;
    if let Some(path) = request.path.strip_prefix(base) {
        let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
        return format!("{method} {path}{query}");
    }
    let path = request.path.strip_prefix(STORE).unwrap_or(&request.path);
    // A SAS URL's own query is a signature, and block ids are made up by the library.
    let comp = request.query.split('&').find_map(|pair| pair.strip_prefix("comp="));
    format!("{method} {path}{}", comp.map(|comp| format!("?comp={comp}")).unwrap_or_default())
}
