//! Downloading a blob to a file.

use std::path::Path;
use std::time::Duration;

use epicloud::base::cancel::CancelToken;
use epicloud::base::error::Kind;
use epicloud::base::event::{Event, Phase};
use epicloud::transfer::download::Download;
use epicloud::transfer::reserve_target;
use epicloud_emulator::{Effect, Recorded, Rule};

use super::fixture::names_in;
use super::transfer_child::Child;
use super::transfer_fixture::{BLOB, HOUR, MIB, PART, TransferFixture, content, download, link, receive};
use super::virtual_time::until;

fn ranges(fixture: &TransferFixture) -> Vec<String> {
    let mut ranges: Vec<_> =
        fixture.requests("GET", "").iter().filter_map(|get| get.header("range").map(str::to_owned)).collect();
    ranges.sort();
    ranges
}

fn left_behind(fixture: &TransferFixture) -> Vec<String> {
    names_in(fixture.folder.path())
}

/// Makes a download that is cut after three of five parts.
async fn cut(fixture: &TransferFixture, bytes: &[u8], target: &Path) {
    fixture.emulator.put_blob("bacpacs", BLOB, bytes).unwrap();
    fixture
        .emulator
        .faults()
        .add(Rule::new(Effect::error(403, "AuthorizationPermissionMismatch", "no")).method("GET").nth(4));
    let mut request = download(fixture, target);
    request.options.streams = 1;
    let error = receive(fixture, &request).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Forbidden);
    fixture.emulator.faults().clear();
    fixture.emulator.clear_requests();
}

#[tokio::test]
async fn a_blob_arrives_whole_and_checked() {
    let fixture = TransferFixture::new().await;
    let bytes = content(1, 5 * MIB + 3);
    fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
    let target = fixture.path("db.bacpac");
    let receipt = receive(&fixture, &download(&fixture, &target)).await.unwrap();
    assert!(std::fs::read(&target).unwrap() == bytes);
    assert_eq!(
        (receipt.bytes, receipt.verified, receipt.resumed_bytes, receipt.retries),
        (bytes.len() as u64, "md5", 0, 0)
    );
    assert_eq!(left_behind(&fixture), ["db.bacpac"]);
    let gets = fixture.requests("GET", "");
    assert_eq!(gets.len(), 6, "one request per part");
    assert!(gets.iter().all(|get: &Recorded| get.header("if-match").is_some() && get.header("x-ms-version").is_none()));
    let phases: Vec<Phase> = fixture
        .events
        .events()
        .iter()
        .filter_map(|event| match event {
            Event::Progress(progress) => Some(progress.phase),
            _ => None,
        })
        .collect();
    assert!(phases.contains(&Phase::Downloading) && phases.last() == Some(&Phase::Verifying));
    let json = serde_json::to_value(&receipt).unwrap();
    assert_eq!(json["resumedBytes"], 0);
}

#[tokio::test]
async fn an_empty_blob_is_an_empty_file() {
    let fixture = TransferFixture::new().await;
    fixture.emulator.put_blob("bacpacs", BLOB, b"").unwrap();
    let target = fixture.path("empty");
    assert_eq!(receive(&fixture, &download(&fixture, &target)).await.unwrap().bytes, 0);
    assert_eq!(std::fs::read(&target).unwrap(), b"");
    assert_eq!(left_behind(&fixture), ["empty"]);
}

#[tokio::test]
async fn where_head_is_refused_the_first_range_tells_the_size() {
    for bytes in [content(2, 3 * MIB), Vec::new()] {
        let fixture = TransferFixture::new().await;
        fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
        fixture.emulator.faults().add(Rule::new(Effect::status(403)).method("HEAD"));
        let target = fixture.path("db");
        let receipt = receive(&fixture, &download(&fixture, &target)).await.unwrap();
        assert!(std::fs::read(&target).unwrap() == bytes);
        assert_eq!(receipt.bytes, bytes.len() as u64);
    }
}

#[tokio::test]
async fn a_cut_download_asks_only_for_the_missing_parts() {
    let fixture = TransferFixture::new().await;
    let bytes = content(3, 5 * MIB);
    let target = fixture.path("db");
    cut(&fixture, &bytes, &target).await;
    assert_eq!(left_behind(&fixture), ["db.partial", "db.partial.journal"]);
    let journal = std::fs::read_to_string(fixture.path("db.partial.journal")).unwrap();
    assert!(!journal.contains("sig") && !journal.contains('?'), "{journal}");

    let receipt = receive(&fixture, &download(&fixture, &target)).await.unwrap();
    assert!(std::fs::read(&target).unwrap() == bytes);
    assert_eq!(receipt.resumed_bytes, 3 * PART);
    assert_eq!(ranges(&fixture), ["bytes=3145728-4194303", "bytes=4194304-5242879"]);
    assert_eq!(left_behind(&fixture), ["db"]);
}

