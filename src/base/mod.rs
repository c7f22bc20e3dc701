//! Level 0: data and decisions.
//!
//! What every other layer speaks in: errors and the one status table, secrets and links that do not print
//! themselves, events, cancellation, time and retry decisions. Nothing here knows a service, performs input or
//! output, reads the system clock or needs an async runtime, so all of it is tested as plain functions.

pub mod cancel;
pub mod encoding;
pub mod entropy;
pub mod error;
pub mod event;
pub mod given;
pub mod limits;
pub mod next_step;
pub mod readable;
pub mod redaction;
pub mod retry;
pub mod scope;
pub mod secret;
pub mod service_object;
pub mod status;
pub mod threads;
pub mod time;
pub mod warning_timer;
