//! The journal of a running transfer as a file: made when the first stretch is done, one line longer with each further
//! one, removed at the end. Nothing is forced onto the disk: a line that a power cut takes is a stretch more to move,
//! and one that it spoils does not pass (`journal.rs`).

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Result, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::journal::line;

/// The journal of one transfer. Cheap to clone; clones write the same file. All of it may wait for a disk.
#[derive(Clone)]
pub(super) struct Ledger(Arc<Kept>);

struct Kept {
    path: PathBuf,
    state: Mutex<State>,
}

enum State {
    /// Nothing is done yet; the first line that it begins with.
    Unwritten(Vec<u8>),
    Open(File),
}

/// A journal that is there, locked.
pub(super) struct Found {
    path: PathBuf,
    file: File,
    /// What it says.
    pub(super) text: Vec<u8>,
}

impl Found {
    /// Opens the journal at a path for this process alone.
    ///
    /// # Errors
    /// `NotFound` when there is none, and `WouldBlock` when another process writes it.
    pub(super) fn open(path: &Path) -> Result<Self> {
        // Not through a link, which could lead to anything.
        if !path.symlink_metadata()?.is_file() {
            return Err(ErrorKind::NotFound.into());
        }
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        lock(&file)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        Ok(Self { path: path.to_owned(), file, text })
    }

    /// Goes on behind the first `length` bytes.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn go_on(mut self, length: u64) -> Result<Ledger> {
        self.file.set_len(length)?;
        self.file.seek(SeekFrom::End(0))?;
        Ok(Ledger::new(self.path, State::Open(self.file)))
    }
}

impl Ledger {
    /// A journal that begins with this line. What stands at the path is replaced when there is something to write.
    pub(super) fn begin(path: PathBuf, first_line: Vec<u8>) -> Self {
        Self::new(path, State::Unwritten(first_line))
    }

    fn new(path: PathBuf, state: State) -> Self {
        Self(Arc::new(Kept { path, state: Mutex::new(state) }))
    }

    /// A stretch with this sum is done.
    ///
    /// # Errors
    /// When it cannot be written; nothing is lost but the chance to go on with this stretch.
    pub(super) fn record(&self, index: usize, crc: u64) -> Result<()> {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Unwritten(first) = &*state {
            let mut file = create(&self.0.path)?;
            file.write_all(first)?;
            *state = State::Open(file);
        }
        match &mut *state {
            // In one call, so that a kill leaves no half line.
            State::Open(file) => file.write_all(line(index, crc).as_bytes()),
            State::Unwritten(_) => Ok(()),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.0.path
    }

    /// Removes the file: the transfer is complete, or must not be gone on with.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub(super) fn remove(&self) -> Result<()> {
        match &*self.0.state.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Open(_) => remove(&self.0.path),
            State::Unwritten(_) => Ok(()),
        }
    }
}

/// Removes a journal, if there is one.
pub(super) fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// For its owner's eyes only: it names files and sites. Never through a link that stands there.
fn create(path: &Path) -> Result<File> {
    remove(path)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    lock(&file)?;
    Ok(file)
}

fn lock(file: &File) -> Result<()> {
    file.try_lock().map_err(|error| match error {
        std::fs::TryLockError::WouldBlock => ErrorKind::WouldBlock.into(),
        std::fs::TryLockError::Error(error) => error,
    })
}
