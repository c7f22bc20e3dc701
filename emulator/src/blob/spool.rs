//! Files that hold the bytes of blocks: one file per block, written as the bytes arrive, removed with its last use.

use std::collections::HashSet;
use std::fs::File;
use std::io::{IoSlice, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;

use super::checksum::{Computed, Summing};
use super::error::BlobError;
use crate::http::{BodyError, RequestBody};

/// Bytes that are written at once; an upload holds two of these at most.
const BATCH: usize = 512 << 10;

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

    /// Streams a body into a new file and computes its checksum on the way. A thread is busy with it only while a batch is
    /// written, and the next batch is received meanwhile: a client that sends nothing holds none.
    pub(crate) async fn receive(
        &self,
        body: &mut RequestBody,
        summing: Summing,
    ) -> Result<(Extent, Computed), Refusal> {
        let spool = self.fresh();
        let mut writing = tokio::task::spawn_blocking(move || Writing::create(spool, summing));
        let mut batch: Vec<Bytes> = Vec::new();
        let mut size = 0;
        while let Some(piece) = body.next().await? {
            size += piece.len();
            batch.push(piece);
            if size >= BATCH {
                let full = std::mem::take(&mut batch);
                size = 0;
                let written = done(writing.await)?;
                writing = tokio::task::spawn_blocking(move || written.append(&full));
            }
        }
        let written = done(writing.await)?;
        let written = done(tokio::task::spawn_blocking(move || written.append(&batch)).await)?;
        Ok(written.finish())
    }

    /// Writes bytes at hand into a new file.
    pub(crate) fn store(&self, bytes: &[u8]) -> std::io::Result<Extent> {
        let spool = self.fresh();
        std::fs::write(&spool.path, bytes)?;
        Ok(Extent { spool: Arc::new(spool), length: bytes.len() as u64 })
    }
}

fn done<T>(outcome: Result<std::io::Result<T>, tokio::task::JoinError>) -> Result<T, BlobError> {
    let outcome = outcome.map_err(|failure| BlobError::internal(&failure))?;
    outcome.map_err(|failure| BlobError::internal(&failure))
}

/// A file that grows. Its functions run on a blocking thread.
struct Writing {
    spool: Spool,
    file: File,
    length: u64,
    summing: Summing,
}

impl Writing {
    fn create(spool: Spool, summing: Summing) -> std::io::Result<Self> {
        let file = File::create(&spool.path)?;
        Ok(Self { spool, file, length: 0, summing })
    }

    fn append(mut self, batch: &[Bytes]) -> std::io::Result<Self> {
        for piece in batch {
            self.summing.add(piece);
            self.length += piece.len() as u64;
        }
        // A write of nothing but empty pieces would look like a full disk.
        let pieces = batch.iter().filter(|piece| !piece.is_empty());
        let mut slices: Vec<IoSlice<'_>> = pieces.map(|piece| IoSlice::new(piece)).collect();
        let mut left = slices.as_mut_slice();
        while !left.is_empty() {
            match self.file.write_vectored(left) {
                Ok(0) => return Err(std::io::ErrorKind::WriteZero.into()),
                Ok(count) => IoSlice::advance_slices(&mut left, count),
                Err(failure) if failure.kind() == std::io::ErrorKind::Interrupted => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(self)
    }

    fn finish(self) -> (Extent, Computed) {
        (Extent { spool: Arc::new(self.spool), length: self.length }, self.summing.finish())
    }
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
