//! Target `config`: a configuration document up to the first NUL; what follows is the secret, and also what stands in
//! the file `ca.pem`, which `caFile` may name.
//!
//! A client sends nothing until an operation is started, and none is. Inputs whose `caFile` names another file that
//! exists are left out: reading a device may take for ever, and its contents belong to nobody here.

use std::ffi::c_void;
use std::path::Path;
use std::ptr;

use epicloud::ffi::client::{epi_client_free, epi_client_new};
use epicloud::ffi::status::epi_status_value as s;
use serde_json::Value;

use crate::abi::{self, Refusal};

/// The one file that a configuration may name.
const FILE: &str = "ca.pem";

/// Stands in front of the secret, as valid Base64. No message may hold it.
const CANARY: &[u8] = b"CANARYsecretCANARYsecret";

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let text = abi::terminated(bytes);
    let rest = bytes.get(text.len()..).unwrap_or_default();
    let document = serde_json::from_slice::<Value>(&text[..text.len() - 1]).ok();
    match document.as_ref().and_then(|document| document["caFile"].as_str()) {
        Some(FILE) => std::fs::write(FILE, rest).unwrap_or_else(|error| panic!("cannot write {FILE}: {error}")),
        Some(path) if Path::new(path).exists() => return,
        _ => {}
    }
    // A client needs both or neither of key and secret, so without a key it is tried without a secret too.
    let has_key = document.as_ref().is_some_and(|document| !document["clientKey"].is_null());
    let secret = if has_key || !rest.is_empty() { [CANARY, rest].concat() } else { Vec::new() };
    abi::leaving_no_handle(|| one(&text, &secret, document.as_ref()));
}

fn one(text: &[u8], secret: &[u8], document: Option<&Value>) {
    let mut client = ptr::without_provenance_mut(16);
    let mut error = ptr::without_provenance_mut(16);
    let place = if secret.is_empty() { ptr::null() } else { secret.as_ptr().cast::<c_void>() };
    // SAFETY: live texts and places; the secret is as long as it is said to be.
    let status = unsafe { epi_client_new(text.as_ptr().cast(), place, secret.len(), &raw mut client, &raw mut error) };
    if status == s::EPI_STATUS_OK as i32 {
        assert!(!client.is_null() && error.is_null());
        assert!(document.is_some_and(Value::is_object), "only an object is a configuration");
        epi_client_free(client);
        epi_client_free(client);
        return;
    }
    assert!(client.is_null(), "a configuration that was refused gives no client");
    let refusal = Refusal::taken(status, error);
    refusal.expect(&[
        s::EPI_STATUS_INVALID_ARGUMENT,
        s::EPI_STATUS_NOT_CONFIGURED,
        s::EPI_STATUS_NOT_FOUND,
        s::EPI_STATUS_IO,
        s::EPI_STATUS_TLS,
    ]);
    if status == s::EPI_STATUS_INVALID_ARGUMENT as i32 {
        let unread = refusal.message.contains("is no JSON") || refusal.message.contains("is not UTF-8");
        assert_eq!(document.is_none(), refusal.field() == "config_json" && unread, "{refusal:?}");
    }
    // The canary in the document itself is no secret.
    let canary = std::str::from_utf8(CANARY).unwrap_or_default();
    if document.is_none_or(|document| !document.to_string().contains(canary)) {
        assert!(!refusal.json.to_string().contains(canary), "the secret is said: {refusal:?}");
    }
}
