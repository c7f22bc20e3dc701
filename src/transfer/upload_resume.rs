//! Takes up an upload that was cut: finds its journal in the state folder, and compares what it claims with the file.
//!
//! Nothing here ends an upload but another one of the same file to the same blob: whatever cannot be read or written only
//! means that it begins anew, or cannot be taken up again, and is said so.

use std::collections::{BTreeSet, HashSet};
use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::engine::Engine;
use super::file::file_tasks::run_file_task;
use super::file::source::Source;
use super::journal::file::{JournalFile, OpenJournal, remove};
use super::journal::format::{CompletedRanges, Journal, ResumeDecision, UploadKey, decide_upload, first_line};
use super::journal::verify::verify_completed;
use super::link_renewal::RenewableLinks;
use super::schedule::idle_timeout::IdleTimer;
use super::schedule::plan::Plan;
use super::schedule::runner::Runner;
use super::upload_file::{FileUpload, PlannedFile, ResumedUpload, not_resumable};
use crate::base::error::{Error, Kind, Result};
use crate::base::event::{Event, Sink};
use crate::blob::block::ID_BYTES;
use crate::blob::client::{Blob, StoredBlocks};

/// The folder below the state folder.
const FOLDER: &str = "uploads";

/// How long journals are kept. The service removes blocks that were not made a blob after a week (Azure REST "Put
/// Block", remarks).
const KEPT: Duration = Duration::from_secs(8 * 24 * 3600);

impl Engine {
    /// What an earlier upload of this file to this blob has left in the state folder, if that is trusted and its blocks
    /// have ids of the length that is `wanted`.
    pub(super) async fn resumed_upload(
        &self,
        planned: &PlannedFile,
        trusts_journal: bool,
        wanted: Option<usize>,
        sink: &Arc<dyn Sink>,
    ) -> Result<ResumedUpload> {
        let search = JournalSearch {
            state: self.state.clone(),
            trusts_journal,
            wanted,
            name: planned.name.clone(),
            blob: planned.blob.clone(),
            source: planned.source.clone(),
            plan: planned.plan,
            upload_id: self.entropy.uuid(),
            now_unix_ms: self.clock.unix_ms(),
            sink: Arc::clone(sink),
        };
        run_file_task(move || search.run()).await
    }

    /// Which of the blocks that were taken up are good: those whose bytes are still the file's and, where the link
    /// permits to ask, those that the store still has.
    pub(super) async fn staged(
        &self,
        planned: &PlannedFile,
        taken: &ResumedUpload,
        links: &Arc<RenewableLinks>,
        may_ask: bool,
        runner: Runner<'_>,
    ) -> Result<BTreeSet<usize>> {
        if taken.claims.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut good =
            verify_completed(planned.source.clone(), &planned.name, planned.plan, taken.claims.clone(), runner).await?;
        if may_ask && !good.is_empty() {
            let stored = self.stored(planned.number, links, runner).await?;
            let stored = stored.map(|StoredBlocks { committed, uncommitted }| {
                committed.into_iter().chain(uncommitted).map(|block| (block.id, block.length)).collect::<HashSet<_>>()
            });
            good.retain(|index| {
                let block = (taken.id(*index), planned.plan.range(*index).length);
                stored.as_ref().is_none_or(|stored| stored.contains(&block))
            });
        }
        let text = format!(
            "resuming the upload of '{}': {} of {} blocks already uploaded",
            planned.name,
            good.len(),
            planned.plan.count()
        );
        runner.sink.event(Event::info(text));
        Ok(good)
    }

    /// The length of the ids of the blocks that are waiting for each of these blobs, where it is another one than that of
    /// the package's own.
    pub(super) async fn other_id_lengths(
        &self,
        file_uploads: &[Arc<FileUpload>],
        links: &Arc<RenewableLinks>,
        runner: Runner<'_>,
    ) -> Result<Vec<(usize, usize)>> {
        let mut found = Vec::new();
        for file_upload in file_uploads {
            let Some(StoredBlocks { committed, uncommitted }) = self.stored(file_upload.number, links, runner).await?
            else {
                continue;
            };
            let length = uncommitted.iter().chain(&committed).map(|block| block.id.as_bytes().len()).next();
            let fits = |length: &usize| *length != file_upload.id_bytes && holds(*length, file_upload.plan.count());
            found.extend(length.filter(fits).map(|length| (file_upload.number, length)));
        }
        Ok(found)
    }

