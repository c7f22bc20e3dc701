//! One try of one part of a download: a ranged Get Blob, written to its place in the partial file.
//!
//! File work runs on threads that may wait. It is not repeated here.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt;
use tokio::sync::OnceCell;

use super::blocking::{Busy, busily};
use super::flush::Flusher;
use super::integrity::{Mode, Summing};
use super::links::Links;
use super::meter::{Flight, Meter};
use super::partial::Partial;
use super::plan::{Piece, Plan};
use super::stall::Pulse;
use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::event::Sink;
use crate::base::redaction::plain;
use crate::base::time::Clock;
use crate::blob::client::{Blob, Extent, Length, Reading, Version};

/// Bytes written at a time: each write is handed to a thread that may wait, which costs more than the write itself when
/// it is small.
const WRITE_PIECE: usize = 512 * 1024;

/// The code of a refused `If-Match`.
pub(super) const CHANGED: &str = "ConditionNotMet";

/// The code of an answer that holds something else of the blob than the range that was asked for.
pub(super) const UNDIVIDED: &str = "RangesIgnored";

/// What the parts of one download have in common.
pub(super) struct Receiving {
    pub(super) links: Arc<Links>,
    pub(super) partial: Partial,
    /// The tag of the blob at the first look.
    pub(super) etag: Option<Arc<str>>,
    /// What is known of the blob's version: no answer may contradict it. Where the tag is strong, `If-Match` asks for the
    /// same before; of a weak one, or of none, this is all that protects the parts from being of several versions.
    pub(super) version: Mutex<Version>,
    pub(super) plan: Plan,
    pub(super) beginning: Beginning,
    pub(super) meter: Meter,
    pub(super) busy: Busy,
    pub(super) flusher: Flusher,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) sink: Arc<dyn Sink>,
}

/// The start of a partial file, made by the first answer that is the blob's: what is there from an earlier download is
/// not given up for a page that something on the way has answered.
pub(super) struct Beginning {
    length: u64,
    /// The first line of the journal, if one is kept.
    first_line: Option<Vec<u8>>,
    made: OnceCell<()>,
}

impl Beginning {
    pub(super) fn new(length: u64, first_line: Option<Vec<u8>>) -> Self {
        Self { length, first_line, made: OnceCell::new() }
    }

    /// Nothing is to be made: the download goes on with what is there.
    pub(super) fn resumed() -> Self {
        Self { length: 0, first_line: None, made: OnceCell::new_with(Some(())) }
    }

    /// Makes it, unless that was done.
    pub(super) async fn make(&self, partial: &Partial, busy: &Busy) -> Result<()> {
        let make = || {
            let (partial, length, first_line) = (partial.clone(), self.length, self.first_line.clone());
            busily(busy, move || partial.begin(length, first_line))
        };
        self.made.get_or_try_init(make).await?;
        Ok(())
    }
}

impl Receiving {
    /// Receives one part.
    pub(super) async fn receive(&self, index: usize) -> Result<()> {
        self.links
            .call(0, |blob| async move {
                let pulse = Pulse::new(&self.clock);
                pulse.watch(self.fetch(&blob, index, &pulse)).await
            })
            .await
    }

    async fn fetch(&self, blob: &Blob, index: usize, pulse: &Pulse) -> Result<()> {
        let piece = self.plan.piece(index);
        let reading = blob.read(piece.offset, piece.length, self.etag.as_deref(), &self.sink).await?;
        let total = self.plan.total();
        match reading.extent {
            Extent::Range { total: told } if told.is_none_or(|told| told == total) => {}
            // All of the blob is the first part where that is all of it.
            Extent::Whole(Length::Told(told)) if told == total && piece.length == total => {}
            Extent::Range { .. } => return Err(changed()),
            Extent::Whole(_) | Extent::Unplaced => return Err(undivided()),
        }
        if !self.agrees(&reading.version) {
            return Err(changed());
        }
        self.beginning.make(&self.partial, &self.busy).await?;
        let flight = self.meter.flight();
        let crc64 = self.write_all(reading, piece, pulse, &flight).await?;
        let partial = self.partial.clone();
        busily(&self.busy, move || partial.record(index, crc64)).await?;
        flight.landed(piece.length);
        self.flusher.written(piece.length);
        self.flusher.check()
    }

