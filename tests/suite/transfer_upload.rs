//! Uploading a package to a block blob.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs::File;
use std::time::Duration;

use bytes::Bytes;
use epicloud::base::cancel::CancelToken;
use epicloud::base::error::{Kind, Retry};
use epicloud::base::event::{Event, Phase};
use epicloud::base::time::Clock;
use epicloud::blob::block::{BlockId, Checksum};
use epicloud::blob::client::Store;
use epicloud::transfer::upload::{Integrity, Upload};
use epicloud::transport::http::Http;
use epicloud::transport::trust::Trust;
use epicloud_emulator::{Effect, LinkSpec, Rule};
use md5::{Digest, Md5};
use uuid::Uuid;

use super::transfer_fixture::{
    CONTAINER, HOUR, MIB, NAME, TransferFixture, block, blocks, content, link, named, send, stored, upload,
};
use super::virtual_time::{cancelled_at, until};

#[tokio::test]
async fn every_block_carries_its_crc64_and_the_blob_its_md5() {
    let fixture = TransferFixture::new().await;
    let bytes = content(1, 5 * MIB + 17);
    let receipt = send(&fixture, &upload(&fixture, &fixture.file("p.nupkg", &bytes))).await.unwrap();
    assert!(stored(&fixture, NAME) == bytes);
    assert_eq!(
        (receipt.bytes, receipt.blocks, receipt.retries, receipt.integrity),
        (bytes.len() as u64, 6, 0, "crc64")
    );
    let blob = fixture.emulator.blob(CONTAINER, NAME).unwrap();
    assert_eq!(blob.content_md5, receipt.content_md5);
    assert!(receipt.content_md5.is_some());
    let blocks = fixture.put_blocks();
    assert_eq!(blocks.len(), 6);
    for block in &blocks {
        assert!(block.header("x-ms-content-crc64").is_some() && block.header("content-md5").is_none());
    }
    for request in fixture.emulator.requests() {
        assert_eq!(request.header("x-ms-version"), None);
        assert!(request.header("user-agent").unwrap().starts_with("epicloud/"));
        let sas = fixture.package_link().query().split("se=").next().unwrap().to_owned();
        assert!(request.query.starts_with(&sas), "the link's query stands first and unchanged");
    }
    assert_eq!(fixture.commits().len(), 1);
    let events = fixture.events.events();
    let progress: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Progress(progress) if progress.phase == Phase::Uploading => progress.bytes_done,
            _ => None,
        })
        .collect();
    assert_eq!((progress.first(), progress.last()), (Some(&0), Some(&(bytes.len() as u64))));
    assert!(progress.windows(2).all(|pair| pair[0] <= pair[1]));
}

#[tokio::test]
async fn https_works_with_a_certificate_authority_of_ones_own() {
    let fixture = TransferFixture::new().await;
    let mut spec = LinkSpec::new(CONTAINER, None, "w", HOUR);
    spec.scheme = Some(epicloud_emulator::LinkScheme::Https);
    let bytes = content(2, 300_000);
    let request =
        Upload { container: link(&fixture.emulator.link(&spec)), ..upload(&fixture, &fixture.file("p", &bytes)) };
    send(&fixture, &request).await.unwrap();
    assert!(stored(&fixture, NAME) == bytes);
    assert!(fixture.put_blocks().iter().all(|request| request.secure));
}

#[tokio::test]
async fn an_old_link_gets_content_md5_and_so_does_a_store_without_crc64() {
    let fixture = TransferFixture::new().await;
    let bytes = content(3, 3 * MIB);
    let mut spec = LinkSpec::new(CONTAINER, None, "w", HOUR);
    spec.version = Some("2018-11-09".to_owned());
    let file = fixture.file("p", &bytes);
    let request = Upload { container: link(&fixture.emulator.link(&spec)), ..upload(&fixture, &file) };
    assert_eq!(send(&fixture, &request).await.unwrap().integrity, "contentMd5");
    let only_md5 = |fixture: &TransferFixture| {
        fixture
            .put_blocks()
            .iter()
            .all(|block| block.header("content-md5").is_some() && block.header("x-ms-content-crc64").is_none())
    };
    assert!(only_md5(&fixture));

    fixture.emulator.clear_requests();
    let mut chosen = upload(&fixture, &file);
    chosen.options.integrity = Integrity::ContentMd5;
    send(&fixture, &chosen).await.unwrap();
    assert!(only_md5(&fixture));

    fixture.emulator.clear_requests();
    fixture
        .emulator
        .faults()
        .add(Rule::new(Effect::error(500, "FeatureNotSupported", "x-ms-content-crc64")).method("PUT").times(1));
    let mut switching = upload(&fixture, &file);
    switching.options.streams = Some(1);
    let receipt = send(&fixture, &switching).await.unwrap();
    assert_eq!((receipt.integrity, receipt.retries), ("contentMd5", 0));
    let kinds: Vec<bool> = fixture.put_blocks().iter().map(|block| block.header("content-md5").is_some()).collect();
    assert_eq!(kinds, [false, true, true, true], "it changes once, for the whole transfer");
    assert!(stored(&fixture, NAME) == bytes);
}

