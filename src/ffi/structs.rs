//! The two flat structs, and the rules of `struct_size`.
//!
//! A struct only ever grows at its end. A size is that of a version, or it can come from no header; a larger one than
//! this library's is of a newer header, which is fine as long as what this library does not know is zero, the default
//! of every field.

use std::ffi::{c_char, c_void};
use std::mem::offset_of;
use std::time::Duration;

use super::snapshot::Figures;
use super::status::epi_log_level_value as level;
use crate::base::error::{Error, Kind, Result};

/// Told about progress.
///
/// Called on a thread of the library, never twice at once for an operation, at
/// most ten times a second, besides at each change of phase and once at the end,
/// when `status` is no longer `EPI_STATUS_PENDING`. Not called any more once the
/// operation was cancelled or freed. It should not block and must not throw or
/// jump out. It may call any function of this library; of its own operation it
/// should leave `epi_operation_free` to others, because freed from here the
/// operation cannot wait for the callback to return.
///
/// Returns: 0 to go on, any other value to cancel the operation.
/// Ownership: `progress` is valid during the call; `user_data` is the host's own.
/// Threads: a library thread.
/// Since: 0.1.
pub type epi_progress_fn = Option<unsafe extern "C" fn(progress: *const epi_progress, user_data: *mut c_void) -> i32>;

/// Told about messages.
///
/// `target` is the name of the operation, `message` a sentence for people, and
/// `fields_json` the event as a document, as in `epi_operation_events`. Called as
/// `epi_progress_fn` is, each message once.
///
/// Returns: nothing.
/// Ownership: the texts are valid during the call; `user_data` is the host's own.
/// Threads: a library thread.
/// Since: 0.1.
pub type epi_log_fn = Option<
    unsafe extern "C" fn(
        level: i32,
        target: *const c_char,
        message: *const c_char,
        fields_json: *const c_char,
        user_data: *mut c_void,
    ),
>;

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
    pub phase: i32,
    /// The highest attempt of any request in this phase; 1 when none failed.
    pub attempt: i32,
    /// The service's own percentage while waiting, 0 to 100.
    pub percent: i32,
    /// The final status; `EPI_STATUS_PENDING` while it runs.
    ///
    /// Only the last callback sees it before `epi_operation_wait` and
    /// `epi_operation_result` do.
    pub status: i32,
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

/// How a call is carried out. Zero means "default" for every field.
///
/// Begin with `EPI_CALL_OPTIONS_INIT`.
///
/// Since: 0.1.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct epi_call_options {
    /// Set by the caller to sizeof(epi_call_options); no more than that is read.
    pub struct_size: usize,
    /// The longest time the operation may take; 0 is no limit.
    pub timeout_ms: i64,
    /// Told about progress; may be NULL.
    pub progress: epi_progress_fn,
    /// Told about messages; may be NULL.
    pub log: epi_log_fn,
    /// The most detailed messages kept and told, an `EPI_LOG_LEVEL_` value.
    pub log_level: i32,
    /// Must be 0.
    pub reserved: i32,
    /// Handed to both functions; never looked at, so it may be a number.
    pub user_data: *mut c_void,
}

/// The functions of a host.
#[derive(Debug, Clone, Copy)]
pub(super) struct Callbacks {
    pub(super) progress: epi_progress_fn,
    pub(super) log: epi_log_fn,
    pub(super) user_data: *mut c_void,
}

// SAFETY: `user_data` is never dereferenced here, only handed back; and the header says that the functions are called
// on a thread of the library.
unsafe impl Send for Callbacks {}
// SAFETY: as above; nothing in it changes.
unsafe impl Sync for Callbacks {}

/// Options that were read and checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    pub(super) timeout: Option<Duration>,
    pub(super) callbacks: Option<Callbacks>,
    pub(super) log_level: i32,
}

