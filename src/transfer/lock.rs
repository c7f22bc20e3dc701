//! Files that one transfer has for itself: partial files and journals.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Result};
use std::path::Path;

/// How often transfers may cross each other at one file before the error is taken for a lasting one.
const ROUNDS: u32 = 100;

/// Opens a file for reading and writing, or makes it for its owner's eyes only, and locks it until it is closed. It is
/// not truncated: what is in it may be gone on with. Never makes a file through a link, and never gives one that is no
/// longer at its path.
///
/// # Errors
/// `WouldBlock` when somebody else has it, and whatever the system says of opening, making and locking it.
pub(super) fn open_locked(path: &Path) -> Result<File> {
    let mut rounds = 0;
    loop {
        rounds += 1;
        let opened = match open(path) {
            // Somebody removed it, or made it, since it was looked at.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::AlreadyExists) => Err(error),
            Err(error) => return Err(error),
            Ok(file) => {
                file.try_lock().map_err(|error| match error {
                    TryLockError::WouldBlock => ErrorKind::WouldBlock.into(),
                    TryLockError::Error(error) => error,
                })?;
                // Between opening and locking, another transfer may have ended and removed or renamed this very file,
                // or a link may have come to stand there.
                if same_file(&file, path) { Ok(file) } else { Err(ErrorKind::NotFound.into()) }
            }
        };
        // Or no file can be made here, as in a folder that was deleted; then it is the same each time.
        if opened.is_ok() || rounds == ROUNDS {
            return opened;
        }
    }
}

fn open(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    if path.symlink_metadata().is_err() {
        options.create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    options.open(path)
}

/// Whether an open file is still the one at this path, which is no link to it.
pub(super) fn same_file(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(named)) = (file.metadata(), std::fs::symlink_metadata(path)) else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        (open.dev(), open.ino()) == (named.dev(), named.ino())
    }
    #[cfg(not(unix))]
    {
        open.len() == named.len()
    }
}
