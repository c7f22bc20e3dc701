//! One blob to a file: parallel ranged Get Blob into a partial file, checked, then renamed.
//!
//! A cut download goes on with the missing parts if the blob is still the same one; otherwise it starts again and
//! says so. The blob's MD5 is compared where the service gives one, the size wherever it tells one. Where no ranges are to
//! be had, the blob comes as one stream (`undivided.rs`). What is on the disk already is given up only for an answer that
//! is the blob's.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde::Serialize;

use super::Engine;
use super::blocking::{Busy, Held, blocking};
use super::drive::Driver;
use super::flush::Flusher;
use super::inspection::{Inspection, inspect};
use super::integrity::base64;
use super::journal::{Journal, Received, Start, decide_download, first_line};
use super::links::{LinkSource, Links};
use super::look::Look;
use super::meter::Meter;
use super::pace::Pace;
use super::part::{Beginning, CHANGED, Receiving, UNDIVIDED};
use super::partial::Partial;
use super::plan::{Gapless, Plan};
use super::recheck::recheck;
use super::reservation::Reservation;
use super::schedule::Schedule;
use super::stall::Pulse;
use super::streams::Streams;
use super::target::Paths;
use super::upload::checked_streams;
use super::whole::WholeMd5;
use crate::base::cancel::CancelToken;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::{Event, Phase, Sink};
use crate::base::readable::Readable;
use crate::base::secret::SafeUrl;
use crate::base::time::Clock;
use crate::blob::client::{Blob, Properties};
use crate::blob::link::{Access, Scope, check_link};

/// Versions of a blob that are tried when it is replaced while it is read.
const MOST_VERSIONS: u32 = 3;

