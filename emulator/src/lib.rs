//! A local stand-in for the Optimizely DXP deployment service and its Azure blob storage, with fault injection.
//!
//! [`Emulator::start`] binds an HTTP and an HTTPS listener and serves the deployment API, the blob store its links
//! point to, and a control interface. It shares no code with the client it is used to test.
//!
//! ```no_run
//! # async fn example() -> Result<(), epicloud_emulator::Error> {
//! use epicloud_emulator::{Config, Effect, Emulator, Rule, Speed};
//!
//! let emulator = Emulator::start(Config { speed: Speed::Instant, ..Config::default() }).await?;
//! emulator.faults().add(Rule::new(Effect::status(503)).path("*/deployments").times(2));
//! println!("{}", emulator.endpoint());
//! emulator.stop().await?;
//! # Ok(())
//! # }
//! ```

mod azurite;
mod bacpac;
mod blob;
mod certificate;
mod clock;
mod config;
mod control;
mod core;
mod emulator;
mod error;
mod fault;
mod http;
mod identity;
mod link;
#[doc(hidden)]
pub mod program;
mod record;
mod scenario;
mod service;
mod sink;
mod state_dir;
mod timestamp;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use bacpac::bacpac;
pub use blob::BlobView;
pub use clock::{Clock, Milliseconds};
pub use config::{BlobStore, Config, LinkScheme, Speed};
pub use emulator::Emulator;
pub use error::Error;
pub use fault::{Condition, Effect, Faults, Rule};
pub use link::{LinkSpec, Permissions};
pub use record::Recorded;
pub use scenario::Scenario;
pub use service::{Phase, Step};
pub use sink::{Sink, SinkConfig, SinkSettings, Verify};

/// Locks, also after a panic elsewhere: all state behind these locks is whole between two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
