//! Compares what a journal claims with the bytes of the file: only what still has the sum it had is gone on with.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use crate::transfer::file::file_tasks::{StopOnDrop, blocking};
use crate::transfer::file::buffers::Buffers;
use crate::transfer::schedule::runner::Driver;
use crate::transfer::checksum::integrity::{Mode, Summing};
use super::format::{Claim, Claims};
use crate::transfer::progress::meter::Meter;
use crate::transfer::progress::rate::Pace;
use crate::transfer::schedule::plan::{Plan, pieces};
use crate::base::error::{Error, Kind, Result};
use crate::base::event::Phase;
use crate::base::readable::Readable;

/// Which of the claims are true of the file, with progress under this name.
pub(crate) async fn recheck(
    file: impl Readable,
    name: &str,
    plan: Plan,
    claims: Claims,
    driver: Driver<'_>,
) -> Result<BTreeSet<usize>> {
    let bytes = claims.keys().map(|index| plan.piece(*index).length).sum();
    let pace = Pace::new(Phase::Verifying, name, bytes, 0, claims.len(), 0, driver.clock.monotonic());
    let meter = Meter::start(pace, driver.clock, driver.sink);
    let stop = StopOnDrop::default();
    let stopped = stop.flag();
    let checking = blocking(move || {
        let buffers = Buffers::default();
        let mut good = BTreeSet::new();
        for (index, Claim { crc64, .. }) in claims {
            let piece = plan.piece(index);
            let mut summing = Summing::new(Mode::Crc64);
            let read = pieces(piece).try_for_each(|(offset, length)| {
                if stopped.load(Ordering::Relaxed) {
                    return Err(Error::cancelled());
                }
                let mut buffer = buffers.lend(length);
                file.read_at(buffer.bytes_mut(), offset)?;
                summing.update(buffer.as_ref());
                Ok(())
            });
            match read {
                Ok(()) if summing.finish().crc64 == crc64 => drop(good.insert(index)),
                Err(error) if error.kind() == Kind::Cancelled => return Err(error),
                // What differs, or cannot be read, is moved once more.
                _ => {}
            }
            meter.finished(piece.length);
        }
        Ok(good)
    });
    driver.cancel.run(checking).await?
}
