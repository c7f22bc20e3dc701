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

use super::stage::names_in;
use super::transfer_world::{
    Acting, CONTAINER, HOUR, MIB, NAME, World, block, blocks, content, is_answered, link, named, send, send_all,
    stored, upload,
};

const OTHER: &str = "site.cms.app.2.0.0.nupkg";

/// An upload whose blocks go one after the other.
fn in_a_row(world: &World, file: &Path) -> Upload {
    let mut request = upload(world, file);
    request.options.streams = Some(1);
    request
}

/// Cuts an upload at its n-th block.
async fn cut(world: &World, request: &Upload, nth: u64) {
    world.refuse(|rule| rule.query("comp=block&").nth(nth));
    assert_eq!(send_all(world, request).await.unwrap_err().kind(), Kind::Forbidden);
    world.calm();
}

/// A world with an upload of five blocks, of which three are in the store.
async fn cut_after_three() -> (World, PathBuf, Vec<u8>) {
    let world = World::new().await;
    let bytes = content(1, 5 * MIB - 17);
    let file = world.file("p", &bytes);
    cut(&world, &in_a_row(&world, &file), 4).await;
    (world, file, bytes)
}

fn only_journal(world: &World) -> PathBuf {
    let [journal] = <[PathBuf; 1]>::try_from(world.journals()).unwrap();
    journal
}

/// Nothing was taken up: all five blocks are sent, and why is said.
async fn assert_begins_anew(world: &World, request: &Upload, why: &str, bytes: &[u8]) {
    let receipt = send(world, request).await.unwrap();
    assert_eq!((receipt.resumed_bytes, blocks(world).len() as u64), (0, receipt.blocks), "{why}");
    assert_eq!(world.said(why), 1, "{why}: {:?}", world.messages());
    assert_eq!(stored(world, NAME), bytes);
}

#[tokio::test]
async fn only_the_missing_blocks_are_sent_and_by_the_same_id() {
    let world = World::new().await;
    let bytes = content(1, 5 * MIB - 17);
    let file = world.file("p", &bytes);
    let request = in_a_row(&world, &file);
    world.refuse(|rule| rule.query("comp=block&").nth(4));
    assert_eq!(send(&world, &request).await.unwrap_err().kind(), Kind::Forbidden);
    assert_eq!(world.said("already uploaded"), 0);
    let (_, id) = block(&world.put_blocks()[0]);
    world.calm();

    let receipt = send(&world, &request).await.unwrap();
    assert_eq!(blocks(&world), [3, 4]);
    assert!(world.put_blocks().iter().all(|request| block(request).1 == id));
    assert_eq!((receipt.resumed_bytes, receipt.blocks, receipt.retries), (3 * MIB as u64, 5, 0));
    assert_eq!(world.said(&format!("resuming the upload of '{NAME}': 3 of 5 blocks already uploaded")), 1);
    assert!(stored(&world, NAME) == bytes);
    assert_eq!(world.emulator.blob(CONTAINER, NAME).unwrap().content_md5, receipt.content_md5);
    assert_eq!(world.journals(), [] as [PathBuf; 0], "nothing is left to go on with");
    assert!(world.requests("GET", "").is_empty(), "a link for writing alone is not used for reading");
}

#[tokio::test]
async fn an_upload_can_be_cut_again_and_again() {
    let world = World::new().await;
    let bytes = content(2, 6 * MIB);
    let file = world.file("p", &bytes);
    let request = in_a_row(&world, &file);
    for number in 0..6 {
        world.refuse(|rule| rule.query("comp=block&").nth(2));
        let outcome = send(&world, &request).await;
        assert_eq!(blocks(&world)[0], number, "every try brings one block");
        assert_eq!(outcome.is_ok(), number == 5);
        world.calm();
    }
    assert!(stored(&world, NAME) == bytes);
    assert!(world.journals().is_empty());
}

