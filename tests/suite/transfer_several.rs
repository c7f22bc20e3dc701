//! Several packages in one upload: one schedule for the blocks of all, and no blob before all blocks are there.

use std::fs::File;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use epicloud::base::cancel::CancelToken;
use epicloud::base::error::Kind;
use epicloud::base::event::Phase;
use epicloud::transfer::upload::{Upload, UploadFile};
use epicloud_emulator::{Effect, Rule};

use super::transfer_fixture::{
    Acting, CONTAINER, HOUR, MIB, NAME, TransferFixture, block, content, is_answered, link, named, send_all, stored,
    upload,
};
use super::virtual_time::{cancelled_at, until};

/// So many packages of three blocks each.
fn packages(fixture: &TransferFixture, count: u64) -> Vec<UploadFile> {
    let package = |number| {
        let name = format!("{}.cms.app.1.nupkg", char::from(b'a' + number as u8));
        named(&fixture.file(&name, &content(number, 3 * MIB - 5)), &name)
    };
    (0..count).map(package).collect()
}

fn of(fixture: &TransferFixture, files: &[UploadFile]) -> Upload {
    Upload { files: files.to_vec(), ..upload(fixture, &files[0].path) }
}

fn assert_stored(fixture: &TransferFixture, files: &[UploadFile]) {
    for (number, file) in files.iter().enumerate() {
        assert!(stored(fixture, &file.blob_name) == content(number as u64, 3 * MIB - 5), "{}", file.blob_name);
    }
}

/// Each package has fewer blocks than there are streams.
#[tokio::test]
async fn all_streams_are_busy_across_the_packages_and_never_more() {
    for (streams, at_a_time) in [(Some(8), 8), (Some(10), 10), (None, 32)] {
        let fixture = TransferFixture::new().await;
        let files = packages(&fixture, 12);
        let mut request = of(&fixture, &files);
        request.options.streams = streams;
        // The first blocks are taken only when all that may be on their way at a time are.
        let minute = Effect::Delay { ms: 60_000, virtual_time: true };
        fixture.emulator.faults().add(Rule::new(minute).query("comp=block&").times(at_a_time as u64));
        let sending = send_all(&fixture, &request);
        let passing = async {
            until("a block on each stream", || fixture.put_blocks().len() >= at_a_time).await;
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
            assert_eq!(fixture.put_blocks().len(), at_a_time);
            fixture.emulator.clock().advance(Duration::from_secs(61));
        };
        let (outcome, ()) = tokio::join!(sending, passing);
        assert_eq!(outcome.unwrap().len(), 12);
        assert_stored(&fixture, &files);
        let most = fixture.emulator.most_simultaneous_requests();
        // Without a fixed number it grows, but never beyond what there may be.
        assert!(if streams.is_some() { most == at_a_time } else { (16..=64).contains(&most) }, "{streams:?}: {most}");
        let first: Vec<_> =
            fixture.put_blocks().into_iter().take(at_a_time).map(|put| (put.path.clone(), block(&put).0)).collect();
        assert!(first.iter().any(|(path, _)| path.ends_with("c.cms.app.1.nupkg")), "of three packages: {first:?}");
    }
}

#[tokio::test]
async fn blobs_are_made_in_order_and_when_all_blocks_are_there() {
    let fixture = TransferFixture::new().await;
    let files = packages(&fixture, 4);
    let receipts = send_all(&fixture, &of(&fixture, &files)).await.unwrap();
    assert_stored(&fixture, &files);
    for (receipt, file) in receipts.iter().zip(&files) {
        let blob = fixture.emulator.blob(CONTAINER, &file.blob_name).unwrap();
        assert_eq!((&receipt.blob_name, receipt.bytes, receipt.blocks), (&file.blob_name, blob.len, 3));
        assert_eq!(receipt.content_md5, blob.content_md5, "each its own sum");
    }
    let (blocks, commits) = (fixture.put_blocks(), fixture.commits());
    assert_eq!((blocks.len(), commits.len()), (12, 4));
    let last = blocks.iter().filter_map(|put| put.ended).max().unwrap();
    assert!(commits.iter().all(|commit| commit.started > last), "no blob before the last block of all");
    for (commit, file) in commits.iter().zip(&files) {
        assert!(commit.path.ends_with(&file.blob_name));
    }
    assert!(commits.windows(2).all(|pair| pair[0].ended.unwrap() < pair[1].started), "one after the other");
}

