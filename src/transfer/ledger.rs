//! Which parts of a download are finished, and when the journal is written.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::journal::Journal;
use super::target::Partial;
use crate::base::error::Result;

/// The journal is written at most this often while parts arrive.
const JOURNAL_INTERVAL: Duration = Duration::from_millis(500);
/// It is written anyway after so many parts.
const JOURNAL_PARTS: usize = 8;

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

    /// Writes the journal with everything finished so far, unless that is nothing. Blocks.
    pub(super) fn flush(&self) -> Result<()> {
        if self.state.lock().unwrap_or_else(PoisonError::into_inner).finished.is_empty() {
            return Ok(());
        }
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