#[tokio::test]
async fn the_journal_holds_no_link_and_is_for_its_owner_alone() {
    let (world, _, _) = cut_after_three().await;
    let journal = only_journal(&world);
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
    let (world, file, bytes) = cut_after_three().await;
    let modified = file.metadata().unwrap().modified().unwrap();
    File::options().write(true).open(&file).unwrap().set_modified(modified + Duration::from_secs(1)).unwrap();
    assert_begins_anew(&world, &in_a_row(&world, &file), why, &bytes).await;

    let (world, file, mut bytes) = cut_after_three().await;
    let modified = file.metadata().unwrap().modified().unwrap();
    bytes.push(7);
    std::fs::write(&file, &bytes).unwrap();
    File::options().write(true).open(&file).unwrap().set_modified(modified).unwrap();
    assert_begins_anew(&world, &in_a_row(&world, &file), why, &bytes).await;
}

/// By size and time it is the same file; by the sum of what was sent it is not.
#[tokio::test]
async fn a_block_whose_bytes_changed_unnoticed_is_sent_again() {
    let (world, file, mut bytes) = cut_after_three().await;
    let modified = file.metadata().unwrap().modified().unwrap();
    bytes[MIB + 5] ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    File::options().write(true).open(&file).unwrap().set_modified(modified).unwrap();
    let receipt = send(&world, &in_a_row(&world, &file)).await.unwrap();
    assert_eq!(blocks(&world), [1, 3, 4]);
    assert_eq!(receipt.resumed_bytes, 2 * MIB as u64);
    assert_eq!(world.said("2 of 5 blocks already uploaded"), 1);
    assert!(stored(&world, NAME) == bytes);
}

#[tokio::test]
async fn another_size_of_blocks_starts_again() {
    let (world, file, bytes) = cut_after_three().await;
    let mut request = in_a_row(&world, &file);
    request.options.block_size = Some(2 * MIB as u64);
    assert_begins_anew(&world, &request, "cannot be resumed (the block size is different)", &bytes).await;
}

#[tokio::test]
async fn another_blob_of_the_same_file_is_an_upload_of_its_own() {
    let (world, file, bytes) = cut_after_three().await;
    let other = Upload { files: vec![named(&file, OTHER)], ..in_a_row(&world, &file) };
    send(&world, &other).await.unwrap();
    assert_eq!(blocks(&world), [0, 1, 2, 3, 4]);
    assert_eq!(world.journals().len(), 1, "that of the first is left alone");
    world.calm();
    send(&world, &in_a_row(&world, &file)).await.unwrap();
    assert_eq!(blocks(&world), [3, 4]);
    assert!(stored(&world, NAME) == bytes && stored(&world, OTHER) == bytes);
}

/// Another commit of the same name makes the service drop what waits.
#[tokio::test]
async fn what_the_store_has_lost_is_sent_again_and_that_is_said_once() {
    let (world, file, bytes) = cut_after_three().await;
    world.emulator.put_blob(CONTAINER, NAME, b"another package").unwrap();
    let request = in_a_row(&world, &file);
    let receipt = send(&world, &request).await.unwrap();
    assert_eq!(blocks(&world), [0, 1, 2, 3, 3, 4, 4], "the missing ones first, then all");
    assert_eq!((receipt.resumed_bytes, world.commits().len()), (0, 2));
    assert_eq!(world.said("no longer has the blocks of the earlier upload; restarting the upload"), 1);
    assert!(stored(&world, NAME) == bytes);

    // What was lost is not looked for once more by the next upload.
    assert_eq!(world.journals(), [] as [PathBuf; 0]);
    world.calm();
    send(&world, &request).await.unwrap();
    assert_eq!((blocks(&world), world.commits().len()), (vec![0, 1, 2, 3, 4], 1));
}

#[tokio::test]
async fn what_is_sent_again_because_it_was_lost_can_be_cut_and_taken_up_too() {
    let (world, file, bytes) = cut_after_three().await;
    world.emulator.put_blob(CONTAINER, NAME, b"another package").unwrap();
    // Two missing blocks, then two of all five.
    cut(&world, &in_a_row(&world, &file), 2 + 3).await;
    let receipt = send(&world, &in_a_row(&world, &file)).await.unwrap();
    assert_eq!((blocks(&world), receipt.resumed_bytes), (vec![2, 3, 4], 2 * MIB as u64));
    assert!(stored(&world, NAME) == bytes);
}

