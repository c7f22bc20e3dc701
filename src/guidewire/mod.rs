//! Level 4: all that is of Guidewire Cloud's Database API: accounts, its calls, its backups and these as jobs.
//!
//! [`api`] is the connection with its six calls, [`auth`] gets tokens, `dialect.rs` reads answers, [`model`] has the
//! service's nouns, [`request`] the documents of the operations, and [`commands`] those that a next step can name. What
//! the vendor does not say is assumed in `contract.rs` alone. Touches no files.

pub mod account;
pub mod api;
pub mod auth;
pub mod commands;
pub mod config;
pub mod contract;
mod dialect;
pub mod export_job;
pub mod model;
pub mod request;
