//! The MD5 of whole files, made beside their transfer in a thread of its own.
//!
//! It reads the files itself, one after the other. For an upload it runs at most a bounded lead ahead of what is
//! acknowledged, so that a slow upload does not drive its blocks out of the page cache (transfer design, section 2.4);
//! for a download it follows what has arrived. It may lag as far as it likes.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use md5::{Digest, Md5};
use tokio::task::JoinHandle;

use super::PIECE;
use crate::base::error::{Error, Kind, Result};

/// How far it may read ahead of the acknowledged bytes of an upload.
pub(super) const LEAD: u64 = 256 * 1024 * 1024;

/// A file as this thread reads it. Both calls may wait for a disk.
pub(super) trait Readable: Send + 'static {
    fn length(&self) -> u64;
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<()>;
}

#[derive(Default)]
struct Frontier {
    /// Up to here, counted over all files, it may read.
    open: u64,
    stopped: bool,
}

type Shared = Arc<(Mutex<Frontier>, Condvar)>;

/// The running sums. Dropping it stops the thread.
pub(super) struct WholeMd5 {
    shared: Shared,
    thread: JoinHandle<Result<Vec<[u8; 16]>>>,
}

impl WholeMd5 {
    /// Begins to sum; may read the first `lead` bytes at once. `read` is told of the bytes of each piece.
    pub(super) fn start(files: Vec<impl Readable>, lead: u64, read: impl Fn(u64) + Send + 'static) -> Self {
        let shared = Shared::default();
        change(&shared, |frontier| frontier.open = lead);
        let frontier = Arc::clone(&shared);
        let thread = tokio::task::spawn_blocking(move || {
            let mut summed = 0;
            files.iter().map(|file| sum(file, &mut summed, &frontier, &read)).collect()
        });
        Self { shared, thread }
    }

    /// It may read so many more bytes.
    pub(super) fn advance(&self, bytes: u64) {
        change(&self.shared, |frontier| frontier.open = frontier.open.saturating_add(bytes));
    }

    /// The sums, once every byte has been read.
    pub(super) async fn finish(mut self) -> Result<Vec<[u8; 16]>> {
        let ended = (&mut self.thread).await;
        ended.map_err(|_| Error::new(Kind::Internal, "the checksum thread ended in a panic"))?
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

/// Reads and sums one file; `summed` counts the bytes of all.
fn sum(file: &impl Readable, summed: &mut u64, shared: &Shared, read: &impl Fn(u64)) -> Result<[u8; 16]> {
    let mut digest = Md5::new();
    let mut buffer = vec![0; PIECE];
    let mut offset = 0;
    while offset < file.length() {
        let length = usize::try_from(file.length() - offset).map_or(PIECE, |left| left.min(PIECE));
        {
            let frontier = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
            let end = *summed + length as u64;
            let wait = |frontier: &mut Frontier| !frontier.stopped && end > frontier.open;
            if shared.1.wait_while(frontier, wait).unwrap_or_else(PoisonError::into_inner).stopped {
                return Err(Error::cancelled());
            }
        }
        file.read_at(&mut buffer[..length], offset)?;
        digest.update(&buffer[..length]);
        offset += length as u64;
        *summed += length as u64;
        read(length as u64);
    }
    Ok(digest.finalize().into())
}
