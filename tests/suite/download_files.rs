//! The files that a download finds and leaves: somebody else's partial file, links, and modes.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::{Arc, Mutex};

use epicloud::base::cancel::CancelToken;
use epicloud::base::error::Kind;
use epicloud::base::event::{Event, Phase};
use epicloud::transfer::reserve_target;
use epicloud_emulator::{Effect, Rule};

use super::fixture::names_in;
use super::transfer_child::Child;
use super::transfer_fixture::{Acting, BLOB, MIB, PART, TransferFixture, content, download, receive};
use super::virtual_time::until;

const MINE: &[u8] = b"somebody else's";

/// A fixture with a blob of three parts.
async fn fixture() -> (TransferFixture, Vec<u8>) {
    let (fixture, bytes) = (TransferFixture::new().await, content(41, 3 * MIB));
    fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
    (fixture, bytes)
}

/// The journal of a download to `db` that was interrupted after two of three parts.
async fn own_journal() -> Vec<u8> {
    let (fixture, _) = fixture().await;
    interrupt(&fixture).await;
    std::fs::read(fixture.path("db.partial.journal")).unwrap()
}

async fn interrupt(fixture: &TransferFixture) {
    let mut request = download(fixture, &fixture.path("db"));
    request.options.streams = 1;
    fixture.refuse(|rule| rule.method("GET").nth(3));
    assert_eq!(receive(fixture, &request).await.unwrap_err().kind(), Kind::Forbidden);
    fixture.calm();
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o7777
}

#[tokio::test]
async fn a_partial_file_of_somebody_else_is_left_alone() {
    type Place = fn(&TransferFixture, &[u8]);
    let places: [(&str, Place); 11] = [
        ("it has no journal", |fixture, _| drop(fixture.file("db.partial", MINE))),
        ("it has no journal", |fixture, _| drop(fixture.file("db.partial", b""))),
        ("is not a download journal", |fixture, _| {
            fixture.file("db.partial", MINE);
            fixture.file("db.partial.journal", b"");
        }),
        ("is not a download journal", |fixture, _| {
            fixture.file("db.partial", MINE);
            fixture.file("db.partial.journal", b"{\"version\":2,\"url\":\"https://a/b\"}\n0 1\n");
        }),
        ("is not a download journal", |fixture, _| drop(fixture.file("db.partial.journal", MINE))),
        ("it does not match its journal", |fixture, journal| {
            fixture.file("db.partial", MINE);
            fixture.file("db.partial.journal", journal);
        }),
        ("a second hard link", |fixture, _| {
            std::fs::hard_link(fixture.file("other", MINE), fixture.path("db.partial")).unwrap();
        }),
        ("a second hard link", |fixture, journal| {
            std::fs::hard_link(fixture.file("other", MINE), fixture.path("db.partial")).unwrap();
            fixture.file("db.partial.journal", journal);
        }),
        ("a symbolic link", |fixture, journal| {
            symlink(fixture.file("other", MINE), fixture.path("db.partial")).unwrap();
            fixture.file("db.partial.journal", journal);
        }),
        ("a symbolic link", |fixture, journal| {
            symlink(fixture.file("other", journal), fixture.path("db.partial.journal")).unwrap();
        }),
        ("a directory", |fixture, _| std::fs::create_dir(fixture.path("db.partial")).unwrap()),
    ];
    let journal = own_journal().await;
    for (why, place) in places {
        let (fixture, _) = fixture().await;
        place(&fixture, &journal);
        let state = || -> Vec<_> {
            let names = names_in(fixture.folder.path()).into_iter();
            let look = |name: String| {
                let there = fixture.path(&name).symlink_metadata().unwrap();
                let bytes = std::fs::read(fixture.path(&name)).ok();
                (name, bytes, there.ino(), there.nlink(), there.mode(), there.mtime_nsec())
            };
            names.map(look).collect()
        };
        let before = state();
        for overwrite in [false, true] {
            let mut request = download(&fixture, &fixture.path("db"));
            request.overwrite = overwrite;
            let error = receive(&fixture, &request).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Conflict, "{why}: {error}");
            assert!(error.message().contains(why), "{why}: {error}");
            assert!(error.next_step().is_some_and(|step| step.contains("choose another name")), "{why}: {error:?}");
            assert_eq!(reserve_target(&fixture.path("db"), overwrite).unwrap_err().kind(), Kind::Conflict, "{why}");
        }
        assert_eq!(state(), before, "{why}");
        assert!(fixture.emulator.requests().is_empty(), "{why}");
    }
}

