//! Deployments: the endpoints E1 to E6, E7, E8 and E11, and their states.

use std::time::Duration;

use epicloud_emulator::{Config, Phase, Speed, Step};
use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::{Stage, instant, manual, stage, within};

const CODE: &str = "site.cms.app.1.0.0.nupkg";

fn order(target: &str, more: &str) -> String {
    format!("{{\"TargetEnvironment\":\"{target}\",\"Packages\":[\"{CODE}\"],\"ZeroDownTimeMode\":\"\"{more}}}")
}

async fn start(stage: &Stage, body: &str) -> String {
    // Once deployed it is leased and stays.
    if stage.emulator.blob("deploymentpackages", CODE).is_none() {
        stage.emulator.put_blob("deploymentpackages", CODE, b"package").unwrap();
    }
    let deployment = stage.post("deployments", body).await;
    assert_eq!(deployment["status"], "InProgress");
    assert_eq!(deployment["percentComplete"], 2);
    assert_eq!(deployment["endTime"], Value::Null);
    deployment["id"].as_str().unwrap().to_owned()
}

async fn status(stage: &Stage, id: &str) -> String {
    let deployment = stage.get(&format!("deployments/{id}")).await;
    format!("{} {}", deployment["status"].as_str().unwrap(), deployment["percentComplete"])
}

#[tokio::test]
async fn a_deployment_moves_with_the_virtual_clock_and_is_completed() {
    let stage = manual().await;
    let id = start(&stage, &order("preproduction", "")).await;
    let mut seen = vec![status(&stage, &id).await];
    for advance in [500, 1_000, 1_000, 500] {
        stage.emulator.clock().advance(Duration::from_millis(advance));
        seen.push(status(&stage, &id).await);
    }
    let expected = ["InProgress 2", "InProgress 10", "InProgress 33", "InProgress 80", "AwaitingVerification 100"];
    assert_eq!(seen, expected);
    let waiting = stage.get(&format!("deployments/{id}")).await;
    assert_eq!(waiting["endTime"], Value::Null);
    assert!(waiting["validationLinks"][0].as_str().unwrap().starts_with("https://"));
    assert_eq!(waiting["parameters"]["targetEnvironment"], "Preproduction");
    assert_eq!(waiting["parameters"]["packages"], json!([CODE]));

    let completing = stage.post(&format!("deployments/{id}/complete"), "").await;
    assert_eq!(completing["status"], "Completing");
    stage.emulator.clock().advance(Duration::from_secs(60));
    assert!(status(&stage, &id).await.starts_with("Completing"), "the first look shows it running");
    assert_eq!(status(&stage, &id).await, "Succeeded 100");
    let done = stage.get("deployments").await;
    assert!(done[0]["endTime"].as_str().unwrap().ends_with('Z'));
    let (code, text) = stage.refused(&format!("deployments/{id}/complete"), "{}").await;
    assert_eq!(code, 400, "{text}");
}

#[tokio::test]
async fn instant_operations_end_at_the_second_look() {
    let stage = instant().await;
    let direct = start(&stage, &order("Integration", ",\"DirectDeploy\":true")).await;
    assert_eq!(status(&stage, &direct).await, "InProgress 2");
    assert_eq!(status(&stage, &direct).await, "Succeeded 100");

    let id = start(&stage, &order("Integration", ",\"MaintenancePage\":true")).await;
    status(&stage, &id).await;
    assert_eq!(status(&stage, &id).await, "AwaitingVerification 100");
    let reset = format!("deployments/{id}/reset");
    let resetting =
        stage.post(&reset, "{\"ValidateBeforeSwap\":true,\"ResetWithDbRollback\":true,\"Complete\":false}").await;
    assert_eq!(resetting["status"], "Resetting");
    assert_eq!(resetting["parameters"]["resetParameters"]["resetWithDbRollback"], true);
    assert!(status(&stage, &id).await.starts_with("Resetting"));
    assert_eq!(status(&stage, &id).await, "AwaitingResetVerification 100");
    assert_eq!(stage.refused(&reset, "").await.0, 400);
    stage.post(&reset, "{\"complete\":true}").await;
    assert!(status(&stage, &id).await.starts_with("Resetting"));
    assert_eq!(status(&stage, &id).await, "Reset 100");
}

