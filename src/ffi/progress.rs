//! `epi_progress`: the figures of an operation as C reads them.

use std::ffi::c_void;
use std::mem::offset_of;

use super::status::{self, PENDING, epi_phase, epi_status};
use super::struct_size;
use crate::base::error::{Error, Result};
use crate::base::event::Progress;

/// Receives the progress of an operation.
///
/// Called on a thread of the library, never twice at once for an operation: at each
/// change of phase, otherwise at most ten times a second and at least once a second,
/// and once at the end, when `status` is no longer `EPI_STATUS_PENDING`. It is not
/// called again once the operation is cancelled, freed or released. It should not
/// block, and must not throw (the process ends) or jump out. It may call any function
/// of this library; freed from here, its own operation cannot wait for it to return.
///
/// Returns: 0 to continue, any other value to cancel the operation.
/// Ownership: `progress` is valid during the call; `user_data` is the host's own.
/// Threads: a library thread.
/// Since: 0.1.
pub type epi_progress_fn = Option<unsafe extern "C" fn(progress: *const epi_progress, user_data: *mut c_void) -> i32>;

/// How far an operation is. -1 means unknown, which is not the same as 0.
///
/// Begin with `EPI_PROGRESS_INIT`. In ABI 0.1 it ended with `eta_ms`; a program
/// built with that header is given as much.
///
/// Since: 0.1.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct epi_progress {
    /// Set by the caller to sizeof(epi_progress); no more than that is written.
    pub struct_size: usize,
    /// What it is doing, an `EPI_PHASE_` value.
    pub phase: epi_phase,
    /// The highest attempt of any request in this phase; 1 when none failed.
    pub attempt: i32,
    /// The service's own percentage while waiting, 0 to 100.
    pub percent: i32,
    /// The final status; `EPI_STATUS_PENDING` while it runs.
    ///
    /// Only the last callback sees it before `epi_operation_wait` and
    /// `epi_operation_result` do.
    pub status: epi_status,
    /// Bytes acknowledged by the other side.
    pub bytes_done: i64,
    /// Bytes in all.
    pub bytes_total: i64,
    /// Blocks, ranges or files finished.
    pub items_done: i64,
    /// Blocks, ranges or files in all.
    pub items_total: i64,
    /// Smoothed rate.
    pub bytes_per_second: i64,
    /// Estimated time left in milliseconds.
    pub eta_ms: i64,
    /// Bytes that the connection has accepted, at least `bytes_done`; of uploads only.
    pub bytes_sent: i64,
    /// Requests repeated so far in this transfer.
    pub retries: i64,
}

/// The sizes that `epi_progress` had in earlier versions of the ABI.
const EARLIER_PROGRESS: &[usize] = &[offset_of!(epi_progress, bytes_sent)];

impl epi_progress {
    /// Before anything was reported.
    pub(super) const NOTHING_YET: Self = Self {
        struct_size: size_of::<Self>(),
        phase: 0,
        attempt: 1,
        percent: -1,
        status: PENDING,
        bytes_done: -1,
        bytes_total: -1,
        items_done: -1,
        items_total: -1,
        bytes_per_second: -1,
        eta_ms: -1,
        bytes_sent: -1,
        retries: -1,
    };

    /// The figures of an event.
    pub(super) fn of(progress: &Progress) -> Self {
        let count = |number: Option<u64>| number.map_or(-1, |number| i64::try_from(number).unwrap_or(i64::MAX));
        Self {
            phase: status::phase_of(progress.phase),
            percent: progress.percent.map_or(-1, i32::from),
            bytes_done: count(progress.bytes_done),
            bytes_total: count(progress.bytes_total),
            items_done: count(progress.items_done),
            items_total: count(progress.items_total),
            bytes_per_second: count(progress.bytes_per_second),
            eta_ms: count(progress.eta_ms),
            bytes_sent: count(progress.bytes_sent),
            retries: count(progress.retries),
            ..Self::NOTHING_YET
        }
    }
}

/// Writes progress into a struct of the caller.
///
/// # Safety
/// `place` is NULL or points to as many writable bytes as its `struct_size` says.
pub(super) unsafe fn write_progress(place: *mut epi_progress, figures: &epi_progress) -> Result<()> {
    if place.is_null() {
        return Err(Error::invalid("out_progress", "must not be NULL"));
    }
    // SAFETY: not NULL, and every version begins with the size.
    let size = unsafe { place.cast::<usize>().read_unaligned() };
    let own = size_of::<epi_progress>();
    struct_size::check("progress", size, EARLIER_PROGRESS, own)?;
    let progress = epi_progress { struct_size: size, ..*figures };
    // An older header has fewer fields; those of a newer one stay as its INIT macro set them.
    let length = size.min(own);
    // SAFETY: as many bytes are there by this function's contract, and `progress`, which has no padding, has as many.
    unsafe { (&raw const progress).cast::<u8>().copy_to_nonoverlapping(place.cast(), length) };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_written_for_headers_of_every_version_and_no_further() {
        const ROOM: usize = size_of::<epi_progress>() + 8;
        let own = size_of::<epi_progress>();
        // The size that programs of ABI 0.1 have on machines with 64 bits.
        assert!(size_of::<usize>() != 8 || EARLIER_PROGRESS == [72]);
        let figures = epi_progress { bytes_sent: 7, retries: 2, eta_ms: 5, ..epi_progress::NOTHING_YET };
        for size in (0..=ROOM).chain([struct_size::LARGEST + 1, usize::MAX]) {
            let mut place = [0xa5_u8; ROOM];
            place[..size_of::<usize>()].copy_from_slice(&size.to_ne_bytes());
            let before = place;
            // SAFETY: the place is as large as it says, or of a size that is refused before anything is written.
            let written = unsafe { write_progress(place.as_mut_ptr().cast(), &figures) };
            if !EARLIER_PROGRESS.contains(&size) && !(own..=ROOM).contains(&size) {
                assert_eq!(written.unwrap_err().field(), Some("out_progress.struct_size"), "{size}");
                assert_eq!(place, before, "{size}");
                continue;
            }
            written.unwrap();
            let length = size.min(own);
            assert_eq!(place[length..], before[length..], "{size}");
            let number = |at: usize| i64::from_ne_bytes(place[at..at + 8].try_into().unwrap());
            assert_eq!(number(offset_of!(epi_progress, eta_ms)), 5, "{size}");
            if size >= own {
                assert_eq!(number(offset_of!(epi_progress, bytes_sent)), 7, "{size}");
                assert_eq!(number(offset_of!(epi_progress, retries)), 2, "{size}");
            }
        }
    }
}
