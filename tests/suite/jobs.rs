//! Jobs of DXP by their handles: the same operations as for every other service (export job model, section 2).

use epicloud::base::time::parse_instant;
use epicloud::job::{GetJob, JobState, Source, WaitForJob};
use epicloud::request::StartExport;
use epicloud::{DxpConfig, Kind};
use epicloud_emulator::{Effect, Phase, Rule, Step};

use super::fixture::{Fixture, client, configuration};

async fn handle(fixture: &Fixture) -> String {
    let start =
        StartExport { environment: "Production".into(), database_name: "epicms".into(), ..StartExport::default() };
    fixture.client.run(start, &fixture.scope).await.unwrap().handle
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handle_is_enough_for_another_client() {
    let fixture = Fixture::new().await;
    let handle = handle(&fixture).await;
    assert!(handle.starts_with("dxp:"), "{handle}");
    let other = client(&configuration(&fixture.emulator), fixture.emulator.client_secret(), &fixture.clock);
    let running = other.run(GetJob { handle: handle.clone() }, &fixture.scope).await.unwrap();
    assert_eq!((running.state, running.service, running.status.as_str()), (JobState::Running, "dxp", "InProgress"));
    assert_eq!((running.subject.as_str(), &running.handle), ("epicms (Production)", &handle));

    let wait = WaitForJob { handle: handle.clone(), ..WaitForJob::default() };
    // The emulator's clock moves with the pauses of the wait.
    let ended = other.run(wait, &fixture.scope).await.unwrap();
    assert_eq!((ended.state, ended.artifact.unwrap()["kind"].as_str()), (JobState::Succeeded, Some("link")));
    // The service says neither when an export ended nor when its file goes.
    let [completed, expires] = [ended.times.completed, ended.times.expires].map(Option::unwrap);
    assert_eq!((completed.source, expires.source), (Source::Observed, Source::Estimated));
    let hours = parse_instant(&expires.time).unwrap() - parse_instant(&completed.time).unwrap();
    assert_eq!(hours, 24 * 3600 * 1000);
    let later = other.run(GetJob { handle: ended.handle.clone() }, &fixture.scope).await.unwrap();
    assert_eq!((later.times.completed, later.handle), (Some(completed), ended.handle));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_job_is_an_error_unless_it_is_asked_for() {
    let fixture = Fixture::new().await;
    fixture.emulator.script(Phase::Export, vec![Step::new(1_000, 100, "LinkExpired")]);
    let handle = handle(&fixture).await;
    let wait = |allow_failed| WaitForJob { handle: handle.clone(), allow_failed, ..WaitForJob::default() };
    let error = fixture.client.run(wait(false), &fixture.scope).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Expired, "{error}");
    let record = fixture.client.run(wait(true), &fixture.scope).await.unwrap();
    assert_eq!((record.state, record.failure.unwrap()["status"].as_str()), (JobState::Expired, Some("EXPIRED")));
}

/// Credentials go to the service that has the job, or nowhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_handle_of_elsewhere_is_refused_before_any_request() {
    let fixture = Fixture::new().await;
    let handle = handle(&fixture).await;
    let before = fixture.api_requests().len();
    let elsewhere =
        DxpConfig { endpoint: Some("http://127.0.0.1:1/api/v1.0/".into()), ..configuration(&fixture.emulator) };
    let elsewhere = client(&elsewhere, fixture.emulator.client_secret(), &fixture.clock);
    fixture.emulator.faults().add(Rule::new(Effect::Stall));
    for (client, handle, rule) in [
        (&elsewhere, handle.clone(), "is of the service at"),
        (&fixture.client, "gw:eyJhIjoxfQ".into(), "is of the service 'guidewire'"),
        (&fixture.client, "redis:eyJhIjoxfQ".into(), "is of the service 'redis-enterprise'"),
        (&fixture.client, "ftp:eyJhIjoxfQ".into(), "is not the handle of a job"),
        (&fixture.client, handle[..handle.len() - 4].into(), "is not the handle of a job"),
        (&fixture.client, "362".into(), "is not the handle of a job"),
    ] {
        let error = client.run(GetJob { handle }, &fixture.scope).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (Kind::InvalidArgument, Some("handle")), "{error}");
        assert!(error.message().contains(rule), "{error}");
    }
    assert_eq!(fixture.api_requests().len(), before);
}