#[tokio::test]
async fn a_changed_blob_starts_again_and_says_so() {
    let fixture = TransferFixture::new().await;
    let target = fixture.path("db");
    cut(&fixture, &content(4, 5 * MIB), &target).await;
    let changed = content(5, 5 * MIB);
    fixture.emulator.put_blob("bacpacs", BLOB, &changed).unwrap();
    let receipt = receive(&fixture, &download(&fixture, &target)).await.unwrap();
    assert!(std::fs::read(&target).unwrap() == changed);
    assert_eq!(receipt.resumed_bytes, 0);
    assert!(fixture.messages().iter().any(|text| text.contains("the blob has changed")), "{:?}", fixture.messages());
}

#[tokio::test]
async fn a_blob_replaced_while_it_is_read_starts_again() {
    let fixture = TransferFixture::new().await;
    fixture.emulator.put_blob("bacpacs", BLOB, &content(6, 3 * MIB)).unwrap();
    fixture.emulator.faults().add(Rule::new(Effect::error(412, "ConditionNotMet", "changed")).method("GET").nth(2));
    let target = fixture.path("db");
    receive(&fixture, &download(&fixture, &target)).await.unwrap();
    assert_eq!(std::fs::read(&target).unwrap(), content(6, 3 * MIB));
    assert!(fixture.messages().iter().any(|text| text.contains("changed during the download")));
}

#[tokio::test]
async fn passing_faults_are_repeated() {
    for fault in [
        Rule::new(Effect::status(503)),
        Rule::new(Effect::retry_after(429, 1)),
        Rule::new(Effect::Reset),
        Rule::new(Effect::Truncate { keep: 1000 }),
        Rule::new(Effect::Reset).after_sent(300_000),
    ] {
        let fixture = TransferFixture::new().await;
        let bytes = content(7, 4 * MIB);
        fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
        let shown = format!("{fault:?}");
        fixture.emulator.faults().add(fault.method("GET").times(2));
        let target = fixture.path("db");
        let receipt = receive(&fixture, &download(&fixture, &target)).await.unwrap();
        assert!(std::fs::read(&target).unwrap() == bytes, "{shown}");
        assert!(receipt.retries == 2 && (1..=2).contains(&fixture.retrying()), "{shown}");
    }
}

#[tokio::test]
async fn a_flipped_byte_never_becomes_a_file() {
    let fixture = TransferFixture::new().await;
    let bytes = content(8, 3 * MIB);
    fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
    fixture.emulator.faults().add(Rule::new(Effect::FlipByte { offset: 77 }).method("GET").nth(2));
    let target = fixture.path("db");
    let error = receive(&fixture, &download(&fixture, &target)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Integrity, "{error}");
    assert!(left_behind(&fixture).is_empty(), "{:?}", left_behind(&fixture));
    receive(&fixture, &download(&fixture, &target)).await.unwrap();
    assert!(std::fs::read(&target).unwrap() == bytes);
}

#[tokio::test]
async fn what_cannot_work_is_refused_without_a_request() {
    let fixture = TransferFixture::new().await;
    fixture.emulator.put_blob("bacpacs", BLOB, b"x").unwrap();
    let existing = fixture.file("existing", b"mine");
    let good = download(&fixture, &fixture.path("new"));
    let write_only = link(&fixture.emulator.blob_link("bacpacs", BLOB, "w", HOUR));
    let container = link(&fixture.emulator.container_link("bacpacs", "r", HOUR));
    let with = |change: &dyn Fn(&mut Download)| {
        let mut request = good.clone();
        change(&mut request);
        request
    };
    #[cfg(unix)]
    let _socket = std::os::unix::net::UnixListener::bind(fixture.path("socket")).unwrap();
    let special = |r: &mut Download| {
        r.target = fixture.path(if cfg!(unix) { "socket" } else { "." });
        r.overwrite = true;
    };
    for (request, kind, text) in [
        (with(&special), Kind::InvalidArgument, if cfg!(unix) { "not a regular file" } else { "is a directory" }),
        (with(&|r| r.link = write_only.clone()), Kind::Forbidden, "for writing"),
        (with(&|r| r.link = container.clone()), Kind::InvalidArgument, "container"),
        (with(&|r| r.target = existing.clone()), Kind::Conflict, "exists"),
        (with(&|r| r.target = fixture.folder.path().to_owned()), Kind::InvalidArgument, "is a directory"),
        (with(&|r| r.target = fixture.path("no/such/place")), Kind::NotFound, "directory"),
        (with(&|r| r.options.streams = 65), Kind::InvalidArgument, "streams"),
        (with(&|r| r.options.part_size = 0), Kind::InvalidArgument, "partSize"),
    ] {
        let error = receive(&fixture, &request).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(text), "{error}");
    }
    assert!(fixture.emulator.requests().is_empty());
    std::fs::remove_file(fixture.path("socket")).ok();
    assert_eq!(left_behind(&fixture), ["existing"]);
    assert_eq!(std::fs::read(&existing).unwrap(), b"mine");
    receive(
        &fixture,
        &with(&|r| {
            r.target = existing.clone();
            r.overwrite = true;
        }),
    )
    .await
    .unwrap();
    assert_eq!(std::fs::read(&existing).unwrap(), b"x");
}

