//! Level 4: all that is of the Optimizely DXP: its deployment service, one file per resource, and its nouns.
//!
//! Turns typed calls into the eleven endpoints E1 to E11 of spec section 2 and their answers into the service's nouns
//! ([`model`]). [`auth`] signs, [`call`] is the one place that repeats an API request, [`commands`] are the operations
//! that a next step can name. Touches no files.

pub mod auth;
pub mod call;
pub mod commands;
pub mod deployments;
pub mod endpoint;
mod envelope;
pub mod exports;
pub mod model;
pub mod storage;
