//! TLS: rustls with ring, the certificates that this machine trusts, and those the caller adds.
//!
//! The provider is given to each configuration instead of being installed for the process, because a library
//! must not claim global state of its host.

use std::sync::Arc;

use rustls_platform_verifier::Verifier;

use super::authorities::Authorities;
use crate::base::error::{Error, Kind, Result};
use crate::base::next_step::{NextStep, Setting};
use crate::base::redaction::plain;

/// A client configuration that trusts the platform's roots and these authorities.
///
/// # Errors
/// `Tls` when the platform offers no roots and no authorities are given.
pub(super) fn client_config(authorities: Option<&Authorities>) -> Result<rustls::ClientConfig> {
    let tls = |error: &dyn std::fmt::Display| Error::new(Kind::Tls, format!("cannot set up TLS: {}", plain(error)));
    let extra = authorities.map_or(&[][..], Authorities::certificates);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(extra.iter().cloned(), Arc::clone(&provider))
        .map_err(|error| tls(&error).with_next_step(roots_step(authorities.is_some())))?;
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| tls(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

/// How this machine gets roots, apart from what was given already.
fn roots_step(authorities_given: bool) -> NextStep {
    let package = if cfg!(target_os = "linux") { " (package ca-certificates)" } else { "" };
    let step = NextStep::text(format!("install the CA certificates of the system{package}"));
    if authorities_given { step } else { step.and(", or set ").setting(Setting::CaFile) }
}
