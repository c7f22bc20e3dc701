//! A save of an export that was interrupted: the same request goes on with the same export, from the time on when the
//! service has accepted it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use epicloud::limits::{DownloadStreams, PollingSeconds};
use epicloud::request::{SaveExport, SavedExport, Wait};
use epicloud::{CancelToken, Error, Event, Kind, Scope};
use epicloud_emulator::{Config, Effect, Emulator, LinkScheme, Phase, Rule, Speed, Step};

use super::fixture::{Epi, Fixture, names_in};
use super::virtual_time::until;
use super::words::resumes_with;

const SIZE: u64 = 24 << 20;

struct Saving {
    fixture: Fixture,
    folder: tempfile::TempDir,
}

impl Saving {
    async fn new() -> Self {
        let config = Config { link_scheme: LinkScheme::Http, export_size: SIZE, ..Config::default() };
        Self { fixture: Fixture::with(config).await, folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn request(&self) -> SaveExport {
        let mut request = SaveExport {
            environment: "Production".into(),
            database_name: "epicms".into(),
            output_file: self.path("db.bacpac"),
            wait: Wait { polling_interval_seconds: PollingSeconds::new(1).ok(), ..Wait::default() },
            ..SaveExport::default()
        };
        request.download.streams = DownloadStreams::new(1).ok();
        request
    }

    async fn save(&self, request: SaveExport) -> Result<SavedExport, Error> {
        self.fixture.client.run(request, &self.fixture.scope).await
    }

    /// A save that is cut in its download, after the first part.
    async fn cut(&self) -> Error {
        self.fixture.emulator.faults().add(Rule::new(Effect::status(409)).method("GET").path("/bacpacs/").nth(2));
        let error = self.save(self.request()).await.unwrap_err();
        self.fixture.emulator.faults().clear();
        error
    }

    /// The exports that were started.
    fn starts(&self) -> usize {
        self.fixture.api_requests().iter().filter(|request| request.starts_with("POST ")).count()
    }

    /// The id of the export that was started last.
    fn accepted(&self) -> String {
        let events = self.fixture.recording.events().into_iter().rev();
        let mut ids = events.filter_map(|event| if let Event::Accepted { id, .. } = event { Some(id) } else { None });
        ids.next().unwrap()
    }

    /// What everybody is told, in one line that says this.
    fn is_told(&self, words: &str) -> bool {
        let events = self.fixture.recording.events();
        let told = |event: &&Event| matches!(event, Event::Message { level: epicloud::base::event::Level::Info, text } if text.contains(words));
        events.iter().filter(told).count() == 1
    }

    fn journal(&self) -> String {
        std::fs::read_to_string(self.path("db.bacpac.partial.journal")).unwrap()
    }
}

/// The error says how the save of this export goes on.
fn assert_goes_on(error: &Error, id: &str) {
    let (operation, request) = resumes_with(error);
    assert_eq!((operation, request["id"].as_str()), ("databaseExport.save", Some(id)), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_failed_goes_on_with_the_same_export() {
    let saving = Saving::new().await;
    let error = saving.cut().await;
    let id = saving.accepted();
    assert_goes_on(&error, &id);
    let journal = saving.journal();
    assert!(journal.contains(&id) && !journal.contains("sig=") && !journal.contains('?'), "{journal}");
    let saved =
        saving.save(SaveExport { retention_hours: Some(48.try_into().unwrap()), ..saving.request() }).await.unwrap();
    assert_eq!((saved.id, saved.file.resumed_bytes, saving.starts()), (id.clone(), 8 << 20, 1));
    assert_eq!(saving.fixture.warnings(), ["the retention of 48 hours is ignored: it is only for a new export"]);
    assert!(saving.is_told(&format!("resuming export {id} of epicms (Production)")));
    assert_eq!(names_in(saving.folder.path()), ["db.bacpac"], "all is forgotten once it is there");
    // Then the same save is another export.
    saving.save(SaveExport { overwrite: true, ..saving.request() }).await.unwrap();
    assert_eq!(saving.starts(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_was_stopped_goes_on_with_the_same_export() {
    let saving = Saving::new().await;
    let (cancel, recording) = (CancelToken::new(), saving.fixture.recording.clone());
    let scope = Scope::new(recording, cancel.clone());
    saving.fixture.emulator.script(Phase::Export, vec![Step::new(3_600_000, 100, "Succeeded")]);
    let looks = || saving.fixture.api_requests().iter().filter(|request| request.starts_with("GET ")).count();
    let stopping = async {
        until("a look", || looks() > 1).await;
        cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(saving.fixture.client.run(saving.request(), &scope), stopping);
    let (error, id) = (outcome.unwrap_err(), saving.accepted());
    assert_eq!(error.kind(), Kind::Cancelled);
    assert_goes_on(&error, &id);
    assert_eq!(names_in(saving.folder.path()), ["db.bacpac.partial.journal"]);
    let saved = saving.save(saving.request()).await.unwrap();
    assert_eq!((saved.id, saving.starts()), (id, 1));
    assert!(saving.is_told("resuming export"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_export_is_started_where_the_old_one_does_not_serve_and_that_is_told() {
    let other_database = |saving: &Saving| SaveExport { database_name: "epicommerce".into(), ..saving.request() };
    let other_environment = |saving: &Saving| SaveExport { environment: "Integration".into(), ..saving.request() };
    let new = |saving: &Saving| SaveExport { new_export: true, ..saving.request() };
    let same = Saving::request;
    type Case<'a> = (&'a str, &'a dyn Fn(&Saving) -> SaveExport, Option<Rule>);
    let look = || Rule::new(Effect::status(404)).method("GET").path("/exports/").times(1);
    let blob = |effect| Rule::new(effect).method("HEAD").path("/bacpacs/");
    let cases: [Case<'_>; 5] = [
        ("the interrupted save to this file was for epicms (Production); starting a new export", &other_database, None),
        (
            "the interrupted save to this file was for epicms (Production); starting a new export",
            &other_environment,
            None,
        ),
        ("", &new, None),
        ("no longer exists; starting a new export", &same, Some(look())),
        ("can no longer be downloaded", &same, Some(blob(Effect::status(404)).times(1))),
    ];
    for (told, request, fault) in cases {
        let saving = Saving::new().await;
        saving.cut().await;
        let (id, before) = (saving.accepted(), saving.journal());
        if let Some(fault) = fault {
            saving.fixture.emulator.faults().add(fault);
        }
        let saved = saving.save(request(&saving)).await.unwrap();
        assert!(saved.id != id && saving.starts() == 2, "{told}");
        assert!(told.is_empty() || saving.is_told(told), "{told}: {:?}", saving.fixture.recording.events());
        assert!(before.contains(&id) && names_in(saving.folder.path()) == ["db.bacpac"], "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_has_failed_or_expired_is_not_gone_on_with() {
    for (status, words) in [("ExportFailed", "failed; starting a new"), ("LinkExpired", "has expired; starting a new")]
    {
        let saving = Saving::new().await;
        saving
            .fixture
            .emulator
            .script(Phase::Export, vec![Step::new(0, 100, "Succeeded"), Step::new(5_000, 100, status)]);
        saving.cut().await;
        let id = saving.accepted();
        saving.fixture.clock.advance(Duration::from_secs(10));
        let saved = saving.save(saving.request()).await.unwrap();
        assert!(saved.id != id && saving.is_told(&format!("export {id} of an interrupted save {words}")), "{status}");
    }
    // One whose end the save itself has seen is forgotten at once, and the next step is another export.
    let saving = Saving::new().await;
    saving.fixture.emulator.script(Phase::Export, vec![Step::new(0, 100, "ExportFailed")]);
    let error = saving.save(saving.request()).await.unwrap_err();
    let (_, request) = resumes_with(&error);
    assert_eq!((error.kind(), request.get("id"), names_in(saving.folder.path()).len()), (Kind::JobFailed, None, 0));
}

/// An export that cannot be asked about may well be there: nothing is given up, and no other one is started.
#[tokio::test(flavor = "multi_thread")]
async fn no_export_is_started_while_the_service_cannot_be_asked_about_the_old_one() {
    let saving = Saving::new().await;
    saving.cut().await;
    let id = saving.accepted();
    for status in [503, 401] {
        saving.fixture.emulator.faults().add(Rule::new(Effect::status(status)).method("GET").path("/exports/"));
        let error = saving.save(saving.request()).await.unwrap_err();
        assert_goes_on(&error, &id);
        saving.fixture.emulator.faults().clear();
    }
    assert_eq!(saving.save(saving.request()).await.unwrap().id, id);
    assert_eq!(saving.starts(), 1);
}

/// What an earlier save has received is given up only when another file comes, so its export can still be taken by its id.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_received_outlives_a_save_of_something_else_that_fails() {
    let saving = Saving::new().await;
    saving.cut().await;
    let id = saving.accepted();
    let other = || SaveExport { database_name: "epicommerce".into(), ..saving.request() };
    saving.fixture.emulator.script(Phase::Export, vec![Step::new(0, 100, "ExportFailed")]);
    assert_eq!(saving.save(other()).await.unwrap_err().kind(), Kind::JobFailed);
    let refusal = Rule::new(Effect::status(409)).method("HEAD").path("/bacpacs/");
    saving.fixture.emulator.faults().add(refusal);
    saving.save(other()).await.unwrap_err();
    saving.fixture.emulator.faults().clear();
    let saved = saving.save(SaveExport { id: Some(id), ..saving.request() }).await.unwrap();
    assert_eq!((saved.file.resumed_bytes, saving.starts()), (8 << 20, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partial_file_of_somebody_else_is_left_alone() {
    let saving = Saving::new().await;
    let theirs = saving.path("db.bacpac.partial");
    std::fs::write(&theirs, b"precious").unwrap();
    for new_export in [false, true] {
        let error = saving.save(SaveExport { new_export, ..saving.request() }).await.unwrap_err();
        assert_eq!((error.kind(), saving.starts()), (Kind::Conflict, 0));
    }
    assert_eq!(std::fs::read(&theirs).unwrap(), b"precious");
}

/// Not even a kill makes another export, and `epi` says what it goes on with without being asked for more.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_the_same_command_goes_on() {
    let emulator = Emulator::start(Config { speed: Speed::Instant, ..Config::default() }).await.unwrap();
    let epi = Epi::new(&emulator, emulator.endpoint());
    let database = ["export", "save", "--environment", "Production", "--database", "epicms"];
    let save = [&database[..], &["--output-file", "db.bacpac"]].concat();
    let mut child = epi.command(&save).stderr(Stdio::null()).spawn().unwrap();
    let looks =
        || emulator.requests().iter().filter(|one| one.method == "GET" && one.path.contains("/exports/")).count();
    until("a look at the export", || looks() > 0).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let run = epi.run(&save).await;
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stderr.contains("resuming export "), "{run:?}");
    assert_eq!(emulator.requests().iter().filter(|one| one.method == "POST").count(), 1);
    assert_eq!(names_in(epi.folder.path()), ["db.bacpac"]);
}
