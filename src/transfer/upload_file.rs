//! One file of an upload: its source, how it is cut, what of it the store has already, and what is written down of it.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use super::checksum::integrity::Proof;
use super::file::file_tasks::run_file_task;
use super::file::source::Source;
use super::journal::file::JournalFile;
use super::journal::format::{CompletedRange, CompletedRanges};
use super::schedule::plan::Plan;
use crate::base::error::{Error, Result};
use crate::base::event::Event;
use crate::blob::block::BlockId;

/// A file that can be sent, and how it is cut into blocks.
pub(super) struct PlannedFile {
    /// Its number in the upload.
    pub(super) number: usize,
    /// The blob's name.
    pub(super) name: String,
    /// The blob's address without its query.
    pub(super) blob: String,
    pub(super) source: Source,
    pub(super) plan: Plan,
}

/// An upload that may go on.
pub(super) struct ResumedUpload {
    /// The id that its blocks have in the store.
    pub(super) upload_id: Uuid,
    /// The length of the ids in bytes.
    pub(super) id_bytes: usize,
    /// The blocks that are said to be there.
    pub(super) claims: CompletedRanges,
    /// Where the others are written down.
    pub(super) journal: Option<JournalFile>,
}

impl ResumedUpload {
    /// The id of a block.
    pub(super) fn id(&self, index: usize) -> BlockId {
        block_id(self.id_bytes, self.upload_id, index)
    }
}

/// One file of an upload.
pub(super) struct FileUpload {
    /// Its number in the upload.
    pub(super) number: usize,
    /// The blob's name.
    pub(super) name: String,
    pub(super) source: Source,
    pub(super) plan: Plan,
    /// Blocks that an earlier, cut upload has left in the store.
    pub(super) staged: BTreeSet<usize>,
    /// The length of the ids of its blocks in bytes.
    pub(super) id_bytes: usize,
    upload_id: Uuid,
    journal: Option<JournalFile>,
    /// What the store has proven of all blocks.
    proof: Mutex<Proof>,
    /// Whether it could not be written.
    unwritable: AtomicBool,
    /// The CRC-64 that each block had when it was first read: a block that is read again and differs means that the
    /// file has changed.
    kept: Mutex<Vec<Option<u64>>>,
}

impl FileUpload {
    /// `staged` are those of the blocks that were `taken` up that are good.
    pub(super) fn new(planned: PlannedFile, taken: ResumedUpload, staged: BTreeSet<usize>) -> Self {
        let PlannedFile { number, name, source, plan, .. } = planned;
        let ResumedUpload { upload_id, id_bytes, claims, journal } = taken;
        let (unwritable, kept) = (AtomicBool::new(false), Mutex::new(vec![None; plan.count()]));
        let proven = claims.iter().filter(|(index, _)| staged.contains(index)).map(|(_, claim)| claim.proof).min();
        let proof = Mutex::new(proven.unwrap_or(Proof::Crc64));
        Self { number, name, source, plan, staged, id_bytes, upload_id, journal, proof, unwritable, kept }
    }

    /// The id of a block.
    pub(super) fn id(&self, index: usize) -> BlockId {
        block_id(self.id_bytes, self.upload_id, index)
    }

    /// What the store has proven of all blocks so far: the least of it.
    pub(super) fn proof(&self) -> Proof {
        *self.proof.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bytes that need not be sent again.
    pub(super) fn staged_bytes(&self) -> u64 {
        self.staged.iter().map(|index| self.plan.range(*index).length).sum()
    }

    /// Keeps a block's sum; `false` when it had another one before.
    pub(super) fn keep(&self, index: usize, crc64: u64) -> bool {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        *kept[index].get_or_insert(crc64) == crc64
    }

    /// Writes down that a block is in the blob storage, and by what that is proven. May wait for a disk. An upload
    /// continues without a journal; it only cannot be resumed from here. The first failure is returned, and nothing more
    /// is written: it may have left half a line, behind which nothing is read.
    pub(super) fn record(&self, index: usize, claim: CompletedRange) -> Option<Error> {
        {
            let mut proof = self.proof.lock().unwrap_or_else(PoisonError::into_inner);
            *proof = claim.proof.min(*proof);
        }
        let journal = self.journal.as_ref().filter(|_| !self.unwritable.load(Ordering::Relaxed))?;
        let error = journal.record(index, claim).err()?;
        let first = !self.unwritable.swap(true, Ordering::Relaxed);
        first.then(|| Error::io(format!("cannot write '{}'", journal.path().display()), &error))
    }

    /// Forgets what was written down: the blob is complete. A journal that stays does no harm: its blocks are in the
    /// blob, or no longer there.
    pub(super) async fn forget(&self) -> Result<()> {
        let Some(journal) = self.journal.clone() else { return Ok(()) };
        run_file_task(move || {
            drop(journal.remove());
            Ok(())
        })
        .await
    }
}

/// Says why an upload cannot be taken up again.
pub(super) fn not_resumable(why: impl Display) -> Event {
    Event::info(format!("if interrupted, this upload cannot be resumed: {why}"))
}

/// The id of a block of an upload. A blob has at most 50 000 blocks, so their numbers fit.
fn block_id(id_bytes: usize, upload_id: Uuid, index: usize) -> BlockId {
    BlockId::of_length(id_bytes, upload_id, u32::try_from(index).unwrap_or(u32::MAX))
}
