//! Files to block blobs: parallel Put Block for all of them, then one Put Block List for each.
//!
//! Everything that can be refused is refused before the first request. All files of an upload share one schedule, so
//! the streams stay busy from the first block of the first file to the last block of the last one; nothing is committed
//! before all blocks are there. What can be repeated is decided in `schedule/runner.rs`, what one block's try consists of is in
//! `block.rs`, and how a cut upload goes on in `upload_resume.rs`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use super::block::{ChecksumChoice, UploadContext};
use super::checksum::file_md5::{FileMd5, MAX_LEAD};
pub use super::checksum::integrity::Integrity;
use super::checksum::integrity::{ChecksumKind, base64};
use super::engine::Engine;
use super::file::source::Source;
use super::link_renewal::{LinkSource, RenewableLinks};
use super::progress::meter::Meter;
use super::schedule::concurrency::{Concurrency, checked_streams};
use super::schedule::plan::Plan;
use super::schedule::runner::Runner;
use super::schedule::scheduler::Scheduler;
use super::upload_file::{FileUpload, PlannedFile};
use super::upload_queue::UploadQueue;
use crate::base::cancel::CancelToken;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::{Event, Sink};
use crate::base::secret::SafeUrl;
use crate::blob::block::BlockId;
use crate::blob::is_other_id_length;
use crate::blob::link::{Access, LinkTarget, check_link, largest_block, permits_reading};
use crate::blob::name::check_blob_name;

/// How files are uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadOptions {
    /// Blocks sent at a time, 1 to 64; found by what the connection gives when not given.
    pub streams: Option<usize>,
    /// Bytes per block; chosen by each file's size when not given.
    pub block_size: Option<u64>,
    /// The checksum of each block.
    pub integrity: Integrity,
    /// Whether each whole file's MD5 is stored with its blob.
    pub content_md5: bool,
}

impl Default for UploadOptions {
    fn default() -> Self {
        Self { streams: None, block_size: None, integrity: Integrity::Auto, content_md5: true }
    }
}

/// A file to upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadFile {
    /// The file.
    pub path: PathBuf,
    /// The blob's name in the container.
    pub blob_name: String,
}

/// What is uploaded to where.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The files, in the order in which they become blobs.
    pub files: Vec<UploadFile>,
    /// The link to the container.
    pub container: SafeUrl,
    /// Where another link comes from if that one expires.
    pub renewal: Option<Arc<dyn LinkSource>>,
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
    /// Bytes that an earlier, cut upload had left in the store.
    pub resumed_bytes: u64,
    /// Requests that were repeated, for all files of the upload.
    pub retries: u64,
    /// The checksum by which the store has confirmed each block: `crc64` or `contentMd5`; `unverified` when it did not
    /// confirm all of them, as Azurite.
    pub integrity: &'static str,
}

impl Engine {
    /// Uploads files as block blobs. An existing blob of a name is replaced, unless it is leased. An upload of the same
    /// files that was cut goes on where it was.
    ///
    /// # Errors
    /// `InvalidArgument`, `NotFound`, `Expired` and `Forbidden` before any request; the service's refusals; what
    /// still failed after being repeated; `Integrity` when a file changed meanwhile; `Cancelled`. Nothing is
    /// committed when this fails before its last step.
    pub async fn upload(
        &self,
        upload: &Upload,
        sink: &Arc<dyn Sink>,
        cancel: &CancelToken,
    ) -> Result<Vec<UploadReceipt>> {
        cancel.check()?;
        let runner = Runner { clock: &self.clock, entropy: &self.entropy, sink, cancel };
        let links = self.links(upload, sink)?;
        let mut receipts = Vec::with_capacity(upload.files.len());
        // What an earlier upload has left of each: the least that was found, as a second look also finds what this one
        // has sent.
        let mut resumed = vec![u64::MAX; upload.files.len()];
        let (mut again, mut blobs) = (RestartState::default(), Vec::new());
        while receipts.len() < upload.files.len() {
            let job = self.prepare(upload, receipts.len(), &links, &again, runner).await?;
            let file_uploads = job.file_uploads.clone();
            for file_upload in &file_uploads {
                resumed[file_upload.number] = resumed[file_upload.number].min(file_upload.staged_bytes());
            }
            let outcome = self.transfer(job, &links, &upload.options, runner, &mut receipts).await;
            // They are committed in order, so it is the first without a receipt that was refused. One that was sent
            // whole has nothing staged, so each is sent again once at most.
            let refused = file_uploads.iter().find(|file_upload| file_upload.number == receipts.len());
            match (outcome, refused) {
                (Err(error), Some(file_upload))
                    if error.code() == Some("InvalidBlockList") && !file_upload.staged.is_empty() =>
                {
                    again.distrusted = Some(file_upload.number);
                    let text = format!(
                        "'{}': the blob storage no longer has the blocks of the earlier upload; restarting the upload",
                        file_upload.name
                    );
                    sink.event(Event::info(text));
                }
                // Each length is found once at most: what is fitted to it no longer differs.
                (Err(error), _) if is_other_id_length(&error) && permits_reading(&upload.container) => {
                    let left =
                        file_uploads.iter().skip_while(|file_upload| file_upload.number < receipts.len()).cloned();
                    let lengths = self.other_id_lengths(&left.collect::<Vec<_>>(), &links, runner).await?;
                    if lengths.is_empty() {
                        return Err(error);
                    }
                    again.id_lengths.extend(lengths);
                    sink.event(Event::info(format!("{error}; adapting to the length of their ids")));
                }
                (outcome, _) => outcome?,
            }
            blobs.extend(file_uploads.into_iter().filter(|file_upload| file_upload.number < receipts.len()));
        }
        for (receipt, bytes) in receipts.iter_mut().zip(resumed) {
            receipt.resumed_bytes = bytes;
        }
        // Only now, so that a kill between two block lists sends none of the packages again.
        for file_upload in blobs {
            file_upload.forget().await?;
        }
        Ok(receipts)
    }

