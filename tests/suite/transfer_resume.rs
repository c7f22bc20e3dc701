//! An upload that was cut goes on where it was, and where it cannot, says so and begins anew.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use epicloud::base::cancel::CancelToken;
use epicloud::base::error::Kind;
use epicloud::base::event::{Event, Phase};
use epicloud::transfer::upload::Upload;
use epicloud_emulator::{Effect, Rule};

use super::fixture::names_in;
use super::transfer_fixture::{
    Acting, CONTAINER, HOUR, MIB, NAME, TransferFixture, block, blocks, content, is_answered, link, named, send,
    send_all, stored, upload,
};

const OTHER: &str = "site.cms.app.2.0.0.nupkg";

/// An upload whose blocks go one after the other.
fn in_a_row(fixture: &TransferFixture, file: &Path) -> Upload {
    let mut request = upload(fixture, file);
    request.options.streams = Some(1);
    request
}

/// Cuts an upload at its n-th block.
async fn cut(fixture: &TransferFixture, request: &Upload, nth: u64) {
    fixture.refuse(|rule| rule.query("comp=block&").nth(nth));
    assert_eq!(send_all(fixture, request).await.unwrap_err().kind(), Kind::Forbidden);
    fixture.calm();
}

/// A fixture with an upload of five blocks, of which three are in the blob storage.
async fn cut_after_three() -> (TransferFixture, PathBuf, Vec<u8>) {
    let fixture = TransferFixture::new().await;
    let bytes = content(1, 5 * MIB - 17);
    let file = fixture.file("p", &bytes);
    cut(&fixture, &in_a_row(&fixture, &file), 4).await;
    (fixture, file, bytes)
}

fn only_journal(fixture: &TransferFixture) -> PathBuf {
    let [journal] = <[PathBuf; 1]>::try_from(fixture.journals()).unwrap();
    journal
}

/// Nothing was taken up: all five blocks are sent, and why is said.
async fn assert_begins_anew(fixture: &TransferFixture, request: &Upload, why: &str, bytes: &[u8]) {
    let receipt = send(fixture, request).await.unwrap();
    assert_eq!((receipt.resumed_bytes, blocks(fixture).len() as u64), (0, receipt.blocks), "{why}");
    assert_eq!(fixture.said(why), 1, "{why}: {:?}", fixture.messages());
    assert_eq!(stored(fixture, NAME), bytes);
}

#[tokio::test]
async fn only_the_missing_blocks_are_sent_and_by_the_same_id() {
    let fixture = TransferFixture::new().await;
    let bytes = content(1, 5 * MIB - 17);
    let file = fixture.file("p", &bytes);
    let request = in_a_row(&fixture, &file);
    fixture.refuse(|rule| rule.query("comp=block&").nth(4));
    assert_eq!(send(&fixture, &request).await.unwrap_err().kind(), Kind::Forbidden);
    assert_eq!(fixture.said("already uploaded"), 0);
    let (_, id) = block(&fixture.put_blocks()[0]);
    fixture.calm();

    let receipt = send(&fixture, &request).await.unwrap();
    assert_eq!(blocks(&fixture), [3, 4]);
    assert!(fixture.put_blocks().iter().all(|request| block(request).1 == id));
    assert_eq!((receipt.resumed_bytes, receipt.blocks, receipt.retries), (3 * MIB as u64, 5, 0));
    assert_eq!(fixture.said(&format!("resuming the upload of '{NAME}': 3 of 5 blocks already uploaded")), 1);
    assert!(stored(&fixture, NAME) == bytes);
    assert_eq!(fixture.emulator.blob(CONTAINER, NAME).unwrap().content_md5, receipt.content_md5);
    assert_eq!(fixture.journals(), [] as [PathBuf; 0], "nothing is left to go on with");
    assert!(fixture.requests("GET", "").is_empty(), "a link for writing alone is not used for reading");
}

