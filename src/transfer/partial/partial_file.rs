//! The file that is received, `<name>.partial`, with its journal beside it, until it is whole and gets its name.
//!
//! The journal is made before the partial file and removed after it, so that a partial file without one is never ours.
//! Both are locked while a download writes them; whoever has the journal has the partial file. What is there already is
//! taken over only if both are ours (`ownership.rs`, the journal's `format.rs`).

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::allocation::allocate;
use super::ownership::{new_file, not_ours};
use super::target::TargetPaths;
use crate::base::error::{Error, Kind, Result};
use crate::transfer::checksum::integrity::{ChecksumKind, RangeHasher};
use crate::transfer::file::lock::{LockedFile, ROUNDS, find_locked, make_locked, same_file};
use crate::transfer::file::positioned_io::{read_exact_at, write_all_at};
use crate::transfer::journal::file::{JournalFile, OpenJournal};
use crate::transfer::journal::format::{MARK, claimed, own_lines};
use crate::transfer::schedule::plan::chunks;

/// A locked partial file. Cheap to clone; the lock ends with the last clone.
#[derive(Clone)]
pub(crate) struct PartialFile {
    paths: TargetPaths,
    file: Arc<LockedFile>,
    journal: JournalFile,
    shown: Arc<str>,
}

/// Why the files of a download are not to be had.
enum Obstacle {
    /// Somebody came in between; it is worth another look.
    AttemptState,
    Refusal(Error),
}

impl From<Error> for Obstacle {
    fn from(error: Error) -> Self {
        Self::Refusal(error)
    }
}

impl PartialFile {
    /// Opens and locks partial file and journal, and makes what is not there.
    ///
    /// # Errors
    /// `Conflict` when another download writes them, or when something there is not ours.
    pub(crate) fn open(paths: TargetPaths) -> Result<Self> {
        let mut rounds = 0;
        let (journal, file) = loop {
            rounds += 1;
            match take(&paths) {
                Ok(taken) => break taken,
                Err(Obstacle::Refusal(error)) => return Err(error),
                // Or no file can be made here, as in a folder that was deleted; then it is the same each time.
                Err(Obstacle::AttemptState) if rounds == ROUNDS => {
                    return Err(cannot("write", &paths.partial, &ErrorKind::NotFound.into()));
                }
                Err(Obstacle::AttemptState) => {}
            }
        };
        let shown = paths.partial.display().to_string().into();
        let partial = Self { paths, file: Arc::new(file), journal, shown };
        // Another download may have finished since.
        partial.paths.check_free().inspect_err(|_| partial.remove_unused())?;
        Ok(partial)
    }

    fn failed(&self, error: &std::io::Error) -> Error {
        Error::io(format!("cannot write '{}'", self.shown), error)
    }

    pub(crate) fn paths(&self) -> &TargetPaths {
        &self.paths
    }

    /// Removes the partial file if nothing was ever written to it and it is still this one. Its journal stays if it knows
    /// where the file will come from.
    pub(crate) fn remove_unused(&self) {
        if self.length().is_ok_and(|length| length == 0) {
            self.tidy();
        }
    }

    pub(crate) fn length(&self) -> Result<u64> {
        self.file.metadata().map(|metadata| metadata.len()).map_err(|error| self.failed(&error))
    }

    /// What the journal says of an earlier download. Blocks.
    pub(crate) fn lines(&self) -> Result<Vec<u8>> {
        self.journal.text().map_err(|error| cannot("read", self.journal.path(), &error))
    }

    /// Where the file comes from, as the journal knows it. Blocks.
    pub(crate) fn origin(&self) -> Result<Option<Value>> {
        self.journal.origin().map_err(|error| cannot("read", self.journal.path(), &error))
    }

    /// Writes down where the file comes from. Blocks.
    pub(crate) fn remember(&self, origin: &Value) -> Result<()> {
        self.journal.remember(origin).map_err(|error| self.unwritten(&error))
    }

