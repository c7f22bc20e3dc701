//! A gateway that answers in the blob storage's place, with success and a page: the page is never saved as the blob.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use epicloud::base::error::{Error, Kind};
use epicloud::base::readable::Readable;
use epicloud::transfer::Inspection;
use epicloud::transfer::download::Download;

use super::fixture::names_in;
use super::transfer_fixture::{MIB, PART, TransferFixture, content, download, link, receive};
use super::wires::{Ask, Reply, ScriptedStore};

const PAGE: &[u8] = b"<!DOCTYPE html><html><title>Sign in</title></html>";

/// An answer of a storage server of which a gateway leaves nothing but HTTP.
fn honest(ask: &Ask, blob: &[u8]) -> Reply {
    Reply::part(ask, blob).with("ETag", "\"1\"")
}

fn page() -> Reply {
    Reply::new(200, PAGE).with("Content-Type", "text/html; charset=utf-8")
}

async fn fetched(fixture: &TransferFixture, store: &ScriptedStore, overwrite: bool) -> Result<(), Error> {
    let request = Download { link: link(&store.blob()), overwrite, ..download(fixture, &fixture.path("db.bacpac")) };
    receive(fixture, &request).await.map(drop)
}

/// The download must be refused as what it is, and nothing be changed by it.
async fn assert_refused(store: ScriptedStore, shown: &str) {
    let fixture = TransferFixture::new().await;
    fixture.file("db.bacpac", b"PK the good dump of yesterday");
    let error = fetched(&fixture, &store, true).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Protocol, "{shown}: {error}");
    assert!(error.next_step().is_some_and(|step| step.contains("HTTPS_PROXY")), "{shown}: {error:?}");
    assert_eq!(std::fs::read(fixture.path("db.bacpac")).unwrap(), b"PK the good dump of yesterday", "{shown}");
    assert_eq!(names_in(fixture.folder.path()), ["db.bacpac"], "{shown}");
}

#[tokio::test]
async fn a_page_is_not_the_blob_whenever_it_comes() {
    let blob = Arc::new(content(21, 5 * MIB));
    type Moment = (&'static str, fn(&Ask) -> bool);
    let moments: [Moment; 5] = [
        ("from the first request on", |_| true),
        ("after an honest HEAD", |ask| !ask.is_head()),
        ("after the first part", |ask| !ask.is_head() && ask.number > 1),
        ("in place of the third part", |ask| ask.range.is_some_and(|(first, _)| first == 2 * MIB)),
        ("in place of the last part", |ask| ask.range.is_some_and(|(first, _)| first == 4 * MIB)),
    ];
    for (shown, is_moment) in moments {
        let blob = blob.clone();
        let store = ScriptedStore::start(move |ask| if is_moment(ask) { page() } else { honest(ask, &blob) }).await;
        let fixture = TransferFixture::new().await;
        fixture.file("db.bacpac", b"mine");
        let mut request =
            Download { link: link(&store.blob()), overwrite: true, ..download(&fixture, &fixture.path("db.bacpac")) };
        request.options.streams = 1;
        let error = receive(&fixture, &request).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol, "{shown}: {error}");
        assert!(error.message().contains("\"Sign in\""), "{shown}: {error}");
        assert!(error.next_step().is_some_and(|step| step.contains("HTTPS_PROXY")), "{shown}: {error:?}");
        assert_eq!(std::fs::read(fixture.path("db.bacpac")).unwrap(), b"mine", "{shown}");
    }
}

