//! Target `sequence`: calls in any order on handles of any state: live, freed, of another kind, NULL and invented.
//!
//! Two or three bytes are a step: what is done, which handle it is done with, and a detail. Beside the library stands
//! a model that knows which handles live, so it is known of each step whether it must be taken or refused.
//!
//! Half of the clients have an account at port 1 of this machine, where nothing listens: their operations are refused
//! the connection, try again after a while, and so live until they are cancelled or freed. Nothing else is asked.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use epicloud::ffi::client::{epi_client, epi_client_cancel_all, epi_client_free};
use epicloud::ffi::error::{epi_error, epi_error_free, epi_error_json, epi_error_message, epi_error_status};
use epicloud::ffi::operation::{
    epi_operation, epi_operation_cancel, epi_operation_events, epi_operation_free, epi_operation_progress,
    epi_operation_release, epi_operation_result, epi_operation_wait,
};
use epicloud::ffi::options::epi_call_options;
use epicloud::ffi::progress::epi_progress;
use epicloud::ffi::start::epi_operation_start;
use epicloud::ffi::status::{epi_status, epi_status_value as s};

use crate::abi::{self, Refusal};

/// More steps than this find nothing new and only take time.
const STEPS: usize = 64;
/// So many clients at once: each one is a TLS set-up.
const CLIENTS: usize = 3;
/// An account where nothing listens.
const ACCOUNT: &str =
    r#"{"endpoint":"http://127.0.0.1:1/","clientKey":"key","projectId":"2a561398-d517-4634-9bc4-aab5008a8e1a"}"#;
const SECRET: &[u8] = b"c2VjcmV0";

const OK: epi_status = s::EPI_STATUS_OK as i32;
const PENDING: epi_status = s::EPI_STATUS_PENDING as i32;
const INVALID: epi_status = s::EPI_STATUS_INVALID_ARGUMENT as i32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Client,
    Operation,
    Error,
}

/// How often the operation was called back; shared with its callback, so it lives on the heap until it is freed.
#[derive(Default)]
struct Calls {
    progress: AtomicU32,
    last: AtomicU32,
}

/// The counters of released operations. Nothing tells when the last callback has returned, so they are kept, and kept
/// where the leak check finds them.
static RELEASED: Mutex<Vec<Arc<Calls>>> = Mutex::new(Vec::new());

/// What the model knows of a live operation.
struct Operation {
    /// Its final status, once it was seen. It may not change any more.
    end: Option<epi_status>,
    /// Whether it was cancelled.
    stopped: bool,
    client: usize,
    calls: Option<Arc<Calls>>,
}

unsafe extern "C" fn on_progress(progress: *const epi_progress, user_data: *mut c_void) -> i32 {
    // SAFETY: the counters live until after the operation was freed, when no callback runs any more.
    let calls = unsafe { &*user_data.cast::<Calls>() };
    calls.progress.fetch_add(1, Ordering::SeqCst);
    // SAFETY: valid during the call, as the header says.
    if unsafe { (*progress).status } != PENDING {
        calls.last.fetch_add(1, Ordering::SeqCst);
    }
    0
}

/// The library's handles as they must be.
#[derive(Default)]
struct World {
    live: BTreeMap<usize, Kind>,
    operations: BTreeMap<usize, Operation>,
    /// Every handle that there ever was, so that freed ones are used again.
    all: Vec<usize>,
}

/// Runs one input.
pub fn run(bytes: &[u8]) {
    abi::leaving_no_handle(|| {
        let mut world = World::default();
        for step in bytes.chunks(3).take(STEPS) {
            let at = |index: usize| step.get(index).copied().unwrap_or_default();
            world.step(at(0), at(1), at(2));
        }
        world.close();
    });
}

impl World {
    fn enter(&mut self, handle: usize, kind: Kind) {
        assert_eq!(self.live.insert(handle, kind), None, "a handle is given twice");
        assert!(!self.all.contains(&handle), "a handle is given again");
        assert!(handle != 0 && handle.is_multiple_of(16), "a handle looks like an address");
        self.all.push(handle);
    }

    /// The handle that a byte stands for: the newest first, then those that there never were.
    fn pick(&self, byte: u8) -> usize {
        let invented = [0, 1, 8, usize::MAX, self.all.last().map_or(24, |last| last + 1)];
        let index = usize::from(byte) % (self.all.len() + invented.len());
        self.all.iter().rev().copied().chain(invented).nth(index).unwrap_or_default()
    }

    fn is(&self, handle: usize, kind: Kind) -> bool {
        self.live.get(&handle) == Some(&kind)
    }

