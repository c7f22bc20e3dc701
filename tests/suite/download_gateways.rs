//! Downloads through gateways that drop or change what the blob storage tells: each gives the whole blob, or says what
//! to do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use epicloud::base::error::{Error, Kind};
use epicloud::transfer::download::{Download, DownloadReceipt};

use super::fixture::names_in;
use super::transfer_fixture::{MIB, PART, TransferFixture, content, download, link, receive};
use super::wires::{Ask, Reply, ScriptedStore};

/// An answer with nothing but HTTP in it.
fn honest(ask: &Ask, blob: &[u8]) -> Reply {
    Reply::part(ask, blob).with("ETag", "\"1\"")
}

/// A download of five parts and three bytes through a gateway.
struct Through {
    fixture: TransferFixture,
    blob: Arc<Vec<u8>>,
    store: ScriptedStore,
}

impl Through {
    async fn new(answer: impl Fn(&Ask, &[u8]) -> Reply + Send + Sync + 'static) -> Self {
        let blob = Arc::new(content(31, 5 * MIB + 3));
        let bytes = blob.clone();
        let store = ScriptedStore::start(move |ask| answer(ask, &bytes)).await;
        Self { fixture: TransferFixture::new().await, blob, store }
    }

    fn request(&self) -> Download {
        Download { link: link(&self.store.blob()), ..download(&self.fixture, &self.fixture.path("db")) }
    }

    async fn ends(&self) -> Result<DownloadReceipt, Error> {
        receive(&self.fixture, &self.request()).await
    }

    /// The whole blob must come of it.
    async fn gives_all(&self, shown: &str) -> DownloadReceipt {
        let receipt = self.ends().await.unwrap_or_else(|error| panic!("{shown}: {error}"));
        assert!(std::fs::read(self.fixture.path("db")).unwrap() == *self.blob, "{shown}");
        assert_eq!(
            (receipt.bytes, names_in(self.fixture.folder.path())),
            (self.blob.len() as u64, vec!["db".to_owned()])
        );
        receipt
    }
}

#[tokio::test]
async fn a_length_that_head_does_not_tell_is_asked_for() {
    type Head = fn(&[u8]) -> Reply;
    let heads: [(&str, Head); 6] = [
        ("zero", |_| Reply::new(200, b"").with("ETag", "\"1\"")),
        ("no length", |_| Reply::bare(200, b"").with("ETag", "\"1\"").closing()),
        ("not allowed", |_| Reply::new(405, b"")),
        ("not found, by a gateway", |_| Reply::new(404, b"")),
        ("a page", |_| Reply::new(200, b"12345").with("Content-Type", "text/html")),
        ("compressed", |_| Reply::new(200, b"12345").with("Content-Encoding", "gzip")),
    ];
    for (shown, head) in heads {
        let through = Through::new(move |ask, blob| if ask.is_head() { head(blob) } else { honest(ask, blob) }).await;
        assert_eq!(through.gives_all(shown).await.verified, "size", "{shown}");
    }
}

#[tokio::test]
async fn a_blob_that_is_empty_by_all_signs_is_an_empty_file() {
    let empty: [fn(&Ask) -> Reply; 4] = [
        |ask| if ask.is_head() { Reply::new(200, b"") } else { Reply::new(416, b"") },
        |ask| {
            if ask.is_head() { Reply::new(405, b"") } else { Reply::new(416, b"").with("Content-Range", "bytes */0") }
        },
        |ask| {
            if ask.is_head() {
                Reply::new(405, b"")
            } else {
                Reply::new(416, b"").with("x-ms-error-code", "InvalidRange")
            }
        },
        |_| Reply::new(200, b"").with("x-ms-blob-type", "BlockBlob"),
    ];
    for answer in empty {
        let (fixture, store) = (TransferFixture::new().await, ScriptedStore::start(answer).await);
        let request = Download { link: link(&store.blob()), ..download(&fixture, &fixture.path("db")) };
        let receipt = receive(&fixture, &request).await.unwrap();
        assert_eq!((receipt.bytes, receipt.verified), (0, "size"));
        assert_eq!(std::fs::read(fixture.path("db")).unwrap(), b"");
    }
}

