//! Redis Enterprise: the acceptance cases of the specification that concern the service (A1 to A17), by raw requests.

use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use epicloud_emulator::redis::{Database, ErrorStyle, FileNames, Idle, Reason, Response as Body, Role, User, Version};
use epicloud_emulator::{Config, Effect, Emulator, Rule, Speed, redis};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::caller::client;

struct Stage {
    emulator: Emulator,
    client: Client,
    /// The `Authorization` header.
    sender: String,
}

async fn stage_with(config: Config) -> Stage {
    let emulator = Emulator::start(config).await.unwrap();
    let client = client(emulator.redis().ca_file());
    let sender = basic(emulator.redis().user(), emulator.redis().password());
    Stage { emulator, client, sender }
}

async fn stage() -> Stage {
    stage_with(Config { speed: Speed::Manual, ..Config::default() }).await
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

async fn outcome(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

impl Stage {
    fn request(&self, method: Method, path: &str, body: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.emulator.redis().endpoint());
        let request = self.client.request(method, url).header("authorization", &self.sender);
        match body {
            "" => request,
            body => request.header("content-type", "application/json").body(body.to_owned()),
        }
    }

    async fn call(&self, method: Method, path: &str, body: &str) -> (u16, Value) {
        outcome(self.request(method, path, body).send().await.unwrap()).await
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.call(Method::GET, path, "").await
    }

    async fn database(&self) -> Value {
        let (status, shown) = self.get("/v1/bdbs/1").await;
        assert_eq!(status, 200, "{shown}");
        shown
    }

    async fn status(&self) -> String {
        self.database().await["export_status"].as_str().unwrap().to_owned()
    }

    async fn export(&self, location: &Value) -> (u16, Value) {
        let body = json!({ "export_location": location });
        self.call(Method::POST, "/v1/bdbs/1/actions/export", &body.to_string()).await
    }

    async fn export_to_mount(&self) -> (u16, Value) {
        self.export(&json!({ "type": "mount_point", "path": "/mnt/exports" })).await
    }

    async fn reset(&self) -> (u16, Value) {
        self.call(Method::PUT, "/v1/bdbs/1/actions/export_reset_status", "{}").await
    }

    async fn control(&self, method: Method, what: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}redis/{what}", self.emulator.control_endpoint());
        outcome(self.client.request(method, url).body(body.to_string()).send().await.unwrap()).await
    }

    fn files(&self) -> Vec<std::path::PathBuf> {
        files(&self.emulator.redis().sandbox().join("mnt/exports"))
    }

    fn advance(&self, ms: u64) {
        self.emulator.clock().advance(Duration::from_millis(ms));
    }
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

#[tokio::test]
async fn a1_an_export_goes_from_idle_to_succeeded_and_its_file_is_there() {
    let stage = stage().await;
    let before = stage.database().await;
    assert_eq!((&before["export_status"], before.get("last_export_time")), (&json!(""), None));
    let (status, accepted) = stage.export_to_mount().await;
    assert_eq!(status, 200);
    let action = accepted["action_uid"].as_str().unwrap();
    for (ms, status, progress) in [(0, "exporting", 0.0), (375, "exporting", 12.5), (2_625, "succeeded", 100.0)] {
        stage.advance(ms);
        let shown = stage.database().await;
        assert_eq!((&shown["export_status"], &shown["export_progress"]), (&json!(status), &json!(progress)));
        assert_eq!(shown.get("action_uid").is_some(), status == "exporting");
        assert!(shown["export_progress"].is_f64(), "{shown}");
    }
    let shown = stage.database().await;
    assert!(shown["last_export_time"].as_str().unwrap().ends_with('Z'), "{shown}");
    assert_eq!(shown["export_failure_reason"], "");
    let files = stage.files();
    let name = files[0].file_name().unwrap().to_str().unwrap();
    assert!(files.len() == 1 && name.starts_with("sample-db-") && name.ends_with("-shard1of1.rdb.gz"), "{files:?}");
    assert_eq!(std::fs::read(&files[0]).unwrap()[..2], [0x1f, 0x8b]);
    let (_, shown) = stage.get(&format!("/v2/actions/{action}")).await;
    assert_eq!((&shown["status"], &shown["progress"]), (&json!("completed"), &json!(100.0)));
    assert_eq!((stage.reset().await.0, stage.status().await), (200, String::new()));
}

#[tokio::test]
async fn a1_every_shard_has_a_file_that_redis_itself_reads() {
    let stage = stage_with(Config { speed: Speed::Instant, ..Config::default() }).await;
    let redis = stage.emulator.redis();
    let big = Database { shards: 3, keys: 5_000, ..Database::new(7, "a name of more than thirty characters") };
    redis.add_database(big).unwrap();
    redis.add_database(Database { keys: 0, ..Database::new(8, "empty") }).unwrap();
    let folder = redis.add_mount("/mnt/all").unwrap();
    let body = json!({ "export_location": { "type": "mount_point", "path": "/mnt/all/" } }).to_string();
    for uid in [1, 7, 8] {
        assert_eq!(stage.call(Method::POST, &format!("/v1/bdbs/{uid}/actions/export"), &body).await.0, 200);
        for _ in 0..2 {
            stage.get(&format!("/v1/bdbs/{uid}")).await;
        }
    }
    let exported = files(&folder);
    assert_eq!(exported.len(), 5);
    let named = |part: &str| exported.iter().filter(|file| file.to_str().unwrap().contains(part)).count();
    assert_eq!((named("a-name-of-more-than-thirty-cha-"), named("shard2of3"), named("empty")), (3, 1, 1));
    for file in &exported {
        redis_reads(file, &folder.join("unpacked.rdb"));
    }
    // Files of a newer format are what newer clusters write.
    let newer = Config {
        speed: Speed::Instant,
        redis: redis::Config { rdb_format: 12, ..redis::Config::default() },
        ..Config::default()
    };
    let stage = stage_with(newer).await;
    stage.emulator.redis().change(|switches| switches.file_names = FileNames::Slots);
    stage.export_to_mount().await;
    stage.status().await;
    stage.status().await;
    let [file] = &stage.files()[..] else { panic!("{:?}", stage.files()) };
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("export-sample-db-1_of_1-") && name.ends_with("-0-16383.rdb.gz"), "{name}");
    assert!(unpacked(file).starts_with(b"REDIS0012"));
}

