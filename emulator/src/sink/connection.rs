//! One connection: request after request, each received to its end, handled, and answered. The order of these steps is
//! all this module decides.

use std::io::{self, IoSlice};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::channel::Channel;
use super::content;
use super::head::{self, Head, Read};
use super::intake::Intake;
use super::running::Core;
use super::{control, exchange};
use crate::blob::checksum::Summing;
use crate::http::{Answer, Source};

/// Slices of content sent at once.
const SLICES: usize = 4;

/// What is answered.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) answer: Answer,
    /// The part of the downloadable blob that is the body; otherwise the answer has it.
    pub(super) content: Option<Range<u64>>,
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self { answer, content: None }
    }
}

/// Why a request gets no answer.
#[derive(Debug)]
pub(super) enum Stopped {
    /// The client is gone.
    Gone,
    /// The connection is to be reset.
    Reset,
}

impl From<io::Error> for Stopped {
    fn from(_: io::Error) -> Self {
        // Whatever happened to its connection concerns the client only.
        Self::Gone
    }
}

/// The body of a request that is being handled.
pub(super) struct Body<'a> {
    channel: &'a mut Channel,
    intake: &'a mut Intake,
    core: &'a Core,
    pub(super) length: Option<u64>,
    /// Whether the client still waits for `100 Continue`.
    waits: bool,
    begun: bool,
}

impl Body<'_> {
    /// Receives the first `count` bytes and no more.
    pub(super) async fn some(&mut self, count: u64) -> Result<(), Stopped> {
        self.begin(None, false).await?;
        let end = self.intake.left().saturating_sub(count);
        self.receive(end).await
    }

    /// Receives it all; returns the sums, and the bytes if they are to be kept.
    pub(super) async fn whole(
        &mut self,
        summing: Option<Summing>,
        keep: bool,
    ) -> Result<(Option<Summing>, Vec<u8>), Stopped> {
        self.begin(summing, keep).await?;
        self.receive(0).await?;
        Ok(self.intake.finish())
    }

    async fn begin(&mut self, summing: Option<Summing>, keep: bool) -> Result<(), Stopped> {
        if !std::mem::replace(&mut self.begun, true) {
            if std::mem::take(&mut self.waits) {
                self.channel.send(&mut [IoSlice::new(b"HTTP/1.1 100 Continue\r\n\r\n")]).await?;
            }
            self.intake.expect(self.length.unwrap_or(0), summing, keep);
        }
        Ok(())
    }

    async fn receive(&mut self, end: u64) -> Result<(), Stopped> {
        loop {
            self.core.statistics.bytes_received.fetch_add(self.intake.count(), Relaxed);
            if self.intake.left() <= end {
                return Ok(());
            }
            if !self.channel.receive(self.intake).await? {
                return Err(Stopped::Gone);
            }
        }
    }

    /// Receives what is left, so that a refusal reaches a client that is still sending. Whether the connection can go
    /// on: not if the client still waits, because nobody knows then what it sends next.
    async fn drain(&mut self) -> Result<bool, Stopped> {
        if self.waits || self.length.is_none() {
            return Ok(false);
        }
        self.whole(None, false).await?;
        Ok(true)
    }
}

/// Serves a connection to its end.
pub(super) async fn serve(core: Arc<Core>, mut channel: Channel, peer_is_loopback: bool) {
    match requests(&core, &mut channel, peer_is_loopback).await {
        // A failure to say goodbye concerns the client only.
        Ok(()) => drop(channel.close().await),
        Err(Stopped::Gone) => {}
        Err(Stopped::Reset) => channel.reset(),
    }
}

async fn requests(core: &Core, channel: &mut Channel, peer_is_loopback: bool) -> Result<(), Stopped> {
    let mut intake = Intake::default();
    loop {
        let head = match head::read(&intake.head, channel.is_secure(), peer_is_loopback, core.now()) {
            Read::Whole(head, length) => {
                intake.head.drain(..length);
                head
            }
            Read::Partial => {
                if !channel.receive(&mut intake).await? {
                    return Ok(());
                }
                continue;
            }
            Read::Malformed => {
                let answer = Answer::new(400, "text/plain", "not an HTTP request\n");
                return Ok(send(core, channel, &answer.into(), false, false).await?);
            }
        };
        if !one(core, channel, &mut intake, &head).await? {
            return Ok(());
        }
    }
}

/// Handles one request; whether another may follow on the connection.
async fn one(core: &Core, channel: &mut Channel, intake: &mut Intake, head: &Head) -> Result<bool, Stopped> {
    let is_control = head.asked.path().starts_with("/__control/");
    let _open = (!is_control).then(|| core.statistics.open());
    let mut body = Body { channel, intake, core, length: head.length, waits: head.expects, begun: false };
    let reply = if is_control {
        control::handle(core, &head.asked, &mut body).await?
    } else {
        exchange::handle(core, &head.asked, &mut body).await?
    };
    let keep = body.drain().await? && head.keep;
    send(core, channel, &reply, head.asked.method == "HEAD", keep).await?;
    Ok(keep)
}

async fn send(core: &Core, channel: &mut Channel, reply: &Reply, head_only: bool, keep: bool) -> io::Result<()> {
    let answer = &reply.answer;
    let at_hand = match &answer.body {
        Source::Bytes(bytes) => bytes.len() as u64,
        // The emulator's own blobs; none is ever answered here.
        Source::Blob(_, _, length) => *length,
    };
    let length = reply.content.as_ref().map_or(at_hand, |range| range.end - range.start);
    let sends_body = !head_only && answer.status != 304;
    channel.send(&mut [IoSlice::new(&head::write(answer, length, sends_body, keep))]).await?;
    let mut sent = if sends_body && reply.content.is_none() { length } else { 0 };
    if let Some(range) = reply.content.clone().filter(|_| sends_body) {
        let mut pieces = content::slices(range);
        loop {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = slices.iter_mut().zip(&mut pieces).map(|(slice, piece)| *slice = IoSlice::new(piece)).count();
            if count == 0 {
                break;
            }
            let bytes: usize = slices.iter().map(|slice| slice.len()).sum();
            channel.send(&mut slices[..count]).await?;
            core.statistics.bytes_sent.fetch_add(bytes as u64, Relaxed);
        }
        sent = 0;
    }
    core.statistics.bytes_sent.fetch_add(sent, Relaxed);
    Ok(())
}
