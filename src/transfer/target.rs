//! The file that is received: `<name>.partial` and its journal until it is whole, then the file itself.
//!
//! The final name appears only by a rename of a complete, checked and synced file, so a partial file never looks
//! whole. The partial file is locked while a download writes it.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use md5::{Digest, Md5};

use super::PIECE;
use super::journal::Journal;
use super::position::{read_exact_at, write_all_at};
use crate::base::error::{Error, Kind, Result};

/// The journal is written at most this often while parts arrive.
const JOURNAL_INTERVAL: Duration = Duration::from_millis(500);
/// It is written anyway after so many parts.
const JOURNAL_PARTS: usize = 8;

/// The paths of one download.
#[derive(Debug, Clone)]
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
        if target.file_name().is_none() {
            return Err(Error::invalid("target", format!("'{shown}' names no file")));
        }
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
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
        Err(Error::new(Kind::Conflict, format!("'{}' exists", self.target.display()))
            .with_next_step("choose another name or allow overwriting"))
    }

    /// Opens and locks the partial file.
    ///
    /// # Errors
    /// `Conflict` when another download writes it.
    pub(super) fn open(self) -> Result<Partial> {
        let shown = self.partial.display().to_string();
        let failed = |error: &std::io::Error| Error::io(format!("cannot write '{shown}'"), error);
        loop {
            // Not truncated: what is in it may be gone on with.
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&self.partial)
                .map_err(|error| failed(&error))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::new(Kind::Conflict, format!("another download writes '{shown}'"))
                        .with_next_step("wait for it to end, or choose another name"));
                }
                Err(TryLockError::Error(error)) => return Err(failed(&error)),
            }
            // Between opening and locking, another download may have finished and renamed this very file.
            if same_file(&file, &self.partial) {
                self.check_free()?;
                return Ok(Partial { paths: self, file: Arc::new(file), shown: shown.into() });
            }
        }
    }
}

/// Whether an open file is still the one at this path.
fn same_file(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(named)) = (file.metadata(), std::fs::metadata(path)) else { return false };
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

/// A locked partial file. Cheap to clone; the lock ends with the last clone.
#[derive(Clone)]
pub(super) struct Partial {
    paths: Paths,
    file: Arc<File>,
    shown: Arc<str>,
}

impl Partial {
    fn failed(&self, error: &std::io::Error) -> Error {
        Error::io(format!("cannot write '{}'", self.shown), error)
    }

    pub(super) fn length(&self) -> Result<u64> {
        self.file.metadata().map(|metadata| metadata.len()).map_err(|error| self.failed(&error))
    }

    /// The text of the journal, if there is one.
    pub(super) fn journal(&self) -> Option<String> {
        std::fs::read_to_string(&self.paths.journal).ok()
    }

    /// Forgets what an earlier download left and makes the file as long as the blob.
    pub(super) fn begin(&self, length: u64) -> Result<()> {
        self.forget_journal()?;
        self.file.set_len(0).and_then(|()| self.file.set_len(length)).map_err(|error| self.failed(&error))
    }