fn unpacked(file: &Path) -> Vec<u8> {
    use std::io::Read;
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(file).unwrap()).read_to_end(&mut plain).unwrap();
    plain
}

/// The program takes a file whatever follows its end, and one without a checksum whatever is in it: so both are looked at
/// here, too.
fn redis_reads(file: &Path, plain: &Path) {
    let bytes = unpacked(file);
    let end = bytes.len() - 9;
    assert!(bytes[end] == 0xff && bytes[end + 1..] != [0; 8], "{}", file.display());
    if std::process::Command::new("redis-check-rdb").arg("--version").output().is_err() {
        assert!(!std::env::var("CI").is_ok_and(|ci| ci == "true"), "redis-check-rdb is not installed");
        eprintln!("skipped: redis-check-rdb is not installed, so no program of Redis has read {}", file.display());
        return;
    }
    let mut spoilt = bytes.clone();
    spoilt[20] ^= 1;
    for (bytes, good) in [(&bytes, true), (&spoilt, false)] {
        std::fs::write(plain, bytes).unwrap();
        let output = std::process::Command::new("redis-check-rdb").arg(plain).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.success(), good, "{}: {said}", file.display());
        assert_eq!(said.contains("RDB looks OK"), good, "{said}");
    }
    std::fs::remove_file(plain).unwrap();
}

#[tokio::test]
async fn a2_an_export_fails_for_each_reason() {
    let stage = stage().await;
    let redis = stage.emulator.redis();
    for reason in [Reason::NoPermission, Reason::WrongFilePath, Reason::GeneralError] {
        redis.tune(1, |knobs| (knobs.fail, knobs.fail_at) = (Some(reason), 40.0)).unwrap();
        let (_, accepted) = stage.export_to_mount().await;
        stage.advance(1_000);
        assert_eq!(stage.status().await, "exporting");
        stage.advance(1_000);
        let shown = stage.database().await;
        assert_eq!((&shown["export_status"], &shown["export_progress"]), (&json!("failed"), &json!(40.0)));
        assert_eq!(shown["export_failure_reason"], reason.word());
        let action = stage.get(&format!("/v2/actions/{}", accepted["action_uid"].as_str().unwrap())).await.1;
        assert_eq!((&action["status"], &action["additional_info"]["error"]), (&json!("failed"), &json!(reason.word())));
    }
    assert!(stage.files().is_empty());
    stage.reset().await;
    let shown = stage.database().await;
    assert_eq!((&shown["export_failure_reason"], &shown["export_progress"]), (&json!(""), &json!(0.0)));
    // Without a knob: a path that is not there.
    redis.tune(1, |knobs| knobs.fail = None).unwrap();
    for path in ["/mnt/nowhere", "/mnt/exports/../../.."] {
        stage.export(&json!({ "type": "mount_point", "path": path })).await;
        stage.status().await;
        stage.advance(3_000);
        assert_eq!(stage.database().await["export_failure_reason"], "wrong-file-path", "{path}");
    }
}

#[tokio::test]
async fn a3_a_busy_database_answers_409() {
    let stage = stage().await;
    let redis = stage.emulator.redis();
    redis.tune(1, |knobs| knobs.conflicts = 2).unwrap();
    for _ in 0..2 {
        let answer = stage.request(
            Method::POST,
            "/v1/bdbs/1/actions/export",
            "{\"export_location\":{\"type\":\"mount_point\",\"path\":\"/mnt/exports\"}}",
        );
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.status(), 409);
        assert!(!answer.headers().contains_key("cluster-state-id"));
        assert_eq!(answer.headers()["content-length"], "68");
        let body = "{\"description\":\"Database is currently busy\",\"error_code\":\"db_busy\"}\n";
        assert_eq!(answer.text().await.unwrap(), body);
    }
    assert_eq!(stage.export_to_mount().await.0, 200);
    assert_eq!((stage.export_to_mount().await.0, stage.reset().await.0), (409, 409));
    redis.change(|switches| switches.reset_ignores_running = true);
    assert_eq!((stage.reset().await.0, stage.status().await), (200, "exporting".to_owned()));
    // Over before anybody looked: in nobody's way.
    stage.advance(3_000);
    assert_eq!(stage.export_to_mount().await.0, 200);
    stage.advance(3_000);
    redis.busy_for(1, Duration::from_secs(5)).unwrap();
    assert_eq!(stage.export_to_mount().await.0, 409);
    stage.advance(5_000);
    redis.tune(1, |knobs| knobs.backup_running = true).unwrap();
    assert_eq!(stage.export_to_mount().await.0, 409);
    assert_eq!(stage.database().await["backup_status"], "exporting");
    redis.tune(1, |knobs| (knobs.backup_running, knobs.status) = (false, "active-change-pending".to_owned())).unwrap();
    assert_eq!(stage.export_to_mount().await.0, 409);
}

