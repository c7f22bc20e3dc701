//! The peer that `cargo xtask bench` measures `epi` against: one file, uploaded by `azure_storage_blob` as its own
//! example does it, with its defaults. Only TLS is given, so that the emulator's certificate is trusted and both
//! sides use the same TLS library.
//!
//! `peer-upload FILE BLOB-NAME`, with the container link in `EPI_SAS_URL` and the authority in `EPI_CA_FILE`.

use std::env;
use std::error::Error;
use std::sync::Arc;

use azure_core::http::{Body, ClientOptions, Transport, Url};
use azure_storage_blob::stream::tokio::FileStream;
use azure_storage_blob::{BlobClient, BlobClientOptions};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(file), Some(name)) = (arguments.next(), arguments.next()) else {
        return Err("usage: peer-upload FILE BLOB-NAME".into());
    };
    let mut link = Url::parse(&env::var("EPI_SAS_URL")?)?;
    link.path_segments_mut().map_err(|()| "the link has no path")?.push(&name);

    let http = reqwest::Client::builder().tls_backend_preconfigured(trust(&env::var("EPI_CA_FILE")?)?).build()?;
    let options = BlobClientOptions {
        client_options: ClientOptions { transport: Some(Transport::new(Arc::new(http))), ..ClientOptions::default() },
        ..BlobClientOptions::default()
    };
    let client = BlobClient::new(link, None, Some(options))?;
    let body: Body = FileStream::builder(tokio::fs::File::open(&file).await?).build().await?.into();
    client.upload(body.into(), None).await?;
    Ok(())
}

/// The certificates that this machine trusts, and those of a file.
fn trust(authorities: &str) -> Result<rustls::ClientConfig, Box<dyn Error>> {
    let extra = CertificateDer::pem_file_iter(authorities)?.collect::<Result<Vec<_>, _>>()?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider))?;
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}
