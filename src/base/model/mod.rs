//! The service's nouns as plain data: what a deployment, an export, a package and a storage container are.
//!
//! Results keep the service's own JSON object, unknown fields and order included ([`document::Document`]), because
//! the service adds fields and scripts read them (spec 4.1). Typed accessors read what the library itself needs.

pub mod commands;
pub mod deployment;
pub mod document;
pub mod export;
pub mod package;
pub mod project;
pub mod storage;
