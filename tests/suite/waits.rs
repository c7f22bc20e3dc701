//! Waits on deployments and exports, on a clock that jumps.

use std::time::Duration;

use epicloud::base::event::{Phase as ProgressPhase, Progress};
use epicloud::base::time::Clock;
use epicloud::dxp::model::deployment::DeploymentGoal;
use epicloud::limits::{PollingSeconds, RetentionHours, TimeoutMinutes};
use epicloud::request::{
    CompleteDeployment, ResetDeployment, StartDeployment, StartExport, Wait, WaitForDeployment, WaitForExport,
};
use epicloud::{Event, Kind};
use epicloud_emulator::{Effect, Phase, Rule, Step};

use super::fixture::Fixture;
use super::virtual_time::until;

fn start(wait: Wait) -> StartDeployment {
    StartDeployment {
        target_environment: "Preproduction".into(),
        source_environment: Some("Integration".into()),
        source_apps: vec!["cms".into()],
        wait: Some(wait),
        ..StartDeployment::default()
    }
}

fn export(wait: Wait) -> StartExport {
    StartExport {
        environment: "Production".into(),
        database_name: "epicms".into(),
        wait: Some(wait),
        ..StartExport::default()
    }
}

fn progress(fixture: &Fixture) -> Vec<Progress> {
    let events = fixture.recording.events().into_iter();
    events.filter_map(|event| if let Event::Progress(progress) = event { Some(progress) } else { None }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn start_complete_and_reset_wait_for_their_own_states() {
    let fixture = Fixture::new().await;
    let (client, scope) = (&fixture.client, &fixture.scope);
    let started = client.run(start(Wait::default()), scope).await.unwrap();
    assert_eq!(started.status_text(), "AwaitingVerification");
    let complete =
        CompleteDeployment { id: started.id().into(), wait: Some(Wait::default()), ..CompleteDeployment::default() };
    assert_eq!(client.run(complete, scope).await.unwrap().status_text(), "Succeeded");

    let request = StartDeployment { maintenance_page: true, ..start(Wait::default()) };
    let started = client.run(request, scope).await.unwrap();
    let reset = ResetDeployment {
        id: started.id().into(),
        validate_before_swap: true,
        wait: Some(Wait::default()),
        ..ResetDeployment::default()
    };
    assert_eq!(client.run(reset, scope).await.unwrap().status_text(), "AwaitingResetVerification");
    let reset = ResetDeployment {
        id: started.id().into(),
        complete: true,
        wait: Some(Wait::default()),
        ..ResetDeployment::default()
    };
    assert_eq!(client.run(reset, scope).await.unwrap().status_text(), "Reset");
    assert!(
        progress(&fixture).iter().all(|progress| progress.phase == ProgressPhase::Waiting && progress.status.is_some())
    );
}

/// The service may still show the state that was left behind (spec 4.11).
#[tokio::test(flavor = "multi_thread")]
async fn completing_a_reset_does_not_end_with_the_state_it_left_behind() {
    let fixture = Fixture::new().await;
    let (client, scope) = (&fixture.client, &fixture.scope);
    let request = StartDeployment { maintenance_page: true, ..start(Wait::default()) };
    let id = client.run(request, scope).await.unwrap().id().to_owned();
    let wait = Some(Wait::default());
    let reset = ResetDeployment { id: id.clone(), validate_before_swap: true, wait, ..ResetDeployment::default() };
    client.run(reset, scope).await.unwrap();
    let stale = Step::new(0, 90, "AwaitingResetVerification");
    fixture.emulator.script(Phase::Reset, vec![stale, Step::new(45_000, 100, "Reset")]);
    let complete = ResetDeployment { id, complete: true, wait, ..ResetDeployment::default() };
    assert_eq!(client.run(complete, scope).await.unwrap().status_text(), "Reset");
    let seen = progress(&fixture).into_iter().filter_map(|progress| progress.status);
    assert!(seen.filter(|status| status == "AwaitingResetVerification").count() > 1, "the race took place");
}

#[tokio::test(flavor = "multi_thread")]
async fn warnings_are_reported_once_and_unknown_states_go_on() {
    let fixture = Fixture::new().await;
    fixture.emulator.script(
        Phase::Deploy,
        vec![
            Step::new(10_000, 20, "InProgress").warning("first"),
            Step::new(60_000, 50, "PreparingSomethingNew").warning("second"),
            Step::new(60_000, 100, "AwaitingVerification"),
        ],
    );
    let ended = fixture.client.run(start(Wait::default()), &fixture.scope).await.unwrap();
    assert_eq!(ended.status_text(), "AwaitingVerification");
    assert_eq!(fixture.warnings(), ["first", "second"]);
    assert!(progress(&fixture).iter().any(|progress| progress.status.as_deref() == Some("PreparingSomethingNew")));

    let wait = WaitForDeployment { id: ended.id().into(), strict: true, ..WaitForDeployment::default() };
    let error = fixture.client.run(wait, &fixture.scope).await.unwrap_err();
    assert_eq!((error.kind(), error.texts().len()), (Kind::Warnings, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_an_error_with_and_without_a_text_of_the_service() {
    let fixture = Fixture::new().await;
    fixture.emulator.script(Phase::Deploy, vec![Step::new(1000, 100, "Failed").error("DXCS006: bad package")]);
    let error = fixture.client.run(start(Wait::default()), &fixture.scope).await.unwrap_err();
    assert_eq!((error.kind(), error.texts()), (Kind::JobFailed, &["DXCS006: bad package".to_owned()][..]));

    // The habit of the cmdlets is for those who ask for it, and covers only what gives no text.
    for (allow_failed, text) in [(false, None), (true, None), (true, Some("DXCS006: bad package"))] {
        let step = Step::new(1000, 100, "Failed");
        fixture.emulator.script(Phase::Deploy, vec![text.map_or(step.clone(), |text| step.error(text))]);
        let request = StartDeployment { allow_failed, strict: !allow_failed, ..start(Wait::default()) };
        match fixture.client.run(request, &fixture.scope).await {
            Ok(deployment) => assert!(allow_failed && text.is_none() && deployment.status_text() == "Failed"),
            Err(error) => {
                assert!(!allow_failed || text.is_some(), "{error}");
                assert_eq!((error.kind(), error.texts().len()), (Kind::JobFailed, usize::from(text.is_some())));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nine_failed_polls_are_put_up_with() {
    let fixture = Fixture::new().await;
    // 401 is final for a single call, so that each of these is one poll.
    fixture.emulator.faults().add(Rule::new(Effect::status(401)).method("GET").times(9));
    let ended = fixture.client.run(start(Wait::default()), &fixture.scope).await.unwrap();
    assert_eq!(ended.status_text(), "AwaitingVerification");

    let fixture = Fixture::new().await;
    fixture.emulator.faults().add(Rule::new(Effect::status(401)).method("GET"));
    let error = fixture.client.run(start(Wait::default()), &fixture.scope).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (Kind::Unauthenticated, 10));
    assert_eq!(fixture.api_requests().len(), 1 + 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_id_is_not_waited_for() {
    let fixture = Fixture::new().await;
    let wait = WaitForDeployment { id: "00000000-0000-0000-0000-000000000000".into(), ..WaitForDeployment::default() };
    let error = fixture.client.run(wait, &fixture.scope).await.unwrap_err();
    assert_eq!((error.kind(), fixture.api_requests().len()), (Kind::NotFound, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_time_limit_unless_asked_and_a_wait_can_be_resumed_by_id() {
    let fixture = Fixture::new().await;
    let days = 3 * 24 * 3600 * 1000;
    let slow = vec![Step::new(days, 100, "Succeeded")];
    fixture.emulator.script(Phase::Export, slow.clone());
    let wait = Wait { polling_interval_seconds: PollingSeconds::new(50).ok(), ..Wait::default() };
    let ended = fixture.client.run(export(wait), &fixture.scope).await.unwrap();
    assert_eq!(ended.export.status_text(), "Succeeded");
    assert!(fixture.clock.monotonic() >= Duration::from_millis(days));

    fixture.emulator.script(Phase::Export, slow);
    let limited =
        Wait { timeout_minutes: TimeoutMinutes::new(60).ok(), polling_interval_seconds: PollingSeconds::new(50).ok() };
    let error = fixture.client.run(export(limited), &fixture.scope).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Timeout);
    assert!(error.to_string().contains("timed out waiting for the export (status: InProgress)"), "{error}");
    let id = fixture.recording.events().into_iter().rev().find_map(|event| match event {
        Event::Accepted { id, .. } => Some(id),
        _ => None,
    });
    let resumed = WaitForExport {
        environment: "Production".into(),
        database_name: "epicms".into(),
        id: id.unwrap(),
        wait,
        ..WaitForExport::default()
    };
    assert_eq!(fixture.client.run(resumed, &fixture.scope).await.unwrap().status_text(), "Succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_failed_is_an_error_unless_that_is_allowed() {
    for allow_failed in [false, true] {
        let fixture = Fixture::new().await;
        fixture.emulator.script(Phase::Export, vec![Step::new(1000, 100, "ExportFailed")]);
        let outcome = fixture.client.run(StartExport { allow_failed, ..export(Wait::default()) }, &fixture.scope).await;
        match (allow_failed, outcome) {
            (true, Ok(export)) => assert_eq!(export.export.status_text(), "ExportFailed"),
            (false, Err(error)) => assert_eq!(error.kind(), Kind::JobFailed),
            (_, other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_link_is_not_a_failed_export() {
    let fixture = Fixture::new().await;
    let request = StartExport { retention_hours: RetentionHours::new(1).ok(), ..export(Wait::default()) };
    let ended = fixture.client.run(request, &fixture.scope).await.unwrap();
    fixture.clock.advance(Duration::from_secs(2 * 3600));
    let wait = WaitForExport {
        environment: "Production".into(),
        database_name: "epicms".into(),
        id: ended.export.id().into(),
        ..WaitForExport::default()
    };
    let error = fixture.client.run(wait, &fixture.scope).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Expired);
}

/// Everybody is told of a service that never answers while something is waited for, and the wait goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_service_is_told_of_while_a_wait_goes_on() {
    let fixture = Fixture::new().await;
    fixture.emulator.faults().add(Rule::new(Effect::Stall).method("GET").times(1));
    let passing = async {
        until("the look that is not answered", || fixture.emulator.requests().len() == 2).await;
        fixture.clock.advance(Duration::from_secs(60));
        until("a warning", || !fixture.warnings().is_empty()).await;
        fixture.clock.advance(Duration::from_secs(60));
    };
    let (outcome, ()) = tokio::join!(fixture.client.run(export(Wait::default()), &fixture.scope), passing);
    assert_eq!(outcome.unwrap().export.status_text(), "Succeeded");
    assert_eq!(fixture.warnings(), ["no response from the service for 1 min 00 s"]);
    let events = fixture.recording.events();
    let told =
        |event: &&Event| matches!(event, Event::Retrying { what, warns: true, .. } if what == "the status request");
    assert_eq!(events.iter().filter(told).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_a_wait_sends_nothing_more() {
    let fixture = Fixture::new().await;
    fixture.emulator.script(Phase::Deploy, vec![Step::new(u64::from(u32::MAX), 100, "Succeeded")]);
    // The poll that answers nothing is the moment of the cancel.
    fixture.emulator.faults().add(Rule::new(Effect::Stall).method("GET").nth(3));
    let (emulator, cancel) = (fixture.emulator.clone(), fixture.cancel.clone());
    let canceller = tokio::spawn(async move {
        until("the request that is not answered", || emulator.requests().len() >= 4).await;
        cancel.cancel();
    });
    let error = fixture.client.run(start(Wait::default()), &fixture.scope).await.unwrap_err();
    canceller.await.unwrap();
    assert_eq!(error.kind(), Kind::Cancelled);
    assert!(error.next_step().unwrap().contains("deployment.wait with"), "{error:?}");
    assert_eq!(fixture.emulator.requests().len(), 4);
    let again = WaitForDeployment { id: "x".into(), until: DeploymentGoal::Start, ..WaitForDeployment::default() };
    assert_eq!(fixture.client.run(again, &fixture.scope).await.unwrap_err().kind(), Kind::Cancelled);
    assert_eq!(fixture.emulator.requests().len(), 4, "a cancelled operation sends nothing");
}

/// Scripts written for the original read these lines, and its progress bar begins with the POST's own status.
#[tokio::test(flavor = "multi_thread")]
async fn every_look_is_told_and_the_first_progress_is_that_of_the_start() {
    let fixture = Fixture::new().await;
    fixture.emulator.script(Phase::Deploy, vec![Step::new(1, 40, "InProgress"), Step::new(70_000, 100, "Succeeded")]);
    fixture.client.run(start(Wait::default()), &fixture.scope).await.unwrap();
    let exported = fixture.client.run(export(Wait::default()), &fixture.scope).await.unwrap();
    assert_eq!(exported.export.status_text(), "Succeeded");

    let told = fixture.recording.events().into_iter().filter_map(|event| match event {
        Event::Message { text, .. } if text.contains(" status: ") => Some(text),
        _ => None,
    });
    let told: Vec<String> = told.collect();
    let running = "Deployment status: InProgress. Progress: 40%";
    assert!(told.iter().filter(|line| *line == running).count() > 1, "once a look, changed or not: {told:?}");
    assert!(told.contains(&"Deployment status: Succeeded. Progress: 100%".to_owned()), "{told:?}");
    assert_eq!(told.last().unwrap(), "Export status: Succeeded.");

    let first = |phase: &str| {
        let all = progress(&fixture);
        let waiting = all.iter().filter(|progress| progress.phase == ProgressPhase::Waiting);
        waiting.filter(|progress| progress.subject.contains(phase)).map(|progress| progress.percent).next()
    };
    assert_eq!(first("Preproduction"), Some(Some(2)), "as the emulator answers a POST; the first look sees 40");
}

/// What a host needs to show that a wait lives: how long it has taken, and when the service is asked next.
#[tokio::test(flavor = "multi_thread")]
async fn every_look_tells_how_long_the_wait_takes_and_when_the_next_one_is() {
    let fixture = Fixture::new().await;
    let wait = Wait { polling_interval_seconds: PollingSeconds::new(20).ok(), ..Wait::default() };
    fixture.emulator.script(Phase::Deploy, vec![Step::new(1, 40, "InProgress"), Step::new(35_000, 100, "Succeeded")]);
    fixture.client.run(start(wait), &fixture.scope).await.unwrap();
    let looks = |fixture: &Fixture| -> Vec<_> {
        let all = progress(fixture).into_iter().filter(|progress| progress.phase == ProgressPhase::Waiting);
        all.map(|progress| (progress.elapsed_ms, progress.next_poll_ms)).collect()
    };
    // The answer of the start is no look; nothing is asked after the last one.
    let asked = |seconds: u64| (Some(seconds * 1000), Some(20_000));
    assert_eq!(looks(&fixture), [(None, None), asked(0), asked(20), (Some(40_000), None)]);

    let fixture = Fixture::new().await;
    fixture.emulator.script_export(vec![Step::new(1, 0, "InProgress"), Step::new(30_000, 0, "Succeeded")]);
    fixture.client.run(export(wait), &fixture.scope).await.unwrap();
    let looks = looks(&fixture);
    assert_eq!(looks[1], asked(0));
    assert_eq!(looks.last().unwrap().1, None, "nothing is asked after the last look: {looks:?}");
}
