//! What every layer needs of the operation it works for: where its events go, and whether it was cancelled.

use std::sync::Arc;

use super::cancel::CancelToken;
use super::event::{Event, Silent, Sink};

/// The operation that a call belongs to. Cheap to clone; clones are the same operation.
#[derive(Clone)]
pub struct Scope {
    sink: Arc<dyn Sink>,
    cancel: CancelToken,
}

impl Scope {
    /// A scope with its sink and token.
    pub fn new(sink: Arc<dyn Sink>, cancel: CancelToken) -> Self {
        Self { sink, cancel }
    }

    /// A scope that nobody watches and nobody cancels.
    #[must_use]
    pub fn silent() -> Self {
        Self::new(Arc::new(Silent), CancelToken::new())
    }

    /// Reports an event.
    pub fn report(&self, event: Event) {
        self.sink.event(event);
    }

    /// Where events go.
    #[must_use]
    pub fn sink(&self) -> &Arc<dyn Sink> {
        &self.sink
    }

    /// The token that cancels this operation.
    #[must_use]
    pub fn cancel(&self) -> &CancelToken {
        &self.cancel
    }
}
