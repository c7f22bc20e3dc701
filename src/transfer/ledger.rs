//! The journal of a running transfer as a file: one line longer with each stretch that is done, removed at the end.
//! Nothing is forced onto the disk: a line that a power cut takes is a stretch more to move, and one that it spoils does
//! not pass (`journal.rs`).

use std::fs::File;
use std::io::{ErrorKind, Read, Result, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::journal::{Claim, line};
use super::lock::{Locked, open_locked};

/// The journal of one transfer. Cheap to clone; clones write the same file. All of it may wait for a disk.
#[derive(Clone)]
pub(super) struct Ledger(Arc<Kept>);

struct Kept {
    path: PathBuf,
    state: Mutex<State>,
}

enum State {
    /// Nothing is done yet; the first line that it begins with, and the file if it is held already.
    Unwritten(Vec<u8>, Option<Locked>),
    Open(Locked),
}

/// A journal that is there, locked.
pub(super) struct Found {
    path: PathBuf,
    file: Locked,
    /// What it says.
    pub(super) text: Vec<u8>,
}

impl Found {
    /// Opens the journal at a path for this transfer alone.
    ///
    /// # Errors
    /// `NotFound` when there is none, and `WouldBlock` when another transfer has it.
    pub(super) fn open(path: &Path) -> Result<Self> {
        if !path.symlink_metadata()?.is_file() {
            return Err(ErrorKind::NotFound.into());
        }
        Self::take(path)
    }

    /// The same, and makes an empty one if there is none.
    ///
    /// # Errors
    /// `WouldBlock` when another transfer has it.
    pub(super) fn take(path: &Path) -> Result<Self> {
        // Not through a link, which could lead to anything.
        if path.symlink_metadata().is_ok_and(|there| there.is_symlink()) {
            remove(path)?;
        }
        let file = open_locked(path)?;
        let mut text = Vec::new();
        (&*file).read_to_end(&mut text)?;
        Ok(Self { path: path.to_owned(), file, text })
    }

    /// Begins again with this line. What it says stays until there is something to write.
    pub(super) fn begin(self, first_line: Vec<u8>) -> Ledger {
        Ledger::new(self.path, State::Unwritten(first_line, Some(self.file)))
    }

    /// Goes on behind the first `length` bytes.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn go_on(self, length: u64) -> Result<Ledger> {
        self.file.set_len(length)?;
        (&*self.file).seek(SeekFrom::End(0))?;
        Ok(Ledger::new(self.path, State::Open(self.file)))
    }
}

impl Ledger {
    /// A journal that begins with this line, and is there as soon as there is something to write.
    pub(super) fn begin(path: PathBuf, first_line: Vec<u8>) -> Self {
        Self::new(path, State::Unwritten(first_line, None))
    }

    fn new(path: PathBuf, state: State) -> Self {
        Self(Arc::new(Kept { path, state: Mutex::new(state) }))
    }

    /// A stretch with this sum is done.
    ///
    /// # Errors
    /// When it cannot be written; nothing is lost but the chance to go on with this stretch.
    pub(super) fn record(&self, index: usize, claim: impl Into<Claim>) -> Result<()> {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Unwritten(first, held) = &mut *state {
            let file = match held.take() {
                Some(file) => file,
                None => Found::take(&self.0.path)?.file,
            };
            if let Err(error) = start(&file, first) {
                // Whoever holds it has the transfer.
                *held = Some(file);
                return Err(error);
            }
            *state = State::Open(file);
        }
        match &*state {
            // In one call, so that a kill leaves no half line.
            State::Open(file) => (&**file).write_all(line(index, claim.into()).as_bytes()),
            State::Unwritten(..) => Ok(()),
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
            State::Unwritten(..) => Ok(()),
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        // Made only to be locked. One that stays is read as none.
        if let State::Unwritten(_, Some(file)) = state
            && file.metadata().is_ok_and(|metadata| metadata.len() == 0)
        {
            drop(remove(&self.path));
        }
    }
}

/// Replaces what a journal says by its first line.
fn start(mut file: &File, first_line: &[u8]) -> Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(first_line)
}

/// Removes a journal, if there is one.
pub(super) fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
