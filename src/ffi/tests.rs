//! Unit tests of the ABI that need to look or reach inside: panics in a handler, and handles that are none.

use std::ffi::{CStr, CString, c_char, c_void};
use std::process::Command;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use super::callbacks;
use super::client::*;
use super::error::*;
use super::handles;
use super::library::*;
use super::operation::*;
use super::operation_state::{Settling, Work};
use super::options::{Callbacks, Options};
use super::progress::epi_progress;
use super::start::epi_operation_start;
use super::status::{epi_status_value as s, *};
use serde_json::json;

use crate::base::entropy::Entropy;
use crate::base::error::{Error, Kind};
use crate::base::event::{Event, Phase, Progress, Sink};
use crate::base::next_step::{NextStep, Phrase, Setting};
use crate::base::scope::Scope;
use crate::base::secret::Secret;
use crate::base::status::STATUS_TABLE;
use crate::base::time::{BoxFuture, Clock};
use crate::ops::client::Client;
use crate::ops::dxp::Config;
use crate::ops::dxp::commands::DxpCommand as Next;

/// Random bits that are not to be had: the first signature panics.
struct Broken;

impl Entropy for Broken {
    fn bits(&self) -> u64 {
        panic!("no randomness\nhere")
    }
}

/// Time that stands still; nothing gets far enough to wait for it.
struct Still;

