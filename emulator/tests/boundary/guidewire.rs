//! Guidewire: the acceptance cases of the specification that concern the service (G1 to G15), by raw requests.

use std::time::Duration;

use epicloud_emulator::guidewire::{Client as OAuth, Envelope, Planet, Planted, Spelling};
use epicloud_emulator::{Config, Effect, Emulator, Rule, Speed, Step, guidewire};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use crate::caller::client;

const READ: &str = "gcc.deployments.read";
const WRITE: &str = "gcc.deployments.write";

struct Stage {
    emulator: Emulator,
    client: Client,
    token: String,
}

async fn stage_with(config: Config) -> Stage {
    let emulator = Emulator::start(config).await.unwrap();
    let client = client(emulator.ca_file());
    let mut stage = Stage { emulator, client, token: String::new() };
    stage.renew().await;
    stage.emulator.clear_requests();
    stage
}

async fn stage() -> Stage {
    stage_with(Config { speed: Speed::Manual, ..Config::default() }).await
}

fn order(name: &str) -> Value {
    json!({
        "mechanism": "logical", "planetClass": "dev", "temporary": true, "retentionPeriodInDays": 10,
        "metadata": { "name": name, "description": "This is a sample backup." },
    })
}

impl Stage {
    async fn ask_token(&self, form: &str) -> (u16, Value) {
        let request = self.client.post(self.emulator.guidewire().token_url());
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
        outcome(request.send().await.unwrap()).await
    }

    async fn token_for(&self, scopes: &[&str]) -> String {
        let guidewire = self.emulator.guidewire();
        let (id, secret) = (guidewire.client_id(), guidewire.client_secret());
        let form =
            format!("grant_type=client_credentials&scope={}&client_id={id}&client_secret={secret}", scopes.join("+"));
        let (status, answer) = self.ask_token(&form).await;
        assert_eq!((status, &answer["token_type"]), (200, &json!("Bearer")), "{answer}");
        answer["access_token"].as_str().unwrap().to_owned()
    }

    async fn renew(&mut self) {
        self.token = self.token_for(&["tenant.acme", READ, WRITE]).await;
    }

    fn path(&self, below: &str) -> String {
        let guidewire = self.emulator.guidewire();
        format!("api/v1/tenants/{}/starsystems/{}/{below}", guidewire.tenant(), guidewire.star_system())
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> reqwest::Result<Response> {
        let url = format!("{}{path}", self.emulator.guidewire().endpoint());
        let request = self.client.request(method, url).header("authorization", format!("Bearer {}", self.token));
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        };
        request.send().await
    }

    async fn call(&self, method: Method, below: &str, body: Option<&Value>) -> (u16, Value) {
        outcome(self.send(method, &self.path(below), body).await.unwrap()).await
    }

    async fn create(&self, order: &Value) -> (u16, Value) {
        self.call(Method::POST, "planets/dev1/backups", Some(order)).await
    }

    async fn get(&self, below: &str) -> (u16, Value) {
        self.call(Method::GET, below, None).await
    }

    async fn status(&self, id: &Value) -> (String, String) {
        let (status, shown) = self.get(&format!("backups/{id}")).await;
        assert_eq!(status, 200, "{shown}");
        (shown["status"].as_str().unwrap().to_owned(), shown["displayStatus"].as_str().unwrap().to_owned())
    }

    async fn control(&self, method: Method, what: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}guidewire/{what}", self.emulator.control_endpoint());
        outcome(self.client.request(method, url).body(body.to_string()).send().await.unwrap()).await
    }

    fn advance(&self, seconds: u64) {
        self.emulator.clock().advance(Duration::from_secs(seconds));
    }
}