#[tokio::test]
async fn a_store_that_loses_blocks_every_time_ends_the_upload() {
    let (world, file, _) = cut_after_three().await;
    world.emulator.faults().add(Rule::new(Effect::error(400, "InvalidBlockList", "no")).query("comp=blocklist&"));
    let error = send(&world, &in_a_row(&world, &file)).await.unwrap_err();
    assert_eq!((error.code(), world.commits().len()), (Some("InvalidBlockList"), 2), "{error}");
    assert_eq!(world.said("restarting the upload"), 1);
}

#[tokio::test]
async fn where_the_link_permits_reading_the_store_is_asked_what_it_has() {
    let world = World::new().await;
    let bytes = content(3, 5 * MIB);
    let file = world.file("p", &bytes);
    let request = Upload { container: link(&world.emulator.package_link("rw", HOUR)), ..in_a_row(&world, &file) };
    let asked = |world: &World| world.requests("GET", "comp=blocklist&").len();
    cut(&world, &request, 4).await;
    assert_eq!(asked(&world), 0, "nothing of an earlier upload, nothing to ask");
    cut(&world, &request, 2).await;
    // Of its four blocks the store has forgotten all, and then got one of another length by the same id.
    let (_, id) = {
        world.refuse(|rule| rule.query("comp=block&"));
        send(&world, &request).await.unwrap_err();
        let first = world.put_blocks().remove(0);
        assert_eq!((asked(&world), block(&first).0), (1, 4));
        block(&first)
    };
    world.emulator.put_blob(CONTAINER, NAME, b"another package").unwrap();
    world.calm();
    world.emulator.faults().add(Rule::new(Effect::status(503)).query("comp=blocklist&").times(1));
    let receipt = send(&world, &request).await.unwrap();
    assert_eq!(asked(&world), 2, "a passing fault of the question is repeated");
    assert_eq!((blocks(&world), receipt.resumed_bytes), (vec![0, 1, 2, 3, 4], 0));
    assert!(world.put_blocks().iter().all(|request| block(request).1 == id));
    assert_eq!((world.commits().len(), world.said("restarting the upload")), (1, 0), "known before the commit");
    assert!(stored(&world, NAME) == bytes);
}

/// A kill in the instant between the commit and the removal of the journal.
#[tokio::test]
async fn a_journal_of_what_is_complete_does_no_harm() {
    for permissions in ["w", "rw"] {
        let world = World::new().await;
        let bytes = content(4, 3 * MIB);
        let file = world.file("p", &bytes);
        let container = link(&world.emulator.package_link(permissions, HOUR));
        let request = Upload { container, ..in_a_row(&world, &file) };
        // The journal as it is when all blocks are there and the blob is about to be made.
        world.refuse(|rule| rule.query("comp=blocklist&").method("PUT"));
        send(&world, &request).await.unwrap_err();
        let journal = only_journal(&world);
        let text = std::fs::read(&journal).unwrap();
        world.calm();
        send(&world, &request).await.unwrap();
        assert!(blocks(&world).is_empty() && !journal.exists());
        std::fs::write(&journal, text).unwrap();
        world.emulator.clear_requests();

        send(&world, &request).await.unwrap();
        assert!(stored(&world, NAME) == bytes, "{permissions}");
        assert!(world.journals().is_empty());
        assert!(blocks(&world).len() <= 3, "{permissions}: {:?}", blocks(&world));
    }
}

#[tokio::test]
async fn a_journal_that_cannot_be_read_is_said_and_replaced() {
    for spoiled in [&b"nonsense"[..], b"{}\n", &[0; 500]] {
        let (world, file, bytes) = cut_after_three().await;
        std::fs::write(only_journal(&world), spoiled).unwrap();
        let request = in_a_row(&world, &file);
        cut(&world, &request, 2).await;
        assert_eq!(world.said("cannot be resumed (its journal cannot be read); restarting the upload"), 1);
        send(&world, &request).await.unwrap();
        assert_eq!(blocks(&world), [1, 2, 3, 4], "the new journal is good");
        assert!(stored(&world, NAME) == bytes);
    }
}