#[tokio::test]
async fn no_form_of_a_page_is_the_blob() {
    type Form = fn(&Ask) -> Reply;
    let forms: [(&str, Form); 14] = [
        ("as data", |_| Reply::new(200, PAGE).with("Content-Type", "application/octet-stream")),
        ("without a type", |_| Reply::new(200, PAGE)),
        ("with an id of its own", |_| page().with("x-ms-request-id", "1").with("x-ms-version", "2021-01-01")),
        ("in chunks", |_| page().chunked(true)),
        ("up to the end of the connection", |_| page().without("Content-Length").closing()),
        ("as a part", |ask| Reply::part(ask, PAGE).with("Content-Type", "text/html")),
        ("as a part of data", |ask| Reply::part(ask, PAGE)),
        ("as a part of nothing that is told", |_| Reply::new(206, PAGE)),
        ("compressed", |_| Reply::new(200, b"\x1f\x8b\x08\0\0\0\0\0").with("Content-Encoding", "gzip")),
        ("as JSON", |_| Reply::new(200, b"{\"error\":\"sign in\"}").with("Content-Type", "application/json")),
        ("as XML", |_| Reply::new(200, b"\xef\xbb\xbf<?xml version=\"1.0\"?><Error/>")),
        ("as a sentence", |_| Reply::new(200, b"Please wait").with("Content-Type", "text/plain")),
        ("as nothing", |_| Reply::new(200, b"")),
        ("as another success", |_| Reply::new(203, PAGE).with("Content-Type", "text/html")),
    ];
    let blob = Arc::new(content(22, 3 * MIB));
    for (shown, form) in forms {
        assert_refused(ScriptedStore::start(form).await, &format!("{shown}, from the first request on")).await;
        let blob = blob.clone();
        let after_head = move |ask: &Ask| if ask.is_head() { honest(ask, &blob) } else { form(ask) };
        assert_refused(ScriptedStore::start(after_head).await, &format!("{shown}, after an honest HEAD")).await;
    }
}

/// Knows how its files begin, and would take any.
struct Archives;

impl Inspection for Archives {
    fn begins(&self) -> &'static [u8] {
        b"PK"
    }

    fn refusal(&self, _: &dyn Readable, _: bool) -> Result<Option<Error>, Error> {
        Ok(None)
    }
}

/// Where no sign of a storage is there, the beginning decides what is taken for a database.
#[tokio::test]
async fn what_nobody_can_read_is_not_the_blob_either() {
    type Form = fn(&Ask) -> Reply;
    let forms: [(&str, Form); 3] = [
        ("an image", |_| Reply::new(200, b"\x89PNG\r\n\x1a\n\0\0\0").with("Content-Type", "image/png")),
        ("bytes", |_| Reply::new(200, b"\x9c\x01\0\xff\x07").with("Content-Type", "application/octet-stream")),
        ("bytes as a part", |ask| Reply::part(ask, b"\x9c\x01\0\xff\x07")),
    ];
    let blob = Arc::new(content(24, 3 * MIB));
    for (shown, form) in forms {
        for honest_head in [false, true] {
            let blob = blob.clone();
            let answer = move |ask: &Ask| if honest_head && ask.is_head() { honest(ask, &blob) } else { form(ask) };
            let (fixture, store) = (TransferFixture::new().await, ScriptedStore::start(answer).await);
            fixture.file("db.bacpac", b"PK the good dump of yesterday");
            let request = Download {
                link: link(&store.blob()),
                overwrite: true,
                inspection: Some(Arc::new(Archives)),
                ..download(&fixture, &fixture.path("db.bacpac"))
            };
            let error = receive(&fixture, &request).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Protocol, "{shown}: {error}");
            assert!(error.next_step().is_some_and(|step| step.contains("HTTPS_PROXY")), "{shown}: {error:?}");
            assert_eq!(std::fs::read(fixture.path("db.bacpac")).unwrap(), b"PK the good dump of yesterday", "{shown}");
            assert_eq!(names_in(fixture.folder.path()), ["db.bacpac"], "{shown}");
        }
    }
}

/// As a gateway sends people to its sign-in.
#[tokio::test]
async fn a_redirection_to_a_page_is_told_as_one() {
    assert_refused(ScriptedStore::start(|_| Reply::new(302, b"").with("Location", "http://127.0.0.1:9/")).await, "")
        .await;
}

#[tokio::test]
async fn a_page_after_the_blob_has_changed_is_not_the_blob() {
    let blob = content(23, 3 * MIB);
    let store = ScriptedStore::start(move |ask| match (ask.is_head(), ask.number) {
        (true, 1) => honest(ask, &blob),
        (false, 1) => Reply::new(412, b"").with("x-ms-error-code", "ConditionNotMet"),
        _ => page(),
    });
    assert_refused(store.await, "after a change").await;
}