#[tokio::test]
async fn names_with_special_characters_arrive_unchanged() {
    let fixture = TransferFixture::new().await;
    for name in [
        "my site.cms.app.1.nupkg",
        "a+b.cms.app.1.nupkg",
        "a%20b.cms.app.1.nupkg",
        "a#b.cms.app.1.nupkg",
        "größe.cms.app.1.nupkg",
        "a?b&c=d.cms.app.1.zip",
    ] {
        let bytes = content(4, 1000);
        let request =
            Upload { files: vec![named(&fixture.file("p", &bytes), name)], ..upload(&fixture, &fixture.path("p")) };
        let receipt = send(&fixture, &request).await.unwrap();
        assert_eq!(receipt.blob_name, name);
        assert!(stored(&fixture, name) == bytes, "{name}");
    }
}

#[tokio::test]
async fn passing_faults_are_repeated() {
    for (fault, expected_retries) in [
        (Rule::new(Effect::status(503)).times(3), 3),
        (Rule::new(Effect::status(500)).times(1), 1),
        (Rule::new(Effect::retry_after(429, 2)).times(2), 2),
        (Rule::new(Effect::Reset).times(2), 2),
        (Rule::new(Effect::Reset).after_received(300_000).times(2), 2),
        (Rule::new(Effect::LostAnswer).times(2), 2),
        (Rule::new(Effect::error(400, "Crc64Mismatch", "differs")).times(1), 1),
    ] {
        let fixture = TransferFixture::new().await;
        let shown = format!("{fault:?}");
        let asked = shown.contains("retry_after: Some");
        fixture.emulator.faults().add(fault.query("comp=block&"));
        let bytes = content(5, 4 * MIB);
        let receipt = send(&fixture, &upload(&fixture, &fixture.file("p", &bytes))).await.unwrap();
        assert!(stored(&fixture, NAME) == bytes, "{shown}");
        assert_eq!(receipt.retries, expected_retries, "{shown}");
        assert!((1..=expected_retries).contains(&(fixture.retrying() as u64)), "{shown}");
        if asked {
            assert!(
                fixture.clock.pauses().iter().any(|pause| *pause >= Duration::from_secs(1)),
                "{:?}",
                fixture.clock.pauses()
            );
        }
    }
}

#[tokio::test]
async fn a_lost_answer_to_the_block_list_is_repeated() {
    let fixture = TransferFixture::new().await;
    fixture.emulator.faults().add(Rule::new(Effect::LostAnswer).query("comp=blocklist&").times(1));
    let bytes = content(6, MIB);
    let receipt = send(&fixture, &upload(&fixture, &fixture.file("p", &bytes))).await.unwrap();
    assert_eq!((receipt.retries, fixture.commits().len()), (1, 2));
    assert!(stored(&fixture, NAME) == bytes);
}

#[tokio::test]
async fn a_fault_that_stays_ends_the_upload_when_nothing_has_succeeded_for_two_minutes() {
    let fixture = TransferFixture::new().await;
    fixture.emulator.faults().add(Rule::new(Effect::status(503)).query("blockid=AAAA"));
    let error = send(&fixture, &upload(&fixture, &fixture.file("p", &content(7, 3 * MIB)))).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (Kind::Unavailable, Retry::Exhausted));
    assert!(error.attempts() >= 8, "{}", error.attempts());
    assert!(fixture.clock.monotonic() >= Duration::from_secs(120), "{:?}", fixture.clock.monotonic());
    assert_eq!(fixture.put_blocks().len() as u64, u64::from(error.attempts()) + 2);
    assert!(fixture.commits().is_empty());
}

