//! One exchange: record the request, meet the fault rules, hand it to the API, the blob store or the control
//! interface, and send the answer. The order of these steps is all this module decides.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::{HeaderMap, Request, Response};

use super::address::BlobAddress;
use super::answer::{Answer, AnswerBody, Delivery};
use super::body::{BodyError, RequestBody, carry_out};
use super::wire::Wire;
use crate::clock::Milliseconds;
use crate::core::Core;
use crate::fault::{Effect, Facts, Met};
use crate::record::{Recorded, Ticket};

/// A request as the handlers see it.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// The raw request target: path and query as received.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) secure: bool,
    pub(crate) peer_is_loopback: bool,
    /// The time at which the request is judged.
    pub(crate) now: Milliseconds,
    /// Whether a fault wants it processed twice.
    pub(crate) twice: bool,
}

impl Asked {
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub(crate) fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The value of a header; `None` when missing or not ASCII.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The headers that carry the sum of a body.
const CHECKSUMS: [&str; 2] = ["content-md5", "x-ms-content-crc64"];

/// What a request is addressed to.
enum Room {
    Control,
    Slot,
    Blob(BlobAddress),
    Api,
}

pub(crate) async fn exchange(core: Arc<Core>, wire: Arc<Wire>, request: Request<Incoming>) -> Response<AnswerBody> {
    let (head, incoming) = request.into_parts();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let mut asked = Asked {
        method: head.method.as_str().to_owned(),
        target,
        headers: head.headers,
        secure: wire.secure,
        peer_is_loopback: wire.peer.ip().to_canonical().is_loopback(),
        now: core.clock.now(),
        twice: false,
    };
    let host = head
        .uri
        .authority()
        .map(hyper::http::uri::Authority::as_str)
        .or_else(|| asked.header("host"))
        .unwrap_or_default();
    let room = if asked.path().starts_with("/__control/") {
        Room::Control
    } else if asked.path().starts_with(crate::service::SLOT) {
        Room::Slot
    } else {
        BlobAddress::read(host, asked.path()).map_or(Room::Api, Room::Blob)
    };
    let recorder = if matches!(room, Room::Control) { &core.unrecorded } else { &core.recorder };
    let ticket = Arc::new(recorder.begin(first_entry(&asked, &wire)));
    let met = if matches!(room, Room::Control) { Vec::new() } else { meet(&core, &asked, &ticket) };
    let body = RequestBody::new(incoming, &met, Arc::clone(&wire), Arc::clone(&core.clock), Arc::clone(&ticket));
    asked.twice = met.iter().any(|met| met.effect == Effect::Duplicate);
    asked.now += met.iter().map(|met| if let Effect::ClockSkew { ms } = met.effect { ms } else { 0 }).sum::<i64>();

    let ignoring = met.iter().filter(|met| matches!(met.effect, Effect::IgnoreChecksums { .. })).collect::<Vec<_>>();
    if !ignoring.is_empty() {
        CHECKSUMS.iter().for_each(|name| drop(asked.headers.remove(*name)));
    }
    let silent = ignoring.iter().any(|met| met.effect == Effect::IgnoreChecksums { silent: true });

    let mut answer = answer(&core, &wire, &asked, body, &room, &met).await;
    if silent {
        answer.headers.retain(|(name, _)| !CHECKSUMS.contains(name));
    }
    let delivery = Delivery { head_only: asked.method == "HEAD", met, wire, clock: Arc::clone(&core.clock), ticket };
    answer.into_response(delivery)
}

async fn answer(
    core: &Arc<Core>,
    wire: &Wire,
    asked: &Asked,
    mut body: RequestBody,
    room: &Room,
    met: &[Met],
) -> Answer {
    let before = met.iter().filter(|met| met.after_received.is_none() && met.after_sent.is_none());
    for effect in before.map(|met| &met.effect).filter(|effect| acts_before(effect)) {
        if let Some(effect) = carry_out(effect.clone(), wire, &core.clock).await {
            return match body.drain().await {
                Ok(()) | Err(BodyError::Gone | BodyError::TooLong) => fault_answer(core, room, asked, &effect),
                Err(BodyError::Fault(inner)) => fault_answer(core, room, asked, &inner),
            };
        }
    }
    let answered = match room {
        Room::Control => Ok(crate::control::handle(core, asked, &mut body).await),
        Room::Slot => Ok(crate::service::slot_page(core)),
        Room::Blob(address) => crate::blob::handle(core, asked, address, &mut body).await,
        Room::Api => crate::service::handle(core, asked, &mut body).await,
    };
    let answer = match answered {
        Ok(answer) => answer,
        Err(BodyError::Fault(effect)) => fault_answer(core, room, asked, &effect),
        Err(BodyError::TooLong) => fault_answer(core, room, asked, &Effect::status(413)),
        Err(BodyError::Gone) => fault_answer(core, room, asked, &Effect::status(400)),
    };
    if met.iter().any(|met| met.effect == Effect::LostAnswer && met.after_received.is_none()) {
        wire.reset();
        std::future::pending::<()>().await;
    }
    if met.iter().any(|met| met.effect == Effect::NullErrors) {
        return crate::service::with_null_errors(answer);
    }
    answer
}

/// Whether the effect takes the place of processing, or comes before it.
fn acts_before(effect: &Effect) -> bool {
    match effect {
        Effect::Status { .. }
        | Effect::Delay { .. }
        | Effect::Stall
        | Effect::Reset
        | Effect::ExpiredLink
        | Effect::LoginPage { .. }
        | Effect::Failure { .. } => true,
        Effect::LostAnswer
        | Effect::Truncate { .. }
        | Effect::FlipByte { .. }
        | Effect::FlipSentByte { .. }
        | Effect::IgnoreChecksums { .. }
        | Effect::NullErrors
        | Effect::ClockSkew { .. }
        | Effect::Duplicate => false,
    }
}

/// The answer an effect stands for, in the manner of the room asked.
fn fault_answer(core: &Core, room: &Room, asked: &Asked, effect: &Effect) -> Answer {
    match effect {
        Effect::Status { status, message, plain: true, retry_after, .. } => {
            let text = message.clone().unwrap_or_else(|| reason_of(*status));
            retry(Answer::new(*status, "text/plain", text), *retry_after)
        }
        Effect::Status { status, code, message, retry_after, .. } => {
            let message = message.clone().unwrap_or_else(|| reason_of(*status));
            let answer = match room {
                Room::Blob(_) => {
                    let code = code.clone().unwrap_or_else(|| blob_code(*status).to_owned());
                    crate::blob::error_answer(core, asked, *status, &code, &message)
                }
                Room::Api | Room::Control | Room::Slot => crate::service::failure(core, *status, &[message]),
            };
            retry(answer, *retry_after)
        }
        Effect::ExpiredLink => crate::blob::expired_link_answer(core, asked),
        Effect::LoginPage { status } => Answer::new(*status, "text/html; charset=utf-8", LOGIN_PAGE),
        Effect::Failure { errors } => crate::service::failure(core, 200, errors),
        _ => crate::service::failure(
            core,
            500,
            &["An error occurred while processing the request; Try again later.".into()],
        ),
    }
}

fn retry(answer: Answer, seconds: Option<u64>) -> Answer {
    match seconds {
        Some(seconds) => answer.with("retry-after", seconds.to_string()),
        None => answer,
    }
}

fn reason_of(status: u16) -> String {
    match status {
        // The text of spec 1.5.
        500 => "An error occurred while processing the request; Try again later.".to_owned(),
        _ => hyper::StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or("error")
            .to_owned(),
    }
}

/// The error code Azure uses most with a status.
fn blob_code(status: u16) -> &'static str {
    match status {
        403 => "AuthenticationFailed",
        404 => "BlobNotFound",
        408 => "RequestTimeout",
        412 => "ConditionNotMet",
        429 => "TooManyRequests",
        500 => "InternalError",
        503 => "ServerBusy",
        _ => "OperationFailed",
    }
}

const LOGIN_PAGE: &str = "<!DOCTYPE html>\r\n<html lang=\"en\"><head><title>Sign in</title></head>\r\n\
    <body><h1>Sign in to your account</h1><form method=\"post\" action=\"/login\"></form></body></html>\r\n";

fn meet(core: &Core, asked: &Asked, ticket: &Ticket) -> Vec<Met> {
    let met = core.faults.meet(&Facts { method: &asked.method, path: asked.path(), query: asked.query() });
    ticket.update(|entry| entry.rules = met.iter().map(|met| met.name.clone()).collect());
    met
}

fn first_entry(asked: &Asked, wire: &Wire) -> Recorded {
    let headers = asked
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    Recorded {
        connection: wire.number,
        secure: wire.secure,
        method: asked.method.clone(),
        path: asked.path().to_owned(),
        query: asked.query().to_owned(),
        headers: headers.collect(),
        ..Recorded::default()
    }
}
