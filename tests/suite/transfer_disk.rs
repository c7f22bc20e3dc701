//! The disk under a transfer: a partial file that somebody changed, a journal that a power cut spoiled, no room left.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use epicloud::base::error::Kind;
use epicloud::base::event::{Event, Level};
use epicloud::transfer::download::{Download, DownloadReceipt};

use super::fixture::names_in;
use super::transfer_child::{Child, this_program};
use super::transfer_fixture::{
    BLOB, MIB, NAME, PART, TransferFixture, content, download, receive, send, stored, upload,
};

/// The parts that were asked for, in order of their numbers.
fn parts(fixture: &TransferFixture) -> Vec<u64> {
    let ranges = fixture.requests("GET", "");
    let first = |range: &str| range.trim_start_matches("bytes=").split('-').next().unwrap().parse::<u64>().unwrap();
    let mut parts: Vec<_> = ranges.iter().map(|get| first(get.header("range").unwrap()) / PART).collect();
    parts.sort_unstable();
    parts
}

/// Cuts a download at its n-th part.
async fn cut(fixture: &TransferFixture, target: &Path, nth: u64) -> Download {
    let mut request = download(fixture, target);
    request.options.streams = 1;
    fixture.refuse(|rule| rule.method("GET").nth(nth));
    assert_eq!(receive(fixture, &request).await.unwrap_err().kind(), Kind::Forbidden);
    fixture.calm();
    request
}

/// What stands in the folder after a download of five parts was cut after three.
struct Left {
    fixture: TransferFixture,
    bytes: Vec<u8>,
    target: PathBuf,
    partial: PathBuf,
    journal: PathBuf,
}

impl Left {
    async fn new() -> Self {
        let fixture = TransferFixture::new().await;
        let bytes = content(1, 5 * MIB - 9);
        fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
        let target = fixture.path("db");
        cut(&fixture, &target, 4).await;
        let (partial, journal) = (fixture.path("db.partial"), fixture.path("db.partial.journal"));
        Self { fixture, bytes, target, partial, journal }
    }

    fn partial(&self) -> File {
        File::options().write(true).open(&self.partial).unwrap()
    }

    /// Goes on, and gives a right file, whatever was left.
    async fn goes_on(&self) -> DownloadReceipt {
        let receipt = receive(&self.fixture, &download(&self.fixture, &self.target)).await.unwrap();
        assert!(std::fs::read(&self.target).unwrap() == self.bytes);
        assert_eq!((receipt.verified, names_in(self.fixture.folder.path())), ("md5", vec!["db".to_owned()]));
        receipt
    }
}

#[tokio::test]
async fn a_part_that_somebody_changed_is_received_again() {
    let left = Left::new().await;
    left.partial().write_all_at(b"mine", PART + 77).unwrap();
    assert_eq!(left.goes_on().await.resumed_bytes, 2 * PART);
    assert_eq!(parts(&left.fixture), [1, 3, 4]);
    assert_eq!(left.fixture.said("resuming: 2 of 5 parts already downloaded"), 1);
}

/// The journal reached the disk and the part did not.
#[tokio::test]
async fn a_part_that_a_power_cut_took_is_received_again() {
    let left = Left::new().await;
    left.partial().write_all_at(&vec![0; MIB], 0).unwrap();
    // And what a file system may leave at the end of a file that was being written.
    let mut journal = std::fs::read(&left.journal).unwrap();
    journal.extend([0; 300]);
    std::fs::write(&left.journal, journal).unwrap();
    assert_eq!(left.goes_on().await.resumed_bytes, 2 * PART);
    assert_eq!(parts(&left.fixture), [0, 3, 4]);
}

/// What comes behind the zeros that were left there can be read again.
#[tokio::test]
async fn a_download_with_a_spoiled_journal_can_be_cut_again() {
    let left = Left::new().await;
    let mut journal = std::fs::read(&left.journal).unwrap();
    journal.extend([0; 300]);
    std::fs::write(&left.journal, journal).unwrap();
    cut(&left.fixture, &left.target, 2).await;
    assert_eq!(left.goes_on().await.resumed_bytes, 4 * PART);
    assert_eq!(parts(&left.fixture), [4]);
}