#[tokio::test]
async fn a_dead_store_ends_the_upload_after_a_bounded_number_of_requests() {
    let fixture = TransferFixture::new().await;
    fixture.emulator.faults().add(Rule::new(Effect::status(503)));
    let error = send(&fixture, &upload(&fixture, &fixture.file("p", &content(16, 40 * MIB)))).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (Kind::Unavailable, Retry::Exhausted));
    let (blocks, passed) = (fixture.put_blocks(), fixture.clock.monotonic());
    assert!(passed >= Duration::from_secs(120) && passed < Duration::from_secs(300), "{passed:?}");
    let begun: BTreeSet<_> = blocks.iter().map(|request| request.query.clone()).collect();
    assert_eq!(begun.len(), 4, "nothing new begins against a dead store");
    // The pause is 5 s on average; a seed with many short ones still stays below one try a second and stream.
    assert!(blocks.len() < 4 * 120, "{}", blocks.len());
    assert!(fixture.retrying() as u64 <= passed.as_secs() + 1, "{}", fixture.retrying());
}

#[tokio::test]
async fn an_outage_of_half_a_minute_is_survived() {
    let fixture = TransferFixture::new().await;
    fixture.emulator.faults().add(Rule::new(Effect::status(503)).method("PUT"));
    let bytes = content(17, 20 * MIB);
    let request = upload(&fixture, &fixture.file("p", &bytes));
    let (cancel, sink) = (CancelToken::new(), fixture.sink());
    let uploading = fixture.engine.upload(&request, &sink, &cancel);
    let mending = async {
        until("half a minute", || fixture.clock.monotonic() >= Duration::from_secs(30)).await;
        fixture.emulator.faults().clear();
    };
    let (outcome, ()) = tokio::join!(uploading, mending);
    assert!(outcome.unwrap()[0].retries > 8);
    assert!(stored(&fixture, NAME) == bytes);
}

#[tokio::test]
async fn a_leased_package_is_refused_at_once_with_both_sentences() {
    let fixture = TransferFixture::new().await;
    fixture.emulator.put_blob(CONTAINER, NAME, b"deployed").unwrap();
    fixture.emulator.lease(CONTAINER, NAME).unwrap();
    let error = send(&fixture, &upload(&fixture, &fixture.file("p", &content(8, 8 * MIB)))).await.unwrap_err();
    assert_eq!((error.kind(), error.http_status(), error.code()), (Kind::Conflict, Some(412), Some("LeaseIdMissing")));
    let text = error.to_string();
    assert!(
        text.contains(&format!(
            "A package named '{NAME}' is already linked to a deployment and cannot be overwritten."
        ))
    );
    assert!(text.contains("There is currently a lease on the blob and no lease ID was specified in the request."));
    assert!(fixture.put_blocks().len() <= 4, "at most one per stream");
    assert_eq!(fixture.retrying(), 0);
    assert_eq!(stored(&fixture, NAME), b"deployed");
}

#[tokio::test]
async fn an_expired_link_is_told_apart_at_the_beginning_and_during_the_upload() {
    let fixture = TransferFixture::new().await;
    let file = fixture.file("p", &content(9, MIB));
    let expired =
        Upload { container: link(&fixture.emulator.package_link("w", Duration::ZERO)), ..upload(&fixture, &file) };
    fixture.clock.advance(Duration::from_secs(5));
    fixture.emulator.clock().advance(Duration::from_secs(5));
    let error = send(&fixture, &expired).await.unwrap_err();
    assert_eq!((error.kind(), error.http_status()), (Kind::Expired, Some(403)), "the blob storage decides");
    assert!(error.to_string().starts_with("the SAS URL expired at 20"), "{error}");
    assert_eq!(fixture.emulator.requests().len(), 1, "not repeated");

    fixture.calm();
    fixture.emulator.faults().add(Rule::new(Effect::ExpiredLink));
    let error = send(&fixture, &upload(&fixture, &file)).await.unwrap_err();
    assert_eq!((error.kind(), error.http_status()), (Kind::Expired, Some(403)), "{error}");
    assert_eq!(fixture.emulator.requests().len(), 1, "not repeated");
}

#[tokio::test]
async fn what_cannot_work_is_refused_without_a_request() {
    let fixture = TransferFixture::new().await;
    let file = fixture.file("p", b"x");
    let good = upload(&fixture, &file);
    let with = |change: &dyn Fn(&mut Upload)| {
        let mut request = good.clone();
        change(&mut request);
        request
    };
    let read_only = link(&fixture.emulator.package_link("rl", HOUR));
    let empty = fixture.file("empty", b"");
    for (request, kind, text) in [
        (with(&|r| r.files[0].path = fixture.path("missing")), Kind::NotFound, "does not exist"),
        (with(&|r| r.files[0].path = fixture.folder.path().to_owned()), Kind::InvalidArgument, "is a directory"),
        (with(&|r| r.files[0].path = empty.clone()), Kind::InvalidArgument, "is empty"),
        (with(&|r| r.files[0].blob_name = String::new()), Kind::InvalidArgument, "must not be empty"),
        (with(&|r| r.files[0].blob_name = "../x.cms.app.1.nupkg".into()), Kind::InvalidArgument, "'..'"),
        (with(&|r| r.container = read_only.clone()), Kind::Forbidden, "for reading"),
        (with(&|r| r.options.streams = Some(0)), Kind::InvalidArgument, "streams"),
        (with(&|r| r.options.block_size = Some(0)), Kind::InvalidArgument, "blockSize"),
    ] {
        let error = send(&fixture, &request).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(text), "{error}");
    }
    assert!(fixture.emulator.requests().is_empty());
}