#[tokio::test]
async fn a_first_file_that_changes_while_the_second_is_sent_leaves_no_blob() {
    let fixture = TransferFixture::new().await;
    let files = packages(&fixture, 2);
    let path = files[0].path.clone();
    let answers = AtomicUsize::new(0);
    let sink = Acting::acting(&fixture, move |event| {
        if is_answered(event, "PUT") && answers.fetch_add(1, Ordering::SeqCst) == 3 {
            let file = File::options().write(true).open(&path).unwrap();
            file.set_modified(std::time::SystemTime::now() + Duration::from_secs(5)).unwrap();
        }
    });
    let mut request = of(&fixture, &files);
    request.options.streams = Some(1);
    let error = fixture.engine.upload(&request, &sink, &CancelToken::new()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Integrity, "{error}");
    assert!(error.to_string().contains("changed during the upload") && error.to_string().contains("a.cms"));
    assert_eq!((fixture.put_blocks().len(), fixture.commits().len()), (6, 0));
}

#[tokio::test]
async fn a_leased_second_package_leaves_the_first_as_it_was() {
    let fixture = TransferFixture::new().await;
    let files = packages(&fixture, 2);
    fixture.emulator.put_blob(CONTAINER, &files[0].blob_name, b"before").unwrap();
    fixture.emulator.put_blob(CONTAINER, &files[1].blob_name, b"deployed").unwrap();
    fixture.emulator.lease(CONTAINER, &files[1].blob_name).unwrap();
    let error = send_all(&fixture, &of(&fixture, &files)).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, Some("LeaseIdMissing")), "{error}");
    assert!(error.to_string().contains("'b.cms.app.1.nupkg' is already linked"), "{error}");
    assert_eq!(stored(&fixture, &files[0].blob_name), b"before");
}

#[tokio::test]
async fn everything_is_looked_at_before_the_first_request() {
    let fixture = TransferFixture::new().await;
    let files = packages(&fixture, 2);
    let twice = [files[0].clone(), named(&files[1].path, &files[0].blob_name)];
    for (second, text) in [
        (named(&fixture.path("missing"), NAME), "does not exist"),
        (named(&fixture.file("empty", b""), NAME), "is empty"),
        (named(&files[1].path, "../site.zip"), "must not contain '.' or '..'"),
        (twice[1].clone(), "'a.cms.app.1.nupkg' is listed twice"),
    ] {
        let error = send_all(&fixture, &of(&fixture, &[files[0].clone(), second])).await.unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
    }
    assert!(fixture.emulator.requests().is_empty());
    let nothing = Upload { files: Vec::new(), ..of(&fixture, &files) };
    assert_eq!(send_all(&fixture, &nothing).await.unwrap(), []);
}

#[tokio::test]
async fn they_are_one_transfer_to_people() {
    let fixture = TransferFixture::new().await;
    let files = packages(&fixture, 2);
    fixture.emulator.faults().add(Rule::new(Effect::status(503)).query("comp=block&").times(1));
    let receipts = send_all(&fixture, &of(&fixture, &files)).await.unwrap();
    let progress = fixture.progress();
    let uploading: Vec<_> = progress.iter().filter(|figures| figures.phase == Phase::Uploading).collect();
    assert!(uploading.iter().all(|figures| figures.subject == "2 packages"), "{uploading:?}");
    let total = Some(2 * (3 * MIB as u64 - 5));
    let (first, last) = (uploading[0], uploading[uploading.len() - 1]);
    assert_eq!((first.bytes_done, first.bytes_total, first.items_total), (Some(0), total, Some(6)));
    assert_eq!((last.bytes_done, last.items_done, last.retries), (total, Some(6), Some(1)));
    let committing = progress.iter().filter(|figures| figures.phase == Phase::Committing);
    assert_eq!(
        committing.map(|figures| figures.subject.as_str()).collect::<Vec<_>>(),
        ["a.cms.app.1.nupkg", "b.cms.app.1.nupkg"]
    );
    assert!(receipts.iter().all(|receipt| receipt.retries == 1), "they are counted for all together");
    let told = serde_json::to_string(&fixture.events.events()).unwrap();
    assert!(told.contains("of 'a.cms.app.1.nupkg'") || told.contains("of 'b.cms.app.1.nupkg'"), "which block: {told}");
}

#[tokio::test]
async fn a_cancelled_upload_of_several_commits_none() {
    let fixture = TransferFixture::new().await;
    let files = packages(&fixture, 2);
    // All blocks are there, and the first blob is about to be made.
    fixture.emulator.faults().add(Rule::new(Effect::Stall).query("comp=blocklist&"));
    let request = of(&fixture, &files);
    let (cancel, sink) = (CancelToken::new(), fixture.sink());
    cancelled_at(
        "the first block list",
        || !fixture.commits().is_empty(),
        &cancel,
        fixture.engine.upload(&request, &sink, &cancel),
    )
    .await;
    fixture.emulator.faults().clear();
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!((fixture.put_blocks().len(), fixture.commits().len()), (6, 1));
    assert!(
        files.iter().all(|file| fixture.emulator.blob(CONTAINER, &file.blob_name).is_none_or(|blob| !blob.committed))
    );

    let receipts =
        send_all(&fixture, &Upload { container: link(&fixture.emulator.package_link("w", HOUR)), ..request }).await;
    assert!(receipts.unwrap().iter().all(|receipt| receipt.resumed_bytes == receipt.bytes));
    assert_eq!(fixture.put_blocks().len(), 6, "nothing is sent again");
    assert_stored(&fixture, &files);
}