    /// Everything that can be known before the first request, and what the store has already, of the files from `first`
    /// on.
    async fn prepare(
        &self,
        upload: &Upload,
        first: usize,
        links: &Arc<RenewableLinks>,
        again: &RestartState,
        runner: Runner<'_>,
    ) -> Result<PreparedUpload> {
        let options = &upload.options;
        let streams = match options.streams {
            None => Concurrency::adaptive(),
            Some(number) => Concurrency::fixed(checked_streams(number)?),
        };
        let mode = ChecksumKind::choose(options.integrity, &upload.container)?;
        let largest = largest_block(&upload.container);
        let mut planned_files = Vec::with_capacity(upload.files.len());
        for (number, file) in upload.files.iter().enumerate().skip(first) {
            let source = Source::open(&file.path)?;
            let plan = Plan::upload(source.length(), options.block_size, largest)?;
            let blob = upload.container.join_segment(&file.blob_name).base().to_owned();
            planned_files.push(PlannedFile { number, name: file.blob_name.clone(), blob, source, plan });
        }
        let mut file_uploads = Vec::with_capacity(planned_files.len());
        for planned in planned_files {
            let (trusted, length) =
                (again.distrusted != Some(planned.number), again.id_lengths.get(&planned.number).copied());
            let taken = self.resumed_upload(&planned, trusted, length, runner.sink).await?;
            let staged = self.staged(&planned, &taken, links, permits_reading(&upload.container), runner).await?;
            file_uploads.push(Arc::new(FileUpload::new(planned, taken, staged)));
        }
        let checksums = ChecksumChoice::new(mode, options.integrity == Integrity::Auto);
        Ok(PreparedUpload { file_uploads, checksums, streams })
    }

    /// The blobs that the container's link leads to, also when another link takes its place.
    fn links(&self, upload: &Upload, sink: &Arc<dyn Sink>) -> Result<Arc<RenewableLinks>> {
        check_names(&upload.files)?;
        let names: Vec<String> = upload.files.iter().map(|file| file.blob_name.clone()).collect();
        let (store, place) = (self.store.clone(), upload.container.base().to_owned());
        RenewableLinks::new(&upload.container, upload.renewal.clone(), &self.clock, sink, move |link| {
            check_link("sasUrl", link, Access::Write, LinkTarget::Container)?;
            if link.base() != place {
                // Blocks that are staged in one container cannot become a blob of another.
                return Err(Error::new(Kind::Conflict, "the new SAS URL is for another container")
                    .with_next_step("run the command again"));
            }
            names.iter().map(|name| store.blob(&link.join_segment(name))).collect()
        })
    }

