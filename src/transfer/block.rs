//! One try of one block of an upload: summed, sent, written down. It is not repeated here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::checksum::file_md5::Md5Backpressure;
use super::checksum::integrity::{ChecksumKind, Proof, RangeDigests};
use super::file::buffers::BufferPool;
use super::file::file_tasks::{FileWork, run_file_task, run_tracked};
use super::journal::format::CompletedRange;
use super::link_renewal::RenewableLinks;
use super::progress::meter::Meter;
use super::schedule::idle_timeout::IdleTimer;
use super::schedule::plan::ByteRange;
use super::upload_file::{FileUpload, not_resumable};
use crate::base::error::{Error, Kind, Result};
use crate::base::event::{Event, Sink};
use crate::base::time::Clock;
use crate::blob::block::BlockId;
use crate::blob::client::Blob;
use crate::blob::{damaged, is_unknown_checksum};

/// Blocks that are summed at a time. Summing is as fast as reading; more would only fight for the processor and its cache.
const HASHING: usize = 2;

/// What the blocks of one upload have in common.
pub(super) struct UploadContext {
    pub(super) links: Arc<RenewableLinks>,
    pub(super) checksums: ChecksumChoice,
    pub(super) meter: Meter,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) sink: Arc<dyn Sink>,
    /// Keeps the blocks near the sum of the whole files, if that is made.
    backpressure: Option<Md5Backpressure>,
    /// Held while a journal is written.
    pub(super) file_work: FileWork,
    buffers: BufferPool,
    hashing: Arc<Semaphore>,
}

impl UploadContext {
    pub(super) fn new(
        links: Arc<RenewableLinks>,
        checksums: ChecksumChoice,
        meter: Meter,
        backpressure: Option<Md5Backpressure>,
        clock: &Arc<dyn Clock>,
        sink: &Arc<dyn Sink>,
    ) -> Self {
        let (clock, sink, file_work) = (Arc::clone(clock), Arc::clone(sink), FileWork::default());
        let (buffers, hashing) = (BufferPool::default(), Arc::new(Semaphore::new(HASHING)));
        Self { links, checksums, meter, clock, sink, backpressure, file_work, buffers, hashing }
    }

    /// Sends one block of a package.
    pub(super) async fn send(&self, file_upload: &Arc<FileUpload>, index: usize) -> Result<()> {
        if let Some(backpressure) = &self.backpressure {
            backpressure.next().await;
        }
        let mode = self.checksums.mode();
        let text = match self.send_as(file_upload, index, mode).await {
            Err(error) if is_unknown_checksum(&error) && self.checksums.leave(mode) => {
                "the blob storage does not support CRC-64 checksums; continuing with Content-MD5"
            }
            Ok(true) => return Ok(()),
            Err(error) => return Err(error),
            Ok(false) => "the blob storage does not confirm CRC-64 checksums; continuing with Content-MD5",
        };
        if self.checksums.left_now() {
            self.sink.event(Event::verbose(text));
        }
        self.send_as(file_upload, index, ChecksumKind::ContentMd5).await.map(drop)
    }

    /// Makes the blocks of the package that is number `number` its blob.
    pub(super) async fn commit(&self, number: usize, ids: &[BlockId], md5: Option<[u8; 16]>) -> Result<()> {
        let commit =
            |blob: Blob| async move { IdleTimer::new(&self.clock).watch(blob.commit(ids, md5, &self.sink)).await };
        self.links.call(number, commit).await
    }

    /// Sends a block with this checksum. `false` when that has proven nothing and there is another one to send it with.
    async fn send_as(&self, file_upload: &Arc<FileUpload>, index: usize, mode: ChecksumKind) -> Result<bool> {
        self.links
            .call(file_upload.number, |blob| async move {
                // Waiting for one's turn is no silence.
                let waited = Arc::clone(&self.hashing).acquire_owned().await;
                let permit = waited.map_err(|_| Error::new(Kind::Internal, "the turn to read was closed"))?;
                let idle_timer = IdleTimer::new(&self.clock);
                let staged = self.stage(&blob, file_upload, index, mode, permit, &idle_timer);
                idle_timer.watch_sending(staged, || self.meter.grace()).await
            })
            .await
    }

