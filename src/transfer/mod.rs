//! Level 3: a file to or from a blob.
//!
//! What is to be done is planned (`plan.rs`) and scheduled (`schedule.rs`) by plain functions and a state machine;
//! `drive.rs` carries a schedule out and is the one place that consults the retry policy. Around them stand the
//! effects: `source.rs` reads the file that is sent, `target.rs` and `journal.rs` keep the file that is received,
//! `part.rs` is one try of one received part, `upload.rs` and `download.rs` put everything together. This layer knows
//! blobs and files, not deployments. It may use `base` and `blob`.

pub mod download;
mod drive;
mod integrity;
mod journal;
mod ledger;
mod pace;
mod part;
mod plan;
mod position;
mod reservation;
mod schedule;
mod source;
mod stall;
mod target;
pub mod upload;
mod whole;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::entropy::Entropy;
use crate::base::error::Result;
use crate::base::time::Clock;
use crate::blob::client::Store;

pub use download::{Download, DownloadOptions, DownloadReceipt};
pub use integrity::Integrity;
pub use reservation::Reservation;
pub use upload::{Upload, UploadOptions, UploadReceipt};

/// Uploads and downloads. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Engine {
    store: Store,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    /// Where what a cut upload needs to go on is kept, if anywhere.
    state_folder: Option<PathBuf>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("state_folder", &self.state_folder).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine that reaches blobs through `store` and waits by `clock`.
    #[must_use]
    pub fn new(store: Store, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { store, clock, entropy, state_folder: None }
    }

    /// The same, keeping in `folder` what a cut upload needs to go on; it is made when it is needed. Without a folder,
    /// as an engine is made, nothing is kept and an upload that was cut begins again.
    #[must_use]
    pub fn keeping_state_in(mut self, folder: Option<PathBuf>) -> Self {
        self.state_folder = folder;
        self
    }
}

/// Bytes read or written at a time: large enough to be cheap, small enough that 64 streams stay below 64 MB.
const PIECE: usize = 256 * 1024;

/// Checks that a file can be sent, without sending it: for callers that have more to do first.
///
/// # Errors
/// One sentence that names the file and what is wrong with it.
pub fn check_source(file: &Path) -> Result<()> {
    source::Source::open(file).map(drop)
}

/// Reserves a file that will be received: an export takes hours before its file comes. Nobody else can download to it
/// until the reservation is dropped or a [`Download`] that was given it has ended.
///
/// # Errors
/// `Conflict` when it exists and may not be replaced, or another download writes it; `InvalidArgument` or `NotFound`
/// when its place is wrong; `Io` and `NoSpace` when nothing can be written there.
pub fn reserve_target(file: &Path, overwrite: bool) -> Result<Reservation> {
    target::Paths::check(file, overwrite)?.open().map(Reservation::new)
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
