//! What goes wrong on the wire and at the service, and whether it is repeated, for how long, and with which words.

use std::net::SocketAddr;
use std::time::Duration;

use epicloud::base::error::{Kind, Retry};
use epicloud::base::event::Event;
use epicloud::base::secret::SafeUrl;
use epicloud::base::time::Clock;
use epicloud::transfer::download::Download;
use epicloud::transfer::upload::{Integrity, Upload};
use epicloud_emulator::{Config, Effect, Emulator, LinkScheme, Rule};

use super::transfer_fixture::{
    BLOB, MIB, NAME, TransferFixture, blocks, content, download, link, receive, send, stored, upload,
};
use super::virtual_time::{TestClock, until};
use super::wires::{Garbled, cutting_answers, damaging, garbling};

/// Where the emulator listens.
fn address(fixture: &TransferFixture) -> SocketAddr {
    let origin = fixture.emulator.endpoint();
    origin.trim_start_matches("http://").split('/').next().unwrap().parse().unwrap()
}

/// Where the emulator listens for TLS, or for plain HTTP.
fn listening(fixture: &TransferFixture, secure: bool) -> SocketAddr {
    let origin = if secure { fixture.emulator.https_endpoint() } else { fixture.emulator.endpoint() };
    origin.split('/').nth(2).unwrap().parse().unwrap()
}

/// The same SAS URL by another way. Its signature is not of the host.
fn by_way_of(other: SocketAddr, url: &SafeUrl, fixture: &TransferFixture) -> SafeUrl {
    link(&url.expose().replace(&address(fixture).to_string(), &other.to_string()))
}

/// The same SAS URL by another way, over TLS or not.
fn over(secure: bool, other: SocketAddr, url: &SafeUrl, fixture: &TransferFixture) -> SafeUrl {
    let url = by_way_of(other, url, fixture);
    if secure { link(&url.expose().replacen("http://", "https://", 1)) } else { url }
}

/// What was reported of failed tries.
fn reasons(fixture: &TransferFixture) -> Vec<String> {
    let reason = |event| match event {
        Event::Retrying { reason, .. } => Some(reason),
        _ => None,
    };
    fixture.events.events().into_iter().filter_map(reason).collect()
}

#[tokio::test]
async fn an_answer_that_is_cut_anywhere_is_a_try_that_failed() {
    let bytes = content(1, 3 * MIB);
    // In the head of the first answer, at its end, and somewhere in those that follow.
    let places = |plain: &[u64], tls: &[u64]| -> Vec<(u64, bool)> {
        plain.iter().map(|at| (*at, false)).chain(tls.iter().map(|at| (*at, true))).collect()
    };
    // Over TLS in the handshake too.
    for (after, secure) in places(&[1, 9, 60, 200, 700, 1000], &[1, 60, 700, 1300, 1500, 1800]) {
        let fixture = TransferFixture::new().await;
        let proxy = cutting_answers(listening(&fixture, secure), 1, after).await;
        let mut request = upload(&fixture, &fixture.file("p", &bytes));
        request.options.streams = Some(1);
        let request = Upload { container: over(secure, proxy, &request.container, &fixture), ..request };
        let receipt = send(&fixture, &request).await.unwrap();
        assert_eq!(receipt.retries, 1, "{after}: {:?}", reasons(&fixture));
        let in_handshake = secure && after <= 700;
        let again = usize::from(!in_handshake);
        assert_eq!(fixture.put_blocks().len() + fixture.commits().len(), 3 + 1 + again, "{after} {secure}");
        assert!(stored(&fixture, NAME) == bytes, "{after}");
    }
    for (after, secure) in places(&[1, 30, 200, 800, 1_000_000, 1_049_500], &[1, 700, 1500, 1_000_000, 1_049_500]) {
        let fixture = TransferFixture::new().await;
        fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
        let proxy = cutting_answers(listening(&fixture, secure), 1, after).await;
        let mut request = download(&fixture, &fixture.path("db"));
        request.options.streams = 1;
        let request = Download { link: over(secure, proxy, &request.link, &fixture), ..request };
        let receipt = receive(&fixture, &request).await.unwrap();
        assert_eq!((receipt.retries, receipt.verified), (1, "md5"), "{after}: {:?}", reasons(&fixture));
        assert!(reasons(&fixture).iter().all(|reason| !reason.contains("://") && !reason.contains("os error")));
        assert!(std::fs::read(fixture.path("db")).unwrap() == bytes, "{after}");
    }
}

