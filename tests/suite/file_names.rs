//! Files whose names are not Unicode text, as most Unix file systems permit, through `epi`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use epicloud_emulator::{Config, Emulator, Speed};

use super::fixture::Epi;
use super::virtual_time::content;

const CONTAINER: &str = "deploymentpackages";
const PACKAGE: &str = "site.cms.app.1.nupkg";

async fn emulator() -> Emulator {
    Emulator::start(Config { speed: Speed::Instant, export_size: 1 << 20, ..Config::default() }).await.unwrap()
}

/// `é` in Latin-1 is no UTF-8.
fn name(end: &str) -> Vec<u8> {
    [b"caf\xe9", end.as_bytes()].concat()
}

fn arguments<'a>(words: &'a [&'a str], file: &'a [u8]) -> Vec<&'a OsStr> {
    words.iter().map(OsStr::new).chain([OsStr::from_bytes(file)]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_is_uploaded_from_any_file() {
    let emulator = emulator().await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    let (bytes, file) = (content(1, 1000), name(".nupkg"));
    std::fs::write(epi.folder.path().join(OsStr::from_bytes(&file)), &bytes).unwrap();
    // The name of a blob is text.
    epi.run(&arguments(&["package", "upload"], &file))
        .await
        .refused(1, &["FILE: the name of the file is not valid Unicode text; set another name with --blob-name"]);
    let run = epi.run(&arguments(&["package", "upload", "--blob-name", PACKAGE], &file)).await;
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.starts_with(&format!("uploaded {PACKAGE} (")), "{run:?}");
    assert_eq!(emulator.blob(CONTAINER, PACKAGE).unwrap().read(0..u64::MAX).unwrap(), bytes);

    let (folder, other) = (name(""), "site.cms.app.2.nupkg");
    let file = name(&format!("/{other}"));
    std::fs::create_dir(epi.folder.path().join(OsStr::from_bytes(&folder))).unwrap();
    std::fs::write(epi.folder.path().join(OsStr::from_bytes(&file)), &bytes).unwrap();
    let deploy = ["deploy", "--to", "Integration", "--direct-deploy", "--polling-interval", "1", "--output", "json"];
    let deployed = epi.run(&arguments(&deploy, &file)).await.json();
    assert_eq!(deployed["packages"][0]["blobName"], other);
    assert_eq!(emulator.blob(CONTAINER, other).unwrap().read(0..u64::MAX).unwrap(), bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_saved_to_any_file() {
    let emulator = emulator().await;
    let epi = Epi::new(&emulator, emulator.endpoint());
    let save = ["export", "save", "--environment", "Production", "--database", "epicms", "--polling-interval", "1"];
    let file = name(".bacpac");
    let to_file = [&save[..], &["--output-file"]].concat();
    let saved = epi.run(&arguments(&to_file, &file)).await;
    assert_eq!(saved.code, Some(0), "{saved:?}");
    assert!(saved.stdout.contains(" as caf\u{fffd}.bacpac ("), "{saved:?}");
    let left: Vec<_> = std::fs::read_dir(epi.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [OsStr::from_bytes(&file)]);

    let again = epi.run(&arguments(&to_file, &file)).await;
    again.refused(4, &["'caf\u{fffd}.bacpac' already exists", "--force"]);
    let forced = [&save[..], &["--force", "--output", "json", "--output-file"]].concat();
    let forced = epi.run(&arguments(&forced, &file)).await.json();
    assert_eq!(forced["file"], "caf\u{fffd}.bacpac");
}