impl Default for Options {
    fn default() -> Self {
        Self { timeout: None, callbacks: None, log_level: level::EPI_LOG_LEVEL_INFO as i32 }
    }
}

/// No version of a struct will come near this size; a larger number is an uninitialised field.
const LARGEST: usize = 4096;

/// The sizes that `epi_progress` had in earlier versions of the ABI.
const EARLIER_PROGRESS: &[usize] = &[offset_of!(epi_progress, bytes_sent)];

fn check_size(name: &str, size: usize, earlier: &[usize], own: usize) -> Result<()> {
    if earlier.contains(&size) || (own..=LARGEST).contains(&size) {
        return Ok(());
    }
    let known: String = earlier.iter().map(|size| format!("{size} or ")).collect();
    let rule = format!("{size} is no size of an epi_{name} ({known}at least {own}); begin with its INIT macro");
    let field = if name == "progress" { "out_progress" } else { "options" };
    Err(Error::invalid(format!("{field}.struct_size"), rule))
}

/// Copies the options of a call.
///
/// # Safety
/// `place` is NULL or points to as many readable bytes as its `struct_size` says.
pub(super) unsafe fn read_options(place: *const epi_call_options) -> Result<Options> {
    if place.is_null() {
        return Ok(Options::default());
    }
    let own = size_of::<epi_call_options>();
    // SAFETY: not NULL, and every version begins with the size. Unaligned, because a binding may have packed it.
    let size = unsafe { place.cast::<usize>().read_unaligned() };
    check_size("call_options", size, &[], own)?;
    // SAFETY: at least `own` bytes are there, and any bytes make valid fields: numbers, and pointers that are only
    // compared with NULL, handed back, or (the functions) called under the contract of the header.
    let given = unsafe { place.read_unaligned() };
    // SAFETY: `size` bytes are there, by this function's contract.
    let newer = unsafe { std::slice::from_raw_parts(place.cast::<u8>().add(own), size - own) };
    if newer.iter().any(|byte| *byte != 0) {
        return Err(Error::new(
            Kind::AbiMismatch,
            format!("options: an option is set that this library ({}) does not know", env!("CARGO_PKG_VERSION")),
        )
        .with_next_step("update the library, or leave out the option"));
    }
    given.check()
}

impl epi_call_options {
    fn check(self) -> Result<Options> {
        let timeout = u64::try_from(self.timeout_ms)
            .map_err(|_| Error::invalid("options.timeout_ms", format!("{} must not be negative", self.timeout_ms)))?;
        let (default, most) = (level::EPI_LOG_LEVEL_DEFAULT as i32, level::EPI_LOG_LEVEL_DEBUG as i32);
        if !(default..=most).contains(&self.log_level) {
            let rule = format!("{} is not between {default} and {most}", self.log_level);
            return Err(Error::invalid("options.log_level", rule));
        }
        if self.reserved != 0 {
            return Err(Error::invalid("options.reserved", "must be 0"));
        }
        let callbacks = Callbacks { progress: self.progress, log: self.log, user_data: self.user_data };
        Ok(Options {
            timeout: (timeout > 0).then(|| Duration::from_millis(timeout)),
            callbacks: (self.progress.is_some() || self.log.is_some()).then_some(callbacks),
            log_level: if self.log_level == default { Options::default().log_level } else { self.log_level },
        })
    }
}

impl From<Figures> for epi_progress {
    fn from(figures: Figures) -> Self {
        Self {
            struct_size: size_of::<Self>(),
            phase: figures.phase,
            attempt: figures.attempt,
            percent: figures.percent,
            status: figures.status,
            bytes_done: figures.bytes_done,
            bytes_total: figures.bytes_total,
            items_done: figures.items_done,
            items_total: figures.items_total,
            bytes_per_second: figures.bytes_per_second,
            eta_ms: figures.eta_ms,
            bytes_sent: figures.bytes_sent,
            retries: figures.retries,
        }
    }
}