#[tokio::test]
async fn a4_a_module_without_the_capability_is_406_and_a5_no_database_is_404() {
    let stage = stage().await;
    let redis = stage.emulator.redis();
    assert_eq!(stage.get("/v1/modules").await.1.as_array().unwrap().len(), 4);
    redis.tune(1, |knobs| knobs.unexportable = true).unwrap();
    let (status, refused) = stage.export_to_mount().await;
    assert_eq!((status, &refused["error_code"]), (406, &json!("unsupported_module_capabilities")));
    assert_eq!(stage.reset().await.0, 406);
    let loaded = stage.database().await["module_list"].as_array().unwrap().clone();
    let uid = loaded.last().unwrap()["module_id"].as_str().unwrap();
    let (status, module) = stage.get(&format!("/v1/modules/{uid}")).await;
    let capabilities = module["capabilities"].as_array().unwrap();
    assert!(status == 200 && !capabilities.contains(&json!("backup_restore")), "{module}");
    for (method, path) in [
        (Method::POST, "/v1/bdbs/99/actions/export"),
        (Method::POST, "/v1/bdbs/one/actions/export"),
        (Method::POST, "/v1/bdbs/-1/actions/export"),
        (Method::PUT, "/v1/bdbs/99/actions/export_reset_status"),
        (Method::GET, "/v1/bdbs/99"),
    ] {
        // The database is judged before the body.
        let body = if method == Method::GET { "" } else { "{}" };
        let (status, refused) = stage.call(method, path, body).await;
        assert_eq!((status, &refused["error_code"]), (404, &json!("db_not_found")), "{path}");
    }
    assert_eq!(stage.get("/v1/modules/none").await.0, 404);
}

#[tokio::test]
async fn a6_what_an_earlier_export_left_stays_visible_for_a_while() {
    let stage = stage().await;
    let redis = stage.emulator.redis();
    redis.plant_export(1, "failed", "general-error").unwrap();
    redis.tune(1, |knobs| knobs.stale_looks = 2).unwrap();
    stage.export_to_mount().await;
    for expected in ["failed", "failed", "exporting"] {
        assert_eq!(stage.status().await, expected);
    }
    stage.advance(3_000);
    assert_eq!(stage.status().await, "succeeded");
    redis.tune(1, |knobs| (knobs.stale_looks, knobs.start_delay_ms) = (0, 1_000)).unwrap();
    let last = stage.database().await["last_export_time"].clone();
    let (_, accepted) = stage.export_to_mount().await;
    let action = format!("/v2/actions/{}", accepted["action_uid"].as_str().unwrap());
    assert_eq!(stage.get(&action).await.1["status"], "queued");
    stage.advance(999);
    assert_eq!((stage.status().await, &stage.database().await["last_export_time"]), ("succeeded".to_owned(), &last));
    stage.advance(1);
    assert_eq!(stage.status().await, "exporting");
    assert_eq!(stage.get(&action).await.1["status"], "running");
}

#[tokio::test]
async fn a7_somebody_else_s_export_occupies_the_database() {
    let stage = stage().await;
    let location = json!({ "type": "mount_point", "path": "/mnt/exports" });
    let action = stage.emulator.redis().start_export(1, &location).unwrap();
    assert_eq!((stage.status().await, stage.export_to_mount().await.0), ("exporting".to_owned(), 409));
    let (_, shown) = stage.get(&format!("/v2/actions/{action}")).await;
    assert_eq!((&shown["name"], &shown["additional_info"]["object_uid"]), (&json!("export_bdb"), &json!("1")));
    assert!(shown["creation_time"].is_i64() && shown["progress"].is_f64(), "{shown}");
}

#[tokio::test]
async fn a8_an_answer_is_lost_after_the_export_was_accepted() {
    let stage = stage().await;
    stage.emulator.faults().add(Rule::new(Effect::Reset).service("redis").method("POST").times(1));
    let body = json!({ "export_location": { "type": "mount_point", "path": "/mnt/exports" } }).to_string();
    let post = || stage.request(Method::POST, "/v1/bdbs/1/actions/export", &body).send();
    assert!(post().await.is_err());
    assert_eq!(stage.status().await, "");
    stage.emulator.faults().add(Rule::new(Effect::LostAnswer).service("redis").method("POST").times(1));
    assert!(post().await.is_err());
    assert_eq!(stage.status().await, "exporting");
}

