//! Deploy to and export databases from the Optimizely DXP cloud.
//!
//! A [`Client`] is one account at the service. It runs operations: each takes a request from [`request`] and gives a
//! typed result. The same operations run by name with JSON documents ([`Client::run_document`]). The command line `epi`
//! is made of the one, the C ABI of the other. Operations need a tokio runtime. The feature `cli` is on by default; a
//! Rust host does without it (`default-features = false`).
//!
//! ```no_run
//! use epicloud::limits::TimeoutMinutes;
//! use epicloud::request::{SaveExport, Wait};
//! use epicloud::{Client, DxpConfig, Scope, Secret};
//!
//! # async fn example() -> epicloud::Result<()> {
//! let config = DxpConfig {
//!     client_key: Some("key".into()),
//!     project_id: Some("2a561398-d517-4634-9bc4-aab5008a8e1a".into()),
//!     ..DxpConfig::default()
//! };
//! let client = Client::new(config, Some(&Secret::from("c2VjcmV0")))?;
//! let request = SaveExport {
//!     environment: "Production".into(),
//!     database_name: "epicms".into(),
//!     output_file: "epicms.bacpac".into(),
//!     wait: Wait { timeout_minutes: Some(TimeoutMinutes::new(600)?), ..Wait::default() },
//!     ..SaveExport::default()
//! };
//! let saved = client.run(request, &Scope::silent()).await?;
//! println!("{} bytes in {}", saved.file.bytes, saved.file.file.display());
//! # Ok(())
//! # }
//! ```
//!
//! Events and progress go to the [`Sink`] of an operation's [`Scope`], whose [`CancelToken`] stops it. Errors are one
//! [`Error`] with everything the service said.
//!
//! # Layers
//!
//! ```text
//! cli  ffi          present and convert
//!    ops            the verbs: a request in, a result out
//!   export          an export job, whoever provides it
//! dxp  guidewire    the Optimizely DXP; Guidewire Cloud
//! redis_enterprise  Redis Enterprise Software
//!  transfer         a file to or from a blob
//! http_api  blob    JSON over HTTP; block blobs behind a link
//! transport  wait   one HTTP exchange; asking until something has ended
//!  bacpac           what is inside an exported database
//!    base           data and decisions
//! ```

pub mod bacpac;
pub mod base;
pub mod blob;
#[cfg(feature = "cli")]
pub mod cli;
pub mod document;
pub mod dxp;
pub mod export;
#[cfg(feature = "capi")]
pub mod ffi;
pub mod guidewire;
pub mod http_api;
pub mod ops;
pub mod redis_enterprise;
pub mod transfer;
pub mod transport;
pub mod wait;

pub use base::cancel::CancelToken;
pub use base::error::{Error, Kind, Result};
pub use base::event::{Event, Sink};
pub use base::limits;
pub use base::scope::Scope;
pub use base::secret::Secret;
pub use dxp::config::Config as DxpConfig;
pub use dxp::request;
pub use guidewire::config::Config as GuidewireConfig;
pub use ops::client::{Client, ClientConfig};
pub use ops::job;
pub use redis_enterprise::config::Config as RedisEnterpriseConfig;
#[cfg(feature = "micro")]
#[doc(hidden)]
pub use transfer::micro;