impl Clock for Still {
    fn unix_ms(&self) -> u64 {
        0
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

fn client(broken: bool) -> *mut epi_client {
    let config = Config {
        client_key: Some("key".into()),
        project_id: Some("2a561398-d517-4634-9bc4-aab5008a8e1a".into()),
        // Nothing listens there.
        endpoint: Some("http://127.0.0.1:9/".into()),
        ..Config::default()
    };
    let secret = Secret::from("c2VjcmV0");
    let client = if broken {
        Client::with_sources(config, Some(&secret), Arc::new(Still), Arc::new(Broken))
    } else {
        Client::new(config, Some(&secret))
    };
    handles::give(ClientState::new(client.unwrap()).unwrap())
}

fn text(text: *const c_char) -> String {
    assert!(!text.is_null());
    // SAFETY: a text of a handle that lives.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned()
}

/// # Safety
/// The places live.
unsafe fn start_list(
    client: *const epi_client,
    out_operation: *mut *mut epi_operation,
    out_error: *mut *mut epi_error,
) -> epi_status {
    let (name, request) = (c"deployment.list".as_ptr(), c"{}".as_ptr());
    // SAFETY: texts, and places by this function's contract.
    unsafe { epi_operation_start(client, name, request, ptr::null(), out_operation, out_error) }
}

fn list(client: *const epi_client) -> *mut epi_operation {
    let (mut operation, mut error) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: live places and texts.
    let status = unsafe { start_list(client, &raw mut operation, &raw mut error) };
    assert_eq!((status, error.is_null()), (OK, true));
    operation
}

/// The final status and the message of an operation.
fn end(operation: *mut epi_operation) -> (epi_status, String) {
    let (mut json, mut error) = (ptr::null_mut(), ptr::null_mut());
    let status = epi_operation_wait(operation, -1);
    // SAFETY: live places.
    assert_eq!(unsafe { epi_operation_result(operation, &raw mut json, &raw mut error) }, status);
    assert!(json.is_null() && !error.is_null());
    let message = text(epi_error_message(error));
    epi_error_free(error);
    epi_operation_free(operation);
    (status, message)
}

#[test]
fn a_panic_in_a_handler_is_an_error_and_the_library_goes_on() {
    let broken = client(true);
    let sound = client(false);
    for _ in 0..3 {
        let going_on = list(sound);
        let (status, message) = end(list(broken));
        assert_eq!(status, s::EPI_STATUS_PANIC as i32);
        assert!(message.starts_with("a bug in this library: no randomness here (tests.rs:"), "{message}");
        // It still tries to reach an address where nothing listens.
        assert_eq!(epi_operation_cancel(going_on), OK);
        assert_eq!(end(going_on), (s::EPI_STATUS_CANCELLED as i32, "the operation was cancelled".to_owned()));
    }
    epi_client_free(broken);
    epi_client_free(sound);
}

/// The same in a process of its own, so that what it prints can be read.
#[test]
fn a_panic_that_is_caught_is_not_printed() {
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "--nocapture", "ffi::tests::a_panic_in_a_handler_is_an_error_and_the_library_goes_on"]);
    let output = again.output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

/// Nothing may be sent or written once a free has returned, however long the future takes to go.
#[test]
fn a_free_waits_until_the_future_is_gone() {
    struct Slow(Arc<AtomicBool>);

    impl Drop for Slow {
        fn drop(&mut self) {
            // Long enough for a free that does not wait.
            (0..1000).for_each(|_| std::thread::yield_now());
            self.0.store(true, SeqCst);
        }
    }

    let client = client(false);
    for _ in 0..20 {
        let state = handles::find::<ClientState>(client).unwrap();
        let gone = Arc::new(AtomicBool::new(false));
        let slow = Slow(Arc::clone(&gone));
        let body = Box::new(move |_, scope: Scope| -> Running {
            Box::pin(async move {
                let _slow = slow;
                scope.cancel().run(std::future::pending()).await
            })
        });
        epi_operation_free(begin(&state, "test.slow", &Options::default(), body).unwrap());
        assert!(gone.load(SeqCst));
    }
    epi_client_free(client);
}

#[test]
fn a_lost_task_ends_its_operation() {
    let work = Arc::new(Work::new("test.lost", &Options::default()));
    let settling = Settling(Arc::clone(&work));
    assert_eq!(work.wait(Some(Duration::ZERO)), PENDING);
    drop(settling);
    assert_eq!(work.wait(Some(Duration::ZERO)), s::EPI_STATUS_INTERNAL as i32);
    assert!(work.outcome().unwrap().result.as_ref().unwrap_err().message().contains("the operation was lost"));

    let work = Arc::new(Work::new("test.settled", &Options::default()));
    let settling = Settling(Arc::clone(&work));
    work.settle(Ok("{}".to_owned()));
    drop(settling);
    assert_eq!(work.wait(Some(Duration::ZERO)), OK);
}

#[test]
fn a_retry_is_another_attempt_until_something_else_is_worked_on() {
    let work = Work::new("test.retries", &Options::default());
    let retrying =
        |attempt| Event::Retrying { what: "it".into(), attempt, delay_ms: 0, reason: "broken".into(), warns: false };
    let downloading = |file: &str| Event::Progress(Progress::new(Phase::Downloading, file));
    for (event, attempt) in [
        (downloading("one"), 1),
        (retrying(1), 2),
        (retrying(3), 4),
        // Another block of the same file.
        (retrying(1), 4),
        (downloading("one"), 4),
        (downloading("two"), 1),
    ] {
        work.event(event.clone());
        assert_eq!(work.figures().attempt, attempt, "{event:?}");
    }
}

#[test]
fn the_figures_of_an_upload_are_those_of_its_newest_progress() {
    let work = Work::new("test.figures", &Options::default());
    let seen = || (work.figures().bytes_done, work.figures().bytes_sent, work.figures().retries);
    assert_eq!(seen(), (-1, -1, -1));
    let mut progress = Progress::new(Phase::Uploading, "a.nupkg");
    (progress.bytes_done, progress.bytes_sent, progress.retries) = (Some(1), Some(u64::MAX), Some(0));
    work.event(Event::Progress(progress));
    assert_eq!(seen(), (1, i64::MAX, 0));
    work.event(Event::Progress(Progress::new(Phase::Committing, "a.nupkg")));
    assert_eq!(seen(), (-1, -1, -1));
}

/// Ten a second, measured by how long a few of them take at least.
#[test]
fn progress_of_one_phase_is_told_no_faster_than_its_pace() {
    const PACE: Duration = Duration::from_millis(100);

    unsafe extern "C" fn count(_: *const epi_progress, calls: *mut c_void) -> i32 {
        // SAFETY: the counter below, which lives until the operation is over.
        unsafe { &*calls.cast::<AtomicUsize>() }.fetch_add(1, SeqCst);
        0
    }

    let calls = AtomicUsize::new(0);
    let user_data = (&raw const calls).cast_mut().cast();
    let callbacks = Some(Callbacks { progress: Some(count), log: None, user_data });
    let work = Arc::new(Work::new("test.pace", &Options { callbacks, ..Options::default() }));
    callbacks::begin(&work).unwrap();
    let began = callbacks::now();
    let mut bytes = 0;
    // The first is told at once, the others each a pace later.
    while calls.load(SeqCst) < 4 {
        bytes += 1;
        let progress = Progress { bytes_done: Some(bytes), ..Progress::new(Phase::Downloading, "a file") };
        work.event(Event::Progress(progress));
        std::thread::yield_now();
    }
    assert!(began.elapsed() >= 3 * PACE, "4 calls in {:?}", began.elapsed());
    // The end is told at once, and with the newest figures.
    work.settle(Ok("{}".to_owned()));
    assert_eq!(work.wait(None), OK);
    assert!((5..=6).contains(&calls.load(SeqCst)));
}

#[test]
fn what_is_no_handle_is_refused_by_name() {
    let client = client(false);
    let operation = list(client);
    let foreign: *const epi_client = operation.cast();
    let mut out = ptr::null_mut();
    for (handle, rule) in [
        (ptr::null(), "client: must not be NULL"),
        (foreign, "client: is a handle of another kind, not of epi_client"),
        (ptr::without_provenance(7), "client: was freed, or never was an epi_client"),
    ] {
        let mut error = ptr::null_mut();
        // SAFETY: live places and texts.
        let status = unsafe { start_list(handle, &raw mut out, &raw mut error) };
        assert_eq!(status, s::EPI_STATUS_INVALID_ARGUMENT as i32);
        assert_eq!(text(epi_error_message(error)), rule);
        epi_error_free(error);
        epi_error_free(error);
        assert!(epi_error_message(error).is_null(), "freed");
    }
    epi_operation_free(operation);
    assert_eq!(epi_operation_wait(operation, -1), s::EPI_STATUS_INVALID_ARGUMENT as i32, "freed");
    assert_eq!(epi_operation_cancel(operation), s::EPI_STATUS_INVALID_ARGUMENT as i32);
    epi_operation_free(operation);
    epi_client_free(client);
    epi_client_free(client);
    epi_client_free(operation.cast());
}

#[test]
fn the_header_s_statuses_are_those_of_the_table() {
    for row in STATUS_TABLE {
        assert_eq!(text(epi_status_name(row.status)), row.name);
    }
    let declared = include_str!("status.rs");
    for row in STATUS_TABLE {
        let line = format!("EPI_STATUS_{} = {},", row.name, row.status);
        assert!(declared.contains(&line), "{line}");
    }
    let lines = declared.lines().filter(|line| line.trim_start().starts_with("EPI_STATUS_")).count();
    assert_eq!(lines, STATUS_TABLE.len() + 2, "the table, OK and PENDING");
    assert_eq!(text(epi_status_name(OK)), "OK");
    assert!(epi_status_name(2).is_null());
}

#[test]
fn versions_and_texts() {
    assert_eq!(text(epi_version()), env!("CARGO_PKG_VERSION"));
    // SAFETY: NULL is not written to; texts live.
    unsafe {
        assert_eq!(epi_abi_check(epi_abi_version(), ptr::null_mut()), OK);
        let before = epi_abi_check(2, ptr::null_mut());
        assert_eq!(before, s::EPI_STATUS_ABI_MISMATCH as i32, "calls functions that are no longer there");
        assert_eq!(epi_abi_check(1 << 16, ptr::null_mut()), s::EPI_STATUS_ABI_MISMATCH as i32);
        assert_eq!(epi_abi_check(epi_abi_version() + 1, ptr::null_mut()), s::EPI_STATUS_ABI_MISMATCH as i32);
        let quoted = epi_json_quote(c"a\"\\\n".as_ptr());
        assert_eq!(text(quoted), r#""a\"\\\n""#);
        epi_string_free(quoted);
        assert!(epi_json_quote(ptr::null()).is_null());
        assert!(epi_json_quote(CString::new([0xff]).unwrap().as_ptr()).is_null());
        epi_string_free(ptr::null_mut());
    }
}

#[test]
fn an_error_is_told_in_parts_too_for_hosts_with_words_of_their_own() {
    let step = NextStep::text("wait with ").command(Next::wait_for_deployment("7")).and(" or set ");
    let error = Error::invalid("files[0].blobName", Phrase::text("needs ").setting(Setting::CaFile))
        .context("asked to upload")
        .with_next_step(step.setting(Setting::Overwrite));
    let handle = give(&error);
    let document: serde_json::Value = serde_json::from_str(&text(epi_error_json(handle))).unwrap();
    epi_error_free(handle);
    assert_eq!(document["message"], "asked to upload: files[0].blobName: needs caFile");
    assert_eq!(
        document["messageParts"],
        json!([{"text": "asked to upload: "}, {"member": "files[0].blobName"}, {"text": ": "}, {"text": "needs "},
               {"member": "caFile"}])
    );
    assert_eq!(
        document["nextStepParts"],
        json!([{"text": "wait with "}, {"operation": "deployment.wait", "request": {"id": "7"}}, {"text": " or set "},
               {"member": "overwrite"}])
    );
    let plain = give(&Error::new(Kind::Io, "x"));
    let document: serde_json::Value = serde_json::from_str(&text(epi_error_json(plain))).unwrap();
    epi_error_free(plain);
    assert!(document["nextStepParts"].is_null() && document.get("nextStepParts").is_some());
}
