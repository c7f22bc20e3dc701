//! What the targets stand on: the calls, texts of the library, and the promises that every error keeps.

use std::ffi::{CStr, c_char, c_void};
use std::ptr;
use std::sync::OnceLock;

use epicloud::ffi::client::{epi_client, epi_client_new};
use epicloud::ffi::error::{
    epi_error, epi_error_code, epi_error_free, epi_error_http_status, epi_error_json, epi_error_message,
    epi_error_request_id, epi_error_retry, epi_error_retry_after_ms, epi_error_status,
};
use epicloud::ffi::library::{epi_status_name, epi_string_free};
use epicloud::ffi::operation::{
    epi_operation, epi_operation_events, epi_operation_free, epi_operation_result, epi_operation_wait,
};
use epicloud::ffi::options::epi_call_options;
use epicloud::ffi::start::epi_operation_start;
use epicloud::ffi::status::{epi_status, epi_status_value as s};
use serde_json::Value;

/// Every operation by its name. A new one goes to the end: the inputs of the corpora count.
pub const OPERATIONS: &[&CStr] = &[
    c"connect",
    c"packageLocation.get",
    c"package.upload",
    c"package.deploy",
    c"deployment.start",
    LIST,
    c"deployment.get",
    c"deployment.wait",
    c"deployment.complete",
    c"deployment.reset",
    c"databaseExport.start",
    c"databaseExport.get",
    c"databaseExport.wait",
    c"databaseExport.save",
    c"storageContainer.list",
    c"storageSas.get",
    c"edgeLogLocation.get",
    c"guidewire.connect",
    c"guidewire.backup.create",
    c"guidewire.backup.get",
    c"guidewire.backup.list",
    c"guidewire.backup.wait",
    c"guidewire.backup.delete",
    c"redisEnterprise.connect",
    c"redisEnterprise.export.start",
    c"redisEnterprise.export.get",
    c"redisEnterprise.export.wait",
    c"redisEnterprise.export.reset",
    c"redisEnterprise.database.list",
    c"redisEnterprise.database.get",
    c"job.get",
    c"job.wait",
];

/// The operation that needs nothing but an account.
pub const LIST: &CStr = c"deployment.list";

/// The operation that a byte stands for, `a` for the first.
#[must_use]
pub fn operation(byte: u8) -> &'static CStr {
    OPERATIONS[usize::from(byte.wrapping_sub(b'a')) % OPERATIONS.len()]
}

/// The longest that an operation which needs no network may take. Generous, because machines are busy.
const LIMIT_MS: i64 = 20_000;

/// A text that the library lends. It must be UTF-8.
///
/// # Safety
/// NULL or NUL-terminated.
#[must_use]
pub unsafe fn lent(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not NULL, so NUL-terminated.
    let text = unsafe { CStr::from_ptr(text) };
    Some(text.to_str().unwrap_or_else(|error| panic!("a text of the library is no UTF-8: {error}")).to_owned())
}

/// A text that the library gave away, freed.
///
/// # Safety
/// NULL, or to be freed with `epi_string_free`.
#[must_use]
pub unsafe fn given(text: *mut c_char) -> Option<String> {
    // SAFETY: as this function asks; freed once, here.
    unsafe {
        let copy = lent(text);
        epi_string_free(text);
        copy
    }
}

/// The name of a status, which every status that is returned must have.
#[must_use]
pub fn name_of(status: epi_status) -> String {
    // SAFETY: a static text or NULL.
    unsafe { lent(epi_status_name(status)) }.unwrap_or_else(|| panic!("status {status} has no name"))
}

/// What an error said.
#[derive(Debug)]
pub struct Refusal {
    /// The status.
    pub status: epi_status,
    /// The message.
    pub message: String,
    /// The whole document.
    pub json: Value,
}

