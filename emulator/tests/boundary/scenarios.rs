//! Ready scenarios, each seen through the API as a client sees it.

use std::time::Duration;

use epicloud_emulator::{Config, Scenario, Speed};
use reqwest::Method;
use serde_json::Value;

use crate::caller::{Stage, stage};

const PACKAGE: &str = "cms.app.1.nupkg";

async fn with(scenario: Scenario) -> Stage {
    let config = Config { scenarios: vec![scenario], speed: Speed::Manual, export_size: 1 << 20, ..Config::default() };
    let stage = stage(config).await;
    stage.emulator.put_blob("deploymentpackages", PACKAGE, b"x").unwrap();
    stage
}

fn deployment_to(environment: &str) -> String {
    format!("{{\"targetEnvironment\":\"{environment}\",\"packages\":[\"{PACKAGE}\"]}}")
}

/// A deployment as it is after an hour.
async fn deployed(stage: &Stage) -> Value {
    let id = stage.post("deployments", &deployment_to("Preproduction")).await["id"].as_str().unwrap().to_owned();
    stage.get(&format!("deployments/{id}")).await;
    stage.emulator.clock().advance(Duration::from_secs(3_600));
    stage.get(&format!("deployments/{id}")).await
}

fn texts(list: &Value) -> String {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect::<Vec<_>>().join("; ")
}

/// The path of an export that has been started.
async fn export(stage: &Stage) -> String {
    let exports = "environments/Integration/databases/epicms/exports";
    format!("{exports}/{}", stage.post(exports, "").await["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_deployment_fails_each_time() {
    let stage = with(Scenario::DeployFails).await;
    for _ in 0..2 {
        let failed = deployed(&stage).await;
        assert_eq!((failed["status"].as_str(), failed["percentComplete"].as_u64()), (Some("Failed"), Some(4)));
        assert!(texts(&failed["deploymentErrors"]).starts_with("DXCS006: "), "{failed}");
    }
}

#[tokio::test]
async fn the_slot_answers_503() {
    let stage = with(Scenario::SlotAnswers503).await;
    let waiting = deployed(&stage).await;
    assert_eq!(waiting["status"], "AwaitingVerification");
    let slot = waiting["validationLinks"][0].as_str().unwrap();
    assert!(
        texts(&waiting["deploymentWarnings"]).contains(&format!("{slot} responded with error code: 503")),
        "{waiting}"
    );
    assert_eq!(stage.client.get(slot).send().await.unwrap().status(), 503);
    // It can be completed all the same.
    let id = waiting["id"].as_str().unwrap();
    assert_eq!(stage.post(&format!("deployments/{id}/complete"), "").await["status"], "Completing");
}

#[tokio::test]
async fn deployments_have_warnings() {
    let stage = with(Scenario::Warnings).await;
    let waiting = deployed(&stage).await;
    assert_eq!(waiting["status"], "AwaitingVerification");
    assert_eq!(texts(&waiting["deploymentWarnings"]), "first warning; second warning");
}

#[tokio::test]
async fn everything_is_busy_for_a_minute() {
    let stage = with(Scenario::Busy).await;
    let running = stage.get("deployments").await;
    assert_eq!(running.as_array().unwrap().len(), stage.get("deployments").await.as_array().unwrap().len());
    for environment in ["Integration", "Preproduction", "Production"] {
        let (status, answer) = stage.call(Method::POST, "deployments", &deployment_to(environment)).await;
        assert!(status == 400 && answer.to_string().contains("on-going"), "{status} {answer}");
    }
    let exports = "environments/Integration/databases/epicms/exports";
    assert_eq!(stage.call(Method::POST, exports, "").await.0, 400);
    stage.emulator.clock().advance(Duration::from_secs(61));
    stage.post("deployments", &deployment_to("Preproduction")).await;
    stage.post(exports, "").await;
}

#[tokio::test]
async fn an_export_takes_five_minutes_or_fails() {
    let stage = with(Scenario::SlowExport).await;
    let path = export(&stage).await;
    stage.emulator.clock().advance(Duration::from_secs(299));
    assert_eq!(stage.get(&path).await["status"], "InProgress");
    stage.emulator.clock().advance(Duration::from_secs(1));
    assert_eq!(stage.get(&path).await["status"], "Succeeded");

    let stage = with(Scenario::ExportFails).await;
    let path = export(&stage).await;
    stage.get(&path).await;
    stage.emulator.clock().advance(Duration::from_secs(2));
    assert_eq!(stage.get(&path).await["status"], "ExportFailed");
}

#[tokio::test]
async fn a_script_goes_before_a_scenario() {
    let stage = with(Scenario::DeployFails).await;
    let script = "{\"steps\":[{\"status\":\"AwaitingVerification\",\"percent\":100}]}";
    stage.control(Method::POST, "deployments", script).await;
    assert_eq!(deployed(&stage).await["status"], "AwaitingVerification");
}