/// The most parts received at a time, whatever is asked for: the HTTP client reads ahead up to 1 MiB per connection
/// when data comes faster than it is written, and a download must stay below 64 MB of memory.
const MOST_AT_ONCE: usize = 16;

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
    /// The file.
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
    /// `InvalidArgument`, `Conflict`, `NotFound`, `LinkExpired` and `Forbidden` before any request; the service's
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
        let paths = Paths::check(&download.target, download.overwrite)?;
        let partial = match &download.reservation {
            Some(reservation) => reservation.take(&paths)?,
            None => None,
        };
        let partial = match partial {
            Some(partial) => partial,
            None => Partial::open(paths)?,
        };
        let driver = Driver { clock: &self.clock, entropy: &self.entropy, sink, cancel };
        let base = download.link.base().to_owned();
        let job = Job { links, partial, base, name: download.link.file_name(), busy: Busy::default() };
        let (mut retries, mut divided) = (0, true);
        for version in 1.. {
            let outcome = self.fetch(&job, &download.options, &mut divided, driver, &mut retries).await;
            // Whatever still reads or writes the file does so for the try that has ended.
            drop(job.busy.write().await);
            match outcome {
                Err(error) if is_changed(&error) && version < MOST_VERSIONS => {
                    sink.event(Event::info("the blob changed during the download; restarting the download"));
                }
                Err(error) if divided && error.code() == Some(UNDIVIDED) => {
                    divided = false;
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
                        blocking(move || inspect(&*inspection, &partial, &file, verified)).await?;
                    }
                    let partial = job.partial.clone();
                    blocking(move || partial.finish()).await?;
                    return Ok(fetched.receipt(&download.target, retries));
                }
            }
        }
        Err(Error::new(Kind::Internal, "a download did not end"))
    }

    /// The blob that the link leads to, also when another link takes its place.
    fn link(&self, download: &Download, sink: &Arc<dyn Sink>) -> Result<Arc<Links>> {
        let store = self.store.clone();
        let begins = download.inspection.as_ref().map_or(&b""[..], |inspection| inspection.begins());
        Links::new(&download.link, download.renewal.clone(), &self.clock, sink, move |link| {
            check_link("link", link, Access::Read, Scope::Blob)?;
            Ok(vec![store.blob(link)?.beginning_with(begins)])
        })
    }

    /// Brings one version of the blob into the partial file and checks it.
    async fn fetch(
        &self,
        job: &Job,
        options: &DownloadOptions,
        divided: &mut bool,
        driver: Driver<'_>,
        retries: &mut u64,
    ) -> Result<Fetched> {
        let look = self.look(job, options, driver, retries).await?;
        match look {
            Look::Blob(properties) if *divided => self.fetch_parts(job, options, properties, driver, retries).await,
            Look::Blob(properties) => self.fetch_undivided(job, Some(properties), driver, retries).await,
            Look::Undivided => {
                *divided = false;
                self.fetch_undivided(job, None, driver, retries).await
            }
        }
    }

    async fn fetch_parts(
        &self,
        job: &Job,
        options: &DownloadOptions,
        properties: Properties,
        driver: Driver<'_>,
        retries: &mut u64,
    ) -> Result<Fetched> {
        let plan = Plan::download(properties.length, options.part_size);
        let (beginning, finished) = job.begin(&properties, plan, driver).await?;
        let resumed_bytes = finished.iter().map(|index| plan.piece(*index).length).sum();
        let whole = match properties.content_md5 {
            Some(expected) => Some(Verification::start(job, plan.total(), expected).await?),
            None => None,
        };
        let mut arrived = Arrived { plan, gapless: Gapless::default(), whole: whole.as_ref() };
        finished.iter().for_each(|index| arrived.add(*index));

        let missing = (0..plan.count()).filter(|index| !finished.contains(index));
        let mut schedule = Schedule::new(missing, Streams::fixed(options.streams.min(MOST_AT_ONCE)));
        let (phase, now) = (Phase::Downloading, self.clock.monotonic());
        let pace = Pace::new(phase, &job.name, plan.total(), resumed_bytes, plan.count(), finished.len(), now);
        let receiving = Arc::new(Receiving {
            links: Arc::clone(&job.links),
            partial: job.partial.clone(),
            etag: properties.etag.as_deref().map(Into::into),
            version: Mutex::new(properties.version()),
            plan,
            beginning,
            meter: Meter::start(pace, &self.clock, driver.sink),
            busy: Arc::clone(&job.busy),
            flusher: Flusher::new(job.partial.clone(), Arc::clone(&job.busy)),
            clock: Arc::clone(&self.clock),
            sink: Arc::clone(driver.sink),
        });
        let run = driver.run(
            &mut schedule,
            |index| format!("part {} of {}", index + 1, plan.count()),
            |index| {
                let receiving = Arc::clone(&receiving);
                async move { receiving.receive(index).await }
            },
            |index, ()| {
                arrived.add(index);
                plan.piece(index).length
            },
            || receiving.meter.retried(),
        );
        let outcome = receiving.meter.watching(run).await;
        *retries += schedule.retries();
        let flushed = receiving.flusher.finish().await;
        outcome?;
        flushed?;
        // Where there was no part, as an empty blob has none.
        receiving.beginning.make(&job.partial, &job.busy).await?;
        let verified = self.verify(job, properties.length, whole, driver).await?;
        Ok(Fetched { bytes: properties.length, told: true, verified, resumed_bytes })
    }

    /// Compares the partial file with what the service told. A file that differs is removed.
    pub(super) async fn verify(
        &self,
        job: &Job,
        expected_length: u64,
        whole: Option<Verification>,
        driver: Driver<'_>,
    ) -> Result<Option<[u8; 16]>> {
        let length = job.partial.length()?;
        if length != expected_length {
            job.partial.discard()?;
            return Err(differs(&job.name, &format!("expected {expected_length} bytes but received {length}")));
        }
        let Some(whole) = whole else { return Ok(None) };
        let expected = whole.expected;
        let found = whole.md5.finish(&job.name, driver).await?;
        if found != [expected] {
            return Err(job.damaged(expected, found.first().copied().unwrap_or_default())?);
        }
        Ok(Some(expected))
    }
}

/// One download that may begin.
pub(super) struct Job {
    pub(super) links: Arc<Links>,
    pub(super) partial: Partial,
    /// The blob's address without its query.
    base: String,
    /// The blob's name.
    pub(super) name: String,
    pub(super) busy: Busy,
}

