//! A SAS URL that expires in the middle of a transfer, and the fresh one that takes its place.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use epicloud::base::error::{Error, Kind, Result};
use epicloud::base::event::Event;
use epicloud::base::secret::SafeUrl;
use epicloud::base::time::BoxFuture;
use epicloud::limits::{DownloadStreams, PollingSeconds, UploadStreams};
use epicloud::request::{PackageFile, SaveExport, StartExport, UploadPackages, Wait};
use epicloud::transfer::LinkSource;
use epicloud::transfer::download::Download;
use epicloud::transfer::upload::Upload;
use epicloud_emulator::{Config, Effect, LinkScheme, Recorded, Rule};

use super::fixture::{Fixture, names_in};
use super::transfer_fixture::{
    BLOB, CONTAINER, HOUR, MIB, NAME, PART, TransferFixture, block, content, download, link, receive, send, send_all,
    stored, upload,
};
use super::virtual_time::{cancelled_at, until};

/// Gives these SAS URLs, one after the other, and counts how often it is asked.
#[derive(Default)]
struct Source {
    links: Mutex<VecDeque<Result<SafeUrl>>>,
    asked: AtomicUsize,
}

impl Source {
    fn new(links: impl IntoIterator<Item = Result<SafeUrl>>) -> Arc<Self> {
        Arc::new(Self { links: Mutex::new(links.into_iter().collect()), asked: AtomicUsize::new(0) })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl LinkSource for Source {
    fn fresh_link(&self) -> BoxFuture<'_, Result<SafeUrl>> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            // All that wait for the SAS URL get the chance to ask for one of their own.
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            self.links.lock().unwrap().pop_front().expect("asked more often than there are links")
        })
    }
}

fn asking(source: &Arc<impl LinkSource + 'static>) -> Option<Arc<dyn LinkSource>> {
    Some(source.clone())
}

/// SAS URLs to the container of packages that differ in their time, and so in their signature.
fn containers(fixture: &TransferFixture) -> [SafeUrl; 3] {
    [1, 2, 3].map(|hours| link(&fixture.emulator.package_link("w", hours * HOUR)))
}

fn blobs(fixture: &TransferFixture) -> [SafeUrl; 3] {
    [1, 2, 3].map(|hours| link(&fixture.emulator.blob_link("bacpacs", BLOB, "r", hours * HOUR)))
}

/// From its n-th request on, a SAS URL has expired.
fn expire(fixture: &TransferFixture, link: &SafeUrl, from: u64) {
    for nth in from..from + 200 {
        fixture.emulator.faults().add(Rule::new(Effect::ExpiredLink).query(link.query()).nth(nth));
    }
}

/// The requests by a SAS URL, and how many of them were refused.
fn by(fixture: &TransferFixture, link: &SafeUrl) -> (usize, usize) {
    let requests = fixture.emulator.requests();
    let used: Vec<&Recorded> = requests.iter().filter(|request| request.query.starts_with(link.query())).collect();
    (used.len(), used.iter().filter(|request| request.status == Some(403)).count())
}

/// No block is taken twice by the blob storage.
fn assert_nothing_was_sent_twice(fixture: &TransferFixture, count: usize) {
    let taken = fixture.put_blocks().into_iter().filter(|put| put.status == Some(201));
    let mut numbers: Vec<_> = taken.map(|put| block(&put).0).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..count).collect::<Vec<_>>());
}

#[tokio::test]
async fn many_streams_that_meet_an_expired_link_ask_for_a_fresh_one_once() {
    // From the first request on all eight fail together; from the sixth on those that are on their way do; at the
    // 21st, when all 20 blocks are there, it is the block list.
    for (from, least_refused) in [(1, 8), (6, 1), (21, 1)] {
        let fixture = TransferFixture::new().await;
        let [old, fresh, _] = containers(&fixture);
        let source = Source::new([Ok(fresh.clone())]);
        let bytes = content(1, 20 * MIB);
        let mut request = upload(&fixture, &fixture.file("p", &bytes));
        (request.container, request.renewal) = (old.clone(), asking(&source));
        request.options.streams = Some(8);
        expire(&fixture, &old, from);
        let receipt = send(&fixture, &request).await.unwrap();
        assert_eq!((source.asked(), receipt.retries, fixture.retrying()), (1, 0, 0), "{from}");
        assert_eq!(fixture.said("requesting a new one"), 1);
        let ((used, refused), (anew, failed)) = (by(&fixture, &old), by(&fixture, &fresh));
        assert!((least_refused..=8).contains(&refused), "{from}: {refused}");
        assert_eq!((used as u64, used + anew, failed), (from - 1 + refused as u64, 21 + refused, 0), "{from}");
        assert_nothing_was_sent_twice(&fixture, 20);
        assert!(stored(&fixture, NAME) == bytes);
    }
}

