//! Clocks that are apart: the blob storage decides about the time of a SAS URL, ours only warns.

use std::sync::Arc;
use std::time::Duration;

use epicloud::base::cancel::CancelToken;
use epicloud::base::event::{Event, Recording};
use epicloud::base::secret::SafeUrl;
use epicloud::base::time::{Clock as _, rfc3339};
use epicloud::request::{PackageFile, UploadPackages};
use epicloud::{Kind, transfer::download::Download, transfer::upload::Upload};
use epicloud_emulator::{Config, Effect, Emulator, LinkScheme, LinkSpec, Rule, Speed};
use serde_json::json;

use super::scripted::{Scripted, answer};
use super::transfer_fixture::{
    BLOB, CONTAINER, HOUR, MIB, NAME, TransferFixture, content, download, link, receive, send, stored, upload,
};
use super::virtual_time::{TestClock, cancelled_at};

/// An engine and an emulator on one clock, which stands still unless it is moved.
async fn together(clock: impl FnOnce(&Arc<Emulator>) -> Arc<TestClock>) -> (TransferFixture, Arc<Emulator>) {
    let config = Config { link_scheme: LinkScheme::Http, speed: Speed::Manual, ..Config::default() };
    let emulator = Arc::new(Emulator::start(config).await.unwrap());
    let clock = clock(&emulator);
    // The fixture has an emulator of its own, which nobody asks.
    let fixture = TransferFixture::around(Emulator::start(Config::default()).await.unwrap(), clock);
    (fixture, emulator)
}

fn starting(emulator: &Emulator, container: &str, blob: Option<&str>, permissions: &str, after: Duration) -> SafeUrl {
    let mut spec = LinkSpec::new(container, blob, permissions, 2 * HOUR);
    spec.starts = Some(emulator.clock().now() + i64::try_from(after.as_millis()).unwrap());
    link(&emulator.link(&spec))
}

fn warnings(events: &Recording) -> Vec<String> {
    let texts = events.events().into_iter();
    texts.filter_map(|event| if let Event::Warning { text } = event { Some(text) } else { None }).collect()
}

#[tokio::test]
async fn a_link_that_is_not_valid_yet_is_waited_for() {
    for seconds in [5, 50] {
        let (fixture, emulator) = together(TestClock::moving).await;
        let bytes = content(1, 4 * MIB);
        let begins = Duration::from_secs(seconds);
        let container = starting(&emulator, CONTAINER, None, "w", begins);
        let mut request = Upload { container, ..upload(&fixture, &fixture.file("p", &bytes)) };
        request.options.streams = Some(1);
        send(&fixture, &request).await.unwrap();
        assert!(emulator.blob(CONTAINER, NAME).unwrap().read(0..u64::MAX).unwrap() == bytes);
        assert!(
            (begins..begins + Duration::from_secs(20)).contains(&fixture.clock.monotonic()),
            "{:?}",
            fixture.clock.monotonic()
        );
        assert!(fixture.retrying() > 0 && warnings(&fixture.events).is_empty());
        let reason =
            |event: &Event| event.sentence().is_some_and(|text| text.contains("the SAS URL is not valid before 20"));
        assert!(fixture.events.events().iter().any(reason));

        emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
        let link = starting(&emulator, "bacpacs", Some(BLOB), "r", begins);
        receive(&fixture, &Download { link, ..download(&fixture, &fixture.path("db")) }).await.unwrap();
        assert!(std::fs::read(fixture.path("db")).unwrap() == bytes);
    }
}

#[tokio::test]
async fn a_link_for_later_is_told_with_its_time() {
    let (fixture, emulator) = together(TestClock::moving).await;
    let container = starting(&emulator, CONTAINER, None, "w", HOUR);
    let request = Upload { container, ..upload(&fixture, &fixture.file("p", &content(2, MIB))) };
    let error = send(&fixture, &request).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Forbidden, Some("AuthenticationFailed")), "{error}");
    let begins = rfc3339(u64::try_from(emulator.clock().now()).unwrap() + 3_600_000);
    assert!(error.to_string().contains(&format!("is not valid before {begins}, in ")), "{error}");
    assert!(error.next_step().is_some());
    assert_eq!((fixture.retrying(), emulator.requests().len()), (0, 1));
}