#[tokio::test]
async fn a_skipped_block_is_refused_by_the_block_list() {
    let fixture = TransferFixture::new().await;
    // The service forgets a block: its Put Block is answered, but not carried out, with either checksum.
    fixture.emulator.faults().add(Rule::new(Effect::status(201)).query("blockid=AQAA").times(2));
    let error = send(&fixture, &upload(&fixture, &fixture.file("p", &content(10, 3 * MIB)))).await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidBlockList"), "{error}");
    assert!(fixture.emulator.blob(CONTAINER, NAME).is_none_or(|blob| !blob.committed));
}

#[tokio::test]
async fn a_file_that_changes_meanwhile_is_not_committed() {
    for change in [&b"shorter"[..], &content(11, 3 * MIB + 1)[..]] {
        let fixture = TransferFixture::new().await;
        fixture.emulator.faults().add(Rule::new(Effect::status(503)).query("blockid=AgAA").times(1));
        let file = fixture.file("p", &content(12, 3 * MIB));
        let mut request = upload(&fixture, &file);
        request.options.streams = Some(1);
        let (cancel, sink) = (CancelToken::new(), fixture.sink());
        let uploading = fixture.engine.upload(&request, &sink, &cancel);
        let changing = async {
            until("the first block", || !fixture.put_blocks().is_empty()).await;
            std::fs::write(&file, change).unwrap();
        };
        let (outcome, ()) = tokio::join!(uploading, changing);
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), Kind::Integrity, "{error}");
        assert!(error.to_string().contains("changed during the upload"), "{error}");
        assert!(fixture.commits().is_empty());
    }
}

#[tokio::test]
async fn a_file_whose_blocks_are_fine_but_whose_size_or_time_changed_is_not_committed() {
    for longer in [false, true] {
        let fixture = TransferFixture::new().await;
        fixture.emulator.faults().add(Rule::new(Effect::Stall).query("comp=block&").times(1));
        let bytes = content(18, 50_000);
        let path = fixture.file("p", &bytes);
        let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
        let request = upload(&fixture, &path);
        let (cancel, sink) = (CancelToken::new(), fixture.sink());
        let uploading = fixture.engine.upload(&request, &sink, &cancel);
        let changing = async {
            until("the block", || !fixture.put_blocks().is_empty()).await;
            let file = File::options().write(true).open(&path).unwrap();
            if longer {
                file.set_len(50_001).unwrap();
                file.set_modified(modified).unwrap();
            } else {
                file.set_modified(modified - Duration::from_secs(10)).unwrap();
            }
            until("a repeated try", || {
                if fixture.retrying() == 0 {
                    fixture.clock.advance(Duration::from_secs(101));
                }
                fixture.retrying() > 0
            })
            .await;
        };
        let (outcome, ()) = tokio::join!(uploading, changing);
        assert_eq!(outcome.unwrap_err().kind(), Kind::Integrity, "{longer}");
        // The second try looks at the file before it sends anything.
        assert!(fixture.put_blocks().len() == 1 && fixture.commits().is_empty());
    }
}

#[tokio::test]
async fn a_cancelled_upload_leaves_no_request_and_no_commit() {
    let fixture = TransferFixture::new().await;
    fixture.emulator.faults().add(Rule::new(Effect::Stall).query("comp=block&"));
    let request = upload(&fixture, &fixture.file("p", &content(13, 8 * MIB)));
    let (cancel, sink) = (CancelToken::new(), fixture.sink());
    cancelled_at(
        "a block on each stream",
        || fixture.put_blocks().len() >= 4,
        &cancel,
        fixture.engine.upload(&request, &sink, &cancel),
    )
    .await;
    let before = fixture.emulator.requests().len();
    fixture.emulator.faults().clear();
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!((fixture.emulator.requests().len(), fixture.commits().len()), (before, 0));
}

