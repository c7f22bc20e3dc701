//! The C library of epicloud, shared and static: what [`epicloud::ffi`] exports, and nothing else.
//!
//! A package of its own, so that the Rust library, the command line and their tests link neither of the two.

pub use epicloud::ffi;
