//! The embedded blob store: Azure's block blob operations with links, leases and checksums really checked.
//!
//! `sas` and `block_list` decide, `store` remembers, `spool` and `content` hold the bytes, `operation` carries a
//! request out. Facts about Azure are from its Blob service REST reference unless a comment says otherwise.

pub(crate) mod block_list;
pub(crate) mod checksum;
pub(crate) mod condition;
mod content;
pub(crate) mod error;
pub(crate) mod list;
mod operation;
pub(crate) mod range;
mod read;
pub(crate) mod sas;
mod saved;
mod spool;
mod store;
pub(crate) mod version;
pub(crate) mod write;

pub(crate) use content::Content;
pub(crate) use operation::{error_answer, expired_link_answer, handle, query, with_usual_headers};
pub(crate) use saved::SavedStore;
pub(crate) use spool::Folder;
pub(crate) use store::{Properties, Store};

pub use store::BlobView;

/// No conditional headers.
pub(crate) const NO_CONDITIONS: condition::Conditions<'static> =
    condition::Conditions { if_match: None, if_none_match: None, if_modified_since: None, if_unmodified_since: None };