    async fn stage(
        &self,
        blob: &Blob,
        file_upload: &Arc<FileUpload>,
        index: usize,
        mode: ChecksumKind,
        permit: OwnedSemaphorePermit,
        idle_timer: &IdleTimer,
    ) -> Result<bool> {
        let range = file_upload.plan.range(index);
        let digests = self.sum(file_upload, range, mode, permit, idle_timer).await?;
        if !file_upload.keep(index, digests.crc64) {
            return Err(file_upload.source.changed());
        }
        let attempt = self.meter.attempt();
        let (meter, beating, moving) = (self.meter.clone(), idle_timer.clone(), attempt.clone());
        let body = file_upload.source.body(range, &self.buffers, move |bytes, last| {
            moving.moved(bytes);
            if last {
                beating.handed_over(meter.grace());
            } else {
                beating.reset();
            }
        });
        let kept = blob.stage_block(&file_upload.id(index), range.length, body, digests.checksum, &self.sink).await?;
        let Some(proof) = digests.proof(kept) else {
            return Err(damaged(format!("the blob storage reports a checksum mismatch for '{}'", file_upload.name)));
        };
        if proof == Proof::None {
            if self.checksums.leave(mode) {
                return Ok(false);
            }
            if self.checksums.unproven_now() {
                self.sink
                    .event(Event::info("the blob storage does not confirm checksums, so the upload is not verified"));
            }
        }
        attempt.completed(range.length);
        if let Some(backpressure) = &self.backpressure {
            backpressure.acknowledged(range.length);
        }
        let (file_upload, claim) = (Arc::clone(file_upload), CompletedRange { crc64: digests.crc64, proof });
        if let Some(error) = run_tracked(&self.file_work, move || Ok(file_upload.record(index, claim))).await? {
            self.sink.event(not_resumable(error));
        }
        Ok(true)
    }

    async fn sum(
        &self,
        file_upload: &FileUpload,
        range: ByteRange,
        mode: ChecksumKind,
        permit: OwnedSemaphorePermit,
        idle_timer: &IdleTimer,
    ) -> Result<RangeDigests> {
        // The file alone: a sum that outlives its upload must not keep the journal.
        let (source, buffers, idle_timer) = (file_upload.source.clone(), self.buffers.clone(), idle_timer.clone());
        run_file_task(move || {
            // Held until the reading ends, also when nobody waits for it any more.
            let _permit = permit;
            source.digests(range, mode, &buffers, || idle_timer.reset())
        })
        .await
    }
}

/// The checksum that the blocks of an upload carry.
pub(super) struct ChecksumChoice {
    content_md5: AtomicBool,
    may_leave: bool,
    announced: AtomicBool,
    announced_unproven: AtomicBool,
}

impl ChecksumChoice {
    /// Begins with `mode`; `may_leave` permits to change to Content-MD5 where CRC-64 is not understood or ignored.
    pub(super) fn new(mode: ChecksumKind, may_leave: bool) -> Self {
        let (content_md5, announced, announced_unproven) =
            (AtomicBool::new(mode == ChecksumKind::ContentMd5), AtomicBool::new(false), AtomicBool::new(false));
        Self { content_md5, may_leave, announced, announced_unproven }
    }

    pub(super) fn mode(&self) -> ChecksumKind {
        if self.content_md5.load(Ordering::SeqCst) { ChecksumKind::ContentMd5 } else { ChecksumKind::Crc64 }
    }

    /// Changes to Content-MD5 for all that follows, because a block with `mode` was not understood or confirmed. `false`
    /// when that is not permitted or CRC-64 was not the cause.
    fn leave(&self, mode: ChecksumKind) -> bool {
        let leaves = self.may_leave && mode == ChecksumKind::Crc64;
        if leaves {
            self.content_md5.store(true, Ordering::SeqCst);
        }
        leaves
    }

    /// Whether this is the first to ask since it was left.
    fn left_now(&self) -> bool {
        !self.announced.swap(true, Ordering::SeqCst)
    }