/// By RFC 9110 a weak tag never matches.
#[tokio::test]
async fn a_weak_tag_is_compared_and_never_sent() {
    let weak = |ask: &Ask, blob: &[u8]| match ask.header("if-match") {
        Some(_) => Reply::new(412, b""),
        None => Reply::part(ask, blob).with("ETag", "W/\"1\""),
    };
    let through = Through::new(weak).await;
    through.gives_all("weak").await;
    assert!(through.store.asked().iter().all(|ask| ask.header("if-match").is_none()));
    assert_eq!(through.fixture.said("changed during the download"), 0);

    // Another version, from the fourth part on.
    let changes = |ask: &Ask, blob: &[u8]| {
        let changed = blob.iter().map(|byte| !byte).collect::<Vec<_>>();
        let later = ask.number >= if ask.is_head() { 2 } else { 4 };
        Reply::part(ask, if later { &changed } else { blob }).with("ETag", if later { "W/\"2\"" } else { "W/\"1\"" })
    };
    let through = Through::new(changes).await;
    through.ends().await.unwrap();
    let saved = std::fs::read(through.fixture.path("db")).unwrap();
    assert!(saved.iter().zip(through.blob.iter()).all(|(saved, first)| *saved == !first), "of one version");
    assert_eq!(through.fixture.said("changed during the download"), 1);
}

#[tokio::test]
async fn an_interrupted_download_of_a_weak_tag_is_resumed() {
    let refuses = AtomicUsize::new(1);
    let through = Through::new(move |ask, blob| match ask.range {
        Some((first, _)) if first == 3 * MIB && refuses.swap(0, Ordering::Relaxed) == 1 => Reply::new(403, b""),
        _ => Reply::part(ask, blob).with("ETag", "W/\"1\""),
    })
    .await;
    let mut request = through.request();
    request.options.streams = 1;
    assert_eq!(receive(&through.fixture, &request).await.unwrap_err().kind(), Kind::Forbidden);
    assert_eq!(through.gives_all("resumed").await.resumed_bytes, 3 * PART);
}

#[tokio::test]
async fn a_store_without_ranges_gives_one_stream() {
    type Answer = fn(&Ask, &[u8]) -> Reply;
    /// What the blob storage gives where no range is asked for.
    fn whole(ask: &Ask, blob: &[u8]) -> Option<Reply> {
        ask.range.is_none().then(|| Reply::new(200, blob))
    }
    fn refused(ask: &Ask) -> Option<Reply> {
        ask.is_head().then(|| Reply::new(405, b""))
    }
    let manners: [(&str, Answer, &str); 9] = [
        ("ranges ignored", |_, blob| Reply::new(200, blob), "size"),
        ("ranges ignored, no HEAD", |ask, blob| refused(ask).unwrap_or(Reply::new(200, blob)), "size"),
        (
            "in chunks",
            |ask, blob| if ask.is_head() { Reply::new(200, blob) } else { Reply::new(200, blob).chunked(true) },
            "size",
        ),
        ("in chunks, no HEAD", |ask, blob| refused(ask).unwrap_or(Reply::new(200, blob).chunked(true)), "none"),
        (
            "to the end of the connection",
            |ask, blob| if ask.is_head() { Reply::new(200, blob) } else { Reply::bare(200, blob).closing() },
            "size",
        ),
        (
            "parts of a total of *, no HEAD",
            |ask, blob| {
                let range = |(first, last)| format!("bytes {first}-{}/*", blob.len().min(last + 1) - 1);
                let part = |range| Reply::part(ask, blob).with("Content-Range", range);
                refused(ask).or(whole(ask, blob)).unwrap_or_else(|| part(range(ask.range.unwrap())))
            },
            "size",
        ),
        (
            "parts without a range",
            |ask, blob| whole(ask, blob).unwrap_or_else(|| Reply::part(ask, blob).without("Content-Range")),
            "size",
        ),
        (
            "parts without a range, no HEAD",
            |ask, blob| {
                refused(ask).or(whole(ask, blob)).unwrap_or_else(|| Reply::part(ask, blob).without("Content-Range"))
            },
            "size",
        ),
        (
            "with an MD5",
            |_, blob| {
                use base64::Engine as _;
                use md5::Digest as _;
                let md5 = base64::engine::general_purpose::STANDARD.encode(md5::Md5::digest(blob));
                Reply::new(200, blob).with("Content-MD5", md5)
            },
            "md5",
        ),
    ];
    for (shown, answer, verified) in manners {
        let through = Through::new(answer).await;
        assert_eq!(through.gives_all(shown).await.verified, verified, "{shown}");
    }
}

