//! A certificate authority of the emulator's own and the server certificate it signs. The names of both differ, since
//! some clients refuse a server certificate named like its issuer.

use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::state_dir::Section;

/// Names the server certificate is good for.
const NAMES: [&str; 5] = ["localhost", "127.0.0.1", "::1", "*.blob.localhost", "*.blob.core.windows.net"];

/// The authority's certificate, and the server's with its key, as PEM.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Certificates {
    authority: String,
    server: String,
    server_key: String,
}

impl Certificates {
    /// Makes new ones. The authority's key is forgotten: nothing else is ever signed by it.
    pub fn make() -> Result<Self, Error> {
        make().map_err(Error::failed("making certificates"))
    }

    /// The fingerprint of the server's certificate, as `openssl x509 -fingerprint -sha256` prints it.
    pub(crate) fn fingerprint(&self) -> Result<String, Error> {
        let server = CertificateDer::from_pem_slice(self.server.as_bytes());
        let server = server.map_err(Error::failed("reading the server certificate"))?;
        let digits: Vec<String> = Sha256::digest(&server).iter().map(|byte| format!("{byte:02X}")).collect();
        Ok(digits.join(":"))
    }

    /// The TLS settings of the server.
    pub fn server_config(&self) -> Result<Arc<rustls::ServerConfig>, Error> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(self.server.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(Error::failed("reading the server certificate"))?;
        let key = PrivateKeyDer::from_pem_slice(self.server_key.as_bytes())
            .map_err(Error::failed("reading the server key"))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(Error::failed("setting up TLS"))?;
        Ok(Arc::new(config))
    }

    /// Writes the authority's certificate where clients find it.
    pub fn write_authority(&self, to: &Path) -> Result<(), Error> {
        std::fs::write(to, &self.authority).map_err(Error::file("writing", to))
    }
}

impl Section for Certificates {
    fn name(&self) -> &'static str {
        "certificates"
    }

    fn save(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::to_value(self)
    }
}

/// A certificate that signs itself, as a server has it that nobody gave one. It is no authority.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct SelfSigned(pub(crate) Certificates);

impl SelfSigned {
    /// Makes a new one.
    pub(crate) fn make() -> Result<Self, Error> {
        make_self_signed().map(Self).map_err(Error::failed("making a certificate"))
    }
}

impl Section for SelfSigned {
    fn name(&self) -> &'static str {
        "selfSigned"
    }

    fn save(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::to_value(self)
    }
}

fn make() -> Result<Certificates, rcgen::Error> {
    let authority_key = KeyPair::generate()?;
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "epi-emulator test authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_certificate = authority.self_signed(&authority_key)?;
    let issuer = Issuer::new(authority, authority_key);

    let server_key = KeyPair::generate()?;
    let mut server = server_params()?;
    server.use_authority_key_identifier_extension = true;
    let server_certificate = server.signed_by(&server_key, &issuer)?;
    Ok(Certificates {
        authority: authority_certificate.pem(),
        server: server_certificate.pem(),
        server_key: server_key.serialize_pem(),
    })
}

fn make_self_signed() -> Result<Certificates, rcgen::Error> {
    let key = KeyPair::generate()?;
    let certificate = server_params()?.self_signed(&key)?;
    Ok(Certificates { authority: certificate.pem(), server: certificate.pem(), server_key: key.serialize_pem() })
}

fn server_params() -> Result<CertificateParams, rcgen::Error> {
    let mut server = CertificateParams::new(NAMES.map(str::to_owned))?;
    server.distinguished_name.push(DnType::CommonName, "epi-emulator server");
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Some systems refuse server certificates that are good for more than 825 days.
    let now = time::OffsetDateTime::now_utc();
    server.not_before = now - time::Duration::days(1);
    server.not_after = now + time::Duration::days(700);
    Ok(server)
}
