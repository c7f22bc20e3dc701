//! One HTTP exchange over the one HTTP crate.
//!
//! HTTP/1.1, redirects off (a signed request cannot be followed to another path, spec 1.2), no read time-out (it
//! would also run while a body is being sent over a slow link), proxy settings of the environment. Errors never
//! hold a URL's query.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::StreamExt;

use super::authorities::Authorities;
use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::event::{Event, Sink};
use crate::base::next_step::{NextStep, Setting};
use crate::base::retry::{classify_status, parse_retry_after};
use crate::base::secret::{SafeUrl, Secret};
use crate::base::time::{Clock, spoken};

/// The longest a connection may take to be made.
const CONNECT_LIMIT: Duration = Duration::from_secs(20);

/// Connections kept open per host: as many as the widest transfer uses (transfer design, section 1).
const IDLE_CONNECTIONS: usize = 64;

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// HEAD
    Head,
    /// POST
    Post,
    /// PUT
    Put,
}

impl Method {
    /// The method's name in upper case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// A stream of pieces of a body.
pub type ByteStream = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>;

/// The body of a request.
pub enum Body {
    /// No body; a length of zero is sent with POST and PUT.
    Empty,
    /// A body in memory.
    Bytes(Bytes),
    /// A body read while it is sent.
    Stream {
        /// Its exact length in bytes.
        length: u64,
        /// Its pieces.
        stream: ByteStream,
    },
}

/// The value of a request header.
pub enum HeaderValue {
    /// A value that may be logged.
    Plain(String),
    /// A value that must not be seen.
    Secret(Secret),
}

/// A request to be sent once.
pub struct Request {
    /// The method.
    pub method: Method,
    /// The target; its query is never shown.
    pub url: SafeUrl,
    /// Header names in lower case, and values.
    pub headers: Vec<(String, HeaderValue)>,
    /// The body.
    pub body: Body,
    /// The longest the whole exchange up to the answer's headers may take; none for transfers.
    pub time_limit: Option<Duration>,
}

impl Request {
    /// A request without headers and body.
    #[must_use]
    pub fn new(method: Method, url: SafeUrl) -> Self {
        Self { method, url, headers: Vec::new(), body: Body::Empty, time_limit: None }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), HeaderValue::Plain(value.into())));
        self
    }
}

/// A failed exchange: the error, and whether the request can have reached the other side.
#[derive(Debug)]
pub struct Fault {
    /// What went wrong.
    pub error: Error,
    /// Whether the other side may have carried out the request although no answer came.
    pub may_have_arrived: bool,
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        fault.error
    }
}

/// The answer to a request: status and headers are there, the body is still to be read.
pub struct Response {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: reqwest::Response,
    now_unix_ms: u64,
}

impl Response {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header's value as text; `None` when it is missing or no text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// All headers that are text, in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
    }

    /// The other side's id of this request, in any of the usual headers.
    #[must_use]
    pub fn request_id(&self) -> Option<String> {
        ["x-ms-request-id", "request-id", "x-request-id", "x-correlation-id"]
            .iter()
            .find_map(|name| self.header(name))
            .map(str::to_owned)
    }

    /// An error for this status, with class, request id and `Retry-After`, and a message that the caller gives.
    #[must_use]
    pub fn to_error(&self, message: impl Into<String>) -> Error {
        let (kind, retry) = classify_status(self.status);
        let after = self.header("retry-after").and_then(|value| parse_retry_after(value, self.now_unix_ms));
        Error::new(kind, message)
            .with_http_status(self.status)
            .with_request_id(self.request_id())
            .with_retry(retry, after)
    }

    /// The next piece of the body, `None` at its end.
    ///
    /// # Errors
    /// `Network`, may be tried again: the connection was cut, or the body is shorter than announced.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        self.body.chunk().await.map_err(|error| body_error(&error))
    }

    /// The rest of the body as a stream.
    #[must_use]
    pub fn into_stream(self) -> ByteStream {
        Box::pin(self.body.bytes_stream().map(|piece| piece.map_err(|error| std::io::Error::other(body_error(&error)))))
    }

    /// The whole body, of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`Response::chunk`]; `Protocol` when the body is longer.
    pub async fn bytes(mut self, limit: usize) -> Result<Bytes> {
        let mut whole = BytesMut::new();
        while let Some(piece) = self.chunk().await? {
            if whole.len() + piece.len() > limit {
                return Err(Error::new(Kind::Protocol, format!("the answer is longer than {limit} bytes")));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }
}

/// The HTTP client. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Http {
    /// Goes through the environment's proxies.
    client: reqwest::Client,
    /// For this machine: a proxy elsewhere cannot reach it, and must not see what plain `http` is permitted for.
    direct: reqwest::Client,
    clock: Arc<dyn Clock>,
}

impl Http {
    /// A client that trusts the platform's certificates and these authorities.
    ///
    /// # Errors
    /// `Tls` when TLS cannot be set up.
    pub fn new(authorities: Option<&Authorities>, clock: Arc<dyn Clock>) -> Result<Self> {
        let tls = super::tls::client_config(authorities)?;
        let client = build(client_builder(tls.clone()))?;
        let direct = build(client_builder(tls).no_proxy())?;
        Ok(Self { client, direct, clock })
    }

