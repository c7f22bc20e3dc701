//! Answers: how handlers describe them, and the body that sends them piece by piece, counted, recorded and broken
//! where a fault rule says so.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::ext::ReasonPhrase;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use tokio::sync::mpsc;

use super::body::carry_out;
use super::wire::Wire;
use crate::clock::Clock;
use crate::fault::{Effect, Met};
use crate::record::Ticket;

/// What a handler wants answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub reason: Option<String>,
    pub headers: Vec<(&'static str, String)>,
    pub body: Source,
}

/// Where the bytes of an answer come from.
#[derive(Debug)]
pub enum Source {
    /// Bytes at hand.
    Bytes(Bytes),
    /// Bytes that are read while they are sent.
    Streamed(Stream),
}

/// So many bytes, and how to begin reading them.
pub struct Stream {
    length: u64,
    open: Box<dyn FnOnce() -> mpsc::Receiver<io::Result<Bytes>> + Send + Sync>,
}

impl Stream {
    pub(crate) fn new(
        length: u64,
        open: impl FnOnce() -> mpsc::Receiver<io::Result<Bytes>> + Send + Sync + 'static,
    ) -> Self {
        Self { length, open: Box::new(open) }
    }

    /// The number of bytes.
    pub fn length(&self) -> u64 {
        self.length
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Stream").field("length", &self.length).finish_non_exhaustive()
    }
}

impl Answer {
    pub fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            reason: None,
            headers: vec![("content-type", content_type.to_owned())],
            body: Source::Bytes(body.into()),
        }
    }

    pub fn empty(status: u16) -> Self {
        Self { status, reason: None, headers: Vec::new(), body: Source::Bytes(Bytes::new()) }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn length(&self) -> u64 {
        match &self.body {
            Source::Bytes(bytes) => bytes.len() as u64,
            Source::Streamed(stream) => stream.length,
        }
    }

    /// Makes the response: head, and the body with the faults met on the way out.
    pub(crate) fn into_response(self, delivery: Delivery) -> Response<AnswerBody> {
        let length = self.length();
        let sends_body = !delivery.head_only && self.status != 304;
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            // A value with control characters cannot be sent; the header is left out then.
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(HeaderName::from_static(name), value);
            }
        }
        if self.status != 304 {
            response.headers_mut().insert("content-length", HeaderValue::from(length));
        }
        if let Some(reason) = self.reason
            && let Ok(reason) = ReasonPhrase::try_from(reason.into_bytes())
        {
            response.extensions_mut().insert(reason);
        }
        let status = response.status().as_u16();
        delivery.ticket.update(|entry| entry.status = Some(status));
        let (pieces, length) = match self.body {
            _ if !sends_body => (Pieces::Whole(Bytes::new()), 0),
            Source::Bytes(bytes) => (Pieces::Whole(bytes), length),
            Source::Streamed(stream) => (Pieces::Pumped((stream.open)()), length),
        };
        response.map(|()| AnswerBody::new(pieces, length, delivery))
    }
}

/// What an answer needs to be sent.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) head_only: bool,
    pub(crate) met: Vec<Met>,
    pub(crate) wire: Arc<Wire>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) ticket: Arc<Ticket>,
}

enum Pieces {
    Whole(Bytes),
    Pumped(mpsc::Receiver<io::Result<Bytes>>),
}

type Waiting = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The body of an answer on its way.
pub(crate) struct AnswerBody {
    pieces: Pieces,
    length: u64,
    sent: u64,
    ready: Bytes,
    breaks: VecDeque<(u64, Effect)>,
    flips: Vec<u64>,
    waiting: Option<Waiting>,
    delivery: Delivery,
}

impl AnswerBody {
    fn new(pieces: Pieces, length: u64, delivery: Delivery) -> Self {
        let mut breaks: Vec<(u64, Effect)> = Vec::new();
        let mut flips = Vec::new();
        for met in &delivery.met {
            match met.effect {
                Effect::FlipByte { offset } => flips.push(offset),
                Effect::Truncate { keep } => breaks.push((keep, met.effect.clone())),
                _ => breaks.extend(met.after_sent.map(|at| (at, met.effect.clone()))),
            }
        }
        breaks.sort_by_key(|(at, _)| *at);
        Self { pieces, length, sent: 0, ready: Bytes::new(), breaks: breaks.into(), flips, waiting: None, delivery }
    }

    /// Starts the effect whose place is reached.
    fn break_off(&mut self, effect: Effect) {
        let (wire, clock) = (Arc::clone(&self.delivery.wire), Arc::clone(&self.delivery.clock));
        self.waiting = Some(Box::pin(async move {
            if let Effect::Truncate { .. } = effect {
                wire.close();
                std::future::pending::<()>().await;
            }
            // Effects that make an answer have no meaning once one is being sent.
            let _ = carry_out(effect, &wire, &clock).await;
        }));
    }

    fn take(&mut self) -> Bytes {
        let room = self.breaks.front().map_or(u64::MAX, |(at, _)| at - self.sent);
        let count = usize::try_from(room).unwrap_or(usize::MAX).min(self.ready.len());
        let mut piece = self.ready.split_to(count);
        for &offset in &self.flips {
            if let Some(index) = offset.checked_sub(self.sent).and_then(|index| usize::try_from(index).ok())
                && index < piece.len()
            {
                let mut changed = piece.to_vec();
                changed[index] ^= 0xff;
                piece = changed.into();
            }
        }
        self.sent += piece.len() as u64;
        self.delivery.ticket.update(|entry| entry.body_sent = self.sent);
        piece
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        loop {
            if let Some(waiting) = &mut this.waiting {
                std::task::ready!(waiting.as_mut().poll(context));
                this.waiting = None;
            }
            if let Some((_, effect)) = this.breaks.pop_front_if(|(at, _)| *at <= this.sent) {
                this.break_off(effect);
                continue;
            }
            if !this.ready.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(this.take()))));
            }
            match &mut this.pieces {
                Pieces::Whole(bytes) if bytes.is_empty() => return Poll::Ready(None),
                Pieces::Whole(bytes) => this.ready = std::mem::take(bytes),
                Pieces::Pumped(pump) => match std::task::ready!(pump.poll_recv(context)) {
                    None => return Poll::Ready(None),
                    Some(Ok(bytes)) => this.ready = bytes,
                    Some(Err(failure)) => return Poll::Ready(Some(Err(failure))),
                },
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.length == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length - self.sent)
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        let complete = self.sent == self.length;
        self.delivery.ticket.update(|entry| entry.complete = complete);
    }
}
