//! The start of an operation, whichever it is: the catalog says what there is. The header has a function for each
//! operation, which calls this one.

use std::ffi::c_char;
use std::ptr;

use super::client::{ClientState, epi_client};
use super::error::{epi_error, reporting};
use super::handles;
use super::operation::{self, epi_operation};
use super::options::{epi_call_options, read_options};
use super::status::{self, epi_status};
use super::text::{self, Out};
use crate::base::error::{Error, Result};
use crate::ops::catalog;

/// Starts an operation and returns at once.
///
/// `name` is its name, such as "deployment.start". The functions below have a name of
/// their own for each operation and say what its request and its result are.
/// Everything that can be checked without the network is checked here: a wrong request
/// starts nothing.
///
/// Returns: `EPI_STATUS_OK` with an operation, or why it was not started.
/// Ownership: everything is copied; the caller gives `out_operation` back with
/// `epi_operation_free` or `epi_operation_release`, and frees `out_error` with
/// `epi_error_free`. `options` and `out_error` may be NULL.
/// Blocks: no; it reads the request, which takes milliseconds for the largest.
/// Threads: any.
/// Since: 0.3.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn epi_operation_start(
    client: *const epi_client,
    name: *const c_char,
    request_json: *const c_char,
    options: *const epi_call_options,
    out_operation: *mut *mut epi_operation,
    out_error: *mut *mut epi_error,
) -> epi_status {
    // SAFETY: NULL or writable, as the header asks.
    let out_error = unsafe { Out::new(out_error) };
    reporting(&out_error, || {
        // SAFETY: as above.
        let out_operation = unsafe { Out::required("out_operation", out_operation) }?;
        out_operation.set(ptr::null_mut());
        let client = handles::find::<ClientState>(client)?;
        // SAFETY: NULL or NUL-terminated, as the header asks.
        let row = find(unsafe { text::read("name", name) }?)?;
        // SAFETY: NULL or NUL-terminated, as the header asks.
        let request = unsafe { text::document("request_json", request_json) }?;
        // SAFETY: NULL, or as large as its `struct_size` says, as the header asks.
        let options = unsafe { read_options(options) }?;
        let prepared = row.prepare(request)?;
        let body = Box::new(move |client, scope| -> operation::Running {
            Box::pin(async move { prepared.run(&client, &scope).await })
        });
        out_operation.set(operation::begin(&client, row.name, &options, body)?);
        Ok(status::OK)
    })
}

fn find(name: &str) -> Result<&'static catalog::CatalogRow> {
    catalog::find(name).ok_or_else(|| Error::invalid("name", format!("there is no operation '{name}'")))
}
