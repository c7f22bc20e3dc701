//! `epi_call_options`: how a call is carried out, and the functions of the host that it reports to.

use std::ffi::{c_char, c_void};
use std::time::Duration;

use super::progress::epi_progress_fn;
use super::status::{epi_log_level, epi_log_level_value as level};
use super::struct_size;
use crate::base::error::{Error, Kind, Result};

/// Receives the messages of an operation.
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
        level: epi_log_level,
        target: *const c_char,
        message: *const c_char,
        fields_json: *const c_char,
        user_data: *mut c_void,
    ),
>;

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
    /// Receives progress; may be NULL.
    pub progress: epi_progress_fn,
    /// Receives messages; may be NULL.
    pub log: epi_log_fn,
    /// The most detailed messages kept and reported, an `EPI_LOG_LEVEL_` value.
    pub log_level: epi_log_level,
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
    struct_size::check("call_options", size, &[], own)?;
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
        for size in (0..own).chain([struct_size::LARGEST + 1, usize::MAX]) {
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
