//! Single parts of this layer for its benches (`tests/micro`), which cannot reach them otherwise. Only with the feature
//! `micro`; nothing else may use it.

use std::path::Path;
use std::time::Duration;

use futures_util::TryStreamExt;

use super::checksum::integrity::{ChecksumKind, RangeHasher};
use super::checksum::md5::Md5;
use super::file::buffers::BufferPool;
use super::file::source::Source;
use super::schedule::concurrency::Concurrency;
use super::schedule::plan::{ByteRange, Plan};
use super::schedule::scheduler::{Next, Scheduler};
use crate::base::error::Result;
use crate::blob::block::LARGEST_BLOCK;
pub use crate::blob::client::block_list_xml;

/// The CRC-64 of some bytes.
#[must_use]
pub fn crc64(bytes: &[u8]) -> u64 {
    let mut hasher = RangeHasher::new(ChecksumKind::Crc64);
    hasher.update(bytes);
    hasher.finish().crc64
}

/// The MD5 of some bytes.
#[must_use]
pub fn md5(bytes: &[u8]) -> [u8; 16] {
    let mut sum = Md5::new();
    sum.update(bytes);
    sum.finish()
}

/// Plans an upload and walks through its blocks; the sum of their lengths.
///
/// # Errors
/// As the plan of an upload.
pub fn plan(total: u64) -> Result<u64> {
    let plan = Plan::upload(total, None, LARGEST_BLOCK)?;
    Ok((0..plan.count()).map(|index| plan.range(index).length).sum())
}

/// Works off so many ranges by the schedule alone, `streams` at a time, without any work; how many were started.
#[must_use]
pub fn schedule(stretches: usize, streams: usize) -> usize {
    let mut scheduler = Scheduler::new(0..stretches, Concurrency::fixed(streams));
    let (mut flying, mut started) = (std::collections::VecDeque::new(), 0);
    loop {
        match scheduler.next(Duration::ZERO) {
            Next::Start(index) => {
                flying.push_back(index);
                started += 1;
            }
            Next::Wait(_) => match flying.pop_front() {
                Some(index) => scheduler.succeeded(index, 1, Duration::ZERO),
                None => return started,
            },
            Next::Done | Next::Failed(_) => return started,
        }
    }
}

/// One block that is a whole file.
pub struct BlockBody {
    source: Source,
    buffers: BufferPool,
}

impl BlockBody {
    /// A file as one block.
    ///
    /// # Errors
    /// As a file that is uploaded.
    pub fn open(file: &Path) -> Result<Self> {
        Ok(Self { source: Source::open(file)?, buffers: BufferPool::default() })
    }

    fn range(&self) -> ByteRange {
        ByteRange { offset: 0, length: self.source.length() }
    }

    /// Reads the block's body to its end; its length.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn drain(&self) -> std::io::Result<u64> {
        let body = self.source.body(self.range(), &self.buffers, |_, _| {});
        body.try_fold(0, |sum, bytes| async move { Ok(sum + bytes.len() as u64) }).await
    }

    /// The block's CRC-64.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn sum(&self) -> Result<u64> {
        Ok(self.source.digests(self.range(), ChecksumKind::Crc64, &self.buffers, || {})?.crc64)
    }
}
