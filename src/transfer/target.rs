//! The file that is received: `<name>.partial` and its journal until it is whole, then the file itself.
//!
//! The final name appears only by a rename of a complete, checked and synced file, so a partial file never looks
//! whole. The partial file is locked while a download writes it.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ledger::{self, Found, Ledger};
use super::lock::{Locked, open_locked, same_file};
use super::position::{read_exact_at, write_all_at};
use crate::base::error::{Error, Kind, Result};
use crate::base::next_step::{NextStep, Setting};

/// The paths of one download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Paths {
    target: PathBuf,
    partial: PathBuf,
    journal: PathBuf,
    overwrite: bool,
}

fn beside(target: &Path, suffix: &str) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

impl Paths {
    /// Checks that the target can be written.
    ///
    /// # Errors
    /// `Conflict` when it exists and may not be replaced, `InvalidArgument` or `NotFound` when its place is wrong.
    pub(super) fn check(target: &Path, overwrite: bool) -> Result<Self> {
        let shown = target.display();
        // A path that ends in a separator or in "/." names a folder, and is not seen as such by `file_name`.
        let named = target
            .file_name()
            .is_some_and(|name| target.as_os_str().as_encoded_bytes().ends_with(name.as_encoded_bytes()));
        if !named {
            return Err(Error::invalid("outputFile", format!("'{shown}' names no file")));
        }
        let folder = folder_of(target);
        if !folder.is_dir() {
            return Err(Error::new(Kind::NotFound, format!("the folder '{}' does not exist", folder.display()))
                .with_next_step("make the folder first"));
        }
        // A device or a pipe would be replaced by the file, whatever the caller permits.
        match target.metadata() {
            Ok(there) if there.is_dir() => {
                return Err(Error::new(
                    Kind::InvalidArgument,
                    format!("'{shown}' is a directory; a file's name is needed"),
                ));
            }
            Ok(there) if !there.is_file() => {
                return Err(Error::new(Kind::InvalidArgument, format!("'{shown}' is no regular file")).with_next_step(
                    "name a file on a disk: the download is resumable and needs a place to go on from",
                ));
            }
            _ => {}
        }
        let paths = Self {
            target: target.to_owned(),
            partial: beside(target, ".partial"),
            journal: beside(target, ".partial.journal"),
            overwrite,
        };
        paths.check_free()?;
        Ok(paths)
    }

    fn check_free(&self) -> Result<()> {
        if self.overwrite || self.target.symlink_metadata().is_err() {
            return Ok(());
        }
        Err(Error::new(Kind::Conflict, format!("'{}' exists", self.target.display())).with_next_step(
            NextStep::text("choose another name, or replace the file with ").setting(Setting::Overwrite),
        ))
    }

    /// Refuses to write through a link, into a directory or into a device in the partial file's place.
    fn check_partial(&self) -> Result<()> {
        let what = match self.partial.symlink_metadata() {
            Ok(there) if there.is_symlink() => "a symbolic link",
            Ok(there) if there.is_dir() => "a directory",
            Ok(there) if !there.is_file() => "no regular file",
            _ => return Ok(()),
        };
        Err(Error::new(
            Kind::InvalidArgument,
            format!("'{}' is {what}; the download needs a file of its own there", self.partial.display()),
        )
        .with_next_step("remove it, or choose another name"))
    }

