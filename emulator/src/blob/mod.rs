//! The embedded blob storage: Azure's block blob operations with links, leases and checksums really checked.
//!
//! `sas` and `block_list` decide, `store` remembers, `spool` and `content` hold the bytes, `operation` carries a
//! request out, `storage` is the account as the rest of the emulator uses it. Facts about Azure are from its Blob
//! service REST reference unless a comment says otherwise.
//!
//! What is public here is for the measuring sink, which answers with the same parts, and no part of the interface.

pub mod block_list;
mod call;
pub mod checksum;
pub mod condition;
mod content;
pub mod error;
pub mod list;
mod operation;
pub mod range;
mod read;
pub(crate) mod sas;
mod saved;
mod spool;
mod storage;
mod store;
pub(crate) mod version;
pub mod write;

pub use call::query;
pub use operation::with_usual_headers;
pub(crate) use storage::{Links, Refused, Storage};
pub use store::{BlobView, Properties};