    /// Whether an answer is of the version that is known, of which it may tell more. `If-Match` is a wish: a cache or
    /// gateway on the way may answer with a part of another version all the same.
    fn agrees(&self, told: &Version) -> bool {
        let mut known = self.version.lock().unwrap_or_else(PoisonError::into_inner);
        let agrees = !known.contradicts(told);
        if agrees {
            known.learn(told);
        }
        agrees
    }

    /// Writes what comes, and gives its CRC-64.
    async fn write_all(&self, mut reading: Reading, piece: Piece, pulse: &Pulse, flight: &Flight) -> Result<u64> {
        let mut summing = Summing::new(Mode::Crc64);
        let mut writing = Writing::new(&self.partial, &self.busy, piece.offset, piece.length);
        while let Some(bytes) = reading.body.next().await {
            let bytes = bytes.map_err(|error| body_error(&error))?;
            pulse.beat();
            flight.moved(bytes.len() as u64);
            if writing.received() + bytes.len() as u64 > piece.length {
                return Err(Error::new(Kind::Protocol, "the blob storage sent more than the requested range"));
            }
            summing.update(&bytes);
            writing.add(&bytes, pulse).await?;
        }
        writing.end(pulse).await?;
        if writing.received() == piece.length {
            return Ok(summing.finish().crc64);
        }
        Err(cut_short(writing.received(), piece.length))
    }
}

/// Brings the bytes of one body into the partial file, one after the other.
pub(super) struct Writing<'a> {
    partial: &'a Partial,
    busy: &'a Busy,
    /// Where what was gathered belongs.
    offset: u64,
    written: u64,
    /// Copied out of the connection's buffer at once: holding on to what came from it makes the connection take new
    /// memory for each read, several times what is needed here.
    gathered: Vec<u8>,
    room: usize,
}

impl<'a> Writing<'a> {
    pub(super) fn new(partial: &'a Partial, busy: &'a Busy, offset: u64, most: u64) -> Self {
        let room = usize::try_from(most).map_or(WRITE_PIECE, |all| all.min(WRITE_PIECE)).max(1);
        Self { partial, busy, offset, written: 0, gathered: Vec::with_capacity(room), room }
    }

    pub(super) fn received(&self) -> u64 {
        self.written + self.gathered.len() as u64
    }

    pub(super) async fn add(&mut self, bytes: &[u8], pulse: &Pulse) -> Result<()> {
        let mut left = bytes;
        while !left.is_empty() {
            let (fits, rest) = left.split_at(left.len().min(self.room - self.gathered.len()));
            self.gathered.extend_from_slice(fits);
            left = rest;
            if self.gathered.len() == self.room {
                self.end(pulse).await?;
            }
        }
        Ok(())
    }

    /// Writes what was gathered.
    pub(super) async fn end(&mut self, pulse: &Pulse) -> Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let length = self.gathered.len() as u64;
        let mut bytes = std::mem::take(&mut self.gathered);
        let (partial, offset) = (self.partial.clone(), self.offset + self.written);
        self.gathered = busily(self.busy, move || {
            partial.write(&bytes, offset)?;
            bytes.clear();
            Ok(bytes)
        })
        .await?;
        self.written += length;
        pulse.beat();
        Ok(())
    }
}

/// The blob is not the one that was looked at first: the refusal that the service gives for `If-Match`.
pub(super) fn changed() -> Error {
    Error::new(Kind::Conflict, "the blob changed during the download")
        .with_code(CHANGED)
        .with_next_step("download it again when nothing writes to it")
}

/// Only the whole blob is to be had.
fn undivided() -> Error {
    Error::new(Kind::Protocol, "the blob storage does not serve the requested ranges").with_code(UNDIVIDED)
}

/// A body that ended before its time.
pub(super) fn cut_short(received: u64, expected: u64) -> Error {
    let text = format!("the response was cut short: {received} of {expected} bytes");
    Error::new(Kind::Network, text).with_retry(Retry::Later, None)
}

/// The error inside a body's error; the layer below puts its own there.
pub(super) fn body_error(error: &std::io::Error) -> Error {
    let known = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    known.cloned().unwrap_or_else(|| {
        Error::new(Kind::Network, format!("the response was cut short: {}", plain(error)))
            .with_retry(Retry::Later, None)
    })
}
