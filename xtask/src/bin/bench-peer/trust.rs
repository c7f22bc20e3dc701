//! TLS as `epi` has it: rustls with ring, the certificates that this machine trusts, and those of `EPI_CA_FILE`.

use std::env;
use std::error::Error;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;

pub(crate) fn tls() -> Result<rustls::ClientConfig, Box<dyn Error>> {
    let authorities = env::var("EPI_CA_FILE").map_err(|_| "EPI_CA_FILE names no file")?;
    let extra = CertificateDer::pem_file_iter(authorities)?.collect::<Result<Vec<_>, _>>()?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider))?;
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

/// A client over it, otherwise with the defaults of its crate.
pub(crate) fn http() -> Result<reqwest::Client, Box<dyn Error>> {
    Ok(reqwest::Client::builder().tls_backend_preconfigured(tls()?).build()?)
}
