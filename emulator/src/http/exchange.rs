//! One exchange: record the request, meet the fault rules, hand it to its room, and send the answer. The order of
//! these steps is all this module decides.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Request, Response};

use super::answer::{Answer, AnswerBody, Delivery};
use super::asked::Asked;
use super::body::{BodyError, RequestBody, carry_out};
use super::front::Front;
use super::room::Room;
use super::wire::Wire;
use crate::clock::Milliseconds;
use crate::core::Core;
use crate::fault::{Effect, Facts, Met};
use crate::record::{Recorded, Ticket};

/// The headers that carry the sum of a body.
const CHECKSUMS: [&str; 2] = ["content-md5", "x-ms-content-crc64"];

pub(crate) async fn exchange(front: Arc<Front>, wire: Arc<Wire>, request: Request<Incoming>) -> Response<AnswerBody> {
    let core = &front.core;
    let (head, incoming) = request.into_parts();
    let mut asked = asked(head, &wire, core.clock.now());
    let room = front.room(&asked);
    let recorder = if room.is_observed() { &core.recorder } else { &core.unrecorded };
    let ticket = Arc::new(recorder.begin(first_entry(room, &asked, &wire)));
    let met = if room.is_observed() { meet(core, room, &asked, &ticket) } else { Vec::new() };
    let body = RequestBody::new(incoming, &met, Arc::clone(&wire), Arc::clone(&core.clock), Arc::clone(&ticket));
    asked.twice = met.iter().any(|met| met.effect == Effect::Duplicate);
    asked.now += met.iter().map(|met| if let Effect::ClockSkew { ms } = met.effect { ms } else { 0 }).sum::<i64>();

    let ignoring = met.iter().filter(|met| matches!(met.effect, Effect::IgnoreChecksums { .. })).collect::<Vec<_>>();
    if !ignoring.is_empty() {
        CHECKSUMS.iter().for_each(|name| drop(asked.headers.remove(*name)));
    }
    let silent = ignoring.iter().any(|met| met.effect == Effect::IgnoreChecksums { silent: true });

    let mut answer = answer(core, &wire, &asked, body, room, &met).await;
    if silent {
        answer.headers.retain(|(name, _)| !CHECKSUMS.contains(name));
    }
    let delivery = Delivery { head_only: asked.method == "HEAD", met, wire, clock: Arc::clone(&core.clock), ticket };
    answer.into_response(delivery)
}

fn asked(head: Parts, wire: &Wire, now: Milliseconds) -> Asked {
    let host = head.uri.authority().map(|authority| authority.as_str().to_owned());
    let given = || head.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default().to_owned();
    Asked {
        host: host.unwrap_or_else(given),
        method: head.method.as_str().to_owned(),
        target: head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned(),
        headers: head.headers,
        secure: wire.secure,
        peer_is_loopback: wire.peer.ip().to_canonical().is_loopback(),
        now,
        twice: false,
    }
}

async fn answer(
    core: &Core,
    wire: &Wire,
    asked: &Asked,
    mut body: RequestBody,
    room: &dyn Room,
    met: &[Met],
) -> Answer {
    let before = met.iter().filter(|met| met.after_received.is_none() && met.after_sent.is_none());
    for effect in before.map(|met| &met.effect).filter(|effect| acts_before(effect)) {
        if let Some(effect) = carry_out(effect.clone(), wire, &core.clock).await
            && let Some(answer) = fault_answer(room, asked, &effect)
        {
            return match body.drain().await {
                Ok(()) | Err(BodyError::Gone | BodyError::TooLong) => answer,
                Err(BodyError::Fault(inner)) => fault_answer(room, asked, &inner).unwrap_or(answer),
            };
        }
    }
    let answer = match room.handle(asked, &mut body).await {
        Ok(answer) => answer,
        Err(BodyError::Fault(effect)) => {
            fault_answer(room, asked, &effect).unwrap_or_else(|| plain_failure(room, asked, 500))
        }
        Err(BodyError::TooLong) => plain_failure(room, asked, 413),
        Err(BodyError::Gone) => plain_failure(room, asked, 400),
    };
    if met.iter().any(|met| met.effect == Effect::LostAnswer && met.after_received.is_none()) {
        wire.reset();
        std::future::pending::<()>().await;
    }
    met.iter().fold(answer, |answer, met| room.altered(answer, &met.effect))
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

/// The answer an effect stands for, in the manner of the room asked; `None` for one that the room does not know.
fn fault_answer(room: &dyn Room, asked: &Asked, effect: &Effect) -> Option<Answer> {
    match effect {
        Effect::Status { status, message, plain: true, retry_after, .. } => {
            let text = message.clone().unwrap_or_else(|| reason_of(*status));
            Some(retry(Answer::new(*status, "text/plain", text), *retry_after))
        }
        Effect::Status { status, code, message, retry_after, .. } => {
            let message = message.clone().unwrap_or_else(|| reason_of(*status));
            Some(retry(room.failure(asked, *status, code.as_deref(), &message), *retry_after))
        }
        Effect::LoginPage { status } => Some(Answer::new(*status, "text/html; charset=utf-8", LOGIN_PAGE)),
        other => room.effect(asked, other),
    }
}

fn plain_failure(room: &dyn Room, asked: &Asked, status: u16) -> Answer {
    room.failure(asked, status, None, &reason_of(status))
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

const LOGIN_PAGE: &str = "<!DOCTYPE html>\r\n<html lang=\"en\"><head><title>Sign in</title></head>\r\n\
    <body><h1>Sign in to your account</h1><form method=\"post\" action=\"/login\"></form></body></html>\r\n";

fn meet(core: &Core, room: &dyn Room, asked: &Asked, ticket: &Ticket) -> Vec<Met> {
    let facts = Facts { service: room.name(), method: &asked.method, path: asked.path(), query: asked.query() };
    let met = core.faults.meet(&facts);
    ticket.update(|entry| entry.rules = met.iter().map(|met| met.name.clone()).collect());
    met
}

fn first_entry(room: &dyn Room, asked: &Asked, wire: &Wire) -> Recorded {
    let headers = asked.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.as_str().to_owned(), room.recorded(name.as_str(), &value).into_owned())
    });
    Recorded {
        connection: wire.number,
        secure: wire.secure,
        service: room.name().to_owned(),
        method: asked.method.clone(),
        path: asked.path().to_owned(),
        query: asked.query().to_owned(),
        headers: headers.collect(),
        ..Recorded::default()
    }
}
