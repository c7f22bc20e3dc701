//! One try of one part of a download: a ranged Get Blob, written to its place in the partial file.
//!
//! File work runs on threads that may wait. It is not repeated here.

use std::sync::Arc;

use futures_util::StreamExt;

use super::blocking::{Busy, busily};
use super::flush::Flusher;
use super::integrity::{Mode, Summing};
use super::ledger::Ledger;
use super::links::Links;
use super::meter::{Flight, Meter};
use super::plan::{Piece, Plan};
use super::stall::Pulse;
use super::target::Partial;
use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::event::Sink;
use crate::base::time::Clock;
use crate::blob::client::{Blob, Reading};

/// Bytes written at a time: each write is handed to a thread that may wait, which costs more than the write itself when
/// it is small.
const WRITE_PIECE: usize = 512 * 1024;

/// The code of a refused `If-Match`.
pub(super) const CHANGED: &str = "ConditionNotMet";

/// What the parts of one download have in common.
pub(super) struct Receiving {
    pub(super) links: Arc<Links>,
    pub(super) partial: Partial,
    /// The version of the whole blob as it was at the first look.
    pub(super) etag: Option<Arc<str>>,
    pub(super) plan: Plan,
    /// Where finished parts are written down, if the blob can be recognised again.
    pub(super) ledger: Option<Ledger>,
    pub(super) meter: Meter,
    pub(super) busy: Busy,
    pub(super) flusher: Flusher,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) sink: Arc<dyn Sink>,
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
        // `If-Match` is a wish: a cache or gateway on the way may answer with a part of another version all the same.
        if reading.properties.length != self.plan.total() || reading.properties.etag.as_deref() != self.etag.as_deref()
        {
            return Err(changed());
        }
        let flight = self.meter.flight();
        let crc64 = self.write_all(reading, piece, pulse, &flight).await?;
        if let Some(ledger) = self.ledger.clone() {
            let partial = self.partial.clone();
            busily(&self.busy, move || ledger.record(index, crc64).map_err(|error| partial.unwritten(&error))).await?;
        }
        flight.landed(piece.length);
        self.flusher.written(piece.length);
        self.flusher.check()
    }

    /// Writes what comes, and gives its CRC-64.
    async fn write_all(&self, mut reading: Reading, piece: Piece, pulse: &Pulse, flight: &Flight) -> Result<u64> {
        let mut summing = Summing::new(Mode::Crc64);
        let mut received = 0;
        let room = usize::try_from(piece.length).map_or(WRITE_PIECE, |all| all.min(WRITE_PIECE));
        // Copied out of the connection's buffer at once: holding on to what came from it makes the connection take
        // new memory for each read, several times what is needed here.
        let mut gathered = Vec::with_capacity(room);
        while let Some(bytes) = reading.body.next().await {
            let bytes = bytes.map_err(|error| body_error(&error))?;
            pulse.beat();
            flight.moved(bytes.len() as u64);
            if received + gathered.len() as u64 + bytes.len() as u64 > piece.length {
                return Err(Error::new(Kind::Protocol, "the storage service sent more than the range asked for"));
            }
            summing.update(&bytes);
            let mut left = &bytes[..];
            while !left.is_empty() {
                let (fits, rest) = left.split_at(left.len().min(room - gathered.len()));
                gathered.extend_from_slice(fits);
                left = rest;
                if gathered.len() == room {
                    gathered = self.write(gathered, piece.offset + received, pulse).await?;
                    received += room as u64;
                }
            }
        }
        let last = gathered.len() as u64;
        if last > 0 {
            self.write(gathered, piece.offset + received, pulse).await?;
        }
        received += last;
        if received == piece.length {
            return Ok(summing.finish().crc64);
        }
        let text = format!("the answer was cut short: {received} of {} bytes", piece.length);
        Err(Error::new(Kind::Network, text).with_retry(Retry::Later, None))
    }

    /// Writes what was gathered and gives the emptied buffer back.
    async fn write(&self, mut bytes: Vec<u8>, offset: u64, pulse: &Pulse) -> Result<Vec<u8>> {
        let partial = self.partial.clone();
        let bytes = busily(&self.busy, move || {
            partial.write(&bytes, offset)?;
            bytes.clear();
            Ok(bytes)
        })
        .await?;
        pulse.beat();
        Ok(bytes)
    }
}

/// The blob is not the one that was looked at first: the refusal that the service gives for `If-Match`.
fn changed() -> Error {
    Error::new(Kind::Conflict, "the blob was changed while it was downloaded")
        .with_code(CHANGED)
        .with_next_step("download it again when it is no longer written")
}

/// The error inside a body's error; the layer below puts its own there.
fn body_error(error: &std::io::Error) -> Error {
    let known = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    known.cloned().unwrap_or_else(|| {
        Error::new(Kind::Network, format!("the answer was cut short: {error}")).with_retry(Retry::Later, None)
    })
}