#[tokio::test]
async fn what_does_not_fit_together_starts_again_and_says_so() {
    type Spoil = fn(&Left);
    let spoils: [(Spoil, &str); 4] = [
        (
            |left| {
                let text = std::fs::read_to_string(&left.journal).unwrap();
                let mark = text.lines().next().unwrap();
                std::fs::write(&left.journal, format!("{mark}\nnonsense\n")).unwrap();
            },
            "its journal cannot be read",
        ),
        (|left| left.partial().set_len(4 * PART).unwrap(), "its size is wrong"),
        (
            |left| {
                let text = std::fs::read_to_string(&left.journal).unwrap();
                std::fs::write(&left.journal, text.replace("\"partSize\":1048576", "\"partSize\":524288")).unwrap();
            },
            "the part size is different",
        ),
        (
            |left| {
                let text = std::fs::read_to_string(&left.journal).unwrap();
                std::fs::write(&left.journal, text.replace(BLOB, "another.bacpac")).unwrap();
            },
            "it belongs to another blob",
        ),
    ];
    for (spoil, why) in spoils {
        let left = Left::new().await;
        spoil(&left);
        assert_eq!(left.goes_on().await.resumed_bytes, 0, "{why}");
        assert_eq!(parts(&left.fixture).len(), 5, "{why}");
        let said = format!("the partial file cannot be resumed ({why}); restarting the download");
        assert_eq!(left.fixture.said(&said), 1, "{why}: {:?}", left.fixture.messages());
    }
    // Without the file there is nothing to go on with, and nothing to say.
    let left = Left::new().await;
    std::fs::remove_file(&left.partial).unwrap();
    assert_eq!(left.goes_on().await.resumed_bytes, 0);
    assert_eq!(left.fixture.said("cannot be resumed"), 0);
}

/// A limit of the process on the size of its files is the disk that has no more room: it is met in the middle of the
/// file, behind parts that are good.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_fails_in_the_middle_keeps_what_is_there() {
    let left = Left::new().await;
    let link = download(&left.fixture, &left.target).link;
    let child = Child { streams: 1, piece: PART, ..Child::downloading(&link, &left.target) }.command();
    // In units of 512 bytes; room for four of the five parts.
    let limited = within("trap '' XFSZ; ulimit -f 8192; exec \"$0\" \"$@\"", &child);
    let output = finished(limited).await;
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(told.contains(&format!("cannot write '{}': file too large", left.partial.display())), "{told}");
    assert_eq!(names_in(left.fixture.folder.path()), ["db.partial", "db.partial.journal"], "nothing looks whole");
    assert_eq!(parts(&left.fixture), [3, 4]);
    left.fixture.calm();
    assert_eq!(left.goes_on().await.resumed_bytes, 4 * PART);
    assert_eq!(parts(&left.fixture), [4]);
}

