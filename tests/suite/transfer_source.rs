//! A source file that somebody writes while it is sent: what becomes a blob is the file as it was, or nothing.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use epicloud::base::cancel::CancelToken;
use epicloud::base::error::{Error, Kind};
use epicloud::base::event::{Event, Phase};
use epicloud_emulator::{Effect, Rule};

use super::transfer_fixture::{
    Acting, CONTAINER, MIB, NAME, TransferFixture, content, is_answered, send, stored, upload,
};
use super::virtual_time::until;

fn assert_changed(fixture: &TransferFixture, error: &Error, what: &str) {
    assert_eq!(error.kind(), Kind::Integrity, "{what}: {error}");
    assert!(error.to_string().contains("changed during the upload"), "{what}: {error}");
    assert!(error.next_step().is_some_and(|step| step.contains("until the file is complete")), "{what}: {error:?}");
    assert!(fixture.commits().is_empty(), "{what}");
    assert!(fixture.emulator.blob(CONTAINER, NAME).is_none_or(|blob| !blob.committed), "{what}");
}

fn writable(path: &Path) -> File {
    File::options().write(true).open(path).unwrap()
}

/// A file system notes times in steps; what is written within one of them has the same time.
fn later(file: &File) {
    file.set_modified(SystemTime::now() + Duration::from_secs(5)).unwrap();
}

/// What somebody does to the file.
type Change = fn(&Path);

const GROWS: Change = |path| {
    let file = writable(path);
    file.set_len(3 * MIB as u64 + 1).unwrap();
};
const SHRINKS: Change = |path| writable(path).set_len(2 * MIB as u64 - 1).unwrap();
const IS_EMPTIED: Change = |path| drop(File::create(path).unwrap());
const IS_WRITTEN_OVER: Change = |path| {
    let file = writable(path);
    file.write_all_at(&content(9, MIB), MIB as u64).unwrap();
    later(&file);
};
const IS_REPLACED: Change = |path| {
    let other = path.with_extension("new");
    std::fs::write(&other, b"another file").unwrap();
    std::fs::rename(other, path).unwrap();
};
const IS_REMOVED: Change = |path| std::fs::remove_file(path).unwrap();

/// When somebody does it.
type Moment = fn(&Event, usize) -> bool;

const BEFORE_THE_FIRST_BLOCK: Moment =
    |event, _| matches!(event, Event::Progress(progress) if progress.phase == Phase::Uploading);
const BETWEEN_THE_BLOCKS: Moment = |event, answers| is_answered(event, "PUT") && answers == 1;
const AFTER_THE_LAST_BLOCK: Moment = |event, answers| is_answered(event, "PUT") && answers == 3;

/// Sends a file of three blocks, one after the other, and does something to it at a moment.
async fn meddle(fixture: &TransferFixture, moment: Moment, change: Change) -> Result<(), Error> {
    let path = fixture.file("p", &content(1, 3 * MIB));
    let request = {
        let mut request = upload(fixture, &path);
        request.options.streams = Some(1);
        request
    };
    let (mut answers, mut done) = (0, false);
    let sink = Acting::acting(fixture, move |event| {
        answers += usize::from(is_answered(event, "PUT"));
        if !done && moment(event, answers) {
            done = true;
            change(&path);
        }
    });
    fixture.engine.upload(&request, &sink, &CancelToken::new()).await.map(drop)
}

#[tokio::test]
async fn a_file_that_is_written_meanwhile_does_not_become_a_blob() {
    for (when, moment, blocks) in [
        ("before the first block", BEFORE_THE_FIRST_BLOCK, 0),
        ("between the blocks", BETWEEN_THE_BLOCKS, 1),
        ("after the last block", AFTER_THE_LAST_BLOCK, 3),
    ] {
        for (what, change) in
            [("grows", GROWS), ("shrinks", SHRINKS), ("is emptied", IS_EMPTIED), ("is written over", IS_WRITTEN_OVER)]
        {
            let fixture = TransferFixture::new().await;
            let error = meddle(&fixture, moment, change).await.unwrap_err();
            assert_changed(&fixture, &error, &format!("{what} {when}"));
            assert_eq!(fixture.put_blocks().len(), blocks, "{what} {when}: noticed at the next block, not at the end");
        }
    }
}

/// The open file is still the one that it was.
#[tokio::test]
async fn a_file_that_another_takes_the_place_of_is_sent_as_it_was() {
    for moment in [BEFORE_THE_FIRST_BLOCK, BETWEEN_THE_BLOCKS, AFTER_THE_LAST_BLOCK] {
        for change in [IS_REPLACED, IS_REMOVED] {
            let fixture = TransferFixture::new().await;
            // Removing a file's name is no change of the file on Unix.
            meddle(&fixture, moment, change).await.unwrap();
            assert!(stored(&fixture, NAME) == content(1, 3 * MIB));
        }
    }
}

