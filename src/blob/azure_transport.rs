//! The transport under the official crate: takes its requests and sends them over [`Http`] by the SAS link.
//!
//! The crate is given a URL without the link's query, because its query builder parses, sorts and re-encodes all of
//! it, which breaks a signature (spec 3.1); the query is put back here, byte for byte, in front of the crate's own
//! parameters. So the crate never sees the secret. `x-ms-version` is taken out: the service then speaks the version
//! of the link's own `sv`, and a newer one broke calls (spec 3.1).
//!
//! It stands in the crate's pipeline as its last policy, and not as its `HttpClient`, because only a policy sees the
//! call's context: what is sent (a stream of any length) goes down that way, and the error comes back up.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use azure_core::error::ErrorKind;
use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{AsyncRawResponse, Context, Method as CrateMethod, Request as CrateRequest};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};

use super::answer::{self, BlobHeaders, INSPECTED, OUTSIDE, ReadRequest, ResponseHead};
use super::link::Access;
use super::storage_error::{Refusal, to_error};
use crate::base::encoding::seen;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::Sink;
use crate::base::redaction::plain;
use crate::base::secret::SafeUrl;
use crate::transport::http::{Body, ByteStream, Http, Method, Request, Response};

/// The longest error body that is read.
const LONGEST_REFUSAL: usize = 64 * 1024;

/// Headers of the crate that are not sent: the version (see above), its telemetry, and the length, which the
/// transport sets.
const DROPPED: [&str; 4] = ["x-ms-version", "user-agent", "x-ms-client-request-id", "content-length"];

/// What one call hands down beside the crate's request, and gets back beside its answer.
pub(super) struct CallContext {
    access: Access,
    sink: Arc<dyn Sink>,
    body: Mutex<Option<(u64, ByteStream)>>,
    /// What is read of the blob, if this is a read.
    asked: Option<ReadRequest>,
    /// How the blob begins, where that is known.
    begins: &'static [u8],
    told: Mutex<Option<BlobHeaders>>,
    error: Mutex<Option<Error>>,
}

impl CallContext {
    pub(super) fn new(access: Access, sink: &Arc<dyn Sink>) -> Arc<Self> {
        Arc::new(Self::of(access, sink, None, b""))
    }

    /// A call that reads the blob. Its answer is judged here; what it tells is in [`CallContext::told`], and the crate sees no
    /// header of it, as it would make requests of its own of what it finds there.
    pub(super) fn reading(asked: ReadRequest, begins: &'static [u8], sink: &Arc<dyn Sink>) -> Arc<Self> {
        Arc::new(Self::of(Access::Read, sink, Some(asked), begins))
    }

    fn of(access: Access, sink: &Arc<dyn Sink>, asked: Option<ReadRequest>, begins: &'static [u8]) -> Self {
        let (sink, body, told, error) = (Arc::clone(sink), Mutex::default(), Mutex::default(), Mutex::default());
        Self { access, sink, body, asked, begins, told, error }
    }

    /// What the answer to a read told.
    pub(super) fn told(&self) -> Result<BlobHeaders> {
        lock(&self.told).take().ok_or_else(|| Error::new(Kind::Internal, "a response was not checked"))
    }

    /// A call with a streamed body of exactly `length` bytes.
    pub(super) fn with_body(sink: &Arc<dyn Sink>, length: u64, stream: ByteStream) -> Arc<Self> {
        let call = Self::new(Access::Write, sink);
        *lock(&call.body) = Some((length, stream));
        call
    }

    /// The error of a failed call: what happened below the crate, else what the crate made of the answer.
    pub(super) fn error(&self, error: &azure_core::Error) -> Error {
        if let Some(error) = lock(&self.error).take() {
            return error;
        }
        match (error.http_status(), error.kind()) {
            (Some(status), _) => {
                Error::new(Kind::Protocol, format!("unexpected status {} from the blob storage", u16::from(status)))
                    .with_http_status(status.into())
            }
            (None, ErrorKind::Io | ErrorKind::Connection) => cut_short(error),
            (None, _) => {
                Error::new(Kind::Protocol, format!("the response of the blob storage cannot be read: {}", plain(error)))
            }
        }
    }
}

