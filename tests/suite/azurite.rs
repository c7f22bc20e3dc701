//! The main job with Azurite as the blob storage, which we did not write: packages and exports in MD5 mode, and what
//! becomes of them when they are cut.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use epicloud::base::cancel::CancelToken;
use epicloud::base::error::{Kind, Result};
use epicloud::base::event::{Event, Phase};
use epicloud::base::secret::SafeUrl;
use epicloud::base::time::{BoxFuture, rfc3339};
use epicloud::blob::client::Store;
use epicloud::transfer::download::Download;
use epicloud::transfer::upload::Upload;
use epicloud::transfer::{Engine, LinkSource};
use epicloud::transport::http::Http;
use epicloud::transport::trust::Trust;
use epicloud_emulator::{BlobStore, Config, Emulator, LinkScheme, Speed};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::fixture::{Epi, saving};
use super::transfer_fixture::{
    Acting, CONTAINER, MIB, TransferFixture, download, is_answered, link, named, receive, send, upload,
};
use super::virtual_time::{Seeded, SlowClock, TestClock, content};

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
        deployed["packages"][0]["integrity"], "unverified",
        "Azurite refuses CRC-64, so the upload changes to MD5, which it does not confirm"
    );
    assert_eq!(deployed["deployment"]["status"], "AwaitingVerification");
    epi.run(&deploy).await.refused(4, &["these packages are already being deployed"]);
    let upload = epi.run(&["package", "upload", &name]).await;
    upload.refused(4, &["already linked to a deployment", "There is currently a lease on the blob"]);

    let save = saving("x.bacpac");
    let run = epi.run(&[&save[..], &["--output", "json"]].concat()).await;
    assert_eq!(run.json()["bytes"], 9 << 20);
    assert_eq!(&std::fs::read(epi.path("x.bacpac")).unwrap()[..4], b"PK\x03\x04");
}

/// Seconds to and from now, for the expiry of a SAS URL.
const LATER: i64 = 3600;
const BEFORE: i64 = -10;

