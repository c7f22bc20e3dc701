//! The whole file's MD5, made beside the upload in a thread of its own.
//!
//! It reads the file itself and runs at most a bounded lead ahead of what is acknowledged, so that a slow upload
//! does not drive its blocks out of the page cache; it may lag as far as it likes (transfer design, section 2.4).

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use md5::{Digest, Md5};
use tokio::task::JoinHandle;

use super::PIECE;
use super::source::Source;
use crate::base::error::{Error, Kind, Result};

/// How far it may read ahead of the acknowledged bytes.
const LEAD: u64 = 256 * 1024 * 1024;

#[derive(Default)]
struct Frontier {
    acknowledged: u64,
    stopped: bool,
}

type Shared = Arc<(Mutex<Frontier>, Condvar)>;

/// The running sum. Dropping it stops the thread.
pub(super) struct WholeMd5 {
    shared: Shared,
    thread: JoinHandle<Result<Option<[u8; 16]>>>,
}

impl WholeMd5 {
    pub(super) fn start(source: Source) -> Self {
        let shared = Shared::default();
        let frontier = Arc::clone(&shared);
        let thread = tokio::task::spawn_blocking(move || sum(&source, &frontier));
        Self { shared, thread }
    }

    /// So many more bytes were acknowledged.
    pub(super) fn advance(&self, bytes: u64) {
        change(&self.shared, |frontier| frontier.acknowledged += bytes);
    }

    /// The sum, once every byte has been read.
    pub(super) async fn finish(mut self) -> Result<[u8; 16]> {
        let ended = (&mut self.thread).await;
        let sum = ended.map_err(|_| Error::new(Kind::Internal, "the checksum thread ended in a panic"))??;
        sum.ok_or_else(Error::cancelled)
    }
}

impl Drop for WholeMd5 {
    fn drop(&mut self) {
        change(&self.shared, |frontier| frontier.stopped = true);
    }
}

fn change(shared: &Shared, change: impl FnOnce(&mut Frontier)) {
    change(&mut shared.0.lock().unwrap_or_else(PoisonError::into_inner));
    shared.1.notify_all();
}

/// Reads and sums; `None` when it was stopped.
fn sum(source: &Source, shared: &Shared) -> Result<Option<[u8; 16]>> {
    let mut digest = Md5::new();
    let mut buffer = vec![0; PIECE];
    let mut offset = 0;
    while offset < source.length() {
        {
            let frontier = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
            let wait =
                |frontier: &mut Frontier| !frontier.stopped && offset > frontier.acknowledged.saturating_add(LEAD);
            let frontier = shared.1.wait_while(frontier, wait).unwrap_or_else(PoisonError::into_inner);
            if frontier.stopped {
                return Ok(None);
            }
        }
        let length = usize::try_from(source.length() - offset).map_or(PIECE, |left| left.min(PIECE));
        source.read(&mut buffer[..length], offset)?;
        digest.update(&buffer[..length]);
        offset += length as u64;
    }
    Ok(Some(digest.finalize().into()))
}