/// The error of a body that ended early.
pub(super) fn cut_short(error: &azure_core::Error) -> Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<std::io::Error>());
    let known = inner.and_then(std::io::Error::get_ref).and_then(|inner| inner.downcast_ref::<Error>());
    known.cloned().unwrap_or_else(|| {
        Error::new(Kind::Network, format!("the response was cut short: {}", plain(error)))
            .with_retry(crate::base::error::Retry::Later, None)
    })
}

/// The last policy of the crate's pipeline, for one link.
pub(super) struct AzureTransport {
    http: Http,
    link: SafeUrl,
    /// The blob's name as people read it.
    name: String,
}

impl std::fmt::Debug for AzureTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange").field("link", &self.link).finish_non_exhaustive()
    }
}

impl AzureTransport {
    pub(super) fn new(http: Http, link: SafeUrl, name: String) -> Self {
        Self { http, link, name }
    }

    async fn run(&self, call: &CallContext, request: &CrateRequest) -> Result<Response> {
        let method = match request.method() {
            CrateMethod::Get => Method::Get,
            CrateMethod::Head => Method::Head,
            CrateMethod::Put => Method::Put,
            other => return Err(Error::new(Kind::Internal, format!("blob calls do not use {other}"))),
        };
        let mut send = Request::new(method, with_parameters(&self.link, request.url().query())?);
        for (name, value) in request.headers().iter() {
            // The crate always asks for a range.
            let is_range_of_whole = call.asked == Some(ReadRequest::Whole) && name.as_str() == "range";
            if !DROPPED.contains(&name.as_str()) && !is_range_of_whole {
                send = send.header(name.as_str(), value.as_str());
            }
        }
        if call.asked.is_some() {
            // What is encoded on its way is of another length, and not what is stored.
            send = send.header("accept-encoding", "identity");
        }
        send.body = match (lock(&call.body).take(), request.body()) {
            (Some((length, stream)), _) => Body::Stream { length, stream },
            (None, azure_core::http::Body::Bytes(bytes)) if !bytes.is_empty() => Body::Bytes(bytes.clone()),
            (None, _) => Body::Empty,
        };
        let response = self.http.send(send, call.sink.as_ref()).await?;
        if response.is_success() {
            return Ok(response);
        }
        Err(self.refusal(call.access, response).await)
    }

    async fn refusal(&self, access: Access, response: Response) -> Error {
        let classed = response.to_error("");
        let mut refusal = Refusal {
            status: response.status(),
            code: response.header("x-ms-error-code").map(str::to_owned),
            from_storage: answer::is_from_storage(|name| response.header(name)),
            body: String::new(),
            request_id: response.request_id(),
            retry_after: classed.retry_after(),
        };
        let now = response.date().unwrap_or_else(|| self.http.clock().unix_ms());
        let is_empty = refusal.status == 416 && answer::says_empty(response.header("content-range"));
        // A refusal whose body cannot be read is still a refusal.
        if let Ok(body) = response.bytes(LONGEST_REFUSAL).await {
            refusal.body = seen(&body);
        }
        let error = to_error(&refusal, &self.link, &self.name, access, now);
        match error.kind() {
            _ if is_empty && error.code().is_none() => error.with_code(OUTSIDE),
            // Such as the way to a sign-in.
            Kind::Protocol if error.next_step().is_none() => error.with_next_step(answer::hint()),
            _ => error,
        }
    }
}

