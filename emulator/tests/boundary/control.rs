//! The control interface, as tests in other languages use it.

use epicloud_emulator::{Config, Speed};
use reqwest::Method;

use crate::caller::{manual, stage};

#[tokio::test]
async fn everything_can_be_set_over_http() {
    let stage = manual().await;
    let rule = "{\"name\":\"busy\",\"when\":{\"path\":\"*/deployments\"},\"effect\":{\"kind\":\"status\",\"status\":429,\"retryAfter\":1},\"times\":1}";
    let (status, added) = stage.control(Method::POST, "faults", rule).await;
    assert_eq!((status, added["names"][0].as_str()), (200, Some("busy")));
    assert_eq!(stage.control(Method::GET, "faults", "").await.1[0]["times"], 1);
    assert_eq!(stage.call(Method::GET, "deployments", "").await.0, 429);
    assert_eq!(stage.control(Method::DELETE, "faults/busy", "").await.0, 200);
    assert_eq!(stage.control(Method::DELETE, "faults/busy", "").await.0, 404);
    assert_eq!(stage.control(Method::POST, "faults", "{\"effect\":{\"kind\":\"nothing\"}}").await.0, 400);

    let requests = stage.control(Method::GET, "requests", "").await.1;
    assert_eq!(requests["requests"].as_array().unwrap().len(), 1);
    assert_eq!(requests["requests"][0]["rules"][0], "busy");
    stage.control(Method::DELETE, "requests", "").await;
    assert!(stage.emulator.requests().is_empty());

    let before = stage.emulator.clock().now();
    assert_eq!(stage.control(Method::POST, "clock", "{\"advanceMs\":5000}").await.1["now"], before + 5_000);
    let blob = "{\"container\":\"deploymentpackages\",\"name\":\"cms.app.1.nupkg\",\"text\":\"abc\"}";
    assert_eq!(stage.control(Method::POST, "blobs", blob).await.1["length"], 3);
    let named = "{\"container\":\"deploymentpackages\",\"name\":\"cms.app.1.nupkg\"}";
    assert_eq!(stage.control(Method::POST, "leases", named).await.0, 200);
    let shown = stage.control(Method::GET, "blobs?container=deploymentpackages&name=cms.app.1.nupkg", "").await.1;
    assert_eq!(
        (shown["leased"].as_bool(), shown["md5"].as_str()),
        (Some(true), Some("900150983cd24fb0d6963f7d28e17f72"))
    );
    assert_eq!(stage.control(Method::DELETE, "leases", named).await.0, 200);
    let link = "{\"blob\":\"cms.app.1.nupkg\",\"permissions\":\"r\",\"validityMs\":60000}";
    let link = stage.control(Method::POST, "links", link).await.1["link"].as_str().unwrap().to_owned();
    assert_eq!(stage.client.get(link).send().await.unwrap().text().await.unwrap(), "abc");

    let script = "{\"steps\":[{\"delayMs\":0,\"status\":\"Failed\",\"errors\":[\"scripted\"]}]}";
    assert_eq!(stage.control(Method::POST, "deployments", script).await.0, 200);
    assert_eq!(stage.control(Method::POST, "exports", &script.replace("Failed", "ExportFailed")).await.0, 200);
    let body = "{\"targetEnvironment\":\"Integration\",\"packages\":[\"cms.app.1.nupkg\"]}";
    let id = stage.post("deployments", body).await["id"].as_str().unwrap().to_owned();
    stage.get(&format!("deployments/{id}")).await;
    assert_eq!(stage.get(&format!("deployments/{id}")).await["deploymentErrors"][0], "scripted");
    assert_eq!(stage.control(Method::GET, "state", "").await.1["deployments"][0]["id"], id.as_str());
    assert_eq!(stage.control(Method::GET, "nothing", "").await.0, 404);
}

#[tokio::test]
async fn scripts_are_listed_cleared_and_checked() {
    let stage = manual().await;
    let script =
        |phase: &str, status: &str| format!("{{\"phase\":\"{phase}\",\"steps\":[{{\"status\":\"{status}\"}}]}}");
    for (path, phase, status) in
        [("deployments", "deploy", "Failed"), ("deployments", "reset", "Reset"), ("exports", "export", "ExportFailed")]
    {
        assert_eq!(stage.control(Method::POST, path, &script(phase, status)).await.0, 200);
    }
    let waiting = stage.control(Method::GET, "scripts", "").await.1;
    assert_eq!(waiting["deploy"][0][0]["status"], "Failed");
    assert_eq!(waiting["reset"][0][0]["status"], "Reset");
    assert_eq!(waiting["export"][0][0]["status"], "ExportFailed");
    assert_eq!(waiting["complete"].as_array().map(Vec::len), Some(0));
    assert_eq!(stage.control(Method::DELETE, "scripts", "").await.0, 200);
    assert_eq!(stage.control(Method::GET, "scripts", "").await.1["deploy"].as_array().map(Vec::len), Some(0));

    for (path, phase, status) in [
        ("deployments", "deploy", "Succeded"),
        ("deployments", "complete", "ExportFailed"),
        ("exports", "export", "Failed"),
        ("exports", "deploy", "Failed"),
        ("deployments", "export", "ExportFailed"),
    ] {
        let (code, answer) = stage.control(Method::POST, path, &script(phase, status)).await;
        assert_eq!(code, 400, "{path} {phase} {status}: {answer}");
        assert!(!answer["error"].as_str().unwrap().is_empty());
    }
    assert_eq!(stage.control(Method::GET, "scripts", "").await.1["deploy"].as_array().map(Vec::len), Some(0));
    let any = "{\"steps\":[{\"status\":\"Brewing\"}],\"anyStatus\":true}";
    assert_eq!(stage.control(Method::POST, "deployments", any).await.0, 200);
}

#[tokio::test]
async fn a_fast_clock_brings_operations_to_their_end() {
    let stage = stage(Config { speed: Speed::Factor(10_000.0), export_size: 1 << 20, ..Config::default() }).await;
    let path = "environments/Integration/databases/epicms/exports";
    let id = stage.post(path, "").await["id"].as_str().unwrap().to_owned();
    loop {
        let export = stage.get(&format!("{path}/{id}")).await;
        match export["status"].as_str().unwrap() {
            "InProgress" => tokio::task::yield_now().await,
            status => {
                assert_eq!(status, "Succeeded");
                break;
            }
        }
    }
}
