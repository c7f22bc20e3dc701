//! One download that may begin: its partial file, the parts of it that are there, and the comparison at its end.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::checksum::file_md5::FileMd5;
use super::checksum::integrity::base64;
use super::file::file_tasks::{FileWork, FileWorkGuard};
use super::journal::format::{DownloadKey, Journal, ResumeDecision, decide_download, first_line};
use super::journal::verify::verify_completed;
use super::link_renewal::RenewableLinks;
use super::part::Beginning;
use super::partial::partial_file::PartialFile;
use super::schedule::idle_timeout::IdleTimer;
use super::schedule::plan::Plan;
use super::schedule::runner::Runner;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::{Event, Sink};
use crate::base::readable::Readable;
use crate::base::time::Clock;
use crate::blob::client::{Blob, Properties};

/// One download that may begin.
pub(super) struct DownloadJob {
    pub(super) links: Arc<RenewableLinks>,
    pub(super) partial: PartialFile,
    /// The blob's address without its query.
    pub(super) base: String,
    /// The blob's name.
    pub(super) name: String,
    pub(super) file_work: FileWork,
}

impl DownloadJob {
    /// A call about the blob that moves little, ended when nothing moves.
    pub(super) fn asking<T, Task: Future<Output = Result<T>>, Ask: Fn(Blob, Arc<dyn Sink>) -> Task>(
        &self,
        clock: &Arc<dyn Clock>,
        sink: &Arc<dyn Sink>,
        ask: Ask,
    ) -> impl Future<Output = Result<T>> + use<T, Task, Ask> {
        let (links, clock, sink) = (Arc::clone(&self.links), Arc::clone(clock), Arc::clone(sink));
        async move {
            let (clock, sink, ask) = (&clock, &sink, &ask);
            let watched = |blob: Blob| async move { IdleTimer::new(clock).watch(ask(blob, Arc::clone(sink))).await };
            links.call(0, watched).await
        }
    }

    /// Goes on with what is there, or prepares a new start. Gives that, and the parts that are there.
    pub(super) async fn begin(
        &self,
        properties: &Properties,
        plan: Plan,
        runner: Runner<'_>,
    ) -> Result<(Beginning, BTreeSet<usize>)> {
        let current = DownloadKey::new(&self.base, properties, plan);
        let (lines, length) = (self.partial.lines()?, self.partial.length()?);
        match decide_download(current.as_ref(), Some(&lines), Some(length), plan) {
            ResumeDecision::Resume(Journal { claims, length, .. }) => {
                let good = verify_completed(self.written(plan.total()).await, &self.name, plan, claims, runner).await?;
                let text = format!("resuming: {} of {} parts already downloaded", good.len(), plan.count());
                runner.sink.event(Event::info(text));
                self.partial.resume(length)?;
                return Ok((Beginning::resumed(), good));
            }
            ResumeDecision::Restart(why) => {
                let text = format!("the partial file cannot be resumed ({why}); restarting the download");
                runner.sink.event(Event::info(text));
            }
            ResumeDecision::Fresh => {}
        }
        let first_line = current.map(|current| first_line(&current)).transpose();
        let first_line = first_line
            .map_err(|error| Error::new(Kind::Internal, format!("the journal cannot be written: {error}")))?;
        let beginning = Beginning::new(plan.total(), first_line);
        // Where there is nothing to lose, whether there is room is known before the first part is asked for.
        if lines.is_empty() {
            beginning.make(&self.partial, &self.file_work).await?;
        }
        Ok((beginning, BTreeSet::new()))
    }

    /// Compares the partial file with what the service told. A file that differs is removed.
    pub(super) async fn verify(
        &self,
        expected_length: u64,
        whole: Option<Verification>,
        runner: Runner<'_>,
    ) -> Result<Option<[u8; 16]>> {
        let length = self.partial.length()?;
        if length != expected_length {
            self.partial.discard()?;
            return Err(differs(&self.name, &format!("expected {expected_length} bytes but received {length}")));
        }
        let Some(whole) = whole else { return Ok(None) };
        let expected = whole.expected;
        let found = whole.md5.finish(&self.name, runner).await?;
        if found != [expected] {
            return Err(self.damaged(expected, found.first().copied().unwrap_or_default())?);
        }
        Ok(Some(expected))
    }

    /// The error of a file whose MD5 is another one. The file is removed.
    pub(super) fn damaged(&self, expected: [u8; 16], found: [u8; 16]) -> Result<Error> {
        self.partial.discard()?;
        Ok(differs(&self.name, &format!("expected MD5 {} but found {}", base64(expected), base64(found))))
    }

    /// The partial file for a reader that may outlive this download.
    pub(super) async fn written(&self, length: u64) -> Written {
        Written { partial: self.partial.clone(), length, _held: Arc::clone(&self.file_work).read_owned().await }
    }
}

/// The partial file as it is read.
pub(super) struct Written {
    partial: PartialFile,
    length: u64,
    _held: FileWorkGuard,
}

impl Readable for Written {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
        self.partial.read(buffer, offset)
    }
}

/// The comparison with the blob's MD5, made while the parts arrive.
pub(super) struct Verification {
    expected: [u8; 16],
    pub(super) md5: FileMd5,
}

impl Verification {
    pub(super) async fn start(job: &DownloadJob, length: u64, expected: [u8; 16]) -> Result<Self> {
        let file = job.written(length).await;
        Ok(Self { expected, md5: FileMd5::start(vec![file], 0)? })
    }
}

/// What was brought into the partial file.
pub(super) struct Fetched {
    pub(super) bytes: u64,
    /// Whether the service told the length.
    pub(super) told: bool,
    pub(super) verified: Option<[u8; 16]>,
    pub(super) resumed_bytes: u64,
}

fn differs(name: &str, how: &str) -> Error {
    Error::new(Kind::Integrity, format!("the download of '{name}' is corrupt: {how}"))
        .with_next_step("download it again; the corrupt file was deleted")
}