    /// The clock that time limits run by.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Sends a request once and waits for the answer's headers. Reports one debug event.
    ///
    /// # Errors
    /// A [`Fault`] when no answer came: `Network`, which may be tried again, or `Tls`, which may not.
    pub async fn send(&self, request: Request, sink: &dyn Sink) -> Result<Response, Fault> {
        let started = self.clock.monotonic();
        let shown = format!("{} {}", request.method.name(), request.url);
        let limit = request.time_limit;
        let exchange = self.exchange(request);
        let outcome = match limit {
            None => exchange.await,
            Some(limit) => tokio::select! {
                biased;
                outcome = exchange => outcome,
                () = self.clock.sleep(limit) => Err(Fault {
                    error: Error::new(Kind::Network, format!("no answer within {}", spoken(limit))).with_retry(Retry::Later, None),
                    may_have_arrived: true,
                }),
            },
        };
        let took = spoken(self.clock.monotonic().saturating_sub(started));
        sink.event(Event::debug(match &outcome {
            Ok(response) => {
                let id = response.request_id().map_or_else(String::new, |id| format!(", request id {id}"));
                format!("{shown} -> {} in {took}{id}", response.status())
            }
            Err(fault) => format!("{shown} -> failed after {took}: {}", fault.error),
        }));
        outcome
    }

    async fn exchange(&self, request: Request) -> Result<Response, Fault> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Head => reqwest::Method::HEAD,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
        };
        let sends_body = matches!(request.method, Method::Post | Method::Put);
        let client = if request.url.is_loopback() { &self.direct } else { &self.client };
        let mut builder = client.request(method, request.url.expose());
        for (name, value) in &request.headers {
            builder = match value {
                HeaderValue::Plain(text) => builder.header(name, text),
                HeaderValue::Secret(secret) => match reqwest::header::HeaderValue::from_bytes(secret.expose()) {
                    Ok(mut value) => {
                        value.set_sensitive(true);
                        builder.header(name, value)
                    }
                    Err(_) => return Err(unsendable(&format!("header '{name}' is not valid"))),
                },
            };
        }
        builder = match request.body {
            Body::Empty if sends_body => builder.header("content-length", "0"),
            Body::Empty => builder,
            Body::Bytes(bytes) => builder.body(bytes),
            Body::Stream { length, stream } => {
                builder.header("content-length", length.to_string()).body(reqwest::Body::wrap_stream(stream))
            }
        };
        let response = builder.send().await.map_err(|error| send_fault(&request.url, error))?;
        Ok(Response {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response,
            now_unix_ms: self.clock.unix_ms(),
        })
    }
}

fn client_builder(tls: rustls::ClientConfig) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_LIMIT)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .tcp_nodelay(true)
        .user_agent(concat!("epicloud/", env!("CARGO_PKG_VERSION")));
    // The crate would close a connection whose peer takes nothing for 30 s; how long silence may last is decided
    // above, where it is known what is being sent.
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    let builder = builder.tcp_user_timeout(None);
    builder
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client> {
    builder
        .build()
        .map_err(|error| Error::new(Kind::Internal, format!("cannot set up the HTTP client: {}", cause(&error))))
}

fn unsendable(why: &str) -> Fault {
    Fault { error: Error::new(Kind::Internal, format!("the request cannot be sent: {why}")), may_have_arrived: false }
}

/// Classifies a failed send. The URL is taken out of the error before its text is read.
fn send_fault(url: &SafeUrl, error: reqwest::Error) -> Fault {
    let error = error.without_url();
    let host = url::Url::parse(url.base()).ok().and_then(|url| {
        let host = url.host_str()?.to_owned();
        Some(url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}")))
    });
    let host = host.unwrap_or_else(|| "the service".to_owned());
    if error.is_builder() {
        return unsendable(&cause(&error));
    }
    if is_tls(&error) {
        return Fault {
            error: Error::new(Kind::Tls, format!("cannot trust {host}: {}", cause(&error))).with_next_step(
                NextStep::text("if it uses a certificate authority of your own, name its PEM file with ")
                    .setting(Setting::CaFile)
                    .and(" or SSL_CERT_FILE"),
            ),
            may_have_arrived: false,
        };
    }
    let connecting = error.is_connect();
    let doing = if connecting { "cannot connect to" } else { "the connection failed while talking to" };
    let mut fault =
        Error::new(Kind::Network, format!("{doing} {host}: {}", cause(&error))).with_retry(Retry::Later, None);
    if connecting {
        fault = fault.with_next_step("check the network, the address and the proxy settings (HTTPS_PROXY, NO_PROXY)");
    }
    Fault { error: fault, may_have_arrived: !connecting }
}

fn body_error(error: &reqwest::Error) -> Error {
    Error::new(Kind::Network, format!("the answer was cut short: {}", cause(error))).with_retry(Retry::Later, None)
}

fn chain<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

/// The innermost cause in one line: the outer layers of the chain only restate that a request failed.
fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let text = chain(error).last().map(ToString::to_string).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a TLS error is in the chain. I/O errors wrap others without naming them as their `source`.
fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    chain(error).any(|link| {
        link.is::<rustls::Error>()
            || link
                .downcast_ref::<std::io::Error>()
                .and_then(std::io::Error::get_ref)
                .is_some_and(|inner| is_tls(inner))
    })
}