/// A SAS URL is renewed for other reasons too, and then not called expired.
#[tokio::test]
async fn a_fresh_link_is_asked_for_in_the_words_of_the_refusal() {
    let fixture = TransferFixture::new().await;
    let [good, ..] = containers(&fixture);
    let source = Source::new([Ok(good.clone())]);
    let bytes = content(9, MIB);
    let mut request = upload(&fixture, &fixture.file("p", &bytes));
    request.container = SafeUrl::parse("sasUrl", &good.expose().replace("sig=", "sig=A")).unwrap();
    request.renewal = asking(&source);
    send(&fixture, &request).await.unwrap();
    assert_eq!(fixture.said("rejects the signature of the SAS URL; requesting a new one"), 1);
    assert_eq!((fixture.said("expired"), source.asked()), (0, 1));
    assert!(stored(&fixture, NAME) == bytes);
}

#[tokio::test]
async fn a_download_goes_on_by_the_fresh_link() {
    // 20 parts; the request before them asks for the properties.
    for (from, least_refused) in [(1, 1), (2, 4), (9, 1)] {
        let fixture = TransferFixture::new().await;
        let [old, fresh, _] = blobs(&fixture);
        let source = Source::new([Ok(fresh.clone())]);
        let bytes = content(2, 20 * MIB);
        fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
        let target = fixture.path("db");
        let request = Download { link: old.clone(), renewal: asking(&source), ..download(&fixture, &target) };
        expire(&fixture, &old, from);
        let receipt = receive(&fixture, &request).await.unwrap();
        assert_eq!((source.asked(), receipt.retries), (1, 0), "{from}");
        let ((used, refused), (anew, failed)) = (by(&fixture, &old), by(&fixture, &fresh));
        assert!((least_refused..=4).contains(&refused), "{from}: {refused}");
        assert_eq!((used + anew, failed), (21 + refused, 0), "no part is asked for twice");
        assert!(std::fs::read(&target).unwrap() == bytes);
        assert_eq!(names_in(fixture.folder.path()), ["db"]);
    }
}

#[tokio::test]
async fn two_expiries_in_one_transfer_are_two_renewals() {
    let fixture = TransferFixture::new().await;
    let [first, second, third] = containers(&fixture);
    let source = Source::new([Ok(second.clone()), Ok(third.clone())]);
    let bytes = content(3, 20 * MIB);
    let mut request = upload(&fixture, &fixture.file("p", &bytes));
    (request.container, request.renewal) = (first.clone(), asking(&source));
    expire(&fixture, &first, 5);
    expire(&fixture, &second, 9);
    send(&fixture, &request).await.unwrap();
    assert_eq!((source.asked(), fixture.said("requesting a new one")), (2, 2));
    assert!(by(&fixture, &third).0 > 0);
    assert_nothing_was_sent_twice(&fixture, 20);
    assert!(stored(&fixture, NAME) == bytes);

    let fixture = TransferFixture::new().await;
    let [first, second, third] = blobs(&fixture);
    let source = Source::new([Ok(second.clone()), Ok(third)]);
    fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
    let target = fixture.path("db");
    let request = Download { link: first.clone(), renewal: asking(&source), ..download(&fixture, &target) };
    expire(&fixture, &first, 5);
    expire(&fixture, &second, 9);
    receive(&fixture, &request).await.unwrap();
    assert_eq!(source.asked(), 2);
    assert!(std::fs::read(&target).unwrap() == bytes);
}