#[tokio::test]
async fn a_missing_blob_leaves_nothing_behind() {
    let fixture = TransferFixture::new().await;
    let error = receive(&fixture, &download(&fixture, &fixture.path("db"))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound, "{error}");
    assert!(left_behind(&fixture).is_empty());
}

#[tokio::test]
async fn two_downloads_to_the_same_file_do_not_mix_and_a_cancelled_one_can_go_on() {
    let fixture = TransferFixture::new().await;
    let bytes = content(9, 3 * MIB);
    fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
    fixture.emulator.faults().add(Rule::new(Effect::Stall).method("GET").nth(3));
    let target = fixture.path("db");
    let mut request = download(&fixture, &target);
    request.options.streams = 1;
    let (cancel, sink) = (CancelToken::new(), fixture.sink());
    let first = fixture.engine.download(&request, &sink, &cancel);
    let second = async {
        until("the third part", || fixture.requests("GET", "").len() >= 3).await;
        let error = receive(&fixture, &request).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict);
        assert!(error.to_string().contains("another download"), "{error}");
        cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(first, second);
    assert_eq!(outcome.unwrap_err().kind(), Kind::Cancelled);
    assert!(!target.exists());
    fixture.emulator.faults().clear();
    let receipt = receive(&fixture, &request).await.unwrap();
    assert_eq!(receipt.resumed_bytes, 2 * PART);
    assert!(std::fs::read(&target).unwrap() == bytes);
}

#[tokio::test]
async fn a_range_on_which_nothing_moves_ends_and_is_repeated() {
    let fixture = TransferFixture::new().await;
    let bytes = content(10, MIB);
    fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
    fixture.emulator.faults().add(Rule::new(Effect::Stall).method("GET").times(1));
    let target = fixture.path("db");
    let request = download(&fixture, &target);
    let (cancel, sink) = (CancelToken::new(), fixture.sink());
    let downloading = fixture.engine.download(&request, &sink, &cancel);
    // One movement of the time may come before the last movement of the body, so it is repeated until it counts.
    let waiting = until("a repeated try", || {
        if fixture.retrying() == 0 && !fixture.requests("GET", "").is_empty() {
            fixture.clock.advance(Duration::from_secs(101));
        }
        fixture.retrying() > 0
    });
    let (outcome, ()) = tokio::join!(downloading, waiting);
    assert_eq!(outcome.unwrap().retries, 1);
    assert!(std::fs::read(&target).unwrap() == bytes);
}

#[tokio::test]
async fn parts_are_read_at_the_same_time() {
    let fixture = TransferFixture::new().await;
    let bytes = content(12, 6 * MIB);
    fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
    fixture.emulator.faults().add(Rule::new(Effect::Stall).method("GET").times(4));
    let target = fixture.path("db");
    let request = download(&fixture, &target);
    let (cancel, sink) = (CancelToken::new(), fixture.sink());
    let downloading = fixture.engine.download(&request, &sink, &cancel);
    let waiting = async {
        until("four parts at a time", || fixture.emulator.most_simultaneous_requests() >= 4).await;
        until("a repeated try", || {
            if fixture.retrying() == 0 {
                fixture.clock.advance(Duration::from_secs(101));
            }
            fixture.retrying() > 0
        })
        .await;
    };
    let (outcome, ()) = tokio::join!(downloading, waiting);
    outcome.unwrap();
    assert!(std::fs::read(&target).unwrap() == bytes);
}

