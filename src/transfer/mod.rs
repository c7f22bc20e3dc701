//! Level 3: a file to or from a blob.
//!
//! What is to be done is planned (`plan.rs`, `order.rs`), scheduled (`schedule.rs`, `streams.rs`) and measured
//! (`pace.rs`) by plain functions and state machines; `drive.rs` carries a schedule out and is the one place that
//! consults the retry policy. Around them stand the effects: `source.rs` reads the files that are sent, `partial.rs` keeps
//! the file that is received (`owner.rs` says whether what is there is ours) and `target.rs` gives it its name, `block.rs`
//! and `part.rs` are one try of one block and one part, `undivided.rs` one of a whole blob (`look.rs` chooses), `ledger.rs` writes down
//! what is done (in the words of `journal.rs`), `resume.rs` and `recheck.rs` take it up again, `links.rs` replaces a link
//! that has expired, `inspection.rs` lets somebody else look at a file before it gets its name. `upload.rs` and `download.rs` put everything together. This layer knows blobs and files, not
//! deployments. It may use `base` and `blob`.

mod block;
mod blocking;
mod buffers;
pub mod download;
mod drive;
mod flush;
mod inspection;
mod integrity;
mod journal;
mod ledger;
mod links;
mod lock;
mod look;
mod md5;
mod meter;
#[cfg(feature = "micro")]
pub mod micro;
mod order;
mod owner;
mod pace;
mod package;
mod part;
mod partial;
mod plan;
mod position;
mod recheck;
mod reservation;
mod resume;
mod room;
mod schedule;
mod source;
mod stall;
mod streams;
mod target;
mod undivided;
pub mod upload;
mod whole;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::entropy::Entropy;
use crate::base::error::Result;
use crate::base::readable::Readable;
use crate::base::time::Clock;
use crate::blob::client::Store;

pub use download::{Download, DownloadOptions, DownloadReceipt};
pub use inspection::Inspection;
pub use integrity::Integrity;
pub use links::LinkSource;
pub use reservation::Reservation;
pub use upload::{Upload, UploadFile, UploadOptions, UploadReceipt};

/// Uploads and downloads. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Engine {
    store: Store,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    /// Where what a cut upload needs to go on is kept.
    state: Option<PathBuf>,
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

/// Bytes read at a time: large enough to be cheap, small enough that what a connection is at work on stays in the
/// processor's cache.
const PIECE: usize = 64 * 1024;

/// Checks that a file can be sent, without sending it: for callers that have more to do first.
///
/// # Errors
/// One sentence that names the file and what is wrong with it.
pub fn check_source(file: &Path) -> Result<()> {
    source::Source::open(file).map(drop)
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
    blocking::blocking(move || look(&source::Source::open(&file)?)).await
}

/// Reserves a file that will be received: an export takes hours before its file comes. Nobody else can download to it
/// until the reservation is dropped or a [`Download`] that was given it has ended.
///
/// # Errors
/// `Conflict` when it exists and may not be replaced, or another download writes it; `InvalidArgument` or `NotFound`
/// when its place is wrong; `Io` and `NoSpace` when nothing can be written there.
pub fn reserve_target(file: &Path, overwrite: bool) -> Result<Reservation> {
    partial::Partial::open(target::Paths::check(file, overwrite)?).map(Reservation::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::cancel::CancelToken;
    use crate::base::event::Sink;

    /// Hosts run transfers as tasks, which must be able to move between threads. Compiling is the test.
    #[expect(dead_code, reason = "only its types matter")]
    fn transfers_can_be_spawned(
        engine: &'static Engine,
        upload: &'static Upload,
        download: &'static Download,
        sink: &'static Arc<dyn Sink>,
        cancel: &'static CancelToken,
    ) {
        tokio::spawn(engine.upload(upload, sink, cancel));
        tokio::spawn(engine.download(download, sink, cancel));
    }
}
