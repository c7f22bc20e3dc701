//! Level 5: the verbs. A request in, a result out.
//!
//! [`catalog`] is the table of all operations; each row names its request and result type, which are documents as well,
//! and runs its handler. The command line only turns arguments into a request and shows the result, and the C ABI does
//! so with documents, so that a verb behaves the same everywhere. Nothing here prints, reads the environment or blocks.

mod advice;
pub mod catalog;
pub mod client;
pub mod dxp;
pub mod guidewire;
pub mod job;
pub mod redis_enterprise;
mod resume;
mod row;
pub mod runtime;
mod services;

pub use crate::document;
