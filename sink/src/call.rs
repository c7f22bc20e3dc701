//! A request to the store, as the operations see it, and why one is not carried out.

use epicloud_emulator::blob::error::BlobError;
use epicloud_emulator::blob::query;
use epicloud_emulator::http::Asked;

use crate::core::Core;
use crate::message::Stopped;

/// Why a request is not carried out.
pub(crate) enum Refusal {
    Blob(BlobError),
    Stopped(Stopped),
}

impl From<BlobError> for Refusal {
    fn from(error: BlobError) -> Self {
        Self::Blob(error)
    }
}

impl From<Stopped> for Refusal {
    fn from(stopped: Stopped) -> Self {
        Self::Stopped(stopped)
    }
}

/// A request to the store.
pub(crate) struct Call<'a> {
    pub(crate) core: &'a Core,
    pub(crate) asked: &'a Asked,
    pub(crate) container: String,
    pub(crate) blob: String,
}

impl Call<'_> {
    pub(crate) fn place(&self) -> (String, String) {
        (self.container.clone(), self.blob.clone())
    }

    pub(crate) fn query(&self, name: &str) -> Option<String> {
        query(self.asked, name)
    }
}
