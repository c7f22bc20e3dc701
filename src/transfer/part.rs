//! One try of one part of a download: a ranged Get Blob, written to its place in the partial file.
//!
//! File work runs on threads that may wait. It is not repeated here.

use std::sync::Arc;

use futures_util::StreamExt;
use tokio::sync::RwLock;

use super::PIECE;
use super::ledger::Ledger;
use super::plan::Piece;
use super::stall::Pulse;
use super::target::Partial;
use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::event::Sink;
use crate::base::time::Clock;
use crate::blob::client::Blob;

/// Bytes written at a time: 64 streams hold this much each, beside what their connections hold.
const WRITE_PIECE: usize = PIECE / 2;

/// The code of a refused `If-Match`.
pub(super) const CHANGED: &str = "ConditionNotMet";

/// Held for reading by file work on other threads, which outlives the task that waits for it; whoever can hold it
/// for writing knows that none is left. Without this a cancelled download could still write beside its successor.
pub(super) type Busy = Arc<RwLock<()>>;

/// One try of one part.
pub(super) struct Part {
    pub(super) blob: Blob,
    pub(super) partial: Partial,
    /// The version and length of the whole blob as they were at the first look.
    pub(super) etag: Option<Arc<str>>,
    pub(super) total: u64,
    pub(super) piece: Piece,
    pub(super) index: usize,
    pub(super) ledger: Arc<Ledger>,
    pub(super) busy: Busy,
    pub(super) pulse: Pulse,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) sink: Arc<dyn Sink>,
}

impl Part {
    pub(super) async fn receive(&self) -> Result<()> {
        let Piece { offset, length } = self.piece;
        let mut reading = self.blob.read(offset, length, self.etag.as_deref(), &self.sink).await?;
        // `If-Match` is a wish: a cache or gateway on the way may answer with a part of another version all the same.
        if reading.properties.length != self.total || reading.properties.etag.as_deref() != self.etag.as_deref() {
            return Err(changed());
        }
        let mut received = 0;
        // Copied out of the connection's buffer at once: holding on to what came from it makes the connection take
        // new memory for each read, several times what is needed here.
        let mut gathered = Vec::with_capacity(usize::try_from(length).map_or(WRITE_PIECE, |all| all.min(WRITE_PIECE)));
        while let Some(bytes) = reading.body.next().await {
            let bytes = bytes.map_err(|error| body_error(&error))?;
            self.pulse.beat();
            if received + gathered.len() as u64 + bytes.len() as u64 > length {
                return Err(Error::new(Kind::Protocol, "the storage service sent more than the range asked for"));
            }
            let mut left = &bytes[..];
            while !left.is_empty() {
                let (fits, rest) = left.split_at(left.len().min(WRITE_PIECE - gathered.len()));
                gathered.extend_from_slice(fits);
                left = rest;
                if gathered.len() == WRITE_PIECE {
                    gathered = self.write(gathered, offset + received).await?;
                    received += WRITE_PIECE as u64;
                }
            }
        }
        let last = gathered.len() as u64;
        self.write(gathered, offset + received).await?;
        received += last;
        if received != length {
            return Err(Error::new(Kind::Network, format!("the answer was cut short: {received} of {length} bytes"))
                .with_retry(Retry::Later, None));
        }
        let (ledger, index, now) = (Arc::clone(&self.ledger), self.index, self.clock.monotonic());
        busily(&self.busy, move || ledger.finished(index, now)).await
    }

    /// Writes what was gathered and gives the emptied buffer back.
    async fn write(&self, mut bytes: Vec<u8>, offset: u64) -> Result<Vec<u8>> {
        let partial = self.partial.clone();
        let bytes = busily(&self.busy, move || {
            partial.write(&bytes, offset)?;
            bytes.clear();
            Ok(bytes)
        })
        .await?;
        self.pulse.beat();
        Ok(bytes)
    }
}

/// The blob is not the one that was looked at first: the refusal that the service gives for `If-Match`.
fn changed() -> Error {
    Error::new(Kind::Conflict, "the blob was changed while it was downloaded")
        .with_code(CHANGED)
        .with_next_step("download it again when it is no longer written")
}

/// Runs file work on a thread that may wait.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.map_err(|_| Error::new(Kind::Internal, "a file task ended in a panic"))?
}

/// The same, for work that may outlive its caller.
pub(super) async fn busily<T: Send + 'static>(
    busy: &Busy,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let held = Arc::clone(busy).read_owned().await;
    blocking(move || {
        let _held = held;
        work()
    })
    .await
}

/// The error inside a body's error; the layer below puts its own there.
fn body_error(error: &std::io::Error) -> Error {
    let known = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    known.cloned().unwrap_or_else(|| {
        Error::new(Kind::Network, format!("the answer was cut short: {error}")).with_retry(Retry::Later, None)
    })
}
