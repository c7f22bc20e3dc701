//! One blob to a file: parallel ranged Get Blob into a partial file, checked, then renamed.
//!
//! A cut download goes on with the missing parts if the blob is still the same one; otherwise it starts again and
//! says so. The blob's MD5 is compared where the service gives one, the size always.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::drive::{Driver, Verdict};
use super::integrity::base64;
use super::journal::{Journal, Start, decide};
use super::ledger::Ledger;
use super::pace::Pace;
use super::part::{Busy, CHANGED, Part, blocking, busily};
use super::plan::Plan;
use super::reservation::Reservation;
use super::schedule::Schedule;
use super::stall::Pulse;
use super::target::{Partial, Paths};
use super::upload::check_streams;
use super::{Engine, PIECE};
use crate::base::cancel::CancelToken;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::{Event, Phase, Sink};
use crate::base::secret::SafeUrl;
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
    /// The file to make.
    pub target: PathBuf,
    /// Whether an existing file may be replaced.
    pub overwrite: bool,
    /// The target, if it was reserved before. Used by the first download that it is given to.
    pub reservation: Option<Reservation>,
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
    /// What was compared with what the service told: `md5` (and the size), or only the `size`.
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
    /// `NoSpace`, `Io`; `Cancelled`. After a failure the partial file is kept to go on with, except after `Integrity`.
    pub async fn download(
        &self,
        download: &Download,
        sink: &Arc<dyn Sink>,
        cancel: &CancelToken,
    ) -> Result<DownloadReceipt> {
        cancel.check()?;
        check_streams(download.options.streams)?;
        if download.options.part_size == 0 {
            return Err(Error::invalid("partSize", "must be at least 1"));
        }
        check_link("link", &download.link, Access::Read, Scope::Blob, self.clock.unix_ms())?;
        let paths = Paths::check(&download.target, download.overwrite)?;
        let blob = self.store.blob(&download.link)?;
        let partial = match &download.reservation {
            Some(reservation) => reservation.take(&paths)?,
            None => None,
        };
        let partial = match partial {
            Some(partial) => partial,
            None => paths.open()?,
        };
        let driver = Driver { clock: &self.clock, entropy: &self.entropy, sink, cancel };
        let job = Job { blob, partial, base: download.link.base().to_owned(), busy: Arc::default() };
        let mut retries = 0;
        for version in 1.. {
            let outcome = self.fetch(&job, &download.options, driver, &mut retries).await;
            match outcome {
                Err(error) if is_changed(&error) && version < MOST_VERSIONS => {
                    sink.event(Event::info("the blob was replaced while it was downloaded; starting again"));
                }
                Err(error) => {
                    drop(job.busy.write().await);
                    job.partial.tidy();
                    return Err(error);
                }
                Ok(fetched) => {
                    let partial = job.partial.clone();
                    blocking(move || partial.finish()).await?;
                    return Ok(fetched.receipt(&download.target, retries));
                }
            }
        }
        Err(Error::new(Kind::Internal, "a download has no end"))
    }

    /// Brings one version of the blob into the partial file and checks it.
    async fn fetch(
        &self,
        job: &Job,
        options: &DownloadOptions,
        driver: Driver<'_>,
        retries: &mut u64,
    ) -> Result<Fetched> {
        let properties = self.look(job, options, driver, retries).await?;
        let plan = Plan::download(properties.length, options.part_size);
        let journal = Journal::new(&job.base, &properties, plan);
        let finished = begin(job, journal.as_ref(), plan, driver.sink)?;
        let resumed_bytes = finished.iter().map(|index| plan.piece(*index).length).sum();
        let ledger = Arc::new(Ledger::new(job.partial.clone(), journal, finished.clone()));

        let missing = (0..plan.count()).filter(|index| !finished.contains(index));
        let mut schedule = Schedule::new(missing, options.streams.min(MOST_AT_ONCE));
        let pace = Pace::new(
            Phase::Downloading,
            job.blob.name(),
            plan.total(),
            resumed_bytes,
            plan.count(),
            finished.len(),
            self.clock.monotonic(),
        );
        let etag: Option<Arc<str>> = properties.etag.as_deref().map(Into::into);
        let outcome = self.receive(job, plan, etag, &ledger, driver, &mut schedule, pace).await;
        *retries += schedule.retries();
        if let Err(error) = outcome {
            drop(job.busy.write().await);
            // What was received so far is worth keeping, but the error that ended the download is the one to tell.
            if blocking(move || ledger.flush()).await.is_err() {
                driver.sink.event(Event::verbose("the journal could not be written; the next download starts again"));
            }
            return Err(error);
        }
        let verified = self.verify(job, &properties, driver).await?;
        Ok(Fetched { bytes: properties.length, verified, resumed_bytes })
    }

    /// What the service tells about the blob: by HEAD, or by the first range where HEAD is refused.
    async fn look(
        &self,
        job: &Job,
        options: &DownloadOptions,
        driver: Driver<'_>,
        retries: &mut u64,
    ) -> Result<Properties> {
        let head = driver
            .call("the blob's properties", || {
                let (blob, pulse, sink) = (job.blob.clone(), Pulse::new(&self.clock), Arc::clone(driver.sink));
                async move { pulse.watch(blob.properties(&sink)).await }
            })
            .await;
        match head {
            Ok((properties, repeated)) => {
                *retries += repeated;
                return Ok(properties);
            }
            // A link may be signed for GET alone; and the answer to HEAD has no body that would say what is wrong.
            Err(error) if is_refused(&error) => {}
            Err(error) => return Err(error),
        }
        let length = options.part_size;
        let range = driver
            .call("the blob's first range", || {
                let (blob, pulse, sink) = (job.blob.clone(), Pulse::new(&self.clock), Arc::clone(driver.sink));
                async move { pulse.watch(blob.read(0, length, None, &sink)).await }
            })
            .await;
        match range {
            Ok((reading, repeated)) => {
                *retries += repeated;
                Ok(reading.properties)
            }
            // An empty blob has no range (RFC 9110, section 15.5.17).
            Err(error) if error.http_status() == Some(416) => {
                Ok(Properties { length: 0, etag: None, content_md5: None, last_modified: None })
            }
            Err(error) => Err(error),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one download, each of another kind, used once")]
    async fn receive(
        &self,
        job: &Job,
        plan: Plan,
        etag: Option<Arc<str>>,
        ledger: &Arc<Ledger>,
        driver: Driver<'_>,
        schedule: &mut Schedule,
        mut pace: Pace,
    ) -> Result<()> {
        let sink = driver.sink;
        sink.event(Event::Progress(pace.report(self.clock.monotonic())));
        driver
            .run(
                schedule,
                |index| format!("part {} of {}", index + 1, plan.count()),
                |index| {
                    let part = Part {
                        blob: job.blob.clone(),
                        partial: job.partial.clone(),
                        etag: etag.clone(),
                        total: plan.total(),
                        piece: plan.piece(index),
                        index,
                        ledger: Arc::clone(ledger),
                        busy: Arc::clone(&job.busy),
                        pulse: Pulse::new(&self.clock),
                        clock: Arc::clone(&self.clock),
                        sink: Arc::clone(sink),
                    };
                    async move { part.pulse.clone().watch(part.receive()).await }
                },
                |index, ()| {
                    if let Some(progress) = pace.add(plan.piece(index).length, self.clock.monotonic()) {
                        sink.event(Event::Progress(progress));
                    }
                },
                |_, error| Verdict::Judge(error),
            )
            .await
    }

    /// Compares the partial file with what the service told. A file that differs is removed.
    async fn verify(&self, job: &Job, properties: &Properties, driver: Driver<'_>) -> Result<Option<[u8; 16]>> {
        let length = job.partial.length()?;
        if length != properties.length {
            job.partial.discard()?;
            return Err(differs(
                job.blob.name(),
                &format!("{length} bytes were received, {} expected", properties.length),
            ));
        }
        let Some(expected) = properties.content_md5 else { return Ok(None) };
        let stopped = StopOnDrop(Arc::default());
        let (partial, sink, clock) = (job.partial.clone(), Arc::clone(driver.sink), Arc::clone(&self.clock));
        let (stop, name) = (Arc::clone(&stopped.0), job.blob.name().to_owned());
        let found = driver
            .cancel
            .run(busily(&job.busy, move || {
                let items = usize::try_from(length.div_ceil(PIECE as u64)).unwrap_or(usize::MAX);
                let mut pace = Pace::new(Phase::Verifying, &name, length, 0, items, 0, clock.monotonic());
                sink.event(Event::Progress(pace.report(clock.monotonic())));
                partial.md5(length, &stop, |bytes| {
                    if let Some(progress) = pace.add(bytes, clock.monotonic()) {
                        sink.event(Event::Progress(progress));
                    }
                })
            }))
            .await??;
        if found != expected {
            job.partial.discard()?;
            return Err(differs(
                job.blob.name(),
                &format!("MD5 {} expected, {} found", base64(expected), base64(found)),
            ));
        }
        Ok(Some(found))
    }
}

/// One download that may begin.
struct Job {
    blob: Blob,
    partial: Partial,
    /// The blob's address without its query.
    base: String,
    busy: Busy,
}

struct Fetched {
    bytes: u64,
    verified: Option<[u8; 16]>,
    resumed_bytes: u64,
}

impl Fetched {
    fn receipt(self, file: &Path, retries: u64) -> DownloadReceipt {
        DownloadReceipt {
            file: file.to_owned(),
            bytes: self.bytes,
            verified: if self.verified.is_some() { "md5" } else { "size" },
            content_md5: self.verified.map(base64),
            resumed_bytes: self.resumed_bytes,
            retries,
        }
    }
}

/// Goes on with what is there, or makes room for a new start. Gives the finished parts.
fn begin(job: &Job, journal: Option<&Journal>, plan: Plan, sink: &Arc<dyn Sink>) -> Result<BTreeSet<usize>> {
    let found = job.partial.journal();
    match decide(journal, found.as_deref(), Some(job.partial.length()?), plan.count()) {
        Start::Resume(finished) => {
            let text = format!("going on with {} of {} parts received earlier", finished.len(), plan.count());
            sink.event(Event::info(text));
            return Ok(finished);
        }
        Start::Again(why) => {
            sink.event(Event::info(format!("the partial file cannot be used ({why}); the download starts again")));
        }
        Start::New => {}
    }
    job.partial.begin(plan.total())?;
    Ok(BTreeSet::new())
}

/// Ends a checksum thread whose caller is gone.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Whether a call was understood and refused, in a way that may not hold for another method.
fn is_refused(error: &Error) -> bool {
    matches!(error.kind(), Kind::Unauthenticated | Kind::Forbidden | Kind::Rejected | Kind::Unsupported)
}

/// Whether the blob is no longer the one whose properties were read.
fn is_changed(error: &Error) -> bool {
    error.kind() == Kind::Conflict && error.code() == Some(CHANGED)
}

fn differs(name: &str, how: &str) -> Error {
    Error::new(Kind::Integrity, format!("what was downloaded of '{name}' is damaged: {how}"))
        .with_next_step("download it again; the damaged file was removed")
}
