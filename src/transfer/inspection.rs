//! The last look at a file that was received, by whoever knows what it should hold: here nobody does.

use super::partial::partial_file::PartialFile;
use crate::base::error::{Error, Result};
use crate::base::readable::Readable;

/// What a file must be to get its name. Asked on a thread that may wait, when the file is complete and has passed every
/// other check.
pub trait Inspection: Send + Sync {
    /// How every file begins that can be meant. Where no sign of a blob storage is in an answer, this decides whether
    /// something else has given it.
    fn begins(&self) -> &'static [u8] {
        b""
    }

    /// Why the file must not get its name, or nothing. `verified` says that its MD5 is that of the blob.
    ///
    /// # Errors
    /// What kept it from being inspected. The partial file is kept then, and removed after a refusal.
    fn refusal(&self, file: &dyn Readable, verified: bool) -> Result<Option<Error>>;
}

impl std::fmt::Debug for dyn Inspection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inspection")
    }
}

/// Inspects the partial file. Blocks.
///
/// # Errors
/// The refusal, after which nobody resumes this file: what is wrong with it is in what was received.
pub(super) fn inspect(
    inspection: &dyn Inspection,
    partial: &PartialFile,
    file: &dyn Readable,
    verified: bool,
) -> Result<()> {
    match inspection.refusal(file, verified).inspect_err(|_| partial.tidy())? {
        Some(refusal) => partial.discard().and(Err(refusal)),
        None => Ok(()),
    }
}
