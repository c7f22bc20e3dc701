//! The caller of these tests: signs API requests by spec 1.3 and sends blob requests. Shares no code with the emulator.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use epicloud_emulator::{Config, Emulator, Speed};
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use reqwest::{Client, Method, Response};
use serde_json::Value;
use sha2::Sha256;

/// A running emulator and a client that trusts its authority.
pub(crate) struct Stage {
    pub(crate) emulator: Emulator,
    pub(crate) client: Client,
}

/// A client that trusts the authority in this file.
pub(crate) fn client(ca_file: &std::path::Path) -> Client {
    // A second installation is refused, and is the same provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let authority = reqwest::Certificate::from_pem(&std::fs::read(ca_file).unwrap()).unwrap();
    Client::builder().no_proxy().tls_certs_only([authority]).build().unwrap()
}

pub(crate) async fn stage(config: Config) -> Stage {
    let emulator = Emulator::start(config).await.unwrap();
    let client = client(emulator.ca_file());
    Stage { emulator, client }
}

/// An emulator whose clock stands still.
pub(crate) async fn manual() -> Stage {
    stage(Config { speed: Speed::Manual, export_size: 1 << 20, ..Config::default() }).await
}

/// An emulator in which time plays no role.
pub(crate) async fn instant() -> Stage {
    stage(Config { speed: Speed::Instant, export_size: 1 << 20, ..Config::default() }).await
}

/// The authorization header of a request.
pub(crate) fn authorization(
    key: &str,
    secret: &str,
    method: &str,
    target: &str,
    stamp: &str,
    nonce: &str,
    body: &[u8],
) -> String {
    let body_hash = STANDARD.encode(Md5::digest(body));
    let message = format!("{key}{method}{target}{stamp}{nonce}{body_hash}");
    let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(secret).unwrap()).unwrap();
    mac.update(message.as_bytes());
    format!("epi-hmac {key}:{stamp}:{nonce}:{}", STANDARD.encode(mac.finalize().into_bytes()))
}

impl Stage {
    /// Sends a signed API request; the path is relative to the project.
    pub(crate) async fn send(&self, method: Method, path: &str, body: &str) -> reqwest::Result<Response> {
        let target = format!("/api/v1.0/projects/{}/{path}", self.emulator.project_id());
        let url = format!("{}{}", self.emulator.endpoint().trim_end_matches("/api/v1.0/"), target);
        let stamp = self.emulator.clock().now().to_string();
        let (key, secret) = (self.emulator.client_key(), self.emulator.client_secret());
        let nonce = format!("n{}", self.emulator.requests().len());
        let header = authorization(key, secret, method.as_str(), &target, &stamp, &nonce, body.as_bytes());
        let request = self.client.request(method, url).header("authorization", header);
        request.header("content-type", "application/json").body(body.to_owned()).send().await
    }

    /// Sends a signed API request and reads the envelope.
    pub(crate) async fn call(&self, method: Method, path: &str, body: &str) -> (u16, Value) {
        let response = self.send(method, path, body).await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
    }

    /// GET, with its result.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, mut envelope) = self.call(Method::GET, path, "").await;
        assert_eq!(status, 200, "{path}: {envelope}");
        envelope["result"].take()
    }

    /// POST, with its result.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Value {
        let (status, mut envelope) = self.call(Method::POST, path, body).await;
        assert_eq!(status, 200, "{path}: {envelope}");
        envelope["result"].take()
    }

    /// POST that is refused, with status and first error.
    pub(crate) async fn refused(&self, path: &str, body: &str) -> (u16, String) {
        let (status, envelope) = self.call(Method::POST, path, body).await;
        assert_eq!(envelope["success"], false, "{path}: {envelope}");
        assert_eq!(envelope["result"], Value::Null);
        (status, envelope["errors"][0].as_str().unwrap().to_owned())
    }

    /// Asks the control interface.
    pub(crate) async fn control(&self, method: Method, what: &str, body: &str) -> (u16, Value) {
        let url = format!("{}{what}", self.emulator.control_endpoint());
        let response = self.client.request(method, url).body(body.to_owned()).send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
    }
}

/// A link to a blob, from one to its container.
pub(crate) fn within(container_link: &str, blob: &str) -> String {
    let (base, query) = container_link.split_once('?').unwrap();
    format!("{base}/{blob}?{query}")
}

/// Status, error code and body of an answer of the blob store.
pub(crate) async fn outcome(response: Response) -> (u16, String, String) {
    let status = response.status().as_u16();
    let code = response.headers().get("x-ms-error-code").map_or("", |code| code.to_str().unwrap()).to_owned();
    (status, code, response.text().await.unwrap())
}

/// The Base64 of the MD5.
pub(crate) fn md5_of(bytes: &[u8]) -> String {
    STANDARD.encode(Md5::digest(bytes))
}

/// A block id in EpiCloud's form (spec 3.2, step 3), percent-encoded.
pub(crate) fn block_id(index: u32) -> String {
    let mut id = [0; 48];
    id[..4].copy_from_slice(&index.to_le_bytes());
    STANDARD.encode(id).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

/// Bytes that are not all alike.
pub(crate) fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 31 + index / 251) as u8).collect()
}
