//! `epi_operation`: one call at work.

use std::ffi::c_char;
use std::panic::AssertUnwindSafe;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::Value;

use super::client::ClientState;
use super::end_event::EndEvent;
use super::error::{epi_error, reporting};
use super::handles::{self, Held};
use super::operation_state::{Settling, Work};
use super::options::Options;
use super::progress::{self, epi_progress};
use super::runtime::Runtime;
use super::status::{self, PENDING, epi_status};
use super::text::{self, Out};
use super::{callbacks, panic};
use crate::base::cancel::CancelToken;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::Sink;
use crate::base::scope::Scope;
use crate::base::time::{BoxFuture, in_words};
use crate::ops::client::Client;

/// One call at work: a handle made by each call that asks the service for something.
///
/// It ends exactly once: with its result, with an error, or cancelled. Its end
/// stays readable until it is freed.
///
/// Since: 0.1.
pub struct epi_operation {
    _opaque: [u8; 0],
}

/// What an event loop waits on: a descriptor, or on Windows a HANDLE.
///
/// Since: 0.3.
pub type epi_event = isize;

/// What an operation handle stands for.
pub(super) struct OperationState {
    work: Arc<Work>,
    /// Keeps the runtime while the handle lives, so that a host that keeps one need not pay for a new one.
    runtime: Arc<Runtime>,
}

impl Held for OperationState {
    type Opaque = epi_operation;
    const NAME: &'static str = "operation";
}

/// The operation of a handle. One that still runs is refused in a forked child, where it never ends.
fn find(operation: *const epi_operation) -> Result<Arc<OperationState>> {
    let state = handles::find::<OperationState>(operation)?;
    if !state.work.is_over() {
        state.runtime.check_process()?;
    }
    Ok(state)
}

/// What an operation does, given its client and its scope.
pub(super) type Body = Box<dyn FnOnce(Client, Scope) -> Running + Send>;

/// An operation's future.
pub(super) type Running = BoxFuture<'static, Result<Value>>;

/// Starts an operation and gives its handle.
pub(super) fn begin(
    client: &ClientState,
    name: &'static str,
    options: &Options,
    body: Body,
) -> Result<*mut epi_operation> {
    client.runtime.check_process()?;
    let work = Arc::new(Work::new(name, options));
    callbacks::begin(&work)?;
    client.remember(&work);
    let runtime = Arc::clone(&client.runtime);
    // Made before the task, so that a runtime that refuses the task still settles the operation.
    let settling = Settling(Arc::clone(&work));
    client.runtime.spawn(carry_out(settling, client.client.clone(), options.timeout, body, Arc::clone(&runtime)));
    Ok(handles::give(Arc::new(OperationState { work, runtime })))
}

/// Runs the body and settles the operation, in this order: the future goes, and its client with it, then the end is seen.
async fn carry_out(settling: Settling, client: Client, limit: Option<Duration>, body: Body, runtime: Arc<Runtime>) {
    let work = &settling.0;
    let scope = Scope::new(Arc::clone(work) as Arc<dyn Sink>, work.cancel.clone());
    let outcome = AssertUnwindSafe(async {
        let document = within(limit, body(client, scope), &work.cancel).await?;
        Ok(document.to_string())
    })
    .catch_unwind()
    .await;
    work.settle(outcome.unwrap_or_else(|payload| Err(panic::panic_error(payload.as_ref()))));
    drop(settling);
    drop(runtime);
}

/// Cancels the operation when its time is up, and lets it end in order.
async fn within(limit: Option<Duration>, future: BoxFuture<'_, Result<Value>>, cancel: &CancelToken) -> Result<Value> {
    let Some(limit) = limit else { return future.await };
    let mut future = future;
    if let Ok(outcome) = tokio::time::timeout(limit, &mut future).await {
        return outcome;
    }
    cancel.cancel();
    match future.await {
        Err(error) if error.kind() == Kind::Cancelled => {
            let next_step = error.next_step().unwrap_or("what the service has accepted goes on there");
            Err(Error::new(Kind::Timeout, format!("the time limit of {} passed", in_words(limit)))
                .with_next_step(next_step))
        }
        natural => natural,
    }
}

