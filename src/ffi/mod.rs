//! Level 6a: the C ABI.
//!
//! Turns what C can say into the request documents of [`ops`](crate::ops) and back: handles, texts, two flat structs,
//! statuses. It decides nothing about the service. The package `capi` makes the C library of it. Its
//! header is generated from the comments and signatures here, so they are written for a reader of C; `capi/tests/abi.rs`
//! compares the two.
//!
//! ```text
//! library  client  start  operation  error              the exported functions
//! status   options progress                             the types that the header shows
//! callbacks  operation_state  event_log  end_event      an operation's callbacks, its life, its events, its end
//! struct_size  handles  text  panic  runtime  signals   what all of them stand on
//! ```
//!
//! A handle is a number that the module `handles` looks up, not an address: a freed, foreign or NULL handle is an error
//! value, and a handle freed while another thread waits on it stays safe. So `unsafe` is left in few places:
//! reading texts, options and secrets of the caller, writing its outputs, and calling its functions.
//!
//! All exported names begin with `epi_`, the prefix of this library alone; that is what each `no_mangle` relies on.
#![expect(unsafe_code, reason = "exporting C symbols and reading the caller's memory need it")]
#![expect(non_camel_case_types, reason = "types carry the name that the header shows, so that none is renamed")]
#![expect(clippy::missing_safety_doc, reason = "the comments are the header's; its Ownership lines are the contract")]

mod callbacks;
pub mod client;
mod end_event;
pub mod error;
mod event_log;
mod handles;
pub mod library;
pub mod operation;
mod operation_state;
pub mod options;
mod panic;
pub mod progress;
mod runtime;
mod signals;
pub mod start;
pub mod status;
mod struct_size;
#[cfg(feature = "test-abi")]
pub mod test_abi;
#[cfg(test)]
mod tests;
mod text;