/// Writes progress into a struct of the caller.
///
/// # Safety
/// `place` is NULL or points to as many writable bytes as its `struct_size` says.
pub(super) unsafe fn write_progress(place: *mut epi_progress, figures: Figures) -> Result<()> {
    if place.is_null() {
        return Err(Error::invalid("out_progress", "must not be NULL"));
    }
    // SAFETY: not NULL, and every version begins with the size.
    let size = unsafe { place.cast::<usize>().read_unaligned() };
    let own = size_of::<epi_progress>();
    check_size("progress", size, EARLIER_PROGRESS, own)?;
    let progress = epi_progress { struct_size: size, ..figures.into() };
    // An older header has fewer fields; those of a newer one stay as its INIT macro set them.
    let length = size.min(own);
    // SAFETY: as many bytes are there by this function's contract, and `progress`, which has no padding, has as many.
    unsafe { (&raw const progress).cast::<u8>().copy_to_nonoverlapping(place.cast(), length) };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(C)]
    struct Newer {
        known: epi_call_options,
        more: u64,
    }

    fn options() -> epi_call_options {
        epi_call_options {
            struct_size: size_of::<epi_call_options>(),
            timeout_ms: 0,
            progress: None,
            log: None,
            log_level: 0,
            reserved: 0,
            user_data: std::ptr::null_mut(),
        }
    }

    fn read(options: &epi_call_options) -> Result<Options> {
        // SAFETY: a live struct whose size is either right or refused before anything else is read.
        unsafe { read_options(options) }
    }

    #[test]
    fn every_size_is_taken_or_refused_by_name() {
        let own = size_of::<epi_call_options>();
        for size in (0..own).chain([LARGEST + 1, usize::MAX]) {
            let error = read(&epi_call_options { struct_size: size, ..options() }).unwrap_err();
            assert_eq!(error.field(), Some("options.struct_size"), "{size}");
        }
        assert!(read(&options()).is_ok());
        let mut newer = Newer { known: options(), more: 0 };
        newer.known.struct_size = size_of::<Newer>();
        // SAFETY: the struct is as large as it says.
        assert!(unsafe { read_options((&raw const newer).cast()) }.is_ok(), "what is not known is the default");
        newer.more = 1 << 40;
        // SAFETY: as above.
        let error = unsafe { read_options((&raw const newer).cast()) }.unwrap_err();
        assert_eq!(error.kind(), Kind::AbiMismatch);
    }

    #[test]
    fn progress_is_written_for_headers_of_every_version_and_no_further() {
        const ROOM: usize = size_of::<epi_progress>() + 8;
        let own = size_of::<epi_progress>();
        // The size that programs of ABI 0.1 have on machines with 64 bits.
        assert!(size_of::<usize>() != 8 || EARLIER_PROGRESS == [72]);
        let figures = Figures { bytes_sent: 7, retries: 2, eta_ms: 5, ..crate::ffi::work::NOTHING_YET };
        for size in (0..=ROOM).chain([LARGEST + 1, usize::MAX]) {
            let mut place = [0xa5_u8; ROOM];
            place[..size_of::<usize>()].copy_from_slice(&size.to_ne_bytes());
            let before = place;
            // SAFETY: the place is as large as it says, or of a size that is refused before anything is written.
            let written = unsafe { write_progress(place.as_mut_ptr().cast(), figures) };
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

    #[test]
    fn numbers_out_of_range_are_refused_by_name() {
        for (given, field) in [
            (epi_call_options { timeout_ms: -1, ..options() }, "options.timeout_ms"),
            (epi_call_options { log_level: 5, ..options() }, "options.log_level"),
            (epi_call_options { log_level: -1, ..options() }, "options.log_level"),
            (epi_call_options { reserved: 1, ..options() }, "options.reserved"),
        ] {
            assert_eq!(read(&given).unwrap_err().field(), Some(field));
        }
    }
}
