//! What uploads and downloads share, and what can be asked of files before one begins.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file::file_tasks::run_file_task;
use super::file::source::Source;
use super::partial::partial_file::PartialFile;
use super::partial::reservation::Reservation;
use super::partial::target::TargetPaths;
use crate::base::entropy::Entropy;
use crate::base::error::Result;
use crate::base::readable::Readable;
use crate::base::time::Clock;
use crate::blob::client::Store;

/// Uploads and downloads. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Engine {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    /// Where what a cut upload needs to go on is kept.
    pub(super) state: Option<PathBuf>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine that reaches blobs through `store` and waits by `clock`.
    #[must_use]
    pub fn new(store: Store, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { store, clock, entropy, state: None }
    }

    /// The same, keeping in a folder what a cut upload needs to go on. The folder is made when there is something to
    /// keep; it holds names of files and addresses of blobs, but no link. Without one, a cut upload starts again.
    #[must_use]
    pub fn keeping_state_in(self, folder: Option<PathBuf>) -> Self {
        Self { state: folder, ..self }
    }
}

/// Checks that a file can be sent, without sending it: for callers that have more to do first.
///
/// # Errors
/// One sentence that names the file and what is wrong with it.
pub fn check_source(file: &Path) -> Result<()> {
    Source::open(file).map(drop)
}

/// Looks into a file that can be sent, on a thread that may wait.
///
/// # Errors
/// As [`check_source`]; then what `look` gives.
pub async fn look_into<T: Send + 'static>(
    file: &Path,
    look: impl FnOnce(&dyn Readable) -> Result<T> + Send + 'static,
) -> Result<T> {
    let file = file.to_owned();
    run_file_task(move || look(&Source::open(&file)?)).await
}

/// Reserves a file that will be received: an export takes hours before its file comes. Nobody else can download to it
/// until the reservation is dropped or a [`Download`](super::Download) that was given it has ended.
///
/// # Errors
/// `Conflict` when it exists and may not be replaced, or another download writes it; `InvalidArgument` or `NotFound`
/// when its place is wrong; `Io` and `NoSpace` when nothing can be written there.
pub fn reserve_target(file: &Path, overwrite: bool) -> Result<Reservation> {
    PartialFile::open(TargetPaths::check(file, overwrite)?).map(Reservation::new)
}