#[tokio::test]
async fn a_source_that_fails_ends_the_transfer_with_both_reasons() {
    let failure = || Err(Error::new(Kind::Unavailable, "the portal is closed").with_next_step("come back tomorrow"));
    let fixture = TransferFixture::new().await;
    let [old, ..] = containers(&fixture);
    let source = Source::new([failure()]);
    let mut request = upload(&fixture, &fixture.file("p", &content(4, 8 * MIB)));
    (request.container, request.renewal) = (old.clone(), asking(&source));
    expire(&fixture, &old, 1);
    let error = send(&fixture, &request).await.unwrap_err();
    assert_eq!((error.kind(), source.asked()), (Kind::Expired, 1), "{error}");
    // As many as were on their way when the first of them was refused; none of them twice.
    assert!((1..=4).contains(&fixture.put_blocks().len()), "{}", fixture.put_blocks().len());
    let text = error.to_string();
    assert!(
        text.contains("has expired or is not valid yet, and the request for a new one failed: the portal is closed"),
        "{text}"
    );
    assert_eq!(error.next_step(), Some("come back tomorrow"));
    assert!(fixture.commits().is_empty());

    let fixture = TransferFixture::new().await;
    let [old, ..] = blobs(&fixture);
    let source = Source::new([failure()]);
    fixture.emulator.put_blob("bacpacs", BLOB, &content(4, 8 * MIB)).unwrap();
    expire(&fixture, &old, 3);
    let request = Download { link: old, renewal: asking(&source), ..download(&fixture, &fixture.path("db")) };
    let error = receive(&fixture, &request).await.unwrap_err();
    assert_eq!((error.kind(), source.asked()), (Kind::Expired, 1), "{error}");
    assert!(error.to_string().ends_with("and the request for a new one failed: the portal is closed"), "{error}");
    assert!(!fixture.path("db").exists());
}

/// What was sent before is still there when the portal is open again.
#[tokio::test]
async fn an_upload_without_a_fresh_link_can_be_taken_up_with_one() {
    let fixture = TransferFixture::new().await;
    let [old, fresh, _] = containers(&fixture);
    let bytes = content(5, 8 * MIB);
    let mut request = upload(&fixture, &fixture.file("p", &bytes));
    (request.container, request.options.streams) = (old.clone(), Some(1));
    expire(&fixture, &old, 4);
    let error = send(&fixture, &request).await.unwrap_err();
    assert_eq!((error.kind(), error.http_status()), (Kind::Expired, Some(403)), "{error}");
    assert!(error.to_string().contains("has expired or is not valid yet"), "{error}");
    assert!(error.next_step().is_some());
    assert_eq!((fixture.put_blocks().len(), fixture.commits().len()), (4, 0));
    request.container = fresh;
    assert_eq!(send(&fixture, &request).await.unwrap().resumed_bytes, 3 * PART);
    assert_nothing_was_sent_twice(&fixture, 8);
    assert!(stored(&fixture, NAME) == bytes);
}

/// By its own time: the machine's clock knows before the blob storage says it.
#[tokio::test]
async fn a_link_that_runs_out_is_named_with_its_time() {
    let fixture = TransferFixture::new().await;
    fixture
        .emulator
        .faults()
        .add(Rule::new(Effect::Delay { ms: 60_000, virtual_time: true }).query("comp=block&").nth(2));
    let mut request = upload(&fixture, &fixture.file("p", &content(6, 5 * MIB)));
    request.options.streams = Some(1);
    let sending = send(&fixture, &request);
    let passing = async {
        until("the second block", || fixture.put_blocks().len() == 2).await;
        fixture.clock.advance(2 * HOUR);
        fixture.emulator.clock().advance(2 * HOUR);
    };
    let (outcome, ()) = tokio::join!(sending, passing);
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), Kind::Expired);
    assert!(error.to_string().starts_with("the SAS URL expired at 20"), "{error}");
    assert!(fixture.commits().is_empty());
}