#[tokio::test]
async fn a_partial_file_of_another_length_never_becomes_the_file() {
    let fixture = TransferFixture::new().await;
    fixture.emulator.put_blob("bacpacs", BLOB, &content(13, MIB)).unwrap();
    fixture.emulator.faults().add(Rule::new(Effect::Stall).method("GET").times(1));
    let target = fixture.path("db");
    let request = download(&fixture, &target);
    let (cancel, sink) = (CancelToken::new(), fixture.sink());
    let downloading = fixture.engine.download(&request, &sink, &cancel);
    let meddling = async {
        until("the part", || !fixture.requests("GET", "").is_empty()).await;
        let file = std::fs::File::options().write(true).open(fixture.path("db.partial")).unwrap();
        file.set_len(MIB as u64 + 1).unwrap();
        until("a repeated try", || {
            if fixture.retrying() == 0 {
                fixture.clock.advance(Duration::from_secs(101));
            }
            fixture.retrying() > 0
        })
        .await;
    };
    let (outcome, ()) = tokio::join!(downloading, meddling);
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), Kind::Integrity, "{error}");
    assert!(error.to_string().contains("received 1048577"), "{error}");
    assert!(left_behind(&fixture).is_empty());
}

/// A storage server that ignores `If-Match` and whose ranges are of another version than its HEAD says.
async fn contradictory_store(etag: &'static str, total: usize) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut asked = Vec::new();
                while !asked.ends_with(b"\r\n\r\n") {
                    match stream.read_u8().await {
                        Ok(byte) => asked.push(byte),
                        Err(_) => return,
                    }
                }
                let answer = if asked.starts_with(b"HEAD") {
                    "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nETag: \"1\"\r\nConnection: close\r\n\r\n".to_owned()
                } else {
                    format!(
                        "HTTP/1.1 206 Partial Content\r\nContent-Length: 8\r\nContent-Range: bytes 0-7/{total}\r\n\
                         ETag: {etag}\r\nConnection: close\r\n\r\n12345678"
                    )
                };
                drop(stream.write_all(answer.as_bytes()).await);
                drop(stream.shutdown().await);
            });
        }
    });
    format!("http://{address}/account/c/b?sv=2020-12-06&sr=b&sp=r&se=2999-01-01T00:00:00Z&sig=x")
}

#[tokio::test]
async fn parts_of_another_version_than_the_one_looked_at_are_never_taken() {
    for (etag, total, good) in [("\"1\"", 8, true), ("\"2\"", 8, false), ("\"1\"", 9, false)] {
        let fixture = TransferFixture::new().await;
        let request =
            Download { link: link(&contradictory_store(etag, total).await), ..download(&fixture, &fixture.path("db")) };
        let outcome = receive(&fixture, &request).await;
        if good {
            assert_eq!(outcome.unwrap().verified, "size");
            continue;
        }
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict, "{error}");
        assert!(error.to_string().contains("changed during the download"), "{error}");
        assert_eq!(fixture.messages().iter().filter(|text| text.contains("restarting the download")).count(), 2);
        assert!(left_behind(&fixture).is_empty(), "{:?}", left_behind(&fixture));
    }
}

#[tokio::test]
async fn a_reserved_target_is_filled_by_its_download_and_by_no_other() {
    let fixture = TransferFixture::new().await;
    fixture.emulator.put_blob("bacpacs", BLOB, b"x").unwrap();
    let target = fixture.path("db");
    let reservation = reserve_target(&target, false).unwrap();
    assert_eq!(receive(&fixture, &download(&fixture, &target)).await.unwrap_err().kind(), Kind::Conflict);
    let reserved = Download { reservation: Some(reservation), ..download(&fixture, &target) };
    receive(&fixture, &reserved).await.unwrap();
    drop(reserved);
    assert_eq!(left_behind(&fixture), ["db"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_download_goes_on_where_its_journal_ends() {
    let fixture = TransferFixture::new().await;
    let bytes = content(11, 20 * MIB);
    fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
    fixture.emulator.faults().add(Rule::new(Effect::Stall).method("GET").nth(19));
    let target = fixture.path("db");
    let request = download(&fixture, &target);
    let mut child = Child { streams: 1, piece: PART, ..Child::downloading(&request.link, &target) }.spawn();
    until("the nineteenth part", || {
        assert!(child.ended().is_none(), "the child must not end");
        fixture.requests("GET", "").len() >= 19
    })
    .await;
    child.kill();
    fixture.emulator.faults().clear();
    fixture.emulator.clear_requests();
    assert!(!target.exists());
    let receipt = receive(&fixture, &request).await.unwrap();
    assert!(std::fs::read(&target).unwrap() == bytes);
    // Properties, then the parts: the eighteenth is asked for when the seventeenth is written down.
    assert!(receipt.resumed_bytes >= 17 * PART, "{receipt:?}");
    assert_eq!(fixture.requests("GET", "").len() as u64, 20 - receipt.resumed_bytes / PART);
}
