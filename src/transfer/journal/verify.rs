//! Compares what a journal claims with the bytes of the file: only what still has the sum it had is gone on with.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use super::format::{CompletedRange, CompletedRanges};
use crate::base::error::{Error, Kind, Result};
use crate::base::event::Phase;
use crate::base::readable::Readable;
use crate::transfer::checksum::integrity::{ChecksumKind, RangeHasher};
use crate::transfer::file::buffers::BufferPool;
use crate::transfer::file::file_tasks::{StopOnDrop, run_file_task};
use crate::transfer::progress::meter::Meter;
use crate::transfer::progress::rate::TransferFigures;
use crate::transfer::schedule::plan::{Plan, chunks};
use crate::transfer::schedule::runner::Runner;

/// Which of the claims are true of the file, with progress under this name.
pub(crate) async fn verify_completed(
    file: impl Readable,
    name: &str,
    plan: Plan,
    claims: CompletedRanges,
    runner: Runner<'_>,
) -> Result<BTreeSet<usize>> {
    let bytes = claims.keys().map(|index| plan.range(*index).length).sum();
    let figures = TransferFigures::new(Phase::Verifying, name, bytes, 0, claims.len(), 0, runner.clock.monotonic());
    let meter = Meter::start(figures, runner.clock, runner.sink);
    let stop = StopOnDrop::default();
    let stopped = stop.flag();
    let checking = run_file_task(move || {
        let buffers = BufferPool::default();
        let mut good = BTreeSet::new();
        for (index, CompletedRange { crc64, .. }) in claims {
            let range = plan.range(index);
            let mut hasher = RangeHasher::new(ChecksumKind::Crc64);
            let read = chunks(range).try_for_each(|(offset, length)| {
                if stopped.load(Ordering::Relaxed) {
                    return Err(Error::cancelled());
                }
                let mut buffer = buffers.take(length);
                file.read_at(buffer.bytes_mut(), offset)?;
                hasher.update(buffer.as_ref());
                Ok(())
            });
            match read {
                Ok(()) if hasher.finish().crc64 == crc64 => drop(good.insert(index)),
                Err(error) if error.kind() == Kind::Cancelled => return Err(error),
                // What differs, or cannot be read, is moved once more.
                _ => {}
            }
            meter.finished(range.length);
        }
        Ok(good)
    });
    runner.cancel.run(checking).await?
}
