//! Links to another blob store. Runs only with a connection string in `EPI_TEST_AZURITE`.

use epicloud_emulator::{BlobStore, Config, Emulator, Speed};
use serde_json::{Value, json};

use crate::caller::{block_id, client, md5_of, stage, within};

#[tokio::test]
async fn packages_and_exports_live_in_azurite() {
    let Ok(connection) = std::env::var("EPI_TEST_AZURITE") else {
        eprintln!("skipped: EPI_TEST_AZURITE holds no connection string");
        return;
    };
    let config = Config {
        speed: Speed::Instant,
        export_size: 20 << 20,
        blob: BlobStore::Azurite(connection),
        ..Config::default()
    };
    let stage = stage(config).await;
    // A fresh name: the lease of an earlier run never ends.
    let name = format!("site.cms.app.{}.nupkg", stage.emulator.clock().now());
    let body = format!("{{\"targetEnvironment\":\"Integration\",\"packages\":[\"{name}\"],\"directDeploy\":true}}");
    assert!(stage.refused("deployments", &body).await.1.contains("was not found"));
    let link = within(stage.get("packages/location").await["location"].as_str().unwrap(), &name);
    let put = stage.client.put(format!("{link}&comp=block&blockid={}", block_id(0))).body("package");
    assert_eq!(put.send().await.unwrap().status(), 201);
    let list = format!("<BlockList><Latest>{}</Latest></BlockList>", block_id(0));
    let commit = || stage.client.put(format!("{link}&comp=blocklist")).body(list.clone());
    assert_eq!(commit().send().await.unwrap().status(), 201);
    stage.post("deployments", &body).await;
    assert_eq!(commit().send().await.unwrap().status(), 412);

    let exports = "environments/Integration/databases/epicms/exports";
    let id = stage.post(exports, "").await["id"].as_str().unwrap().to_owned();
    assert_eq!(stage.get(&format!("{exports}/{id}")).await["downloadLink"], Value::Null);
    let done = stage.get(&format!("{exports}/{id}")).await;
    let got = stage.client.get(done["downloadLink"].as_str().unwrap()).send().await.unwrap();
    let md5 = got.headers()["content-md5"].to_str().unwrap().to_owned();
    let whole = got.bytes().await.unwrap();
    assert_eq!((whole.len(), md5_of(&whole)), (20 << 20, md5));
}

#[tokio::test]
async fn exports_of_redis_arrive_in_azurite() {
    let Ok(connection) = std::env::var("EPI_TEST_AZURITE") else {
        eprintln!("skipped: EPI_TEST_AZURITE holds no connection string");
        return;
    };
    let config = Config { speed: Speed::Instant, blob: BlobStore::Azurite(connection), ..Config::default() };
    let emulator = Emulator::start(config).await.unwrap();
    let (redis, key) = (emulator.redis(), emulator.account_key());
    let client = client(redis.ca_file());
    let url = format!("{}/v1/bdbs/1", redis.endpoint());
    for (container, key, reason) in [
        (redis.container(), key.as_str(), ""),
        (redis.container(), "AAAA", "no-permission"),
        ("nowhere", &key, "wrong-file-path"),
    ] {
        let location = json!({ "type": "abs", "container": container, "account_name": emulator.account_name(), "account_key": key });
        redis.start_export(1, &location).unwrap();
        let look = || client.get(&url).basic_auth(redis.user(), Some(redis.password())).send();
        look().await.unwrap();
        let shown: Value = serde_json::from_slice(&look().await.unwrap().bytes().await.unwrap()).unwrap();
        assert_eq!(shown["export_failure_reason"], reason, "{shown}");
    }
    assert_eq!(redis.placed().len(), 1);
}

#[tokio::test]
async fn a_store_that_is_not_there_is_named_with_its_address() {
    // Bound and given back: nothing listens there now.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let connection = format!("accountname=a;accountkey=AAAA;blobendpoint=http://127.0.0.1:{port}/a");
    let config = Config { blob: BlobStore::Azurite(connection), ..Config::default() };
    let error = Emulator::start(config).await.unwrap_err().to_string();
    assert!(error.contains(&format!("http://127.0.0.1:{port}/a: ")), "{error}");
    assert!(!error.contains("AAAA"), "{error}");
}
