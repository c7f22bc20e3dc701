//! `epi_error`: what went wrong, as a value that the caller owns.

use std::ffi::{CString, c_char};
use std::ptr;
use std::sync::Arc;

use super::handles::{self, Held};
use super::panic;
use super::status::{self, epi_retry, epi_status, epi_status_value};
use super::text::{Out, c_text};
use crate::base::error::{Error, Result};

/// What went wrong: a handle made by a failed call.
///
/// Since: 0.1.
pub struct epi_error {
    _opaque: [u8; 0],
}

/// What an error handle stands for: the error in the form that C reads.
pub(super) struct ErrorState {
    status: epi_status,
    http_status: i32,
    retry: i32,
    retry_after_ms: i64,
    code: Option<CString>,
    request_id: Option<CString>,
    message: CString,
    next_step: Option<CString>,
    field: Option<CString>,
    /// The service's own texts.
    details: Vec<CString>,
    attempts: i32,
    exit_code: i32,
    json: CString,
}

impl Held for ErrorState {
    type Opaque = epi_error;
    const NAME: &'static str = "error";
}

/// Runs the body of a function that gives a status and, on failure, an error value.
pub(super) fn reporting(out_error: &Out<*mut epi_error>, body: impl FnOnce() -> Result<epi_status>) -> epi_status {
    out_error.set(ptr::null_mut());
    match panic::caught(body).flatten() {
        Ok(status) => status,
        Err(error) => {
            let status = status::status_of(error.kind());
            // Only a caller who looks gets a handle; otherwise nobody would free it.
            if let Ok(handle) = panic::caught(|| out_error.is_wanted().then(|| give(&error)))
                && let Some(handle) = handle
            {
                out_error.set(handle);
            }
            status
        }
    }
}

/// Makes a handle of an error.
pub(super) fn give(error: &Error) -> *mut epi_error {
    let after = error.retry_after().map(|after| i64::try_from(after.as_millis()).unwrap_or(i64::MAX));
    handles::give(Arc::new(ErrorState {
        status: status::status_of(error.kind()),
        http_status: error.http_status().map_or(0, i32::from),
        retry: status::retry_of(error.retry()),
        retry_after_ms: after.unwrap_or(-1),
        code: error.code().map(c_text),
        request_id: error.request_id().map(c_text),
        message: c_text(error.message()),
        next_step: error.next_step().map(c_text),
        field: error.field().map(c_text),
        details: error.texts().iter().map(|text| c_text(text)).collect(),
        attempts: i32::try_from(error.attempts()).unwrap_or(i32::MAX),
        exit_code: error.kind().row().exit_code.into(),
        json: c_text(&error.to_json_with_parts().to_string()),
    }))
}

fn of<T>(error: *const epi_error, absent: T, read: impl FnOnce(&ErrorState) -> T) -> T
where
    T: Copy,
{
    panic::value(absent, || handles::find::<ErrorState>(error).map_or(absent, |state| read(&state)))
}

/// A text of an error. It lives as long as the handle, whose table entry owns it; the header says so.
fn text(error: *const epi_error, read: impl FnOnce(&ErrorState) -> Option<&CString>) -> *const c_char {
    of(error, ptr::null(), |state| read(state).map_or(ptr::null(), |text| text.as_ptr()))
}

/// Gives the status of an error.
///
/// Returns: an `EPI_STATUS_` value; `EPI_STATUS_INVALID_ARGUMENT` if `error` is no error.
/// Ownership: borrows `error`.
/// Blocks: no.
/// Threads: any.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn epi_error_status(error: *const epi_error) -> epi_status {
    of(error, epi_status_value::EPI_STATUS_INVALID_ARGUMENT as i32, |state| state.status)
}

/// Gives the HTTP status of the service's answer.
///
/// Returns: the status, or 0 if there was no answer.
/// Ownership: borrows `error`.
/// Blocks: no.
/// Threads: any.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn epi_error_http_status(error: *const epi_error) -> i32 {
    of(error, 0, |state| state.http_status)
}

/// Gives the service's error code, such as "LeaseIdMissing".
///
/// Returns: a text, or NULL if there is none.
/// Ownership: the text belongs to `error` and is valid until it is freed.
/// Blocks: no.
/// Threads: any.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn epi_error_code(error: *const epi_error) -> *const c_char {
    text(error, |state| state.code.as_ref())
}

/// Gives the service's request id, for questions to its support.
///
/// Returns: a text, or NULL if there is none.
/// Ownership: the text belongs to `error` and is valid until it is freed.
/// Blocks: no.
/// Threads: any.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn epi_error_request_id(error: *const epi_error) -> *const c_char {
    text(error, |state| state.request_id.as_ref())
}