    /// Goes on with the journal of an earlier download.
    pub(crate) fn resume(&self, length: u64) -> Result<()> {
        self.journal.resume(length).map_err(|error| self.unwritten(&error))
    }

    /// Writes down that a part with this sum has arrived. Blocks.
    pub(crate) fn record(&self, index: usize, crc: u64) -> Result<()> {
        self.journal.record(index, crc).map_err(|error| self.unwritten(&error))
    }

    /// The error of a journal that cannot be written.
    fn unwritten(&self, error: &std::io::Error) -> Error {
        cannot("write", self.journal.path(), error)
    }

    /// Forgets what an earlier download left and takes the room that the blob needs, so that a disk that is too small
    /// is noticed now. The journal begins with this line, or is not kept. Blocks.
    pub(crate) fn begin(&self, length: u64, first_line: Option<Vec<u8>>) -> Result<()> {
        // Before the file changes, so that no line is ever true of other bytes.
        self.journal.restart(first_line).map_err(|error| self.unwritten(&error))?;
        let room = || {
            self.file.set_len(0)?;
            allocate(&self.file, length)?;
            self.file.set_len(length)
        };
        room().map_err(|error| self.failed(&error))
    }

    /// Writes bytes at their place. Blocks.
    pub(crate) fn write(&self, bytes: &[u8], offset: u64) -> Result<()> {
        write_all_at(&self.file, bytes, offset).map_err(|error| self.failed(&error))
    }

    /// Brings what was written onto the disk. Blocks.
    pub(crate) fn sync_data(&self) -> Result<()> {
        self.file.sync_data().map_err(|error| self.lost(&error))
    }

    /// The error of a sync. What it did not bring onto the disk is told once and reads well from memory afterwards, so
    /// nothing of the file can be gone on with.
    fn lost(&self, error: &std::io::Error) -> Error {
        // The failed sync is the one to tell.
        drop(self.journal.restart(None));
        self.failed(error)
    }

    /// Reads a whole buffer. Blocks.
    pub(crate) fn read(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
        read_exact_at(&self.file, buffer, offset)
            .map_err(|error| Error::io(format!("cannot read '{}'", self.shown), &error))
    }

    /// Makes the partial file the target. Blocks.
    pub(crate) fn finish(&self) -> Result<()> {
        self.file.sync_all().map_err(|error| self.lost(&error))?;
        // What was checked is this file, and not whatever has come to stand at its path.
        if !self.is_there() {
            return Err(Error::new(
                Kind::Conflict,
                format!("'{}' was moved or deleted during the download", self.shown),
            )
            .with_next_step("download it again, and make sure that nothing else uses that file"));
        }
        self.open_to_readers();
        self.paths.take_name()?;
        self.remove_journal()
    }

    /// Gives the file the mode of the one that it replaces, or that a new file has here: so far it was private.
    #[cfg(unix)]
    fn open_to_readers(&self) {
        use std::os::unix::fs::PermissionsExt;
        let like = self.paths.replaced().or_else(|| new_file(&self.paths.partial));
        if let Some(like) = like {
            // Where a file system has no modes, the file has the one that all have.
            drop(self.file.set_permissions(PermissionsExt::from_mode(like.permissions().mode() & 0o777)));
        }
    }

    #[cfg(not(unix))]
    fn open_to_readers(&self) {}

    /// After a failure: removes a partial file that has no journal and so cannot be gone on with.
    pub(crate) fn tidy(&self) {
        if !self.is_there() || self.journal.is_empty() || !self.journal.is_there() {
            // The failure that ended the download is the one to tell.
            drop(self.discard());
        }
    }

