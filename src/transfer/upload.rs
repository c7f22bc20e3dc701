//! One file to a block blob: parallel Put Block, then one Put Block List.
//!
//! Everything that can be refused is refused before the first request. What can be repeated is decided in
//! `drive.rs`; this file says what one block's try consists of.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use super::Engine;
use super::drive::{Driver, Verdict};
pub use super::integrity::Integrity;
use super::integrity::{Mode, base64};
use super::pace::Pace;
use super::plan::Plan;
use super::schedule::Schedule;
use super::source::Source;
use super::stall::Pulse;
use super::whole::WholeMd5;
use crate::base::cancel::CancelToken;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::{Event, Phase, Progress, Sink};
use crate::base::model::package::check_package_name;
use crate::base::secret::SafeUrl;
use crate::blob::block::{BlockId, Checksum};
use crate::blob::client::Blob;
use crate::blob::is_unknown_checksum;
use crate::blob::link::{Access, Scope, check_link, largest_block};

/// The most streams of a transfer; as many connections are kept open.
pub(super) const MOST_STREAMS: usize = 64;

/// How a file is uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadOptions {
    /// Blocks sent at a time, 1 to 64.
    pub streams: usize,
    /// Bytes per block; chosen by the file's size when not given.
    pub block_size: Option<u64>,
    /// The checksum of each block.
    pub integrity: Integrity,
    /// Whether the whole file's MD5 is stored with the blob.
    pub content_md5: bool,
}

impl Default for UploadOptions {
    fn default() -> Self {
        Self { streams: 16, block_size: None, integrity: Integrity::Auto, content_md5: true }
    }
}

/// What is uploaded to where.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The file.
    pub file: PathBuf,
    /// The link to the container.
    pub container: SafeUrl,
    /// The blob's name in it; follows the rule for packages.
    pub blob_name: String,
    /// How.
    pub options: UploadOptions,
}

/// What was uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadReceipt {
    /// The blob's name.
    pub blob_name: String,
    /// Its length.
    pub bytes: u64,
    /// The whole file's MD5 in Base64, as it is stored with the blob, unless that was not wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_md5: Option<String>,
    /// Blocks it was sent in.
    pub blocks: u64,
    /// Requests that were repeated.
    pub retries: u64,
    /// The checksum each block carried: `crc64` or `contentMd5`.
    pub integrity: &'static str,
}

impl Engine {
    /// Uploads a file as a package. An existing blob of that name is replaced, unless it is leased.
    ///
    /// # Errors
    /// `InvalidArgument`, `NotFound`, `LinkExpired` and `Forbidden` before any request; the service's refusals; what
    /// still failed after being repeated; `Integrity` when the file changed meanwhile; `Cancelled`. Nothing is
    /// committed when this fails before its last step.
    pub async fn upload(&self, upload: &Upload, sink: &Arc<dyn Sink>, cancel: &CancelToken) -> Result<UploadReceipt> {
        cancel.check()?;
        let job = self.prepare(upload)?;
        let driver = Driver { clock: &self.clock, entropy: &self.entropy, sink, cancel };
        let whole = upload.options.content_md5.then(|| WholeMd5::start(job.source.clone()));
        let mut schedule = Schedule::new(0..job.plan.count(), upload.options.streams);
        self.stage(&job, driver, &mut schedule, whole.as_ref()).await?;

        let md5 = match whole {
            Some(whole) => Some(cancel.run(whole.finish()).await??),
            None => None,
        };
        job.source.check_unchanged()?;
        sink.event(Event::Progress(Progress::new(Phase::Committing, &upload.blob_name)));
        let commit_retries = self.commit(&job, driver, md5).await?;
        Ok(UploadReceipt {
            blob_name: upload.blob_name.clone(),
            bytes: job.plan.total(),
            content_md5: md5.map(base64),
            blocks: job.plan.count() as u64,
            retries: schedule.retries() + commit_retries,
            integrity: job.checksums.mode().word(),
        })
    }