#[async_trait::async_trait]
impl Policy for AzureTransport {
    async fn send(&self, context: &Context, request: &mut CrateRequest, _next: &[Arc<dyn Policy>]) -> PolicyResult {
        let failed = |text: &'static str| azure_core::Error::with_message(ErrorKind::Other, text);
        let Some(call) = context.value::<Arc<CallContext>>() else { return Err(failed("a call without its context")) };
        match self.run(call, request).await {
            Ok(response) if call.asked.is_some() => match judged(call, response).await {
                Ok(body) => {
                    let body = body.map_err(|error| azure_core::Error::new(ErrorKind::Io, error));
                    Ok(AsyncRawResponse::new(200.into(), Headers::new(), Box::pin(body)))
                }
                Err(error) => {
                    *lock(&call.error) = Some(error);
                    Err(failed("the response is not the blob's; the error is in the context"))
                }
            },
            Ok(mut response) => {
                let pieces = match judged_other(call, &mut response).await {
                    Ok(pieces) => pieces,
                    Err(error) => {
                        *lock(&call.error) = Some(error);
                        return Err(failed("the response is not the blob storage's; the error is in the context"));
                    }
                };
                let mut headers = Headers::new();
                for (name, value) in response.headers() {
                    headers.insert(HeaderName::from(name.to_owned()), HeaderValue::from(value.to_owned()));
                }
                let status = response.status().into();
                let body = rest(pieces, response).map_err(|error| azure_core::Error::new(ErrorKind::Io, error));
                Ok(AsyncRawResponse::new(status, headers, Box::pin(body)))
            }
            Err(error) => {
                *lock(&call.error) = Some(error);
                Err(failed("the call failed; its error is in the context"))
            }
        }
    }
}

/// Judges the answer to a read, and gives its body.
async fn judged(call: &CallContext, mut response: Response) -> Result<ByteStream> {
    let asked = call.asked.unwrap_or(ReadRequest::Properties);
    let (pieces, first) = match asked {
        ReadRequest::Properties => Default::default(),
        ReadRequest::Range { .. } | ReadRequest::Whole => beginning(&mut response).await?,
    };
    let heading = ResponseHead { status: response.status(), header: &|name| response.header(name) };
    let told = answer::judge(asked, &heading, &first, call.begins)?;
    *lock(&call.told) = Some(told);
    Ok(rest(pieces, response))
}

/// Judges the answer to another call, and gives what was read of its body.
async fn judged_other(call: &CallContext, response: &mut Response) -> Result<Vec<Bytes>> {
    let (pieces, first) = beginning(response).await?;
    let heading = ResponseHead { status: response.status(), header: &|name| response.header(name) };
    answer::judge_other(call.access, &heading, &first)?;
    Ok(pieces)
}

/// Reads what is inspected of a body: the pieces, and their first bytes together.
async fn beginning(response: &mut Response) -> Result<(Vec<Bytes>, Vec<u8>)> {
    let (mut pieces, mut first) = (Vec::new(), Vec::new());
    while first.len() < INSPECTED {
        let Some(piece) = response.chunk().await? else { break };
        first.extend_from_slice(&piece[..piece.len().min(INSPECTED - first.len())]);
        pieces.push(piece);
    }
    Ok((pieces, first))
}

/// A body of which these pieces were read.
fn rest(pieces: Vec<Bytes>, response: Response) -> ByteStream {
    Box::pin(futures_util::stream::iter(pieces.into_iter().map(Ok)).chain(response.into_stream()))
}

/// The link with further parameters behind its own query, which stays byte for byte.
fn with_parameters(link: &SafeUrl, parameters: Option<&str>) -> Result<SafeUrl> {
    let Some(parameters) = parameters.filter(|text| !text.is_empty()) else { return Ok(link.clone()) };
    let between = if link.query().is_empty() { "" } else { "&" };
    let text = zeroize::Zeroizing::new(format!("{}?{}{between}{parameters}", link.base(), link.query()));
    SafeUrl::parse("link", &text)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_stays_byte_for_byte_in_front_of_the_calls_parameters() {
        let text = "https://127.0.0.1:1/a.blob.core.windows.net/c/my%20%25site?sv=2020-12-06&zz=1&sig=a%2Bb%3d&aa=%7e";
        let link = SafeUrl::parse("x", text).unwrap();
        let url = with_parameters(&link, Some("comp=block&blockid=AQ%3D%3D")).unwrap();
        assert_eq!(url.expose(), format!("{text}&comp=block&blockid=AQ%3D%3D"));
        assert_eq!(with_parameters(&link, None).unwrap().expose(), text);
        assert_eq!(with_parameters(&link, Some("")).unwrap().expose(), text);
    }
}
