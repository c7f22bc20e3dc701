//! The MD5 of whole files, made beside their transfer in a thread of its own.
//!
//! It reads the files itself, one after the other. For an upload it runs at most a bounded lead ahead of what is
//! acknowledged, so that a slow upload does not drive its blocks out of the page cache (transfer design, section 2.4);
//! for a download it follows what has arrived. It may lag as far as it likes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use md5::{Digest, Md5};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::PIECE;
use crate::base::error::{Error, Kind, Result};

/// How far it may read ahead of the acknowledged bytes of an upload.
pub(super) const LEAD: u64 = 256 * 1024 * 1024;

/// How far what is acknowledged of an upload may run ahead of the sum before no further block is begun. The sum is
/// needed at the end in any case, and where sending is faster, as on a fast network, both only fight for the
/// processors: a sum that had fallen behind made such uploads a third slower.
const AHEAD: u64 = 16 * 1024 * 1024;

/// How often those who wait for the sum are told how far it is; less than [`AHEAD`], so that what is left untold of the
/// end holds nobody back.
const STEP: u64 = AHEAD / 4;

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
    summed: watch::Receiver<u64>,
    thread: JoinHandle<Result<Vec<[u8; 16]>>>,
}

/// Holds blocks back while the sum is too far behind.
pub(super) struct Leash {
    summed: watch::Receiver<u64>,
    acknowledged: AtomicU64,
}

impl Leash {
    /// Waits until another block may be begun. The sum may always come as far as what is acknowledged, so this ends.
    pub(super) async fn next(&self) {
        let acknowledged = self.acknowledged.load(Ordering::Relaxed);
        // A sum that has failed holds nothing back; its error is told when it is asked for.
        drop(self.summed.clone().wait_for(|summed| acknowledged <= summed.saturating_add(AHEAD)).await);
    }

    /// So many more bytes of this run were acknowledged.
    pub(super) fn acknowledged(&self, bytes: u64) {
        self.acknowledged.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl WholeMd5 {
    /// Begins to sum; may read the first `lead` bytes at once. `read` is told of the bytes of each piece.
    pub(super) fn start(files: Vec<impl Readable>, lead: u64, read: impl Fn(u64) + Send + 'static) -> Self {
        let shared = Shared::default();
        change(&shared, |frontier| frontier.open = lead);
        let frontier = Arc::clone(&shared);
        let (told, summed) = watch::channel(0);
        let thread = tokio::task::spawn_blocking(move || {
            let mut total = 0;
            let read = |bytes| {
                total += bytes;
                // Everybody who waits wakes up at each, so they are told now and then.
                told.send_if_modified(|known| {
                    let due = total >= *known + STEP;
                    if due {
                        *known = total;
                    }
                    due
                });
                read(bytes);
            };
            let (mut summed, mut read) = (0, read);
            files.iter().map(|file| sum(file, &mut summed, &frontier, &mut read)).collect()
        });
        Self { shared, summed, thread }
    }

    /// What holds blocks back that are sent meanwhile.
    pub(super) fn leash(&self) -> Leash {
        Leash { summed: self.summed.clone(), acknowledged: AtomicU64::new(0) }
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
fn sum(file: &impl Readable, summed: &mut u64, shared: &Shared, read: &mut impl FnMut(u64)) -> Result<[u8; 16]> {
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