#[tokio::test]
async fn a_dead_fresh_link_ends_the_transfer_after_one_question() {
    for (kind, streams) in [("refused by the store", 1), ("refused by the store", 8), ("past its time", 8)] {
        let fixture = TransferFixture::new().await;
        let [old, fresh, _] = containers(&fixture);
        let dead = if kind == "past its time" {
            link(&fixture.emulator.package_link("w", Duration::from_secs(1)))
        } else {
            expire(&fixture, &fresh, 1);
            fresh
        };
        let source = Source::new([Ok(dead)]);
        let mut request = upload(&fixture, &fixture.file("p", &content(7, 20 * MIB)));
        (request.container, request.renewal) = (old.clone(), asking(&source));
        request.options.streams = Some(streams);
        expire(&fixture, &old, 5);
        fixture.clock.advance(Duration::from_secs(10));
        // The blob storage decides about a SAS URL's time, so its clock has to see it pass as well.
        fixture.emulator.clock().advance(Duration::from_secs(10));
        let error = send(&fixture, &request).await.unwrap_err();
        assert_eq!((error.kind(), source.asked()), (Kind::Expired, 1), "{kind}: {error}");
        assert!(fixture.emulator.requests().len() <= 4 + 2 * streams, "{kind}");
        assert!(fixture.commits().is_empty() && fixture.retrying() == 0, "{kind}");
    }
}

/// A SAS URL that served and then dies is no reason to stop; one that never served is.
#[tokio::test]
async fn a_second_fresh_link_that_never_serves_ends_the_transfer() {
    let fixture = TransferFixture::new().await;
    let [first, second, third] = containers(&fixture);
    let source = Source::new([Ok(second.clone()), Ok(third.clone())]);
    let mut request = upload(&fixture, &fixture.file("p", &content(8, 20 * MIB)));
    (request.container, request.renewal) = (first.clone(), asking(&source));
    for (link, from) in [(&first, 5), (&second, 5), (&third, 1)] {
        expire(&fixture, link, from);
    }
    let error = send(&fixture, &request).await.unwrap_err();
    assert_eq!((error.kind(), source.asked()), (Kind::Expired, 2), "{error}");
}

#[tokio::test]
async fn a_fresh_link_that_leads_elsewhere_or_cannot_write_is_refused() {
    for (fresh, text) in
        [(("bacpacs", "w"), "the new SAS URL is for another container"), ((CONTAINER, "r"), "does not permit writing")]
    {
        let fixture = TransferFixture::new().await;
        let [old, ..] = containers(&fixture);
        let fresh = link(&fixture.emulator.container_link(fresh.0, fresh.1, 2 * HOUR));
        let source = Source::new([Ok(fresh.clone())]);
        let mut request = upload(&fixture, &fixture.file("p", &content(9, 8 * MIB)));
        (request.container, request.renewal) = (old.clone(), asking(&source));
        expire(&fixture, &old, 3);
        let error = send(&fixture, &request).await.unwrap_err();
        assert_eq!((error.kind(), source.asked()), (Kind::Expired, 1), "{error}");
        assert!(error.to_string().contains(text), "{error}");
        assert_eq!(by(&fixture, &fresh).0, 0, "it is not used");
    }
    let fixture = TransferFixture::new().await;
    fixture.emulator.put_blob("bacpacs", BLOB, &content(9, 8 * MIB)).unwrap();
    let [old, ..] = blobs(&fixture);
    let write_only = link(&fixture.emulator.blob_link("bacpacs", BLOB, "w", 2 * HOUR));
    expire(&fixture, &old, 3);
    let renewal: Arc<dyn LinkSource> = Source::new([Ok(write_only)]);
    let request = Download { link: old, renewal: Some(renewal), ..download(&fixture, &fixture.path("db")) };
    let error = receive(&fixture, &request).await.unwrap_err();
    assert!(error.kind() == Kind::Expired && error.to_string().contains("does not permit reading"), "{error}");
}

