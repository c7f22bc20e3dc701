//! The async runtime behind all clients of the process: it begins with the first handle and ends, in the
//! background, with the last.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::{panic, signals};
use crate::base::error::{Error, Kind, Result};
use crate::ops::runtime;

/// The runtime, kept alive by every client, operation and running task.
pub(super) struct Runtime {
    tokio: Option<tokio::runtime::Runtime>,
    /// The process it was made in. A forked child has a copy of this memory, but none of the threads.
    process: u32,
}

/// Not held while a runtime is made.
static CURRENT: Mutex<Weak<Runtime>> = Mutex::new(Weak::new());

/// Held by whoever makes a runtime, so that clients which are made at once share one.
static MAKING: Mutex<()> = Mutex::new(());

impl Runtime {
    /// The runtime of the process, made if there is none.
    pub(super) fn shared() -> Result<Arc<Self>> {
        if let Some(runtime) = Self::current() {
            runtime.check_process()?;
            return Ok(runtime);
        }
        let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = Self::current() {
            runtime.check_process()?;
            return Ok(runtime);
        }
        let tokio = runtime::start(|| {
            panic::adopt_thread();
            signals::leave_to_the_host();
        })?;
        let runtime = Arc::new(Self { tokio: Some(tokio), process: std::process::id() });
        *CURRENT.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&runtime);
        Ok(runtime)
    }

    fn current() -> Option<Arc<Self>> {
        CURRENT.lock().unwrap_or_else(PoisonError::into_inner).upgrade()
    }

    /// Refuses work in a forked child, where it would wait for ever for threads that are not there.
    pub(super) fn check_process(&self) -> Result<()> {
        if self.process == std::process::id() {
            return Ok(());
        }
        Err(Error::new(Kind::Unsupported, "this process was forked from one that has epicloud clients")
            .with_next_step("fork before the first client is made, or start a new program in the child"))
    }

    /// Runs a future on the runtime.
    pub(super) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        if let Some(tokio) = &self.tokio {
            tokio.spawn(future);
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(tokio) = self.tokio.take() {
            // Never waits: the last handle may be freed inside a callback, or its last task may end on the runtime.
            tokio.shutdown_background();
        }
    }
}
