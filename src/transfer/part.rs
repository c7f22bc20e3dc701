//! One try of one part of a download: a ranged Get Blob, written to its place in the partial file.
//!
//! File work runs on threads that may wait. It is not repeated here.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt;
use tokio::sync::OnceCell;

use super::checksum::integrity::{ChecksumKind, RangeHasher};
use super::file::file_tasks::{FileWork, run_tracked};
use super::link_renewal::RenewableLinks;
use super::partial::flush::Flusher;
use super::partial::partial_file::PartialFile;
use super::progress::meter::{AttemptBytes, Meter};
use super::schedule::idle_timeout::IdleTimer;
use super::schedule::plan::{ByteRange, Plan};
use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::event::Sink;
use crate::base::redaction::plain;
use crate::base::time::Clock;
use crate::blob::client::{Blob, Extent, Length, Reading, Version};

/// Bytes written at a time: each write is handed to a thread that may wait, which costs more than the write itself when
/// it is small.
const WRITE_SIZE: usize = 512 * 1024;

/// The code of a refused `If-Match`.
pub(super) const CHANGED: &str = "ConditionNotMet";

/// The code of an answer that holds something else of the blob than the range that was asked for.
pub(super) const RANGES_IGNORED: &str = "RangesIgnored";

/// What the parts of one download have in common.
pub(super) struct DownloadContext {
    pub(super) links: Arc<RenewableLinks>,
    pub(super) partial: PartialFile,
    /// The tag of the blob at the first look.
    pub(super) etag: Option<Arc<str>>,
    /// What is known of the blob's version: no answer may contradict it. Where the tag is strong, `If-Match` asks for the
    /// same before; of a weak one, or of none, this is all that protects the parts from being of several versions.
    pub(super) version: Mutex<Version>,
    pub(super) plan: Plan,
    pub(super) beginning: Beginning,
    pub(super) meter: Meter,
    pub(super) file_work: FileWork,
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
    pub(super) async fn make(&self, partial: &PartialFile, file_work: &FileWork) -> Result<()> {
        let make = || {
            let (partial, length, first_line) = (partial.clone(), self.length, self.first_line.clone());
            run_tracked(file_work, move || partial.begin(length, first_line))
        };
        self.made.get_or_try_init(make).await?;
        Ok(())
    }
}

impl DownloadContext {
    /// Receives one part.
    pub(super) async fn receive(&self, index: usize) -> Result<()> {
        self.links
            .call(0, |blob| async move {
                let idle_timer = IdleTimer::new(&self.clock);
                idle_timer.watch(self.fetch(&blob, index, &idle_timer)).await
            })
            .await
    }

    async fn fetch(&self, blob: &Blob, index: usize, idle_timer: &IdleTimer) -> Result<()> {
        let range = self.plan.range(index);
        let reading = blob.read(range.offset, range.length, self.etag.as_deref(), &self.sink).await?;
        let total = self.plan.total();
        match reading.extent {
            Extent::Range { total: told } if told.is_none_or(|told| told == total) => {}
            // All of the blob is the first part where that is all of it.
            Extent::Whole(Length::Known(told)) if told == total && range.length == total => {}
            Extent::Range { .. } => return Err(changed()),
            Extent::Whole(_) | Extent::Unplaced => return Err(ranges_ignored()),
        }
        if !self.agrees(&reading.version) {
            return Err(changed());
        }
        self.beginning.make(&self.partial, &self.file_work).await?;
        let attempt = self.meter.attempt();
        let crc64 = self.write_all(reading, range, idle_timer, &attempt).await?;
        let partial = self.partial.clone();
        run_tracked(&self.file_work, move || partial.record(index, crc64)).await?;
        attempt.completed(range.length);
        self.flusher.written(range.length);
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
    async fn write_all(
        &self,
        mut reading: Reading,
        range: ByteRange,
        idle_timer: &IdleTimer,
        attempt: &AttemptBytes,
    ) -> Result<u64> {
        let mut hasher = RangeHasher::new(ChecksumKind::Crc64);
        let mut writer = PartWriter::new(&self.partial, &self.file_work, range.offset, range.length);
        while let Some(bytes) = reading.body.next().await {
            let bytes = bytes.map_err(|error| body_error(&error))?;
            idle_timer.reset();
            attempt.moved(bytes.len() as u64);
            if writer.received() + bytes.len() as u64 > range.length {
                return Err(Error::new(Kind::Protocol, "the blob storage sent more than the requested range"));
            }
            hasher.update(&bytes);
            writer.add(&bytes, idle_timer).await?;
        }
        writer.end(idle_timer).await?;
        if writer.received() == range.length {
            return Ok(hasher.finish().crc64);
        }
        Err(cut_short(writer.received(), range.length))
    }
}

/// Brings the bytes of one body into the partial file, one after the other.
pub(super) struct PartWriter<'a> {
    partial: &'a PartialFile,
    file_work: &'a FileWork,
    /// Where what was gathered belongs.
    offset: u64,
    written: u64,
    /// Copied out of the connection's buffer at once: holding on to what came from it makes the connection take new
    /// memory for each read, several times what is needed here.
    gathered: Vec<u8>,
    room: usize,
}

impl<'a> PartWriter<'a> {
    pub(super) fn new(partial: &'a PartialFile, file_work: &'a FileWork, offset: u64, most: u64) -> Self {
        let room = usize::try_from(most).map_or(WRITE_SIZE, |all| all.min(WRITE_SIZE)).max(1);
        Self { partial, file_work, offset, written: 0, gathered: Vec::with_capacity(room), room }
    }

    pub(super) fn received(&self) -> u64 {
        self.written + self.gathered.len() as u64
    }

    pub(super) async fn add(&mut self, bytes: &[u8], idle_timer: &IdleTimer) -> Result<()> {
        let mut left = bytes;
        while !left.is_empty() {
            let (fits, rest) = left.split_at(left.len().min(self.room - self.gathered.len()));
            self.gathered.extend_from_slice(fits);
            left = rest;
            if self.gathered.len() == self.room {
                self.end(idle_timer).await?;
            }
        }
        Ok(())
    }

    /// Writes what was gathered.
    pub(super) async fn end(&mut self, idle_timer: &IdleTimer) -> Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let length = self.gathered.len() as u64;
        let mut bytes = std::mem::take(&mut self.gathered);
        let (partial, offset) = (self.partial.clone(), self.offset + self.written);
        self.gathered = run_tracked(self.file_work, move || {
            partial.write(&bytes, offset)?;
            bytes.clear();
            Ok(bytes)
        })
        .await?;
        self.written += length;
        idle_timer.reset();
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
fn ranges_ignored() -> Error {
    Error::new(Kind::Protocol, "the blob storage does not serve the requested ranges").with_code(RANGES_IGNORED)
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