/// The fresh SAS URL of an export may lead to a file that was made anew.
#[tokio::test]
async fn a_fresh_link_to_another_blob_does_not_mix_two_files() {
    let fixture = TransferFixture::new().await;
    let (bytes, others) = (content(10, 4 * MIB), content(11, 4 * MIB));
    fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
    fixture.emulator.put_blob("bacpacs", "other", &others).unwrap();
    let [old, ..] = blobs(&fixture);
    expire(&fixture, &old, 4);
    let fresh = link(&fixture.emulator.blob_link("bacpacs", "other", "r", 2 * HOUR));
    let renewal: Arc<dyn LinkSource> = Source::new([Ok(fresh)]);
    let mut request = Download { link: old, renewal: Some(renewal), ..download(&fixture, &fixture.path("db")) };
    request.options.streams = 1;
    let receipt = receive(&fixture, &request).await.unwrap();
    assert!(std::fs::read(fixture.path("db")).unwrap() == others, "the version that the fresh link leads to, whole");
    assert_eq!(receipt.resumed_bytes, 0);
    assert_eq!(fixture.said("changed during the download; restarting the download"), 1);
}

/// A cancel is heard while a fresh SAS URL is waited for.
#[tokio::test]
async fn a_cancel_while_a_fresh_link_is_asked_for_ends_the_transfer() {
    struct Never(AtomicUsize);
    impl LinkSource for Never {
        fn fresh_link(&self) -> BoxFuture<'_, Result<SafeUrl>> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Box::pin(std::future::pending())
        }
    }
    let fixture = TransferFixture::new().await;
    let [old, ..] = containers(&fixture);
    let source = Arc::new(Never(AtomicUsize::new(0)));
    let mut request = upload(&fixture, &fixture.file("p", &content(12, 8 * MIB)));
    (request.container, request.renewal) = (old.clone(), asking(&source));
    expire(&fixture, &old, 3);
    let (cancel, sink) = (epicloud::CancelToken::new(), fixture.sink());
    cancelled_at(
        "the question",
        || source.0.load(Ordering::SeqCst) > 0,
        &cancel,
        fixture.engine.upload(&request, &sink, &cancel),
    )
    .await;
}

#[tokio::test]
async fn several_packages_share_the_fresh_link() {
    let fixture = TransferFixture::new().await;
    let [old, fresh, _] = containers(&fixture);
    let source = Source::new([Ok(fresh.clone())]);
    let files = ["a", "b", "c"].map(|name| {
        let blob_name = format!("{name}.cms.app.1.nupkg");
        epicloud::transfer::upload::UploadFile { path: fixture.file(name, &content(13, 3 * MIB)), blob_name }
    });
    let request = Upload {
        files: files.to_vec(),
        container: old.clone(),
        renewal: asking(&source),
        ..upload(&fixture, &fixture.path("a"))
    };
    expire(&fixture, &old, 5);
    send_all(&fixture, &request).await.unwrap();
    assert_eq!((source.asked(), fixture.put_blocks().iter().filter(|put| put.status == Some(201)).count()), (1, 9));
    assert!(files.iter().all(|file| stored(&fixture, &file.blob_name) == content(13, 3 * MIB)));
}

/// How often a path below the project was asked for.
fn asked(fixture: &Fixture, text: &str) -> usize {
    fixture.api_requests().iter().filter(|request| request.starts_with("GET ") && request.contains(text)).count()
}

/// The account that gave the location gives another one when a day is over.
#[tokio::test(flavor = "multi_thread")]
async fn the_location_is_asked_again_when_its_link_expires_while_a_package_is_sent() {
    let fixture = Fixture::with(Config { link_scheme: LinkScheme::Http, ..Config::default() }).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(NAME);
    let bytes = content(14, 4 * MIB);
    std::fs::write(&path, &bytes).unwrap();
    // The block is taken a minute later; what follows comes by a SAS URL that is over.
    fixture
        .emulator
        .faults()
        .add(Rule::new(Effect::Delay { ms: 60_000, virtual_time: true }).query("comp=block&").nth(2));
    let mut request =
        UploadPackages { files: vec![PackageFile { path, ..PackageFile::default() }], ..UploadPackages::default() };
    request.upload.streams = UploadStreams::new(1).ok();
    let uploading = fixture.client.run(request, &fixture.scope);
    let blocks = || fixture.emulator.requests().iter().filter(|put| put.query.contains("blockid=")).count();
    let passing = async {
        until("the second block", || blocks() >= 2).await;
        fixture.clock.advance(25 * HOUR);
    };
    let (outcome, ()) = tokio::join!(uploading, passing);
    let uploaded = outcome.unwrap();
    assert_eq!(asked(&fixture, "packages/location"), 2);
    assert_eq!(uploaded.packages[0].bytes, bytes.len() as u64);
    let signatures: std::collections::BTreeSet<_> = fixture
        .emulator
        .requests()
        .iter()
        .filter_map(|put| Some(put.query.split_once("sig=")?.1.split('&').next()?.to_owned()))
        .collect();
    assert_eq!(signatures.len(), 2, "two links were used");
    let blob = fixture.emulator.blob(CONTAINER, NAME).unwrap();
    assert_eq!(blob.read(0..u64::MAX).unwrap(), bytes);
}