/// Waits until the operation ends or the time is up.
///
/// A timeout of 0 polls, and a negative one, such as -1, waits without limit.
/// Several threads may wait on one operation; each gets the same final status.
/// The end is seen after the last callback has returned; inside a callback of the
/// operation this polls, whatever the timeout. When the operation is freed
/// meanwhile, the wait ends with `EPI_STATUS_CANCELLED` or its final status.
///
/// Returns: `EPI_STATUS_PENDING` while it runs, otherwise its final status;
/// `EPI_STATUS_INVALID_ARGUMENT` if `operation` is no operation.
/// Ownership: borrows `operation`.
/// Blocks: for at most `timeout_ms`; with 0 never.
/// Threads: any.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn epi_operation_wait(operation: *const epi_operation, timeout_ms: i64) -> epi_status {
    panic::plain(|| {
        // A wait does not keep the runtime: whoever frees the operation meanwhile ends both.
        let work = Arc::clone(&find(operation)?.work);
        Ok(work.wait(u64::try_from(timeout_ms).ok().map(Duration::from_millis)))
    })
}

/// Tells how far the operation is.
///
/// Never waits for the operation, so it may be called as often as a screen is
/// drawn. Set `struct_size` first, most easily with `EPI_PROGRESS_INIT`.
///
/// Returns: `EPI_STATUS_OK`, or `EPI_STATUS_INVALID_ARGUMENT` if `operation` is no
/// operation or `struct_size` is no size of an `epi_progress`.
/// Ownership: borrows `operation`; writes to `out_progress`.
/// Blocks: no.
/// Threads: any.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn epi_operation_progress(
    operation: *const epi_operation,
    out_progress: *mut epi_progress,
) -> epi_status {
    panic::plain(|| {
        let state = find(operation)?;
        let figures = state.work.figures();
        // SAFETY: NULL, or as large as its `struct_size` says, as the header asks.
        unsafe { progress::write_progress(out_progress, &figures) }?;
        Ok(status::OK)
    })
}

/// Gives what has happened since an event: messages and changes of progress.
///
/// The document is an object: events is a list, lastSeq the number of the newest
/// event, for the next call, and dropped the number of events after `after_seq`
/// that are no longer kept. Each event has seq, its number from 1, and event, its
/// kind: message (level, text), accepted (what, id: from now on the service goes
/// on by itself), warning (text), retrying (what, attempt, delayMs, reason) or
/// progress (phase, subject, status, percent and figures). The newest 256 are
/// kept. Reading removes nothing; begin with an `after_seq` of 0. Which messages
/// are kept is set by `log_level` in `epi_call_options`.
///
/// Returns: `EPI_STATUS_OK`, or `EPI_STATUS_INVALID_ARGUMENT`.
/// Ownership: borrows `operation`; the caller frees `out_json` with
/// `epi_string_free`; on failure it is NULL.
/// Blocks: no.
/// Threads: any.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn epi_operation_events(
    operation: *const epi_operation,
    after_seq: u64,
    out_json: *mut *mut c_char,
) -> epi_status {
    panic::plain(|| {
        // SAFETY: NULL or writable, as the header asks.
        let out_json = unsafe { Out::required("out_json", out_json) }?;
        out_json.set(ptr::null_mut());
        let work = Arc::clone(&find(operation)?.work);
        out_json.set(text::give(&work.events(after_seq).to_string()));
        Ok(status::OK)
    })
}

/// Gives the result of an operation that has ended.
///
/// Each call gives a fresh copy. The document is the service's own result with
/// all its members, or what the call's comment says.
///
/// Returns: `EPI_STATUS_OK` with the result; `EPI_STATUS_PENDING` before the end;
/// otherwise the final status, with the error.
/// Ownership: borrows `operation`; the caller frees `out_json` with
/// `epi_string_free`, and `out_error`, which may be NULL, with `epi_error_free`.
/// What is not given is NULL.
/// Blocks: no.
/// Threads: any.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn epi_operation_result(
    operation: *const epi_operation,
    out_json: *mut *mut c_char,
    out_error: *mut *mut epi_error,
) -> epi_status {
    // SAFETY: NULL or writable, as the header asks.
    let out_error = unsafe { Out::new(out_error) };
    reporting(&out_error, || {
        // SAFETY: as above.
        let out_json = unsafe { Out::required("out_json", out_json) }?;
        out_json.set(ptr::null_mut());
        let work = Arc::clone(&find(operation)?.work);
        let Some(outcome) = work.outcome() else { return Ok(PENDING) };
        let document = outcome.result.as_ref().map_err(Clone::clone)?;
        out_json.set(text::give(document));
        Ok(status::OK)
    })
}