#[tokio::test]
async fn a9_the_release_decides_about_version_2_of_the_actions() {
    for version in Version::ALL {
        let redis = redis::Config { version, ..redis::Config::default() };
        let stage = stage_with(Config { speed: Speed::Manual, redis, ..Config::default() }).await;
        let (_, accepted) = stage.export_to_mount().await;
        let has = version != Version::V7_8;
        let status = if has { 200 } else { 404 };
        let one = format!("/v2/actions/{}", accepted["action_uid"].as_str().unwrap());
        assert_eq!((stage.get("/v2/actions").await.0, stage.get(&one).await.0), (status, status), "{version}");
        let (_, nodes) = stage.get("/v1/nodes").await;
        assert_eq!(nodes[0]["software_version"], version.software_version());
        // Version 1 shows no export.
        let (_, actions) = stage.get("/v1/actions").await;
        assert!(actions["actions"].is_array() && actions["state-machines"].is_array(), "{actions}");
        assert!(!actions.to_string().contains("export_bdb"));
        stage.emulator.redis().change(|switches| switches.v2_actions = Some(!has));
        assert_eq!(stage.get("/v2/actions").await.0, if has { 404 } else { 200 });
    }
}

#[tokio::test]
async fn a9_an_action_that_ended_is_forgotten_in_time() {
    let stage = stage().await;
    let (_, accepted) = stage.export_to_mount().await;
    let one = format!("/v2/actions/{}", accepted["action_uid"].as_str().unwrap());
    stage.status().await;
    stage.advance(3_000);
    stage.status().await;
    stage.advance(3_599_000);
    assert_eq!(stage.get(&one).await.0, 200);
    stage.advance(1_000);
    assert_eq!(stage.get(&one).await.0, 404);
    assert_eq!(stage.get("/v2/actions").await.1, json!([]));
}

#[tokio::test]
async fn a10_the_body_of_an_accepted_export_is_switched() {
    let stage = stage().await;
    for (response, reset) in [(Body::EmptyObject, json!({})), (Body::Empty, json!("")), (Body::ActionUid, json!({}))] {
        stage.emulator.redis().change(|switches| switches.export_response = response);
        let (status, accepted) = stage.export_to_mount().await;
        assert_eq!(status, 200);
        match response {
            Body::ActionUid => assert_eq!(accepted["action_uid"].as_str().unwrap().len(), 36),
            _ => assert_eq!(accepted, reset),
        }
        stage.status().await;
        stage.advance(3_000);
        stage.status().await;
        assert_eq!(stage.reset().await, (200, reset));
    }
}

#[tokio::test]
async fn a11_a_text_as_location_and_a12_both_credentials_are_400() {
    let stage = stage().await;
    let both = json!({ "type": "abs", "container": "c", "account_name": "a", "account_key": "k", "sas_token": "t" });
    for location in [
        json!("ftp://user:password@host/"),
        both,
        json!({ "type": "aws", "bucket_name": "b" }),
        json!({ "type": "mount_point" }),
        json!({ "type": "mount_point", "path": 1 }),
        json!({ "type": "mount_point", "path": "/mnt", "more": "x" }),
    ] {
        let (status, refused) = stage.export(&location).await;
        assert_eq!((status, &refused["error_code"]), (400, &json!("invalid_schema")), "{location}");
        assert!(!refused.to_string().contains("password"), "{refused}");
    }
    let export = "/v1/bdbs/1/actions/export";
    for body in [
        "",
        "{}",
        "[]",
        "{",
        "{\"export_location\":{\"type\":\"mount_point\",\"path\":\"/m\"},\"more\":1}",
        "{\"export_location\":{\"type\":\"mount_point\",\"path\":\"/m\"},\"email_notification\":\"yes\"}",
    ] {
        assert_eq!(stage.call(Method::POST, export, body).await.0, 400, "{body}");
    }
    let url = format!("{}{export}", stage.emulator.redis().endpoint());
    let plain = stage.client.post(url).header("authorization", &stage.sender).body("{\"export_location\":{}}");
    assert_eq!(plain.send().await.unwrap().status(), 400);
    stage.emulator.redis().change(|switches| switches.location_status = 406);
    assert_eq!(stage.export(&json!("text")).await.0, 406);
    assert_eq!(stage.status().await, "");
}

#[tokio::test]
async fn a13_a_viewer_sees_exports_and_starts_none() {
    let mut stage = stage().await;
    let user =
        |name: &str, role| User { name: name.to_owned(), password: "p".to_owned(), role, password_expired: false };
    for (name, role, starts, sees, nodes) in [
        ("viewer", Role::DbViewer, 403, 200, 403),
        ("member", Role::DbMember, 200, 200, 403),
        ("cluster", Role::ClusterViewer, 403, 200, 200),
        ("nobody", Role::None, 403, 403, 403),
    ] {
        stage.emulator.redis().add_user(user(name, role));
        stage.sender = basic(name, "p");
        let (status, refused) = stage.export_to_mount().await;
        assert_eq!(status, starts, "{name}: {refused}");
        assert_eq!(stage.reset().await.0, if starts == 200 { 409 } else { 403 }, "{name}");
        assert_eq!((stage.get("/v1/bdbs").await.0, stage.get("/v1/bdbs/1").await.0), (sees, sees), "{name}");
        assert_eq!((stage.get("/v1/nodes").await.0, stage.get("/v2/actions").await.0), (nodes, sees), "{name}");
        // The permission is judged before the database.
        let other = stage.call(Method::POST, "/v1/bdbs/99/actions/export", "{}").await;
        assert_eq!(other.0, if starts == 200 { 404 } else { 403 }, "{name}");
        if starts == 403 && sees == 200 {
            assert_eq!(refused["error_code"], "permission_denied");
        }
    }
}