impl Job {
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
            let watched = |blob: Blob| async move { Pulse::new(clock).watch(ask(blob, Arc::clone(sink))).await };
            links.call(0, watched).await
        }
    }

    /// Goes on with what is there, or prepares a new start. Gives that, and the parts that are there.
    async fn begin(
        &self,
        properties: &Properties,
        plan: Plan,
        driver: Driver<'_>,
    ) -> Result<(Beginning, BTreeSet<usize>)> {
        let current = Received::new(&self.base, properties, plan);
        let (lines, length) = (self.partial.lines()?, self.partial.length()?);
        match decide_download(current.as_ref(), Some(&lines), Some(length), plan) {
            Start::Resume(Journal { claims, length, .. }) => {
                let good = recheck(self.written(plan.total()).await, &self.name, plan, claims, driver).await?;
                let text = format!("resuming: {} of {} parts already downloaded", good.len(), plan.count());
                driver.sink.event(Event::info(text));
                self.partial.go_on(length)?;
                return Ok((Beginning::resumed(), good));
            }
            Start::Again(why) => {
                let text = format!("the partial file cannot be resumed ({why}); restarting the download");
                driver.sink.event(Event::info(text));
            }
            Start::New => {}
        }
        let first_line = current.map(|current| first_line(&current)).transpose();
        let first_line = first_line
            .map_err(|error| Error::new(Kind::Internal, format!("the journal cannot be written: {error}")))?;
        let beginning = Beginning::new(plan.total(), first_line);
        // Where there is nothing to lose, whether there is room is known before the first part is asked for.
        if lines.is_empty() {
            beginning.make(&self.partial, &self.busy).await?;
        }
        Ok((beginning, BTreeSet::new()))
    }

    /// The error of a file whose MD5 is another one. The file is removed.
    pub(super) fn damaged(&self, expected: [u8; 16], found: [u8; 16]) -> Result<Error> {
        self.partial.discard()?;
        Ok(differs(&self.name, &format!("expected MD5 {} but found {}", base64(expected), base64(found))))
    }

    /// The partial file for a reader that may outlive this download.
    async fn written(&self, length: u64) -> Written {
        Written { partial: self.partial.clone(), length, _held: Arc::clone(&self.busy).read_owned().await }
    }
}

/// The partial file as it is read.
struct Written {
    partial: Partial,
    length: u64,
    _held: Held,
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
    md5: WholeMd5,
}

impl Verification {
    async fn start(job: &Job, length: u64, expected: [u8; 16]) -> Result<Self> {
        let file = job.written(length).await;
        Ok(Self { expected, md5: WholeMd5::start(vec![file], 0)? })
    }
}

/// Lets the sum follow what has arrived without a gap.
struct Arrived<'a> {
    plan: Plan,
    gapless: Gapless,
    whole: Option<&'a Verification>,
}

impl Arrived<'_> {
    fn add(&mut self, index: usize) {
        let bytes = self.gapless.add(index).map(|index| self.plan.piece(index).length).sum();
        if let Some(whole) = self.whole {
            whole.md5.advance(bytes);
        }
    }
}

pub(super) struct Fetched {
    pub(super) bytes: u64,
    /// Whether the service told the length.
    pub(super) told: bool,
    pub(super) verified: Option<[u8; 16]>,
    pub(super) resumed_bytes: u64,
}

impl Fetched {
    fn receipt(self, file: &Path, retries: u64) -> DownloadReceipt {
        DownloadReceipt {
            file: file.to_owned(),
            bytes: self.bytes,
            verified: match (self.verified, self.told) {
                (Some(_), _) => "md5",
                (None, true) => "size",
                (None, false) => "none",
            },
            content_md5: self.verified.map(base64),
            resumed_bytes: self.resumed_bytes,
            retries,
        }
    }
}

/// Whether the blob is no longer the one whose properties were read.
fn is_changed(error: &Error) -> bool {
    error.kind() == Kind::Conflict && error.code() == Some(CHANGED)
}

fn differs(name: &str, how: &str) -> Error {
    Error::new(Kind::Integrity, format!("the download of '{name}' is corrupt: {how}"))
        .with_next_step("download it again; the corrupt file was deleted")
}
