//! Target `request`: the first byte picks an operation, the rest is its request document.
//!
//! The client has no account, so the service is never asked; and those of other services refuse it, because it is none of
//! theirs. Only `package.upload` can go to the network without one:
//! to the link in `sasUrl`, after it has seen that every file is there. Inputs that name a file that exists are left
//! out, so it always ends before; the final status tells when it does not.

use std::ffi::CStr;
use std::path::Path;
use std::ptr;

use epicloud::ffi::status::epi_status_value as s;
use serde_json::Value;

use crate::abi;

/// A signature as the corpus has it in links. No message may hold it.
pub const CANARY: &str = "CANARY0signature";

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let Some((first, text)) = bytes.split_first() else { return };
    let name = abi::operation(*first);
    let text = abi::terminated(text);
    let document = serde_json::from_slice::<Value>(&text[..text.len() - 1]).ok();
    if document.as_ref().is_some_and(|document| touches_other_files(name, document)) {
        return;
    }
    abi::leaving_no_handle(|| {
        // SAFETY: a NUL-terminated text; no options.
        match unsafe { abi::start(name, abi::bare_client(), text.as_ptr().cast(), ptr::null()) } {
            Err(refusal) => {
                refusal.expect(&[s::EPI_STATUS_INVALID_ARGUMENT]);
                refusal.blames("request_json", document.as_ref());
                check_secrecy(document.as_ref(), &refusal);
            }
            Ok(operation) => {
                let refusal = abi::failed(operation);
                refusal.expect(&[
                    s::EPI_STATUS_NOT_CONFIGURED,
                    s::EPI_STATUS_INVALID_ARGUMENT,
                    s::EPI_STATUS_NOT_FOUND,
                    s::EPI_STATUS_CONFLICT,
                    s::EPI_STATUS_UNSUPPORTED,
                    s::EPI_STATUS_IO,
                ]);
                check_secrecy(document.as_ref(), &refusal);
            }
        }
    });
}

/// Whether the operation would read a file that is there, or write one outside of the folder.
fn touches_other_files(name: &CStr, document: &Value) -> bool {
    let inside = |path: &str| Path::new(path).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    match name.to_bytes() {
        b"package.upload" | b"package.deploy" => {
            let files = document["files"].as_array().into_iter().flatten();
            files.filter_map(|file| file["path"].as_str()).any(|path| Path::new(path).exists())
        }
        b"databaseExport.save" => document["outputFile"].as_str().is_some_and(|path| !inside(path)),
        _ => false,
    }
}

/// A link is a secret: nothing of its query may be said; nor anything of a destination's credentials. Elsewhere the same letters are no secret; what is no JSON is
/// never repeated.
fn check_secrecy(document: Option<&Value>, refusal: &abi::Refusal) {
    let mut rest = document.cloned().unwrap_or_default();
    if let Some(members) = rest.as_object_mut() {
        members.remove("sasUrl");
        members.remove("location");
    }
    if !rest.to_string().contains(CANARY) {
        assert!(!refusal.json.to_string().contains(CANARY), "a secret is said: {refusal:?}");
    }
}