#[tokio::test]
async fn a_cancel_ends_the_wait_for_a_link() {
    let (fixture, emulator) = together(|_| TestClock::by_hand()).await;
    let container = starting(&emulator, CONTAINER, None, "w", Duration::from_secs(30));
    let request = Upload { container, ..upload(&fixture, &fixture.file("p", &content(3, MIB))) };
    let (cancel, sink) = (CancelToken::new(), fixture.sink());
    cancelled_at("the pause", || fixture.retrying() > 0, &cancel, fixture.engine.upload(&request, &sink, &cancel))
        .await;
}

/// Our clock is two hours ahead, and the SAS URLs are good for one.
#[tokio::test]
async fn a_wrong_clock_of_ours_warns_and_refuses_nothing() {
    let fixture = TransferFixture::new().await;
    let bytes = content(4, 2 * MIB);
    fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
    fixture.clock.advance(2 * HOUR);
    send(&fixture, &upload(&fixture, &fixture.file("p", &bytes))).await.unwrap();
    assert!(stored(&fixture, NAME) == bytes);
    receive(&fixture, &download(&fixture, &fixture.path("db"))).await.unwrap();
    let warnings = warnings(&fixture.events);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings.iter().all(|text| text.contains("by this machine's clock; the blob storage may")), "{warnings:?}");
    fixture.assert_no_secret();
}

#[tokio::test]
async fn what_is_refused_for_another_reason_is_not_told_as_expired() {
    let fixture = TransferFixture::new().await;
    fixture.clock.advance(2 * HOUR);
    let file = fixture.file("p", &content(5, MIB));
    for code in ["AuthorizationPermissionMismatch", "AuthorizationSourceIPMismatch", "AuthenticationFailed"] {
        fixture.calm();
        fixture.emulator.faults().add(Rule::new(Effect::error(403, code, "no")));
        let error = send(&fixture, &upload(&fixture, &file)).await.unwrap_err();
        // By the time of the answer, the SAS URL is good for another hour.
        assert!(matches!(error.kind(), Kind::Forbidden | Kind::Unauthenticated), "{code}: {error}");
        assert!(!error.to_string().contains("expired"), "{code}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_given_just_now_that_is_over_by_our_clock_names_the_clock() {
    // The service's time is ten years before ours: what it gives for a day is over by our clock.
    let server = Scripted::start(|own, head, _| {
        let date = ("date", "Wed, 01 Jan 2014 08:00:00 GMT");
        if head.contains("/packages/location") {
            let link =
                format!("{own}/acct/deploymentpackages?sv=2020-12-06&sr=c&sp=w&se=2014-01-02T08%3A00%3A00Z&sig=CANARY");
            let body = json!({"success": true, "errors": [], "result": {"location": link}}).to_string();
            return answer(200, &[date, ("content-type", "application/json")], body);
        }
        answer(201, &[date], "")
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.cms.app.1.0.0.nupkg");
    std::fs::write(&path, b"PK").unwrap();
    let upload =
        UploadPackages { files: vec![PackageFile { path, ..PackageFile::default() }], ..UploadPackages::default() };
    server.client.run(upload, &server.scope).await.unwrap();
    let warnings = warnings(&server.recording);
    let [warning] = &warnings[..] else { panic!("{warnings:?}") };
    assert!(
        warning.starts_with("the SAS URL that the service just issued expired at 2014-01-02T08:00:00Z"),
        "{warning}"
    );
    assert!(
        warning.contains(" h ") && warning.ends_with(" ahead of the clock of the service: set the clock"),
        "{warning}"
    );
    assert!(!warning.contains("CANARY"));
}
