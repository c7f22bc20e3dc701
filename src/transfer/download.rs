//! One blob to a file: parallel ranged Get Blob into a partial file, checked, then renamed.
//!
//! A cut download goes on with the missing parts if the blob is still the same one; otherwise it starts again and
//! says so. The blob's MD5 is compared where the service gives one, the size always.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::Engine;
use super::blocking::{Busy, Held, blocking};
use super::drive::Driver;
use super::flush::Flusher;
use super::inspection::{Inspection, inspect};
use super::integrity::base64;
use super::journal::{Journal, Received, Start, decide_download, first_line};
use super::ledger::Ledger;
use super::links::{LinkSource, Links};
use super::meter::Meter;
use super::pace::Pace;
use super::part::{CHANGED, Receiving};
use super::plan::{Gapless, Plan};
use super::recheck::recheck;
use super::reservation::Reservation;
use super::schedule::Schedule;
use super::stall::Pulse;
use super::streams::Streams;
use super::target::{Partial, Paths};
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
            None => paths.open()?,
        };
        let driver = Driver { clock: &self.clock, entropy: &self.entropy, sink, cancel };
        let base = download.link.base().to_owned();
        let job = Job { links, partial, base, name: download.link.file_name(), busy: Busy::default() };
        let mut retries = 0;
        for version in 1.. {
            let outcome = self.fetch(&job, &download.options, driver, &mut retries).await;
            // Whatever still reads or writes the file does so for the try that has ended.
            drop(job.busy.write().await);
            match outcome {
                Err(error) if is_changed(&error) && version < MOST_VERSIONS => {
                    sink.event(Event::info("the blob was replaced while it was downloaded; starting again"));
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
        Err(Error::new(Kind::Internal, "a download has no end"))
    }

    /// The blob that the link leads to, also when another link takes its place.
    fn link(&self, download: &Download, sink: &Arc<dyn Sink>) -> Result<Arc<Links>> {
        let store = self.store.clone();
        Links::new(&download.link, download.renewal.clone(), &self.clock, sink, move |link| {
            check_link("link", link, Access::Read, Scope::Blob)?;
            Ok(vec![store.blob(link)?])
        })
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
        let (ledger, finished) = job.begin(&properties, plan, driver).await?;
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
            plan,
            ledger,
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
        self.verify(job, properties.length, whole, driver).await.map(|content_md5| Fetched {
            bytes: properties.length,
            verified: content_md5,
            resumed_bytes,
        })
    }

    /// What the service tells about the blob: by HEAD, or by the first range where HEAD is refused.
    async fn look(
        &self,
        job: &Job,
        options: &DownloadOptions,
        driver: Driver<'_>,
        retries: &mut u64,
    ) -> Result<Properties> {
        let (clock, sink) = (&self.clock, driver.sink);
        let head = driver.call("the blob's properties", || {
            job.asking(clock, sink, |blob, sink| async move { blob.properties(&sink).await })
        });
        match head.await {
            Ok((properties, repeated)) => {
                *retries += repeated;
                return Ok(properties);
            }
            // A link may be signed for GET alone; and the answer to HEAD has no body that would say what is wrong.
            Err(error) if is_refused(&error) => {}
            Err(error) => return Err(error),
        }
        let length = options.part_size;
        let range = driver.call("the blob's first range", || {
            job.asking(clock, sink, move |blob, sink| async move { blob.read(0, length, None, &sink).await })
        });
        match range.await {
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

    /// Compares the partial file with what the service told. A file that differs is removed.
    async fn verify(
        &self,
        job: &Job,
        expected_length: u64,
        whole: Option<Verification>,
        driver: Driver<'_>,
    ) -> Result<Option<[u8; 16]>> {
        let length = job.partial.length()?;
        if length != expected_length {
            job.partial.discard()?;
            return Err(differs(&job.name, &format!("{length} bytes were received, {expected_length} expected")));
        }
        let Some(whole) = whole else { return Ok(None) };
        let expected = whole.expected;
        let found = whole.md5.finish(&job.name, driver).await?;
        if found != [expected] {
            job.partial.discard()?;
            let found = found.first().copied().map(base64).unwrap_or_default();
            return Err(differs(&job.name, &format!("MD5 {} expected, {found} found", base64(expected))));
        }
        Ok(Some(expected))
    }
}

/// One download that may begin.
struct Job {
    links: Arc<Links>,
    partial: Partial,
    /// The blob's address without its query.
    base: String,
    /// The blob's name.
    name: String,
    busy: Busy,
}

impl Job {
    /// A call about the blob that moves little, ended when nothing moves.
    fn asking<T, Task: Future<Output = Result<T>>, Ask: Fn(Blob, Arc<dyn Sink>) -> Task>(
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

    /// Goes on with what is there, or makes room for a new start. Gives where finished parts are written down, and those
    /// that are there.
    async fn begin(
        &self,
        properties: &Properties,
        plan: Plan,
        driver: Driver<'_>,
    ) -> Result<(Option<Ledger>, BTreeSet<usize>)> {
        let current = Received::new(&self.base, properties, plan);
        let found = self.partial.journal();
        let text = found.as_ref().map(|found| found.text.as_slice());
        match (decide_download(current.as_ref(), text, Some(self.partial.length()?), plan), found) {
            (Start::Resume(Journal { claims, length, .. }), Some(found)) => {
                let good = recheck(self.written(plan.total()).await, &self.name, plan, claims, driver).await?;
                let text = format!("going on with {} of {} parts received earlier", good.len(), plan.count());
                driver.sink.event(Event::info(text));
                return Ok((Some(self.partial.go_on(found, length)?), good));
            }
            (Start::Again(why), _) => {
                let text = format!("the partial file cannot be used ({why}); the download starts again");
                driver.sink.event(Event::info(text));
            }
            _ => {}
        }
        let partial = self.partial.clone();
        blocking(move || partial.begin(plan.total())).await?;
        let journal = current.map(|current| first_line(&current).map(|line| self.partial.new_journal(line)));
        let journal = journal.transpose();
        let journal =
            journal.map_err(|error| Error::new(Kind::Internal, format!("the journal cannot be written: {error}")))?;
        Ok((journal, BTreeSet::new()))
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
struct Verification {
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
