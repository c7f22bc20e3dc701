//! TLS: rustls with ring, the certificates that this machine trusts, and those the caller adds.
//!
//! The provider is given to each configuration instead of being installed for the process, because a library
//! must not claim global state of its host.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, SignatureScheme};
use rustls_platform_verifier::Verifier;

use super::trust::{Fingerprint, Trust};
use crate::base::error::{Error, Kind, Result};
use crate::base::next_step::{NextStep, Setting};
use crate::base::redaction::plain;

/// A client configuration that accepts these certificates.
///
/// # Errors
/// `Tls` when the platform offers no roots and no authorities are given.
pub(super) fn client_config(trust: &Trust) -> Result<rustls::ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::Machine => Arc::new(platform(&[], &provider)?),
        Trust::Authorities(authorities) => Arc::new(platform(authorities.certificates(), &provider)?),
        Trust::Certificate(expected) => Arc::new(Pinned { expected: *expected, provider: Arc::clone(&provider) }),
    };
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| cannot_set_up(&error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

fn platform(extra: &[CertificateDer<'static>], provider: &Arc<CryptoProvider>) -> Result<Verifier> {
    Verifier::new_with_extra_roots(extra.iter().cloned(), Arc::clone(provider))
        .map_err(|error| cannot_set_up(&error).with_next_step(roots_step(!extra.is_empty())))
}

fn cannot_set_up(error: &dyn fmt::Display) -> Error {
    Error::new(Kind::Tls, format!("cannot set up TLS: {}", plain(error)))
}

/// How this machine gets roots, apart from what was given already.
fn roots_step(authorities_given: bool) -> NextStep {
    let package = if cfg!(target_os = "linux") { " (package ca-certificates)" } else { "" };
    let step = NextStep::text(format!("install the CA certificates of the system{package}"));
    if authorities_given { step } else { step.and(", or set ").setting(Setting::CaFile) }
}

/// Accepts one certificate. That the server has its key is verified like everywhere.
#[derive(Debug)]
struct Pinned {
    expected: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown = Fingerprint::of(certificate);
        if shown == self.expected {
            return Ok(ServerCertVerified::assertion());
        }
        let other = CertificateError::Other(OtherError(Arc::new(OtherCertificate(shown))));
        Err(rustls::Error::InvalidCertificate(other))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The server shows another certificate than the one that is accepted, with this fingerprint.
#[derive(Debug)]
pub(super) struct OtherCertificate(pub(super) Fingerprint);

impl fmt::Display for OtherCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the certificate has the fingerprint {}", self.0)
    }
}

impl std::error::Error for OtherCertificate {}
