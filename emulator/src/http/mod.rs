//! The HTTP side: listeners, connections, request and answer bodies, and the one exchange that records a request,
//! meets the fault rules and hands it to the room it is meant for. Knows no rule of any service.
//!
//! What is public here is for the measuring sink, and no part of the interface.

mod address;
mod answer;
mod asked;
mod body;
mod exchange;
mod front;
mod listener;
mod room;
mod wire;

pub use address::{BlobAddress, decode};
pub use answer::{Answer, Source, Stream};
pub use asked::Asked;
pub(crate) use body::{BodyError, RequestBody};
pub(crate) use front::Front;
pub(crate) use listener::serve;
pub use listener::{bind, origin, reachable, stopped};
pub(crate) use room::{Answering, Room};