#[tokio::test]
async fn a14_tokens_end_and_are_renewed() {
    let mut stage = stage().await;
    let (user, password) = (stage.emulator.redis().user().to_owned(), stage.emulator.redis().password().to_owned());
    let token = |answer: &Value| format!("JWT {}", answer["access_token"].as_str().unwrap());
    // Both generations: credentials in the body, or in a Basic header.
    let login = json!({ "username": user, "password": password }).to_string();
    stage.sender = String::new();
    let (status, answer) = stage.call(Method::POST, "/v1/users/authorize", &login).await;
    assert_eq!(status, 200, "{answer}");
    stage.sender = token(&answer);
    assert_eq!(stage.get("/v1/bdbs").await.0, 200);
    stage.advance(299_000);
    let (status, renewed) = stage.call(Method::POST, "/v1/users/refresh_jwt", "{\"ttl\":600}").await;
    assert_eq!(status, 200);
    stage.advance(1_000);
    let answer = stage.request(Method::GET, "/v1/bdbs", "").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap()), (401, String::new()));
    assert_eq!(stage.call(Method::POST, "/v1/users/refresh_jwt", "").await.0, 401);
    stage.sender = token(&renewed);
    assert_eq!(stage.get("/v1/bdbs").await.0, 200);
    stage.sender = token(&renewed).replace("JWT", "Bearer");
    assert_eq!(stage.get("/v1/bdbs").await.0, 401);
    stage.emulator.redis().change(|switches| switches.bearer = true);
    assert_eq!(stage.get("/v1/bdbs").await.0, 200);

    stage.sender = basic(&user, &password);
    assert_eq!(stage.call(Method::POST, "/v1/users/authorize", "{\"ttl\":1}").await.0, 200);
    for body in ["{\"ttl\":0}", "{\"ttl\":86401}", "{\"ttl\":\"long\"}", "{\"username\":\"u\"}", "[]", "{\"user\":1}"] {
        assert_eq!(stage.call(Method::POST, "/v1/users/authorize", body).await.0, 400, "{body}");
    }
    stage.sender = basic(&user, "wrong");
    assert_eq!(stage.call(Method::POST, "/v1/users/authorize", "").await, (401, json!("")));
    let expired = User { name: "old".to_owned(), password: "p".to_owned(), role: Role::Admin, password_expired: true };
    stage.emulator.redis().add_user(expired);
    stage.sender = basic("old", "p");
    for (method, path) in [(Method::POST, "/v1/users/authorize"), (Method::GET, "/v1/bdbs")] {
        let (status, refused) = stage.call(method, path, "").await;
        assert_eq!((status, &refused["error_code"]), (401, &json!("password_expired")), "{path}");
    }
}

#[tokio::test]
async fn a15_no_secret_is_on_the_record_or_in_an_error() {
    let stage = stage().await;
    let redis = stage.emulator.redis();
    let login = json!({ "username": redis.user(), "password": redis.password() }).to_string();
    let (_, answer) = stage.call(Method::POST, "/v1/users/authorize", &login).await;
    let mut said = String::new();
    for location in [
        json!({ "type": "url", "url": "ftp://user:canary@host/path/" }),
        json!({ "type": "sftp", "sftp_url": "sftp://user:canary@host/", "key": "canary" }),
        json!({ "type": "s3", "bucket_name": "b", "access_key_id": "canary", "secret_access_key": "canary" }),
        json!({ "type": "gs", "bucket_name": "b", "client_id": "c", "client_email": "e", "private_key_id": "i",
                "private_key": "canary" }),
        json!({ "type": "abs", "container": "c", "account_name": "a", "sas_token": "canary" }),
        json!({ "type": "abs", "container": "c", "account_name": "a", "account_key": "canary", "sas_token": "canary" }),
        json!("ftp://user:canary@host/"),
    ] {
        let (_, answer) = stage.export(&location).await;
        said.push_str(&answer.to_string());
        stage.advance(10_000);
        stage.status().await;
        stage.status().await;
    }
    stage.call(Method::POST, "/v1/bdbs/1/actions/export", "{\"account_key\":\"canary\"").await;
    said.push_str(&serde_json::to_string(&stage.emulator.requests()).unwrap());
    said.push_str(&stage.control(Method::GET, "exports", &json!({})).await.1.to_string());
    let state = stage.client.get(format!("{}state", stage.emulator.control_endpoint())).send().await.unwrap();
    said.push_str(&state.text().await.unwrap());
    let token = answer["access_token"].as_str().unwrap();
    for secret in ["canary", redis.password(), token, &redis.database_password(1).unwrap()] {
        assert!(!said.contains(secret), "{secret} in {said}");
    }
    assert!(said.contains("***") && said.contains("Basic ***"));
    assert_eq!(redis.placed().len(), 5);
}

