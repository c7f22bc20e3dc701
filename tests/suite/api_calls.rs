//! The eleven endpoints, repeated GETs, POSTs that are sent once, and answers that are none.

use std::time::Duration;

use epicloud::limits::{CallTimeoutSeconds, LinkHours};
use epicloud::request::{
    CompleteDeployment, Connect, GetContainerLinks, GetDeployment, GetEdgeLogLocation, GetExport, GetPackageLocation,
    ListContainers, ListDeployments, ResetDeployment, StartDeployment, StartExport,
};
use epicloud::{DxpConfig, Event, Kind};
use epicloud_emulator::{Config, Effect, Emulator, Rule, Speed};

use super::fixture::{Epi, Fixture, client, configuration};
use super::virtual_time::{Seeded, SlowClock, until};

fn copy(target: &str) -> StartDeployment {
    StartDeployment {
        target_environment: target.into(),
        source_environment: Some("Integration".into()),
        include_blob: true,
        ..StartDeployment::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_endpoints_are_called_as_the_contract_says() {
    let fixture = Fixture::new().await;
    let (client, scope) = (&fixture.client, &fixture.scope);
    let project = fixture.emulator.project_id();

    let location = client.run(GetPackageLocation::default(), scope).await.unwrap().link().unwrap();
    assert!(location.base().ends_with("/deploymentpackages"));
    fixture.emulator.put_blob("deploymentpackages", "site.cms.app.1.nupkg", b"PK").unwrap();

    let start = StartDeployment {
        target_environment: "Preproduction".into(),
        packages: Some(vec!["site.cms.app.1.nupkg".into()]),
        ..StartDeployment::default()
    };
    let started = client.run(start, scope).await.unwrap();
    assert_eq!(started.status_text(), "InProgress");
    assert_eq!(client.run(ListDeployments::default(), scope).await.unwrap().len(), 1);
    fixture.clock.advance(Duration::from_secs(600));
    let id = started.id().to_owned();
    let waiting = client.run(GetDeployment { id: id.clone(), ..GetDeployment::default() }, scope).await.unwrap();
    assert_eq!((waiting.status_text(), waiting.percent_complete()), ("AwaitingVerification", Some(100)));
    assert!(!waiting.validation_links().is_empty());
    let completing = client.run(CompleteDeployment { id, ..CompleteDeployment::default() }, scope).await.unwrap();
    assert_eq!(completing.status_text(), "Completing");

    let other = client.run(copy("ADE1"), scope).await;
    assert!(other.is_ok(), "{other:?}");

    let containers = client
        .run(ListContainers { environment: "Integration".into(), writable: true, ..ListContainers::default() }, scope);
    let containers = containers.await.unwrap().names();
    let links = GetContainerLinks {
        environment: "Integration".into(),
        storage_container: containers[..2].to_vec(),
        retention_hours: LinkHours::new(2).ok(),
        ..GetContainerLinks::default()
    };
    let links = client.run(links, scope).await.unwrap();
    assert_eq!(links.len(), 2);
    assert_eq!(links[0].document().text("containerName"), Some(containers[0].as_str()));

    let export =
        StartExport { environment: "Production".into(), database_name: "epicms".into(), ..StartExport::default() };
    let export = client.run(export, scope).await.unwrap();
    let get = GetExport {
        environment: "Production".into(),
        database_name: "epicms".into(),
        id: export.export.id().into(),
        ..GetExport::default()
    };
    fixture.clock.advance(Duration::from_secs(600));
    let export = client.run(get, scope).await.unwrap();
    assert_eq!(export.status_text(), "Succeeded");
    assert!(export.download_link().unwrap().is_some());
    assert!(client.run(GetEdgeLogLocation::default(), scope).await.unwrap().link().unwrap().query().contains("sig="));

    let requests = fixture.api_requests();
    let deployment = started.id();
    let export_path = "environments/Production/databases/epicms/exports";
    let expected = [
        "GET packages/location".to_owned(),
        "POST deployments".to_owned(),
        format!("GET deployments/{deployment}"),
        "GET deployments".to_owned(),
        format!("GET deployments/{deployment}"),
        format!("POST deployments/{deployment}/complete"),
        "POST deployments".to_owned(),
    ];
    assert_eq!(requests[..expected.len()], expected);
    let links = format!("POST environments/Integration/storagecontainers/{}/saslink", containers[0]);
    for expected in [
        "GET environments/Integration/storagecontainers?writable=true",
        &links,
        &format!("POST {export_path}"),
        &format!("GET {export_path}/{}", export.id()),
        "GET edgelogs/location",
    ] {
        assert!(requests.iter().any(|request| request == expected), "{expected} is not in {requests:?}");
    }
    for request in fixture.emulator.requests().iter().filter(|request| request.path.contains(project)) {
        assert_eq!(request.header("content-type"), Some("application/json"), "{} {}", request.method, request.path);
        assert!(request.header("authorization").unwrap().starts_with("epi-hmac "));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_sends_all_three_flags() {
    let fixture = Fixture::new().await;
    let started = fixture
        .client
        .run(StartDeployment { source_apps: vec!["cms".into()], ..copy("Preproduction") }, &fixture.scope)
        .await
        .unwrap();
    fixture.clock.advance(Duration::from_secs(600));
    let reset = ResetDeployment { id: started.id().into(), reset_with_db_rollback: true, ..ResetDeployment::default() };
    let resetting = fixture.client.run(reset, &fixture.scope).await.unwrap();
    assert_eq!(resetting.status_text(), "Resetting");
    let requests = fixture.emulator.requests();
    let body = &requests.iter().find(|request| request.path.ends_with("/reset")).unwrap().body;
    let body: serde_json::Value = serde_json::from_slice(body).unwrap();
    assert_eq!(body, serde_json::json!({"resetWithDbRollback": true, "validateBeforeSwap": false, "complete": false}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_get_is_repeated_until_the_fault_passes() {
    for effect in [
        Effect::status(503),
        Effect::status(500),
        Effect::status(408),
        Effect::retry_after(429, 7),
        Effect::Reset,
        Effect::LostAnswer,
        Effect::Truncate { keep: 5 },
    ] {
        let fixture = Fixture::new().await;
        fixture.emulator.faults().add(Rule::new(effect.clone()).path("*/deployments").times(3));
        let before = fixture.emulator.clock().now();
        let list = fixture.client.run(ListDeployments::default(), &fixture.scope).await;
        assert!(list.is_ok(), "{effect:?}: {list:?}");
        assert_eq!(fixture.api_requests().len(), 4, "{effect:?}");
        let retries = fixture.recording.events().iter().filter(|event| matches!(event, Event::Retrying { .. })).count();
        assert_eq!(retries, 3, "{effect:?}");
        if effect == Effect::retry_after(429, 7) {
            assert!(fixture.emulator.clock().now() - before >= 3 * 7000, "Retry-After is honoured");
        }
        let nonces: std::collections::HashSet<_> = fixture
            .emulator
            .requests()
            .iter()
            .map(|request| request.header("authorization").unwrap().to_owned())
            .collect();
        assert_eq!(nonces.len(), 4, "every try is signed anew");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_get_gives_up_after_five_tries_and_says_so() {
    let fixture = Fixture::new().await;
    fixture.emulator.faults().add(Rule::new(Effect::status(503)));
    let error = fixture.client.run(ListDeployments::default(), &fixture.scope).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts(), error.http_status()), (Kind::Unavailable, 5, Some(503)));
    assert_eq!(error.retry(), epicloud::base::error::Retry::Exhausted);
    assert_eq!(fixture.api_requests().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn final_answers_are_not_repeated() {
    for (status, kind) in
        [(400, Kind::Rejected), (401, Kind::Unauthenticated), (403, Kind::Forbidden), (404, Kind::NotFound)]
    {
        let fixture = Fixture::new().await;
        fixture.emulator.faults().add(Rule::new(Effect::status(status)));
        let error = fixture.client.run(ListDeployments::default(), &fixture.scope).await.unwrap_err();
        assert_eq!((error.kind(), fixture.api_requests().len()), (kind, 1), "{status}");
    }
}

/// A gateway's own words, which are no envelope.
fn plain(status: u16) -> Effect {
    Effect::Status { status, code: None, message: None, retry_after: None, plain: true }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_is_never_repeated() {
    for (effect, kind) in [
        (Effect::LostAnswer, Kind::Ambiguous),
        (Effect::Truncate { keep: 5 }, Kind::Ambiguous),
        (Effect::status(502), Kind::Ambiguous),
        (Effect::status(504), Kind::Ambiguous),
        (Effect::LoginPage { status: 200 }, Kind::Ambiguous),
        (plain(503), Kind::Ambiguous),
        (plain(500), Kind::Ambiguous),
        (Effect::status(503), Kind::Unavailable),
        (Effect::status(500), Kind::Unavailable),
        (Effect::retry_after(429, 1), Kind::Throttled),
    ] {
        let fixture = Fixture::new().await;
        fixture.emulator.faults().add(Rule::new(effect.clone()).method("POST"));
        let error = fixture.client.run(copy("Preproduction"), &fixture.scope).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{effect:?}: {error}");
        assert_eq!(fixture.api_requests(), ["POST deployments"], "{effect:?}");
        if kind == Kind::Ambiguous {
            assert!(error.to_string().contains("may have processed it"), "{error}");
            assert!(error.next_step().unwrap().contains("list the deployments"), "{error:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_service_ends_with_the_time_limit() {
    let fixture = Fixture::new().await;
    fixture.emulator.faults().add(Rule::new(Effect::Stall).method("POST"));
    let clock = fixture.clock.clone();
    let emulator = fixture.emulator.clone();
    let jump = tokio::spawn(async move {
        until("the request that is not answered", || !emulator.requests().is_empty()).await;
        clock.advance(Duration::from_secs(120));
    });
    let error = fixture.client.run(copy("Preproduction"), &fixture.scope).await.unwrap_err();
    jump.await.unwrap();
    assert_eq!(error.kind(), Kind::Ambiguous);
    assert!(error.to_string().contains("no response within 2 min"), "{error}");
}

/// As a service that takes the connection and never answers: nobody waits for long without a word, or for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_read_ends_with_its_time_limit_and_everybody_is_told_each_minute_before() {
    for (limit, minutes, words) in [(None, 2, "no response within 2 min"), (Some(300), 5, "no response within 5 min")] {
        let fixture = Fixture::new().await;
        let config = DxpConfig {
            call_timeout_seconds: limit.and_then(|limit| CallTimeoutSeconds::new(limit).ok()),
            ..configuration(&fixture.emulator)
        };
        let client = client(&config, fixture.emulator.client_secret(), &fixture.clock);
        fixture.emulator.faults().add(Rule::new(Effect::Stall));
        let passing = async {
            until("the request that is not answered", || !fixture.api_requests().is_empty()).await;
            for minute in 1..minutes {
                fixture.clock.advance(Duration::from_secs(60));
                until("a warning", || fixture.warnings().len() == minute).await;
            }
            fixture.clock.advance(Duration::from_secs(60));
        };
        let (outcome, ()) = tokio::join!(client.run(ListDeployments::default(), &fixture.scope), passing);
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), fixture.api_requests().len()), (Kind::Network, 1), "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(fixture.warnings()[0], "no response from the service for 1 min 00 s");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_retry_of_a_read_is_a_warning_and_the_others_are_not() {
    let fixture = Fixture::new().await;
    fixture.emulator.faults().add(Rule::new(Effect::status(503)).times(3));
    fixture.client.run(ListDeployments::default(), &fixture.scope).await.unwrap();
    let events = fixture.recording.events().into_iter();
    let warns = events.filter_map(|event| if let Event::Retrying { warns, .. } = event { Some(warns) } else { None });
    assert_eq!(warns.collect::<Vec<_>>(), [true, false, false]);
    // On the command line, also where nothing else is said.
    let emulator = Emulator::start(Config { speed: Speed::Instant, ..Config::default() }).await.unwrap();
    emulator.faults().add(Rule::new(Effect::status(503)).times(2));
    let epi = Epi::new(&emulator, emulator.endpoint());
    let run = epi.run(&["deployment", "list", "--quiet"]).await;
    assert_eq!((run.code, run.stderr.lines().count()), (Some(0), 1), "{run:?}");
    assert!(run.stderr.starts_with("warning: the request to the service failed (attempt 1), retrying in "), "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_services_own_texts_come_out() {
    let fixture = Fixture::new().await;
    let texts = ["first error".to_owned(), "Hälsö 二".to_owned()];
    fixture.emulator.faults().add(Rule::new(Effect::Failure { errors: texts.to_vec() }).times(1));
    let error = fixture.client.run(ListDeployments::default(), &fixture.scope).await.unwrap_err();
    assert_eq!((error.kind(), error.texts()), (Kind::Rejected, &texts[..]));
    fixture.emulator.faults().clear();

    fixture.emulator.faults().add(Rule::new(Effect::NullErrors));
    assert!(
        fixture.client.run(ListDeployments::default(), &fixture.scope).await.is_ok(),
        "errors may be null on success"
    );
    fixture.emulator.faults().clear();

    // A busy target.
    fixture
        .client
        .run(StartDeployment { source_apps: vec!["cms".into()], ..copy("Preproduction") }, &fixture.scope)
        .await
        .unwrap();
    let error = fixture.client.run(copy("Preproduction"), &fixture.scope).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict, "{error}");
    assert!(error.to_string().contains("on-going"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_page_is_named_as_such() {
    for (status, kind) in [(200, Kind::Protocol), (401, Kind::Unauthenticated)] {
        let fixture = Fixture::new().await;
        fixture.emulator.faults().add(Rule::new(Effect::LoginPage { status }));
        let error = fixture.client.run(ListDeployments::default(), &fixture.scope).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().contains("text/html instead of JSON"), "{error}");
        assert!(error.next_step().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_and_a_wrong_clock_are_told_apart_where_that_is_possible() {
    let fixture = Fixture::with(Config { clock_skew_minutes: Some(15), ..Config::default() }).await;
    let wrong = client(&configuration(&fixture.emulator), "AAAA", &fixture.clock);
    let error = wrong.run(Connect::default(), &fixture.scope).await.unwrap_err();
    assert_eq!((error.kind(), error.http_status()), (Kind::Unauthenticated, Some(401)));
    assert!(error.to_string().starts_with("the service answered 401"), "{error}");
    assert!(error.next_step().unwrap().contains("client secret"), "{error:?}");

    let skewed = SlowClock { clock: fixture.clock.clone(), behind: Duration::from_secs(3600) };
    let secret = epicloud::Secret::from(fixture.emulator.client_secret());
    let late = epicloud::Client::with_sources(
        configuration(&fixture.emulator),
        Some(&secret),
        std::sync::Arc::new(skewed),
        std::sync::Arc::new(Seeded::printed()),
    );
    let error = late.unwrap().run(Connect::default(), &fixture.scope).await.unwrap_err();
    assert!(error.next_step().unwrap().contains("differs from that of the service by"), "{error:?}");

    let connected = fixture.client.run(Connect::default(), &fixture.scope).await.unwrap();
    assert_eq!(connected.project_id, fixture.emulator.project_id());
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_are_encoded_on_the_wire() {
    let fixture =
        Fixture::with(Config { environments: vec!["Hälso".into(), "y/../x?".into()], ..Config::default() }).await;
    for (environment, path) in [("Hälso", "environments/H%C3%A4lso/"), ("y/../x?", "environments/y%2F..%2Fx%3F/")] {
        let list = ListContainers { environment: environment.into(), ..ListContainers::default() };
        let answer = fixture.client.run(list, &fixture.scope).await;
        assert!(fixture.api_requests().last().unwrap().contains(path), "{answer:?} {:?}", fixture.api_requests());
    }
    let list = ListContainers { environment: "..".into(), ..ListContainers::default() };
    assert_eq!(fixture.client.run(list, &fixture.scope).await.unwrap_err().kind(), Kind::InvalidArgument);
    assert_eq!(fixture.api_requests().len(), 2, "nothing is sent for a segment that would leave the path");
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_needs_a_trusted_certificate() {
    let fixture = Fixture::new().await;
    let over_tls = DxpConfig { endpoint: Some(fixture.emulator.https_endpoint()), ..configuration(&fixture.emulator) };
    let trusting = client(&over_tls, fixture.emulator.client_secret(), &fixture.clock);
    assert!(trusting.run(Connect::default(), &fixture.scope).await.is_ok());

    let distrusting = DxpConfig { ca_file: None, ..over_tls };
    let distrusting = client(&distrusting, fixture.emulator.client_secret(), &fixture.clock);
    let error = distrusting.run(Connect::default(), &fixture.scope).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Tls, "{error}");
    assert!(error.next_step().unwrap().contains("caFile"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_connection_is_named_with_its_address() {
    let fixture = Fixture::new().await;
    // A port that was just free: nothing listens on it.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = DxpConfig { endpoint: Some(format!("http://{free}/api/v1.0/")), ..configuration(&fixture.emulator) };
    let client = client(&config, fixture.emulator.client_secret(), &fixture.clock);
    let error = client.run(copy("Preproduction"), &fixture.scope).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Network, "a request that was never sent is not ambiguous: {error}");
    assert!(error.to_string().contains(&free.to_string()), "{error}");
}