/// What a download of five parts has left that was refused after three, with a storage server that answers with pages
/// from then on, until it is told otherwise.
struct Left {
    fixture: TransferFixture,
    store: ScriptedStore,
    blob: Vec<u8>,
    pages: Arc<AtomicBool>,
}

impl Left {
    async fn new(is_page: fn(&Ask) -> bool) -> Self {
        let (fixture, blob, pages) =
            (TransferFixture::new().await, content(24, 5 * MIB), Arc::new(AtomicBool::default()));
        let (bytes, closed) = (blob.clone(), pages.clone());
        let store = ScriptedStore::start(move |ask| match ask.range {
            _ if closed.load(Ordering::Relaxed) && is_page(ask) => page(),
            Some((first, _)) if ask.number == 4 && first == 3 * MIB => {
                Reply::new(403, b"").with("x-ms-error-code", "AuthorizationPermissionMismatch")
            }
            _ => honest(ask, &bytes),
        });
        let left = Self { fixture, store: store.await, blob, pages };
        let mut request = left.request();
        request.options.streams = 1;
        assert_eq!(receive(&left.fixture, &request).await.unwrap_err().kind(), Kind::Forbidden);
        left.pages.store(true, Ordering::Relaxed);
        left
    }

    fn request(&self) -> Download {
        Download { link: link(&self.store.blob()), ..download(&self.fixture, &self.fixture.path("db")) }
    }

    fn files(&self) -> [Vec<u8>; 2] {
        ["db.partial", "db.partial.journal"].map(|name| std::fs::read(self.fixture.path(name)).unwrap())
    }
}

#[tokio::test]
async fn what_can_be_resumed_is_not_given_up_for_a_page() {
    for is_page in [(|_| true) as fn(&Ask) -> bool, |ask| !ask.is_head()] {
        let left = Left::new(is_page).await;
        let before = left.files();
        let error = receive(&left.fixture, &left.request()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol, "{error}");
        assert!(left.files() == before, "nothing is changed");
        left.pages.store(false, Ordering::Relaxed);
        let receipt = receive(&left.fixture, &left.request()).await.unwrap();
        assert_eq!(receipt.resumed_bytes, 3 * PART);
        assert!(std::fs::read(left.fixture.path("db")).unwrap() == left.blob);
    }
}

/// Also when HEAD tells of another blob than the one that is there in part.
#[tokio::test]
async fn what_is_there_is_given_up_for_another_blob_only_when_that_comes() {
    let left = Left::new(|_| false).await;
    let (before, other) = (left.files(), content(25, 4 * MIB));
    let store =
        ScriptedStore::start(move |ask| if ask.is_head() { honest(ask, &other).with("ETag", "\"2\"") } else { page() });
    let request = Download { link: link(&store.await.blob()), ..left.request() };
    assert_eq!(receive(&left.fixture, &request).await.unwrap_err().kind(), Kind::Protocol);
    assert!(left.files() == before);
}

/// With the signs of a storage a blob may hold anything, and without them whatever is not a page.
#[tokio::test]
async fn a_blob_is_not_taken_for_a_page() {
    let real = |reply: Reply| reply.with("x-ms-blob-type", "BlockBlob").with("x-ms-version", "2020-12-06");
    let mut bodies: Vec<(Vec<u8>, bool)> = vec![(PAGE.to_vec(), true), (b"{\"a\":1}".to_vec(), true)];
    bodies.extend([b"PK\x03\x04 and more".to_vec(), vec![0; 3 * MIB], content(26, 3 * MIB)].map(|body| (body, false)));
    for (body, signed) in bodies {
        let blob = body.clone();
        let store = ScriptedStore::start(move |ask| {
            let reply = honest(ask, &blob);
            if signed { real(reply).with("Content-Type", "text/html") } else { reply }
        });
        let fixture = TransferFixture::new().await;
        fetched(&fixture, &store.await, false).await.unwrap();
        assert!(std::fs::read(fixture.path("db.bacpac")).unwrap() == body);
        let path: PathBuf = fixture.path("db.bacpac.partial");
        assert!(!path.exists());
    }
}