#[tokio::test]
async fn an_upload_can_be_cut_again_and_again() {
    let fixture = TransferFixture::new().await;
    let bytes = content(2, 6 * MIB);
    let file = fixture.file("p", &bytes);
    let request = in_a_row(&fixture, &file);
    for number in 0..6 {
        fixture.refuse(|rule| rule.query("comp=block&").nth(2));
        let outcome = send(&fixture, &request).await;
        assert_eq!(blocks(&fixture)[0], number, "every try brings one block");
        assert_eq!(outcome.is_ok(), number == 5);
        fixture.calm();
    }
    assert!(stored(&fixture, NAME) == bytes);
    assert!(fixture.journals().is_empty());
}

#[tokio::test]
async fn the_journal_holds_no_link_and_is_for_its_owner_alone() {
    let (fixture, _, _) = cut_after_three().await;
    let journal = only_journal(&fixture);
    let text = std::fs::read_to_string(&journal).unwrap();
    assert!(!text.contains("sig") && !text.contains('?'), "{text}");
    assert_eq!(text.lines().count(), 1 + 3, "{text}");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(journal.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(journal.parent().unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn a_changed_file_starts_again() {
    let why = "cannot be resumed (the file has changed); restarting the upload";
    let (fixture, file, bytes) = cut_after_three().await;
    let modified = file.metadata().unwrap().modified().unwrap();
    File::options().write(true).open(&file).unwrap().set_modified(modified + Duration::from_secs(1)).unwrap();
    assert_begins_anew(&fixture, &in_a_row(&fixture, &file), why, &bytes).await;

    let (fixture, file, mut bytes) = cut_after_three().await;
    let modified = file.metadata().unwrap().modified().unwrap();
    bytes.push(7);
    std::fs::write(&file, &bytes).unwrap();
    File::options().write(true).open(&file).unwrap().set_modified(modified).unwrap();
    assert_begins_anew(&fixture, &in_a_row(&fixture, &file), why, &bytes).await;
}

/// By size and time it is the same file; by the sum of what was sent it is not.
#[tokio::test]
async fn a_block_whose_bytes_changed_unnoticed_is_sent_again() {
    let (fixture, file, mut bytes) = cut_after_three().await;
    let modified = file.metadata().unwrap().modified().unwrap();
    bytes[MIB + 5] ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    File::options().write(true).open(&file).unwrap().set_modified(modified).unwrap();
    let receipt = send(&fixture, &in_a_row(&fixture, &file)).await.unwrap();
    assert_eq!(blocks(&fixture), [1, 3, 4]);
    assert_eq!(receipt.resumed_bytes, 2 * MIB as u64);
    assert_eq!(fixture.said("2 of 5 blocks already uploaded"), 1);
    assert!(stored(&fixture, NAME) == bytes);
}

#[tokio::test]
async fn another_size_of_blocks_starts_again() {
    let (fixture, file, bytes) = cut_after_three().await;
    let mut request = in_a_row(&fixture, &file);
    request.options.block_size = Some(2 * MIB as u64);
    assert_begins_anew(&fixture, &request, "cannot be resumed (the block size is different)", &bytes).await;
}

#[tokio::test]
async fn another_blob_of_the_same_file_is_an_upload_of_its_own() {
    let (fixture, file, bytes) = cut_after_three().await;
    let other = Upload { files: vec![named(&file, OTHER)], ..in_a_row(&fixture, &file) };
    send(&fixture, &other).await.unwrap();
    assert_eq!(blocks(&fixture), [0, 1, 2, 3, 4]);
    assert_eq!(fixture.journals().len(), 1, "that of the first is left alone");
    fixture.calm();
    send(&fixture, &in_a_row(&fixture, &file)).await.unwrap();
    assert_eq!(blocks(&fixture), [3, 4]);
    assert!(stored(&fixture, NAME) == bytes && stored(&fixture, OTHER) == bytes);
}

/// Another commit of the same name makes the service drop what waits.
#[tokio::test]
async fn what_the_store_has_lost_is_sent_again_and_that_is_said_once() {
    let (fixture, file, bytes) = cut_after_three().await;
    fixture.emulator.put_blob(CONTAINER, NAME, b"another package").unwrap();
    let request = in_a_row(&fixture, &file);
    let receipt = send(&fixture, &request).await.unwrap();
    assert_eq!(blocks(&fixture), [0, 1, 2, 3, 3, 4, 4], "the missing ones first, then all");
    assert_eq!((receipt.resumed_bytes, fixture.commits().len()), (0, 2));
    assert_eq!(fixture.said("no longer has the blocks of the earlier upload; restarting the upload"), 1);
    assert!(stored(&fixture, NAME) == bytes);

    // What was lost is not looked for once more by the next upload.
    assert_eq!(fixture.journals(), [] as [PathBuf; 0]);
    fixture.calm();
    send(&fixture, &request).await.unwrap();
    assert_eq!((blocks(&fixture), fixture.commits().len()), (vec![0, 1, 2, 3, 4], 1));
}

#[tokio::test]
async fn what_is_sent_again_because_it_was_lost_can_be_cut_and_taken_up_too() {
    let (fixture, file, bytes) = cut_after_three().await;
    fixture.emulator.put_blob(CONTAINER, NAME, b"another package").unwrap();
    // Two missing blocks, then two of all five.
    cut(&fixture, &in_a_row(&fixture, &file), 2 + 3).await;
    let receipt = send(&fixture, &in_a_row(&fixture, &file)).await.unwrap();
    assert_eq!((blocks(&fixture), receipt.resumed_bytes), (vec![2, 3, 4], 2 * MIB as u64));
    assert!(stored(&fixture, NAME) == bytes);
}

#[tokio::test]
async fn a_store_that_loses_blocks_every_time_ends_the_upload() {
    let (fixture, file, _) = cut_after_three().await;
    fixture.emulator.faults().add(Rule::new(Effect::error(400, "InvalidBlockList", "no")).query("comp=blocklist&"));
    let error = send(&fixture, &in_a_row(&fixture, &file)).await.unwrap_err();
    assert_eq!((error.code(), fixture.commits().len()), (Some("InvalidBlockList"), 2), "{error}");
    assert_eq!(fixture.said("restarting the upload"), 1);
}

#[tokio::test]
async fn where_the_link_permits_reading_the_store_is_asked_what_it_has() {
    let fixture = TransferFixture::new().await;
    let bytes = content(3, 5 * MIB);
    let file = fixture.file("p", &bytes);
    let request = Upload { container: link(&fixture.emulator.package_link("rw", HOUR)), ..in_a_row(&fixture, &file) };
    let asked = |fixture: &TransferFixture| fixture.requests("GET", "comp=blocklist&").len();
    cut(&fixture, &request, 4).await;
    assert_eq!(asked(&fixture), 0, "nothing of an earlier upload, nothing to ask");
    cut(&fixture, &request, 2).await;
    // Of its four blocks the blob storage has forgotten all, and then got one of another length by the same id.
    let (_, id) = {
        fixture.refuse(|rule| rule.query("comp=block&"));
        send(&fixture, &request).await.unwrap_err();
        let first = fixture.put_blocks().remove(0);
        assert_eq!((asked(&fixture), block(&first).0), (1, 4));
        block(&first)
    };
    fixture.emulator.put_blob(CONTAINER, NAME, b"another package").unwrap();
    fixture.calm();
    fixture.emulator.faults().add(Rule::new(Effect::status(503)).query("comp=blocklist&").times(1));
    let receipt = send(&fixture, &request).await.unwrap();
    assert_eq!(asked(&fixture), 2, "a passing fault of the question is repeated");
    assert_eq!((blocks(&fixture), receipt.resumed_bytes), (vec![0, 1, 2, 3, 4], 0));
    assert!(fixture.put_blocks().iter().all(|request| block(request).1 == id));
    assert_eq!((fixture.commits().len(), fixture.said("restarting the upload")), (1, 0), "known before the commit");
    assert!(stored(&fixture, NAME) == bytes);
}

/// A kill in the instant between the commit and the removal of the journal.
#[tokio::test]
async fn a_journal_of_what_is_complete_does_no_harm() {
    for permissions in ["w", "rw"] {
        let fixture = TransferFixture::new().await;
        let bytes = content(4, 3 * MIB);
        let file = fixture.file("p", &bytes);
        let container = link(&fixture.emulator.package_link(permissions, HOUR));
        let request = Upload { container, ..in_a_row(&fixture, &file) };
        // The journal as it is when all blocks are there and the blob is about to be made.
        fixture.refuse(|rule| rule.query("comp=blocklist&").method("PUT"));
        send(&fixture, &request).await.unwrap_err();
        let journal = only_journal(&fixture);
        let text = std::fs::read(&journal).unwrap();
        fixture.calm();
        send(&fixture, &request).await.unwrap();
        assert!(blocks(&fixture).is_empty() && !journal.exists());
        std::fs::write(&journal, text).unwrap();
        fixture.emulator.clear_requests();

        send(&fixture, &request).await.unwrap();
        assert!(stored(&fixture, NAME) == bytes, "{permissions}");
        assert!(fixture.journals().is_empty());
        assert!(blocks(&fixture).len() <= 3, "{permissions}: {:?}", blocks(&fixture));
    }
}

#[tokio::test]
async fn a_journal_that_cannot_be_read_is_said_and_replaced() {
    for spoiled in [&b"nonsense"[..], b"{}\n", &[0; 500]] {
        let (fixture, file, bytes) = cut_after_three().await;
        std::fs::write(only_journal(&fixture), spoiled).unwrap();
        let request = in_a_row(&fixture, &file);
        cut(&fixture, &request, 2).await;
        assert_eq!(fixture.said("cannot be resumed (its journal cannot be read); restarting the upload"), 1);
        send(&fixture, &request).await.unwrap();
        assert_eq!(blocks(&fixture), [1, 2, 3, 4], "the new journal is good");
        assert!(stored(&fixture, NAME) == bytes);
    }
}

#[tokio::test]
async fn a_line_that_was_half_written_is_a_block_more_to_send() {
    let (fixture, file, bytes) = cut_after_three().await;
    let journal = only_journal(&fixture);
    let text = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, &text[..text.len() - 4]).unwrap();
    let request = in_a_row(&fixture, &file);
    cut(&fixture, &request, 2).await;
    send(&fixture, &request).await.unwrap();
    assert_eq!(blocks(&fixture), [3, 4], "what follows the half line was read");
    assert!(stored(&fixture, NAME) == bytes);
}

/// Without a state folder, or with one that cannot be one, an upload works and begins anew when it was cut.
#[tokio::test]
async fn an_upload_needs_no_state_folder() {
    for (place, why) in [
        (None, "there is no state directory"),
        (Some("a-file"), "cannot create"),
        (Some("a-file/below"), "cannot create"),
        (Some("/proc"), "cannot create '/proc/uploads'"),
    ] {
        let mut fixture = TransferFixture::new().await;
        fixture.file("a-file", b"x");
        let state = place.map(|place| fixture.path(place));
        fixture.engine = fixture.engine.clone().keeping_state_in(state);
        let bytes = content(5, 2 * MIB);
        let file = fixture.file("p", &bytes);
        let request = in_a_row(&fixture, &file);
        cut(&fixture, &request, 2).await;
        assert_eq!(fixture.said(&format!("if interrupted, this upload cannot be resumed: {why}")), 1, "{place:?}");
        let receipt = send(&fixture, &request).await.unwrap();
        assert_eq!((blocks(&fixture), receipt.resumed_bytes), (vec![0, 1], 0));
        assert!(stored(&fixture, NAME) == bytes);
        assert!(
            names_in(fixture.folder.path()) == ["a-file", "p"]
                && std::fs::read(fixture.path("a-file")).unwrap() == b"x"
        );
    }
}

/// Nor does anything in the place of the folder of all journals end an upload.
#[tokio::test]
async fn a_file_where_the_journals_should_be_is_said_and_ends_nothing() {
    let fixture = TransferFixture::new().await;
    std::fs::write(fixture.state.path().join("uploads"), b"mine").unwrap();
    let bytes = content(8, 2 * MIB);
    let request = upload(&fixture, &fixture.file("p", &bytes));
    send(&fixture, &request).await.unwrap();
    assert!(stored(&fixture, NAME) == bytes);
    assert_eq!(
        fixture.said("if interrupted, this upload cannot be resumed: cannot create"),
        1,
        "{:?}",
        fixture.messages()
    );
}

/// A SAS URL in the journal's place could lead to anything.
#[tokio::test]
async fn a_link_in_the_journals_place_is_not_followed() {
    let (fixture, file, bytes) = cut_after_three().await;
    let (journal, elsewhere) = (only_journal(&fixture), fixture.path("elsewhere"));
    std::fs::rename(&journal, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &journal).unwrap();
    let before = std::fs::read(&elsewhere).unwrap();
    let receipt = send(&fixture, &upload(&fixture, &file)).await.unwrap();
    assert_eq!(receipt.resumed_bytes, 0);
    assert!(stored(&fixture, NAME) == bytes && std::fs::read(&elsewhere).unwrap() == before);
}

/// Locked before there is anything to write, and gone again with an upload that comes to nothing.
#[tokio::test]
async fn an_upload_without_any_block_leaves_no_journal() {
    let fixture = TransferFixture::new().await;
    fixture.refuse(|rule| rule.query("comp=block&"));
    send(&fixture, &upload(&fixture, &fixture.file("p", &content(9, MIB)))).await.unwrap_err();
    assert!(fixture.journals().is_empty());
}

/// A folder at the journal's place stands for every reason for which it cannot be written: no right, a full disk.
#[tokio::test]
async fn a_journal_that_cannot_be_written_is_said_once() {
    let (fixture, file, bytes) = cut_after_three().await;
    let journal = only_journal(&fixture);
    std::fs::remove_file(&journal).unwrap();
    std::fs::create_dir(&journal).unwrap();
    let receipt = send(&fixture, &upload(&fixture, &file)).await.unwrap();
    assert_eq!(receipt.resumed_bytes, 0);
    assert!(stored(&fixture, NAME) == bytes);
    assert_eq!(fixture.said("if interrupted, this upload cannot be resumed: cannot write"), 1);
}

#[tokio::test]
async fn a_second_upload_of_the_same_file_to_the_same_blob_is_refused() {
    let (fixture, file, bytes) = cut_after_three().await;
    let held = File::options().read(true).write(true).open(only_journal(&fixture)).unwrap();
    held.lock().unwrap();
    let request = in_a_row(&fixture, &file);
    let error = send(&fixture, &request).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict);
    assert!(error.to_string().contains("another upload of '"), "{error}");
    assert!(fixture.emulator.requests().is_empty(), "before any request");
    assert_eq!(std::fs::read_to_string(only_journal(&fixture)).unwrap().lines().count(), 1 + 3);
    drop(held);
    let receipt = send(&fixture, &request).await.unwrap();
    assert_eq!((receipt.resumed_bytes, blocks(&fixture)), (3 * MIB as u64, vec![3, 4]));
    assert!(stored(&fixture, NAME) == bytes);
}

/// Two that begin at the same moment: one of them is refused unless the other has ended before, and neither harms the
/// other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_uploads_that_begin_together_one_goes_through() {
    let fixture = TransferFixture::new().await;
    let bytes = content(7, 5 * MIB);
    let file = fixture.file("p", &bytes);
    let request = upload(&fixture, &file);
    let (sink, cancel) = (fixture.sink(), CancelToken::new());
    let mut refused = 0;
    for round in 0..20 {
        let (first, second) = tokio::join!(
            fixture.engine.upload(&request, &sink, &cancel),
            fixture.engine.upload(&request, &sink, &cancel)
        );
        assert!(first.is_ok() || second.is_ok(), "round {round}");
        for error in [first, second].into_iter().filter_map(Result::err) {
            assert_eq!(error.kind(), Kind::Conflict, "round {round}: {error}");
            refused += 1;
        }
        assert!(stored(&fixture, NAME) == bytes && fixture.journals().is_empty(), "round {round}");
    }
    assert!(refused > 0, "two uploads met");
}