#[tokio::test]
async fn a16_a_status_that_nobody_knows_and_a17_four_spellings_of_idle() {
    let stage = stage().await;
    let redis = stage.emulator.redis();
    for (idle, expected) in [
        (Idle::Empty, Some(json!(""))),
        (Idle::Word, Some(json!("idle"))),
        (Idle::Null, Some(Value::Null)),
        (Idle::Absent, None),
    ] {
        redis.tune(1, |knobs| knobs.idle = idle).unwrap();
        assert_eq!(stage.database().await.get("export_status"), expected.as_ref(), "{idle:?}");
    }
    redis.tune(1, |knobs| knobs.hide_export_members = true).unwrap();
    let shown = stage.database().await;
    assert!(shown.as_object().unwrap().keys().all(|name| !name.starts_with("export_")), "{shown}");
    redis.tune(1, |knobs| "verifying".clone_into(&mut knobs.exporting_word)).unwrap();
    stage.export_to_mount().await;
    assert_eq!(stage.status().await, "verifying");
}

#[tokio::test]
async fn an_export_to_the_blob_storage_is_judged_and_arrives() {
    let stage = stage_with(Config { speed: Speed::Instant, ..Config::default() }).await;
    let (emulator, redis) = (&stage.emulator, stage.emulator.redis());
    let link = |permissions: &str| {
        let link = emulator.container_link(redis.container(), permissions, Duration::from_secs(3_600));
        link.split_once('?').unwrap().1.to_owned()
    };
    let key = emulator.account_key();
    let name = emulator.account_name();
    let location = |container: &str, member: &str, value: &str| json!({ "type": "abs", "container": container, "account_name": name, "subdir": "nightly", member: value });
    for (location, reason) in [
        (location(redis.container(), "account_key", &key), None),
        (location(redis.container(), "sas_token", &link("rwl")), None),
        (location(redis.container(), "sas_token", &format!("?{}", link("c"))), None),
        (location(redis.container(), "sas_token", &link("rl")), Some("no-permission")),
        (location(redis.container(), "account_key", "AAAA"), Some("no-permission")),
        (location("nowhere", "account_key", &key), Some("wrong-file-path")),
    ] {
        assert_eq!(stage.export(&location).await.0, 200);
        assert_eq!(stage.status().await, "exporting");
        let shown = stage.database().await;
        assert_eq!(shown["export_failure_reason"], reason.unwrap_or_default(), "{location}");
        assert_eq!(shown["export_status"], if reason.is_some() { "failed" } else { "succeeded" });
        if reason.is_none() {
            let (file, bytes) = redis.placed().last().unwrap().files[0].clone();
            let blob = emulator.blob(redis.container(), &format!("nightly/{file}")).unwrap();
            assert_eq!(blob.read(0..blob.len).unwrap(), bytes);
        }
    }
}

#[tokio::test]
async fn reads_follow_fields_and_show_what_the_documentation_names() {
    let stage = stage().await;
    let (status, list) = stage.get("/v1/bdbs").await;
    assert_eq!((status, list.as_array().unwrap().len()), (200, 2));
    let (_, some) = stage.get("/v1/bdbs/1?fields=name,export_status,nothing").await;
    assert_eq!(some, json!({ "name": "sample-db", "export_status": "" }));
    let (_, some) = stage.get("/v1/bdbs?fields=uid").await;
    assert_eq!(some, json!([{ "uid": 1 }, { "uid": 2 }]));
    assert_eq!(list[1]["shard_list"], json!([2, 3, 4]));
    let (status, schema) = stage.get("/v1/jsonschema?object=bdb").await;
    let variants = schema["properties"]["backup_location"]["anyOf"].as_array().unwrap();
    assert_eq!((status, variants.len()), (200, 6));
    assert!(stage.get("/v1/jsonschema").await.1["bdb"].is_object());
    assert_eq!((stage.get("/v1/jsonschema?object=none").await.0, stage.get("/v1/jsonschema/bdb").await.0), (406, 404));
    let (_, capabilities) = stage.get("/v1/cluster/module-capabilities").await;
    assert_eq!(capabilities["all_capabilities"].as_array().unwrap().len(), 16);
    let (_, actions) = stage.get("/v1/actions/bdb/1").await;
    let uid = actions[0]["action_uid"].as_str().unwrap();
    assert_eq!((stage.get(&format!("/v1/actions/{uid}")).await.0, stage.get("/v1/actions/none").await.0), (200, 404));
    assert_eq!((stage.get("/v1/nodes/1").await.0, stage.get("/v1/nodes/2").await.0), (200, 404));
    let answer = stage.request(Method::GET, "/v1/bdbs", "").send().await.unwrap();
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((header("content-type"), header("server")), ("application/json".to_owned(), "envoy".to_owned()));
    assert!(
        header("cluster-state-id").parse::<u64>().is_ok()
            && header("x-envoy-upstream-service-time").parse::<u64>().is_ok()
    );
    // Wrong spellings of clients, and what a cluster does not have.
    for path in
        ["/v1/bdbs/1/export", "/v1/bdbs/1/actions/backup", "/v1/bdbs/1/actions/restore", "/bdbs/1/actions/export"]
    {
        assert_eq!(stage.call(Method::POST, path, "{}").await.0, 404, "{path}");
    }
    let probe = stage.request(Method::OPTIONS, "/v1/bdbs/1/actions/export", "").send().await.unwrap();
    assert_eq!((probe.status().as_u16(), probe.headers()["allow"].to_str().unwrap()), (200, "POST, OPTIONS"));
    assert_eq!(stage.call(Method::DELETE, "/v1/bdbs/1/actions/export", "").await.0, 405);
    let other = stage.request(Method::GET, "/v1/bdbs", "").header("x-api-version", "99").send().await.unwrap();
    assert_eq!(other.status(), 505);
    stage.emulator.redis().change(|switches| switches.unprefixed_paths = true);
    assert_eq!(stage.get("/bdbs/1").await.0, 200);
    assert_eq!(Stage { sender: String::new(), ..stage }.get("/v1/bdbs").await, (401, json!("")));
}

