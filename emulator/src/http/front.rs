//! What one listener leads to.

use std::sync::Arc;

use super::asked::Asked;
use super::room::Room;
use crate::core::Core;

/// The rooms behind a listener.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) core: Arc<Core>,
    /// The first of these that takes a request has it.
    pub(crate) rooms: Vec<Arc<dyn Room>>,
    /// Has all other requests.
    pub(crate) usual: Arc<dyn Room>,
}

impl Front {
    pub(super) fn room(&self, asked: &Asked) -> &dyn Room {
        self.rooms.iter().find(|room| room.takes(asked)).unwrap_or(&self.usual).as_ref()
    }
}