/// Not a rule of the emulator's: it counts the sum of what arrived.
#[tokio::test]
async fn a_byte_that_is_damaged_on_its_way_is_sent_again() {
    for (integrity, code) in [(Integrity::Crc64, "Crc64Mismatch"), (Integrity::ContentMd5, "Md5Mismatch")] {
        let fixture = TransferFixture::new().await;
        let bytes = content(2, 3 * MIB);
        let proxy = damaging(address(&fixture), 500_000).await;
        let mut request = upload(&fixture, &fixture.file("p", &bytes));
        (request.options.streams, request.options.integrity) = (Some(1), integrity);
        let request = Upload { container: by_way_of(proxy, &request.container, &fixture), ..request };
        let receipt = send(&fixture, &request).await.unwrap();
        assert_eq!((receipt.retries, blocks(&fixture)), (1, vec![0, 0, 1, 2]), "{code}");
        assert_eq!(fixture.put_blocks()[0].status, Some(400), "{code}");
        assert!(reasons(&fixture)[0].contains("checksum mismatch"), "{code}: {:?}", reasons(&fixture));
        assert!(stored(&fixture, NAME) == bytes, "{code}");
    }
}

/// TLS finds it before the blob storage does.
#[tokio::test]
async fn a_byte_that_is_damaged_under_tls_is_sent_again() {
    let fixture = TransferFixture::new().await;
    let bytes = content(2, 3 * MIB);
    let proxy = damaging(listening(&fixture, true), 500_000).await;
    let mut request = upload(&fixture, &fixture.file("p", &bytes));
    request.options.streams = Some(1);
    let request = Upload { container: over(true, proxy, &request.container, &fixture), ..request };
    let receipt = send(&fixture, &request).await.unwrap();
    assert_eq!(receipt.retries, 1, "{:?}", reasons(&fixture));
    assert!(stored(&fixture, NAME) == bytes);
    for how in [Garbled::Garbage, Garbled::Flipped, Garbled::Alert, Garbled::Closed, Garbled::Truncated] {
        let fixture = TransferFixture::new().await;
        fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
        let emulator = fixture.emulator.clone();
        let asked = move || !emulator.requests().is_empty();
        let proxy = garbling(listening(&fixture, true), how, 1, asked).await;
        let mut request = download(&fixture, &fixture.path("db"));
        request.options.streams = 1;
        let request = Download { link: over(true, proxy, &request.link, &fixture), ..request };
        let receipt = receive(&fixture, &request).await.unwrap();
        assert_eq!(receipt.retries, 1, "{how:?}: {:?}", reasons(&fixture));
        assert!(std::fs::read(fixture.path("db")).unwrap() == bytes, "{how:?}");
        let told = reasons(&fixture).concat();
        assert!(!told.contains("://") && !told.contains("os error") && !told.contains("trust"), "{how:?}: {told}");
    }
}

#[tokio::test]
async fn every_passing_answer_is_repeated() {
    let plain =
        Effect::Status { status: 502, code: None, message: Some("bad gateway".into()), retry_after: None, plain: true };
    for effect in [408, 500, 502, 503, 504].map(Effect::status).into_iter().chain([
        plain,
        Effect::error(500, "OperationTimedOut", "busy"),
        Effect::error(503, "ServerBusy", "busy"),
    ]) {
        let fixture = TransferFixture::new().await;
        fixture.emulator.faults().add(Rule::new(effect.clone()).query("comp=block&").nth(2));
        fixture.emulator.faults().add(Rule::new(effect.clone()).query("comp=blocklist&").nth(1));
        let bytes = content(3, 2 * MIB);
        let receipt = send(&fixture, &upload(&fixture, &fixture.file("p", &bytes))).await.unwrap();
        assert_eq!((receipt.retries, fixture.commits().len()), (2, 2), "{effect:?}");
        assert!(stored(&fixture, NAME) == bytes);

        fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
        fixture.calm();
        for method in ["HEAD", "GET"] {
            fixture.emulator.faults().add(Rule::new(effect.clone()).method(method).nth(1));
        }
        let receipt = receive(&fixture, &download(&fixture, &fixture.path("db"))).await.unwrap();
        assert_eq!(receipt.retries, 2, "{effect:?}");
    }
}

#[tokio::test]
async fn every_final_answer_ends_the_transfer_at_once() {
    for (status, code, kind) in [
        (400, "InvalidHeaderValue", Kind::Rejected),
        (401, "NoAuthenticationInformation", Kind::Unauthenticated),
        (403, "AuthorizationFailure", Kind::Forbidden),
        (404, "ContainerNotFound", Kind::NotFound),
        (409, "BlobArchived", Kind::Conflict),
        (412, "LeaseIdMissing", Kind::Conflict),
        (413, "RequestBodyTooLarge", Kind::Rejected),
        (501, "NotImplemented", Kind::Unsupported),
    ] {
        let fixture = TransferFixture::new().await;
        fixture.emulator.faults().add(Rule::new(Effect::error(status, code, "no")).query("comp=block&").nth(2));
        let mut request = upload(&fixture, &fixture.file("p", &content(4, 8 * MIB)));
        request.options.streams = Some(1);
        let error = send(&fixture, &request).await.unwrap_err();
        assert_eq!((error.kind(), error.code(), error.attempts()), (kind, Some(code), 1), "{error}");
        assert_eq!((fixture.put_blocks().len(), fixture.commits().len(), fixture.retrying()), (2, 0, 0), "{code}");
        assert_ne!(error.retry(), Retry::Exhausted, "{code}");
    }
}

