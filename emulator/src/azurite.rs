//! Another blob store behind the service: a running Azurite, or a real account, given by a connection string. Creates
//! containers, looks packages up, leases them, uploads exports and signs links, by shared key.
//!
//! The string to sign is that of "Authorize with Shared Key" in the Azure Storage REST reference.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, Method, Response, Url};
use sha2::Sha256;

use crate::bacpac::Layout;
use crate::core::{Link, link_path, signed_query};
use crate::error::Error;
use crate::http::BlobAddress;
use crate::timestamp;

/// The service version spoken; Azurite 3.35.0 knows it.
const VERSION: &str = "2021-12-02";
/// Bytes per block of an export.
const BLOCK: u64 = 8 << 20;

/// A client of the store.
#[derive(Debug)]
pub(crate) struct Azurite {
    account: String,
    key: Vec<u8>,
    /// Without a slash at its end.
    endpoint: String,
    client: Client,
}

impl Azurite {
    /// Reads the connection string; asks nothing of the store yet.
    pub(crate) fn connect(connection: &str) -> Result<Self, Error> {
        let fields: BTreeMap<&str, &str> =
            connection.split(';').filter_map(|field| field.trim().split_once('=')).collect();
        let field = |name: &str| {
            fields
                .get(name)
                .copied()
                .ok_or_else(|| Error::config("blob store", &format!("the connection string has no {name}")))
        };
        let endpoint = field("BlobEndpoint")?.trim_end_matches('/').to_owned();
        Url::parse(&endpoint).map_err(|failure| Error::config("blob store", &format!("BlobEndpoint: {failure}")))?;
        let key = STANDARD
            .decode(field("AccountKey")?)
            .map_err(|_| Error::config("blob store", "AccountKey is not Base64"))?;
        let roots = rustls_roots()?;
        let client = Client::builder().no_proxy().tls_backend_preconfigured(roots);
        let client = client.build().map_err(Error::failed("setting up the client of the blob store"))?;
        Ok(Self { account: field("AccountName")?.to_owned(), key, endpoint, client })
    }

    pub(crate) async fn create_container(&self, name: &str) -> Result<(), Error> {
        let answer = self.send(Method::PUT, name, "", &[("restype", "container")], &[], Bytes::new()).await?;
        // 409: it exists already.
        accept(&answer, &[201, 409], "creating a container")
    }

    pub(crate) async fn exists(&self, container: &str, name: &str) -> Result<bool, Error> {
        let answer = self.send(Method::HEAD, container, name, &[], &[], Bytes::new()).await?;
        let found = answer.status().as_u16() == 200;
        accept(&answer, &[200, 404], "looking a package up").map(|()| found)
    }

    /// Takes a lease that never ends; a blob already leased keeps its lease.
    pub(crate) async fn lease(&self, container: &str, name: &str) -> Result<(), Error> {
        let headers = [("x-ms-lease-action", "acquire".to_owned()), ("x-ms-lease-duration", "-1".to_owned())];
        let answer = self.send(Method::PUT, container, name, &[("comp", "lease")], &headers, Bytes::new()).await?;
        accept(&answer, &[201, 409], "leasing a package")
    }

    /// Uploads an archive block by block.
    pub(crate) async fn upload(
        &self,
        container: &str,
        name: &str,
        layout: Arc<Layout>,
        content_md5: Option<String>,
    ) -> Result<(), Error> {
        let mut list = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
        let mut at = 0;
        while at < layout.length() {
            let count = BLOCK.min(layout.length() - at);
            let from = Arc::clone(&layout);
            let block = tokio::task::spawn_blocking(move || {
                let mut block = vec![0; usize::try_from(count).unwrap_or(0)];
                from.fill(at, &mut block);
                Bytes::from(block)
            });
            let block = block.await.map_err(Error::failed("making a block"))?;
            let id = STANDARD.encode(format!("{at:020}"));
            let query = [("comp", "block"), ("blockid", id.as_str())];
            let answer = self.send(Method::PUT, container, name, &query, &[], block).await?;
            accept(&answer, &[201], "uploading a block")?;
            list.push_str(&format!("<Latest>{id}</Latest>"));
            at += count;
        }
        list.push_str("</BlockList>");
        let headers: Vec<_> = content_md5.into_iter().map(|md5| ("x-ms-blob-content-md5", md5)).collect();
        let answer = self.send(Method::PUT, container, name, &[("comp", "blocklist")], &headers, list.into()).await?;
        accept(&answer, &[201], "committing an export")
    }

