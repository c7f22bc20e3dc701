//! Symbols for tests of the library itself (feature `test-abi`): they are in no header and in no release.

use std::ptr;

use super::client::{ClientState, epi_client};
use super::error::{epi_error, reporting};
use super::handles;
use super::operation::{self, Running, epi_operation};
use super::options::Options;
use super::status::{self, epi_status};
use super::text::Out;

/// Starts an operation whose handler panics.
///
/// cbindgen:ignore
#[unsafe(no_mangle)]
pub unsafe extern "C" fn epi_test_panic(
    client: *const epi_client,
    out_operation: *mut *mut epi_operation,
    out_error: *mut *mut epi_error,
) -> epi_status {
    // SAFETY: NULL or writable.
    let out_error = unsafe { Out::new(out_error) };
    reporting(&out_error, || {
        // SAFETY: as above.
        let out_operation = unsafe { Out::required("out_operation", out_operation) }?;
        out_operation.set(ptr::null_mut());
        let client = handles::find::<ClientState>(client)?;
        let body = Box::new(|_, _| -> Running { Box::pin(async { panic!("injected by a test") }) });
        out_operation.set(operation::begin(&client, "test.panic", &Options::default(), body)?);
        Ok(status::OK)
    })
}

/// Panics in the calling thread.
///
/// cbindgen:ignore
#[unsafe(no_mangle)]
pub unsafe extern "C" fn epi_test_panic_here(out_error: *mut *mut epi_error) -> epi_status {
    // SAFETY: NULL or writable.
    let out_error = unsafe { Out::new(out_error) };
    reporting(&out_error, || panic!("injected by a test"))
}

/// Counts the handles that were not freed.
///
/// cbindgen:ignore
#[unsafe(no_mangle)]
pub extern "C" fn epi_test_handles() -> usize {
    handles::count()
}
