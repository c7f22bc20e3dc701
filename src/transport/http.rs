//! One HTTP exchange over the one HTTP crate.
//!
//! HTTP/1.1, redirects off (a signed request cannot be followed to another path, spec 1.2), no read time-out (it
//! would also run while a body is being sent over a slow link), a connection of its own for each POST and DELETE. Which
//! proxy is used is decided in `proxy.rs`, what an error says in `fault.rs`.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::StreamExt;

pub use super::fault::Fault;
use super::fault::{Route, body_error, send_fault, unsendable, words};
use super::proxy::Proxies;
use super::system;
use super::trust::Trust;
use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::event::{Event, Sink};
use crate::base::retry::{asked_pause, classify_status, parse_http_date};
use crate::base::secret::{SafeUrl, Secret};
use crate::base::time::{Clock, in_words};

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
    /// DELETE
    Delete,
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
            Self::Delete => "DELETE",
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

    /// When the other side answered by its own clock, in milliseconds since the Unix epoch; `None` when it does not say.
    #[must_use]
    pub fn date(&self) -> Option<u64> {
        self.header("date").and_then(parse_http_date)
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
        let values = |name: &str| self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
        let after = asked_pause(&values, self.now_unix_ms);
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
                return Err(Error::new(Kind::Protocol, format!("the response is longer than {limit} bytes")));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }
}

/// The HTTP client. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Http {
    /// Go through the proxy that the environment or the system names.
    proxied: Connections,
    /// Go straight to the host: to this machine, which a proxy elsewhere cannot reach, and which plain `http` is
    /// permitted for, and to hosts that need no proxy.
    direct: Connections,
    proxies: Arc<Proxies>,
    own_authorities: bool,
    clock: Arc<dyn Clock>,
}

/// Connections that go the same way.
#[derive(Clone)]
struct Connections {
    /// Those that stay open between requests.
    kept: reqwest::Client,
    /// A new one for each request. A load balancer on the way may have forgotten a connection that was idle without
    /// telling anybody; a request that may be repeated gets over that, but a POST or DELETE would be lost with its answer.
    fresh: reqwest::Client,
}

impl Http {
    /// A client that accepts these certificates, and uses the proxy that the environment names.
    ///
    /// # Errors
    /// `Tls` or `InvalidArgument` when TLS cannot be set up; `InvalidArgument` for a variable that should name a proxy
    /// and does not.
    pub fn new(trust: &Trust, clock: Arc<dyn Clock>) -> Result<Self> {
        let tls = super::tls::client_config(trust)?;
        let proxies = Proxies::read(system::variable)?;
        let direct = Connections::new(|| Ok(client_builder(tls.clone()).no_proxy()))?;
        let proxied = Connections::new(|| {
            let builder = client_builder(tls.clone());
            match proxies.proxy() {
                Some(proxy) => Ok(builder.proxy(reqwest::Proxy::all(proxy.expose()).map_err(unusable)?)),
                // The crate then asks the settings of Windows or macOS.
                None => Ok(builder),
            }
        })?;
        Ok(Self {
            proxied,
            direct,
            proxies: Arc::new(proxies),
            own_authorities: matches!(trust, Trust::Authorities(_)),
            clock,
        })
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
                    error: Error::new(Kind::Network, format!("no response within {}", in_words(limit))).with_retry(Retry::Later, None),
                    may_have_arrived: true,
                }),
            },
        };
        let took = in_words(self.clock.monotonic().saturating_sub(started));
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
            Method::Delete => reqwest::Method::DELETE,
        };
        let sends_body = matches!(request.method, Method::Post | Method::Put);
        let url = url::Url::parse(request.url.base()).map_err(|_| unsendable("its URL is not valid"))?;
        let is_direct = request.url.is_loopback() || self.proxies.is_exempt(&url);
        let connections = if is_direct { &self.direct } else { &self.proxied };
        let client = match request.method {
            Method::Post | Method::Delete => &connections.fresh,
            _ => &connections.kept,
        };
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
        let response = builder.send().await.map_err(|error| {
            // The URL is taken out of the error before its text is read.
            let error = error.without_url();
            let way = Route {
                host: host_and_port(&url),
                proxy: self.proxies.proxy().filter(|_| !is_direct),
                own_authorities: self.own_authorities,
            };
            match error.is_builder() {
                true => unsendable(&words(&error)),
                false => send_fault(&way, error.is_connect(), &error),
            }
        })?;
        Ok(Response {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response,
            now_unix_ms: self.clock.unix_ms(),
        })
    }
}

impl Connections {
    fn new(builder: impl Fn() -> Result<reqwest::ClientBuilder>) -> Result<Self> {
        let build = |idle| builder()?.pool_max_idle_per_host(idle).build().map_err(unusable);
        Ok(Self { kept: build(IDLE_CONNECTIONS)?, fresh: build(0)? })
    }
}

fn client_builder(tls: rustls::ClientConfig) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_LIMIT)
        .tcp_nodelay(true)
        .user_agent(concat!("epicloud/", env!("CARGO_PKG_VERSION")));
    // The crate would close a connection whose peer takes nothing for 30 s; how long silence may last is decided
    // above, where it is known what is being sent.
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    let builder = builder.tcp_user_timeout(None);
    builder
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn unusable(error: reqwest::Error) -> Error {
    Error::new(Kind::Internal, format!("cannot set up the HTTP client: {}", words(&error)))
}

fn host_and_port(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or("the service");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
