//! Brings what was received onto the disk while more arrives, so that the last sync has little left to do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::JoinHandle;

use super::partial_file::PartialFile;
use crate::base::error::{Error, Result};
use crate::transfer::file::file_tasks::FileWork;
use crate::transfer::task;

/// So much is gathered before it is brought onto the disk.
const PORTION: u64 = 64 * 1024 * 1024;

/// The flushing of one partial file. Cheap to clone; clones are the same.
#[derive(Clone)]
pub(crate) struct Flusher(Arc<Flushing>);

struct Flushing {
    partial: PartialFile,
    file_work: FileWork,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    written: u64,
    running: Option<JoinHandle<()>>,
    /// The system tells of a failed write once; whoever hears of it has to pass it on.
    failed: Option<Error>,
}

impl Flusher {
    pub(crate) fn new(partial: PartialFile, file_work: FileWork) -> Self {
        Self(Arc::new(Flushing { partial, file_work, state: Mutex::default() }))
    }

    /// So many more bytes were written. Brings them onto the disk in the background when they are enough, one portion
    /// at a time.
    pub(crate) fn written(&self, bytes: u64) {
        let mut state = self.state();
        state.written += bytes;
        let running = state.running.as_ref().is_some_and(|task| !task.is_finished());
        if state.written < PORTION || running || state.failed.is_some() {
            return;
        }
        // Whoever waits for the end of all file work waits for the last sync as well.
        let Ok(held) = Arc::clone(&self.0.file_work).try_read_owned() else { return };
        state.written = 0;
        let flusher = self.clone();
        state.running = Some(tokio::task::spawn_blocking(move || {
            let outcome = flusher.0.partial.sync_data();
            flusher.state().failed = outcome.err();
            drop(held);
        }));
    }

    /// Waits until nothing is being flushed.
    ///
    /// # Errors
    /// As writing the partial file.
    pub(crate) async fn finish(&self) -> Result<()> {
        let running = self.state().running.take();
        if let Some(task) = running {
            task.await.map_err(task::lost)?;
        }
        self.check()
    }

    /// What went wrong so far.
    ///
    /// # Errors
    /// As writing the partial file.
    pub(crate) fn check(&self) -> Result<()> {
        self.state().failed.clone().map_or(Ok(()), Err)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
