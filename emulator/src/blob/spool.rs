//! Files that hold the bytes of blocks: one file per block, written as the bytes arrive, removed with its last use.

use std::collections::HashSet;
use std::fs::File;
use std::io::{IoSlice, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::checksum::{Computed, Summing};
use super::error::BlobError;
use crate::http::{BodyError, RequestBody};

/// Bytes handed to the writing thread at once.
const BATCH: usize = 512 << 10;
/// Batches waiting for the writing thread at most; with `BATCH` the bound of memory per upload.
const WAITING: usize = 4;

/// The folder the files lie in.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    keep: Arc<AtomicBool>,
    next: AtomicU64,
}

/// One file; removed when dropped, unless the folder is kept.
#[derive(Debug)]
pub(crate) struct Spool {
    name: String,
    path: PathBuf,
    keep: Arc<AtomicBool>,
}

/// The bytes of one block.
#[derive(Clone, Debug)]
pub(crate) struct Extent {
    pub(crate) spool: Arc<Spool>,
    pub(crate) length: u64,
}

/// Why bytes could not be taken in.
#[derive(Debug)]
pub(crate) enum Refusal {
    Body(BodyError),
    Blob(BlobError),
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

impl From<BlobError> for Refusal {
    fn from(error: BlobError) -> Self {
        Self::Blob(error)
    }
}

impl Folder {
    /// A folder that exists. Numbering goes on behind the files already there.
    pub(crate) fn open(path: PathBuf) -> Self {
        let taken = std::fs::read_dir(&path).into_iter().flatten().flatten();
        let highest = taken.filter_map(|entry| entry.file_name().to_str()?.parse::<u64>().ok()).max();
        Self { path, keep: Arc::new(AtomicBool::new(false)), next: AtomicU64::new(highest.map_or(0, |last| last + 1)) }
    }

    /// Removes files no blob uses: what an earlier run left when it was killed during an upload.
    pub(crate) fn remove_others(&self, used: &HashSet<String>) {
        for entry in std::fs::read_dir(&self.path).into_iter().flatten().flatten() {
            if entry.file_name().to_str().is_none_or(|name| !used.contains(name)) {
                // A file that stays costs space only.
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    /// From now on files stay when their last use ends.
    pub(crate) fn keep(&self) {
        self.keep.store(true, Ordering::SeqCst);
    }

    /// The file with this name, kept by an earlier run.
    pub(crate) fn kept(&self, name: &str) -> Spool {
        Spool { name: name.to_owned(), path: self.path.join(name), keep: Arc::clone(&self.keep) }
    }

    fn fresh(&self) -> Spool {
        self.kept(&self.next.fetch_add(1, Ordering::SeqCst).to_string())
    }

    /// Streams a body into a new file and sums it up on the way.
    pub(crate) async fn receive(
        &self,
        body: &mut RequestBody,
        summing: Summing,
    ) -> Result<(Extent, Computed), Refusal> {
        let (to_writer, batches) = mpsc::channel(WAITING);
        let spool = self.fresh();
        let writer = tokio::task::spawn_blocking(move || write(spool, batches, summing));
        let mut batch: Vec<Bytes> = Vec::new();
        let mut size = 0;
        while let Some(piece) = body.next().await? {
            size += piece.len();
            batch.push(piece);
            if size >= BATCH {
                size = 0;
                if to_writer.send(std::mem::take(&mut batch)).await.is_err() {
                    break; // The writer failed; its error is picked up below.
                }
            }
        }
        if !batch.is_empty() {
            // As above: a writer that is gone tells why below.
            let _ = to_writer.send(batch).await;
        }
        drop(to_writer);
        let written = writer.await.map_err(|failure| BlobError::internal(&failure))?;
        Ok(written.map_err(|failure| BlobError::internal(&failure))?)
    }

    /// Writes bytes at hand into a new file.
    pub(crate) fn store(&self, bytes: &[u8]) -> std::io::Result<Extent> {
        let spool = self.fresh();
        std::fs::write(&spool.path, bytes)?;
        Ok(Extent { spool: Arc::new(spool), length: bytes.len() as u64 })
    }
}

/// Runs on a blocking thread.
fn write(
    spool: Spool,
    mut batches: mpsc::Receiver<Vec<Bytes>>,
    mut summing: Summing,
) -> std::io::Result<(Extent, Computed)> {
    let mut file = File::create(&spool.path)?;
    let mut length = 0;
    while let Some(batch) = batches.blocking_recv() {
        for piece in &batch {
            summing.add(piece);
            length += piece.len() as u64;
        }
        let mut slices: Vec<IoSlice<'_>> = batch.iter().map(|piece| IoSlice::new(piece)).collect();
        let mut left = slices.as_mut_slice();
        while !left.is_empty() {
            match file.write_vectored(left) {
                Ok(0) => return Err(std::io::ErrorKind::WriteZero.into()),
                Ok(count) => IoSlice::advance_slices(&mut left, count),
                Err(failure) if failure.kind() == std::io::ErrorKind::Interrupted => {}
                Err(failure) => return Err(failure),
            }
        }
    }
    Ok((Extent { spool: Arc::new(spool), length }, summing.finish()))
}

impl Spool {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if !self.keep.load(Ordering::SeqCst) {
            // Nothing is left to do about a file that cannot be removed; the folder goes at the end.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