/// The lock ends with the upload, whatever its file work was doing: whoever tries again at once goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_ended_has_let_go_of_its_journal() {
    let fixture = TransferFixture::new().await;
    let file = fixture.file("p", &content(6, 67 * MIB));
    let mut request = in_a_row(&fixture, &file);
    // No round stores more blocks than four and those of fifteen other streams, so some are left for the last one.
    request.options.block_size = Some(MIB as u64 / 2);
    // A journal stays once a block is in it, which the first of sixteen that meet the refusal need not be.
    cut(&fixture, &request, 4).await;
    request.options.streams = Some(16);
    fixture.refuse(|rule| rule.query("comp=block&").every(5));
    for round in 0..8 {
        assert_eq!(send(&fixture, &request).await.unwrap_err().kind(), Kind::Forbidden);
        let journal = File::open(only_journal(&fixture)).unwrap();
        assert!(journal.try_lock().is_ok(), "round {round}");
    }
}

/// The service forgets blocks after a week.
#[tokio::test]
async fn journals_of_more_than_eight_days_are_removed() {
    let day = Duration::from_secs(24 * 3600);
    let fixture = TransferFixture::new().await;
    let folder = fixture.state.path().join("uploads");
    std::fs::create_dir(&folder).unwrap();
    for (name, age) in [("old.journal", 9), ("young.journal", 7), ("old.other", 9)] {
        let file = File::create(folder.join(name)).unwrap();
        file.set_modified(SystemTime::now() - age * day).unwrap();
    }
    send(&fixture, &upload(&fixture, &fixture.file("p", b"x"))).await.unwrap();
    assert_eq!(names_in(&folder), ["old.other", "young.journal"]);

    let (fixture, file, bytes) = cut_after_three().await;
    fixture.clock.advance(9 * day);
    let late = link(&fixture.emulator.package_link("w", 10 * day));
    let receipt = send(&fixture, &Upload { container: late, ..in_a_row(&fixture, &file) }).await.unwrap();
    assert_eq!((receipt.resumed_bytes, blocks(&fixture).len()), (0, 5), "too old to go on with");
    assert!(stored(&fixture, NAME) == bytes);
}

