//! Level 5: the verbs. A request document in, a result document out.
//!
//! [`catalog`] is the table of all operations; each row names its request and result type and runs its handler. The
//! command line and the C ABI only turn arguments into these documents and show results, so that a verb behaves the
//! same everywhere. Nothing here prints, reads the environment or blocks.

mod advice;
pub mod catalog;
pub mod client;
pub mod dxp;
pub mod runtime;

pub use crate::document;