    fn forget_journal(&self) -> Result<()> {
        match std::fs::remove_file(&self.paths.journal) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io(format!("cannot remove '{}'", self.paths.journal.display()), &error))
            }
            _ => Ok(()),
        }
    }

    /// Writes bytes at their place. Blocks.
    pub(super) fn write(&self, bytes: &[u8], offset: u64) -> Result<()> {
        write_all_at(&self.file, bytes, offset).map_err(|error| self.failed(&error))
    }

    /// Writes the journal, after what it says is on the disk. Blocks.
    fn write_journal(&self, journal: &Journal) -> Result<()> {
        self.file.sync_data().map_err(|error| self.failed(&error))?;
        let failed =
            |error: &std::io::Error| Error::io(format!("cannot write '{}'", self.paths.journal.display()), error);
        let text = serde_json::to_vec(journal)
            .map_err(|error| Error::new(Kind::Internal, format!("the journal cannot be written: {error}")))?;
        // By a rename, so that a journal cut in half cannot take the place of a whole one.
        let new = beside(&self.paths.journal, ".new");
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&new)?;
            file.write_all(&text)?;
            file.sync_data()?;
            std::fs::rename(&new, &self.paths.journal)
        };
        write().map_err(|error| failed(&error))
    }

    /// The MD5 of the whole file. Blocks; stops when `stopped` is set.
    pub(super) fn md5(&self, length: u64, stopped: &AtomicBool, mut read: impl FnMut(u64)) -> Result<[u8; 16]> {
        let mut digest = Md5::new();
        let mut buffer = vec![0; PIECE];
        let mut offset = 0;
        while offset < length {
            if stopped.load(Ordering::Relaxed) {
                return Err(Error::cancelled());
            }
            let count = usize::try_from(length - offset).map_or(PIECE, |left| left.min(PIECE));
            read_exact_at(&self.file, &mut buffer[..count], offset)
                .map_err(|error| Error::io(format!("cannot read '{}'", self.shown), &error))?;
            digest.update(&buffer[..count]);
            offset += count as u64;
            read(count as u64);
        }
        Ok(digest.finalize().into())
    }

    /// Makes the partial file the target. Blocks.
    pub(super) fn finish(&self) -> Result<()> {
        self.file.sync_all().map_err(|error| self.failed(&error))?;
        self.take_name()
            .map_err(|error| Error::io(format!("cannot write '{}'", self.paths.target.display()), &error))?;
        sync_folder(&self.paths.target);
        self.forget_journal()
    }

    /// A rename replaces what has come to stand at the target meanwhile; a link does not, but not every file system
    /// has links.
    fn take_name(&self) -> std::io::Result<()> {
        let Paths { target, partial, overwrite, .. } = &self.paths;
        if !*overwrite {
            match std::fs::hard_link(partial, target) {
                Ok(()) => return std::fs::remove_file(partial),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Err(error),
                Err(_) if target.symlink_metadata().is_ok() => return Err(std::io::ErrorKind::AlreadyExists.into()),
                Err(_) => {}
            }
        }
        std::fs::rename(partial, target)
    }

    /// After a failure: removes a partial file that has no journal and so cannot be gone on with.
    pub(super) fn tidy(&self) {
        if !self.paths.journal.exists() {
            // The failure that ended the download is the one to tell.
            drop(std::fs::remove_file(&self.paths.partial));
        }
    }

    /// Removes the partial file and its journal: they must not be gone on with.
    pub(super) fn discard(&self) -> Result<()> {
        self.forget_journal()?;
        std::fs::remove_file(&self.paths.partial)
            .map_err(|error| Error::io(format!("cannot remove '{}'", self.shown), &error))
    }
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

/// The finished parts of a download, written to the journal from time to time.
pub(super) struct Ledger {
    partial: Partial,
    journal: Option<Journal>,
    state: Mutex<LedgerState>,
    writing: Mutex<()>,
}

struct LedgerState {
    finished: BTreeSet<usize>,
    unwritten: usize,
    written_at: Duration,
}

impl Ledger {
    pub(super) fn new(partial: Partial, journal: Option<Journal>, finished: BTreeSet<usize>) -> Self {
        let state = LedgerState { finished, unwritten: 0, written_at: Duration::ZERO };
        Self { partial, journal, state: Mutex::new(state), writing: Mutex::new(()) }
    }

    /// Marks a part finished and writes the journal when that is due and nobody else does. Blocks.
    pub(super) fn finished(&self, index: usize, now: Duration) -> Result<()> {
        let due = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.finished.insert(index);
            state.unwritten += 1;
            let first = state.written_at.is_zero();
            let due =
                first || state.unwritten >= JOURNAL_PARTS || now.saturating_sub(state.written_at) >= JOURNAL_INTERVAL;
            if due {
                // Never zero again, which stands for "not yet".
                state.written_at = now.max(Duration::from_nanos(1));
            }
            due
        };
        match self.writing.try_lock() {
            Ok(_writing) if due => self.write(),
            _ => Ok(()),
        }
    }

    /// Writes the journal with everything finished so far. Blocks.
    pub(super) fn flush(&self) -> Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.write()
    }

    fn write(&self) -> Result<()> {
        let Some(journal) = &self.journal else { return Ok(()) };
        let journal = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.unwritten = 0;
            journal.with_finished(&state.finished)
        };
        self.partial.write_journal(&journal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
