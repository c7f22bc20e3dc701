//! What belongs to no handle: versions, names, texts.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char};
use std::ptr;
use std::sync::LazyLock;

use super::error::{epi_error, reporting};
use super::panic;
use super::status::{self, epi_status};
use super::text::{self, Out};
use crate::base::error::{Error, Kind};
use crate::base::status::STATUS_TABLE;

/// Version of the C ABI: major in the upper 16 bits, minor in the lower ones.
const ABI_VERSION: u32 = 3;

/// The oldest minor version whose programs this library serves: those of 0.2 call functions that are no longer symbols.
const OLDEST_MINOR: u32 = 3;

/// The library's version as a C text.
const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => c"",
};

static STATUS_NAMES: LazyLock<BTreeMap<epi_status, CString>> = LazyLock::new(|| {
    let errors = STATUS_TABLE.iter().map(|row| (row.status, row.name));
    let all = errors.chain([(status::OK, "OK"), (status::PENDING, "PENDING")]);
    all.map(|(status, name)| (status, text::c_text(name))).collect()
});

/// Tells the version of the C ABI.
///
/// A program works with a library of the same major version and at least its minor
/// version. Before 1.0 a minor version may drop what an older one had; `epi_abi_check`
/// knows which.
///
/// Returns: major << 16 | minor.
/// Ownership: none.
/// Blocks: no.
/// Threads: pure.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn epi_abi_version() -> u32 {
    ABI_VERSION
}

/// Checks that a program and the library it has loaded fit together.
///
/// Call it first, with `EPI_ABI_VERSION` as `header_version`.
///
/// Returns: `EPI_STATUS_OK`, or `EPI_STATUS_ABI_MISMATCH` with a sentence that names both.
/// Ownership: `out_error` may be NULL; the caller frees what it gets.
/// Blocks: no.
/// Threads: pure.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn epi_abi_check(header_version: u32, out_error: *mut *mut epi_error) -> epi_status {
    // SAFETY: NULL or writable, as the header asks.
    let out_error = unsafe { Out::new(out_error) };
    reporting(&out_error, || {
        let ((major, minor), (own_major, own_minor)) = (parts(header_version), parts(ABI_VERSION));
        if major == own_major && (OLDEST_MINOR..=own_minor).contains(&minor) {
            return Ok(status::OK);
        }
        Err(Error::new(
            Kind::AbiMismatch,
            format!(
                "the program was built for version {major}.{minor} of the ABI, and the library {} has {own_major}.{own_minor}",
                env!("CARGO_PKG_VERSION")
            ),
        )
        .with_next_step("build the program with the header that belongs to the library, or load the library it was built for"))
    })
}

fn parts(version: u32) -> (u32, u32) {
    (version >> 16, version & 0xffff)
}

/// Tells the library's version, such as "0.1.0".
///
/// Returns: a static text.
/// Ownership: belongs to the library; never freed.
/// Blocks: no.
/// Threads: pure.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn epi_version() -> *const c_char {
    VERSION.as_ptr()
}

/// Gives the name of a status without "EPI_STATUS_", such as "NOT_FOUND".
///
/// Returns: a static text, or NULL if the library does not know the status.
/// Ownership: belongs to the library; never freed.
/// Blocks: no.
/// Threads: pure.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn epi_status_name(status: epi_status) -> *const c_char {
    panic::value(ptr::null(), || STATUS_NAMES.get(&status).map_or(ptr::null(), |name| name.as_ptr()))
}

/// Frees a text that the library gave to the caller.
///
/// Only for texts whose Ownership line says so, once each, and never with free().
/// NULL is fine and does nothing.
///
/// Returns: nothing.
/// Ownership: ends `text`.
/// Blocks: no.
/// Threads: pure.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn epi_string_free(text: *mut c_char) {
    // SAFETY: a text of this library that was not freed before, as the header asks.
    panic::value((), || unsafe { text::take(text) });
}

/// Writes a text as a JSON string, quotes included, for putting a request together.
///
/// Returns: the JSON text, or NULL if `text` is NULL or is not UTF-8.
/// Ownership: borrows `text`; the caller frees the result with `epi_string_free`.
/// Blocks: no.
/// Threads: pure.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn epi_json_quote(text: *const c_char) -> *mut c_char {
    panic::value(ptr::null_mut(), || {
        // SAFETY: NULL or NUL-terminated, as the header asks.
        let text = unsafe { text::read("text", text) };
        text.map_or(ptr::null_mut(), |text| text::give(&serde_json::Value::from(text).to_string()))
    })
}
