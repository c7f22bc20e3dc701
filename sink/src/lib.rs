//! A storage account that swallows what is uploaded, as cheaply as can be, to measure transfers against: Put Block,
//! Put Block List, Put Blob, reads of one generated blob, and what Azure's clients ask besides. On request it is as
//! slow as a network (latency, caps) or as unreliable as a busy service (every n-th Put Block).
//!
//! It is no test of correctness. Links need a signature, and any will do; permissions and times are not looked at;
//! all containers exist; bytes are summed and forgotten. The emulator checks everything and keeps everything.
//!
//! Client and sink share the machine when transfers are measured, so what a byte costs here is taken from the client.
//! That is why HTTP is spoken here by hand: `channel` decrypts in place, `intake` sums and forgets, `connection` and
//! `head` know the little of HTTP that is left, and no byte is copied or queued on its way. `bucket` and `delay` decide what
//! a slow network would do, without a clock or a socket; `shaping` and `line` obey. `exchange`, `upload` and `download` answer with
//! the parts of the emulator's own blob storage, and `statistics` and `control` tell what came.

mod blobs;
mod bucket;
mod call;
mod channel;
mod connection;
mod content;
mod control;
mod core;
mod delay;
mod download;
mod exchange;
mod head;
mod intake;
mod line;
mod listener;
mod message;
mod settings;
mod shaping;
mod sink;
mod statistics;
mod upload;

use epicloud_emulator::lock::lock;
pub use settings::{SinkConfig, SinkSettings, Verify};
pub use sink::Sink;
