//! What happens to the API's requests on the wire below HTTP: garbage, damage and interruptions, over TLS and without.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use epicloud::base::event::Recording;
use epicloud::limits::LinkHours;
use epicloud::request::{
    CompleteDeployment, Connect, GetContainerLinks, GetDeployment, ListDeployments, ResetDeployment, StartDeployment,
    StartExport,
};
use epicloud::{CancelToken, DxpConfig, Error, Kind, Scope};

use super::fixture::{Fixture, client, configuration};
use super::virtual_time::TestClock;
use super::wires::{Garbled, forgetting, garbling, saying};

const ALL: [Garbled; 5] = [Garbled::Garbage, Garbled::Flipped, Garbled::Alert, Garbled::Closed, Garbled::Truncated];

const ID: &str = "00000000-0000-0000-0000-000000000001";

/// Makes the fixture's client go by this address.
fn go_by(fixture: &mut Fixture, address: SocketAddr, secure: bool) {
    let scheme = if secure { "https" } else { "http" };
    let endpoint = Some(format!("{scheme}://{address}/api/v1.0/"));
    let config = DxpConfig { endpoint, ..configuration(&fixture.emulator) };
    fixture.client = client(&config, fixture.emulator.client_secret(), &fixture.clock);
}

/// A fixture whose answers are garbled over its first connections.
async fn garbled(how: Garbled, connections: usize, secure: bool) -> Fixture {
    let mut fixture = Fixture::new().await;
    let origin = if secure { fixture.emulator.https_endpoint() } else { fixture.emulator.endpoint() };
    let emulator = fixture.emulator.clone();
    let asked = move || !emulator.requests().is_empty();
    let server = origin.split('/').nth(2).unwrap().parse().unwrap();
    let address = garbling(server, how, connections, asked).await;
    go_by(&mut fixture, address, secure);
    fixture
}

/// The requests that start something, by their number here, and how each says to look.
async fn post(fixture: &Fixture, number: usize) -> (Error, &'static str) {
    let (client, scope) = (&fixture.client, &fixture.scope);
    let environment = || "Integration".to_owned();
    match number {
        0 => {
            let start = StartDeployment {
                target_environment: "Preproduction".into(),
                source_environment: Some(environment()),
                include_blob: true,
                ..StartDeployment::default()
            };
            (client.run(start, scope).await.unwrap_err(), "deployment.list")
        }
        1 => {
            let complete = CompleteDeployment { id: ID.into(), ..CompleteDeployment::default() };
            (client.run(complete, scope).await.unwrap_err(), "deployment.get")
        }
        2 => {
            let reset = ResetDeployment { id: ID.into(), ..ResetDeployment::default() };
            (client.run(reset, scope).await.unwrap_err(), "deployment.get")
        }
        3 => {
            let start =
                StartExport { environment: environment(), database_name: "epicms".into(), ..StartExport::default() };
            (client.run(start, scope).await.unwrap_err(), "export")
        }
        _ => {
            let links = GetContainerLinks {
                environment: environment(),
                storage_container: vec!["mysitemedia".into()],
                retention_hours: LinkHours::new(2).ok(),
                ..GetContainerLinks::default()
            };
            (client.run(links, scope).await.unwrap_err(), "")
        }
    }
}

