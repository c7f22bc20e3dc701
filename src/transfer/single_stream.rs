//! A blob of which no ranges are to be had, or that nobody tells the length of, received as one stream from its first
//! byte to its last. It cannot be resumed, so each try begins again.
//!
//! What says that the stream was all: the length that the answer tells, or the mark of its end on the wire, or the length
//! that was told before. Without any of these nothing is kept, because a connection that ends looks the same.

use std::sync::Arc;

use futures_util::StreamExt;

use super::checksum::md5::Md5;
use super::download_job::{DownloadJob, Fetched};
use super::engine::Engine;
use super::file::file_tasks::{FileWork, run_tracked};
use super::link_renewal::RenewableLinks;
use super::part::{PartWriter, body_error, changed, cut_short};
use super::partial::flush::Flusher;
use super::partial::partial_file::PartialFile;
use super::progress::meter::Meter;
use super::progress::rate::{TransferFigures, UNKNOWN};
use super::schedule::idle_timeout::IdleTimer;
use super::schedule::runner::Runner;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::{Phase, Sink};
use crate::base::time::Clock;
use crate::blob::client::{Blob, Extent, Length, Properties};

/// A blob that is received as one stream.
pub(super) struct SingleStream {
    pub(super) links: Arc<RenewableLinks>,
    pub(super) partial: PartialFile,
    /// What was told before.
    pub(super) known: Option<Properties>,
    pub(super) meter: Meter,
    pub(super) file_work: FileWork,
    pub(super) flusher: Flusher,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) sink: Arc<dyn Sink>,
}

/// What has arrived.
pub(super) struct StreamOutcome {
    pub(super) length: u64,
    /// Whether the storage told that length.
    pub(super) told: bool,
    /// The MD5 that the storage told, and the one of what has arrived.
    pub(super) md5: Option<([u8; 16], [u8; 16])>,
}

impl Engine {
    /// Brings the blob into the partial file as one stream, and checks it.
    pub(super) async fn fetch_single_stream(
        &self,
        job: &DownloadJob,
        known: Option<Properties>,
        runner: Runner<'_>,
        retries: &mut u64,
    ) -> Result<Fetched> {
        let figures = TransferFigures::new(Phase::Downloading, &job.name, UNKNOWN, 0, 1, 0, self.clock.monotonic());
        let stream = Arc::new(SingleStream {
            links: Arc::clone(&job.links),
            partial: job.partial.clone(),
            known,
            meter: Meter::start(figures, &self.clock, runner.sink),
            file_work: Arc::clone(&job.file_work),
            flusher: Flusher::new(job.partial.clone(), Arc::clone(&job.file_work)),
            clock: Arc::clone(&self.clock),
            sink: Arc::clone(runner.sink),
        });
        let call = runner.call("the blob", || {
            let stream = Arc::clone(&stream);
            async move { stream.receive().await }
        });
        let outcome = stream.meter.watching(call).await;
        let flushed = stream.flusher.finish().await;
        let (StreamOutcome { length, told, md5 }, repeated) = outcome?;
        *retries += repeated;
        flushed?;
        job.verify(length, None, runner).await?;
        let verified = match md5 {
            Some((expected, found)) if expected != found => return Err(job.damaged(expected, found)?),
            md5 => md5.map(|(expected, _)| expected),
        };
        Ok(Fetched { bytes: length, told, verified, resumed_bytes: 0 })
    }
}

impl SingleStream {
    /// Receives the blob.
    pub(super) async fn receive(&self) -> Result<StreamOutcome> {
        self.links
            .call(0, |blob| async move {
                let idle_timer = IdleTimer::new(&self.clock);
                idle_timer.watch(self.fetch(&blob, &idle_timer)).await
            })
            .await
    }

    async fn fetch(&self, blob: &Blob, idle_timer: &IdleTimer) -> Result<StreamOutcome> {
        let mut reading = blob.read_whole(&self.sink).await?;
        let known = self.known.as_ref().filter(|known| !known.version().contradicts(&reading.version));
        let before = known.map(|known| known.length).filter(|length| *length > 0);
        let length = match reading.extent {
            Extent::Whole(Length::Known(length)) => Some(length),
            Extent::Whole(Length::Marked) => before,
            _ => Some(before.ok_or_else(unmeasured)?),
        };
        let partial = self.partial.clone();
        run_tracked(&self.file_work, move || partial.begin(length.unwrap_or(0), None)).await?;
        if let Some(length) = length {
            self.meter.has_total(length);
        }
        let expected = reading.content_md5.or_else(|| known.and_then(|known| known.content_md5));
        let mut md5 = expected.map(|expected| (expected, Md5::new()));
        let attempt = self.meter.attempt();
        let mut writer = PartWriter::new(&self.partial, &self.file_work, 0, u64::MAX);
        while let Some(bytes) = reading.body.next().await {
            let bytes = bytes.map_err(|error| body_error(&error))?;
            idle_timer.reset();
            attempt.moved(bytes.len() as u64);
            if length.is_some_and(|length| writer.received() + bytes.len() as u64 > length) {
                return Err(changed());
            }
            if let Some((_, md5)) = &mut md5 {
                md5.update(&bytes);
            }
            writer.add(&bytes, idle_timer).await?;
            self.flusher.written(bytes.len() as u64);
            self.flusher.check()?;
        }
        writer.end(idle_timer).await?;
        let received = writer.received();
        if let Some(length) = length.filter(|length| *length != received) {
            return Err(cut_short(received, length));
        }
        self.meter.has_total(received);
        attempt.completed(received);
        let md5 = md5.map(|(expected, md5)| (expected, md5.finish()));
        Ok(StreamOutcome { length: received, told: length.is_some(), md5 })
    }
}

fn unmeasured() -> Error {
    Error::new(
        Kind::Protocol,
        "the blob storage does not return the size of the blob, so a truncated download could not be detected",
    )
    .with_next_step("download it without the proxy or gateway in front of the blob storage (HTTPS_PROXY, NO_PROXY)")
}
