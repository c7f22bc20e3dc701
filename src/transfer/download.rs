//! One blob to a file: parallel ranged Get Blob into a partial file, checked, then renamed.
//!
//! A cut download goes on with the missing parts if the blob is still the same one; otherwise it starts again and
//! says so. The blob's MD5 is compared where the service gives one, the size wherever it tells one. Where no ranges are to
//! be had, the blob comes as one stream (`single_stream.rs`). What is on the disk already is given up only for an answer that
//! is the blob's.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde::{Serialize, Serializer};

use super::checksum::integrity::base64;
use super::download_job::{DownloadJob, Fetched, Verification};
use super::engine::Engine;
use super::file::file_tasks::{FileWork, run_file_task};
use super::inspection::{Inspection, inspect};
use super::link_renewal::{LinkSource, RenewableLinks};
use super::part::{CHANGED, DownloadContext, RANGES_IGNORED};
use super::partial::flush::Flusher;
use super::partial::partial_file::PartialFile;
use super::partial::reservation::Reservation;
use super::partial::target::TargetPaths;
use super::probe::Probe;
use super::progress::meter::Meter;
use super::progress::rate::TransferFigures;
use super::schedule::concurrency::{Concurrency, checked_streams};
use super::schedule::plan::{ContiguousPrefix, Plan};
use super::schedule::runner::Runner;
use super::schedule::scheduler::Scheduler;
use crate::base::cancel::CancelToken;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::{Event, Phase, Sink};
use crate::base::limits::DownloadStreams;
use crate::base::secret::SafeUrl;
use crate::blob::client::Properties;
use crate::blob::link::{Access, LinkTarget, check_link};

/// Versions of a blob that are tried when it is replaced while it is read.
const MOST_VERSIONS: u32 = 3;

/// The most parts received at a time, whatever is asked for: the HTTP client reads ahead up to 1 MiB per connection
/// when data comes faster than it is written, and a download must stay below 64 MB of memory.
const MOST_AT_ONCE: usize = DownloadStreams::MOST as usize;

/// How a blob is downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadOptions {
    /// Parts read at a time, 1 to 64. More than 16 are taken as 16, which bounds the memory in use.
    pub streams: usize,
    /// Bytes per part, at least 1.
    pub part_size: u64,
}

impl Default for DownloadOptions {
    fn default() -> Self {
        Self { streams: 8, part_size: 8 * 1024 * 1024 }
    }
}

/// What is downloaded to where.
#[derive(Debug, Clone)]
pub struct Download {
    /// The link to the blob.
    pub link: SafeUrl,
    /// Where another link comes from if that one expires.
    pub renewal: Option<Arc<dyn LinkSource>>,
    /// The file to make.
    pub target: PathBuf,
    /// Whether an existing file may be replaced.
    pub overwrite: bool,
    /// The target, if it was reserved before. Used by the first download that it is given to.
    pub reservation: Option<Reservation>,
    /// Looks at the file before it gets its name.
    pub inspection: Option<Arc<dyn Inspection>>,
    /// How.
    pub options: DownloadOptions,
}

/// What was downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DownloadReceipt {
    /// The file. In a document U+FFFD stands for what of its name is not Unicode text.
    #[serde(serialize_with = "readable")]
    pub file: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Its MD5 in Base64, where it was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_md5: Option<String>,
    /// What was compared with what the service told: `md5` (and the size, if that was told), only the `size`, or `none`:
    /// the blob came to its end, and the service told neither.
    pub verified: &'static str,
    /// Bytes that an earlier, cut download had left.
    pub resumed_bytes: u64,
    /// Requests that were repeated.
    pub retries: u64,
}

impl Engine {
    /// Downloads a blob. The target appears only when it is complete and checked.
    ///
    /// # Errors
    /// `InvalidArgument`, `Conflict`, `NotFound`, `Expired` and `Forbidden` before any request; the service's
    /// refusals; what still failed after being repeated; `Integrity` when the data differs from its checksum;
    /// `NoSpace`, `Io`; `Cancelled`; what the inspection gave. After a failure the partial file is kept to go on with,
    /// except after `Integrity` and a refusal of the inspection.
    pub async fn download(
        &self,
        download: &Download,
        sink: &Arc<dyn Sink>,
        cancel: &CancelToken,
    ) -> Result<DownloadReceipt> {
        cancel.check()?;
        checked_streams(download.options.streams)?;
        if download.options.part_size == 0 {
            return Err(Error::invalid("partSize", "must be at least 1"));
        }
        let links = self.link(download, sink)?;
        let paths = TargetPaths::check(&download.target, download.overwrite)?;
        let partial = match &download.reservation {
            Some(reservation) => reservation.take(&paths)?,
            None => None,
        };
        let partial = match partial {
            Some(partial) => partial,
            None => PartialFile::open(paths)?,
        };
        let runner = Runner { clock: &self.clock, entropy: &self.entropy, sink, cancel };
        let base = download.link.base().to_owned();
        let job = DownloadJob { links, partial, base, name: download.link.file_name(), file_work: FileWork::default() };
        let (mut retries, mut in_ranges) = (0, true);
        for version in 1.. {
            let outcome = self.fetch(&job, &download.options, &mut in_ranges, runner, &mut retries).await;
            // Whatever still reads or writes the file does so for the try that has ended.
            drop(job.file_work.write().await);
            match outcome {
                Err(error) if is_changed(&error) && version < MOST_VERSIONS => {
                    sink.event(Event::info("the blob changed during the download; restarting the download"));
                }
                Err(error) if in_ranges && error.code() == Some(RANGES_IGNORED) => {
                    in_ranges = false;
                    sink.event(Event::info(
                        "the blob storage does not serve ranges of the blob; restarting the download as a single stream",
                    ));
                }
                Err(error) => {
                    job.partial.tidy();
                    return Err(error);
                }
                Ok(fetched) => {
                    if let Some(inspection) = download.inspection.clone() {
                        let (partial, file) = (job.partial.clone(), job.written(fetched.bytes).await);
                        let verified = fetched.verified.is_some();
                        run_file_task(move || inspect(&*inspection, &partial, &file, verified)).await?;
                    }
                    let partial = job.partial.clone();
                    run_file_task(move || partial.finish()).await?;
                    return Ok(receipt(&fetched, &download.target, retries));
                }
            }
        }
        Err(Error::new(Kind::Internal, "a download did not end"))
    }