/// A SAS URL to the container of packages, signed as "Create a service SAS" of the Azure REST reference says.
fn signed(connection: &str, permissions: &str, expires: i64) -> SafeUrl {
    let field = |name: &str| connection.split(';').find_map(|field| field.strip_prefix(name)).unwrap().to_owned();
    let (account, key) = (field("AccountName="), STANDARD.decode(field("AccountKey=")).unwrap());
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let expiry = rfc3339(now.checked_add_signed(expires).unwrap() * 1000);
    let place = format!("/blob/{account}/{CONTAINER}");
    let lines = [permissions, "", &expiry, &place, "", "", "", "2020-12-06", "c", "", "", "", "", "", "", ""];
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(lines.join("\n").as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let signature = percent_encoding::utf8_percent_encode(&signature, percent_encoding::NON_ALPHANUMERIC);
    let query = format!("sv=2020-12-06&sr=c&sp={permissions}&se={expiry}&sig={signature}");
    link(&format!("{}/{CONTAINER}?{query}", field("BlobEndpoint=").trim_end_matches('/')))
}

/// A fixture whose containers are in Azurite.
async fn fixture(connection: &str) -> TransferFixture {
    TransferFixture::with(Config { blob: BlobStore::Azurite(connection.to_owned()), ..Config::default() }).await
}

/// A name that no other test and no run before has used.
fn fresh_name() -> String {
    format!("site.{}.cms.app.1.nupkg", uuid::Uuid::new_v4())
}

/// An upload of one file, block after block.
fn sending(fixture: &TransferFixture, container: SafeUrl, file: &Path, name: &str) -> Upload {
    let mut request = Upload { container, files: vec![named(file, name)], ..upload(fixture, file) };
    request.options.streams = Some(1);
    request
}

/// How many requests with this method were answered well since so many events.
fn answered(fixture: &TransferFixture, method: &str, since: usize) -> usize {
    fixture.events.events()[since..].iter().filter(|event| is_answered(event, method)).count()
}

/// Ends an upload when so many blocks were answered.
async fn cut(fixture: &TransferFixture, request: &Upload, blocks: usize) {
    let cancel = CancelToken::new();
    let (stop, answers) = (cancel.clone(), AtomicUsize::new(0));
    let sink = Acting::acting(fixture, move |event| {
        // The next one is begun when what was done is written down.
        if is_answered(event, "PUT") && answers.fetch_add(1, Ordering::SeqCst) == blocks {
            stop.cancel();
        }
    });
    assert_eq!(fixture.engine.upload(request, &sink, &cancel).await.unwrap_err().kind(), Kind::Cancelled);
}

/// What the blob storage has by this name.
async fn in_the_store(fixture: &TransferFixture, connection: &str, name: &str) -> Vec<u8> {
    let target = fixture.path("received");
    let request = Download {
        link: signed(connection, "r", LATER).join_segment(name),
        overwrite: true,
        ..download(fixture, &target)
    };
    assert_eq!(receive(fixture, &request).await.unwrap().verified, "md5");
    std::fs::read(target).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_was_cut_goes_on() {
    let Some(connection) = connection() else { return };
    for permissions in ["w", "rw"] {
        let (fixture, name) = (fixture(&connection).await, fresh_name());
        let bytes = content(2, 6 * MIB - 5);
        let file = fixture.file("p", &bytes);
        let request = sending(&fixture, signed(&connection, permissions, LATER), &file, &name);
        cut(&fixture, &request, 3).await;
        let before = fixture.events.events().len();
        let receipt = send(&fixture, &request).await.unwrap();
        assert_eq!(receipt.integrity, "unverified", "Azurite refuses CRC-64 each time, and confirms no MD5");
        // The block whose answer cancelled the upload may or may not have been written down.
        let resumed = receipt.resumed_bytes as usize / MIB;
        assert!((3..=4).contains(&resumed) && receipt.retries == 0, "{receipt:?}");
        assert_eq!(answered(&fixture, "PUT", before), 6 - resumed + 1, "the missing blocks and their list");
        assert_eq!(
            answered(&fixture, "GET", before),
            usize::from(permissions == "rw"),
            "asked where that is permitted"
        );
        assert!(in_the_store(&fixture, &connection, &name).await == bytes);
        assert!(fixture.journals().is_empty());
    }
}

/// Another commit of the same name makes the blob storage drop what waits, in Azurite too.
#[tokio::test(flavor = "multi_thread")]
async fn blocks_that_the_store_has_lost_are_sent_again() {
    let Some(connection) = connection() else { return };
    for (permissions, said) in [("w", 1), ("rw", 0)] {
        let (fixture, name) = (fixture(&connection).await, fresh_name());
        let bytes = content(3, 6 * MIB - 5);
        let container = signed(&connection, permissions, LATER);
        let request = sending(&fixture, container.clone(), &fixture.file("p", &bytes), &name);
        cut(&fixture, &request, 3).await;
        let other = sending(&fixture, container, &fixture.file("other", b"another package"), &name);
        send(&fixture, &other).await.unwrap();
        let receipt = send(&fixture, &request).await.unwrap();
        assert_eq!((receipt.resumed_bytes, fixture.said("restarting the upload")), (0, said), "{permissions}");
        assert!(in_the_store(&fixture, &connection, &name).await == bytes);
    }
}

/// Gives a good SAS URL, and counts how often.
struct Source(SafeUrl, AtomicUsize);

impl LinkSource for Source {
    fn fresh_link(&self) -> BoxFuture<'_, Result<SafeUrl>> {
        self.1.fetch_add(1, Ordering::SeqCst);
        let link = self.0.clone();
        Box::pin(async move { Ok(link) })
    }
}

/// The SAS URL is over in Azurite from the start; the client's clock comes to that a moment after it has begun.
#[tokio::test(flavor = "multi_thread")]
async fn an_expired_link_is_replaced() {
    let Some(connection) = connection() else { return };
    let (fixture, name) = (fixture(&connection).await, fresh_name());
    let bytes = content(4, 6 * MIB);
    let file = fixture.file("p", &bytes);
    let engine = |clock: Arc<TestClock>| {
        let clock = Arc::new(SlowClock { clock, behind: Duration::from_secs(60) });
        Engine::new(Store::new(Http::new(&Trust::Machine, clock.clone()).unwrap()), clock, Arc::new(Seeded::printed()))
    };
    let passing = |clock: &Arc<TestClock>, phase: Phase| {
        let (clock, mut passed) = (clock.clone(), false);
        Acting::acting(&fixture, move |event| {
            if !passed && matches!(event, Event::Progress(progress) if progress.phase == phase) {
                passed = true;
                clock.advance(Duration::from_secs(120));
            }
        })
    };
    let source = Arc::new(Source(signed(&connection, "w", LATER), AtomicUsize::new(0)));
    let mut request = sending(&fixture, signed(&connection, "w", BEFORE), &file, &name);
    request.renewal = Some(source.clone());
    request.options.streams = Some(4);
    let clock = TestClock::new();
    engine(clock.clone()).upload(&request, &passing(&clock, Phase::Uploading), &CancelToken::new()).await.unwrap();
    assert_eq!(source.1.load(Ordering::SeqCst), 1);
    assert!(in_the_store(&fixture, &connection, &name).await == bytes);

    let source = Arc::new(Source(signed(&connection, "r", LATER).join_segment(&name), AtomicUsize::new(0)));
    let mut request = download(&fixture, &fixture.path("db"));
    request.link = signed(&connection, "r", BEFORE).join_segment(&name);
    request.renewal = Some(source.clone());
    let clock = TestClock::new();
    clock.advance(Duration::from_secs(45));
    // Its first request is the one that is refused, before there is any progress.
    let early = clock.clone();
    let sink = Acting::acting(&fixture, move |event| {
        if matches!(event, Event::Message { text, .. } if text.contains(" -> 403")) {
            early.advance(Duration::from_secs(120));
        }
    });
    engine(clock).download(&request, &sink, &CancelToken::new()).await.unwrap();
    assert_eq!(source.1.load(Ordering::SeqCst), 1);
    assert!(std::fs::read(fixture.path("db")).unwrap() == bytes);

    // Without a source it is told, with its time.
    let request = sending(&fixture, signed(&connection, "w", BEFORE), &file, &name);
    let clock = TestClock::new();
    let sink = passing(&clock, Phase::Uploading);
    let error = engine(clock).upload(&request, &sink, &CancelToken::new()).await.unwrap_err();
    assert_eq!((error.kind(), error.http_status()), (Kind::Expired, Some(403)), "{error}");
    assert!(error.to_string().starts_with("the SAS URL expired at 20"), "{error}");
}
