//! Files to block blobs: parallel Put Block for all of them, then one Put Block List for each.
//!
//! Everything that can be refused is refused before the first request. All files of an upload share one schedule, so
//! the streams stay busy from the first block of the first file to the last block of the last one; nothing is committed
//! before all blocks are there. What can be repeated is decided in `drive.rs`, what one block's try consists of is in
//! `block.rs`, and how a cut upload goes on in `resume.rs`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use super::Engine;
use super::block::{Checksums, Sending};
use super::drive::Driver;
pub use super::integrity::Integrity;
use super::integrity::{Mode, base64};
use super::links::{LinkSource, Links};
use super::meter::Meter;
use super::order::Order;
use super::package::{Cut, Package};
use super::plan::Plan;
use super::schedule::Schedule;
use super::source::Source;
use super::streams::{MOST, Streams};
use super::whole::{LEAD, WholeMd5};
use crate::base::cancel::CancelToken;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::{Event, Sink};
use crate::base::model::package::check_package_name;
use crate::base::secret::SafeUrl;
use crate::blob::block::BlockId;
use crate::blob::is_other_id_length;
use crate::blob::link::{Access, Scope, check_link, largest_block, permits_reading};

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
    /// The blob's name in the container; follows the rule for packages.
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
    /// Uploads files as packages. An existing blob of a name is replaced, unless it is leased. An upload of the same
    /// files that was cut goes on where it was.
    ///
    /// # Errors
    /// `InvalidArgument`, `NotFound`, `LinkExpired` and `Forbidden` before any request; the service's refusals; what
    /// still failed after being repeated; `Integrity` when a file changed meanwhile; `Cancelled`. Nothing is
    /// committed when this fails before its last step.
    pub async fn upload(
        &self,
        upload: &Upload,
        sink: &Arc<dyn Sink>,
        cancel: &CancelToken,
    ) -> Result<Vec<UploadReceipt>> {
        cancel.check()?;
        let driver = Driver { clock: &self.clock, entropy: &self.entropy, sink, cancel };
        let links = self.links(upload, sink)?;
        let mut receipts = Vec::with_capacity(upload.files.len());
        // What an earlier upload has left of each: the least that was found, as a second look also finds what this one
        // has sent.
        let mut resumed = vec![u64::MAX; upload.files.len()];
        let (mut again, mut blobs) = (Again::default(), Vec::new());
        while receipts.len() < upload.files.len() {
            let job = self.prepare(upload, receipts.len(), &links, &again, driver).await?;
            let packages = job.packages.clone();
            for package in &packages {
                resumed[package.number] = resumed[package.number].min(package.staged_bytes());
            }
            let outcome = self.transfer(job, &links, &upload.options, driver, &mut receipts).await;
            // They are committed in order, so it is the first without a receipt that was refused. One that was sent
            // whole has nothing staged, so each is sent again once at most.
            let refused = packages.iter().find(|package| package.number == receipts.len());
            match (outcome, refused) {
                (Err(error), Some(package))
                    if error.code() == Some("InvalidBlockList") && !package.staged.is_empty() =>
                {
                    again.distrusted = Some(package.number);
                    let text = format!(
                        "'{}': the blob storage no longer has the blocks of the earlier upload; restarting the upload",
                        package.name
                    );
                    sink.event(Event::info(text));
                }
                // Each length is found once at most: what is fitted to it no longer differs.
                (Err(error), _) if is_other_id_length(&error) && permits_reading(&upload.container) => {
                    let left = packages.iter().skip_while(|package| package.number < receipts.len()).cloned();
                    let lengths = self.other_id_lengths(&left.collect::<Vec<_>>(), &links, driver).await?;
                    if lengths.is_empty() {
                        return Err(error);
                    }
                    again.id_lengths.extend(lengths);
                    sink.event(Event::info(format!("{error}; adapting to the length of their ids")));
                }
                (outcome, _) => outcome?,
            }
            blobs.extend(packages.into_iter().filter(|package| package.number < receipts.len()));
        }
        for (receipt, bytes) in receipts.iter_mut().zip(resumed) {
            receipt.resumed_bytes = bytes;
        }
        // Only now, so that a kill between two block lists sends none of the packages again.
        for package in blobs {
            package.forget().await?;
        }
        Ok(receipts)
    }

    /// Everything that can be known before the first request, and what the store has already, of the files from `first`
    /// on.
    async fn prepare(
        &self,
        upload: &Upload,
        first: usize,
        links: &Arc<Links>,
        again: &Again,
        driver: Driver<'_>,
    ) -> Result<Job> {
        let options = &upload.options;
        let streams = match options.streams {
            None => Streams::adaptive(),
            Some(number) => Streams::fixed(checked_streams(number)?),
        };
        let mode = Mode::choose(options.integrity, &upload.container)?;
        let largest = largest_block(&upload.container);
        let mut cuts = Vec::with_capacity(upload.files.len());
        for (number, file) in upload.files.iter().enumerate().skip(first) {
            let source = Source::open(&file.path)?;
            let plan = Plan::upload(source.length(), options.block_size, largest)?;
            let blob = upload.container.join_segment(&file.blob_name).base().to_owned();
            cuts.push(Cut { number, name: file.blob_name.clone(), blob, source, plan });
        }
        let mut packages = Vec::with_capacity(cuts.len());
        for cut in cuts {
            let (trusted, length) = (again.distrusted != Some(cut.number), again.id_lengths.get(&cut.number).copied());
            let taken = self.take_up(&cut, trusted, length, driver.sink).await?;
            let staged = self.staged(&cut, &taken, links, permits_reading(&upload.container), driver).await?;
            packages.push(Arc::new(Package::new(cut, taken, staged)));
        }
        let checksums = Checksums::new(mode, options.integrity == Integrity::Auto);
        Ok(Job { packages, checksums, streams })
    }

    /// The blobs that the container's link leads to, also when another link takes its place.
    fn links(&self, upload: &Upload, sink: &Arc<dyn Sink>) -> Result<Arc<Links>> {
        check_names(&upload.files)?;
        let names: Vec<String> = upload.files.iter().map(|file| file.blob_name.clone()).collect();
        let (store, place) = (self.store.clone(), upload.container.base().to_owned());
        Links::new(&upload.container, upload.renewal.clone(), &self.clock, sink, move |link| {
            check_link("sasUrl", link, Access::Write, Scope::Container)?;
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
        job: Job,
        links: &Arc<Links>,
        options: &UploadOptions,
        driver: Driver<'_>,
        receipts: &mut Vec<UploadReceipt>,
    ) -> Result<()> {
        let Job { packages, checksums, streams } = job;
        let order = Order::new(&packages);
        let sources = packages.iter().map(|package| package.source.clone()).collect();
        let whole = options.content_md5.then(|| WholeMd5::start(sources, LEAD)).transpose()?;
        if let Some(whole) = &whole {
            packages.iter().for_each(|package| whole.advance(package.staged_bytes()));
        }
        let mut schedule = Schedule::new(order.missing(), streams);
        let meter = Meter::start(order.pace(self.clock.monotonic()), &self.clock, driver.sink);
        let leash = whole.as_ref().map(WholeMd5::leash);
        let sending = Sending::new(Arc::clone(links), checksums, meter, leash, &self.clock, driver.sink);
        let sending = Arc::new(sending);
        let run = driver.run(
            &mut schedule,
            |index| order.label(index),
            |index| {
                let (sending, (place, block)) = (Arc::clone(&sending), order.place(index));
                let package = Arc::clone(&packages[place]);
                async move { sending.send(&package, block).await }
            },
            |index, ()| {
                let length = order.length(index);
                if let Some(whole) = &whole {
                    whole.advance(length);
                }
                length
            },
            || sending.meter.retried(),
        );
        let outcome = sending.meter.watching(run).await;
        // Whoever tries again finds the journals complete and unlocked.
        drop(sending.busy.write().await);
        outcome?;
        let sums = match whole {
            Some(whole) => whole.finish(&order.subject(), driver).await?.into_iter().map(Some).collect(),
            None => vec![None; packages.len()],
        };
        packages.iter().try_for_each(|package| package.source.check_unchanged())?;
        for (package, md5) in packages.iter().zip(sums) {
            sending.meter.committing(&package.name);
            let retries = self.commit(&sending, package, md5, driver).await?;
            receipts.push(UploadReceipt {
                blob_name: package.name.clone(),
                bytes: package.plan.total(),
                content_md5: md5.map(base64),
                blocks: package.plan.count() as u64,
                resumed_bytes: package.staged_bytes(),
                retries: schedule.retries() + retries,
                integrity: package.proof().word(),
            });
        }
        Ok(())
    }

    async fn commit(
        &self,
        sending: &Arc<Sending>,
        package: &Arc<Package>,
        md5: Option<[u8; 16]>,
        driver: Driver<'_>,
    ) -> Result<u64> {
        let ids: Arc<[BlockId]> = (0..package.plan.count()).map(|index| package.id(index)).collect();
        let ((), retries) = driver
            .call("the block list", || {
                let (sending, ids, number) = (Arc::clone(sending), Arc::clone(&ids), package.number);
                async move { sending.commit(number, &ids, md5).await }
            })
            .await?;
        Ok(retries)
    }
}

/// What is known when an upload begins again.
#[derive(Default)]
struct Again {
    /// The file of whose earlier upload nothing is used.
    distrusted: Option<usize>,
    /// The length of ids that the store takes, by the file's number.
    id_lengths: HashMap<usize, usize>,
}

/// An upload that may begin.
struct Job {
    packages: Vec<Arc<Package>>,
    checksums: Checksums,
    streams: Streams,
}

/// Checks a number of streams.
pub(super) fn checked_streams(streams: usize) -> Result<usize> {
    if (1..=MOST).contains(&streams) {
        return Ok(streams);
    }
    Err(Error::invalid("streams", format!("must be between 1 and {MOST}")))
}

fn check_names(files: &[UploadFile]) -> Result<()> {
    for (index, UploadFile { blob_name: name, .. }) in files.iter().enumerate() {
        check_package_name(&format!("files[{index}].blobName"), name)?;
        // Making one of them a blob would drop the blocks of the other.
        if files[..index].iter().any(|other| other.blob_name == *name) {
            return Err(Error::invalid(format!("files[{index}].blobName"), format!("'{name}' is listed twice")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::integrity::Proof;
    use super::*;

    #[test]
    fn streams_have_bounds() {
        assert!(checked_streams(1).is_ok() && checked_streams(64).is_ok());
        for wrong in [0, 65] {
            assert_eq!(checked_streams(wrong).unwrap_err().field(), Some("streams"));
        }
    }

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