    /// Removes the partial file: it must not be gone on with. Its journal goes too, unless it knows where the file comes
    /// from.
    pub(crate) fn discard(&self) -> Result<()> {
        if self.is_there() {
            std::fs::remove_file(&self.paths.partial)
                .map_err(|error| Error::io(format!("cannot remove '{}'", self.shown), &error))?;
        }
        // Not beside a file of somebody else that stands there now, which it would make ours.
        if self.paths.partial.symlink_metadata().is_err() && self.journal.is_there() && self.origin()?.is_some() {
            return self.journal.restart(None).map_err(|error| self.unwritten(&error));
        }
        self.remove_journal()
    }

    /// Forgets where the file was to come from. What was received stays, and with it the journal: it may be of an earlier
    /// source, and is gone on with if that one is named again.
    pub(crate) fn forget(&self) -> Result<()> {
        if !self.journal.is_empty() {
            return Ok(());
        }
        self.discard()?;
        self.remove_journal()
    }

    fn remove_journal(&self) -> Result<()> {
        if !self.journal.is_there() {
            return Ok(());
        }
        self.journal.forget().map_err(|error| self.unwritten(&error))?;
        self.journal.remove().map_err(|error| cannot("remove", self.journal.path(), &error))
    }

    /// Whether what stands at the path of the partial file is still this one.
    fn is_there(&self) -> bool {
        same_file(&self.file, &self.paths.partial)
    }
}

/// The journal and the partial file, each found or made.
fn take(paths: &TargetPaths) -> Result<(JournalFile, LockedFile), Obstacle> {
    let journal = take_journal(paths)?;
    let lines = own_lines(&journal.text).unwrap_or_default().to_vec();
    let file = match paths.partial.symlink_metadata() {
        Err(_) => make_locked(&paths.partial).map_err(|error| obstacle(&paths.partial, &error))?,
        Ok(there) => {
            // As a kill leaves it where a file gets its name by a link: whole, and done with.
            if paths.has_its_name() {
                std::fs::remove_file(&paths.partial).map_err(|error| cannot("remove", &paths.partial, &error))?;
                return Err(Obstacle::AttemptState);
            }
            if let Some(why) = not_ours(&paths.partial, &there) {
                return Err(foreign(&paths.partial, why).into());
            }
            let file = find_locked(&paths.partial).map_err(|error| obstacle(&paths.partial, &error))?;
            check_fit(&paths.partial, &file, &lines)?;
            file
        }
    };
    Ok((journal.behind(MARK.len() as u64), file))
}

/// The journal, which is made if neither it nor the partial file is there.
fn take_journal(paths: &TargetPaths) -> Result<OpenJournal, Obstacle> {
    let path = &paths.journal;
    let is_alone = paths.partial.symlink_metadata().is_err();
    let unreadable = |error: std::io::Error| Obstacle::from(cannot("read", path, &error));
    let Ok(there) = path.symlink_metadata() else {
        if !is_alone {
            let why = paths.partial.symlink_metadata().ok().and_then(|there| not_ours(&paths.partial, &there));
            return Err(foreign(&paths.partial, why.unwrap_or("it has no journal next to it")).into());
        }
        return marked(path, make_locked(path).map_err(|error| obstacle(path, &error))?);
    };
    if let Some(why) = not_ours(path, &there) {
        return Err(foreign(path, why).into());
    }
    let found = find_locked(path).map_err(|error| obstacle(path, &error))?;
    let found = OpenJournal::read(path, found).map_err(unreadable)?;
    match own_lines(&found.text) {
        Some(_) => Ok(found),
        // As a kill leaves one that was just made.
        None if found.text.is_empty() && is_alone => marked(path, found.into_file()),
        None if is_alone => Err(foreign(path, "it is not a download journal").into()),
        None => Err(foreign(&paths.partial, "the file next to it is not a download journal").into()),
    }
}

/// Writes the mark of a journal into an empty file.
fn marked(path: &Path, file: LockedFile) -> Result<OpenJournal, Obstacle> {
    if let Err(error) = write_all_at(&file, MARK, 0) {
        // It was just made, or empty.
        drop(std::fs::remove_file(path));
        return Err(cannot("write", path, &error).into());
    }
    OpenJournal::read(path, file).map_err(|error| cannot("read", path, &error).into())
}

