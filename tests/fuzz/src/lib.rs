//! Fuzz targets of the C ABI: whatever bytes come, the exported functions keep what the header promises.
//!
//! ```text
//! request    request_json of every call              options    epi_call_options of every size
//! config     config_json, secret and caFile          progress   epi_progress of every size
//! sequence   calls in any order on handles of any state
//! abi        what all of them use: the calls, texts, and what every error must be like
//! ```
//!
//! Each target is a function here, which fails when a promise is broken. `src/bin` makes a program of each for
//! libFuzzer; `tests/corpus.rs` runs each over the inputs in `corpus/`, without libFuzzer and on every platform.
//!
//! Nothing here asks another machine for anything: each target says how that is made sure.
#![expect(unsafe_code, reason = "the exported functions are called as C calls them")]

pub mod abi;
pub mod config;
pub mod options;
pub mod progress;
pub mod request;
pub mod sequence;

/// What a target does with an input.
pub type Target = fn(&[u8]);

/// All targets: their names, which are those of their corpora, and their functions.
pub const TARGETS: &[(&str, Target)] = &[
    ("request", request::run),
    ("config", config::run),
    ("options", options::run),
    ("progress", progress::run),
    ("sequence", sequence::run),
];