/// Gives the message: one line in lower case, without secrets.
///
/// Returns: a text, or NULL if `error` is no error.
/// Ownership: the text belongs to `error` and is valid until it is freed.
/// Blocks: no.
/// Threads: any.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn epi_error_message(error: *const epi_error) -> *const c_char {
    text(error, |state| Some(&state.message))
}

/// Gives what the user can do about it: one line in lower case.
///
/// Returns: a text, or NULL if nothing is known.
/// Ownership: the text belongs to `error` and is valid until it is freed.
/// Blocks: no.
/// Threads: any.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn epi_error_next_step(error: *const epi_error) -> *const c_char {
    text(error, |state| state.next_step.as_ref())
}

/// Tells whether trying the same call again can help.
///
/// Returns: an `EPI_RETRY_` value; `EPI_RETRY_NEVER` if `error` is no error.
/// Ownership: borrows `error`.
/// Blocks: no.
/// Threads: any.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn epi_error_retry(error: *const epi_error) -> epi_retry {
    of(error, 0, |state| state.retry)
}

/// Tells how long the service asked to wait before the next try.
///
/// Returns: milliseconds, or -1 if it did not ask.
/// Ownership: borrows `error`.
/// Blocks: no.
/// Threads: any.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn epi_error_retry_after_ms(error: *const epi_error) -> i64 {
    of(error, -1, |state| state.retry_after_ms)
}

/// Gives the JSON path of what broke a rule, such as "wait.timeoutMinutes".
///
/// Returns: a text, or NULL if nothing did.
/// Ownership: the text belongs to `error` and is valid until it is freed.
/// Blocks: no.
/// Threads: any.
/// Since: 0.3.
#[unsafe(no_mangle)]
pub extern "C" fn epi_error_field(error: *const epi_error) -> *const c_char {
    text(error, |state| state.field.as_ref())
}

/// Gives one of the service's own texts: the first with an `index` of 0.
///
/// Returns: a text, or NULL if there are no more.
/// Ownership: the text belongs to `error` and is valid until it is freed.
/// Blocks: no.
/// Threads: any.
/// Since: 0.3.
#[unsafe(no_mangle)]
pub extern "C" fn epi_error_detail(error: *const epi_error, index: usize) -> *const c_char {
    text(error, |state| state.details.get(index))
}

/// Gives the number of attempts that were made.
///
/// Returns: the number; 0 if nothing was sent.
/// Ownership: borrows `error`.
/// Blocks: no.
/// Threads: any.
/// Since: 0.3.
#[unsafe(no_mangle)]
pub extern "C" fn epi_error_attempts(error: *const epi_error) -> i32 {
    of(error, 0, |state| state.attempts)
}

/// Gives the exit code that the program epi ends with for this error.
///
/// Returns: the exit code; 1 if `error` is no error.
/// Ownership: borrows `error`.
/// Blocks: no.
/// Threads: any.
/// Since: 0.3.
#[unsafe(no_mangle)]
pub extern "C" fn epi_error_exit_code(error: *const epi_error) -> i32 {
    of(error, 1, |state| state.exit_code)
}

/// Gives everything about an error in one document.
///
/// Its members are status (the name without "EPI_STATUS_"), message, httpStatus,
/// code, errors (the service's own texts), requestId, field (the JSON path of
/// what broke a rule), nextStep (what to do about it), retry, retryAfterMs,
/// attempts (0 when nothing was sent) and exitCode (that of the program epi).
/// Unknown ones are null.
///
/// message and nextStep say members and operations as documents do. For a host
/// that has other words for them, messageParts and nextStepParts (null without
/// a next step) hold the same as a list: {"text"} for words, {"member"} for the
/// path of a member, {"operation", "request"} for an operation that helps, by
/// its name in the catalog and its request. More kinds of parts may come.
///
/// Returns: a JSON text, or NULL if `error` is no error.
/// Ownership: the text belongs to `error` and is valid until it is freed.
/// Blocks: no.
/// Threads: any.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn epi_error_json(error: *const epi_error) -> *const c_char {
    text(error, |state| Some(&state.json))
}

/// Frees an error and its texts.
///
/// NULL is fine and does nothing; so is a handle that was freed.
///
/// Returns: nothing.
/// Ownership: ends `error`.
/// Blocks: no.
/// Threads: last.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn epi_error_free(error: *mut epi_error) {
    panic::value((), || drop(handles::take::<ErrorState>(error)));
}
