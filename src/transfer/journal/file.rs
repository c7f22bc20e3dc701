//! The journal of a running transfer as a file: one line longer with each range that is done, removed at the end.
//! Nothing is forced onto the disk: a line that a power cut takes is a range more to move, and one that it spoils does
//! not pass (`format.rs`).

use std::io::{ErrorKind, Read, Result, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::format::{CompletedRange, line, origin, origin_line, tells_nothing, whole_length};
use crate::transfer::file::lock::{LockedFile, open_locked, same_file};

/// The journal of one transfer. Cheap to clone; clones write the same file. All of it may wait for a disk.
#[derive(Clone)]
pub(crate) struct JournalFile(Arc<SharedFile>);

struct SharedFile {
    path: PathBuf,
    file: LockedFile,
    /// What stands before the lines of a transfer, in bytes, and stays.
    head: u64,
    state: Mutex<WriteState>,
}

enum WriteState {
    /// Nothing is written down.
    Silent,
    /// Nothing is done yet; the first line that it begins with.
    Unwritten(Vec<u8>),
    Open,
}

/// A journal that is there, locked.
pub(crate) struct OpenJournal {
    path: PathBuf,
    file: LockedFile,
    /// What it says.
    pub(crate) text: Vec<u8>,
}

impl OpenJournal {
    /// Opens the journal at a path for this transfer alone, and makes an empty one if there is none.
    ///
    /// # Errors
    /// `WouldBlock` when another transfer has it.
    pub(crate) fn take(path: &Path) -> Result<Self> {
        // Not through a link, which could lead to anything.
        if path.symlink_metadata().is_ok_and(|there| there.is_symlink()) {
            remove(path)?;
        }
        Self::read(path, open_locked(path)?)
    }

    /// Reads the journal in a file that was opened and locked.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read(path: &Path, file: LockedFile) -> Result<Self> {
        let mut text = Vec::new();
        (&*file).read_to_end(&mut text)?;
        Ok(Self { path: path.to_owned(), file, text })
    }

    /// Begins again with this line. What it says stays until there is something to write.
    pub(crate) fn begin(self, first_line: Vec<u8>) -> JournalFile {
        JournalFile::new(self.path, self.file, 0, WriteState::Unwritten(first_line))
    }

    /// Goes on behind the first `length` bytes.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn resume(self, length: u64) -> Result<JournalFile> {
        let journal = JournalFile::new(self.path, self.file, 0, WriteState::Silent);
        journal.resume(length)?;
        Ok(journal)
    }

    /// The file, still locked.
    pub(crate) fn into_file(self) -> LockedFile {
        self.file
    }

    /// Leaves the first `head` bytes where they are. Nothing is written down before that is asked for.
    pub(crate) fn behind(self, head: u64) -> JournalFile {
        JournalFile::new(self.path, self.file, head, WriteState::Silent)
    }
}

impl JournalFile {
    fn new(path: PathBuf, file: LockedFile, head: u64, state: WriteState) -> Self {
        Self(Arc::new(SharedFile { path, file, head, state: Mutex::new(state) }))
    }

    /// Forgets all lines, and begins with this one when there is something to write. Without one, nothing is written down.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn restart(&self, first_line: Option<Vec<u8>>) -> Result<()> {
        let mut state = self.state();
        self.cut(0)?;
        *state = first_line.map_or(WriteState::Silent, WriteState::Unwritten);
        Ok(())
    }

    /// Goes on behind the first `length` bytes of the lines.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn resume(&self, length: u64) -> Result<()> {
        let mut state = self.state();
        self.cut(length)?;
        *state = WriteState::Open;
        Ok(())
    }

    /// What the lines say of a transfer.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn text(&self) -> Result<Vec<u8>> {
        let _state = self.state();
        let text = self.read()?;
        Ok(if tells_nothing(&text) { Vec::new() } else { text })
    }

    /// Where the file comes from, if that was written down.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn origin(&self) -> Result<Option<Value>> {
        let _state = self.state();
        Ok(origin(&self.read()?))
    }

    /// Writes down where the file comes from. What is written of a transfer stays: it may yet be gone on with.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn remember(&self, from: &Value) -> Result<()> {
        let _state = self.state();
        let text = self.read()?;
        if origin(&text).as_ref() == Some(from) {
            return Ok(());
        }
        // Behind the last whole line: a kill may have left half of one.
        let kept = if tells_nothing(&text) { 0 } else { whole_length(&text) };
        self.0.file.set_len(self.0.head + kept as u64)?;
        self.append(&origin_line(from)?)
    }

    /// Forgets where the file comes from, together with everything else.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn forget(&self) -> Result<()> {
        let mut state = self.state();
        self.0.file.set_len(self.0.head)?;
        *state = WriteState::Silent;
        Ok(())
    }

    /// Whether no line tells of a transfer.
    pub(crate) fn is_empty(&self) -> bool {
        let _state = self.state();
        self.read().is_ok_and(|text| tells_nothing(&text))
    }

    /// All lines. Whoever calls this holds the state, as there is one position in the file.
    fn read(&self) -> Result<Vec<u8>> {
        let mut text = Vec::new();
        (&*self.0.file).seek(SeekFrom::Start(self.0.head))?;
        (&*self.0.file).read_to_end(&mut text)?;
        Ok(text)
    }

    /// Takes away what stands behind the first `length` bytes of the lines, but for where the file comes from.
    fn cut(&self, length: u64) -> Result<()> {
        let text = self.read()?;
        let from = origin(&text).map(|from| origin_line(&from)).transpose()?.unwrap_or_default();
        // Where it stands first, as it mostly does, it is at no time not there.
        let kept = if text.starts_with(&from) { length.max(from.len() as u64) } else { length };
        let is_kept = origin(text.get(..kept as usize).unwrap_or(&text)) == origin(&text);
        self.0.file.set_len(self.0.head + kept)?;
        self.append(if is_kept { &[] } else { &from })
    }

    fn append(&self, lines: &[u8]) -> Result<()> {
        (&*self.0.file).seek(SeekFrom::End(0))?;
        (&*self.0.file).write_all(lines)
    }

    /// Whether it is still the file at its path.
    pub(crate) fn is_there(&self) -> bool {
        same_file(&self.0.file, &self.0.path)
    }

    /// A range with this sum is done.
    ///
    /// # Errors
    /// When it cannot be written; nothing is lost but the chance to go on with this range.
    pub(crate) fn record(&self, index: usize, claim: impl Into<CompletedRange>) -> Result<()> {
        let mut state = self.state();
        match &*state {
            WriteState::Silent => return Ok(()),
            WriteState::Unwritten(first_line) => {
                self.cut(0)?;
                self.append(first_line)?;
                *state = WriteState::Open;
            }
            WriteState::Open => {}
        }
        // In one call, so that a kill leaves no half line.
        (&*self.0.file).write_all(line(index, claim.into()).as_bytes())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    /// Removes the file: the transfer is complete, or must not be gone on with.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub(crate) fn remove(&self) -> Result<()> {
        match &*self.state() {
            WriteState::Unwritten(_) => Ok(()),
            WriteState::Open | WriteState::Silent => remove(&self.0.path),
        }
    }

    fn state(&self) -> MutexGuard<'_, WriteState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SharedFile {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        // Made only to be locked. One that stays is read as none.
        if matches!(state, WriteState::Unwritten(_)) && self.file.metadata().is_ok_and(|metadata| metadata.len() == 0) {
            drop(remove(&self.path));
        }
    }
}

/// Removes a journal, if there is one.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