    /// Opens and locks the partial file.
    ///
    /// # Errors
    /// `Conflict` when another download writes it.
    pub(super) fn open(self) -> Result<Partial> {
        let shown = self.partial.display().to_string();
        self.check_partial()?;
        let file = open_locked(&self.partial).map_err(|error| {
            if error.kind() == ErrorKind::WouldBlock {
                return Error::new(Kind::Conflict, format!("another download writes '{shown}'"))
                    .with_next_step("wait for it to end, or choose another name");
            }
            // A link may have come to stand there meanwhile.
            self.check_partial().err().unwrap_or_else(|| Error::io(format!("cannot write '{shown}'"), &error))
        })?;
        let partial = Partial { paths: self, file: Arc::new(file), shown: shown.into() };
        // Another download may have finished since.
        partial.paths.check_free().inspect_err(|_| partial.remove_unused())?;
        Ok(partial)
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A locked partial file. Cheap to clone; the lock ends with the last clone.
#[derive(Clone)]
pub(super) struct Partial {
    paths: Paths,
    file: Arc<Locked>,
    shown: Arc<str>,
}

impl Partial {
    fn failed(&self, error: &std::io::Error) -> Error {
        Error::io(format!("cannot write '{}'", self.shown), error)
    }

    pub(super) fn paths(&self) -> &Paths {
        &self.paths
    }

    /// Removes the partial file if nothing was ever written to it and it is still this one.
    pub(super) fn remove_unused(&self) {
        if self.length().is_ok_and(|length| length == 0) {
            self.tidy();
        }
    }

    pub(super) fn length(&self) -> Result<u64> {
        self.file.metadata().map(|metadata| metadata.len()).map_err(|error| self.failed(&error))
    }

    /// The journal of an earlier download, if there is one that can be read.
    pub(super) fn journal(&self) -> Option<Found> {
        Found::open(&self.paths.journal).ok()
    }

    /// A journal that begins with this line.
    pub(super) fn new_journal(&self, first_line: Vec<u8>) -> Ledger {
        Ledger::begin(self.paths.journal.clone(), first_line)
    }

    /// Goes on with the journal of an earlier download.
    pub(super) fn go_on(&self, journal: Found, length: u64) -> Result<Ledger> {
        journal.go_on(length).map_err(|error| self.unwritten(&error))
    }

    /// The error of a journal that cannot be written.
    pub(super) fn unwritten(&self, error: &std::io::Error) -> Error {
        Error::io(format!("cannot write '{}'", self.paths.journal.display()), error)
    }

    /// Forgets what an earlier download left and takes the room that the blob needs, so that a disk that is too small
    /// is noticed now. Blocks.
    pub(super) fn begin(&self, length: u64) -> Result<()> {
        self.forget_journal()?;
        let room = || {
            self.file.set_len(0)?;
            allocate(&self.file, length)?;
            self.file.set_len(length)
        };
        room().map_err(|error| self.failed(&error))
    }

    fn forget_journal(&self) -> Result<()> {
        ledger::remove(&self.paths.journal)
            .map_err(|error| Error::io(format!("cannot remove '{}'", self.paths.journal.display()), &error))
    }

    /// Writes bytes at their place. Blocks.
    pub(super) fn write(&self, bytes: &[u8], offset: u64) -> Result<()> {
        write_all_at(&self.file, bytes, offset).map_err(|error| self.failed(&error))
    }

    /// Brings what was written onto the disk. Blocks.
    pub(super) fn sync_data(&self) -> Result<()> {
        self.file.sync_data().map_err(|error| self.lost(&error))
    }

    /// The error of a sync. What it did not bring onto the disk is told once and reads well from memory afterwards, so
    /// nothing of the file can be gone on with.
    fn lost(&self, error: &std::io::Error) -> Error {
        // The failed sync is the one to tell.
        drop(self.forget_journal());
        self.failed(error)
    }

    /// Reads a whole buffer. Blocks.
    pub(super) fn read(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
        read_exact_at(&self.file, buffer, offset)
            .map_err(|error| Error::io(format!("cannot read '{}'", self.shown), &error))
    }

    /// Makes the partial file the target. Blocks.
    pub(super) fn finish(&self) -> Result<()> {
        self.file.sync_all().map_err(|error| self.lost(&error))?;
        // What was checked is this file, and not whatever has come to stand at its path.
        if !self.is_there() {
            return Err(Error::new(Kind::Conflict, format!("'{}' was taken away while it was written", self.shown))
                .with_next_step("download it again, and let nothing else write there"));
        }
        self.take_name()
            .map_err(|error| Error::io(format!("cannot write '{}'", self.paths.target.display()), &error))?;
        sync_folder(&self.paths.target);
        // From now on another download may begin here; its journal is not ours.
        match Found::open(&self.paths.journal) {
            Ok(_) => self.forget_journal(),
            Err(_) => Ok(()),
        }
    }

    /// Gives the file its name, which must be free unless it may be replaced. A rename replaces what has come to stand at
    /// the target meanwhile; one that does not, or else a link, is not known to every file system.
    fn take_name(&self) -> std::io::Result<()> {
        let Paths { target, partial, overwrite, .. } = &self.paths;
        if !*overwrite {
            match rename_to_free(partial, target) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {}
                ended => return ended,
            }
            match std::fs::hard_link(partial, target) {
                Ok(()) => return std::fs::remove_file(partial),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
                Err(_) if target.symlink_metadata().is_ok() => return Err(ErrorKind::AlreadyExists.into()),
                Err(_) => {}
            }
        }
        std::fs::rename(partial, target)
    }

    /// After a failure: removes a partial file that has no journal and so cannot be gone on with.
    pub(super) fn tidy(&self) {
        if !self.paths.journal.exists() && self.is_there() {
            // The failure that ended the download is the one to tell.
            drop(std::fs::remove_file(&self.paths.partial));
        }
    }

    /// Removes the partial file and its journal: they must not be gone on with.
    pub(super) fn discard(&self) -> Result<()> {
        if !self.is_there() {
            return Ok(());
        }
        self.forget_journal()?;
        std::fs::remove_file(&self.paths.partial)
            .map_err(|error| Error::io(format!("cannot remove '{}'", self.shown), &error))
    }

    /// Whether what stands at the path of the partial file is still this one.
    fn is_there(&self) -> bool {
        same_file(&self.file, &self.paths.partial)
    }
}

/// Renames a file; an error when the other name is taken, or when the system cannot look and rename at once.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn rename_to_free(from: &Path, to: &Path) -> std::io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn rename_to_free(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Takes room on the disk, where the file system can tell. One that cannot fails later, at the byte that is too much.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn allocate(file: &File, length: u64) -> std::io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate, fstatfs};
    use rustix::io::Errno;