    /// Everything that can be known before the first request.
    fn prepare(&self, upload: &Upload) -> Result<Job> {
        let options = &upload.options;
        check_package_name("blobName", &upload.blob_name)?;
        // A URL's "." and ".." would be resolved on the way and leave the container.
        if upload.blob_name.split('/').any(|segment| matches!(segment, "." | "..")) {
            return Err(Error::invalid("blobName", "must not contain '.' or '..' as a part of its path"));
        }
        check_streams(options.streams)?;
        check_link("sasUrl", &upload.container, Access::Write, Scope::Container, self.clock.unix_ms())?;
        let mode = Mode::choose(options.integrity, &upload.container)?;
        let source = Source::open(&upload.file)?;
        let plan = Plan::upload(source.length(), options.block_size, largest_block(&upload.container))?;
        let id = self.entropy.uuid();
        Ok(Job {
            blob: self.store.blob(&upload.container.join_segment(&upload.blob_name))?,
            name: upload.blob_name.clone(),
            ids: (0..plan.count()).map(|index| BlockId::new(id, u32::try_from(index).unwrap_or(u32::MAX))).collect(),
            checksums: Arc::new(Checksums::new(mode, options.integrity == Integrity::Auto, plan.count())),
            source,
            plan,
        })
    }

    async fn stage(
        &self,
        job: &Job,
        driver: Driver<'_>,
        schedule: &mut Schedule,
        whole: Option<&WholeMd5>,
    ) -> Result<()> {
        let (plan, sink) = (job.plan, driver.sink);
        let mut pace = Pace::new(Phase::Uploading, &job.name, plan.total(), 0, plan.count(), 0, self.clock.monotonic());
        sink.event(Event::Progress(pace.report(self.clock.monotonic())));
        driver
            .run(
                schedule,
                |index| format!("block {} of {}", index + 1, plan.count()),
                |index| {
                    let block =
                        Block { job: job.clone(), index, pulse: Pulse::new(&self.clock), sink: Arc::clone(sink) };
                    async move { block.pulse.clone().watch(block.send()).await }
                },
                |index, ()| {
                    let length = plan.piece(index).length;
                    if let Some(whole) = whole {
                        whole.advance(length);
                    }
                    if let Some(progress) = pace.add(length, self.clock.monotonic()) {
                        sink.event(Event::Progress(progress));
                    }
                },
                |index, error| {
                    if is_unknown_checksum(&error) && job.checksums.switch(index) {
                        let text = "the storage service does not know CRC-64; going on with Content-MD5";
                        if job.checksums.switched_now() {
                            sink.event(Event::verbose(text));
                        }
                        return Verdict::Again;
                    }
                    Verdict::Judge(error)
                },
            )
            .await
    }

    async fn commit(&self, job: &Job, driver: Driver<'_>, md5: Option<[u8; 16]>) -> Result<u64> {
        let ((), retries) = driver
            .call("the block list", || {
                let (job, pulse, sink) = (job.clone(), Pulse::new(&self.clock), Arc::clone(driver.sink));
                async move { pulse.watch(job.blob.commit(&job.ids, md5, &sink)).await }
            })
            .await?;
        Ok(retries)
    }
}

/// Checks a number of streams.
pub(super) fn check_streams(streams: usize) -> Result<()> {
    if (1..=MOST_STREAMS).contains(&streams) {
        return Ok(());
    }
    Err(Error::invalid("streams", format!("must be between 1 and {MOST_STREAMS}")))
}

/// An upload that may begin. Cheap to clone but for the ids, which are shared.
#[derive(Clone)]
struct Job {
    blob: Blob,
    name: String,
    ids: Arc<[BlockId]>,
    checksums: Arc<Checksums>,
    source: Source,
    plan: Plan,
}

/// One try of one block.
struct Block {
    job: Job,
    index: usize,
    pulse: Pulse,
    sink: Arc<dyn Sink>,
}

