//! Target `progress`: `epi_progress` of every size, written by the library.
//!
//! The first byte says how the rest is read: bit 0 that the struct is not aligned, bit 1 that the size has eight bytes
//! instead of two, bit 2 that the handle is the client's, bit 3 that it is NULL. The bytes after the size stand in the
//! struct before the call. The library may write the fields that the size has room for and nothing else, and nothing at
//! all when it refuses.

use std::mem::offset_of;
use std::ptr;
use std::sync::OnceLock;

use epicloud::ffi::operation::{epi_operation, epi_operation_progress, epi_operation_wait};
use epicloud::ffi::progress::epi_progress;
use epicloud::ffi::status::epi_status_value as s;

use crate::abi;
use crate::options::{Bytes, Memory};

const OWN: usize = size_of::<epi_progress>();
/// That of ABI 0.1.
const FIRST: usize = offset_of!(epi_progress, bytes_sent);
const LARGEST: usize = 4096;

/// An operation that has ended and lives as long as the process.
fn ended() -> *const epi_operation {
    static OPERATION: OnceLock<usize> = OnceLock::new();
    ptr::without_provenance(*OPERATION.get_or_init(|| {
        // SAFETY: a NUL-terminated text; no options.
        let started = unsafe { abi::start(abi::LIST, abi::bare_client(), c"{}".as_ptr(), ptr::null()) };
        let operation = started.unwrap_or_else(|refusal| panic!("{refusal:?}"));
        assert_eq!(epi_operation_wait(operation, -1), s::EPI_STATUS_NOT_CONFIGURED as i32);
        operation.addr()
    }))
}

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let [flags] = bytes.take();
    let size = bytes.size(flags & 2 != 0);
    let mut memory = Memory::new(size, flags & 1 != 0, bytes.0);
    let before = memory.bytes().to_vec();
    let (handle, is_operation) = match flags >> 2 & 3 {
        0 => (ended(), true),
        1 => (abi::bare_client().cast(), false),
        _ => (ptr::null(), false),
    };
    // SAFETY: memory as large as it says, or of a size that is refused.
    let status = unsafe { epi_operation_progress(handle, memory.bytes_mut().as_mut_ptr().cast()) };
    let after = memory.bytes();
    if is_operation && (size == FIRST || (OWN..=LARGEST).contains(&size)) {
        assert_eq!(status, s::EPI_STATUS_OK as i32, "{size}");
        let length = size.min(OWN);
        assert_eq!(after[length..], before[length..], "fields of a newer header stay as they were");
        // What an older header does not have is made -1 here.
        let mut written = [0xff; OWN];
        written[..length].copy_from_slice(&after[..length]);
        // SAFETY: it has the size, and any bytes make valid numbers.
        let progress = unsafe { written.as_ptr().cast::<epi_progress>().read_unaligned() };
        assert_eq!(progress.struct_size, size);
        assert_eq!(progress.status, s::EPI_STATUS_NOT_CONFIGURED as i32);
        assert_eq!((progress.phase, progress.attempt, progress.percent), (0, 1, -1));
        assert_eq!((progress.bytes_done, progress.bytes_total, progress.eta_ms), (-1, -1, -1));
        assert_eq!((progress.items_done, progress.items_total, progress.bytes_per_second), (-1, -1, -1));
        assert_eq!((progress.bytes_sent, progress.retries), (-1, -1));
    } else {
        assert_eq!(status, s::EPI_STATUS_INVALID_ARGUMENT as i32, "{size}");
        assert_eq!(after, before, "a call that is refused writes nothing");
    }
}