/// Larger than what the sockets of both sides take, so that much of it is read after the change.
const LARGE: usize = 24 * MIB;

/// Changes a file while its only block is on its way, after its sum was made and before all of it was read.
async fn meddle_in_a_block(fixture: &TransferFixture, change: impl FnOnce(&Path)) -> Error {
    let path = fixture.file("p", &content(2, LARGE));
    let minute = Effect::Delay { ms: 60_000, virtual_time: true };
    fixture.emulator.faults().add(Rule::new(minute).query("comp=block&").after_received(100_000).times(1));
    let mut request = upload(fixture, &path);
    request.options.block_size = Some(LARGE as u64);
    let sending = send(fixture, &request);
    let changing = async {
        let begun = || fixture.put_blocks().first().is_some_and(|put| put.body_received >= 100_000);
        until("the beginning of the block", begun).await;
        change(&path);
        fixture.emulator.clock().advance(Duration::from_secs(61));
    };
    let (outcome, ()) = tokio::join!(sending, changing);
    outcome.unwrap_err()
}

#[tokio::test]
async fn a_block_that_changes_on_its_way_is_refused_and_not_sent_as_it_is_now() {
    let fixture = TransferFixture::new().await;
    let error = meddle_in_a_block(&fixture, |path| {
        let file = writable(path);
        file.write_all_at(b"x", LARGE as u64 - 1).unwrap();
        later(&file);
    })
    .await;
    assert_changed(&fixture, &error, "with its time");
    assert_eq!(fixture.put_blocks().len(), 1, "the store refused it, and then its time was seen");

    // With the time it had: only the sum that was kept tells.
    let fixture = TransferFixture::new().await;
    let error = meddle_in_a_block(&fixture, |path| {
        let before = path.metadata().unwrap().modified().unwrap();
        let file = writable(path);
        file.write_all_at(b"x", LARGE as u64 - 1).unwrap();
        file.set_modified(before).unwrap();
    })
    .await;
    assert_changed(&fixture, &error, "without its time");
    assert_eq!(fixture.put_blocks().len(), 1);
}

#[tokio::test]
async fn a_block_that_ends_early_on_its_way_ends_the_upload() {
    let fixture = TransferFixture::new().await;
    let error = meddle_in_a_block(&fixture, |path| writable(path).set_len(LARGE as u64 - 1).unwrap()).await;
    assert_changed(&fixture, &error, "shorter");
}

#[tokio::test]
async fn a_file_with_holes_arrives_whole() {
    let fixture = TransferFixture::new().await;
    let path = fixture.path("p");
    let file = File::create(&path).unwrap();
    file.set_len(5 * MIB as u64 + 1).unwrap();
    file.write_all_at(&content(3, 5000), 2 * MIB as u64 - 2500).unwrap();
    let receipt = send(&fixture, &upload(&fixture, &path)).await.unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert!(stored(&fixture, NAME) == bytes);
    assert_eq!((receipt.bytes, receipt.blocks), (bytes.len() as u64, 6));
    assert_eq!(receipt.content_md5, fixture.emulator.blob(CONTAINER, NAME).unwrap().content_md5);
}

/// Makes a named pipe.
#[cfg(target_os = "linux")]
fn pipe(path: &Path) {
    rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
}

/// Opening a pipe to which nobody writes would wait for ever, so this happens in a thread that can be given up.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_named_pipe_is_refused_before_it_is_opened() {
    let fixture = TransferFixture::new().await;
    let (named, linked) = (fixture.path("pipe"), fixture.path("link"));
    pipe(&named);
    std::os::unix::fs::symlink(&named, &linked).unwrap();
    for path in [named, linked] {
        let (engine, sink, request) = (fixture.engine.clone(), fixture.sink(), upload(&fixture, &path));
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(engine.upload(&request, &sink, &CancelToken::new())).unwrap_err()
        });
        until("the refusal", || thread.is_finished()).await;
        let error = thread.join().unwrap();
        assert_eq!(error.kind(), Kind::InvalidArgument);
        let text = "is a pipe, which cannot be uploaded: its size is not known in advance, and a failed block could not be sent again";
        assert_eq!(error.to_string(), format!("'{}' {text}", path.display()));
        assert_eq!(error.next_step(), Some("save it to a file first"));
    }
    assert!(fixture.emulator.requests().is_empty());
}