#[tokio::test]
async fn a_line_that_was_half_written_is_a_block_more_to_send() {
    let (world, file, bytes) = cut_after_three().await;
    let journal = only_journal(&world);
    let text = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, &text[..text.len() - 4]).unwrap();
    let request = in_a_row(&world, &file);
    cut(&world, &request, 2).await;
    send(&world, &request).await.unwrap();
    assert_eq!(blocks(&world), [3, 4], "what follows the half line was read");
    assert!(stored(&world, NAME) == bytes);
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
        let mut world = World::new().await;
        world.file("a-file", b"x");
        let state = place.map(|place| world.path(place));
        world.engine = world.engine.clone().keeping_state_in(state);
        let bytes = content(5, 2 * MIB);
        let file = world.file("p", &bytes);
        let request = in_a_row(&world, &file);
        cut(&world, &request, 2).await;
        assert_eq!(world.said(&format!("if interrupted, this upload cannot be resumed: {why}")), 1, "{place:?}");
        let receipt = send(&world, &request).await.unwrap();
        assert_eq!((blocks(&world), receipt.resumed_bytes), (vec![0, 1], 0));
        assert!(stored(&world, NAME) == bytes);
        assert!(
            names_in(world.folder.path()) == ["a-file", "p"] && std::fs::read(world.path("a-file")).unwrap() == b"x"
        );
    }
}

/// Nor does anything in the place of the folder of all journals end an upload.
#[tokio::test]
async fn a_file_where_the_journals_should_be_is_said_and_ends_nothing() {
    let world = World::new().await;
    std::fs::write(world.state.path().join("uploads"), b"mine").unwrap();
    let bytes = content(8, 2 * MIB);
    let request = upload(&world, &world.file("p", &bytes));
    send(&world, &request).await.unwrap();
    assert!(stored(&world, NAME) == bytes);
    assert_eq!(world.said("if interrupted, this upload cannot be resumed: cannot create"), 1, "{:?}", world.messages());
}

/// A link in the journal's place could lead to anything.
#[tokio::test]
async fn a_link_in_the_journals_place_is_not_followed() {
    let (world, file, bytes) = cut_after_three().await;
    let (journal, elsewhere) = (only_journal(&world), world.path("elsewhere"));
    std::fs::rename(&journal, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &journal).unwrap();
    let before = std::fs::read(&elsewhere).unwrap();
    let receipt = send(&world, &upload(&world, &file)).await.unwrap();
    assert_eq!(receipt.resumed_bytes, 0);
    assert!(stored(&world, NAME) == bytes && std::fs::read(&elsewhere).unwrap() == before);
}

/// Locked before there is anything to write, and gone again with an upload that comes to nothing.
#[tokio::test]
async fn an_upload_without_any_block_leaves_no_journal() {
    let world = World::new().await;
    world.refuse(|rule| rule.query("comp=block&"));
    send(&world, &upload(&world, &world.file("p", &content(9, MIB)))).await.unwrap_err();
    assert!(world.journals().is_empty());
}

/// A folder at the journal's place stands for every reason for which it cannot be written: no right, a full disk.
#[tokio::test]
async fn a_journal_that_cannot_be_written_is_said_once() {
    let (world, file, bytes) = cut_after_three().await;
    let journal = only_journal(&world);
    std::fs::remove_file(&journal).unwrap();
    std::fs::create_dir(&journal).unwrap();
    let receipt = send(&world, &upload(&world, &file)).await.unwrap();
    assert_eq!(receipt.resumed_bytes, 0);
    assert!(stored(&world, NAME) == bytes);
    assert_eq!(world.said("if interrupted, this upload cannot be resumed: cannot write"), 1);
}

#[tokio::test]
async fn a_second_upload_of_the_same_file_to_the_same_blob_is_refused() {
    let (world, file, bytes) = cut_after_three().await;
    let held = File::options().read(true).write(true).open(only_journal(&world)).unwrap();
    held.lock().unwrap();
    let request = in_a_row(&world, &file);
    let error = send(&world, &request).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict);
    assert!(error.to_string().contains("another upload of '"), "{error}");
    assert!(world.emulator.requests().is_empty(), "before any request");
    assert_eq!(std::fs::read_to_string(only_journal(&world)).unwrap().lines().count(), 1 + 3);
    drop(held);
    let receipt = send(&world, &request).await.unwrap();
    assert_eq!((receipt.resumed_bytes, blocks(&world)), (3 * MIB as u64, vec![3, 4]));
    assert!(stored(&world, NAME) == bytes);
}