    /// The blob that the link leads to, also when another link takes its place.
    fn link(&self, download: &Download, sink: &Arc<dyn Sink>) -> Result<Arc<RenewableLinks>> {
        let store = self.store.clone();
        let begins = download.inspection.as_ref().map_or(&b""[..], |inspection| inspection.begins());
        RenewableLinks::new(&download.link, download.renewal.clone(), &self.clock, sink, move |link| {
            check_link("link", link, Access::Read, LinkTarget::Blob)?;
            Ok(vec![store.blob(link)?.beginning_with(begins)])
        })
    }

    /// Brings one version of the blob into the partial file and checks it.
    async fn fetch(
        &self,
        job: &DownloadJob,
        options: &DownloadOptions,
        in_ranges: &mut bool,
        runner: Runner<'_>,
        retries: &mut u64,
    ) -> Result<Fetched> {
        let probe = self.probe(job, options.part_size, runner, retries).await?;
        match probe {
            Probe::Blob(properties) if *in_ranges => self.fetch_parts(job, options, properties, runner, retries).await,
            Probe::Blob(properties) => self.fetch_single_stream(job, Some(properties), runner, retries).await,
            Probe::WholeOnly => {
                *in_ranges = false;
                self.fetch_single_stream(job, None, runner, retries).await
            }
        }
    }

    async fn fetch_parts(
        &self,
        job: &DownloadJob,
        options: &DownloadOptions,
        properties: Properties,
        runner: Runner<'_>,
        retries: &mut u64,
    ) -> Result<Fetched> {
        let plan = Plan::download(properties.length, options.part_size);
        let (beginning, finished) = job.begin(&properties, plan, runner).await?;
        let resumed_bytes = finished.iter().map(|index| plan.range(*index).length).sum();
        let whole = match properties.content_md5 {
            Some(expected) => Some(Verification::start(job, plan.total(), expected).await?),
            None => None,
        };
        let mut arrived = ArrivedParts { plan, prefix: ContiguousPrefix::default(), whole: whole.as_ref() };
        finished.iter().for_each(|index| arrived.add(*index));

        let missing = (0..plan.count()).filter(|index| !finished.contains(index));
        let mut scheduler = Scheduler::new(missing, Concurrency::fixed(options.streams.min(MOST_AT_ONCE)));
        let (phase, now) = (Phase::Downloading, self.clock.monotonic());
        let figures =
            TransferFigures::new(phase, &job.name, plan.total(), resumed_bytes, plan.count(), finished.len(), now);
        let context = Arc::new(DownloadContext {
            links: Arc::clone(&job.links),
            partial: job.partial.clone(),
            etag: properties.etag.as_deref().map(Into::into),
            version: Mutex::new(properties.version()),
            plan,
            beginning,
            meter: Meter::start(figures, &self.clock, runner.sink),
            file_work: Arc::clone(&job.file_work),
            flusher: Flusher::new(job.partial.clone(), Arc::clone(&job.file_work)),
            clock: Arc::clone(&self.clock),
            sink: Arc::clone(runner.sink),
        });
        let run = runner.run(
            &mut scheduler,
            |index| format!("part {} of {}", index + 1, plan.count()),
            |index| {
                let context = Arc::clone(&context);
                async move { context.receive(index).await }
            },
            |index, ()| {
                arrived.add(index);
                plan.range(index).length
            },
            || context.meter.retried(),
        );
        let outcome = context.meter.watching(run).await;
        *retries += scheduler.retries();
        let flushed = context.flusher.finish().await;
        outcome?;
        flushed?;
        // Where there was no part, as an empty blob has none.
        context.beginning.make(&job.partial, &job.file_work).await?;
        let verified = job.verify(properties.length, whole, runner).await?;
        Ok(Fetched { bytes: properties.length, told: true, verified, resumed_bytes })
    }
}

/// Lets the sum follow what has arrived without a gap.
struct ArrivedParts<'a> {
    plan: Plan,
    prefix: ContiguousPrefix,
    whole: Option<&'a Verification>,
}

impl ArrivedParts<'_> {
    fn add(&mut self, index: usize) {
        let bytes = self.prefix.add(index).map(|index| self.plan.range(index).length).sum();
        if let Some(whole) = self.whole {
            whole.md5.advance(bytes);
        }
    }
}

/// A name that is not Unicode text has no place in JSON, and for it no result shall be an error.
fn readable<S: Serializer>(path: &Path, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

fn receipt(fetched: &Fetched, file: &Path, retries: u64) -> DownloadReceipt {
    DownloadReceipt {
        file: file.to_owned(),
        bytes: fetched.bytes,
        verified: match (fetched.verified, fetched.told) {
            (Some(_), _) => "md5",
            (None, true) => "size",
            (None, false) => "none",
        },
        content_md5: fetched.verified.map(base64),
        resumed_bytes: fetched.resumed_bytes,
        retries,
    }
}

/// Whether the blob is no longer the one whose properties were read.
fn is_changed(error: &Error) -> bool {
    error.kind() == Kind::Conflict && error.code() == Some(CHANGED)
}
