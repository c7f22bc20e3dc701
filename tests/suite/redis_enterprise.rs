//! Exports of Redis Enterprise Software: the acceptance cases A1 to A17 of its specification and the conformance cases of
//! the export job model, from the library against the emulator on one virtual clock.

use std::sync::Arc;
use std::time::Duration;

use epicloud::base::event::Recording;
use epicloud::base::retry::Purpose;
use epicloud::export::provider::Provider;
use epicloud::ops::redis_enterprise::{Authentication, request};
use epicloud::redis_enterprise::account::AccountSettings;
use epicloud::redis_enterprise::export_job::RedisExports;
use epicloud::transport::authorities::Authorities;
use epicloud::transport::http::Http;
use epicloud::transport::trust::Trust;
use epicloud::{CancelToken, Client, Error, Event, Kind, RedisEnterpriseConfig, Result, Scope, Secret};
use epicloud_emulator::redis::{Database, Idle, Reason, Response, Role, User, Version};
use epicloud_emulator::{Config, Effect, Emulator, Recorded, Rule, Speed};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::virtual_time::{Seeded, TestClock};

/// A cluster and a client in this process, on one virtual clock.
struct Cluster {
    emulator: Arc<Emulator>,
    clock: Arc<TestClock>,
    client: Client,
    recording: Arc<Recording>,
    scope: Scope,
}

impl Cluster {
    async fn new() -> Self {
        Self::with(Config::default()).await
    }

    async fn with(config: Config) -> Self {
        Self::of(config, |config| config).await
    }

    async fn of(config: Config, change: impl FnOnce(RedisEnterpriseConfig) -> RedisEnterpriseConfig) -> Self {
        let emulator = Arc::new(Emulator::start(Config { speed: Speed::Manual, ..config }).await.unwrap());
        let clock = TestClock::moving(&emulator);
        let client = client(&change(configuration(&emulator)), emulator.redis().password(), &clock);
        let recording = Arc::new(Recording::default());
        let scope = Scope::new(recording.clone(), CancelToken::new());
        Self { emulator, clock, client, recording, scope }
    }

    /// A cluster without version 2 of the actions: the state of the database is all there is.
    async fn without_actions() -> Self {
        let mut config = Config::default();
        config.redis.version = Version::V7_8;
        Self::with(config).await
    }

    async fn run(&self, operation: &str, document: Value) -> Result<Value> {
        self.client.run_document(operation, document, &self.scope).await
    }

    async fn start(&self, more: Value) -> Result<Value> {
        self.run("redisEnterprise.export.start", self.order(&more)).await
    }

    /// An export of the first database to the mount point.
    fn order(&self, more: &Value) -> Value {
        let mut document = json!({"uid": 1, "location": self.mount()});
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        document
    }

    fn mount(&self) -> Value {
        json!({"type": "mount_point", "path": self.emulator.redis().mount()})
    }

    async fn get(&self, record: &Value) -> Value {
        self.run("redisEnterprise.export.get", json!({"handle": record["handle"]})).await.unwrap()
    }

    async fn wait(&self, record: &Value, minutes: u32) -> Result<Value> {
        let document = json!({"handle": record["handle"], "wait": {"timeoutMinutes": minutes}});
        self.run("redisEnterprise.export.wait", document).await
    }

    /// The requests so far whose method and path are these.
    fn requests(&self, method: &str, path: &str) -> Vec<Recorded> {
        let fits = |request: &Recorded| request.method == method && request.path.contains(path);
        self.emulator.requests().into_iter().filter(fits).collect()
    }

    fn posts(&self) -> usize {
        self.requests("POST", "/actions/export").len()
    }

    /// The status words that progress has shown.
    fn words(&self) -> Vec<String> {
        let events = self.recording.events().into_iter();
        events.filter_map(|event| if let Event::Progress(progress) = event { progress.status } else { None }).collect()
    }
}

fn configuration(emulator: &Emulator) -> RedisEnterpriseConfig {
    let redis = emulator.redis();
    RedisEnterpriseConfig {
        endpoint: Some(redis.endpoint().to_owned()),
        user: Some(redis.user().to_owned()),
        ca_file: Some(redis.ca_file().to_owned()),
        ..RedisEnterpriseConfig::default()
    }
}

fn client(config: &RedisEnterpriseConfig, password: &str, clock: &Arc<TestClock>) -> Client {
    Client::with_sources(config.clone(), Some(&Secret::from(password)), clock.clone(), Arc::new(Seeded::printed()))
        .unwrap()
}

fn to_json(with_wait: bool) -> Value {
    if with_wait { json!({"wait": {}}) } else { json!({}) }
}