    /// Whether this is the first block that nothing proves.
    fn unproven_now(&self) -> bool {
        !self.announced_unproven.swap(true, Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use epicloud_emulator::{Config, Emulator, LinkScheme};

    use super::*;
    use crate::base::event::Silent;
    use crate::base::secret::SafeUrl;
    use crate::blob::block::ID_BYTES;
    use crate::blob::client::Store;
    use crate::transfer::checksum::file_md5::{FileMd5, MAX_LAG};
    use crate::transfer::file::source::Source;
    use crate::transfer::journal::format::CompletedRanges;
    use crate::transfer::schedule::plan::Plan;
    use crate::transfer::upload_file::{PlannedFile, ResumedUpload};
    use crate::transfer::upload_queue::UploadQueue;
    use crate::transport::http::Http;
    use crate::transport::system::SystemClock;
    use crate::transport::trust::Trust;

    /// A package of four blocks, each half as long as what is acknowledged may run ahead of the sum.
    fn four_blocks(folder: &std::path::Path) -> Arc<FileUpload> {
        let path = folder.join("p");
        std::fs::File::create(&path).unwrap().set_len(2 * MAX_LAG).unwrap();
        let source = Source::open(&path).unwrap();
        let plan = Plan::upload(source.length(), Some(MAX_LAG / 2), u64::MAX).unwrap();
        let planned = PlannedFile { number: 0, name: "p".to_owned(), blob: String::new(), source, plan };
        let taken = ResumedUpload {
            upload_id: uuid::Uuid::nil(),
            id_bytes: ID_BYTES,
            claims: CompletedRanges::new(),
            journal: None,
        };
        Arc::new(FileUpload::new(planned, taken, BTreeSet::new()))
    }

    #[tokio::test]
    async fn a_block_waits_while_the_sum_is_far_behind_what_was_sent() {
        let emulator = Emulator::start(Config { link_scheme: LinkScheme::Http, ..Config::default() }).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file_upload = four_blocks(folder.path());
        let (clock, sink): (Arc<dyn Clock>, Arc<dyn Sink>) = (Arc::new(SystemClock::default()), Arc::new(Silent));
        let store = Store::new(Http::new(&Trust::Machine, Arc::clone(&clock)).unwrap());
        let container = SafeUrl::parse("link", &emulator.package_link("w", Duration::from_secs(3600))).unwrap();
        let links = RenewableLinks::new(&container, None, &clock, &sink, move |link| {
            Ok(vec![store.blob(&link.join_segment("p"))?])
        })
        .unwrap();
        // A sum that may not read anything yet.
        let whole = FileMd5::start(vec![file_upload.source.clone()], 0).unwrap();
        let file_uploads = [Arc::clone(&file_upload)];
        let meter = Meter::start(UploadQueue::new(&file_uploads).figures(clock.monotonic()), &clock, &sink);
        let checksums = ChecksumChoice::new(ChecksumKind::Crc64, true);
        let context = UploadContext::new(links, checksums, meter, Some(whole.backpressure()), &clock, &sink);
        for index in 0..3 {
            context.send(&file_upload, index).await.unwrap();
        }
        let mut last = std::pin::pin!(context.send(&file_upload, 3));
        tokio::select! {
            biased;
            sent = &mut last => panic!("it did not wait: {sent:?}"),
            () = std::future::ready(()) => {}
        }
        assert_eq!(context.hashing.available_permits(), HASHING, "it is not even read");
        whole.advance(MAX_LAG / 2);
        last.await.unwrap();
        assert_eq!(emulator.requests().len(), 4);
    }

    #[test]
    fn the_checksum_changes_once_and_only_where_it_was_the_cause() {
        let checksums = ChecksumChoice::new(ChecksumKind::Crc64, true);
        assert_eq!(checksums.mode(), ChecksumKind::Crc64);
        assert!(checksums.leave(ChecksumKind::Crc64) && checksums.mode() == ChecksumKind::ContentMd5);
        assert!(checksums.left_now() && !checksums.left_now());
        assert!(!checksums.leave(ChecksumKind::ContentMd5), "Content-MD5 was not understood either: an error");
        assert!(checksums.leave(ChecksumKind::Crc64), "another block, begun before");
        let fixed = ChecksumChoice::new(ChecksumKind::Crc64, false);
        assert!(!fixed.leave(ChecksumKind::Crc64) && fixed.mode() == ChecksumKind::Crc64);
    }
}