#[tokio::test]
async fn parts_of_a_total_of_a_star_are_taken_where_head_tells_the_length() {
    let through = Through::new(|ask, blob| match ask.range {
        Some((first, last)) => {
            honest(ask, blob).with("Content-Range", format!("bytes {first}-{}/*", blob.len().min(last + 1) - 1))
        }
        None => honest(ask, blob),
    })
    .await;
    through.gives_all("*").await;
    assert_eq!(through.store.gets(), 6);
}

#[tokio::test]
async fn where_ranges_are_no_longer_given_a_resumed_download_says_that_it_starts_again() {
    let ranges = Arc::new(AtomicBool::new(true));
    let gives = ranges.clone();
    let through = Through::new(move |ask, blob| match ask.range {
        Some((first, _)) if first == 3 * MIB && gives.load(Ordering::Relaxed) => Reply::new(403, b""),
        _ if gives.load(Ordering::Relaxed) => honest(ask, blob),
        _ => Reply::new(200, blob).with("ETag", "\"1\""),
    })
    .await;
    let mut request = through.request();
    request.options.streams = 1;
    assert_eq!(receive(&through.fixture, &request).await.unwrap_err().kind(), Kind::Forbidden);
    ranges.store(false, Ordering::Relaxed);
    assert_eq!(through.gives_all("one stream").await.resumed_bytes, 0);
    assert_eq!(through.fixture.said("restarting the download as a single stream"), 1);
}

#[tokio::test]
async fn what_may_be_a_part_of_the_blob_is_not_saved_as_all_of_it() {
    type Answer = fn(&Ask, &[u8]) -> Reply;
    let manners: [(&str, Answer, Kind); 5] = [
        (
            "a part that is not placed, always",
            |ask, blob| {
                if ask.is_head() { Reply::new(405, b"") } else { Reply::new(206, &blob[..MIB]) }
            },
            Kind::Protocol,
        ),
        (
            "an end that nobody tells",
            |ask, blob| {
                if ask.is_head() { Reply::new(405, b"") } else { Reply::bare(200, &blob[..MIB]).closing() }
            },
            Kind::Protocol,
        ),
        (
            "chunks without their end",
            |ask, blob| {
                if ask.is_head() { Reply::new(405, b"") } else { Reply::new(200, &blob[..MIB]).chunked(false) }
            },
            Kind::Network,
        ),
        (
            "a connection that ends before",
            |ask, blob| {
                if ask.is_head() { Reply::new(200, blob) } else { Reply::bare(200, &blob[..MIB]).closing() }
            },
            Kind::Network,
        ),
        (
            "a range of nothing that is told",
            |ask, _| {
                if ask.is_head() { Reply::new(405, b"") } else { Reply::new(416, b"") }
            },
            Kind::Rejected,
        ),
    ];
    for (shown, answer, kind) in manners {
        let through = Through::new(answer).await;
        let error = through.ends().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{shown}: {error}");
        assert!(kind != Kind::Protocol || error.next_step().is_some(), "{shown}: {error:?}");
        assert_eq!(names_in(through.fixture.folder.path()), [] as [&str; 0], "{shown}");
    }
}