/// The numbers of the blocks that were sent of a package, in order of their numbers.
fn sent_of(fixture: &TransferFixture, file: &UploadFile) -> Vec<usize> {
    let of = fixture.put_blocks().into_iter().filter(|put| put.path.ends_with(&file.blob_name));
    let mut numbers: Vec<_> = of.map(|put| block(&put).0).collect();
    numbers.sort_unstable();
    numbers
}

/// An upload of three packages on one stream that was cut when the first was there and a block of the second.
async fn cut_in_the_second(fixture: &TransferFixture, files: &[UploadFile]) -> Upload {
    let mut request = of(fixture, files);
    request.options.streams = Some(1);
    fixture.refuse(|rule| rule.query("comp=block&").nth(3 + 2));
    assert_eq!(send_all(fixture, &request).await.unwrap_err().kind(), Kind::Forbidden);
    fixture.calm();
    request
}

#[tokio::test]
async fn what_the_store_has_lost_of_one_package_is_no_reason_to_send_another_again() {
    for lost in [0, 1] {
        let fixture = TransferFixture::new().await;
        let files = packages(&fixture, 3);
        let request = cut_in_the_second(&fixture, &files).await;
        // Another commit of its name makes the service drop what waits.
        fixture.emulator.put_blob(CONTAINER, &files[lost].blob_name, b"another package").unwrap();
        let receipts = send_all(&fixture, &request).await.unwrap();
        let sent = [0, 1, 2].map(|number| sent_of(&fixture, &files[number]));
        let expected = if lost == 0 { [vec![0, 1, 2], vec![1, 2]] } else { [vec![], vec![0, 1, 1, 2, 2]] };
        assert_eq!(sent[..2], expected, "the second has only the blocks that it missed, unless it is the lost one");
        assert_eq!(sent[2], [0, 1, 2], "what this very upload has sent of the third is trusted");
        let text =
            format!("'{}': the blob storage no longer has the blocks of the earlier upload", files[lost].blob_name);
        assert_eq!((fixture.said(&text), fixture.said("restarting the upload")), (1, 1));
        let resumed: Vec<_> = receipts.iter().map(|receipt| receipt.resumed_bytes).collect();
        let left = [3 * MIB as u64 - 5, MIB as u64, 0];
        let left = left.iter().enumerate().map(|(number, bytes)| if number == lost { 0 } else { *bytes });
        assert_eq!(resumed, left.collect::<Vec<_>>(), "what an earlier upload has sent, and not this one");
        assert_stored(&fixture, &files);
        assert!(fixture.journals().is_empty());
    }
}

#[tokio::test]
async fn each_package_that_the_store_has_lost_is_sent_again_once() {
    let fixture = TransferFixture::new().await;
    let files = packages(&fixture, 3);
    let request = cut_in_the_second(&fixture, &files).await;
    for file in &files[..2] {
        fixture.emulator.put_blob(CONTAINER, &file.blob_name, b"another package").unwrap();
    }
    send_all(&fixture, &request).await.unwrap();
    let sent = [0, 1, 2].map(|number| sent_of(&fixture, &files[number]));
    assert_eq!(sent, [vec![0, 1, 2], vec![0, 1, 1, 2, 2], vec![0, 1, 2]]);
    assert_eq!((fixture.said("restarting the upload"), fixture.commits().len()), (2, 2 + 3));
    assert_stored(&fixture, &files);

    // A package that is refused once more is the end, and those before it stay blobs.
    let fixture = TransferFixture::new().await;
    let files = packages(&fixture, 3);
    let request = cut_in_the_second(&fixture, &files).await;
    let refusal = Effect::error(400, "InvalidBlockList", "no");
    fixture.emulator.faults().add(Rule::new(refusal).query("comp=blocklist&").path(&files[1].blob_name).times(2));
    let error = send_all(&fixture, &request).await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidBlockList"), "{error}");
    assert_eq!((fixture.said("restarting the upload"), fixture.commits().len()), (1, 1 + 2));
    assert_eq!(stored(&fixture, &files[0].blob_name), content(0, 3 * MIB - 5));
}
