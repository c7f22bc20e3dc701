//! Files that one transfer has for itself: partial files and journals.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Error, ErrorKind, Result};
use std::ops::Deref;
use std::path::Path;

/// How often transfers may cross each other at one file before the error is taken for a lasting one.
pub(crate) const ROUNDS: u32 = 100;

/// A file that is locked until this is dropped.
pub(crate) struct LockedFile(File);

impl Deref for LockedFile {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}

impl Drop for LockedFile {
    fn drop(&mut self) {
        // Closing would not do: a process that was forked meanwhile has the same open file, and with it the lock. Where
        // there are no locks there is nothing to give back.
        drop(self.0.unlock());
    }
}

/// Opens a file for reading and writing, or makes it, for its owner's eyes only, and locks it. It is not truncated: what is
/// in it may be gone on with. Never makes a file through a link, and never gives one that is no longer at its path or has
/// another name besides. Where the file system has no locks, it is opened all the same.
///
/// # Errors
/// `WouldBlock` when somebody else has it, and whatever the system says of opening, making and locking it.
pub(crate) fn open_locked(path: &Path) -> Result<LockedFile> {
    let mut rounds = 0;
    loop {
        rounds += 1;
        let opened = match open(path) {
            // Somebody removed it, or made it, since it was looked at.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::AlreadyExists) => Err(error),
            Err(error) => return Err(error),
            Ok(file) => {
                let file = lock(file)?;
                // Between opening and locking, another transfer may have ended and removed or renamed this very file,
                // or a link may have come to stand there.
                if !same_file(&file, path) {
                    Err(ErrorKind::NotFound.into())
                } else if is_private(&file) {
                    Ok(file)
                } else {
                    // By its other name somebody could read it or lose it.
                    std::fs::remove_file(path)?;
                    Err(ErrorKind::AlreadyExists.into())
                }
            }
        };
        // Or no file can be made here, as in a folder that was deleted; then it is the same each time.
        if opened.is_ok() || rounds == ROUNDS {
            return opened;
        }
    }
}

/// Makes a file, for its owner's eyes only, and locks it.
///
/// # Errors
/// `AlreadyExists` when something is there, `WouldBlock` when somebody else has locked it since it was made.
pub(crate) fn make_locked(path: &Path) -> Result<LockedFile> {
    lock(make(path)?)
}

/// Opens a file that is there, and locks it. Nothing about it is changed.
///
/// # Errors
/// `NotFound` when it is not, or no longer, at its path; `WouldBlock` when somebody else has it.
pub(crate) fn find_locked(path: &Path) -> Result<LockedFile> {
    let file = lock(OpenOptions::new().read(true).write(true).open(path)?)?;
    if same_file(&file, path) { Ok(file) } else { Err(ErrorKind::NotFound.into()) }
}

fn open(path: &Path) -> Result<File> {
    if path.symlink_metadata().is_err() {
        return make(path);
    }
    OpenOptions::new().read(true).write(true).open(path)
}

fn make(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn lock(file: File) -> Result<LockedFile> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(error)) if !has_no_locks(&error) => Err(error),
        _ => Ok(LockedFile(file)),
    }
}

/// Whether a file system has no locks, as some that are on other machines.
fn has_no_locks(error: &Error) -> bool {
    #[cfg(unix)]
    if rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::NOLCK) {
        return true;
    }
    error.kind() == ErrorKind::Unsupported
}

/// Whether only its owner can read a file that was there, and only by this name.
fn is_private(file: &File) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let Ok(there) = file.metadata() else { return false };
        let closed = || there.mode() & 0o077 == 0 || file.set_permissions(PermissionsExt::from_mode(0o600)).is_ok();
        there.nlink() == 1 && closed()
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        true
    }
}

/// Whether an open file is still the one at this path, which is no link to it.
pub(crate) fn same_file(file: &File, path: &Path) -> bool {
    let Ok(named) = std::fs::symlink_metadata(path) else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        file.metadata().is_ok_and(|open| (open.dev(), open.ino()) == (named.dev(), named.ino()))
    }
    #[cfg(not(unix))]
    {
        use same_file::Handle;
        let same = || Ok::<_, Error>(Handle::from_file(file.try_clone()?)? == Handle::from_path(path)?);
        named.is_file() && same().unwrap_or(false)
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn one_has_it_and_what_was_made_is_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let first = open_locked(&path).unwrap();
        assert_eq!(first.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(open_locked(&path).err().unwrap().kind(), ErrorKind::WouldBlock);
        // As a process has that was forked meanwhile.
        let copy = first.try_clone().unwrap();
        drop(first);
        open_locked(&path).unwrap();
        drop(copy);
    }

    #[test]
    fn a_file_that_others_can_read_is_closed_and_one_with_another_name_is_left_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("x"), folder.path().join("other"));
        std::fs::write(&path, b"mine").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o666)).unwrap();
        assert_eq!(open_locked(&path).unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read(&path).unwrap(), b"mine");
        std::fs::hard_link(&path, &other).unwrap();
        assert_eq!(open_locked(&path).unwrap().metadata().unwrap().len(), 0);
        assert_eq!(std::fs::read(&other).unwrap(), b"mine");
    }

    #[test]
    fn a_file_that_was_replaced_before_it_was_locked_is_looked_for_again() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("x"), folder.path().join("other"));
        let held = lock(open(&path).unwrap()).unwrap();
        assert!(same_file(&held, &path));
        std::fs::rename(&path, &other).unwrap();
        assert!(!same_file(&held, &path), "nothing is there");
        std::os::unix::fs::symlink(&other, &path).unwrap();
        assert!(!same_file(&held, &path), "a link to it");
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, b"").unwrap();
        assert!(!same_file(&held, &path), "another file");
    }
}