/// Refuses a partial file of another length than its journal says that holds nothing of what the journal says: somebody
/// has put it there since.
fn check_fit(path: &Path, file: &LockedFile, lines: &[u8]) -> Result<()> {
    let length = file.metadata().map_err(|error| cannot("read", path, &error))?.len();
    let Some((plan, claims)) = claimed(lines).filter(|(plan, _)| length > 0 && plan.total() != length) else {
        return Ok(());
    };
    let holds = |index: usize, crc64: u64| {
        let mut hasher = RangeHasher::new(ChecksumKind::Crc64);
        let read = chunks(plan.range(index)).try_for_each(|(offset, length)| {
            let mut buffer = vec![0; length];
            read_exact_at(file, &mut buffer, offset)?;
            hasher.update(&buffer);
            std::io::Result::Ok(())
        });
        read.is_ok() && hasher.finish().crc64 == crc64
    };
    if claims.into_iter().any(|(index, claim)| holds(index, claim.crc64)) {
        return Ok(());
    }
    Err(foreign(path, "it does not match its journal"))
}

/// Another program's file, or a user's own.
fn foreign(path: &Path, why: &str) -> Error {
    Error::new(Kind::Conflict, format!("'{}' was not left by an interrupted download: {why}", path.display()))
        .with_next_step("move or delete it, or choose another name")
}

fn obstacle(path: &Path, error: &std::io::Error) -> Obstacle {
    match error.kind() {
        // Somebody removed it, or made it, since it was looked at.
        ErrorKind::NotFound | ErrorKind::AlreadyExists => Obstacle::AttemptState,
        ErrorKind::WouldBlock => {
            let partial = path.with_extension("");
            let shown = if path.extension().is_some_and(|end| end == "journal") { &partial } else { path };
            Error::new(Kind::Conflict, format!("another download is writing '{}'", shown.display()))
                .with_next_step("wait until it finishes, or choose another name")
                .into()
        }
        _ => cannot("write", path, error).into(),
    }
}