#[tokio::test]
async fn errors_come_in_each_style() {
    let stage = stage().await;
    for (style, member) in [
        (ErrorStyle::Description, "description"),
        (ErrorStyle::Message, "message"),
        (ErrorStyle::Empty, ""),
        (ErrorStyle::Html, ""),
    ] {
        stage.emulator.redis().change(|switches| switches.error_style = style);
        let (status, refused) = stage.get("/v1/bdbs/99").await;
        assert_eq!(status, 404);
        match style {
            ErrorStyle::Empty => assert_eq!(refused, json!("")),
            ErrorStyle::Html => assert!(refused.as_str().unwrap().starts_with("<html>")),
            _ => assert!(refused[member].is_string() && refused["error_code"] == "db_not_found", "{refused}"),
        }
    }
    stage.emulator.redis().change(|switches| switches.error_style = ErrorStyle::Description);
    for (status, code) in [(503, "no_quorum"), (409, "db_busy"), (500, "error")] {
        stage.emulator.faults().add(Rule::new(Effect::status(status)).service("redis").times(1));
        let (answered, refused) = stage.get("/v1/bdbs/1").await;
        assert_eq!((answered, &refused["error_code"]), (status, &json!(code)));
    }
    let coded = Rule::new(Effect::error(409, "busy", "another action runs")).service("redis").times(1);
    stage.emulator.faults().add(coded);
    let expected = json!({ "description": "another action runs", "error_code": "busy" });
    assert_eq!(stage.get("/v1/bdbs/1").await, (409, expected));
}