#[tokio::test]
async fn a_busy_target_is_refused_until_it_is_free() {
    let stage = manual().await;
    start(&stage, &order("Integration", ",\"DirectDeploy\":true")).await;
    let (code, text) = stage.refused("deployments", &order("Integration", "")).await;
    assert_eq!(code, 400);
    assert!(text.contains("on-going"), "{text}");
    start(&stage, &order("Production", "")).await;
    stage.emulator.clock().advance(Duration::from_secs(60));
    start(&stage, &order("Integration", "")).await;
}

#[tokio::test]
async fn wrong_orders_are_refused() {
    let granted = Some(vec!["Integration".to_owned(), "Preproduction".to_owned()]);
    let stage = stage(Config { granted_environments: granted, ..Config::default() }).await;
    stage.emulator.put_blob("deploymentpackages", CODE, b"x").unwrap();
    stage.emulator.put_blob("deploymentpackages", "cms.sqldb.1.bacpac", b"x").unwrap();
    let table = [
        ("{}".to_owned(), 400, "TargetEnvironment is a required field"),
        ("{".to_owned(), 400, "not valid JSON"),
        (order("Moon", ""), 400, "does not exist"),
        (order("Production", ""), 401, "Access is denied"),
        (order("Integration", ",\"SourceEnvironment\":\"Preproduction\""), 400, "cannot be used together"),
        (order("Preproduction", ",\"directdeploy\":true"), 400, "DirectDeploy"),
        (order("Integration", "").replace(CODE, "wrong.nupkg"), 400, "not recognized"),
        (order("Integration", "").replace(CODE, "missing.cms.app.1.nupkg"), 400, "was not found"),
        (order("Preproduction", "").replace(CODE, "cms.sqldb.1.bacpac"), 400, "Databases"),
        ("{\"targetEnvironment\":\"Integration\"}".to_owned(), 400, "Either"),
        (
            "{\"targetEnvironment\":\"Integration\",\"sourceEnvironment\":\"Preproduction\"}".to_owned(),
            400,
            "At least one",
        ),
        (order("Integration", "").replace("\"\"", "\"Sometimes\""), 400, "ZeroDowntimeMode"),
    ];
    for (body, code, text) in table {
        let refused = stage.refused("deployments", &body).await;
        assert_eq!(refused.0, code, "{body}: {refused:?}");
        assert!(refused.1.contains(text), "{body}: {refused:?}");
    }
}

#[tokio::test]
async fn direct_deploy_with_a_maintenance_page_is_accepted_and_fails() {
    let stage = instant().await;
    let id = start(&stage, &order("Integration", ",\"DirectDeploy\":true,\"MaintenancePage\":true")).await;
    stage.get(&format!("deployments/{id}")).await;
    let failed = stage.get(&format!("deployments/{id}")).await;
    assert_eq!(failed["status"], "Failed");
    assert!(failed["deploymentErrors"][0].as_str().unwrap().contains("Runbook job failed"));
}

#[tokio::test]
async fn content_copies_go_straight_to_success() {
    let stage = instant().await;
    let body = "{\"sourceEnvironment\":\"Production\",\"TargetEnvironment\":\"Integration\",\"includeDB\":true,\"includeBlob\":false}";
    let id = stage.post("deployments", body).await["id"].as_str().unwrap().to_owned();
    stage.get("deployments").await;
    let list = stage.get("deployments").await;
    assert_eq!(list[0]["id"], id.as_str());
    assert_eq!(list[0]["status"], "Succeeded");
    assert_eq!(list[0]["parameters"]["includeDb"], true);
}

