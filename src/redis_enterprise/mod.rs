//! Level 4: all that is of Redis Enterprise Software: accounts, the REST API of a cluster, its nouns, and its exports as
//! jobs.
//!
//! Follows `redis-enterprise-export.md`, whose sections the files name. [`api`] is the connection with its calls, [`auth`]
//! is Basic and JWT, `dialect.rs` reads answers, [`model`] has the service's nouns and [`request`] the documents of the
//! operations. The service has no export jobs, only the last result of each database: [`export_job`] starts one, and
//! `evidence.rs` decides what of that result is of our export. What the vendor does not document stands in
//! `contract.rs`. Touches no files.

pub mod account;
pub mod api;
pub mod auth;
pub mod commands;
pub mod config;
mod contract;
mod dialect;
mod evidence;
pub mod export_job;
pub mod location;
pub mod model;
pub mod request;
