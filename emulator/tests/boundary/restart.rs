//! A restart with the same state folder goes on where the last run ended.

use std::time::Duration;

use epicloud_emulator::{Config, Speed};

use crate::caller::{block_id, stage, within};

const NAME: &str = "cms.app.1.nupkg";

#[tokio::test]
async fn state_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let config = || Config {
        speed: Speed::Manual,
        export_size: 1 << 20,
        state_dir: Some(folder.path().to_owned()),
        ..Config::default()
    };
    let first = stage(config()).await;
    let authority = std::fs::read(first.emulator.ca_file()).unwrap();
    let credentials = (first.emulator.client_key().to_owned(), first.emulator.client_secret().to_owned());
    first.emulator.put_blob("deploymentpackages", NAME, b"package").unwrap();
    let link = within(&first.emulator.package_link("rw", Duration::from_secs(86_400)), "cms.app.2.nupkg");
    let block = first.client.put(format!("{link}&comp=block&blockid={}", block_id(0))).body("waiting");
    assert_eq!(block.send().await.unwrap().status(), 201);
    let body = format!("{{\"targetEnvironment\":\"Integration\",\"packages\":[\"{NAME}\"]}}");
    let id = first.post("deployments", &body).await["id"].as_str().unwrap().to_owned();
    let exports = "environments/Integration/databases/epicms/exports";
    let export = first.post(exports, "").await["id"].as_str().unwrap().to_owned();
    first.get(&format!("{exports}/{export}")).await;
    first.emulator.clock().advance(Duration::from_secs(100));
    let downloaded = first.get(&format!("{exports}/{export}")).await["downloadLink"].as_str().unwrap().to_owned();
    let downloaded = first.client.get(downloaded).send().await.unwrap().bytes().await.unwrap();
    let now = first.emulator.clock().now();
    first.emulator.stop().await.unwrap();

    let second = stage(config()).await;
    assert_eq!(std::fs::read(second.emulator.ca_file()).unwrap(), authority);
    assert_eq!(
        (second.emulator.client_key(), second.emulator.client_secret()),
        (credentials.0.as_str(), credentials.1.as_str())
    );
    assert!(second.emulator.clock().now() >= now);
    let blob = second.emulator.blob("deploymentpackages", NAME).unwrap();
    assert_eq!((blob.read(0..10).unwrap(), blob.leased), (b"package".to_vec(), true));
    assert_eq!(second.emulator.blob("deploymentpackages", "cms.app.2.nupkg").unwrap().waiting.len(), 1);
    second.get(&format!("deployments/{id}")).await;
    assert_eq!(second.get(&format!("deployments/{id}")).await["status"], "AwaitingVerification");
    let done = second.get(&format!("{exports}/{export}")).await;
    let again = second.client.get(done["downloadLink"].as_str().unwrap()).send().await.unwrap().bytes().await.unwrap();
    assert!(again == downloaded);
    second.emulator.stop().await.unwrap();
}

#[tokio::test]
async fn a_temporary_folder_goes_with_the_emulator() {
    let running = stage(Config::default()).await;
    let ca_file = running.emulator.ca_file().to_owned();
    assert!(ca_file.exists());
    running.emulator.stop().await.unwrap();
    assert!(!ca_file.parent().unwrap().exists());
}