#[tokio::test]
async fn timelines_can_be_scripted() {
    let stage = manual().await;
    stage.emulator.script_deployment(vec![
        Step::new(1_000, 40, "InProgress").warning("slow"),
        Step::new(1_000, 40, "Failed").error("DXCS006: bad package.").error("Runbook job failed"),
    ]);
    let id = start(&stage, &order("Integration", "")).await;
    let path = format!("deployments/{id}");
    stage.get(&path).await;
    stage.emulator.clock().advance(Duration::from_secs(1));
    assert_eq!(stage.get(&path).await["deploymentWarnings"], json!(["slow"]));
    stage.emulator.clock().advance(Duration::from_secs(1));
    let failed = stage.get(&path).await;
    assert_eq!(failed["status"], "Failed");
    assert_eq!(failed["deploymentErrors"].as_array().unwrap().len(), 2);

    stage.emulator.script(Phase::Complete, vec![Step::new(0, 100, "Failed")]);
    let id = start(&stage, &order("Integration", "")).await;
    stage.emulator.clock().advance(Duration::from_secs(60));
    stage.post(&format!("deployments/{id}/complete"), "").await;
    status(&stage, &id).await;
    assert_eq!(status(&stage, &id).await, "Failed 100");
}

#[tokio::test]
async fn the_list_holds_the_ten_newest() {
    let stage = stage(Config { speed: Speed::Instant, ..Config::default() }).await;
    let mut last = String::new();
    for _ in 0..12 {
        last = start(&stage, &order("Integration", ",\"DirectDeploy\":true")).await;
        status(&stage, &last).await;
        status(&stage, &last).await;
    }
    let list = stage.get("deployments").await;
    assert_eq!(list.as_array().unwrap().len(), 10);
    assert_eq!(list[0]["id"], last.as_str());
}

#[tokio::test]
async fn containers_are_listed_and_linked() {
    let stage = manual().await;
    let list = stage.get("environments/integration/storagecontainers").await;
    assert_eq!(list["environment"], "Integration");
    assert!(list["storageContainers"].as_array().unwrap().contains(&json!("mysitemedia")));
    let path = "environments/Integration/storagecontainers/mysitemedia/saslink";
    let link = stage.post(path, "{\"RetentionHours\":2,\"Writable\":true}").await;
    assert_eq!(link["containerName"], "mysitemedia");
    let sas = link["sasLink"].as_str().unwrap();
    assert!(sas.contains("sp=rwl"), "{sas}");
    stage.emulator.put_blob("mysitemedia", "folder/picture.png", b"picture").unwrap();
    let got = stage.client.get(within(sas, "folder/picture.png")).send().await.unwrap();
    assert_eq!(got.bytes().await.unwrap(), "picture");
    stage.emulator.clock().advance(Duration::from_secs(2 * 3_600 + 1));
    assert_eq!(stage.client.get(within(sas, "folder/picture.png")).send().await.unwrap().status(), 403);

    let production = path.replace("Integration", "Production");
    assert_eq!(stage.refused(&production, "{\"Writable\":true}").await.0, 400);
    assert_eq!(stage.refused(path, "{\"RetentionHours\":169}").await.0, 400);
    assert_eq!(stage.refused(&path.replace("mysitemedia", "other"), "").await.0, 404);
    let edge = stage.get("edgelogs/location").await;
    assert!(edge["location"].as_str().unwrap().contains("/cloudflarelogpush?"));
}

#[tokio::test]
async fn missing_rights_answer_401() {
    let config = Config { granted_environments: Some(vec![]), edge_logs: false, ..Config::default() };
    let stage = stage(config).await;
    for path in ["environments/Integration/storagecontainers", "edgelogs/location"] {
        let (status, envelope) = stage.call(Method::GET, path, "").await;
        assert_eq!((status, &envelope["success"]), (401, &json!(false)), "{path}");
    }
    assert_eq!(stage.call(Method::GET, "packages/location", "").await.0, 200);
}