/// The prefix of a handle is not secret; the rest is a document.
fn opened(handle: &Value) -> Value {
    use base64::Engine as _;
    let encoded = handle.as_str().unwrap().strip_prefix("redis:").unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(encoded).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a1_idle_export_succeeded() {
    let cluster = Cluster::new().await;
    let record = cluster.start(json!({"wait": {}, "emailNotification": true})).await.unwrap();
    assert_eq!((&record["state"], &record["evidence"]), (&json!("succeeded"), &json!("strong")));
    assert_eq!(record["service"], "redis-enterprise");
    assert_eq!(
        record["artifact"],
        json!({"kind": "placed", "location": cluster.mount(), "format": "rdb.gz", "expectedParts": 1})
    );
    assert_eq!(record["object"]["last_export_time"], record["times"]["completed"]["time"]);
    assert!(record["times"]["requested"]["time"].is_string());
    let folder = cluster.emulator.redis().sandbox().join("mnt/exports");
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(matches!(&files[..], [name] if name.to_str().unwrap().ends_with(".rdb.gz")), "{files:?}");
    assert_eq!((cluster.posts(), cluster.emulator.redis().outbox().len()), (1, 1));
    // Soon after the start, then in growing pauses.
    let pauses = cluster.clock.pauses();
    assert_eq!(pauses[..2], [Duration::from_secs(1), Duration::from_secs(5)], "{pauses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn c1_every_shard_is_a_part_and_progress_is_the_services() {
    let cluster = Cluster::new().await;
    let started = cluster.start(json!({"uid": 2})).await.unwrap();
    assert_eq!(started["state"], "queued");
    assert_eq!(started.get("artifact"), None);
    cluster.clock.advance(Duration::from_millis(1_500));
    let running = cluster.get(&started).await;
    assert_eq!((&running["state"], &running["progress"]), (&json!("running"), &json!(0.5)));
    let record = cluster.wait(&running, 5).await.unwrap();
    assert_eq!((&record["state"], &record["artifact"]["expectedParts"]), (&json!("succeeded"), &json!(3)));
    assert_eq!(cluster.emulator.redis().placed()[0].files.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a2_each_failure_reason() {
    for (reason, kind, code) in [
        (Reason::NoPermission, Kind::DestinationDenied, "no-permission"),
        (Reason::WrongFilePath, Kind::DestinationNotFound, "wrong-file-path"),
        (Reason::GeneralError, Kind::JobFailed, "general-error"),
    ] {
        for version in [Version::V8_2, Version::V7_8] {
            let mut config = Config::default();
            config.redis.version = version;
            let cluster = Cluster::with(config).await;
            cluster.emulator.redis().tune(1, |knobs| (knobs.fail, knobs.fail_at) = (Some(reason), 40.0)).unwrap();
            let error = cluster.start(json!({"wait": {}})).await.unwrap_err();
            assert_eq!((error.kind(), error.code(), error.kind().row().exit_code), (kind, Some(code), 5), "{error}");
            assert!(error.next_step().is_some());
            let record = cluster.start(json!({"wait": {}, "allowFailed": true})).await.unwrap();
            assert_eq!((&record["state"], &record["failure"]["status"]), (&json!("failed"), &json!(kind.row().name)));
            assert_eq!((record.get("artifact"), &record["evidence"]), (None, &json!("strong")));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_c6_busy_twice_then_accepted() {
    let cluster = Cluster::new().await;
    cluster.emulator.redis().tune(1, |knobs| knobs.conflicts = 2).unwrap();
    let record = cluster.start(json!({"wait": {}})).await.unwrap();
    assert_eq!((&record["state"], cluster.posts()), (&json!("succeeded"), 3));
    let pauses: Vec<u64> = cluster.clock.pauses().iter().take(2).map(|pause| pause.as_millis() as u64).collect();
    assert!((400..=600).contains(&pauses[0]) && (800..=1200).contains(&pauses[1]), "{pauses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_a_database_that_stays_busy_is_given_up_after_its_time() {
    let cluster = Cluster::new().await;
    cluster.emulator.redis().tune(1, |knobs| knobs.backup_running = true).unwrap();
    for (more, seconds) in [(json!({}), 360), (json!({"busyTimeoutSeconds": 7}), 7)] {
        let (before, posts) = (cluster.emulator.clock().now(), cluster.posts());
        let error = cluster.start(more).await.unwrap_err();
        assert_eq!((error.kind(), error.code(), error.http_status()), (Kind::Conflict, Some("db_busy"), Some(409)));
        assert!(error.message().contains("was busy for") && error.message().contains("currently busy"), "{error}");
        assert!(error.next_step().unwrap().contains("busyTimeoutSeconds"));
        assert_eq!(cluster.emulator.clock().now() - before, seconds * 1000);
        assert!(cluster.posts() - posts > 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a4_module_without_the_capability() {
    let cluster = Cluster::new().await;
    let connected = |document| cluster.run("redisEnterprise.connect", document);
    let database = connected(json!({"uid": 1})).await.unwrap()["database"].clone();
    assert_eq!(database, json!({"uid": 1, "name": "sample-db", "exportable": true, "modules": []}));
    cluster.emulator.redis().tune(1, |knobs| knobs.unexportable = true).unwrap();
    let database = connected(json!({"uid": 1})).await.unwrap()["database"].clone();
    assert_eq!((&database["exportable"], &database["modules"]), (&json!(false), &json!(["custom-counter"])));
    let error = cluster.start(json!({"wait": {}})).await.unwrap_err();
    assert_eq!((error.kind(), error.http_status()), (Kind::Unsupported, Some(406)));
    assert!(error.next_step().unwrap().contains("backup_restore"));
    assert_eq!((cluster.posts(), cluster.clock.pauses().len()), (1, 0), "it is final");
}

#[tokio::test(flavor = "multi_thread")]
async fn a5_no_such_database() {
    let cluster = Cluster::new().await;
    for (operation, document) in [
        ("redisEnterprise.export.start", cluster.order(&json!({"uid": 9}))),
        ("redisEnterprise.export.get", json!({"uid": 9})),
        ("redisEnterprise.export.reset", json!({"uid": 9})),
        ("redisEnterprise.database.get", json!({"uid": 9})),
        ("redisEnterprise.connect", json!({"uid": 9})),
    ] {
        let error = cluster.run(operation, document).await.unwrap_err();
        assert_eq!((error.kind(), error.kind().row().exit_code), (Kind::NotFound, 3), "{operation} {error}");
        assert!(error.next_step().unwrap().contains("redisEnterprise.database.list"), "{operation}");
    }
    assert_eq!(cluster.posts(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_c14_a_stale_failure_is_not_ours() {
    let cluster = Cluster::without_actions().await;
    let redis = cluster.emulator.redis();
    redis.plant_export(1, "failed", "general-error").unwrap();
    redis.tune(1, |knobs| knobs.stale_looks = 2).unwrap();
    // Not cleared before, so it stays visible.
    let record = cluster.start(json!({"reset": false, "wait": {}})).await.unwrap();
    assert_eq!((&record["state"], &record["evidence"]), (&json!("succeeded"), &json!("strong")));
    assert!(cluster.words().contains(&"failed (of an earlier export)".to_owned()), "{:?}", cluster.words());
    assert!(!cluster.words().contains(&"failed".to_owned()));
    assert_eq!(cluster.requests("PUT", "export_reset_status").len(), 0);

    // One that never shows itself is accepted after a minute, and said to be uncertain.
    redis.plant_export(1, "failed", "no-permission").unwrap();
    redis.tune(1, |knobs| (knobs.stale_looks, knobs.start_delay_ms) = (0, 3_600_000)).unwrap();
    let began = cluster.emulator.clock().now();
    let record = cluster.start(json!({"reset": false, "wait": {}, "allowFailed": true})).await.unwrap();
    assert_eq!((&record["state"], &record["evidence"]), (&json!("failed"), &json!("weak")));
    assert!(cluster.emulator.clock().now() - began >= 60_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn c14_a_stale_success_is_never_ours() {
    let cluster = Cluster::without_actions().await;
    let redis = cluster.emulator.redis();
    redis.plant_export(1, "succeeded", "").unwrap();
    redis.tune(1, |knobs| knobs.start_delay_ms = 1_000_000_000).unwrap();
    let started = cluster.start(json!({"reset": false})).await.unwrap();
    assert_eq!((&started["state"], &started["status"]), (&json!("queued"), &json!("succeeded (of an earlier export)")));
    cluster.clock.advance(Duration::from_secs(3600));
    assert_eq!(cluster.get(&started).await["state"], "unknown");
    let error = cluster.run("redisEnterprise.export.wait", json!({"handle": started["handle"]})).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Protocol, "the limit of the wait for what is not known: {error}");
    // Once ours has come to its end, it is known by its time.
    redis.tune(1, |knobs| knobs.start_delay_ms = 0).unwrap();
    let record = cluster.wait(&started, 9).await.unwrap();
    assert_eq!((&record["state"], &record["evidence"]), (&json!("succeeded"), &json!("strong")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_the_old_result_is_cleared_where_that_is_permitted() {
    let cluster = Cluster::without_actions().await;
    let redis = cluster.emulator.redis();
    redis.plant_export(1, "failed", "general-error").unwrap();
    redis.tune(1, |knobs| knobs.fail = Some(Reason::NoPermission)).unwrap();
    // After the reset a failure is ours at once.
    let error = cluster.start(json!({"wait": {}})).await.unwrap_err();
    assert_eq!((error.kind(), cluster.requests("PUT", "export_reset_status").len()), (Kind::DestinationDenied, 1));
    redis.tune(1, |knobs| knobs.fail = None).unwrap();
    for effect in [Effect::status(403), Effect::status(409), Effect::LostAnswer] {
        cluster.emulator.faults().add(Rule::new(effect).path("export_reset_status").times(1));
        let record = cluster.start(json!({"wait": {}})).await.unwrap();
        assert_eq!(record["state"], "succeeded");
    }
    let idle = cluster.run("redisEnterprise.export.reset", json!({"uid": 1})).await.unwrap();
    assert_eq!((&idle["state"], &idle["status"], &idle["evidence"]), (&json!("idle"), &json!("idle"), &json!("weak")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a7_an_export_of_somebody_else_is_refused_or_waited_for() {
    let cluster = Cluster::new().await;
    let redis = cluster.emulator.redis();
    redis.tune(1, |knobs| knobs.export_ms = 60_000).unwrap();
    let action = redis.start_export(1, &cluster.mount()).unwrap();
    let error = cluster.start(json!({"wait": {}})).await.unwrap_err();
    assert_eq!((error.kind(), error.kind().row().exit_code, cluster.posts()), (Kind::Conflict, 4, 0));
    assert!(error.message().contains("database 1 (sample-db)") && error.message().contains(&action), "{error}");
    assert!(error.next_step().unwrap().contains("waitWhileBusyMinutes"));

    // Too long for one minute, and not for ten.
    redis.tune(1, |knobs| knobs.export_ms = 90_000).unwrap();
    let error = cluster.start(json!({"waitWhileBusyMinutes": 1})).await.unwrap_err();
    assert_eq!((error.kind(), cluster.posts()), (Kind::Conflict, 0));
    let record = cluster.start(json!({"waitWhileBusyMinutes": 10, "wait": {}})).await.unwrap();
    assert_eq!((&record["state"], &record["evidence"], cluster.posts()), (&json!("succeeded"), &json!("strong"), 1));
    assert_eq!(redis.placed().len(), 2, "theirs and ours");

    // Their export can be watched, but nothing certain is said of it.
    redis.start_export(1, &cluster.mount()).unwrap();
    let theirs = cluster.run("redisEnterprise.export.get", json!({"uid": 1})).await.unwrap();
    assert_eq!((&theirs["state"], &theirs["evidence"]), (&json!("running"), &json!("weak")));
    let ended = cluster.wait(&theirs, 9).await.unwrap();
    assert_eq!((&ended["state"], &ended["evidence"], cluster.posts()), (&json!("succeeded"), &json!("weak"), 1));
}

/// Where theirs ends between two tries of ours, its result must not be taken for ours.
#[tokio::test(flavor = "multi_thread")]
async fn a7_what_ends_while_ours_is_refused_is_the_new_baseline() {
    let cluster = Cluster::without_actions().await;
    let redis = cluster.emulator.redis();
    redis.tune(1, |knobs| knobs.stale_looks = 1).unwrap();
    redis.start_export(1, &cluster.mount()).unwrap();
    let record = cluster.start(json!({"reset": false, "waitWhileBusyMinutes": 5, "wait": {}})).await.unwrap();
    assert_eq!((&record["state"], redis.placed().len(), cluster.posts() >= 2), (&json!("succeeded"), 2, true));
    assert_ne!(opened(&record["handle"])["baseline"]["lastExportTime"], record["object"]["last_export_time"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a8_c5_a_lost_answer_is_looked_for() {
    for version in [Version::V8_2, Version::V7_8] {
        let mut config = Config::default();
        config.redis.version = version;
        let cluster = Cluster::with(config).await;
        cluster.emulator.faults().add(Rule::new(Effect::LostAnswer).path("/actions/export").method("POST").times(1));
        let record = cluster.start(json!({"wait": {}})).await.unwrap();
        assert_eq!(
            (&record["state"], cluster.posts()),
            (&json!("succeeded"), 1),
            "it was accepted, and not sent again"
        );
    }
    // Lost before it was accepted: nobody knows, and nothing is sent again.
    let cluster = Cluster::new().await;
    cluster.emulator.redis().plant_export(1, "succeeded", "").unwrap();
    for (effect, reset) in [(Effect::Reset, true), (Effect::status(502), false)] {
        cluster.emulator.faults().add(Rule::new(effect).path("/actions/export").method("POST").times(1));
        let posts = cluster.posts();
        let error = cluster.start(json!({"wait": {}, "reset": reset})).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.kind().row().exit_code, cluster.posts() - posts),
            (Kind::Ambiguous, 9, 1),
            "{error}"
        );
        assert!(error.next_step().unwrap().contains("redisEnterprise.export.get"), "{error:?}");
    }
    // When the database cannot be seen either, it stays so.
    cluster.emulator.faults().add(Rule::new(Effect::Reset).path("/actions/export").method("POST").times(1));
    cluster.emulator.faults().add(Rule::new(Effect::status(503)).method("GET").path("/v1/bdbs/1").nth(2).times(1));
    let error = cluster.start(json!({"reset": false})).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Ambiguous);
}

#[tokio::test(flavor = "multi_thread")]
async fn a9_version_2_of_the_actions_is_used_where_it_is() {
    let cluster = Cluster::without_actions().await;
    let record = cluster.start(json!({"wait": {}})).await.unwrap();
    assert_eq!((&record["state"], &record["evidence"]), (&json!("succeeded"), &json!("strong")));
    assert_eq!(cluster.requests("GET", "/v2/actions/").len(), 1, "asked once, and not again");
    let warned = |event: &Event| matches!(event, Event::Warning { .. } | Event::Retrying { .. });
    assert!(!cluster.recording.events().iter().any(warned), "without complaint");

    // Where it is, it tells our failure from the one of last week.
    let cluster = Cluster::new().await;
    let redis = cluster.emulator.redis();
    redis.plant_export(1, "failed", "general-error").unwrap();
    redis.tune(1, |knobs| (knobs.fail, knobs.fail_at) = (Some(Reason::NoPermission), 0.0)).unwrap();
    let began = cluster.emulator.clock().now();
    let record = cluster.start(json!({"reset": false, "wait": {}, "allowFailed": true})).await.unwrap();
    assert_eq!((&record["failure"]["code"], &record["evidence"]), (&json!("no-permission"), &json!("strong")));
    assert!(cluster.emulator.clock().now() - began < 60_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a10_every_body_of_an_accepted_start() {
    let cluster = Cluster::new().await;
    for response in [Response::Empty, Response::EmptyObject, Response::ActionUid] {
        cluster.emulator.redis().change(|switches| switches.export_response = response);
        let record = cluster.start(json!({"wait": {}})).await.unwrap();
        assert_eq!((&record["state"], &record["evidence"]), (&json!("succeeded"), &json!("strong")), "{response:?}");
        let has_action = opened(&record["handle"]).get("actionUid").is_some();
        assert_eq!(has_action, response == Response::ActionUid);
    }
}

/// A request as no client of ours would send it: the status and the body of its answer.
async fn raw(cluster: &Cluster, body: &Value) -> (u16, String) {
    use base64::Engine as _;
    let redis = cluster.emulator.redis();
    let address = redis.http_endpoint().unwrap().strip_prefix("http://").unwrap().to_owned();
    let pair = format!("{}:{}", redis.user(), redis.password());
    let pair = base64::engine::general_purpose::STANDARD.encode(pair);
    let body = body.to_string();
    let request = format!(
        "POST /v1/bdbs/1/actions/export HTTP/1.1\r\nhost: {address}\r\nauthorization: Basic {pair}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

/// What our client refuses before any request, and the service by its answer.
async fn refused_by_both(location: Value, field: &str) {
    let mut config = Config::default();
    config.redis.http = Some(([127, 0, 0, 1], 0).into());
    let cluster = Cluster::with(config).await;
    let error = cluster.start(json!({"location": location})).await.unwrap_err();
    assert_eq!((error.kind(), error.field(), error.kind().row().exit_code), (Kind::InvalidArgument, Some(field), 1));
    assert!(!error.to_json().to_string().contains("CANARY"), "{error}");
    assert!(cluster.emulator.requests().is_empty(), "nothing was sent");
    let (status, answer) = raw(&cluster, &json!({"export_location": location})).await;
    assert_eq!(status, 400, "{answer}");
    assert!(answer.contains("invalid_schema"), "{answer}");
    // The same request with a right location is accepted, so nothing else was refused.
    let (status, answer) = raw(&cluster, &json!({"export_location": cluster.mount()})).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a11_location_as_a_text() {
    refused_by_both(json!("ftp://user:CANARY@host/path/"), "location").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a12_both_azure_credentials() {
    let location =
        json!({"type": "abs", "container": "c", "account_name": "a", "account_key": "CANARY", "sas_token": "CANARY"});
    refused_by_both(location, "location.sas_token").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a13_a_viewer_looks_and_does_not_start() {
    let cluster = Cluster::new().await;
    let redis = cluster.emulator.redis();
    let as_role = |role| {
        let user = User { name: "viewer@x".into(), password: "p-viewer".into(), role, password_expired: false };
        redis.add_user(user);
        let config = RedisEnterpriseConfig { user: Some("viewer@x".into()), ..configuration(&cluster.emulator) };
        client(&config, "p-viewer", &cluster.clock)
    };
    let started = cluster.start(json!({})).await.unwrap();
    let viewer = as_role(Role::DbViewer);
    let seen = viewer.run_document("job.get", json!({"handle": started["handle"]}), &cluster.scope).await.unwrap();
    assert_eq!(seen["state"], "running");
    cluster.wait(&started, 5).await.unwrap();
    let start = viewer.run_document("redisEnterprise.export.start", cluster.order(&json!({})), &cluster.scope).await;
    let error = start.unwrap_err();
    assert_eq!((error.kind(), error.http_status()), (Kind::Forbidden, Some(403)));
    assert!(error.message().contains("may not start an export"), "{error}");
    assert!(error.next_step().unwrap().contains("db_member"));
    let connected = viewer.run_document("redisEnterprise.connect", json!({"uid": 1}), &cluster.scope).await.unwrap();
    assert_eq!((&connected["version"], &connected["database"]["exportable"]), (&Value::Null, &json!(true)));

    let nobody = as_role(Role::None);
    let error = nobody.run_document("job.get", json!({"handle": started["handle"]}), &cluster.scope).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Forbidden);
    assert!(error.message().contains("may not see database 1"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a14_c7_a_token_is_renewed() {
    let jwt = |config| RedisEnterpriseConfig { authentication: Authentication::Jwt, ..config };
    let cluster = Cluster::of(Config::default(), jwt).await;
    let sign_ins = || cluster.requests("POST", "/users/authorize").len();
    let list = || cluster.run("redisEnterprise.database.list", json!({}));
    list().await.unwrap();
    list().await.unwrap();
    assert_eq!(sign_ins(), 1);
    // In the middle of a wait that lasts longer than a token: renewed before its end, so nothing is refused.
    cluster.emulator.redis().tune(1, |knobs| knobs.export_ms = 1_000_000).unwrap();
    let record = cluster.start(json!({"wait": {}})).await.unwrap();
    assert_eq!(record["state"], "succeeded");
    assert!((4..=6).contains(&sign_ins()), "{}", sign_ins());
    let refused = || cluster.emulator.requests().iter().filter(|request| request.status == Some(401)).count();
    assert_eq!(refused(), 0);
    // Ended early, for many requests at once: one renewal.
    list().await.unwrap();
    let before = sign_ins();
    cluster.emulator.clock().advance(Duration::from_secs(400));
    let all = futures_util::future::join_all((0..8).map(|_| list())).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(sign_ins() - before, 1);
    assert!(refused() >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a14_signing_in_that_fails_is_told() {
    let jwt = |config| RedisEnterpriseConfig { authentication: Authentication::Jwt, ..config };
    let cluster = Cluster::of(Config::default(), jwt).await;
    let list = || cluster.run("redisEnterprise.database.list", json!({}));
    let fault = |effect| cluster.emulator.faults().add(Rule::new(effect).path("/users/authorize").times(1));
    // A release that wants the credentials in the body, a lost answer, and a token that is refused once.
    fault(Effect::status(400));
    list().await.unwrap();
    let bodies: Vec<bool> = cluster.requests("POST", "/users/authorize").iter().map(|it| it.body.is_empty()).collect();
    assert_eq!(bodies, [true, false]);
    cluster.emulator.clock().advance(Duration::from_secs(400));
    fault(Effect::LostAnswer);
    list().await.unwrap();
    // A wrong password is final, and an expired one has a step of its own.
    for (user, password, expired, said) in
        [("a@x", "right", false, "check user and the password"), ("b@x", "wrong", true, "has expired")]
    {
        for authentication in [Authentication::Basic, Authentication::Jwt] {
            let known =
                User { name: user.into(), password: "wrong".into(), role: Role::Admin, password_expired: expired };
            cluster.emulator.redis().add_user(known);
            let config =
                RedisEnterpriseConfig { user: Some(user.into()), authentication, ..configuration(&cluster.emulator) };
            let client = client(&config, password, &cluster.clock);
            let error = client.run_document("redisEnterprise.connect", json!({}), &cluster.scope).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Unauthenticated, "{user} {authentication:?} {error}");
            assert!(error.next_step().unwrap().contains(said), "{user} {authentication:?} {error:?}");
        }
    }
}

/// Every destination with a canary in each secret, the passwords of databases, the password and the tokens.
#[tokio::test(flavor = "multi_thread")]
async fn a15_c11_no_secret_is_shown() {
    let mut config = Config::default();
    config.redis.password = Some("CANARY-password".into());
    config.redis.databases =
        vec![Database { password: Some("CANARY-database".into()), ..Database::new(1, "sample-db") }];
    let jwt = |config| RedisEnterpriseConfig { authentication: Authentication::Jwt, ..config };
    let cluster = Cluster::of(config, jwt).await;
    let mut shown = vec![format!("{:?}", configuration(&cluster.emulator))];
    let pem = "-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----\n";
    for location in [
        json!({"type": "url", "url": "ftp://user:CANARY@host/path/"}),
        json!({"type": "sftp", "sftp_url": "sftp://user:CANARY@host/path/", "key": pem}),
        json!({"type": "s3", "bucket_name": "b", "access_key_id": "CANARYID", "secret_access_key": "CANARY"}),
        json!({"type": "gs", "bucket_name": "b", "client_id": "c", "client_email": "e@x", "private_key_id": "i",
               "private_key": pem}),
        json!({"type": "abs", "container": "c", "account_name": "a", "account_key": "CANARY=="}),
        json!({"type": "abs", "container": "c", "account_name": "a", "sas_token": "sv=1&sig=CANARY"}),
    ] {
        shown.push(format!(
            "{:?}",
            request::StartRedisExport { location: location.clone().into(), ..Default::default() }
        ));
        for fail in [None, Some(Reason::NoPermission)] {
            cluster.emulator.redis().tune(1, |knobs| knobs.fail = fail).unwrap();
            let more = json!({"location": location, "wait": {}, "allowFailed": true});
            let record = cluster.start(more).await.unwrap();
            let handle = opened(&record["handle"]);
            assert_eq!(handle["location"]["type"], location["type"]);
            shown.extend([record.to_string(), handle.to_string()]);
        }
        // A service that repeats what it was given.
        let text = format!("cannot use {location}");
        let effect = Effect::error(400, "invalid_schema", &text);
        cluster.emulator.faults().add(Rule::new(effect).method("POST").path("/actions/export").times(1));
        let error = cluster.start(json!({"location": location})).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Rejected);
        shown.extend([format!("{error:?}"), error.to_json_with_parts().to_string()]);
        cluster.emulator.faults().add(Rule::new(Effect::Reset).method("POST").path("/actions/export").times(1));
        let error = cluster.start(json!({"location": location})).await.unwrap_err();
        shown.extend([format!("{error:?}"), error.to_json_with_parts().to_string()]);
    }
    for (operation, document) in [
        ("redisEnterprise.database.list", json!({})),
        ("redisEnterprise.database.get", json!({"uid": 1})),
        ("redisEnterprise.connect", json!({"uid": 1})),
        ("redisEnterprise.export.get", json!({"uid": 1})),
    ] {
        let answer = cluster.run(operation, document).await.unwrap();
        assert!(!answer.to_string().contains("authentication_admin_pass"), "{operation}");
        shown.push(answer.to_string());
    }
    let events = cluster.recording.events();
    assert!(events.len() > 50, "requests are told");
    shown.extend(events.iter().map(|event| serde_json::to_string(event).unwrap()));
    for text in &shown {
        assert!(!text.contains("CANARY") && !text.contains("eyJhbGciOi"), "{text}");
    }
    // There was something to be seen.
    assert_eq!(cluster.emulator.redis().database_password(1).unwrap(), "CANARY-database");
    assert_eq!(cluster.emulator.redis().placed()[0].location["url"], "ftp://***@host/path/");
}

#[tokio::test(flavor = "multi_thread")]
async fn a16_c3_an_unknown_status_keeps_running() {
    for version in [Version::V8_2, Version::V7_8] {
        let mut config = Config::default();
        config.redis.version = version;
        let cluster = Cluster::with(config).await;
        let redis = cluster.emulator.redis();
        redis.tune(1, |knobs| "draining".clone_into(&mut knobs.exporting_word)).unwrap();
        redis.tune(1, |knobs| knobs.export_ms = 60_000).unwrap();
        let record = cluster.start(json!({"wait": {}})).await.unwrap();
        assert_eq!((&record["state"], &record["evidence"]), (&json!("succeeded"), &json!("strong")));
        if version == Version::V7_8 {
            assert!(cluster.words().contains(&"draining".to_owned()), "{:?}", cluster.words());
        }
        // It does not end a wait, but the limit does.
        redis.tune(1, |knobs| knobs.stall_at = Some(10.0)).unwrap();
        let started = cluster.start(json!({})).await.unwrap();
        let error = cluster.wait(&started, 5).await.unwrap_err();
        assert_eq!((error.kind(), error.kind().row().exit_code), (Kind::Timeout, 7));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a17_four_spellings_of_idle() {
    for idle in [Idle::Empty, Idle::Word, Idle::Null, Idle::Absent] {
        let cluster = Cluster::without_actions().await;
        cluster.emulator.redis().tune(1, |knobs| (knobs.idle, knobs.stale_looks) = (idle, 2)).unwrap();
        let last = cluster.run("redisEnterprise.export.get", json!({"uid": 1})).await.unwrap();
        assert_eq!((&last["state"], &last["status"]), (&json!("idle"), &json!("idle")), "{idle:?}");
        let record = cluster.start(json!({"wait": {}})).await.unwrap();
        assert_eq!((&record["state"], &record["evidence"]), (&json!("succeeded"), &json!("strong")), "{idle:?}");
        assert_eq!(opened(&record["handle"])["baseline"], json!({"status": "idle"}));
    }
    let cluster = Cluster::without_actions().await;
    cluster.emulator.redis().tune(1, |knobs| knobs.hide_export_members = true).unwrap();
    assert_eq!(cluster.start(json!({"wait": {}})).await.unwrap()["state"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn c4_another_machine_goes_on_by_the_handle() {
    for with_wait in [false, true] {
        let cluster = Cluster::new().await;
        let started = cluster.start(to_json(with_wait)).await.unwrap();
        let accepted = cluster.recording.events().into_iter().find_map(|event| match event {
            Event::Accepted { what: "export", id } => Some(id),
            _ => None,
        });
        let first = accepted.unwrap();
        let elsewhere = client(&configuration(&cluster.emulator), cluster.emulator.redis().password(), &cluster.clock);
        for handle in [json!(first), started["handle"].clone()] {
            let record = elsewhere.run_document("job.wait", json!({"handle": handle}), &cluster.scope).await.unwrap();
            assert_eq!((&record["state"], &record["artifact"]["location"]), (&json!("succeeded"), &cluster.mount()));
        }
        let config =
            RedisEnterpriseConfig { endpoint: Some("https://other:9443".into()), ..configuration(&cluster.emulator) };
        let other = client(&config, "x", &cluster.clock);
        let sent = cluster.emulator.requests().len();
        let error = other.run_document("job.get", json!({"handle": first}), &cluster.scope).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (Kind::InvalidArgument, Some("handle")));
        assert_eq!(cluster.emulator.requests().len(), sent);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c8_a_deadline_passes_and_the_wait_is_resumed() {
    let cluster = Cluster::new().await;
    cluster.emulator.redis().tune(1, |knobs| knobs.export_ms = 600_000).unwrap();
    let error = cluster.start(json!({"wait": {"timeoutMinutes": 2}})).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Timeout);
    let step = error.next_step().unwrap();
    let (_, request) = step.split_once("redisEnterprise.export.wait with ").unwrap();
    let mut request: Value = serde_json::from_str(request).unwrap();
    assert_eq!(request["wait"]["timeoutMinutes"], 2);
    assert_eq!(opened(&request["handle"])["sawRunning"], true, "the newest handle");
    request["wait"]["timeoutMinutes"] = json!(30);
    let record = cluster.run("redisEnterprise.export.wait", request).await.unwrap();
    assert_eq!((&record["state"], cluster.posts()), (&json!("succeeded"), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn c9_a_service_that_is_away_while_somebody_waits() {
    let cluster = Cluster::new().await;
    let started = cluster.start(json!({})).await.unwrap();
    cluster.emulator.faults().add(Rule::new(Effect::status(503)).service("redis").method("GET").times(12));
    assert_eq!(cluster.wait(&started, 60).await.unwrap()["state"], "succeeded");
    for (effect, kind) in [
        (Effect::status(503), Kind::Unavailable),
        (Effect::status(429), Kind::Unavailable),
        (Effect::status(500), Kind::Protocol),
    ] {
        cluster.emulator.faults().add(Rule::new(effect).service("redis").method("GET").times(5));
        let error = cluster.run("redisEnterprise.database.list", json!({})).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (kind, 5), "{error}");
    }
    assert!(cluster.run("redisEnterprise.database.list", json!({})).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn c10_what_is_not_offered_costs_no_request() {
    let cluster = Cluster::new().await;
    let error = cluster.run("deployment.list", json!({})).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    let redis = cluster.emulator.redis();
    let pem = std::fs::read(redis.ca_file()).unwrap();
    let http = Http::new(&Trust::Authorities(Authorities::read("ca", &pem).unwrap()), cluster.clock.clone()).unwrap();
    let secret = Secret::from(redis.password());
    let account = AccountSettings::check(&configuration(&cluster.emulator), Some(&secret)).unwrap();
    let account = account.connect(&http, &(Arc::new(Seeded::printed()) as Arc<dyn epicloud::base::entropy::Entropy>));
    let exports = RedisExports::new(account.api(), 1, None);
    let last = exports.last(&cluster.scope).await.unwrap();
    let sent = cluster.emulator.requests().len();
    let refused = |error: Error| assert_eq!(error.kind(), Kind::Unsupported, "{error}");
    refused(exports.list(&cluster.scope).await.unwrap_err());
    refused(exports.delete(&last.handle, &cluster.scope).await.unwrap_err());
    assert_eq!(cluster.emulator.requests().len(), sent);
    let offered = <RedisExports as Provider>::CAPABILITIES;
    assert!(
        offered.reset
            && offered.progress
            && !offered.list
            && !offered.delete
            && !offered.download
            && !offered.retention
    );
    assert!(exports.refresh(&last.handle, Purpose::Single, &cluster.scope).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn c12_an_end_stays_one_when_others_export() {
    for version in [Version::V8_2, Version::V7_8] {
        let mut config = Config::default();
        config.redis.version = version;
        let cluster = Cluster::with(config).await;
        let redis = cluster.emulator.redis();
        let first = cluster.start(json!({})).await.unwrap();
        let ended = cluster.wait(&first, 5).await.unwrap();
        redis.tune(1, |knobs| (knobs.fail, knobs.fail_at) = (Some(Reason::GeneralError), 50.0)).unwrap();
        redis.start_export(1, &cluster.mount()).unwrap();
        // Running, then failed: neither is ours, by the handle of the start as by that of the end.
        for _ in 0..3 {
            for record in [&first, &ended] {
                assert_eq!(cluster.get(record).await["state"], "succeeded", "{version}");
            }
            cluster.clock.advance(Duration::from_secs(2));
        }
        assert_eq!(cluster.get(&ended).await["evidence"], "strong");
        let last = cluster.run("redisEnterprise.export.get", json!({"uid": 1})).await.unwrap();
        assert_eq!(last["state"], "failed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c15_unknown_members_survive() {
    let cluster = Cluster::new().await;
    let list = cluster.run("redisEnterprise.database.list", json!({})).await.unwrap();
    let one = cluster.run("redisEnterprise.database.get", json!({"uid": 1})).await.unwrap();
    let own = &cluster.emulator.redis().databases()[0];
    let secret = ["authentication_admin_pass", "authentication_redis_pass", "authentication_sasl_pass"];
    let expected: Vec<&String> =
        own.as_object().unwrap().keys().filter(|name| !secret.contains(&name.as_str())).collect();
    for shown in [&list[0], &one] {
        assert_eq!(shown.as_object().unwrap().keys().collect::<Vec<_>>(), expected);
        assert_eq!(shown["background_op"], own["background_op"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_says_its_version_and_databases() {
    for version in Version::ALL {
        let mut config = Config::default();
        config.redis.version = version;
        let cluster = Cluster::with(config).await;
        let connected = cluster.run("redisEnterprise.connect", json!({})).await.unwrap();
        assert_eq!(connected["version"], version.software_version());
        assert_eq!((connected["databases"].as_array().unwrap().len(), connected.get("database")), (2, None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_not_the_master_redirects() {
    let mut config = Config::default();
    config.redis.second_node = Some(([127, 0, 0, 1], 0).into());
    let to_second = |emulator: &Emulator| RedisEnterpriseConfig {
        endpoint: emulator.redis().second_node().map(str::to_owned),
        ..configuration(emulator)
    };
    let emulator = Arc::new(Emulator::start(Config { speed: Speed::Manual, ..config }).await.unwrap());
    let clock = TestClock::moving(&emulator);
    let client = client(&to_second(&emulator), emulator.redis().password(), &clock);
    let order = json!({"uid": 1, "location": {"type": "mount_point", "path": emulator.redis().mount()}, "wait": {}});
    let record = client.run_document("redisEnterprise.export.start", order, &Scope::silent()).await.unwrap();
    assert_eq!((&record["state"], emulator.redis().placed().len()), (&json!("succeeded"), 1));
    // To another host it is not followed, because the credentials would go there; nor in circles.
    emulator.redis().change(|switches| switches.redirect_to = Some("https://elsewhere.example:9443".into()));
    let master = super::redis_enterprise::client(&configuration(&emulator), emulator.redis().password(), &clock);
    let error = master.run_document("redisEnterprise.database.list", json!({}), &Scope::silent()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Protocol, "{error}");
    assert!(error.message().contains("elsewhere.example"), "{error}");
    let error = client.run_document("redisEnterprise.database.list", json!({}), &Scope::silent()).await.unwrap_err();
    assert_eq!((error.kind(), error.http_status()), (Kind::Unavailable, Some(307)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_self_signed_certificate_is_pinned_by_its_fingerprint() {
    let mut config = Config::default();
    config.redis.self_signed = true;
    let pinned = |emulator: &Emulator, fingerprint: &str| RedisEnterpriseConfig {
        certificate_sha256: Some(fingerprint.to_owned()),
        ca_file: None,
        ..configuration(emulator)
    };
    let cluster = Cluster::with(config).await;
    let redis = cluster.emulator.redis();
    let other = "00".repeat(32);
    for (fingerprint, kind) in [(redis.certificate_sha256(), None), (other.as_str(), Some(Kind::Tls))] {
        let client = client(&pinned(&cluster.emulator, fingerprint), redis.password(), &cluster.clock);
        let connected = client.run_document("redisEnterprise.connect", json!({}), &cluster.scope).await;
        assert_eq!(connected.err().map(|error| error.kind()), kind);
    }
    let both = RedisEnterpriseConfig { ca_file: Some(redis.ca_file().to_owned()), ..pinned(&cluster.emulator, &other) };
    let error = Client::new(both, Some(&Secret::from("x"))).err().unwrap();
    assert_eq!(error.field(), Some("certificateSha256"));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_documents_are_refused_before_any_request() {
    let cluster = Cluster::new().await;
    let mount = cluster.mount();
    for (operation, document, field) in [
        ("redisEnterprise.connect", json!({"uid": 0}), "uid"),
        ("redisEnterprise.export.start", json!({"uid": 1}), "location"),
        ("redisEnterprise.export.start", json!({"location": mount}), "uid"),
        ("redisEnterprise.export.start", json!({"uid": 0, "location": mount}), "uid"),
        ("redisEnterprise.export.start", json!({"uid": "1", "location": mount}), "uid"),
        ("redisEnterprise.export.start", cluster.order(&json!({"location": {"type": "aws"}})), "location.type"),
        ("redisEnterprise.export.start", cluster.order(&json!({"waitWhileBusyMinutes": 0})), "waitWhileBusyMinutes"),
        ("redisEnterprise.export.start", cluster.order(&json!({"busyTimeoutSeconds": 0})), "busyTimeoutSeconds"),
        ("redisEnterprise.export.start", cluster.order(&json!({"extra": 1})), "extra"),
        ("redisEnterprise.export.get", json!({}), "handle"),
        ("redisEnterprise.export.get", json!({"uid": 1, "handle": "redis:e30"}), "handle"),
        ("redisEnterprise.export.get", json!({"handle": "redis:e30"}), "handle"),
        ("redisEnterprise.export.get", json!({"handle": "dxp:e30"}), "handle"),
        ("redisEnterprise.export.wait", json!({"handle": "x"}), "handle"),
        ("job.get", json!({"handle": "dxp:e30"}), "handle"),
        ("redisEnterprise.export.reset", json!({"uid": 0}), "uid"),
        ("redisEnterprise.database.get", json!({"uid": -1}), "uid"),
        ("redisEnterprise.database.list", json!({"uid": 1}), "uid"),
    ] {
        let error = cluster.run(operation, document.clone()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.field()),
            (Kind::InvalidArgument, Some(field)),
            "{operation} {document}: {error}"
        );
    }
    assert!(cluster.emulator.requests().is_empty());
}
