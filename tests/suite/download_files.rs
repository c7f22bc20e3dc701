//! The files that a download finds and leaves: somebody else's partial file, links, and modes.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::{Arc, Mutex};

use epicloud::base::cancel::CancelToken;
use epicloud::base::error::Kind;
use epicloud::base::event::{Event, Phase};
use epicloud::transfer::reserve_target;
use epicloud_emulator::{Effect, Rule};

use super::stage::names_in;
use super::transfer_child::Child;
use super::transfer_world::{Acting, BLOB, MIB, PART, World, content, download, receive};
use super::virtual_time::until;

const MINE: &[u8] = b"somebody else's";

/// A world with a blob of three parts.
async fn world() -> (World, Vec<u8>) {
    let (world, bytes) = (World::new().await, content(41, 3 * MIB));
    world.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
    (world, bytes)
}

/// The journal of a download to `db` that was interrupted after two of three parts.
async fn own_journal() -> Vec<u8> {
    let (world, _) = world().await;
    interrupt(&world).await;
    std::fs::read(world.path("db.partial.journal")).unwrap()
}

async fn interrupt(world: &World) {
    let mut request = download(world, &world.path("db"));
    request.options.streams = 1;
    world.refuse(|rule| rule.method("GET").nth(3));
    assert_eq!(receive(world, &request).await.unwrap_err().kind(), Kind::Forbidden);
    world.calm();
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o7777
}

#[tokio::test]
async fn a_partial_file_of_somebody_else_is_left_alone() {
    type Place = fn(&World, &[u8]);
    let places: [(&str, Place); 11] = [
        ("it has no journal", |world, _| drop(world.file("db.partial", MINE))),
        ("it has no journal", |world, _| drop(world.file("db.partial", b""))),
        ("is not a download journal", |world, _| {
            world.file("db.partial", MINE);
            world.file("db.partial.journal", b"");
        }),
        ("is not a download journal", |world, _| {
            world.file("db.partial", MINE);
            world.file("db.partial.journal", b"{\"version\":2,\"url\":\"https://a/b\"}\n0 1\n");
        }),
        ("is not a download journal", |world, _| drop(world.file("db.partial.journal", MINE))),
        ("it does not match its journal", |world, journal| {
            world.file("db.partial", MINE);
            world.file("db.partial.journal", journal);
        }),
        ("a second hard link", |world, _| {
            std::fs::hard_link(world.file("other", MINE), world.path("db.partial")).unwrap();
        }),
        ("a second hard link", |world, journal| {
            std::fs::hard_link(world.file("other", MINE), world.path("db.partial")).unwrap();
            world.file("db.partial.journal", journal);
        }),
        ("a symbolic link", |world, journal| {
            symlink(world.file("other", MINE), world.path("db.partial")).unwrap();
            world.file("db.partial.journal", journal);
        }),
        ("a symbolic link", |world, journal| {
            symlink(world.file("other", journal), world.path("db.partial.journal")).unwrap();
        }),
        ("a directory", |world, _| std::fs::create_dir(world.path("db.partial")).unwrap()),
    ];
    let journal = own_journal().await;
    for (why, place) in places {
        let (world, _) = world().await;
        place(&world, &journal);
        let state = || -> Vec<_> {
            let names = names_in(world.folder.path()).into_iter();
            let look = |name: String| {
                let there = world.path(&name).symlink_metadata().unwrap();
                let bytes = std::fs::read(world.path(&name)).ok();
                (name, bytes, there.ino(), there.nlink(), there.mode(), there.mtime_nsec())
            };
            names.map(look).collect()
        };
        let before = state();
        for overwrite in [false, true] {
            let mut request = download(&world, &world.path("db"));
            request.overwrite = overwrite;
            let error = receive(&world, &request).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Conflict, "{why}: {error}");
            assert!(error.message().contains(why), "{why}: {error}");
            assert!(error.next_step().is_some_and(|step| step.contains("choose another name")), "{why}: {error:?}");
            assert_eq!(reserve_target(&world.path("db"), overwrite).unwrap_err().kind(), Kind::Conflict, "{why}");
        }
        assert_eq!(state(), before, "{why}");
        assert!(world.emulator.requests().is_empty(), "{why}");
    }
}