async fn outcome(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn pair(status: &str, display: &str) -> (String, String) {
    (status.to_owned(), display.to_owned())
}

#[tokio::test]
async fn g1_a_backup_is_created_polled_and_ready() {
    let stage = stage().await;
    let (status, created) = stage.create(&order("sample backup")).await;
    assert_eq!((status, &created["id"], &created["status"]), (201, &json!(362), &json!("pending")), "{created}");
    assert_eq!(created["completedAt"], Value::Null);
    for (seconds, expected) in [
        (0, pair("pending", "pending")),
        (4, pair("pending", "pending")),
        (1, pair("inProgress", "in progress")),
        (129, pair("inProgress", "in progress")),
        (1, pair("succeeded", "ready")),
    ] {
        stage.advance(seconds);
        assert_eq!(stage.status(&created["id"]).await, expected);
    }
    let (_, shown) = stage.get("backups/362").await;
    let members: Vec<&str> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    for name in ["mechanism", "type", "environment", "metadata", "errorMessage", "databaseToApplicationBuilds"] {
        assert!(members.contains(&name), "{name} in {members:?}");
    }
    let environment = json!({ "tenant": "acme", "project": "claims-dev", "stage": "dev", "name": "dev1" });
    assert_eq!((&shown["environment"], &shown["type"]), (&environment, &json!("temporary")));
    assert!(shown["expirationDate"].as_str().unwrap().ends_with(":00:00Z"), "{shown}");
    assert!(shown["completedAt"].is_string() && shown["errorMessage"].is_null(), "{shown}");
}

#[tokio::test]
async fn g1_at_instant_speed_the_second_look_shows_the_end() {
    let stage = stage_with(Config { speed: Speed::Instant, ..Config::default() }).await;
    let (_, created) = stage.create(&order("instant")).await;
    assert_eq!(stage.status(&created["id"]).await, pair("pending", "pending"));
    assert_eq!(stage.status(&created["id"]).await, pair("succeeded", "ready"));
}

#[tokio::test]
async fn g2_a_backup_fails_with_a_message_stalls_or_has_a_status_nobody_knows() {
    let mut stage = stage().await;
    let step = |delay_ms, status: &str| Step { delay_ms, status: Some(status.to_owned()), ..Step::default() };
    let script = |stage: &Stage, steps| stage.emulator.guidewire().script(steps);
    script(&stage, vec![step(1_000, "inProgress"), step(2_000, "failed").error("the disk is full")]);
    let (_, created) = stage.create(&order("fails")).await;
    assert_eq!(stage.status(&created["id"]).await.0, "pending");
    stage.advance(3);
    let (_, failed) = stage.get("backups/362").await;
    assert_eq!((&failed["status"], &failed["displayStatus"]), (&json!("failed"), &json!("failed")));
    assert_eq!(failed["errorMessage"], "the disk is full");
    assert!(failed["completedAt"].is_string());

    script(&stage, vec![step(1_000, "PREPARING_STORAGE")]);
    let (_, created) = stage.create(&order("stalls")).await;
    stage.status(&created["id"]).await;
    stage.advance(100_000);
    stage.renew().await;
    assert_eq!(stage.status(&created["id"]).await, pair("PREPARING_STORAGE", "PREPARING_STORAGE"));
}

#[tokio::test]
async fn g3_planets_and_star_systems_are_listed_newest_first_by_both_spellings() {
    let stage = stage().await;
    let guidewire = stage.emulator.guidewire();
    guidewire.add_planet(Planet::new("acme", "claims-dev", "dev2", "dev"));
    let old = Planted { planet: "dev2".to_owned(), age_ms: 1_000, ..Planted::default() };
    let scheduled = guidewire.plant(old).unwrap();
    stage.create(&order("new")).await;
    let ids = |list: &Value| -> Vec<i64> {
        list.as_array().unwrap().iter().map(|backup| backup["id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ids(&stage.get("planets/dev1/backups").await.1), [363]);
    for path in ["backup", "backups"] {
        let (status, list) = stage.get(path).await;
        assert_eq!((status, ids(&list)), (200, vec![363, scheduled]), "{path}");
        assert_eq!(list[1]["type"], "scheduled");
    }
    for (spelling, statuses) in [(Spelling::Backup, [200, 404]), (Spelling::Backups, [404, 200])] {
        guidewire.change(|switches| switches.star_system_list = spelling);
        assert_eq!([stage.get("backup").await.0, stage.get("backups").await.0], statuses, "{spelling:?}");
    }
}

#[tokio::test]
async fn g4_a_backup_is_deleted_and_then_404() {
    let stage = stage().await;
    let guidewire = stage.emulator.guidewire();
    let delete = || stage.call(Method::DELETE, "backups/362", None);
    stage.create(&order("mine")).await;
    assert_eq!(delete().await.0, 409);
    stage.advance(200);
    assert_eq!(delete().await, (200, json!("")));
    assert_eq!((stage.get("backups/362").await.0, delete().await.0), (404, 404));

    guidewire.change(|switches| (switches.delete_running, switches.delete_ms) = (true, 5_000));
    let (_, created) = stage.create(&order("other")).await;
    let path = format!("backups/{}", created["id"]);
    assert_eq!(stage.call(Method::DELETE, &path, None).await.0, 202);
    assert_eq!(stage.status(&created["id"]).await, pair("deleting", "deleting"));
    stage.advance(5);
    assert_eq!(stage.get(&path).await.0, 404);
}

#[tokio::test]
async fn g5_a_token_ends_in_the_middle_of_a_wait() {
    let mut stage = stage().await;
    let (_, created) = stage.create(&order("long")).await;
    stage.advance(3_599);
    assert_eq!(stage.get(&format!("backups/{}", created["id"])).await.0, 200);
    stage.advance(1);
    let answer = stage.send(Method::GET, &stage.path("backups/362"), None).await.unwrap();
    assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    let (status, refused) = outcome(answer).await;
    assert_eq!((status, &refused["status"]), (401, &json!(401)));
    stage.token = stage.token_for(&["tenant.acme", READ]).await;
    assert_eq!(stage.status(&created["id"]).await.0, "succeeded");
    stage.emulator.guidewire().expire_tokens();
    assert_eq!(stage.get("backups/362").await.0, 401);
    assert_eq!(stage.emulator.guidewire().tokens_issued(), 2);
    stage.token = String::new();
    assert_eq!(stage.get("backups/362").await.0, 401);
}

#[tokio::test]
async fn g6_scopes_are_needed_for_the_tenant_and_the_operation() {
    let mut stage = stage().await;
    let other = OAuth {
        id: "other".to_owned(),
        secret: "s".to_owned(),
        scopes: ["tenant.other", "any.tenant", READ, WRITE].map(str::to_owned).into(),
    };
    stage.emulator.guidewire().add_client(other);
    let form = |scopes: &str| format!("grant_type=client_credentials&client_id=other&client_secret=s&scope={scopes}");
    for (scopes, read, write) in [
        (format!("tenant.other {READ} {WRITE}"), 403, 403),
        (format!("any.tenant {READ}"), 200, 403),
        (format!("any.tenant {WRITE}"), 403, 201),
        (READ.to_owned(), 403, 403),
    ] {
        let (_, answer) = stage.ask_token(&form(&scopes.replace(' ', "%20"))).await;
        stage.token = answer["access_token"].as_str().unwrap().to_owned();
        assert_eq!(stage.get("planets/dev1/backups").await.0, read, "{scopes}");
        assert_eq!(stage.create(&order("scoped")).await.0, write, "{scopes}");
    }
    stage.emulator.guidewire().change(|switches| switches.write_implies_read = true);
    let (_, answer) = stage.ask_token(&form(&format!("any.tenant+{WRITE}"))).await;
    stage.token = answer["access_token"].as_str().unwrap().to_owned();
    assert_eq!(stage.get("planets/dev1/backups").await.0, 200);
}

#[tokio::test]
async fn g7_an_answer_to_a_create_is_lost_and_the_backup_is_there_by_its_name() {
    let stage = stage().await;
    let create = Rule::new(Effect::LostAnswer).service("guidewire").method("POST").path("*/backups").times(1);
    stage.emulator.faults().add(create);
    let lost = stage.send(Method::POST, &stage.path("planets/dev1/backups"), Some(&order("mine-7f3a"))).await;
    assert!(lost.is_err());
    let (_, list) = stage.get("planets/dev1/backups").await;
    assert_eq!((list.as_array().unwrap().len(), &list[0]["metadata"]["name"]), (1, &json!("mine-7f3a")));
    // A connection that is cut before the request was taken leaves nothing behind.
    stage.advance(200);
    stage.emulator.faults().add(Rule::new(Effect::Reset).service("guidewire").method("POST").times(1));
    assert!(stage.send(Method::POST, &stage.path("planets/dev1/backups"), Some(&order("again"))).await.is_err());
    assert_eq!(stage.get("planets/dev1/backups").await.1.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn g8_a_temporary_backup_expires_and_g9_a_permanent_one_does_not() {
    let mut stage = stage().await;
    stage.create(&order("temporary")).await;
    stage.advance(200);
    let permanent = json!({ "mechanism": "logical", "planetClass": "dev", "temporary": false });
    let (status, created) = stage.create(&permanent).await;
    assert_eq!((status, &created["type"], &created["expirationDate"]), (201, &json!("permanent"), &Value::Null));
    stage.advance(10 * 24 * 3_600);
    stage.renew().await;
    assert_eq!((stage.get("backups/362").await.0, stage.get("backups/363").await.0), (404, 200));
    stage.emulator.guidewire().change(|switches| switches.expired_stays = true);
    let planted = Planted { kind: "temporary".to_owned(), retention_days: Some(1), ..Planted::default() };
    let id = stage.emulator.guidewire().plant(planted).unwrap();
    stage.advance(24 * 3_600);
    stage.renew().await;
    assert_eq!(stage.status(&json!(id)).await, pair("expired", "expired"));
}

#[tokio::test]
async fn g10_unknown_members_and_ids_as_texts_are_switched_on() {
    let stage = stage().await;
    stage.emulator.guidewire().change(|switches| {
        (switches.extra_members, switches.id_as_text) = (true, true);
        "STARTED".clone_into(&mut switches.running_word);
    });
    let (_, created) = stage.create(&order("extra")).await;
    assert_eq!(created["id"], "362");
    assert!(created["replicas"].is_array() && created["environment"]["galaxy"].is_string(), "{created}");
    stage.get("backups/362").await;
    stage.advance(5);
    assert_eq!(stage.get("backups/362").await.1["status"], "STARTED");
}

#[tokio::test]
async fn g11_each_error_code_comes_in_the_service_s_form() {
    let stage = stage().await;
    stage.create(&order("mine")).await;
    for status in [400, 401, 403, 405, 408, 424, 500, 503] {
        stage.emulator.faults().add(Rule::new(Effect::status(status)).service("guidewire").times(1));
        let (answered, error) = stage.get("backups/362").await;
        assert_eq!((answered, error["status"].as_u64()), (status, Some(u64::from(status))), "{error}");
        for name in ["timestamp", "error", "message", "path"] {
            assert!(error[name].as_str().is_some_and(|text| !text.is_empty()), "{name} in {error}");
        }
    }
    stage.emulator.faults().add(Rule::new(Effect::retry_after(503, 7)).service("guidewire").times(1));
    let answer = stage.send(Method::GET, &stage.path("backups/362"), None).await.unwrap();
    assert_eq!(answer.headers()["retry-after"], "7");
    // What the service itself refuses.
    for (method, path, status) in [
        (Method::GET, stage.path("backups/1"), 404),
        (Method::GET, stage.path("planets/nowhere/backups"), 404),
        (Method::GET, stage.path("nothing"), 404),
        (Method::PUT, stage.path("backups/362"), 405),
        (Method::GET, "api/v1/tenants/acme/starsystems/nowhere/backup".to_owned(), 404),
        (Method::GET, "api/v1/tenants/other/starsystems/claims-dev/backup".to_owned(), 403),
    ] {
        let (answered, error) = outcome(stage.send(method, &path, None).await.unwrap()).await;
        assert_eq!((answered, error["status"].as_u64()), (status, Some(u64::from(status))), "{path}: {error}");
    }
    stage.emulator.guidewire().change(|switches| switches.unknown_status = 403);
    assert_eq!(stage.get("backups/1").await.0, 403);
}

#[tokio::test]
async fn g12_a_service_that_is_down_for_a_while_goes_on_with_the_backup() {
    let stage = stage().await;
    let (_, created) = stage.create(&order("mine")).await;
    assert_eq!(stage.status(&created["id"]).await.0, "pending");
    stage.emulator.faults().add(Rule::new(Effect::status(503)).service("guidewire").times(3));
    stage.advance(60);
    for _ in 0..3 {
        assert_eq!(stage.get("backups/362").await.0, 503);
    }
    assert_eq!(stage.status(&created["id"]).await.0, "inProgress");
}

#[tokio::test]
async fn g13_no_secret_is_on_the_record() {
    let stage = stage().await;
    let token = stage.token_for(&["tenant.acme", READ]).await;
    stage.create(&order("mine")).await;
    let record = stage.emulator.requests();
    assert!(record.iter().all(|request| request.service == "guidewire"));
    let shown = serde_json::to_string(&record).unwrap();
    for secret in [stage.emulator.guidewire().client_secret(), &stage.token, &token] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains("client_secret=***") && shown.contains("Bearer ***") && shown.contains("This is a sample"));
}

#[tokio::test]
async fn g14_lists_come_in_both_envelopes() {
    let stage = stage().await;
    stage.create(&order("mine")).await;
    assert!(stage.get("backup").await.1.is_array());
    stage.emulator.guidewire().change(|switches| switches.list_envelope = Envelope::Backups);
    let (_, list) = stage.get("backup").await;
    assert_eq!((list.as_object().unwrap().len(), list["backups"].as_array().unwrap().len()), (1, 1));
}

#[tokio::test]
async fn g15_a_retention_above_the_maximum_is_invalid() {
    let stage = stage().await;
    let mut long = order("long");
    long["retentionPeriodInDays"] = json!(15);
    assert_eq!(stage.create(&long).await.0, 422);
    stage.emulator.guidewire().change(|switches| switches.retention_status = 400);
    assert_eq!(stage.create(&long).await.0, 400);
    let raised = Planet { max_retention_days: 30, ..Planet::new("acme", "claims-dev", "dev1", "dev") };
    stage.emulator.guidewire().add_planet(raised);
    assert_eq!(stage.create(&long).await.0, 201);
}

#[tokio::test]
async fn creates_are_judged_and_answered_as_switched() {
    let stage = stage().await;
    let guidewire = stage.emulator.guidewire();
    let snapshot = json!({ "mechanism": "snapshot", "planetClass": "dev", "temporary": false });
    assert_eq!(stage.create(&snapshot).await.0, 400);
    guidewire.change(|switches| switches.snapshot_status = 422);
    assert_eq!(stage.create(&snapshot).await.0, 422);
    assert_eq!(stage.create(&json!([])).await.0, 400);
    let url = format!("{}{}", guidewire.endpoint(), stage.path("planets/dev1/backups"));
    let plain = stage.client.post(url).header("authorization", format!("Bearer {}", stage.token));
    assert_eq!(plain.body(order("x").to_string()).send().await.unwrap().status(), 400);
    for status in [200, 202] {
        guidewire.change(|switches| (switches.create_status, switches.parallel_backups) = (status, true));
        assert_eq!(stage.create(&order("mine")).await.0, status);
    }
    guidewire.change(|switches| switches.create_body = false);
    let answer = stage.send(Method::POST, &stage.path("planets/dev1/backups"), Some(&order("mine"))).await.unwrap();
    assert_eq!(answer.headers()["location"], format!("/{}", stage.path("backups/364")).as_str());
    assert_eq!(answer.text().await.unwrap(), "");
    guidewire.change(|switches| switches.parallel_backups = false);
    assert_eq!(stage.create(&order("mine")).await.0, 409);
    // What was over before anybody looked is in nobody's way.
    stage.advance(200);
    assert_eq!(stage.create(&order("mine")).await.0, 202);
    let preprod = json!({ "mechanism": "snapshot", "planetClass": "preprod", "temporary": false });
    let path = "api/v1/tenants/acme/starsystems/claims-preprod/planets/preprod1/backups";
    let (status, created) = outcome(stage.send(Method::POST, path, Some(&preprod)).await.unwrap()).await;
    assert_eq!((status, created), (202, json!("")));
}

#[tokio::test]
async fn tokens_are_given_for_the_right_form_only_and_health_needs_none() {
    let stage = stage().await;
    let guidewire = stage.emulator.guidewire();
    let (id, secret) = (guidewire.client_id(), guidewire.client_secret());
    let form = format!("grant_type=client_credentials&scope=tenant.acme&client_id={id}&client_secret={secret}");
    let (status, answer) = stage.ask_token(&form).await;
    assert_eq!((status, &answer["expires_in"], &answer["scope"]), (200, &json!(3_600), &json!("tenant.acme")));
    for (form, status, error) in [
        (form.replace(secret, "wrong"), 401, "invalid_client"),
        (form.replace("tenant.acme", "tenant.other"), 400, "invalid_scope"),
        (form.replace("client_credentials", "password"), 400, "unsupported_grant_type"),
        (String::new(), 400, "invalid_request"),
    ] {
        let (answered, refused) = stage.ask_token(&form).await;
        assert_eq!((answered, &refused["error"]), (status, &json!(error)));
        assert!(refused["error_description"].is_string());
    }
    let health = stage.client.get(format!("{}management/health", guidewire.endpoint())).send().await.unwrap();
    assert_eq!(outcome(health).await, (200, json!({ "status": "UP" })));
    assert_eq!(stage.client.get(guidewire.token_url()).send().await.unwrap().status(), 405);
    stage.emulator.faults().add(Rule::new(Effect::LoginPage { status: 200 }).path("*/token").times(1));
    assert!(stage.ask_token(&form).await.1.as_str().unwrap().starts_with("<!DOCTYPE html>"));
}

#[tokio::test]
async fn the_control_interface_does_what_a_test_in_process_does() {
    let stage = stage().await;
    let (status, switches) = stage.control(Method::POST, "switches", &json!({ "listEnvelope": "backups" })).await;
    assert_eq!((status, &switches["listEnvelope"], &switches["createStatus"]), (200, &json!("backups"), &json!(201)));
    assert_eq!(stage.control(Method::POST, "switches", &json!({ "listEnvelop": "backups" })).await.0, 400);
    let planted = json!({ "planet": "prod1", "type": "scheduled", "name": "nightly", "ageMs": 3_600_000 });
    assert_eq!(stage.control(Method::POST, "backups", &planted).await, (200, json!({ "id": 362 })));
    assert_eq!(stage.control(Method::POST, "backups", &json!({ "planet": "nowhere" })).await.0, 400);
    let script = json!({ "steps": [{ "delayMs": 1, "status": "failed", "errors": ["no space"] }] });
    assert_eq!(stage.control(Method::POST, "scripts", &script).await.0, 200);
    assert_eq!(stage.control(Method::GET, "scripts", &json!({})).await.1[0][0]["status"], "failed");
    stage.create(&order("fails")).await;
    let planet = json!({ "tenant": "acme", "starSystem": "claims-dev", "name": "dev9", "class": "dev" });
    assert_eq!(stage.control(Method::POST, "planets", &planet).await.0, 200);
    assert_eq!(stage.get("planets/dev9/backups").await.0, 200);
    let oauth = json!({ "id": "i", "secret": "s", "scopes": [READ] });
    assert_eq!(stage.control(Method::POST, "clients", &oauth).await.0, 200);
    assert_eq!(stage.control(Method::DELETE, "tokens", &json!({})).await.0, 200);
    assert_eq!(stage.get("backup").await.0, 401);
    assert_eq!(stage.control(Method::GET, "tokens", &json!({})).await.1["issued"], 1);
    assert_eq!(stage.control(Method::GET, "backups", &json!({})).await.1.as_array().unwrap().len(), 2);
    let state = stage.client.get(format!("{}state", stage.emulator.control_endpoint())).send().await.unwrap();
    let (_, state) = outcome(state).await;
    assert_eq!(state["guidewire"]["backups"][1]["metadata"]["name"], "nightly");
    assert_eq!(stage.control(Method::GET, "nothing", &json!({})).await.0, 404);
}

#[tokio::test]
async fn backups_and_credentials_outlive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let config = || Config {
        speed: Speed::Manual,
        state_dir: Some(folder.path().to_owned()),
        guidewire: guidewire::Config { http: Some(([127, 0, 0, 1], 0).into()), ..guidewire::Config::default() },
        ..Config::default()
    };
    let first = stage_with(config()).await;
    first.create(&order("kept")).await;
    let credentials = |stage: &Stage| {
        let guidewire = stage.emulator.guidewire();
        (guidewire.client_id().to_owned(), guidewire.client_secret().to_owned())
    };
    let before = credentials(&first);
    first.emulator.stop().await.unwrap();
    let second = stage_with(config()).await;
    assert_eq!(credentials(&second), before);
    assert_eq!(second.status(&json!(362)).await.0, "pending");
    second.advance(200);
    assert_eq!(second.create(&order("next")).await.1["id"], 363);
    // The same over plain HTTP, where such a listener was asked for.
    let health = format!("{}management/health", second.emulator.guidewire().http_endpoint().unwrap());
    assert_eq!(second.client.get(health).send().await.unwrap().status(), 200);
}