/// Two that begin at the same moment: one of them is refused unless the other has ended before, and neither harms the
/// other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_uploads_that_begin_together_one_goes_through() {
    let world = World::new().await;
    let bytes = content(7, 5 * MIB);
    let file = world.file("p", &bytes);
    let request = upload(&world, &file);
    let (sink, cancel) = (world.sink(), CancelToken::new());
    let mut refused = 0;
    for round in 0..20 {
        let (first, second) =
            tokio::join!(world.engine.upload(&request, &sink, &cancel), world.engine.upload(&request, &sink, &cancel));
        assert!(first.is_ok() || second.is_ok(), "round {round}");
        for error in [first, second].into_iter().filter_map(Result::err) {
            assert_eq!(error.kind(), Kind::Conflict, "round {round}: {error}");
            refused += 1;
        }
        assert!(stored(&world, NAME) == bytes && world.journals().is_empty(), "round {round}");
    }
    assert!(refused > 0, "two uploads met");
}

/// The lock ends with the upload, whatever its file work was doing: whoever tries again at once goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_ended_has_let_go_of_its_journal() {
    let world = World::new().await;
    let file = world.file("p", &content(6, 67 * MIB));
    let mut request = upload(&world, &file);
    // A journal stays once a block is in it, which the first of sixteen that meet the refusal need not be.
    cut(&world, &in_a_row(&world, &file), 4).await;
    request.options.streams = Some(16);
    world.refuse(|rule| rule.query("comp=block&").every(5));
    for round in 0..8 {
        assert_eq!(send(&world, &request).await.unwrap_err().kind(), Kind::Forbidden);
        let journal = File::open(only_journal(&world)).unwrap();
        assert!(journal.try_lock().is_ok(), "round {round}");
    }
}

/// The service forgets blocks after a week.
#[tokio::test]
async fn journals_of_more_than_eight_days_are_removed() {
    let day = Duration::from_secs(24 * 3600);
    let world = World::new().await;
    let folder = world.state.path().join("uploads");
    std::fs::create_dir(&folder).unwrap();
    for (name, age) in [("old.journal", 9), ("young.journal", 7), ("old.other", 9)] {
        let file = File::create(folder.join(name)).unwrap();
        file.set_modified(SystemTime::now() - age * day).unwrap();
    }
    send(&world, &upload(&world, &world.file("p", b"x"))).await.unwrap();
    assert_eq!(names_in(&folder), ["old.other", "young.journal"]);

    let (world, file, bytes) = cut_after_three().await;
    world.clock.advance(9 * day);
    let late = link(&world.emulator.package_link("w", 10 * day));
    let receipt = send(&world, &Upload { container: late, ..in_a_row(&world, &file) }).await.unwrap();
    assert_eq!((receipt.resumed_bytes, blocks(&world).len()), (0, 5), "too old to go on with");
    assert!(stored(&world, NAME) == bytes);
}

#[tokio::test]
async fn both_files_of_an_upload_go_on() {
    let world = World::new().await;
    let (first, second) = (content(7, 3 * MIB), content(8, 4 * MIB - 1));
    let files = vec![named(&world.file("a", &first), NAME), named(&world.file("b", &second), OTHER)];
    let request = Upload { files, ..in_a_row(&world, &world.path("a")) };
    cut(&world, &request, 3 + 2).await;
    assert_eq!(world.journals().len(), 2);

    let receipts = send_all(&world, &request).await.unwrap();
    let sent: Vec<_> = world.put_blocks().iter().map(|put| (put.path.contains(OTHER), block(put).0)).collect();
    assert_eq!(sent, [(true, 1), (true, 2), (true, 3)]);
    let resumed: Vec<_> = receipts.iter().map(|receipt| receipt.resumed_bytes).collect();
    assert_eq!(resumed, [3 * MIB as u64, MIB as u64]);
    assert!(stored(&world, NAME) == first && stored(&world, OTHER) == second);
    assert!(world.journals().is_empty());
}