    if length == 0 {
        return Ok(());
    }
    // A disk notes the room down. In memory each page of it is made ready, which takes a third of the whole download,
    // so there it is only looked for.
    // `TMPFS_MAGIC` of statfs(2); the type of this field differs from one kind of processor to the other.
    let taken = match fstatfs(file) {
        Ok(place) if place.f_type == 0x0102_1994 => {
            let left = place.f_bavail.saturating_mul(place.f_bsize as u64);
            if place.f_blocks > 0 && left < length { Err(Errno::NOSPC) } else { Ok(()) }
        }
        _ => fallocate(file, FallocateFlags::empty(), 0, length),
    };
    match taken {
        Err(error) if error == Errno::NOSPC || error == Errno::DQUOT => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn allocate(_: &File, _: u64) -> std::io::Result<()> {
    Ok(())
}

/// Makes a rename last. Not every file system allows it for a folder, and the file's data is safe without it.
fn sync_folder(path: &Path) {
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        drop(File::open(folder).and_then(|folder| folder.sync_all()));
    }
    #[cfg(not(unix))]
    let _ = path;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::reservation::Reservation;

    #[test]
    fn a_file_that_appears_meanwhile_is_not_replaced_unless_that_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("db.bacpac");
        for overwrite in [false, true] {
            drop(std::fs::remove_file(&target));
            let partial = Paths::check(&target, overwrite).unwrap().open().unwrap();
            partial.begin(3).unwrap();
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
            let partial = Paths::check(&target, overwrite).unwrap().open().unwrap();
            partial.begin(3).unwrap();
            partial.write(b"new", 0).unwrap();
            std::fs::remove_file(beside(&target, ".partial")).unwrap();
            std::fs::write(beside(&target, ".partial"), b"others").unwrap();
            assert_eq!(partial.finish().unwrap_err().kind(), Kind::Conflict);
            partial.tidy();
            partial.discard().unwrap();
            partial.remove_unused();
            assert_eq!(std::fs::read(beside(&target, ".partial")).unwrap(), b"others", "it is not ours to remove");
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
        std::fs::hard_link(&target, beside(&target, ".partial")).unwrap();
        let partial = Paths::check(&target, true).unwrap().open().unwrap();
        partial.begin(3).unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"whole");
        partial.write(b"new", 0).unwrap();
        partial.finish().unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"new");
        assert!(!beside(&target, ".partial").exists());
    }

    #[test]
    fn the_journal_of_a_download_that_began_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("db.bacpac");
        let journal = beside(&target, ".partial.journal");
        let partial = Paths::check(&target, false).unwrap().open().unwrap();
        partial.begin(3).unwrap();
        let others = Ledger::begin(journal.clone(), b"{}\n".to_vec());
        others.record(0, 1).unwrap();
        partial.finish().unwrap();
        assert!(journal.exists());
        drop(others);
    }

    /// Files in this folder of the kernel's cannot be made, which it reports as though the folder were not there.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_takes_no_file_is_an_error_and_no_endless_search() {
        let error = Paths::check(Path::new("/proc/db.bacpac"), false).and_then(Paths::open).err().unwrap();
        assert!(error.message().starts_with("cannot write '/proc/db.bacpac.partial'"), "{error}");
    }

    #[test]
    fn a_reserved_target_is_locked_and_leaves_nothing_behind_unused() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("db.bacpac");
        let partial = beside(&target, ".partial");
        let open = || Paths::check(&target, false).unwrap().open();
        let reservation = Reservation::new(open().unwrap());
        assert_eq!(open().err().unwrap().kind(), Kind::Conflict);
        let other = Paths::check(&folder.path().join("other"), false).unwrap();
        assert_eq!(reservation.take(&other).err().unwrap().field(), Some("reservation"));
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&partial.metadata().unwrap().permissions()) & 0o777, 0o600);
        drop(reservation.clone());
        assert!(partial.exists(), "another clone is left");
        drop(reservation);
        assert!(!partial.exists());

        let reservation = Reservation::new(open().unwrap());
        let taken = reservation.take(&Paths::check(&target, false).unwrap()).unwrap().unwrap();
        assert!(reservation.take(&Paths::check(&target, false).unwrap()).unwrap().is_none());
        drop(reservation);
        assert!(partial.exists() && open().is_err(), "in use");
        drop(taken);
        open().unwrap();
    }

    #[test]
    fn a_path_that_names_a_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["new/", "new/.", ".."] {
            let error = Paths::check(&folder.path().join(name), true).unwrap_err();
            assert!(error.to_string().contains("names no file"), "{error}");
        }
    }

    #[test]
    fn the_partial_file_is_never_written_through_a_link_or_into_a_directory() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("db");
        let partial = beside(&target, ".partial");
        let refused = || Paths::check(&target, true).unwrap().open().err().unwrap();
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