#[tokio::test]
async fn a_try_on_which_nothing_moves_ends_and_is_repeated() {
    let fixture = TransferFixture::new().await;
    fixture.emulator.faults().add(Rule::new(Effect::Stall).query("comp=block&").times(1));
    // Small enough for the connection to take it although nobody reads.
    let bytes = content(14, 50_000);
    let request = upload(&fixture, &fixture.file("p", &bytes));
    let (cancel, sink) = (CancelToken::new(), fixture.sink());
    let uploading = fixture.engine.upload(&request, &sink, &cancel);
    // One movement of the time may come before the last movement of the body, so it is repeated until it counts.
    let waiting = until("a repeated try", || {
        if fixture.retrying() == 0 && !fixture.put_blocks().is_empty() {
            fixture.clock.advance(Duration::from_secs(101));
        }
        fixture.retrying() > 0
    });
    let (outcome, ()) = tokio::join!(uploading, waiting);
    assert_eq!(outcome.unwrap()[0].retries, 1, "{:?}", fixture.events.events());
    assert!(stored(&fixture, NAME) == bytes);
}

#[tokio::test]
async fn the_whole_files_md5_can_be_left_out() {
    let fixture = TransferFixture::new().await;
    let mut request = upload(&fixture, &fixture.file("p", &content(15, MIB)));
    request.options.content_md5 = false;
    assert_eq!(send(&fixture, &request).await.unwrap().content_md5, None);
    assert_eq!(fixture.commits()[0].header("x-ms-blob-content-md5"), None);
}

/// The sum of the whole file reads a bounded lead ahead of what is sent; what was sent by an earlier upload it may read
/// as well, or it would wait for ever.
#[tokio::test]
async fn an_upload_of_which_more_than_the_lead_of_its_sum_is_there_already_ends() {
    const BLOCK: usize = 64 * MIB;
    const THERE: usize = 5;
    let fixture = TransferFixture::new().await;
    let path = fixture.path("holes");
    File::create(&path).unwrap().set_len((THERE * BLOCK + 1) as u64).unwrap();
    let mut request = upload(&fixture, &path);
    (request.options.block_size, request.options.streams) = (Some(BLOCK as u64), Some(1));
    fixture.refuse(|rule| rule.query("comp=block&").nth(2));
    assert_eq!(send(&fixture, &request).await.unwrap_err().kind(), Kind::Forbidden);
    fixture.calm();
    // All blocks but the last are alike, and so are their lines.
    let journal = fixture.journals().remove(0);
    let mut text = std::fs::read_to_string(&journal).unwrap();
    let sum = text.lines().last().unwrap().strip_prefix("0 ").unwrap().to_owned();
    for index in 1..THERE {
        writeln!(text, "{index} {sum}").unwrap();
    }
    std::fs::write(&journal, text).unwrap();

    // The blob storage has them not, but that is not the point.
    fixture.refuse(|rule| rule.query("comp=blocklist&"));
    let sending = send(&fixture, &request);
    let (outcome, ()) = tokio::join!(sending, until("the block list", || !fixture.commits().is_empty()));
    assert_eq!(outcome.unwrap_err().kind(), Kind::Forbidden);
    assert_eq!(fixture.said("5 of 6 blocks already uploaded"), 1);
    assert_eq!(fixture.put_blocks().len(), 1, "the last byte");
}

/// The right id alone does not make it the right block.
#[tokio::test]
async fn a_block_that_the_store_has_with_another_length_is_sent_again() {
    let fixture = TransferFixture::new().await;
    let bytes = content(23, 3 * MIB);
    let container = link(&fixture.emulator.package_link("rw", HOUR));
    let mut request = Upload { container, ..upload(&fixture, &fixture.file("p", &bytes)) };
    request.options.streams = Some(1);
    fixture.refuse(|rule| rule.query("comp=block&").nth(3));
    assert_eq!(send(&fixture, &request).await.unwrap_err().kind(), Kind::Forbidden);
    let (_, upload_id) = block(&fixture.put_blocks()[0]);
    fixture.calm();
    let store = Store::new(Http::new(&Trust::Machine, fixture.clock.clone()).unwrap());
    let blob = store.blob(&link(&fixture.emulator.blob_link(CONTAINER, NAME, "w", HOUR))).unwrap();
    let body = futures_util::stream::iter([Ok(Bytes::from_static(b"short"))]);
    let (id, sum) = (BlockId::new(Uuid::from_bytes(upload_id), 1), Checksum::Md5(Md5::digest(b"short").into()));
    blob.stage_block(&id, 5, Box::pin(body), sum, &fixture.sink()).await.unwrap();
    fixture.calm();

    let receipt = send(&fixture, &request).await.unwrap();
    assert_eq!((blocks(&fixture), receipt.resumed_bytes), (vec![1, 2], MIB as u64));
    assert!(stored(&fixture, NAME) == bytes);
}
