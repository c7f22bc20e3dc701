//! A cancelled transfer: it ends at once, leaves no task and no request, and what it had done is kept.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use epicloud::base::cancel::CancelToken;
use epicloud::base::error::{Error, Kind};
use epicloud::base::event::{Silent, Sink};
use epicloud::blob::client::Store;
use epicloud::transfer::Engine;
use epicloud::transfer::upload::Upload;
use epicloud::transport::http::Http;
use epicloud::transport::trust::Trust;
use epicloud_emulator::{Effect, Rule};

use super::fixture::names_in;
use super::transfer_fixture::{BLOB, MIB, PART, TransferFixture, content, download, named, receive, send, upload};
use super::virtual_time::{Seeded, TestClock, cancelled_at, until};

/// Runs a transfer on a runtime of its own, cancels it at a moment, and looks for tasks that are left when its client is
/// gone, which keeps connections.
async fn cancelled<Running>(
    fixture: &TransferFixture,
    moment: impl FnMut() -> bool,
    transfer: impl FnOnce(Engine, Arc<dyn Sink>, CancelToken) -> Running + Send + 'static,
) where
    Running: Future<Output = Error>,
{
    let (cancel, state) = (CancelToken::new(), fixture.state.path().to_owned());
    let heard = cancel.clone();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let clock = TestClock::new();
            let http = Http::new(&Trust::Machine, clock.clone()).unwrap();
            let engine = Engine::new(Store::new(http), clock, Arc::new(Seeded::new(1)));
            let error = transfer(engine.keeping_state_in(Some(state)), Arc::new(Silent), heard).await;
            let tasks = tokio::runtime::Handle::current();
            until("the end of all tasks", || tasks.metrics().num_alive_tasks() == 0).await;
            error
        })
    });
    until("the moment", moment).await;
    cancel.cancel();
    until("the end", || thread.is_finished()).await;
    assert_eq!(thread.join().unwrap().kind(), Kind::Cancelled);
    // Nothing follows.
    let before = fixture.emulator.requests().len();
    fixture.emulator.faults().clear();
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(fixture.emulator.requests().len(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload() {
    let fixture = TransferFixture::new().await;
    // The sixth block and those after it: five are in the blob storage, the streams are at work.
    for nth in 6..40 {
        fixture.emulator.faults().add(Rule::new(Effect::Stall).query("comp=block&").nth(nth));
    }
    let bytes = content(1, 12 * MIB);
    let request = upload(&fixture, &fixture.file("p", &bytes));
    let sent = request.clone();
    let moment = || fixture.put_blocks().len() == 9;
    cancelled(&fixture, moment, |engine, sink, cancel| async move {
        engine.upload(&sent, &sink, &cancel).await.unwrap_err()
    })
    .await;
    assert!(fixture.commits().is_empty());
    let receipt = send(&fixture, &request).await.unwrap();
    assert!((4 * PART..=5 * PART).contains(&receipt.resumed_bytes), "all but what was just answered: {receipt:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_of_several_between_their_commits() {
    let fixture = TransferFixture::new().await;
    fixture.emulator.faults().add(Rule::new(Effect::Stall).query("comp=blocklist&").nth(2));
    let names = ["a.cms.app.1.nupkg", "b.cms.app.1.nupkg"];
    let files = names.map(|name| named(&fixture.file(name, &content(2, 2 * MIB)), name)).to_vec();
    let sent = Upload { files, ..upload(&fixture, &fixture.path(names[0])) };
    let moment = || fixture.commits().len() == 2;
    cancelled(&fixture, moment, |engine, sink, cancel| async move {
        engine.upload(&sent, &sink, &cancel).await.unwrap_err()
    })
    .await;
    let committed = |name: &str| fixture.emulator.blob("deploymentpackages", name).unwrap().committed;
    assert_eq!(names.map(committed), [true, false]);
    assert_eq!(fixture.journals().len(), 2, "those of both, so that neither is sent again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download() {
    let fixture = TransferFixture::new().await;
    let bytes = content(3, 12 * MIB);
    fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
    for nth in 6..40 {
        fixture.emulator.faults().add(Rule::new(Effect::Stall).method("GET").nth(nth).after_sent(500_000));
    }
    let request = download(&fixture, &fixture.path("db"));
    let received = request.clone();
    // Nine on four streams: five parts are done and written down. Half sent are also parts that are simply on their way.
    let moment = || {
        let gets = fixture.requests("GET", "");
        gets.len() == 9 && gets.iter().filter(|get| !get.complete && get.body_sent >= 500_000).count() == 4
    };
    cancelled(&fixture, moment, |engine, sink, cancel| async move {
        engine.download(&received, &sink, &cancel).await.unwrap_err()
    })
    .await;
    assert_eq!(names_in(fixture.folder.path()), ["db.partial", "db.partial.journal"]);
    // The lock is gone with it.
    let receipt = receive(&fixture, &request).await.unwrap();
    assert_eq!(receipt.resumed_bytes, 5 * PART);
    assert!(std::fs::read(fixture.path("db")).unwrap() == bytes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_before_its_first_part() {
    let fixture = TransferFixture::new().await;
    fixture.emulator.put_blob("bacpacs", BLOB, &content(4, 4 * MIB)).unwrap();
    fixture.emulator.faults().add(Rule::new(Effect::Stall).method("GET"));
    let received = download(&fixture, &fixture.path("db"));
    let moment = || fixture.requests("GET", "").len() == 4;
    cancelled(&fixture, moment, |engine, sink, cancel| async move {
        engine.download(&received, &sink, &cancel).await.unwrap_err()
    })
    .await;
    assert_eq!(names_in(fixture.folder.path()), [] as [&str; 0], "there is nothing to go on with");
}

/// Nothing is done for who has cancelled before, and a pause between two tries is no reason to be deaf.
#[tokio::test]
async fn before_the_start_and_in_a_pause() {
    let fixture = TransferFixture::new().await;
    fixture.emulator.put_blob("bacpacs", BLOB, b"x").unwrap();
    let (cancel, sink) = (CancelToken::new(), fixture.sink());
    cancel.cancel();
    let request = upload(&fixture, &fixture.file("p", b"x"));
    assert_eq!(fixture.engine.upload(&request, &sink, &cancel).await.unwrap_err().kind(), Kind::Cancelled);
    let receiving = download(&fixture, &fixture.path("db"));
    assert_eq!(fixture.engine.download(&receiving, &sink, &cancel).await.unwrap_err().kind(), Kind::Cancelled);
    assert!(fixture.emulator.requests().is_empty());

    // A pause that nothing but the test could let pass.
    let fixture = TransferFixture::around(fixture.emulator, TestClock::by_hand());
    let (request, sink) = (upload(&fixture, &fixture.file("p", b"x")), fixture.sink());
    fixture.emulator.faults().add(Rule::new(Effect::retry_after(503, 300)));
    let cancel = CancelToken::new();
    cancelled_at("the pause", || fixture.retrying() > 0, &cancel, fixture.engine.upload(&request, &sink, &cancel))
        .await;
    assert!(epicloud::base::time::Clock::monotonic(fixture.clock.as_ref()) < Duration::from_secs(300));
}
