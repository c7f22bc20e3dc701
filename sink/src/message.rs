//! A request that is being handled, as the handlers see it: its body on the way in, the reply on the way out.

use std::io::{self, IoSlice};
use std::ops::Range;
use std::sync::atomic::Ordering::Relaxed;

use epicloud_emulator::blob::checksum::Summing;
use epicloud_emulator::http::Answer;

use crate::channel::Channel;
use crate::core::Core;
use crate::intake::Intake;

/// What is answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    /// The part of the downloadable blob that is the body; otherwise the answer has it.
    pub(crate) content: Option<Range<u64>>,
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self { answer, content: None }
    }
}

/// Why a request gets no answer.
#[derive(Debug)]
pub(crate) enum Stopped {
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
pub(crate) struct Body<'a> {
    channel: &'a mut Channel,
    intake: &'a mut Intake,
    core: &'a Core,
    pub(crate) length: Option<u64>,
    /// Whether the client still waits for `100 Continue`.
    waits: bool,
    begun: bool,
}

impl<'a> Body<'a> {
    /// A body of which nothing was received; `waits` says whether the client waits for `100 Continue`.
    pub(crate) fn new(
        core: &'a Core,
        channel: &'a mut Channel,
        intake: &'a mut Intake,
        length: Option<u64>,
        waits: bool,
    ) -> Self {
        Self { channel, intake, core, length, waits, begun: false }
    }

    /// Receives the first `count` bytes and no more.
    pub(crate) async fn some(&mut self, count: u64) -> Result<(), Stopped> {
        self.begin(None, false).await?;
        let end = self.intake.left().saturating_sub(count);
        self.receive(end).await
    }

    /// Receives it all; returns the sums, and the bytes if they are to be kept.
    pub(crate) async fn whole(
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
    pub(crate) async fn drain(&mut self) -> Result<bool, Stopped> {
        if self.waits || self.length.is_none() {
            return Ok(false);
        }
        self.whole(None, false).await?;
        Ok(true)
    }
}
