//! Level 2: block blobs behind a SAS link.
//!
//! Says what a link permits before anything is sent (`link.rs`), makes the typed calls of the official crate over
//! this library's own transport (`client.rs`, `azure_transport.rs`), tells the blob from what something on the way answers in its
//! place (`answer.rs`), and turns the service's refusals into errors that say what to do (`storage_error.rs`, `gateway.rs`; about the
//! time of a link, `validity.rs`). It opens no file, repeats no request and knows nothing of deployments. It may use
//! `base` and `transport`.

mod answer;
mod azure_transport;
pub mod block;
pub mod client;
mod error_xml;
mod gateway;
pub mod link;
pub mod name;
mod storage_error;
pub mod validity;

pub use crate::transport::http::ByteStream;
pub use storage_error::{damaged, is_other_id_length, is_unknown_checksum};
