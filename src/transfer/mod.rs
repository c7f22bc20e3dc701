//! Level 3: a file to or from a blob.
//!
//! `upload.rs` and `download.rs` put everything together, on what `engine.rs` gives to both. One attempt of one block is
//! `block.rs`, of one part `part.rs`, of a whole blob without ranges `single_stream.rs` (`probe.rs` finds out which).
//! `upload_file.rs` is one file of an upload, `upload_queue.rs` the blocks of all of them, `upload_resume.rs` what an
//! earlier upload has left; `download_job.rs` is one download that may begin. `link_renewal.rs` replaces a link that has
//! expired, `inspection.rs` lets somebody else look at a file before it gets its name.
//!
//! Under them are rooms by subject, each of which may use those before it: `schedule/` says what is next and consults the
//! retry policy alone, `progress/` has the figures, `checksum/` the sums, `file/` reads and locks, `journal/` writes down what
//! is done, `partial/` keeps what is received. This layer knows blobs and files, not deployments. It may use `base` and
//! `blob`.

mod block;
mod checksum;
pub mod download;
mod download_job;
mod engine;
mod file;
mod inspection;
mod journal;
mod link_renewal;
#[cfg(feature = "micro")]
pub mod micro;
mod part;
mod partial;
mod probe;
mod progress;
mod schedule;
mod single_stream;
mod task;
pub mod upload;
mod upload_file;
mod upload_queue;
mod upload_resume;

pub use checksum::integrity::Integrity;
pub use download::{Download, DownloadOptions, DownloadReceipt};
pub use engine::{Engine, check_source, look_into, reserve_target};
pub use inspection::Inspection;
pub use link_renewal::LinkSource;
pub use partial::reservation::Reservation;
pub use upload::{Upload, UploadFile, UploadOptions, UploadReceipt};

#[cfg(test)]
mod tests {
    use std::sync::Arc;

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