#[tokio::test]
async fn both_files_of_an_upload_go_on() {
    let fixture = TransferFixture::new().await;
    let (first, second) = (content(7, 3 * MIB), content(8, 4 * MIB - 1));
    let files = vec![named(&fixture.file("a", &first), NAME), named(&fixture.file("b", &second), OTHER)];
    let request = Upload { files, ..in_a_row(&fixture, &fixture.path("a")) };
    cut(&fixture, &request, 3 + 2).await;
    assert_eq!(fixture.journals().len(), 2);

    let receipts = send_all(&fixture, &request).await.unwrap();
    let sent: Vec<_> = fixture.put_blocks().iter().map(|put| (put.path.contains(OTHER), block(put).0)).collect();
    assert_eq!(sent, [(true, 1), (true, 2), (true, 3)]);
    let resumed: Vec<_> = receipts.iter().map(|receipt| receipt.resumed_bytes).collect();
    assert_eq!(resumed, [3 * MIB as u64, MIB as u64]);
    assert!(stored(&fixture, NAME) == first && stored(&fixture, OTHER) == second);
    assert!(fixture.journals().is_empty());
}

/// One of two was made a blob before the cut; the other goes on, and what is complete is sent anew.
#[tokio::test]
async fn an_upload_that_is_cut_between_its_commits_sends_nothing_again() {
    let fixture = TransferFixture::new().await;
    let (first, second) = (content(9, 2 * MIB), content(10, 2 * MIB));
    let files = vec![named(&fixture.file("a", &first), NAME), named(&fixture.file("b", &second), OTHER)];
    let request = Upload { files, ..in_a_row(&fixture, &fixture.path("a")) };
    fixture.refuse(|rule| rule.query("comp=blocklist&").nth(2));
    send_all(&fixture, &request).await.unwrap_err();
    assert!(fixture.journals().len() == 2 && stored(&fixture, NAME) == first);
    fixture.calm();
    let receipts = send_all(&fixture, &request).await.unwrap();
    let resumed: Vec<_> = receipts.iter().map(|receipt| receipt.resumed_bytes).collect();
    assert_eq!((resumed, blocks(&fixture)), (vec![2 * MIB as u64; 2], vec![]));
    assert!(fixture.journals().is_empty());
    assert!(stored(&fixture, NAME) == first && stored(&fixture, OTHER) == second);
}

