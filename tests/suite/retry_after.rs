//! `Retry-After`: a lower bound of a pause, within bounds of our own, by the clock of the answer.

use std::time::Duration;

use epicloud::base::error::Error;
use epicloud::base::retry::RetryPolicy;
use epicloud::base::time::Clock as _;
use epicloud::limits::{PollingSeconds, TimeoutMinutes, UploadStreams};
use epicloud::request::{ListDeployments, PackageFile, UploadPackages, Wait, WaitForDeployment};
use epicloud::{Event, Kind};
use epicloud_emulator::{Effect, Rule};
use serde_json::json;

use super::scripted::{Scripted, answer, result};
use super::transfer_fixture::{BLOB, MIB, TransferFixture, content, download, receive};

const ID: &str = "aaaaaaaa-0000-0000-0000-000000000001";
const SAS: &str = "sv=2023-01-03&se=2999-01-01T00%3A00%3A00Z&sig=CANARY%3D";

/// What asks for a year, or for longer than numbers can hold.
const ABSURD: [(&str, &str); 5] = [
    ("retry-after", "31536000"),
    ("retry-after", "99999999999999999999999999"),
    ("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT"),
    ("x-ms-retry-after-ms", "31536000000"),
    ("retry-after-ms", "31536000000.5"),
];

/// Two seconds, by a clock that is ten years ahead.
const BY_THE_ANSWERS_CLOCK: [(&str, &str); 2] =
    [("date", "Sat, 31 Jan 2099 08:00:00 GMT"), ("retry-after", "Sat, 31 Jan 2099 08:00:02 GMT")];

fn busy(headers: &[(&str, &str)]) -> Vec<u8> {
    answer(503, headers, r#"{"success":false,"errors":["busy"],"result":null}"#)
}

fn deployment(status: &str) -> serde_json::Value {
    json!({"id": ID, "status": status, "percentComplete": 10})
}

/// A wait whose second look is answered with this.
async fn waited(headers: &'static [(&'static str, &'static str)], wait: Wait) -> (Scripted, Result<(), Error>) {
    let server = Scripted::start(move |_, _, number| match number {
        0 => result(&deployment("InProgress")),
        1 => busy(headers),
        _ => result(&deployment("Succeeded")),
    })
    .await;
    let wait = WaitForDeployment { id: ID.into(), wait, ..WaitForDeployment::default() };
    let outcome = server.client.run(wait, &server.scope).await.map(|_| ());
    (server, outcome)
}

fn reasons(server: &Scripted) -> Vec<(u64, String)> {
    let events = server.events().into_iter();
    events
        .filter_map(|event| match event {
            Event::Retrying { delay_ms, reason, .. } => Some((delay_ms, reason)),
            _ => None,
        })
        .collect()
}

fn every(seconds: u32) -> Wait {
    Wait { polling_interval_seconds: PollingSeconds::new(seconds).ok(), ..Wait::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_puts_a_wait_to_sleep() {
    for absurd in &ABSURD {
        let (server, outcome) = waited(std::slice::from_ref(absurd), every(5)).await;
        outcome.unwrap();
        assert_eq!(server.clock.monotonic(), Duration::from_secs(5 + 25), "{absurd:?}: five pauses instead of one");
        let reasons = reasons(&server);
        assert!(reasons.len() == 1 && reasons[0].0 == 25_000, "{reasons:?}");
        assert!(reasons[0].1.contains("asks for a pause of ") && reasons[0].1.contains("shortened"), "{reasons:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_the_waits_own_ends_within_the_pause() {
    let wait = Wait { timeout_minutes: TimeoutMinutes::new(1).ok(), ..every(20) };
    let (server, outcome) = waited(&ABSURD[..1], wait).await;
    assert_eq!(outcome.unwrap_err().kind(), Kind::Timeout);
    assert_eq!(server.clock.monotonic(), Duration::from_secs(60));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_is_read_by_the_answers_own_clock() {
    let (server, outcome) = waited(&BY_THE_ANSWERS_CLOCK, every(5)).await;
    outcome.unwrap();
    assert!(server.clock.monotonic() < Duration::from_secs(5 + 2 + 5), "{:?}", server.clock.monotonic());
    assert_eq!(reasons(&server)[0].1.matches("shortened").count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_request_is_repeated_after_a_bounded_pause() {
    let longest = RetryPolicy::API.longest_asked + RetryPolicy::API.first;
    for absurd in &ABSURD {
        let server = Scripted::start(move |_, _, number| match number {
            0 => busy(std::slice::from_ref(absurd)),
            _ => result(&json!([])),
        })
        .await;
        server.client.run(ListDeployments::default(), &server.scope).await.unwrap();
        assert!(server.clock.monotonic() <= longest, "{absurd:?}: {:?}", server.clock.monotonic());
    }
    let server = Scripted::start(move |_, _, _| busy(&ABSURD[..1])).await;
    let error = server.client.run(ListDeployments::default(), &server.scope).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (Kind::Unavailable, 5));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(31_536_000)), "who repeats the command knows when");
}

/// The first request to the service is refused, and the first to the storage.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_does_not_end_because_of_what_an_answer_asks_for() {
    let mut cases: Vec<&'static [(&str, &str)]> = ABSURD.iter().map(std::slice::from_ref).collect();
    cases.push(&BY_THE_ANSWERS_CLOCK);
    for headers in cases {
        let server = Scripted::start(move |own, _, number| match number {
            0 | 2 => busy(headers),
            1 => result(&json!({"location": format!("{own}/acct/deploymentpackages?{SAS}&sr=c&sp=w")})),
            _ => answer(201, &[], ""),
        })
        .await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.cms.app.1.0.0.nupkg");
        std::fs::write(&path, vec![7; 3 << 20]).unwrap();
        let mut upload =
            UploadPackages { files: vec![PackageFile { path, ..PackageFile::default() }], ..UploadPackages::default() };
        upload.upload.streams = UploadStreams::new(1).ok();
        server.client.run(upload, &server.scope).await.unwrap();
        let (took, pause) = (server.clock.monotonic(), RetryPolicy::BLOB.longest_asked + RetryPolicy::API.first);
        let longest = if headers.len() == 2 { Duration::from_secs(6) } else { pause * 2 };
        assert!(took <= longest, "{headers:?}: {took:?}");
    }
}

#[tokio::test]
async fn a_download_does_not_end_because_of_what_an_answer_asks_for() {
    let fixture = TransferFixture::new().await;
    let bytes = content(1, 2 * MIB);
    fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
    for method in ["HEAD", "GET"] {
        fixture.emulator.faults().add(Rule::new(Effect::retry_after(503, 31_536_000)).method(method).times(1));
    }
    receive(&fixture, &download(&fixture, &fixture.path("db"))).await.unwrap();
    assert!(std::fs::read(fixture.path("db")).unwrap() == bytes);
    assert!(fixture.clock.monotonic() < Duration::from_secs(70), "{:?}", fixture.clock.monotonic());
}
