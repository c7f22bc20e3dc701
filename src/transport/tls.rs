//! TLS: rustls with ring, the certificates that this machine trusts, and those the caller adds.
//!
//! The provider is given to each configuration instead of being installed for the process, because a library
//! must not claim global state of its host.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;

use crate::base::error::{Error, Kind, Result};

/// A client configuration that trusts the platform's roots (`SSL_CERT_FILE` and `SSL_CERT_DIR` on Linux) and the
/// certificates of `extra_pem`.
///
/// # Errors
/// `Tls` when a certificate cannot be read or the platform offers no roots.
pub(super) fn client_config(extra_pem: Option<&[u8]>) -> Result<rustls::ClientConfig> {
    let tls = |error: &dyn std::fmt::Display| Error::new(Kind::Tls, format!("cannot set up TLS: {error}"));
    let mut extra = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(extra_pem.unwrap_or_default()) {
        extra.push(
            certificate.map_err(|error| Error::invalid("caFile", format!("is not a PEM certificate file: {error}")))?,
        );
    }
    if extra_pem.is_some() && extra.is_empty() {
        return Err(Error::invalid("caFile", "holds no PEM certificate"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider)).map_err(|error| {
        tls(&error).with_next_step("check SSL_CERT_FILE and SSL_CERT_DIR, or install the ca-certificates package")
    })?;
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| tls(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}