/// Cancels the operation. Does not wait; any number of times.
///
/// It still ends, once, with `EPI_STATUS_CANCELLED`, or with its natural status if
/// that came first. What the service has accepted goes on there. After this
/// returns, no further callback of the operation begins. Not for signal handlers:
/// set a flag there, and cancel from the thread that waits.
///
/// Returns: `EPI_STATUS_OK`, or `EPI_STATUS_INVALID_ARGUMENT` if `operation` is no
/// operation.
/// Ownership: borrows `operation`.
/// Blocks: no.
/// Threads: any.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn epi_operation_cancel(operation: *const epi_operation) -> epi_status {
    panic::plain(|| {
        find(operation)?.work.stop();
        Ok(status::OK)
    })
}

/// Gives an event that tells an event loop when the operation has ended.
///
/// On POSIX systems it is a descriptor for poll, select, epoll or kqueue, which becomes
/// readable at the end and stays so; do not read from it. On Windows it is the HANDLE
/// of an event for WaitForMultipleObjects, which is set at the end. The end comes when
/// no callback of the operation runs any more and all its files are closed, whether it
/// succeeded, failed, or was cancelled, freed or released. From then on
/// `epi_operation_wait` with a timeout of 0 gives the final status. Each call gives an
/// event of its own; after the end it is signalled already.
///
/// Returns: `EPI_STATUS_OK`; `EPI_STATUS_IO` if the system has none to give;
/// `EPI_STATUS_INVALID_ARGUMENT` if `operation` is no operation.
/// Ownership: borrows `operation`; the caller closes `out_event` with close or
/// CloseHandle, at any time; on failure it is -1. The caller frees `out_error`, which
/// may be NULL, with `epi_error_free`.
/// Blocks: no.
/// Threads: any.
/// Since: 0.3.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn epi_operation_end_event(
    operation: *const epi_operation,
    out_event: *mut epi_event,
    out_error: *mut *mut epi_error,
) -> epi_status {
    // SAFETY: NULL or writable, as the header asks.
    let out_error = unsafe { Out::new(out_error) };
    reporting(&out_error, || {
        // SAFETY: as above.
        let out_event = unsafe { Out::required("out_event", out_event) }?;
        out_event.set(-1);
        let state = find(operation)?;
        let (event, native) =
            EndEvent::pair().map_err(|error| Error::io("cannot make an event for the end", &error))?;
        state.work.signal_at_end(event);
        out_event.set(native);
        Ok(status::OK)
    })
}

/// Frees an operation; one that is still running is cancelled, and waited for.
///
/// After this returns the operation sends nothing and calls nothing, and its files are
/// closed. Do not call it while holding a lock that a callback takes. Inside a callback
/// of the operation itself it cannot wait for that callback, which is then the last.
/// Inside a callback of another operation it waits as anywhere, unless both callbacks
/// are freeing. NULL and a handle that was freed are fine: nothing happens.
///
/// Returns: nothing.
/// Ownership: ends `operation`.
/// Blocks: while the operation runs, until its connections are closed (milliseconds),
/// a running callback has returned, and the file call under way has: on a disk or a
/// share that does not answer, without limit. `epi_operation_release` never blocks.
/// Threads: last.
/// Since: 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn epi_operation_free(operation: *mut epi_operation) {
    panic::value((), || {
        if let Some(state) = take(operation) {
            state.work.abandon();
        }
    });
}

/// Gives an operation back without waiting; one that is still running is cancelled.
///
/// The library cancels it and cleans up in the background. No callback of it begins
/// after this returns; one that is running may still be, and files may still be open.
/// A host that has to know when that is over, for example to free `user_data` or to
/// open the file again, gets an event from `epi_operation_end_event` first. NULL and a
/// handle that was freed are fine: nothing happens.
///
/// Returns: nothing.
/// Ownership: ends `operation`.
/// Blocks: never.
/// Threads: last.
/// Since: 0.3.
#[unsafe(no_mangle)]
pub extern "C" fn epi_operation_release(operation: *mut epi_operation) {
    panic::value((), || {
        if let Some(state) = take(operation) {
            state.work.stop();
        }
    });
}

/// Ends the handle of an operation.
fn take(operation: *mut epi_operation) -> Option<Arc<OperationState>> {
    let state = handles::take::<OperationState>(operation)?;
    if state.runtime.check_process().is_err() {
        // In a forked child its threads are in the parent: nothing would end a wait, and what it holds is the parent's.
        std::mem::forget(state);
        return None;
    }
    Some(state)
}