/// What the blob storage has lost of the second file is found out after the first one is a blob.
#[tokio::test]
async fn a_loss_at_the_second_commit_leaves_the_first_blob_as_it_is() {
    let fixture = TransferFixture::new().await;
    let (first, second) = (content(11, 2 * MIB), content(12, 2 * MIB));
    let files = vec![named(&fixture.file("a", &first), NAME), named(&fixture.file("b", &second), OTHER)];
    let request = Upload { files, ..in_a_row(&fixture, &fixture.path("a")) };
    cut(&fixture, &request, 2 + 2).await;
    fixture.emulator.put_blob(CONTAINER, OTHER, b"another package").unwrap();
    let receipts = send_all(&fixture, &request).await.unwrap();
    let names: Vec<_> = receipts.iter().map(|receipt| receipt.blob_name.as_str()).collect();
    assert_eq!(names, [NAME, OTHER], "one receipt for each file");
    let commits: Vec<_> = fixture.commits().iter().map(|commit| (commit.path.contains(OTHER), commit.status)).collect();
    assert_eq!(commits, [(false, Some(201)), (true, Some(400)), (true, Some(201))]);
    assert!(stored(&fixture, NAME) == first && stored(&fixture, OTHER) == second);
    assert!(fixture.journals().is_empty());
}

