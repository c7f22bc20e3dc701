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
use crate::clock;
use crate::error::Error;
use crate::link::{Link, link_path};
use crate::timestamp;

/// The service version spoken; Azurite 3.35.0 knows it.
const VERSION: &str = "2021-12-02";
/// The account that every Azurite has, and its published key.
const DEVELOPMENT_ACCOUNT: &str = "devstoreaccount1";
const DEVELOPMENT_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
/// Bytes per block of an export.
const BLOCK: u64 = 8 << 20;

/// Where packages and exports live.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum BlobStore {
    /// In the blob store of this program.
    #[default]
    Embedded,
    /// In a running Azurite (or a real account), given by a storage connection string.
    Azurite(String),
}

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
        let Place { account, key, endpoint } = Place::read(connection)?;
        Url::parse(&endpoint).map_err(|failure| Error::config("blob storage", &format!("BlobEndpoint: {failure}")))?;
        let key = STANDARD.decode(key.trim()).map_err(|_| Error::config("blob storage", "AccountKey is not Base64"))?;
        let roots = rustls_roots()?;
        let client = Client::builder().no_proxy().tls_backend_preconfigured(roots);
        let client = client.build().map_err(Error::failed("setting up the client of the blob storage"))?;
        Ok(Self { account, key, endpoint, client })
    }

    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    /// Puts a small blob; says whether there is such a container.
    pub(crate) async fn put(&self, container: &str, name: &str, bytes: &[u8]) -> Result<bool, Error> {
        let headers = [("x-ms-blob-type", "BlockBlob".to_owned())];
        let bytes = Bytes::copy_from_slice(bytes);
        let answer = self.send(Method::PUT, container, name, &[], &headers, bytes).await?;
        let created = answer.status().as_u16() == 201;
        accept(&answer, &[201, 404], "putting a blob").map(|()| created)
    }

    pub(crate) async fn create_container(&self, name: &str) -> Result<(), Error> {
        let answer = self.send(Method::PUT, name, "", &[("restype", "container")], &[], Bytes::new()).await?;
        // 409: it exists already.
        accept(&answer, &[201, 409], "creating a container")
    }

    pub(crate) async fn exists(&self, container: &str, name: &str) -> Result<bool, Error> {
        let answer = self.send(Method::HEAD, container, name, &[], &[], Bytes::new()).await?;
        let found = answer.status().as_u16() == 200;
        accept(&answer, &[200, 404], "looking up a package").map(|()| found)
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
        let query = Link { version: VERSION, ..link.clone() }.signed_query(&self.key, &self.account);
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
        let mut url = Url::parse(&url).map_err(Error::failed("making a request to the blob storage"))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        // The wall clock, not the virtual one: the store lives in real time.
        let date = timestamp::http_date(clock::wall_time());
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
        // Without the URL, whose path is of no use here: who starts a store looks for its address.
        let doing = format!("connecting to the blob storage at {}", self.endpoint);
        request.send().await.map_err(|failure| Error::failed(&doing)(cause(&failure.without_url())))
    }
}

/// The innermost reason: what is around it only says that a request failed.
fn cause(failure: &dyn std::error::Error) -> String {
    std::iter::successors(Some(failure), |failure| failure.source()).last().map(ToString::to_string).unwrap_or_default()
}

/// What a storage connection string says, by the rules of "Configure Azure Storage connection strings".
struct Place {
    account: String,
    key: String,
    /// Without a slash at its end.
    endpoint: String,
}

impl Place {
    fn read(connection: &str) -> Result<Self, Error> {
        // The names of the fields are read in any case; a value may hold further `=`, as keys do.
        let pairs = connection.split(';').filter_map(|field| field.trim().split_once('='));
        let fields: BTreeMap<String, &str> =
            pairs.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim())).collect();
        let field = |name: &str| fields.get(&name.to_ascii_lowercase()).copied().filter(|value| !value.is_empty());
        let missing = |name: &str| Error::config("blob storage", &format!("the connection string has no {name}"));
        if field("UseDevelopmentStorage").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            let proxy = field("DevelopmentStorageProxyUri").unwrap_or("http://127.0.0.1");
            return Ok(Self {
                account: DEVELOPMENT_ACCOUNT.to_owned(),
                key: DEVELOPMENT_KEY.to_owned(),
                endpoint: format!("{}:10000/{DEVELOPMENT_ACCOUNT}", proxy.trim_end_matches('/')),
            });
        }
        let account = field("AccountName").ok_or_else(|| missing("AccountName"))?;
        let endpoint = match (field("BlobEndpoint"), field("EndpointSuffix")) {
            (Some(endpoint), _) => endpoint.trim_end_matches('/').to_owned(),
            (None, Some(suffix)) => {
                let protocol = field("DefaultEndpointsProtocol").unwrap_or("https");
                format!("{protocol}://{account}.blob.{suffix}")
            }
            (None, None) => return Err(missing("BlobEndpoint")),
        };
        let key = field("AccountKey").ok_or_else(|| missing("AccountKey"))?;
        Ok(Self { account: account.to_owned(), key: key.to_owned(), endpoint })
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
    Err(Error::failed(doing)(format!("the blob storage answered {status} ({code})")))
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
        let lower =
            Azurite::connect(&good.replace("AccountName", "accountname").replace("BlobEndpoint", "blobENDPOINT"));
        assert_eq!(lower.unwrap().endpoint, "http://127.0.0.1:10000/devstoreaccount1");
        for (text, endpoint) in [
            ("UseDevelopmentStorage=true", "http://127.0.0.1:10000/devstoreaccount1"),
            ("usedevelopmentstorage=TRUE;", "http://127.0.0.1:10000/devstoreaccount1"),
            (
                "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://localhost/",
                "http://localhost:10000/devstoreaccount1",
            ),
            (
                "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=AAAA;EndpointSuffix=core.windows.net",
                "https://a.blob.core.windows.net",
            ),
        ] {
            assert_eq!(Azurite::connect(text).unwrap().endpoint, endpoint, "{text}");
        }
        for missing in ["AccountName", "AccountKey", "BlobEndpoint"] {
            let error = Azurite::connect(&good.replace(missing, "Other")).unwrap_err();
            assert!(error.to_string().contains(missing), "{error}");
        }
    }
}
