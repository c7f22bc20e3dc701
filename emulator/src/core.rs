//! What all services of one running emulator share. Knows no service.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::blob::Storage;
use crate::clock::Clock;
use crate::fault::Faults;
use crate::record::Recorder;
use crate::state_dir::StateDir;

/// The shared parts.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) clock: Arc<Clock>,
    pub(crate) faults: Faults,
    pub(crate) recorder: Arc<Recorder>,
    /// Follows requests that are not shown on the record.
    pub(crate) unrecorded: Arc<Recorder>,
    pub(crate) storage: Arc<Storage>,
    pub(crate) state: Arc<StateDir>,
    connections: AtomicU64,
}

impl Core {
    pub(crate) fn new(clock: Arc<Clock>, storage: Arc<Storage>, state: Arc<StateDir>) -> Self {
        Self {
            clock,
            faults: Faults::default(),
            recorder: Arc::default(),
            unrecorded: Arc::default(),
            storage,
            state,
            connections: AtomicU64::new(0),
        }
    }

    pub(crate) fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Writes the state folder, if there is one.
    pub(crate) fn save(&self) {
        self.state.save();
    }
}
