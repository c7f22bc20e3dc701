//! A target that is reserved before a long wait, so that its file can surely be written afterwards.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::partial_file::PartialFile;
use super::target::TargetPaths;
use crate::base::error::{Error, Result};

/// A target that was reserved for a later download. Clones share it. While it is unused its partial file stays
/// locked; when the last clone is dropped unused, an empty partial file is removed.
#[derive(Clone)]
pub struct Reservation(Arc<Reserved>);

struct Reserved(Mutex<Option<PartialFile>>);

impl std::fmt::Debug for Reservation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reservation").finish_non_exhaustive()
    }
}

impl Reservation {
    pub(crate) fn new(partial: PartialFile) -> Self {
        Self(Arc::new(Reserved(Mutex::new(Some(partial)))))
    }

    /// Where the file comes from, as an earlier reservation of the same target [remembered](Self::remember) it.
    ///
    /// # Errors
    /// `Io` when what is kept beside the file cannot be read.
    pub fn origin(&self) -> Result<Option<Value>> {
        self.partial(PartialFile::origin).map(Option::flatten)
    }

    /// Keeps beside the file where it comes from, for whoever reserves the same target after this transfer, or this
    /// process, was cut. It must hold no secret. It is forgotten when the file is complete.
    ///
    /// # Errors
    /// `Io` and `NoSpace` when it cannot be kept.
    pub fn remember(&self, origin: &Value) -> Result<()> {
        self.partial(|partial| partial.remember(origin)).map(drop)
    }

    /// Forgets where the file was to come from, unless something was received. That stays: it may be of an earlier
    /// source.
    ///
    /// # Errors
    /// `Io` when what is kept beside the file cannot be removed.
    pub fn forget(&self) -> Result<()> {
        self.partial(PartialFile::forget).map(drop)
    }

    /// Nothing once a download has taken it.
    fn partial<T>(&self, work: impl FnOnce(&PartialFile) -> Result<T>) -> Result<Option<T>> {
        let reserved = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        reserved.as_ref().map(work).transpose()
    }

    /// The partial file for a download to these paths. Taken out, so that a second download opens and locks its own
    /// and cannot write beside the first: then `None`.
    ///
    /// # Errors
    /// `InvalidArgument` when it is the reservation of another target.
    pub(crate) fn take(&self, paths: &TargetPaths) -> Result<Option<PartialFile>> {
        let mut reserved = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if reserved.as_ref().is_some_and(|partial| partial.paths() != paths) {
            return Err(Error::invalid("reservation", "belongs to another target"));
        }
        Ok(reserved.take())
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if let Some(partial) = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            partial.remove_unused();
        }
    }
}