/// One of two was made a blob before the cut; the other goes on, and what is complete is sent anew.
#[tokio::test]
async fn an_upload_that_is_cut_between_its_commits_sends_nothing_again() {
    let world = World::new().await;
    let (first, second) = (content(9, 2 * MIB), content(10, 2 * MIB));
    let files = vec![named(&world.file("a", &first), NAME), named(&world.file("b", &second), OTHER)];
    let request = Upload { files, ..in_a_row(&world, &world.path("a")) };
    world.refuse(|rule| rule.query("comp=blocklist&").nth(2));
    send_all(&world, &request).await.unwrap_err();
    assert!(world.journals().len() == 2 && stored(&world, NAME) == first);
    world.calm();
    let receipts = send_all(&world, &request).await.unwrap();
    let resumed: Vec<_> = receipts.iter().map(|receipt| receipt.resumed_bytes).collect();
    assert_eq!((resumed, blocks(&world)), (vec![2 * MIB as u64; 2], vec![]));
    assert!(world.journals().is_empty());
    assert!(stored(&world, NAME) == first && stored(&world, OTHER) == second);
}

/// What the store has lost of the second file is found out after the first one is a blob.
#[tokio::test]
async fn a_loss_at_the_second_commit_leaves_the_first_blob_as_it_is() {
    let world = World::new().await;
    let (first, second) = (content(11, 2 * MIB), content(12, 2 * MIB));
    let files = vec![named(&world.file("a", &first), NAME), named(&world.file("b", &second), OTHER)];
    let request = Upload { files, ..in_a_row(&world, &world.path("a")) };
    cut(&world, &request, 2 + 2).await;
    world.emulator.put_blob(CONTAINER, OTHER, b"another package").unwrap();
    let receipts = send_all(&world, &request).await.unwrap();
    let names: Vec<_> = receipts.iter().map(|receipt| receipt.blob_name.as_str()).collect();
    assert_eq!(names, [NAME, OTHER], "one receipt for each file");
    let commits: Vec<_> = world.commits().iter().map(|commit| (commit.path.contains(OTHER), commit.status)).collect();
    assert_eq!(commits, [(false, Some(201)), (true, Some(400)), (true, Some(201))]);
    assert!(stored(&world, NAME) == first && stored(&world, OTHER) == second);
    assert!(world.journals().is_empty());
}

/// Comparing a large file with its journal takes time, and can be stopped.
#[tokio::test]
async fn a_cancel_while_the_file_is_compared_ends_the_upload_and_keeps_the_journal() {
    let (world, file, bytes) = cut_after_three().await;
    let cancel = CancelToken::new();
    let stop = cancel.clone();
    let sink = Acting::acting(&world, move |event| {
        if matches!(event, Event::Progress(progress) if progress.phase == Phase::Verifying) {
            stop.cancel();
        }
    });
    let request = in_a_row(&world, &file);
    assert_eq!(world.engine.upload(&request, &sink, &cancel).await.unwrap_err().kind(), Kind::Cancelled);
    assert!(world.emulator.requests().is_empty());
    let receipt = send(&world, &request).await.unwrap();
    assert_eq!(receipt.resumed_bytes, 3 * MIB as u64);
    assert!(stored(&world, NAME) == bytes);
}

/// A byte of the file changes between its comparison with the journal and the commit: no block that is sent shows it,
/// but its time does.
#[tokio::test]
async fn a_file_that_changes_after_it_was_taken_up_is_not_committed() {
    let (world, file, _) = cut_after_three().await;
    let path = file.clone();
    let sink = Acting::acting(&world, move |event| {
        if is_answered(event, "PUT") {
            let file = File::options().write(true).open(&path).unwrap();
            file.write_all_at(b"x", 0).unwrap();
            file.set_modified(SystemTime::now() + Duration::from_secs(5)).unwrap();
        }
    });
    let request = in_a_row(&world, &file);
    let error = world.engine.upload(&request, &sink, &CancelToken::new()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Integrity, "{error}");
    assert!(world.commits().is_empty());
}
