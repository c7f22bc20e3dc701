//! What is worked on next, and how much at a time: state machines to which the time is handed, and the one loop that
//! carries them out. The lowest of this layer; knows neither files nor blobs.

pub(super) mod concurrency;
pub(super) mod idle_timeout;
pub(super) mod plan;
pub(super) mod runner;
pub(super) mod scheduler;
