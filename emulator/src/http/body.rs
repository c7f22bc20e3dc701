//! The body of a request as handlers read it: counted, recorded, and interrupted where a fault rule says so.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use hyper::body::Incoming;

use super::wire::Wire;
use crate::clock::Clock;
use crate::fault::{Effect, Met};
use crate::record::Ticket;

/// Why a body could not be read to its end.
#[derive(Debug)]
pub(crate) enum BodyError {
    /// The client went away.
    Gone,
    /// It is longer than the reader takes.
    TooLong,
    /// A fault rule wants this answered instead.
    Fault(Effect),
}

/// The body of one request.
#[derive(Debug)]
pub(crate) struct RequestBody {
    incoming: Incoming,
    received: u64,
    interruptions: VecDeque<(u64, Effect)>,
    /// Places of bytes that are inverted.
    flips: Vec<u64>,
    wire: Arc<Wire>,
    clock: Arc<Clock>,
    ticket: Arc<Ticket>,
}

impl RequestBody {
    pub(crate) fn new(
        incoming: Incoming,
        met: &[Met],
        wire: Arc<Wire>,
        clock: Arc<Clock>,
        ticket: Arc<Ticket>,
    ) -> Self {
        let mut interruptions: Vec<(u64, Effect)> =
            met.iter().filter_map(|met| Some((met.after_received?, met.effect.clone()))).collect();
        interruptions.sort_by_key(|(at, _)| *at);
        let flip = |met: &Met| if let Effect::FlipSentByte { offset } = met.effect { Some(offset) } else { None };
        let flips = met.iter().filter_map(flip).collect();
        Self { incoming, received: 0, interruptions: interruptions.into(), flips, wire, clock, ticket }
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        loop {
            while let Some((_, effect)) = self.interruptions.pop_front_if(|(at, _)| *at <= self.received) {
                if let Some(effect) = carry_out(effect, &self.wire, &self.clock).await {
                    return Err(BodyError::Fault(effect));
                }
            }
            let incoming = &mut self.incoming;
            let Some(frame) = std::future::poll_fn(|context| Pin::new(&mut *incoming).poll_frame(context)).await else {
                return Ok(None);
            };
            let Ok(piece) = frame.map_err(|_| BodyError::Gone)?.into_data() else {
                continue;
            };
            let piece = self.flipped(piece);
            self.received += piece.len() as u64;
            self.ticket.update(|entry| entry.body_received = self.received);
            return Ok(Some(piece));
        }
    }

    fn flipped(&self, piece: Bytes) -> Bytes {
        let place = |offset: &u64| usize::try_from(offset.checked_sub(self.received)?).ok();
        let places: Vec<usize> = self.flips.iter().filter_map(place).filter(|place| *place < piece.len()).collect();
        if places.is_empty() {
            return piece;
        }
        let mut changed = BytesMut::from(piece);
        places.into_iter().for_each(|place| changed[place] ^= 0xff);
        changed.freeze()
    }

    /// The whole body, refused when longer than `most`; kept on the record.
    pub(crate) async fn whole(&mut self, most: usize) -> Result<Bytes, BodyError> {
        let whole = self.unrecorded(most).await?;
        self.record(whole.to_vec());
        Ok(whole)
    }

    /// Puts a body on the record: what was received, without its secrets.
    pub(crate) fn record(&self, body: Vec<u8>) {
        self.ticket.update(|entry| entry.body = body);
    }

    /// The whole body, refused when longer than `most`.
    pub(crate) async fn unrecorded(&mut self, most: usize) -> Result<Bytes, BodyError> {
        let mut whole = BytesMut::new();
        while let Some(piece) = self.next().await? {
            if whole.len() + piece.len() > most {
                return Err(BodyError::TooLong);
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }

    /// Reads what is left and throws it away, so that a refusal reaches a client that is still sending.
    pub(crate) async fn drain(&mut self) -> Result<(), BodyError> {
        while self.next().await?.is_some() {}
        Ok(())
    }
}

/// Carries out an effect that needs no answer; hands back the effect when an answer has to be made of it.
pub(crate) async fn carry_out(effect: Effect, wire: &Wire, clock: &Clock) -> Option<Effect> {
    match effect {
        Effect::Delay { ms, virtual_time } => {
            let length = std::time::Duration::from_millis(ms);
            if virtual_time {
                clock.sleep(length).await;
            } else {
                tokio::time::sleep(length).await;
            }
            None
        }
        Effect::Stall => std::future::pending().await,
        Effect::Reset | Effect::LostAnswer => {
            wire.reset();
            std::future::pending().await
        }
        answered => Some(answered),
    }
}