/// Whoever may write all files could.
#[tokio::test]
async fn a_partial_file_of_another_user_is_left_alone() {
    let (fixture, _) = fixture().await;
    interrupt(&fixture).await;
    let partial = fixture.path("db.partial");
    if std::os::unix::fs::chown(&partial, Some(12345), None).is_err() {
        return;
    }
    let before = std::fs::read(&partial).unwrap();
    let error = receive(&fixture, &download(&fixture, &fixture.path("db"))).await.unwrap_err();
    assert!(error.kind() == Kind::Conflict && error.message().contains("another user"), "{error}");
    assert!(std::fs::read(&partial).unwrap() == before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_kill_left_before_the_first_part_is_taken_over() {
    let (fixture, bytes) = fixture().await;
    fixture.emulator.faults().add(Rule::new(Effect::Stall).method("GET"));
    let target = fixture.path("db");
    let request = download(&fixture, &target);
    let mut child = Child { streams: 1, piece: PART, ..Child::downloading(&request.link, &target) }.spawn();
    until("the first part", || {
        assert!(child.ended().is_none(), "the child must not end");
        !fixture.requests("GET", "").is_empty()
    })
    .await;
    child.kill();
    fixture.calm();
    assert_eq!(names_in(fixture.folder.path()), ["db.partial", "db.partial.journal"]);
    receive(&fixture, &request).await.unwrap();
    assert!(std::fs::read(&target).unwrap() == bytes);
    assert_eq!(names_in(fixture.folder.path()), ["db"]);
}

#[tokio::test]
async fn a_saved_file_has_the_mode_of_a_new_one_or_of_the_one_it_replaces() {
    for replaced in [None, Some(0o604), Some(0o600), Some(0o444)] {
        let (fixture, _) = fixture().await;
        let target = fixture.path("db");
        let expected = match replaced {
            Some(mode) => {
                fixture.file("db", b"before");
                std::fs::set_permissions(&target, PermissionsExt::from_mode(mode)).unwrap();
                mode
            }
            None => mode(&fixture.file("new", b"")),
        };
        let partial = fixture.path("db.partial");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let modes = seen.clone();
        let sink = Acting::acting(&fixture, move |event| {
            if matches!(event, Event::Progress(progress) if progress.phase == Phase::Downloading) {
                modes.lock().unwrap().push(mode(&partial));
            }
        });
        let mut request = download(&fixture, &target);
        request.overwrite = true;
        fixture.engine.download(&request, &sink, &CancelToken::new()).await.unwrap();
        assert_eq!(mode(&target), expected, "{replaced:?}");
        let seen = seen.lock().unwrap();
        assert!(!seen.is_empty() && seen.iter().all(|mode| *mode == 0o600), "private until it is whole: {seen:?}");
    }
}

/// In a process of its own: the umask is one for all threads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_file_has_the_mode_that_the_umask_says() {
    for (umask, expected) in [("022", 0o644), ("002", 0o664), ("027", 0o640), ("077", 0o600)] {
        let (fixture, _) = fixture().await;
        let target = fixture.path("db");
        let link = download(&fixture, &target).link;
        let child = Child { streams: 1, piece: PART, ..Child::downloading(&link, &target) }.command();
        let mut shell = std::process::Command::new("sh");
        shell
            .args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")])
            .arg(child.get_program())
            .args(child.get_args());
        shell.envs(child.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = tokio::task::spawn_blocking(move || shell.output()).await.unwrap().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(mode(&target), expected, "{umask}");
        assert_eq!(names_in(fixture.folder.path()), ["db"]);
    }
}

#[tokio::test]
async fn a_link_is_written_to_where_it_leads_and_stays() {
    for (link, to, written) in [
        ("absolute", None, "there/db"),
        ("relative", Some("there/db"), "there/db"),
        ("dangling", Some("there/new"), "there/new"),
        ("chain", Some("second"), "there/db"),
    ] {
        let (fixture, bytes) = fixture().await;
        std::fs::create_dir(fixture.path("there")).unwrap();
        fixture.file("there/db", b"before");
        std::fs::set_permissions(fixture.path("there/db"), PermissionsExt::from_mode(0o640)).unwrap();
        symlink("there/db", fixture.path("second")).unwrap();
        let to = to.map_or_else(|| fixture.path("there/db"), Into::into);
        symlink(&to, fixture.path(link)).unwrap();
        let mut request = download(&fixture, &fixture.path(link));
        let error = receive(&fixture, &request).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict, "{link}: {error}");
        assert!(fixture.emulator.requests().is_empty());
        request.overwrite = true;
        let receipt = receive(&fixture, &request).await.unwrap();
        assert_eq!(receipt.file, fixture.path(link));
        assert_eq!(std::fs::read_link(fixture.path(link)).unwrap(), to, "{link}");
        assert!(std::fs::read(fixture.path(written)).unwrap() == bytes, "{link}");
        assert!(written != "there/db" || mode(&fixture.path(written)) == 0o640, "{link}");
        assert!(names_in(&fixture.path("there")).iter().all(|name| ["db", "new"].contains(&name.as_str())), "{link}");
    }
}

#[tokio::test]
async fn a_link_to_what_is_no_file_is_refused() {
    for (to, kind) in [
        ("folder", Kind::InvalidArgument),
        ("/dev/null", Kind::InvalidArgument),
        ("link", Kind::InvalidArgument),
        ("no/folder", Kind::NotFound),
    ] {
        let (fixture, _) = fixture().await;
        std::fs::create_dir(fixture.path("folder")).unwrap();
        symlink(to, fixture.path("link")).unwrap();
        let mut request = download(&fixture, &fixture.path("link"));
        request.overwrite = true;
        assert_eq!(receive(&fixture, &request).await.unwrap_err().kind(), kind, "{to}");
        request.overwrite = false;
        assert_eq!(receive(&fixture, &request).await.unwrap_err().kind(), Kind::Conflict, "{to}");
        assert_eq!(std::fs::read_link(fixture.path("link")).unwrap(), Path::new(to));
        assert_eq!(names_in(fixture.folder.path()), ["folder", "link"]);
    }
}
