//! File work, on threads that may wait for a disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{OwnedRwLockReadGuard, RwLock};

use crate::base::error::{Error, Kind, Result};

/// Held for reading by file work that outlives the task that waits for it; whoever can hold it for writing knows that
/// none is left. Without this a cancelled download could still write beside its successor.
pub(super) type Busy = Arc<RwLock<()>>;

/// Held while file work is done.
pub(super) type Held = OwnedRwLockReadGuard<()>;

/// Runs file work on a thread that may wait.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.map_err(|_| Error::new(Kind::Internal, "a file task panicked"))?
}

/// The same, for work that may outlive its caller.
pub(super) async fn busily<T: Send + 'static>(
    busy: &Busy,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let held = Arc::clone(busy).read_owned().await;
    blocking(move || {
        let _held = held;
        work()
    })
    .await
}

/// Ends file work whose caller is gone.
#[derive(Default)]
pub(super) struct StopOnDrop(Arc<AtomicBool>);

impl StopOnDrop {
    /// What the work looks at: set when it should end.
    pub(super) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
