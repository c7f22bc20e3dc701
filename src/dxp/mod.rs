//! Level 4: all that is of the Optimizely DXP: accounts, the deployment service with one file per resource, its nouns,
//! and its exports as jobs.
//!
//! Turns typed calls into the eleven endpoints E1 to E11 of spec section 2 and their answers into the service's nouns
//! ([`model`]). [`api`] is the connection, [`auth`] signs, `envelope.rs` reads answers, [`commands`] are the operations that
//! a next step can name. Touches no files.

pub mod account;
pub mod api;
pub mod auth;
pub mod commands;
pub mod config;
pub mod deployments;
pub mod endpoint;
mod envelope;
pub mod export_job;
pub mod exports;
pub mod model;
pub mod request;
pub mod storage;
