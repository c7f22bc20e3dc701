//! The main job with Azurite as the store, which we did not write: packages and exports in MD5 mode.

use epicloud_emulator::{BlobStore, Config, Emulator, LinkScheme, Speed};

use super::stage::Epi;
use super::virtual_time::content;

/// The connection string of a running Azurite, or the reason why the test is left out.
#[expect(clippy::print_stdout, reason = "a test that is left out says why")]
fn connection() -> Option<String> {
    match std::env::var("EPI_TEST_AZURITE") {
        Ok(connection) if !connection.is_empty() => Some(connection),
        _ => {
            assert!(std::env::var_os("CI").is_none(), "EPI_TEST_AZURITE is not set; `cargo xtask test` sets it");
            println!("skipped: EPI_TEST_AZURITE holds no connection string (`cargo xtask test` starts an Azurite)");
            None
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn packages_and_exports_travel_through_azurite() {
    let Some(connection) = connection() else { return };
    let config = Config {
        speed: Speed::Instant,
        blob: BlobStore::Azurite(connection),
        link_scheme: LinkScheme::Http,
        export_size: 9 << 20,
        ..Config::default()
    };
    let emulator = Emulator::start(config).await.unwrap();
    let epi = Epi::new(&emulator, emulator.endpoint());

    let name = format!("site+1 ü.{}.cms.app.1.nupkg", uuid::Uuid::new_v4());
    epi.write(&name, &content(1, 5_000_000));
    let deploy = ["deploy", &name, "--to", "Preproduction", "--polling-interval", "1", "--output", "json"];
    let run = epi.run(&deploy).await;
    let deployed = run.json();
    assert_eq!(
        deployed["packages"][0]["integrity"], "contentMd5",
        "Azurite refuses CRC-64, so the upload changes to MD5"
    );
    assert_eq!(deployed["deployment"]["status"], "AwaitingVerification");
    epi.run(&deploy).await.refused(4, &["already linked to a deployment", "There is currently a lease on the blob"]);

    let save = [
        "export",
        "save",
        "--environment",
        "Production",
        "--database",
        "epicms",
        "--output-file",
        "x.bacpac",
        "--polling-interval",
        "1",
    ];
    let run = epi.run(&[&save[..], &["--output", "json"]].concat()).await;
    assert_eq!(run.json()["bytes"], 9 << 20);
    assert_eq!(&std::fs::read(epi.path("x.bacpac")).unwrap()[..4], b"PK\x03\x04");
}