    /// Sends what is not there yet, and makes it blobs.
    async fn transfer(
        &self,
        job: PreparedUpload,
        links: &Arc<RenewableLinks>,
        options: &UploadOptions,
        runner: Runner<'_>,
        receipts: &mut Vec<UploadReceipt>,
    ) -> Result<()> {
        let PreparedUpload { file_uploads, checksums, streams } = job;
        let queue = UploadQueue::new(&file_uploads);
        let sources = file_uploads.iter().map(|file_upload| file_upload.source.clone()).collect();
        let whole = options.content_md5.then(|| FileMd5::start(sources, MAX_LEAD)).transpose()?;
        if let Some(whole) = &whole {
            file_uploads.iter().for_each(|file_upload| whole.advance(file_upload.staged_bytes()));
        }
        let mut scheduler = Scheduler::new(queue.missing(), streams);
        let meter = Meter::start(queue.figures(self.clock.monotonic()), &self.clock, runner.sink);
        let backpressure = whole.as_ref().map(FileMd5::backpressure);
        let context = UploadContext::new(Arc::clone(links), checksums, meter, backpressure, &self.clock, runner.sink);
        let context = Arc::new(context);
        let run = runner.run(
            &mut scheduler,
            |index| queue.label(index),
            |index| {
                let (context, (place, block)) = (Arc::clone(&context), queue.place(index));
                let file_upload = Arc::clone(&file_uploads[place]);
                async move { context.send(&file_upload, block).await }
            },
            |index, ()| {
                let length = queue.length(index);
                if let Some(whole) = &whole {
                    whole.advance(length);
                }
                length
            },
            || context.meter.retried(),
        );
        let outcome = context.meter.watching(run).await;
        // Whoever tries again finds the journals complete and unlocked.
        drop(context.file_work.write().await);
        outcome?;
        let digests = match whole {
            Some(whole) => whole.finish(&queue.subject(), runner).await?.into_iter().map(Some).collect(),
            None => vec![None; file_uploads.len()],
        };
        file_uploads.iter().try_for_each(|file_upload| file_upload.source.check_unchanged())?;
        for (file_upload, md5) in file_uploads.iter().zip(digests) {
            context.meter.committing(&file_upload.name);
            let retries = self.commit(&context, file_upload, md5, runner).await?;
            receipts.push(UploadReceipt {
                blob_name: file_upload.name.clone(),
                bytes: file_upload.plan.total(),
                content_md5: md5.map(base64),
                blocks: file_upload.plan.count() as u64,
                resumed_bytes: file_upload.staged_bytes(),
                retries: scheduler.retries() + retries,
                integrity: file_upload.proof().word(),
            });
        }
        Ok(())
    }

    async fn commit(
        &self,
        context: &Arc<UploadContext>,
        file_upload: &Arc<FileUpload>,
        md5: Option<[u8; 16]>,
        runner: Runner<'_>,
    ) -> Result<u64> {
        let ids: Arc<[BlockId]> = (0..file_upload.plan.count()).map(|index| file_upload.id(index)).collect();
        let ((), retries) = runner
            .call("the block list", || {
                let (context, ids, number) = (Arc::clone(context), Arc::clone(&ids), file_upload.number);
                async move { context.commit(number, &ids, md5).await }
            })
            .await?;
        Ok(retries)
    }
}

/// What is known when an upload begins again.
#[derive(Default)]
struct RestartState {
    /// The file of whose earlier upload nothing is used.
    distrusted: Option<usize>,
    /// The length of ids that the store takes, by the file's number.
    id_lengths: HashMap<usize, usize>,
}

/// An upload that may begin.
struct PreparedUpload {
    file_uploads: Vec<Arc<FileUpload>>,
    checksums: ChecksumChoice,
    streams: Concurrency,
}

fn check_names(files: &[UploadFile]) -> Result<()> {
    for (index, UploadFile { blob_name: name, .. }) in files.iter().enumerate() {
        check_blob_name(&format!("files[{index}].blobName"), name)?;
        // Making one of them a blob would drop the blocks of the other.
        if files[..index].iter().any(|other| other.blob_name == *name) {
            return Err(Error::invalid(format!("files[{index}].blobName"), format!("'{name}' is listed twice")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::checksum::integrity::Proof;

    #[test]
    fn a_receipt_is_a_camel_case_document() {
        let receipt = UploadReceipt {
            blob_name: "a".into(),
            bytes: 1,
            content_md5: None,
            blocks: 1,
            resumed_bytes: 0,
            retries: 0,
            integrity: Proof::ContentMd5.word(),
        };
        let json = serde_json::to_value(receipt).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"blobName": "a", "bytes": 1, "blocks": 1, "resumedBytes": 0, "retries": 0, "integrity": "contentMd5"})
        );
    }
}