/// Comparing a large file with its journal takes time, and can be stopped.
#[tokio::test]
async fn a_cancel_while_the_file_is_compared_ends_the_upload_and_keeps_the_journal() {
    let (fixture, file, bytes) = cut_after_three().await;
    let cancel = CancelToken::new();
    let stop = cancel.clone();
    let sink = Acting::acting(&fixture, move |event| {
        if matches!(event, Event::Progress(progress) if progress.phase == Phase::Verifying) {
            stop.cancel();
        }
    });
    let request = in_a_row(&fixture, &file);
    assert_eq!(fixture.engine.upload(&request, &sink, &cancel).await.unwrap_err().kind(), Kind::Cancelled);
    assert!(fixture.emulator.requests().is_empty());
    let receipt = send(&fixture, &request).await.unwrap();
    assert_eq!(receipt.resumed_bytes, 3 * MIB as u64);
    assert!(stored(&fixture, NAME) == bytes);
}

/// A byte of the file changes between its comparison with the journal and the commit: no block that is sent shows it,
/// but its time does.
#[tokio::test]
async fn a_file_that_changes_after_it_was_taken_up_is_not_committed() {
    let (fixture, file, _) = cut_after_three().await;
    let path = file.clone();
    let sink = Acting::acting(&fixture, move |event| {
        if is_answered(event, "PUT") {
            let file = File::options().write(true).open(&path).unwrap();
            file.write_all_at(b"x", 0).unwrap();
            file.set_modified(SystemTime::now() + Duration::from_secs(5)).unwrap();
        }
    });
    let request = in_a_row(&fixture, &file);
    let error = fixture.engine.upload(&request, &sink, &CancelToken::new()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Integrity, "{error}");
    assert!(fixture.commits().is_empty());
}