    fn step(&mut self, what: u8, which: u8, detail: u8) {
        let handle = self.pick(which);
        match what % 14 {
            0 => self.make_client(ACCOUNT, SECRET),
            1 => self.make_client("{}", b""),
            2 | 3 => self.start(handle, detail),
            4 => self.wait(handle, i64::from(detail % 4)),
            5 => self.progress(handle),
            6 => self.events(handle, u64::from(detail)),
            7 => self.result(handle, detail & 1 != 0),
            8 => self.cancel(handle),
            9 => self.cancel_all(handle),
            10 if detail & 1 != 0 => self.release_operation(handle),
            10 => self.free_operation(handle),
            11 => self.free_client(handle),
            12 => self.look_at_error(handle),
            _ => self.free_error(handle),
        }
    }

    fn make_client(&mut self, config: &str, secret: &[u8]) {
        if self.live.values().filter(|kind| **kind == Kind::Client).count() < CLIENTS {
            let client = abi::new_client(config, secret);
            self.enter(client.addr(), Kind::Client);
        }
    }

    /// Bits 0 to 4 of the detail pick the call, bit 5 a request that fits none, 6 a callback, 7 a time limit.
    fn start(&mut self, client: usize, detail: u8) {
        let name = abi::operation(b'a' + (detail & 31));
        let request = if detail & 32 != 0 { c"[]" } else { c"{}" };
        let calls = (detail & 64 != 0).then(Arc::<Calls>::default);
        let options = epi_call_options {
            struct_size: size_of::<epi_call_options>(),
            timeout_ms: i64::from(detail >> 7),
            progress: calls.as_ref().map(|_| on_progress as _),
            log: None,
            log_level: 0,
            reserved: 0,
            user_data: calls.as_ref().map_or(ptr::null_mut(), |calls| Arc::as_ptr(calls).cast_mut().cast()),
        };
        let (mut operation, mut error) = (ptr::null_mut(), ptr::null_mut());
        let place = ptr::without_provenance::<epi_client>(client);
        // SAFETY: live places and texts; the handle may be anything, as the header says.
        let status = unsafe {
            epi_operation_start(
                place,
                name.as_ptr(),
                request.as_ptr(),
                &raw const options,
                &raw mut operation,
                &raw mut error,
            )
        };
        if status == OK {
            assert!(self.is(client, Kind::Client) && detail & 32 == 0 && error.is_null());
            self.enter(operation.addr(), Kind::Operation);
            self.operations.insert(operation.addr(), Operation { end: None, stopped: false, client, calls });
        } else {
            assert!(operation.is_null());
            let refusal = Refusal::of(status, error);
            refusal.expect(&[s::EPI_STATUS_INVALID_ARGUMENT]);
            assert_eq!(refusal.field() == "client", !self.is(client, Kind::Client), "{refusal:?}");
            self.enter(error.addr(), Kind::Error);
        }
    }

    /// What an operation's status is now must fit what it was.
    fn seen(&mut self, handle: usize, status: epi_status) {
        let Some(operation) = self.operations.get_mut(&handle).filter(|_| self.live.contains_key(&handle)) else {
            assert_eq!(status, INVALID, "what is no operation is refused");
            return;
        };
        assert!(status != OK, "nothing here can end well");
        assert!(operation.end.is_none_or(|end| end == status), "{:?} became {status}", operation.end);
        if status != PENDING {
            assert!(status != s::EPI_STATUS_PANIC as i32 && status != s::EPI_STATUS_INTERNAL as i32, "{status}");
            operation.end = Some(status);
            if let Some(calls) = &operation.calls {
                let (last, stopped) = (calls.last.load(Ordering::SeqCst), operation.stopped);
                assert!(last == 1 || (stopped && last == 0), "the end is told once: {last}, cancelled: {stopped}");
            }
        }
    }

    fn wait(&mut self, handle: usize, timeout_ms: i64) {
        let status = epi_operation_wait(ptr::without_provenance(handle), timeout_ms);
        self.seen(handle, status);
    }

    fn progress(&mut self, handle: usize) {
        let mut progress = epi_progress {
            struct_size: size_of::<epi_progress>(),
            phase: -7,
            attempt: -7,
            percent: -7,
            status: -7,
            bytes_done: -7,
            bytes_total: -7,
            items_done: -7,
            items_total: -7,
            bytes_per_second: -7,
            eta_ms: -7,
            bytes_sent: -7,
            retries: -7,
        };
        let untouched = progress;
        // SAFETY: a live struct of its size.
        let status = unsafe { epi_operation_progress(ptr::without_provenance(handle), &raw mut progress) };
        if self.is(handle, Kind::Operation) {
            assert_eq!(status, OK);
            assert!(progress.phase >= 0 && progress.attempt >= 1 && (-1..=100).contains(&progress.percent));
            // The figures may be final a moment before waiters are let go, so only what was seen must agree.
            let end = self.operations.get(&handle).and_then(|operation| operation.end);
            assert!(end.is_none_or(|end| end == progress.status), "{end:?} {progress:?}");
        } else {
            assert_eq!((status, progress), (INVALID, untouched));
        }
    }