fn assert_plain_words(error: &Error) {
    let all = format!("{error} {:?}", error.next_step());
    for word in ["docs.rs", "close_notify", "os error", "InvalidMessage", "Custom {"] {
        assert!(!all.contains(word), "'{word}' is in {all}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_was_sent_whole_and_is_answered_with_garbage_is_ambiguous_and_sent_once() {
    for (secure, how) in [true, false].into_iter().flat_map(|secure| ALL.map(|how| (secure, how))) {
        // Inverting a byte of the version is garbage to HTTP as well.
        for number in 0..5 {
            let fixture = garbled(how, usize::MAX, secure).await;
            let (error, look) = post(&fixture, number).await;
            assert_eq!(error.kind(), Kind::Ambiguous, "{how:?} {secure} {number}: {error}");
            assert_eq!(error.kind().row().exit_code, 9);
            assert_eq!(fixture.api_requests().len(), 1, "{how:?} {secure} {number}");
            assert!(error.to_string().contains("may have processed it"), "{error}");
            let step = error.next_step().unwrap();
            assert!(step.contains(look) && step.len() > 10, "{number}: {step}");
            assert_plain_words(&error);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_get_that_is_answered_with_garbage_is_sent_again() {
    for (secure, how) in [true, false].into_iter().flat_map(|secure| ALL.map(|how| (secure, how))) {
        let fixture = garbled(how, 1, secure).await;
        let list = fixture.client.run(ListDeployments::default(), &fixture.scope).await;
        assert!(list.is_ok(), "{how:?} {secure}: {list:?}");
        assert_eq!(fixture.api_requests().len(), 2, "{how:?} {secure}");

        let fixture = garbled(how, usize::MAX, secure).await;
        let error = fixture.client.run(ListDeployments::default(), &fixture.scope).await.unwrap_err();
        // Garbage that meets the handshake of a new connection says that there is no TLS, which is final.
        let in_handshake = secure && matches!(how, Garbled::Garbage);
        let kind = if in_handshake { Kind::Tls } else { Kind::Network };
        assert_eq!(error.kind(), kind, "{how:?} {secure}: {error}");
        assert!(in_handshake || error.attempts() > 1, "{how:?} {secure}");
        assert_plain_words(&error);
    }
}

/// What comes up while the connection is made: nothing of the request has been sent, so a POST is not ambiguous.
#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_fails_is_tls_unless_it_may_pass() {
    let refusal = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    for (words, reset, kind, text) in [
        (&refusal[..], false, Kind::Tls, "does not speak TLS"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", false, Kind::Tls, "does not speak TLS"),
        // Alerts: no version in common, no cipher in common, damage.
        (&[21, 3, 3, 0, 2, 2, 70], false, Kind::Tls, "supports no TLS version or cipher"),
        (&[21, 3, 3, 0, 2, 2, 40], false, Kind::Tls, "supports no TLS version or cipher"),
        (&[21, 3, 3, 0, 2, 2, 20], false, Kind::Network, "with an error"),
        (b"", false, Kind::Network, "closed the connection"),
        (b"", true, Kind::Network, "cannot connect to"),
    ] {
        let mut fixture = Fixture::new().await;
        let (address, came) = saying(words, reset).await;
        go_by(&mut fixture, address, true);
        let (error, _) = post(&fixture, 0).await;
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(text) && error.to_string().contains(&address.to_string()), "{error}");
        assert!(error.next_step().is_some(), "{error:?}");
        assert_plain_words(&error);
        let before = came.load(Ordering::SeqCst);
        let error = fixture.client.run(Connect::default(), &fixture.scope).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(came.load(Ordering::SeqCst) - before > 1, kind == Kind::Network, "{error}");
    }
}

/// Reading first and changing then is what most commands do, with minutes in between when a package is uploaded.
#[tokio::test]
async fn a_post_never_goes_into_a_connection_that_was_used_before() {
    let (address, asked) =
        forgetting(r#"{"success":true,"errors":[],"result":{"id":"7","status":"InProgress"}}"#).await;
    let config = DxpConfig {
        endpoint: Some(format!("http://{address}/api/v1.0/")),
        client_key: Some("key".into()),
        project_id: Some("11111111-2222-3333-4444-555555555555".into()),
        ..DxpConfig::default()
    };
    let client = client(&config, "AAAA", &TestClock::new());
    let scope = Scope::new(Arc::new(Recording::default()), CancelToken::new());
    let get = || GetDeployment { id: "7".into(), ..GetDeployment::default() };
    let start = || StartDeployment {
        target_environment: "Preproduction".into(),
        packages: Some(vec!["site.cms.app.1.0.0.nupkg".into()]),
        ..StartDeployment::default()
    };
    for _ in 0..2 {
        client.run(get(), &scope).await.unwrap();
        client.run(start(), &scope).await.unwrap();
        client.run(start(), &scope).await.unwrap();
    }
    let asked = asked.lock().unwrap();
    assert!(asked.iter().filter(|(method, _)| method == "POST").all(|(_, answered)| *answered), "{asked:?}");
    // The server does forget: the second GET went into the connection of the first one, and was repeated.
    assert!(asked.contains(&("GET".to_owned(), false)), "{asked:?}");
}