    /// A link to this store.
    pub(crate) fn link(&self, link: &Link<'_>) -> String {
        let to = BlobAddress {
            account: self.account.clone(),
            container: link.container.to_owned(),
            blob: link.blob.to_owned(),
        };
        let link = Link { version: VERSION, ..link.clone() };
        let query = signed_query(&link, &self.key, &to);
        format!("{}/{}?{query}", self.endpoint, link_path(link.container, link.blob))
    }

    async fn send(
        &self,
        method: Method,
        container: &str,
        blob: &str,
        query: &[(&str, &str)],
        headers: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<Response, Error> {
        let url = format!("{}/{}", self.endpoint, link_path(container, blob));
        let mut url = Url::parse(&url).map_err(Error::failed("making a request to the blob store"))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        // The wall clock, not the virtual one: the store lives in real time.
        let date = timestamp::http_date(wall_time());
        let mut signed: BTreeMap<&str, String> = headers.iter().map(|(name, value)| (*name, value.clone())).collect();
        signed.insert("x-ms-date", date);
        signed.insert("x-ms-version", VERSION.to_owned());
        let to_sign = string_to_sign(method.as_str(), body.len(), &signed, &self.account, url.path(), query);
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).map_err(Error::failed("signing"))?;
        mac.update(to_sign.as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let mut request = self.client.request(method, url);
        for (name, value) in signed {
            request = request.header(name, value);
        }
        let authorization = format!("SharedKey {}:{signature}", self.account);
        let request = request.header("authorization", authorization).header("content-length", body.len()).body(body);
        request.send().await.map_err(|failure| Error::failed("asking the blob store")(failure.without_url()))
    }
}

/// The string to sign of Shared Key, for requests that set none of the standard headers but the length.
fn string_to_sign(
    method: &str,
    length: usize,
    headers: &BTreeMap<&str, String>,
    account: &str,
    path: &str,
    query: &[(&str, &str)],
) -> String {
    let length = if length == 0 { String::new() } else { length.to_string() };
    let headers: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let mut query: Vec<_> = query.iter().map(|(name, value)| format!("\n{name}:{value}")).collect();
    query.sort();
    format!("{method}\n\n\n{length}\n\n\n\n\n\n\n\n\n{headers}/{account}{path}{}", query.concat())
}

fn accept(answer: &Response, statuses: &[u16], doing: &str) -> Result<(), Error> {
    let status = answer.status().as_u16();
    if statuses.contains(&status) {
        return Ok(());
    }
    let code = answer.headers().get("x-ms-error-code").and_then(|code| code.to_str().ok()).unwrap_or("no error code");
    Err(Error::failed(doing)(format!("the blob store answered {status} ({code})")))
}

fn wall_time() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(0)
}

/// TLS settings of our own: the library's default would need a provider installed for the whole process.
fn rustls_roots() -> Result<rustls::ClientConfig, Error> {
    use rustls_platform_verifier::BuilderVerifierExt;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(Error::failed("setting up TLS"))?;
    Ok(builder.with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_string_to_sign_has_the_fields_in_their_order() {
        let headers = BTreeMap::from([("x-ms-date", "D".to_owned()), ("x-ms-version", "V".to_owned())]);
        let query = [("comp", "block"), ("blockid", "AA==")];
        assert_eq!(
            string_to_sign("PUT", 3, &headers, "acct", "/acct/c/b", &query),
            "PUT\n\n\n3\n\n\n\n\n\n\n\n\nx-ms-date:D\nx-ms-version:V\n/acct/acct/c/b\nblockid:AA==\ncomp:block"
        );
    }

    #[test]
    fn connection_strings_are_read() {
        let good = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=AAAA;BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;";
        let store = Azurite::connect(good).unwrap();
        assert_eq!(store.account, "devstoreaccount1");
        for missing in ["AccountName", "AccountKey", "BlobEndpoint"] {
            let error = Azurite::connect(&good.replace(missing, "Other")).unwrap_err();
            assert!(error.to_string().contains(missing), "{error}");
        }
    }
}