/// Whoever may write all files could.
#[tokio::test]
async fn a_partial_file_of_another_user_is_left_alone() {
    let (world, _) = world().await;
    interrupt(&world).await;
    let partial = world.path("db.partial");
    if std::os::unix::fs::chown(&partial, Some(12345), None).is_err() {
        return;
    }
    let before = std::fs::read(&partial).unwrap();
    let error = receive(&world, &download(&world, &world.path("db"))).await.unwrap_err();
    assert!(error.kind() == Kind::Conflict && error.message().contains("another user"), "{error}");
    assert!(std::fs::read(&partial).unwrap() == before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_kill_left_before_the_first_part_is_taken_over() {
    let (world, bytes) = world().await;
    world.emulator.faults().add(Rule::new(Effect::Stall).method("GET"));
    let target = world.path("db");
    let request = download(&world, &target);
    let mut child = Child { streams: 1, piece: PART, ..Child::downloading(&request.link, &target) }.spawn();
    until("the first part", || {
        assert!(child.ended().is_none(), "the child must not end");
        !world.requests("GET", "").is_empty()
    })
    .await;
    child.kill();
    world.calm();
    assert_eq!(names_in(world.folder.path()), ["db.partial", "db.partial.journal"]);
    receive(&world, &request).await.unwrap();
    assert!(std::fs::read(&target).unwrap() == bytes);
    assert_eq!(names_in(world.folder.path()), ["db"]);
}

#[tokio::test]
async fn a_saved_file_has_the_mode_of_a_new_one_or_of_the_one_it_replaces() {
    for replaced in [None, Some(0o604), Some(0o600), Some(0o444)] {
        let (world, _) = world().await;
        let target = world.path("db");
        let expected = match replaced {
            Some(mode) => {
                world.file("db", b"before");
                std::fs::set_permissions(&target, PermissionsExt::from_mode(mode)).unwrap();
                mode
            }
            None => mode(&world.file("new", b"")),
        };
        let partial = world.path("db.partial");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let modes = seen.clone();
        let sink = Acting::acting(&world, move |event| {
            if matches!(event, Event::Progress(progress) if progress.phase == Phase::Downloading) {
                modes.lock().unwrap().push(mode(&partial));
            }
        });
        let mut request = download(&world, &target);
        request.overwrite = true;
        world.engine.download(&request, &sink, &CancelToken::new()).await.unwrap();
        assert_eq!(mode(&target), expected, "{replaced:?}");
        let seen = seen.lock().unwrap();
        assert!(!seen.is_empty() && seen.iter().all(|mode| *mode == 0o600), "private until it is whole: {seen:?}");
    }
}

/// In a process of its own: the umask is one for all threads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_file_has_the_mode_that_the_umask_says() {
    for (umask, expected) in [("022", 0o644), ("002", 0o664), ("027", 0o640), ("077", 0o600)] {
        let (world, _) = world().await;
        let target = world.path("db");
        let link = download(&world, &target).link;
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
        assert_eq!(names_in(world.folder.path()), ["db"]);
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
        let (world, bytes) = world().await;
        std::fs::create_dir(world.path("there")).unwrap();
        world.file("there/db", b"before");
        std::fs::set_permissions(world.path("there/db"), PermissionsExt::from_mode(0o640)).unwrap();
        symlink("there/db", world.path("second")).unwrap();
        let to = to.map_or_else(|| world.path("there/db"), Into::into);
        symlink(&to, world.path(link)).unwrap();
        let mut request = download(&world, &world.path(link));
        let error = receive(&world, &request).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict, "{link}: {error}");
        assert!(world.emulator.requests().is_empty());
        request.overwrite = true;
        let receipt = receive(&world, &request).await.unwrap();
        assert_eq!(receipt.file, world.path(link));
        assert_eq!(std::fs::read_link(world.path(link)).unwrap(), to, "{link}");
        assert!(std::fs::read(world.path(written)).unwrap() == bytes, "{link}");
        assert!(written != "there/db" || mode(&world.path(written)) == 0o640, "{link}");
        assert!(names_in(&world.path("there")).iter().all(|name| ["db", "new"].contains(&name.as_str())), "{link}");
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
        let (world, _) = world().await;
        std::fs::create_dir(world.path("folder")).unwrap();
        symlink(to, world.path("link")).unwrap();
        let mut request = download(&world, &world.path("link"));
        request.overwrite = true;
        assert_eq!(receive(&world, &request).await.unwrap_err().kind(), kind, "{to}");
        request.overwrite = false;
        assert_eq!(receive(&world, &request).await.unwrap_err().kind(), Kind::Conflict, "{to}");
        assert_eq!(std::fs::read_link(world.path("link")).unwrap(), Path::new(to));
        assert_eq!(names_in(world.folder.path()), ["folder", "link"]);
    }
}