/// The same command, run by a shell with something to do before.
fn within(script: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

async fn finished(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

/// Runs the next test on a disk of 4 MiB, where a mount of one's own is permitted: for root, mostly.
#[cfg(target_os = "linux")]
#[expect(clippy::print_stdout, reason = "a test that is left out says why")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    let mount =
        |then: &str| format!("mount -t tmpfs -o size=4m,nr_inodes=64 none '{}' && {then}", folder.path().display());
    let in_a_namespace = |script: &str, command: &Command| {
        let shell = within(script, command);
        let mut unshare = Command::new("unshare");
        unshare.arg("-m").arg(shell.get_program()).args(shell.get_args());
        unshare.env("TRANSFER_TEST_DISK", folder.path());
        unshare
    };
    let tried = in_a_namespace(&mount("true"), &Command::new("true")).output();
    if let Some(why) = tried.map_or_else(
        |error| Some(error.to_string()),
        |output| (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned()),
    ) {
        let root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        assert!(!(root && std::env::var_os("CI").is_some()), "root can mount a small disk: {why}");
        println!("skipped: no small disk can be mounted here: {}", why.trim());
        return;
    }
    let child = this_program("suite::transfer_disk::child_on_a_disk_of_4_mib");
    let output = finished(in_a_namespace(&mount("exec \"$0\" \"$@\""), &child)).await;
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

/// Takes all room that is left, until it is dropped.
struct Filler(PathBuf);

impl Filler {
    fn fill(folder: &Path) -> Self {
        let path = folder.join("filler");
        let file = File::create(&path).unwrap();
        let mut length = 0;
        while file.write_at(&[1; 4096], length).is_ok_and(|count| count > 0) {
            length += 4096;
        }
        Self(path)
    }
}

/// Takes the place of all files that could still be made, until it is dropped.
struct Fillers(Vec<PathBuf>);

impl Fillers {
    fn fill(folder: &Path) -> Self {
        let names = (0..).map(|number| folder.join(format!("filler{number}")));
        Self(names.take_while(|path| File::create(path).is_ok()).collect())
    }
}

impl Drop for Fillers {
    fn drop(&mut self) {
        self.0.iter().for_each(|path| drop(std::fs::remove_file(path)));
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

#[tokio::test]
#[ignore = "runs in a child process of the test before"]
async fn child_on_a_disk_of_4_mib() {
    let Some(disk) = std::env::var_os("TRANSFER_TEST_DISK").map(PathBuf::from) else { return };
    too_large_a_blob(&disk).await;
    room_that_others_take_meanwhile(&disk).await;
    no_room_for_the_journal(&disk).await;
    no_room_for_the_journal_of_an_upload(&disk).await;
}

/// Known before the first byte is received, and nothing is left of it.
async fn too_large_a_blob(disk: &Path) {
    let fixture = TransferFixture::new().await;
    fixture.emulator.put_blob("bacpacs", BLOB, &content(2, 6 * MIB)).unwrap();
    let error = receive(&fixture, &download(&fixture, &disk.join("db"))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NoSpace, "{error}");
    assert!(error.to_string().starts_with(&format!("cannot write '{}", disk.join("db.partial").display())), "{error}");
    assert!(error.next_step().is_some_and(|step| step.contains("free some disk space")), "{error:?}");
    assert!(fixture.requests("GET", "").is_empty() && fixture.retrying() == 0);
    assert_eq!(names_in(disk), [] as [&str; 0]);
}

/// A copy of the partial file may have holes where no part was received yet, and then its room is not kept.
async fn room_that_others_take_meanwhile(disk: &Path) {
    let fixture = TransferFixture::new().await;
    let bytes = content(3, 3 * MIB);
    fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
    let target = disk.join("db");
    let request = cut(&fixture, &target, 2).await;
    let partial = disk.join("db.partial");
    std::fs::remove_file(&partial).unwrap();
    let copy = File::create(&partial).unwrap();
    copy.write_all_at(&bytes[..MIB], 0).unwrap();
    copy.set_len(3 * PART).unwrap();
    let filler = Filler::fill(disk);
    let error = receive(&fixture, &request).await.unwrap_err();
    assert_eq!((error.kind(), fixture.retrying()), (Kind::NoSpace, 0), "{error}");
    assert_eq!(names_in(disk), ["db.partial", "db.partial.journal", "filler"], "kept, and nothing looks whole");
    drop(filler);
    assert_eq!(receive(&fixture, &request).await.unwrap().resumed_bytes, PART);
    assert!(std::fs::read(&target).unwrap() == bytes);
    std::fs::remove_file(&target).unwrap();
    assert_eq!(names_in(disk), [] as [&str; 0]);
}

/// No room for one more file: known before the first request.
async fn no_room_for_the_journal(disk: &Path) {
    let fixture = TransferFixture::new().await;
    let bytes = content(4, 3 * MIB);
    fixture.emulator.put_blob("bacpacs", BLOB, &bytes).unwrap();
    let target = disk.join("db");
    let filler = Fillers::fill(disk);
    let request = download(&fixture, &target);
    let error = receive(&fixture, &request).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NoSpace, "{error}");
    assert!(error.to_string().contains("db.partial.journal'"), "{error}");
    assert!(fixture.emulator.requests().is_empty() && !target.exists());
    drop(filler);
    assert_eq!(names_in(disk), [] as [&str; 0]);
    assert_eq!(receive(&fixture, &request).await.unwrap().verified, "md5");
    assert!(std::fs::read(&target).unwrap() == bytes);
    std::fs::remove_file(&target).unwrap();
    assert_eq!(names_in(disk), [] as [&str; 0]);
}

/// An upload does not need its journal.
async fn no_room_for_the_journal_of_an_upload(disk: &Path) {
    let mut fixture = TransferFixture::new().await;
    fixture.engine = fixture.engine.clone().keeping_state_in(Some(disk.join("state")));
    std::fs::create_dir_all(disk.join("state/uploads")).unwrap();
    let _filler = Filler::fill(disk);
    let bytes = content(5, 3 * MIB);
    send(&fixture, &upload(&fixture, &fixture.file("p", &bytes))).await.unwrap();
    assert!(stored(&fixture, NAME) == bytes);
    let verbose = fixture.events.events().into_iter().filter(
        |event| matches!(event, Event::Message { level: Level::Info, text } if text.contains("cannot be resumed")),
    );
    assert_eq!(verbose.count(), 1, "{:?}", fixture.messages());
}
