//! Texts in and out: NUL-terminated UTF-8.

use std::ffi::{CStr, CString, c_char};

use serde_json::Value;

use crate::base::error::{Error, Result};
use crate::ops::document;

/// A place of the caller that an output is written to. NULL means that the caller does not want it.
pub(super) struct Out<T>(*mut T);

impl<T> Out<T> {
    /// # Safety
    /// `place` is NULL or can be written to for the duration of the call.
    pub(super) unsafe fn new(place: *mut T) -> Self {
        Self(place)
    }

    /// As [`Out::new`], refusing NULL.
    ///
    /// # Safety
    /// As [`Out::new`].
    pub(super) unsafe fn required(name: &str, place: *mut T) -> Result<Self> {
        if place.is_null() { Err(Error::invalid(name, "must not be NULL")) } else { Ok(Self(place)) }
    }

    /// Whether the caller wants it.
    pub(super) fn is_wanted(&self) -> bool {
        !self.0.is_null()
    }

    /// Writes it, if it is wanted.
    pub(super) fn set(&self, value: T) {
        if self.is_wanted() {
            // SAFETY: not NULL, and by the contract of `new` it can be written to while the call lasts. The old value
            // is the caller's, possibly uninitialised, and is overwritten without being read or dropped.
            unsafe { self.0.write(value) }
        }
    }
}

/// A text of the caller. Bound to the call: whoever keeps it copies it.
///
/// # Safety
/// `text` is NULL or points to a NUL-terminated text that nobody changes during the call.
pub(super) unsafe fn read<'a>(name: &str, text: *const c_char) -> Result<&'a str> {
    if text.is_null() {
        return Err(Error::invalid(name, "must not be NULL"));
    }
    // SAFETY: not NULL, and NUL-terminated by this function's contract.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|error| Error::invalid(name, format!("is not UTF-8 from byte {} on", error.valid_up_to())))
}

/// A document of the caller.
///
/// # Safety
/// As [`read`].
pub(super) unsafe fn document(name: &str, text: *const c_char) -> Result<Value> {
    // SAFETY: handed on.
    let text = unsafe { read(name, text) }?;
    document::parse(name, text)
}

/// A text that C can hold. A NUL inside, which only a strange answer of the service can bring, becomes U+FFFD.
pub(super) fn c_text(text: &str) -> CString {
    CString::new(text).or_else(|_| CString::new(text.replace('\0', "\u{fffd}"))).unwrap_or_default()
}

/// A text that the caller owns and gives back to `epi_string_free`.
pub(super) fn give(text: &str) -> *mut c_char {
    c_text(text).into_raw()
}

/// Takes back what [`give`] gave.
///
/// # Safety
/// `text` is NULL or came from [`give`] and was not taken back before.
pub(super) unsafe fn take(text: *mut c_char) {
    if !text.is_null() {
        // SAFETY: by the contract it came from `CString::into_raw` and is taken back once.
        drop(unsafe { CString::from_raw(text) });
    }
}