/// An export that is ready to be saved, and the request for it.
async fn exported(fixture: &Fixture, target: &std::path::Path) -> SaveExport {
    let (environment, database_name) = ("Production".to_owned(), "epicms".to_owned());
    let start = StartExport {
        environment: environment.clone(),
        database_name: database_name.clone(),
        ..StartExport::default()
    };
    let id = fixture.client.run(start, &fixture.scope).await.unwrap().export.id().to_owned();
    let wait = Wait { polling_interval_seconds: PollingSeconds::new(1).ok(), ..Wait::default() };
    let mut save = SaveExport {
        environment,
        database_name,
        id: Some(id),
        output_file: target.to_owned(),
        wait,
        ..SaveExport::default()
    };
    save.download.streams = DownloadStreams::new(1).ok();
    save
}

#[tokio::test(flavor = "multi_thread")]
async fn the_export_is_looked_at_again_when_its_link_expires_while_it_is_saved() {
    let size = 24 << 20;
    let fixture = Fixture::with(Config { link_scheme: LinkScheme::Http, export_size: size, ..Config::default() }).await;
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("db.bacpac");
    let save = exported(&fixture, &target).await;
    fixture.emulator.faults().add(Rule::new(Effect::ExpiredLink).method("GET").path("/bacpacs/").nth(2).times(1));
    let saved = fixture.client.run(save, &fixture.scope).await.unwrap();
    assert_eq!((saved.file.bytes, saved.file.verified), (size, "md5"));
    let messages = fixture.recording.events().into_iter().filter_map(|event| event.sentence());
    assert_eq!(messages.filter(|text| text.contains("requesting a new one")).count(), 1);
    let requests = fixture.emulator.requests();
    let after = requests.iter().skip_while(|request| !request.path.contains("/bacpacs/"));
    assert_eq!(after.filter(|request| request.path.contains("/exports/")).count(), 1, "one more look, for the link");
    assert_eq!(target.metadata().unwrap().len(), size);
}

/// The service keeps the file for its retention alone; then nobody can give a SAS URL to it.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_past_its_retention_is_named_with_both_reasons() {
    let fixture =
        Fixture::with(Config { link_scheme: LinkScheme::Http, export_size: 24 << 20, ..Config::default() }).await;
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("db.bacpac");
    let save = exported(&fixture, &target).await;
    let delay = Effect::Delay { ms: 60_000, virtual_time: true };
    fixture.emulator.faults().add(Rule::new(delay).method("GET").path("/bacpacs/").nth(1));
    let saving = fixture.client.run(save, &fixture.scope);
    let parts = || {
        fixture.emulator.requests().iter().filter(|get| get.method == "GET" && get.path.contains("/bacpacs/")).count()
    };
    let passing = async {
        until("the first part", || parts() >= 1).await;
        fixture.clock.advance(200 * HOUR);
    };
    let (outcome, ()) = tokio::join!(saving, passing);
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), Kind::Expired, "{error}");
    assert!(error.to_string().starts_with("the SAS URL expired at 20"), "{error}");
    assert!(error.to_string().contains("and the request for a new one failed: "), "{error}");
    assert!(!target.exists());
    let told = |event: &Event| event.sentence().is_some_and(|text| text.contains("requesting a new one"));
    assert_eq!(fixture.recording.events().iter().filter(|event| told(event)).count(), 1);
}
