//! Exports: E9 and E10, and the file behind the link.

use std::io::Read;
use std::time::Duration;

use epicloud_emulator::{Config, Speed, Step};
use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::{Stage, instant, manual, md5_of, stage};

const PATH: &str = "environments/Integration/databases/epicms/exports";

async fn start(stage: &Stage) -> String {
    let export = stage.post(PATH, "{\"RetentionHours\":1}").await;
    assert_eq!(export["status"], "Started");
    assert_eq!(export["downloadLink"], Value::Null);
    format!("{PATH}/{}", export["id"].as_str().unwrap())
}

#[tokio::test]
async fn an_export_ends_in_a_file_of_the_chosen_size() {
    let size = (3 << 20) + 17;
    let stage = stage(Config { speed: Speed::Instant, export_size: size, ..Config::default() }).await;
    let path = start(&stage).await;
    assert_eq!(stage.get(&path).await["status"], "InProgress");
    let done = stage.get(&path).await;
    assert_eq!(done["status"], "Succeeded");
    let link = done["downloadLink"].as_str().unwrap();
    assert!(link.contains("/bacpacs/") && link.contains("sr=b"), "{link}");
    assert!(link.contains(done["bacpacName"].as_str().unwrap()));

    let response = stage.client.get(link).send().await.unwrap();
    let md5 = response.headers()["content-md5"].to_str().unwrap().to_owned();
    let whole = response.bytes().await.unwrap();
    assert_eq!(whole.len() as u64, size);
    assert_eq!(md5_of(&whole), md5);
    let range = stage.client.get(link).header("range", "bytes=1000000-1999999").send().await.unwrap();
    assert_eq!(range.status(), 206);
    assert_eq!(range.headers()["content-range"], format!("bytes 1000000-1999999/{size}").as_str());
    assert!(range.bytes().await.unwrap() == whole[1_000_000..2_000_000]);

    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(whole)).unwrap();
    let mut total = 0;
    for index in 0..archive.len() {
        let mut content = Vec::new();
        total += archive.by_index(index).unwrap().read_to_end(&mut content).unwrap();
    }
    assert!(total > 3_000_000, "{total}");
}

#[tokio::test]
async fn the_link_expires_with_the_retention() {
    let stage = manual().await;
    let path = start(&stage).await;
    assert_eq!(stage.get(&path).await["status"], "InProgress");
    stage.emulator.clock().advance(Duration::from_secs(10));
    let done = stage.get(&path).await;
    let link = done["downloadLink"].as_str().unwrap().to_owned();
    assert_eq!(stage.client.head(&link).send().await.unwrap().status(), 200);
    stage.emulator.clock().advance(Duration::from_secs(3_601));
    let expired = stage.get(&path).await;
    assert_eq!((&expired["status"], &expired["downloadLink"]), (&json!("LinkExpired"), &Value::Null));
    assert_eq!(stage.client.head(&link).send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn one_export_at_a_time() {
    let stage = manual().await;
    start(&stage).await;
    let (status, text) = stage.refused("environments/Production/databases/epicommerce/exports", "").await;
    assert_eq!(status, 400);
    assert!(text.contains("on-going"), "{text}");
    stage.emulator.clock().advance(Duration::from_secs(60));
    start(&stage).await;
}

#[tokio::test]
async fn exports_fail_by_script_and_wrong_names_are_refused() {
    let stage = instant().await;
    stage.emulator.script_export(vec![Step::new(0, 0, "ExportFailed")]);
    let path = start(&stage).await;
    stage.get(&path).await;
    assert_eq!(stage.get(&path).await["status"], "ExportFailed");
    assert_eq!(stage.refused(&PATH.replace("epicms", "other"), "").await.0, 400);
    assert_eq!(stage.refused(PATH, "{\"retentionHours\":0}").await.0, 400);
    let unknown = format!("{PATH}/6c0ed684-8548-48aa-8695-fcfd43477b43");
    assert_eq!(stage.call(Method::GET, &unknown, "").await.0, 404);
}

#[tokio::test]
async fn python_opens_the_file() {
    let python = std::process::Command::new("python3").arg("--version").output();
    if !python.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: there is no python3");
        return;
    }
    let stage = instant().await;
    let path = start(&stage).await;
    stage.get(&path).await;
    let link = stage.get(&path).await["downloadLink"].as_str().unwrap().to_owned();
    let whole = stage.client.get(link).send().await.unwrap().bytes().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.bacpac");
    std::fs::write(&file, whole).unwrap();
    let script =
        "import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(len(z.namelist()))";
    let output = std::process::Command::new("python3").args(["-c", script]).arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
