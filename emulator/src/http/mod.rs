//! The HTTP side: listeners, connections, request and answer bodies, and the one exchange that records a request,
//! meets the fault rules and hands it to the API, the blob store or the control interface. Knows no rule of the
//! service itself.

mod address;
mod answer;
mod body;
mod exchange;
mod listener;
mod wire;

pub(crate) use address::{BlobAddress, decode};
pub(crate) use answer::{Answer, Source};
pub(crate) use body::{BodyError, RequestBody};
pub(crate) use exchange::Asked;
pub(crate) use listener::{bind, reachable, serve_plain, serve_tls, stopped};