    /// The blocks that the store has for this blob; `None` when it does not tell.
    async fn stored(
        &self,
        number: usize,
        links: &Arc<RenewableLinks>,
        runner: Runner<'_>,
    ) -> Result<Option<StoredBlocks>> {
        let listed = runner
            .call("the blob's block list", || {
                let (links, clock, sink) = (Arc::clone(links), Arc::clone(&self.clock), Arc::clone(runner.sink));
                async move {
                    let (clock, sink) = (&clock, &sink);
                    let ask = |blob: Blob| async move { IdleTimer::new(clock).watch(blob.block_list(sink)).await };
                    links.call(number, ask).await
                }
            })
            .await;
        match listed {
            Ok((stored, _)) => Ok(Some(stored)),
            Err(error) if error.kind() == Kind::NotFound => Ok(Some(StoredBlocks::default())),
            Err(error) if matches!(error.kind(), Kind::Forbidden | Kind::Rejected | Kind::Unsupported) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Whether ids of so many bytes tell so many blocks apart.
fn holds(id_bytes: usize, blocks: usize) -> bool {
    id_bytes > 1 || id_bytes == 1 && blocks <= 256
}

/// What a journal is looked for by.
struct JournalSearch {
    state: Option<PathBuf>,
    trusts_journal: bool,
    /// The length of ids that is wanted, if not any one will do.
    wanted: Option<usize>,
    /// The blob's name and its address.
    name: String,
    blob: String,
    source: Source,
    plan: Plan,
    /// The id of a new upload.
    upload_id: Uuid,
    now_unix_ms: u64,
    sink: Arc<dyn Sink>,
}

/// Why an upload cannot be taken up.
enum Obstacle {
    /// It must not begin.
    Refusal(Error),
    /// Nothing can be written down.
    NotResumable(Error),
}

impl From<Error> for Obstacle {
    fn from(error: Error) -> Self {
        Self::NotResumable(error)
    }
}

impl JournalSearch {
    /// May wait for a disk.
    fn run(self) -> Result<ResumedUpload> {
        match self.find() {
            Err(Obstacle::Refusal(error)) => Err(error),
            Err(Obstacle::NotResumable(error)) => {
                self.sink.event(not_resumable(error));
                Ok(self.fresh(None))
            }
            Ok(taken) => Ok(taken),
        }
    }

    /// A new upload.
    fn fresh(&self, journal: Option<JournalFile>) -> ResumedUpload {
        ResumedUpload {
            upload_id: self.upload_id,
            id_bytes: self.wanted.unwrap_or(ID_BYTES),
            claims: CompletedRanges::new(),
            journal,
        }
    }

    fn find(&self) -> std::result::Result<ResumedUpload, Obstacle> {
        let state = self.state.as_ref().ok_or_else(|| Error::new(Kind::Io, "there is no state directory"))?;
        let identity = self.source.identity();
        let (file, modified) = identity
            .ok_or_else(|| Error::new(Kind::Io, "the path or modification time of the file cannot be determined"))?;
        let failed = |doing: &str, path: &Path, error: &std::io::Error| {
            Error::io(format!("cannot {doing} '{}'", path.display()), error)
        };
        let folder = state.join(FOLDER);
        make_private(&folder).map_err(|error| failed("create", &folder, &error))?;
        prune(&folder, self.now_unix_ms);
        let file = file.to_string_lossy();
        let path = folder.join(file_name(&self.blob, &file));
        let current =
            UploadKey::new(&self.blob, &file, self.source.length(), modified, self.plan.size(), self.upload_id);
        let current = UploadKey { id_bytes: self.wanted.filter(|length| *length != ID_BYTES), ..current };
        let first = first_line(&current).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        let found = OpenJournal::take(&path).map_err(|error| match error.kind() {
            // Each would drop the blocks of the other.
            ErrorKind::WouldBlock => Obstacle::Refusal(
                Error::new(
                    Kind::Conflict,
                    format!("another upload of '{file}' to the blob '{}' is running", self.name),
                )
                .with_next_step("wait until it finishes, or stop it and run the command again to resume it"),
            ),
            _ => failed("write", &path, &error).into(),
        })?;
        let fresh = |found: OpenJournal| Ok(self.fresh(Some(found.begin(first))));
        let fits = |found: &UploadKey| self.wanted.is_none_or(|wanted| found.id_bytes.unwrap_or(ID_BYTES) == wanted);
        match decide_upload(&current, Some(&found.text), self.plan) {
            ResumeDecision::Fresh => fresh(found),
            ResumeDecision::Resume(journal) if !self.trusts_journal || !fits(&journal.subject) => fresh(found),
            ResumeDecision::Restart(why) => {
                let text = format!("an earlier upload of '{file}' cannot be resumed ({why}); restarting the upload");
                self.sink.event(Event::info(text));
                fresh(found)
            }
            ResumeDecision::Resume(Journal { subject, claims, length }) => {
                let journal = found.resume(length).map_err(|error| failed("write", &path, &error))?;
                let id_bytes = subject.id_bytes.unwrap_or(ID_BYTES);
                Ok(ResumedUpload { upload_id: subject.upload_id, id_bytes, claims, journal: Some(journal) })
            }
        }
    }
}

/// One journal for each file and blob. A digest, because neither makes a file name.
fn file_name(blob: &str, file: &str) -> String {
    let digest = Sha256::new().chain_update(blob).chain_update([0]).chain_update(file).finalize();
    let name: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    name + ".journal"
}

fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Removes journals whose blocks the service no longer has.
fn prune(folder: &Path, now_unix_ms: u64) {
    let now = std::time::UNIX_EPOCH + Duration::from_millis(now_unix_ms);
    let old = |path: &PathBuf| {
        let modified = path.metadata().and_then(|metadata| metadata.modified());
        let age = modified.ok().and_then(|modified| now.duration_since(modified).ok());
        path.extension().is_some_and(|extension| extension == "journal") && age.is_some_and(|age| age > KEPT)
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(std::result::Result::ok);
    for path in entries.map(|entry| entry.path()).filter(old) {
        // One that stays is in nobody's way.
        drop(remove(&path));
    }
}