fn cannot(doing: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::io(format!("cannot {doing} '{}'", path.display()), error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::partial::reservation::Reservation;

    fn opened(target: &Path, overwrite: bool) -> Result<PartialFile> {
        PartialFile::open(TargetPaths::check(target, overwrite)?)
    }

    fn beside(target: &Path) -> std::path::PathBuf {
        target.with_extension("bacpac.partial")
    }

    fn journal(target: &Path) -> std::path::PathBuf {
        target.with_extension("bacpac.partial.journal")
    }

    #[test]
    fn a_file_that_appears_meanwhile_is_not_replaced_unless_that_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("db.bacpac");
        for overwrite in [false, true] {
            drop(std::fs::remove_file(&target));
            let partial = opened(&target, overwrite).unwrap();
            partial.begin(3, None).unwrap();
            partial.write(b"new", 0).unwrap();
            std::fs::write(&target, b"mine").unwrap();
            assert_eq!(
                partial.finish().map_err(|error| error.kind()),
                if overwrite { Ok(()) } else { Err(Kind::Conflict) }
            );
            assert_eq!(std::fs::read(&target).unwrap(), if overwrite { &b"new"[..] } else { b"mine" });
        }
    }

    #[test]
    fn only_the_file_that_was_checked_gets_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("db.bacpac");
        for overwrite in [false, true] {
            let partial = opened(&target, overwrite).unwrap();
            partial.begin(3, None).unwrap();
            partial.write(b"new", 0).unwrap();
            std::fs::remove_file(beside(&target)).unwrap();
            std::fs::write(beside(&target), b"others").unwrap();
            assert_eq!(partial.finish().unwrap_err().kind(), Kind::Conflict);
            partial.tidy();
            partial.discard().unwrap();
            partial.remove_unused();
            assert_eq!(std::fs::read(beside(&target)).unwrap(), b"others", "it is not ours to remove");
            assert!(!journal(&target).exists(), "or it would be ours next time");
            std::fs::remove_file(beside(&target)).unwrap();
            assert!(!target.exists());
        }
    }

    /// As a kill between the two leaves it where a file gets its name by a link.
    #[cfg(unix)]
    #[test]
    fn a_partial_file_that_has_its_name_already_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("db.bacpac");
        std::fs::write(&target, b"whole").unwrap();
        std::fs::hard_link(&target, beside(&target)).unwrap();
        std::fs::write(journal(&target), MARK).unwrap();
        let partial = opened(&target, true).unwrap();
        partial.begin(3, None).unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"whole");
        partial.write(b"new", 0).unwrap();
        partial.finish().unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"new");
        assert!(!beside(&target).exists());
    }

    #[test]
    fn nobody_else_begins_here_before_the_journal_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("db.bacpac");
        let partial = opened(&target, true).unwrap();
        partial.begin(3, None).unwrap();
        std::fs::remove_file(beside(&target)).unwrap();
        let error = opened(&target, true).err().unwrap();
        assert!(error.message().contains("another download is writing"), "{error}");
        drop(partial);
        opened(&target, true).unwrap();
    }

    #[test]
    fn the_journal_of_somebody_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("db.bacpac");
        let partial = opened(&target, false).unwrap();
        partial.begin(3, None).unwrap();
        std::fs::remove_file(journal(&target)).unwrap();
        std::fs::write(journal(&target), b"mine").unwrap();
        partial.finish().unwrap();
        assert_eq!(std::fs::read(journal(&target)).unwrap(), b"mine");
    }

    /// Files in this folder of the kernel's cannot be made, which it reports as though the folder were not there.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_takes_no_file_is_an_error_and_no_endless_search() {
        let error = opened(Path::new("/proc/db.bacpac"), false).err().unwrap();
        assert!(error.message().starts_with("cannot write '/proc/db.bacpac.partial'"), "{error}");
    }

    #[test]
    fn a_reserved_target_is_locked_and_leaves_nothing_behind_unused() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("db.bacpac");
        let partial = beside(&target);
        let open = || opened(&target, false);
        let reservation = Reservation::new(open().unwrap());
        assert_eq!(open().err().unwrap().kind(), Kind::Conflict);
        let other = TargetPaths::check(&folder.path().join("other"), false).unwrap();
        assert_eq!(reservation.take(&other).err().unwrap().field(), Some("reservation"));
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&partial.metadata().unwrap().permissions()) & 0o777, 0o600);
        drop(reservation.clone());
        assert!(partial.exists(), "another clone is left");
        drop(reservation);
        assert!(!partial.exists());

        let reservation = Reservation::new(open().unwrap());
        let taken = reservation.take(&TargetPaths::check(&target, false).unwrap()).unwrap().unwrap();
        assert!(reservation.take(&TargetPaths::check(&target, false).unwrap()).unwrap().is_none());
        drop(reservation);
        assert!(partial.exists() && open().is_err(), "in use");
        drop(taken);
        open().unwrap();
    }

    #[test]
    fn the_partial_file_is_never_written_through_a_link_or_into_a_directory() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("db.bacpac");
        let partial = beside(&target);
        let refused = || opened(&target, true).err().unwrap();
        std::fs::create_dir(&partial).unwrap();
        assert!(refused().to_string().contains("is a directory"), "{}", refused());
        std::fs::remove_dir(&partial).unwrap();
        #[cfg(unix)]
        for elsewhere in ["there", "not-there"] {
            std::fs::write(folder.path().join("there"), b"mine").unwrap();
            std::os::unix::fs::symlink(folder.path().join(elsewhere), &partial).unwrap();
            assert!(refused().to_string().contains("is a symbolic link"), "{}", refused());
            std::fs::remove_file(&partial).unwrap();
            assert!(!folder.path().join("not-there").exists());
        }
    }
}