    fn events(&mut self, handle: usize, after: u64) {
        let mut json = ptr::without_provenance_mut(16);
        // SAFETY: a live place.
        let status = unsafe { epi_operation_events(ptr::without_provenance(handle), after, &raw mut json) };
        assert_eq!(status, if self.is(handle, Kind::Operation) { OK } else { INVALID });
        // SAFETY: NULL, or given by the library.
        let text = unsafe { abi::given(json) };
        assert_eq!(text.is_some(), status == OK);
        if let Some(text) = text {
            abi::check_events(&text);
        }
    }

    fn result(&mut self, handle: usize, with_error: bool) {
        let (mut json, mut error) = (ptr::without_provenance_mut(16), ptr::without_provenance_mut(16));
        let place = if with_error { &raw mut error } else { ptr::null_mut::<*mut epi_error>() };
        // SAFETY: live places, or NULL.
        let status = unsafe { epi_operation_result(ptr::without_provenance(handle), &raw mut json, place) };
        assert!(json.is_null(), "nothing here has a result");
        if with_error && status == PENDING {
            assert!(error.is_null());
        } else if with_error {
            let refusal = Refusal::of(status, error);
            assert!(!refusal.message.contains("c2VjcmV0"), "{refusal:?}");
            self.enter(error.addr(), Kind::Error);
        }
        self.seen(handle, status);
    }

    fn cancel(&mut self, handle: usize) {
        let status = epi_operation_cancel(ptr::without_provenance(handle));
        assert_eq!(status, if self.is(handle, Kind::Operation) { OK } else { INVALID });
        if let Some(operation) = self.operations.get_mut(&handle) {
            operation.stopped = true;
        }
    }

    fn cancel_all(&mut self, handle: usize) {
        let status = epi_client_cancel_all(ptr::without_provenance(handle));
        assert_eq!(status, if self.is(handle, Kind::Client) { OK } else { INVALID });
        for operation in self.operations.values_mut().filter(|operation| operation.client == handle) {
            operation.stopped |= status == OK;
        }
    }

    fn free_operation(&mut self, handle: usize) {
        epi_operation_free(ptr::without_provenance_mut::<epi_operation>(handle));
        if self.is(handle, Kind::Operation) {
            self.live.remove(&handle);
            // The counters go: a callback that still ran would write to freed memory.
            self.operations.remove(&handle);
        }
        self.wait_for_nothing(handle);
    }

    fn release_operation(&mut self, handle: usize) {
        epi_operation_release(ptr::without_provenance_mut::<epi_operation>(handle));
        if self.is(handle, Kind::Operation) {
            self.live.remove(&handle);
            let calls = self.operations.remove(&handle).and_then(|operation| operation.calls);
            RELEASED.lock().unwrap_or_else(PoisonError::into_inner).extend(calls);
        }
        self.wait_for_nothing(handle);
    }

    /// Whatever it was, it is no operation any more, so a wait without limit returns.
    fn wait_for_nothing(&self, handle: usize) {
        assert_eq!(epi_operation_wait(ptr::without_provenance(handle), -1), INVALID);
        assert!(!self.is(handle, Kind::Operation));
    }

    fn free_client(&mut self, handle: usize) {
        epi_client_free(ptr::without_provenance_mut(handle));
        if self.is(handle, Kind::Client) {
            self.live.remove(&handle);
        }
    }

    fn look_at_error(&self, handle: usize) {
        let error = ptr::without_provenance::<epi_error>(handle);
        if self.is(handle, Kind::Error) {
            let _ = Refusal::of(epi_error_status(error), error);
        } else {
            assert!(epi_error_message(error).is_null() && epi_error_json(error).is_null());
            assert_eq!(epi_error_status(error), INVALID);
        }
    }

    fn free_error(&mut self, handle: usize) {
        epi_error_free(ptr::without_provenance_mut(handle));
        if self.is(handle, Kind::Error) {
            self.live.remove(&handle);
        }
    }

    /// Frees all that lives, the newest first.
    fn close(&mut self) {
        for handle in self.all.clone().into_iter().rev() {
            match self.live.get(&handle) {
                Some(Kind::Client) => self.free_client(handle),
                Some(Kind::Operation) => self.free_operation(handle),
                Some(Kind::Error) => self.free_error(handle),
                None => {}
            }
        }
        assert!(self.live.is_empty() && self.operations.is_empty());
    }
}