impl Block {
    async fn send(&self) -> Result<()> {
        let (job, index) = (&self.job, self.index);
        let piece = job.plan.piece(index);
        let mode = job.checksums.mode();
        let (source, pulse) = (job.source.clone(), self.pulse.clone());
        let summed = tokio::task::spawn_blocking(move || source.checksum(piece, mode, &pulse)).await;
        let checksum = summed.map_err(|_| Error::new(Kind::Internal, "a checksum task ended in a panic"))??;
        if !job.checksums.keep(index, checksum) {
            return Err(job.source.changed());
        }
        let body = job.source.body(piece, &self.pulse);
        job.blob.stage_block(&job.ids[index], piece.length, body, checksum, &self.sink).await
    }
}

/// The checksum in use, and the sum that each block had when it was first read: a repeated block whose sum differs
/// means that the file changed.
struct Checksums {
    content_md5: AtomicBool,
    may_switch: bool,
    announced: AtomicBool,
    kept: Mutex<Vec<Option<Checksum>>>,
}

impl Checksums {
    fn new(mode: Mode, may_switch: bool, blocks: usize) -> Self {
        Self {
            content_md5: AtomicBool::new(mode == Mode::ContentMd5),
            may_switch,
            announced: AtomicBool::new(false),
            kept: Mutex::new(vec![None; blocks]),
        }
    }

    fn mode(&self) -> Mode {
        if self.content_md5.load(Ordering::SeqCst) { Mode::ContentMd5 } else { Mode::Crc64 }
    }

    /// Keeps a block's sum; `false` when it had another one of the same kind before.
    fn keep(&self, index: usize, checksum: Checksum) -> bool {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match (kept[index], checksum) {
            (Some(before @ Checksum::Crc64(_)), Checksum::Crc64(_))
            | (Some(before @ Checksum::Md5(_)), Checksum::Md5(_)) => before == checksum,
            _ => {
                kept[index] = Some(checksum);
                true
            }
        }
    }

    /// Goes over to Content-MD5 for the whole transfer because this block's CRC-64 was not understood. `false` when
    /// that is not allowed or not the cause.
    fn switch(&self, index: usize) -> bool {
        let was_crc64 = {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            matches!(kept[index], Some(Checksum::Crc64(_)))
        };
        let switched = self.may_switch && was_crc64;
        if switched {
            self.content_md5.store(true, Ordering::SeqCst);
        }
        switched
    }

    /// Whether this is the first to ask since the switch.
    fn switched_now(&self) -> bool {
        !self.announced.swap(true, Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_changes_once_and_only_where_it_was_the_cause() {
        let checksums = Checksums::new(Mode::Crc64, true, 3);
        assert!(checksums.keep(0, Checksum::Crc64([1; 8])));
        assert!(checksums.keep(0, Checksum::Crc64([1; 8])));
        assert!(!checksums.keep(0, Checksum::Crc64([2; 8])), "the file changed");
        assert!(checksums.switch(0) && checksums.mode() == Mode::ContentMd5);
        assert!(checksums.switched_now() && !checksums.switched_now());
        assert!(checksums.keep(0, Checksum::Md5([1; 16])), "a sum of another kind is a new one");
        assert!(!checksums.switch(0), "Content-MD5 was not understood either: an error");
        assert!(!checksums.switch(1), "a block that was never sent");
        let fixed = Checksums::new(Mode::Crc64, false, 1);
        assert!(fixed.keep(0, Checksum::Crc64([1; 8])) && !fixed.switch(0));
    }

    #[test]
    fn streams_have_bounds() {
        assert!(check_streams(1).is_ok() && check_streams(64).is_ok());
        for wrong in [0, 65] {
            assert_eq!(check_streams(wrong).unwrap_err().field(), Some("streams"));
        }
    }

    #[test]
    fn a_receipt_is_a_camel_case_document() {
        let receipt = UploadReceipt {
            blob_name: "a".into(),
            bytes: 1,
            content_md5: None,
            blocks: 1,
            retries: 0,
            integrity: Mode::ContentMd5.word(),
        };
        let json = serde_json::to_value(receipt).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"blobName": "a", "bytes": 1, "blocks": 1, "retries": 0, "integrity": "contentMd5"})
        );
    }
}