#[tokio::test]
async fn nobody_waits_as_long_as_a_service_may_ask() {
    let fixture = TransferFixture::new().await;
    fixture.emulator.faults().add(Rule::new(Effect::retry_after(429, 3600)).query("comp=block&"));
    let error = send(&fixture, &upload(&fixture, &fixture.file("p", &content(5, MIB)))).await.unwrap_err();
    assert_eq!((error.kind(), fixture.put_blocks().len()), (Kind::Throttled, 8), "{error}");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)), "who tries again knows when");
    let minutes = Clock::monotonic(fixture.clock.as_ref()).as_secs() / 60;
    assert!((2..6).contains(&minutes), "{minutes} minutes: some patience, and an end");
}

#[tokio::test]
async fn a_block_that_never_arrives_as_it_was_sent_ends_the_upload() {
    for (integrity, code) in [(Integrity::Auto, "Crc64Mismatch"), (Integrity::ContentMd5, "Md5Mismatch")] {
        let fixture = TransferFixture::new().await;
        fixture.emulator.faults().add(Rule::new(Effect::error(400, code, "differs")).query("blockid=AQAA"));
        let mut request = upload(&fixture, &fixture.file("p", &content(6, 4 * MIB)));
        request.options.integrity = integrity;
        let error = send(&fixture, &request).await.unwrap_err();
        assert_eq!((error.kind(), error.code(), error.retry()), (Kind::Integrity, Some(code), Retry::Exhausted));
        assert_eq!(error.to_string(), format!("checksum mismatch for '{NAME}'"));
        assert!(error.attempts() >= 8 && fixture.clock.monotonic() >= Duration::from_secs(120), "{error:?}");
        assert_eq!(blocks(&fixture).iter().filter(|number| **number != 1).count(), 3, "the others once");
        assert!(fixture.commits().is_empty());
    }
}

/// The whole body was taken, and no answer comes: it is waited for as long as a silent link is, and not longer.
#[tokio::test]
async fn an_answer_that_does_not_come_is_not_waited_for_for_ever() {
    let config = Config { link_scheme: LinkScheme::Http, ..Config::default() };
    let fixture = TransferFixture::around(Emulator::start(config).await.unwrap(), TestClock::by_hand());
    let bytes = content(7, MIB);
    fixture.emulator.faults().add(Rule::new(Effect::Stall).query("comp=block&").after_received(MIB as u64).times(1));
    let request = upload(&fixture, &fixture.file("p", &bytes));
    let sending = send(&fixture, &request);
    let waiting = async {
        until("the whole body", || fixture.put_blocks().first().is_some_and(|put| put.body_received == MIB as u64))
            .await;
        // 100 seconds, and at 2 Mbit/s another four for the body.
        fixture.clock.advance(Duration::from_secs(103));
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(fixture.retrying(), 0);
        fixture.clock.advance(Duration::from_secs(2));
        until("a repeated try", || fixture.retrying() > 0).await;
        fixture.clock.advance(Duration::from_secs(1));
    };
    let (outcome, ()) = tokio::join!(sending, waiting);
    assert_eq!(outcome.unwrap().retries, 1);
    assert!(stored(&fixture, NAME) == bytes);
    assert!(reasons(&fixture)[0].starts_with("no data was transferred for "), "{:?}", reasons(&fixture));
}

#[tokio::test]
async fn a_part_that_stops_in_its_middle_is_asked_for_again() {
    let fixture = TransferFixture::new().await;
    let bytes = content(8, 4 * MIB);
    fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
    fixture.emulator.faults().add(Rule::new(Effect::Stall).method("GET").after_sent(500_000).times(1));
    let target = fixture.path("db");
    let request = download(&fixture, &target);
    let receiving = receive(&fixture, &request);
    let waiting = async {
        let written =
            || std::fs::read_to_string(fixture.path("db.partial.journal")).unwrap_or_default().lines().count();
        // The mark of the partial file, the line that the journal begins with, and one line a part.
        until("three whole parts", || written() == 2 + 3).await;
        until("a repeated try", || {
            if fixture.retrying() == 0 {
                fixture.clock.advance(Duration::from_secs(101));
            }
            fixture.retrying() > 0
        })
        .await;
    };
    let (outcome, ()) = tokio::join!(receiving, waiting);
    assert_eq!(outcome.unwrap().retries, 1);
    assert!(std::fs::read(&target).unwrap() == bytes);
    assert_eq!(fixture.requests("GET", "").len(), 5, "only that part");
}

/// The package was deployed by somebody else between its last block and its block list.
#[tokio::test]
async fn a_lease_that_comes_before_the_commit_is_told_as_one() {
    let fixture = TransferFixture::new().await;
    fixture.emulator.faults().add(Rule::new(Effect::error(412, "LeaseIdMissing", "leased")).query("comp=blocklist&"));
    let error = send(&fixture, &upload(&fixture, &fixture.file("p", &content(9, MIB)))).await.unwrap_err();
    assert_eq!((error.kind(), fixture.commits().len()), (Kind::Conflict, 1));
    assert!(error.to_string().contains("There is currently a lease on the blob"), "{error}");
}
