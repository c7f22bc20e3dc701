//! File work, on threads that may wait for a disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{OwnedRwLockReadGuard, RwLock};

use crate::base::error::Result;
use crate::transfer::task;

/// Held for reading by file work that outlives the task that waits for it; whoever can hold it for writing knows that
/// none is left. Without this a cancelled download could still write beside its successor.
pub(crate) type FileWork = Arc<RwLock<()>>;

/// Held while file work is done.
pub(crate) type FileWorkGuard = OwnedRwLockReadGuard<()>;

/// Runs file work on a thread that may wait.
pub(crate) async fn run_file_task<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.map_err(task::lost)?
}

/// The same, for work that may outlive its caller.
pub(crate) async fn run_tracked<T: Send + 'static>(
    file_work: &FileWork,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let held = Arc::clone(file_work).read_owned().await;
    run_file_task(move || {
        let _held = held;
        work()
    })
    .await
}

/// Ends file work whose caller is gone.
#[derive(Default)]
pub(crate) struct StopOnDrop(Arc<AtomicBool>);

impl StopOnDrop {
    /// What the work looks at: set when it should end.
    pub(crate) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