impl Refusal {
    /// Reads an error handle and checks all that holds for every error. The handle stays.
    #[must_use]
    pub fn of(status: epi_status, error: *const epi_error) -> Self {
        assert!(!error.is_null(), "no error came with status {status}");
        assert_eq!(epi_error_status(error), status, "the error has the status that was returned");
        // SAFETY: texts of a handle that lives.
        let (message, json) = unsafe { (lent(epi_error_message(error)), lent(epi_error_json(error))) };
        let message = message.unwrap_or_else(|| panic!("an error has no message"));
        let json = json.unwrap_or_else(|| panic!("an error has no document"));
        let json: Value = serde_json::from_str(&json).unwrap_or_else(|error| panic!("no JSON: {error}: {json}"));
        assert_eq!(json["status"], *name_of(status));
        assert_eq!(json["message"], *message);
        assert!(!message.trim().is_empty(), "a message is empty");
        assert!(!message.chars().any(breaks_a_line), "a message is not one line: {message:?}");
        assert!(![s::EPI_STATUS_PANIC as i32, s::EPI_STATUS_INTERNAL as i32].contains(&status), "a bug: {message}");
        // Nothing here had an answer of the service.
        assert_eq!(epi_error_http_status(error), 0);
        assert_eq!(epi_error_code(error).is_null(), json["code"].is_null());
        assert!(epi_error_request_id(error).is_null(), "nobody was asked");
        assert!((0..=2).contains(&epi_error_retry(error)));
        assert_eq!(epi_error_retry_after_ms(error), -1);
        Self { status, message, json }
    }

    /// As [`Refusal::of`], and frees the handle.
    #[must_use]
    pub fn taken(status: epi_status, error: *mut epi_error) -> Self {
        let refusal = Self::of(status, error);
        epi_error_free(error);
        assert!(epi_error_message(error).is_null(), "a freed error has no message");
        epi_error_free(error);
        refusal
    }

    /// The field that broke a rule. The message must begin with it, so that a person sees it too.
    #[must_use]
    pub fn field(&self) -> &str {
        let field = self.json["field"].as_str().unwrap_or_else(|| panic!("no field is named: {}", self.message));
        let shown = field.chars().take_while(|letter| !breaks_a_line(*letter)).collect::<String>();
        assert!(self.message.starts_with(&shown), "the field '{field}' is not in the message: {}", self.message);
        field
    }

    /// The text as a whole is blamed when it is no object, and a member of it otherwise. A member that is there twice
    /// and a number that none can hold are refused while the text is read, by their place. A member may have the name of
    /// the parameter; then the name does not tell which of the two is blamed.
    pub(crate) fn blames(&self, parameter: &str, document: Option<&Value>) {
        let while_reading = self.message.contains("duplicate member") || self.message.contains("out of range");
        let alike = document.is_some_and(|document| document.get(parameter).is_some());
        if !while_reading {
            let is_object = document.is_some_and(Value::is_object);
            assert!(is_object != (self.field() == parameter) || alike, "{self:?}");
        }
    }

    /// Fails unless the status is one of these.
    pub fn expect(&self, allowed: &[s]) {
        assert!(allowed.iter().any(|status| *status as i32 == self.status), "unexpected: {self:?}");
    }
}

/// Whether a letter begins a new line or does something else to a terminal.
fn breaks_a_line(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')
}