#[tokio::test]
async fn a_node_that_is_not_the_master_sends_elsewhere() {
    let local = Some(([127, 0, 0, 1], 0).into());
    let redis = redis::Config { second_node: local, http: local, ..redis::Config::default() };
    let mut stage = stage_with(Config { speed: Speed::Manual, redis, ..Config::default() }).await;
    stage.client = {
        let authority = std::fs::read(stage.emulator.redis().ca_file()).unwrap();
        let authority = reqwest::Certificate::from_pem(&authority).unwrap();
        let builder = Client::builder().no_proxy().tls_certs_only([authority]);
        builder.redirect(reqwest::redirect::Policy::none()).build().unwrap()
    };
    let redis = stage.emulator.redis();
    let node = format!("{}/v1/bdbs/1?fields=name", redis.second_node().unwrap());
    let ask = || stage.client.get(&node).header("authorization", &stage.sender).send();
    let answer = ask().await.unwrap();
    let master = format!("{}/v1/bdbs/1?fields=name", redis.endpoint());
    assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (307, master.as_str()));
    redis.change(|switches| switches.handle_redirects = true);
    assert_eq!(ask().await.unwrap().status(), 200);
    redis.change(|switches| switches.redirect_to = Some("https://elsewhere.invalid:9443/".to_owned()));
    let answer = stage.request(Method::POST, "/v1/bdbs/1/actions/export", "{}").send().await.unwrap();
    assert_eq!(answer.headers()["location"], "https://elsewhere.invalid:9443/v1/bdbs/1/actions/export");
    redis.change(|switches| switches.redirect_to = None);
    let plain = format!("{}/v1/bdbs", redis.http_endpoint().unwrap());
    assert_eq!(stage.client.get(plain).header("authorization", &stage.sender).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_certificate_that_signs_itself_is_known_by_its_fingerprint() {
    use rustls::pki_types::pem::PemObject;
    use sha2::Digest;
    let redis = redis::Config { self_signed: true, ..redis::Config::default() };
    let emulator = Emulator::start(Config { redis, ..Config::default() }).await.unwrap();
    let own = rustls::pki_types::CertificateDer::from_pem_file(emulator.redis().ca_file()).unwrap();
    let hex: Vec<String> = sha2::Sha256::digest(&own).iter().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!(emulator.redis().certificate_sha256(), hex.join(":"));
    assert_ne!(emulator.redis().ca_file(), emulator.ca_file());
    // The emulator's authority has not signed it.
    let url = format!("{}/v1/bdbs", emulator.redis().endpoint());
    assert!(client(emulator.ca_file()).get(url).send().await.is_err());
    let usual = Emulator::start(Config::default()).await.unwrap();
    assert_eq!(usual.redis().certificate_sha256(), usual.certificate_sha256());
    assert_eq!(usual.redis().ca_file(), usual.ca_file());
}

#[tokio::test]
async fn imports_have_a_state_and_notifications_an_outbox() {
    let stage = stage().await;
    let sources = json!({ "dataset_import_sources": [{ "type": "url", "url": "https://host/dump.rdb.gz" }] });
    let import = "/v1/bdbs/1/actions/import";
    assert_eq!(stage.call(Method::POST, import, &sources.to_string()).await.0, 200);
    let shown = stage.database().await;
    assert_eq!((&shown["status"], &shown["import_status"]), (&json!("import-pending"), &json!("initializing")));
    assert_eq!((stage.export_to_mount().await.0, stage.call(Method::POST, import, "").await.0), (409, 409));
    stage.advance(1_500);
    let shown = stage.database().await;
    assert_eq!((&shown["import_status"], &shown["import_progress"]), (&json!("importing"), &json!(50.0)));
    stage.advance(1_500);
    let shown = stage.database().await;
    assert_eq!((&shown["status"], &shown["import_status"]), (&json!("active"), &json!("succeeded")));
    assert_eq!(shown["dataset_import_sources"], json!([]));
    for (what, status) in [("import", 200), ("backup", 200)] {
        let path = format!("/v1/bdbs/1/actions/{what}_reset_status");
        assert_eq!(stage.call(Method::PUT, &path, "{}").await.0, status, "{what}");
    }
    assert_eq!(stage.database().await["import_status"], "");
    for body in ["{\"more\":1}", "{\"dataset_import_sources\":{}}", "{\"dataset_import_sources\":[{\"type\":\"aws\"}]}"]
    {
        assert_eq!(stage.call(Method::POST, import, body).await.0, 400, "{body}");
    }
    let location = json!({ "type": "mount_point", "path": "/mnt/exports" });
    let body = json!({ "export_location": location, "email_notification": true }).to_string();
    assert_eq!(stage.call(Method::POST, "/v1/bdbs/1/actions/export", &body).await.0, 200);
    stage.status().await;
    stage.advance(3_000);
    stage.status().await;
    let [mail] = &stage.emulator.redis().outbox()[..] else { panic!("not one mail") };
    assert_eq!(
        (mail.to.as_str(), mail.subject.as_str()),
        ("admin@cluster.local", "Export of database sample-db completed")
    );
}

#[tokio::test]
async fn the_control_interface_does_what_a_test_in_process_does() {
    let stage = stage().await;
    let (status, switches) = stage.control(Method::POST, "switches", &json!({ "exportResponse": "empty" })).await;
    assert_eq!(
        (status, &switches["exportResponse"], &switches["errorStyle"]),
        (200, &json!("empty"), &json!("description"))
    );
    assert_eq!(stage.control(Method::POST, "switches", &json!({ "exportBody": "empty" })).await.0, 400);
    let knobs = json!({ "fail": "no-permission", "failAt": 10.0, "exportMs": 1_000 });
    let (status, turned) = stage.control(Method::POST, "databases/1/knobs", &knobs).await;
    assert_eq!((status, &turned["fail"], &turned["idle"]), (200, &json!("no-permission"), &json!("empty")));
    assert_eq!(stage.control(Method::GET, "databases/1/knobs", &json!({})).await.1, turned);
    assert_eq!(stage.control(Method::POST, "databases/9/knobs", &knobs).await.0, 400);
    let location = json!({ "type": "mount_point", "path": "/mnt/exports" });
    assert_eq!(stage.control(Method::POST, "databases/1/export", &location).await.0, 200);
    assert_eq!(stage.status().await, "exporting");
    stage.advance(1_000);
    assert_eq!(stage.database().await["export_failure_reason"], "no-permission");
    let last = json!({ "status": "succeeded" });
    assert_eq!(stage.control(Method::POST, "databases/1/last", &last).await.0, 200);
    assert_eq!(stage.status().await, "succeeded");
    assert_eq!(stage.control(Method::POST, "databases/1/busy", &json!({ "ms": 1_000 })).await.0, 200);
    assert_eq!(stage.export_to_mount().await.0, 409);
    let user = json!({ "name": "v", "password": "p", "role": "db_viewer" });
    assert_eq!(stage.control(Method::POST, "users", &user).await.0, 200);
    let database = json!({ "uid": 5, "name": "fifth", "shards": 2 });
    assert_eq!(stage.control(Method::POST, "databases", &database).await.0, 200);
    let (_, mount) = stage.control(Method::POST, "mounts", &json!({ "path": "/mnt/more" })).await;
    assert!(Path::new(mount["folder"].as_str().unwrap()).is_dir());
    let databases = stage.control(Method::GET, "databases", &json!({})).await.1;
    assert_eq!((databases.as_array().unwrap().len(), &databases[2]["shard_list"]), (3, &json!([5, 6])));
    assert_eq!(stage.control(Method::GET, "mails", &json!({})).await.1, json!([]));
    assert_eq!(stage.control(Method::GET, "nothing", &json!({})).await.0, 404);
}

#[tokio::test]
async fn what_exports_left_and_the_credentials_outlive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let config = || Config { speed: Speed::Manual, state_dir: Some(folder.path().to_owned()), ..Config::default() };
    let first = stage_with(config()).await;
    first.export_to_mount().await;
    first.status().await;
    let password = first.emulator.redis().password().to_owned();
    let database = first.emulator.redis().database_password(1).unwrap();
    first.emulator.stop().await.unwrap();
    let second = stage_with(config()).await;
    assert_eq!(second.emulator.redis().password(), password);
    assert_eq!(second.emulator.redis().database_password(1).unwrap(), database);
    assert_eq!(second.status().await, "exporting");
    second.advance(3_000);
    assert_eq!((second.status().await, second.files().len()), ("succeeded".to_owned(), 1));
}
