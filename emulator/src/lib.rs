//! A local stand-in for the Optimizely DXP deployment service and its Azure blob storage, for the backups of Guidewire
//! Cloud and for the exports of Redis Enterprise Software, with fault injection.
//!
//! [`Emulator::start`] binds an HTTP and an HTTPS listener for the deployment API, the blob store its links point to, and
//! a control interface, and an HTTPS listener for each other service ([`Emulator::guidewire`], [`Emulator::redis`]). It
//! shares no code with the client it is used to test.
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
#[doc(hidden)]
pub mod blob;
#[doc(hidden)]
pub mod certificate;
#[doc(hidden)]
pub mod clock;
mod config;
mod control;
mod core;
mod dxp;
mod emulator;
mod error;
mod fault;
pub mod guidewire;
#[doc(hidden)]
pub mod http;
#[doc(hidden)]
pub mod link;
#[doc(hidden)]
pub mod lock;
#[doc(hidden)]
pub mod program;
mod random;
mod record;
pub mod redis;
mod service;
mod serving;
mod state_dir;
mod timeline;
#[doc(hidden)]
pub mod timestamp;

pub use azurite::BlobStore;
pub use bacpac::bacpac;
pub use blob::BlobView;
pub use clock::{Clock, Milliseconds, Speed};
pub use config::Config;
pub use dxp::phase::Phase;
pub use dxp::scenario::Scenario;
pub use emulator::Emulator;
pub use error::Error;
pub use fault::{Condition, Effect, Faults, Rule};
pub use link::{LinkScheme, LinkSpec, Permissions};
use lock::lock;
pub use record::Recorded;
pub use timeline::Step;
