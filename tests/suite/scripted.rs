//! A server whose answers a test writes itself, byte for byte: it stands in for the service and its storage.

use std::sync::{Arc, Mutex};

use epicloud::base::event::Recording;
use epicloud::{CancelToken, Client, DxpConfig, Event, Scope, Secret};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::virtual_time::{Seeded, TestClock};
use super::wires::{head, header};

const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v";

/// The head of a request, and how many came before it.
type Answer = dyn Fn(&str, usize) -> Vec<u8> + Send + Sync;

/// A server, and a client of it on a clock of its own.
pub(crate) struct Scripted {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) client: Client,
    pub(crate) recording: Arc<Recording>,
    pub(crate) scope: Scope,
    pub(crate) address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// `answer` is given the address of the server, the head of a request and its number, from 0.
    pub(crate) async fn start(answer: impl Fn(&str, &str, usize) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let (seen, own) = (Arc::clone(&requests), address.clone());
        let answer: Arc<Answer> = Arc::new(move |head, number| answer(&own, head, number));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answer), Arc::clone(&seen)));
            }
        });
        let clock = TestClock::new();
        let config = DxpConfig {
            endpoint: Some(format!("{address}/api/v1.0/")),
            client_key: Some("key".to_owned()),
            project_id: Some("11111111-2222-3333-4444-555555555555".to_owned()),
            ..DxpConfig::default()
        };
        let secret = Secret::from(SECRET);
        let client = Client::with_sources(config, Some(&secret), clock.clone(), Arc::new(Seeded::printed())).unwrap();
        let recording = Arc::new(Recording::default());
        let scope = Scope::new(recording.clone(), CancelToken::new());
        Self { clock, client, recording, scope, address, requests }
    }

    /// The first lines of the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.recording.events()
    }
}

async fn serve(mut stream: TcpStream, answer: Arc<Answer>, seen: Arc<Mutex<Vec<String>>>) -> Option<()> {
    loop {
        let head = head(&mut stream).await?;
        let length: usize = header(&head, "content-length").map_or(0, |length| length.parse().unwrap());
        stream.read_exact(&mut vec![0; length]).await.ok()?;
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.push(head.lines().next().unwrap_or_default().to_owned());
            seen.len() - 1
        };
        stream.write_all(&answer(&head, number)).await.ok()?;
    }
}

/// An answer with these headers.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// An answer of the API.
pub(crate) fn json(status: u16, body: impl AsRef<[u8]>) -> Vec<u8> {
    answer(status, &[("content-type", "application/json; charset=utf-8")], body)
}

/// The service's answer with this result.
pub(crate) fn result(result: &serde_json::Value) -> Vec<u8> {
    json(200, serde_json::json!({"success": true, "errors": [], "result": result}).to_string())
}
