//! One try of one part of a download: a ranged Get Blob, written to its place in the partial file.
//!
//! File work runs on threads that may wait. It is not repeated here.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::sync::RwLock;

use super::PIECE;
use super::plan::Piece;
use super::stall::Pulse;
use super::target::{Ledger, Partial};
use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::event::Sink;
use crate::base::time::Clock;
use crate::blob::client::Blob;

/// Held for reading by file work on other threads, which outlives the task that waits for it; whoever can hold it
/// for writing knows that none is left. Without this a cancelled download could still write beside its successor.
pub(super) type Busy = Arc<RwLock<()>>;

/// One try of one part.
pub(super) struct Part {
    pub(super) blob: Blob,
    pub(super) partial: Partial,
    pub(super) etag: Option<Arc<str>>,
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
        let mut received = 0;
        let mut gathered = BytesMut::new();
        while let Some(bytes) = reading.body.next().await {
            let bytes = bytes.map_err(|error| body_error(&error))?;
            self.pulse.beat();
            if received + gathered.len() as u64 + bytes.len() as u64 > length {
                return Err(Error::new(Kind::Protocol, "the storage service sent more than the range asked for"));
            }
            gathered.extend_from_slice(&bytes);
            if gathered.len() >= PIECE {
                received += self.write(gathered.split().freeze(), offset + received).await?;
            }
        }
        received += self.write(gathered.freeze(), offset + received).await?;
        if received != length {
            return Err(Error::new(Kind::Network, format!("the answer was cut short: {received} of {length} bytes"))
                .with_retry(Retry::Later, None));
        }
        let (ledger, index, now) = (Arc::clone(&self.ledger), self.index, self.clock.monotonic());
        busily(&self.busy, move || ledger.finished(index, now)).await
    }

    async fn write(&self, bytes: Bytes, offset: u64) -> Result<u64> {
        let (partial, count) = (self.partial.clone(), bytes.len() as u64);
        busily(&self.busy, move || partial.write(&bytes, offset)).await?;
        self.pulse.beat();
        Ok(count)
    }
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