/// A client without an account that lives as long as the process. Whatever needs the service is refused on it before
/// anything is sent. What it keeps stays in the folder that the targets work in.
#[must_use]
pub fn bare_client() -> *const epi_client {
    static CLIENT: OnceLock<usize> = OnceLock::new();
    ptr::without_provenance(*CLIENT.get_or_init(|| new_client(r#"{"stateDir":"state"}"#, b"").addr()))
}

/// Makes a client of what must be a good configuration.
#[must_use]
pub fn new_client(config: &str, secret: &[u8]) -> *mut epi_client {
    let config = terminated(config.as_bytes());
    let (mut client, mut error) = (ptr::null_mut(), ptr::null_mut());
    let place = if secret.is_empty() { ptr::null() } else { secret.as_ptr().cast::<c_void>() };
    // SAFETY: live texts and places; the secret is as long as it is said to be.
    let status =
        unsafe { epi_client_new(config.as_ptr().cast(), place, secret.len(), &raw mut client, &raw mut error) };
    assert!(status == 0 && error.is_null(), "{:?}", Refusal::of(status, error));
    assert!(!client.is_null());
    client
}

/// The bytes up to the first NUL with one behind, in memory of exactly that size: AddressSanitizer sees a read beyond.
#[must_use]
pub fn terminated(bytes: &[u8]) -> Box<[u8]> {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    text.iter().copied().chain([0]).collect()
}

/// Starts an operation.
///
/// # Safety
/// The pointers are as the header asks.
pub unsafe fn start(
    name: &CStr,
    client: *const epi_client,
    request: *const c_char,
    options: *const epi_call_options,
) -> Result<*mut epi_operation, Refusal> {
    // What stood there before must go, also on failure.
    let mut operation = ptr::without_provenance_mut(16);
    let mut error = ptr::without_provenance_mut(16);
    // SAFETY: live places; the rest as this function asks.
    let status =
        unsafe { epi_operation_start(client, name.as_ptr(), request, options, &raw mut operation, &raw mut error) };
    if status == s::EPI_STATUS_OK as i32 {
        assert!(!operation.is_null() && error.is_null(), "a call that was accepted gives an operation and no error");
        return Ok(operation);
    }
    assert!(operation.is_null(), "a call that was refused gives no operation");
    Err(Refusal::taken(status, error))
}

/// Waits for the end of an operation that must fail, looks at all that can be asked of it, and frees it.
#[must_use]
pub(crate) fn failed(operation: *mut epi_operation) -> Refusal {
    let status = epi_operation_wait(operation, LIMIT_MS);
    assert!(status > s::EPI_STATUS_PENDING as i32, "it ends in time, and without an account never well: {status}");
    assert_eq!(epi_operation_wait(operation, -1), status, "it ends once");
    let (mut json, mut error, mut events) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: live places.
    unsafe {
        assert_eq!(epi_operation_result(operation, &raw mut json, &raw mut error), status);
        assert_eq!(epi_operation_events(operation, 0, &raw mut events), 0);
    }
    assert!(json.is_null(), "an operation that failed has no result");
    // SAFETY: given by the library.
    let events = unsafe { given(events) };
    check_events(&events.unwrap_or_else(|| panic!("no document of events")));
    let refusal = Refusal::taken(status, error);
    epi_operation_free(operation);
    assert_eq!(epi_operation_wait(operation, -1), s::EPI_STATUS_INVALID_ARGUMENT as i32, "it was freed");
    epi_operation_free(operation);
    refusal
}

/// Checks a document of events.
pub fn check_events(text: &str) {
    let document: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("no JSON: {error}: {text}"));
    let events = document["events"].as_array().unwrap_or_else(|| panic!("no events: {text}"));
    let numbers: Vec<u64> = events.iter().filter_map(|event| event["seq"].as_u64()).collect();
    assert_eq!(numbers.len(), events.len(), "every event has a number: {text}");
    assert!(numbers.is_sorted_by(|one, other| one < other), "{text}");
    assert!(events.iter().all(|event| event["event"].is_string()), "{text}");
    let last = document["lastSeq"].as_u64().unwrap_or_else(|| panic!("no lastSeq: {text}"));
    assert!(numbers.last().is_none_or(|number| *number == last), "{text}");
}

/// Looks at the number of live handles before and after a run. Needs the hidden symbols, which libFuzzer's programs have.
pub fn leaving_no_handle(body: impl FnOnce()) {
    // It lives on, so it must be there before.
    let _ = bare_client();
    let before = live_handles();
    body();
    assert_eq!(live_handles(), before, "every handle was freed");
}

#[cfg(feature = "libfuzzer")]
fn live_handles() -> usize {
    epicloud::ffi::test_abi::epi_test_handles()
}

#[cfg(not(feature = "libfuzzer"))]
fn live_handles() -> usize {
    0
}

/// Prepares the process of a target, before any other thread is there.
///
/// It works in an empty folder: what a request names is not found there, and what it writes (a download is reserved
/// before it is known that there is no account) is written there. The folder is below `TMPDIR`, which
/// `cargo xtask test` sets and empties.
///
/// And it trusts one root alone, whose key nobody has: reading all that the system trusts, for each client anew, would
/// take most of a run's time.
pub fn prepare() {
    let folder = std::env::temp_dir().join(format!("epicloud-fuzz-{}", std::process::id()));
    let gone = std::fs::create_dir(&folder).and_then(|()| std::env::set_current_dir(&folder));
    gone.unwrap_or_else(|error| panic!("cannot work in {}: {error}", folder.display()));
    // SAFETY: libFuzzer asks for preparation before it starts anything, so no other thread reads the environment.
    unsafe {
        std::env::set_var("SSL_CERT_FILE", concat!(env!("CARGO_MANIFEST_DIR"), "/root.pem"));
        std::env::set_var("SSL_CERT_DIR", &folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_there() {
        let mut all: Vec<&str> = epicloud::ops::catalog::CATALOG.iter().map(|row| row.name).collect();
        let mut own: Vec<&str> = OPERATIONS.iter().map(|name| name.to_str().unwrap_or_default()).collect();
        all.sort_unstable();
        own.sort_unstable();
        assert_eq!(own, all);
    }
}
