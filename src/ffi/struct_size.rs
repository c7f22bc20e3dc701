//! The rules of `struct_size`.
//!
//! A struct only ever grows at its end. A size is that of a version, or it can come from no header; a larger one than
//! this library's is of a newer header, which is fine as long as what this library does not know is zero, the default
//! of every field.

use crate::base::error::{Error, Result};

/// No version of a struct will come near this size; a larger number is an uninitialised field.
pub(super) const LARGEST: usize = 4096;

/// Refuses a size that no version of a struct has.
pub(super) fn check(name: &str, size: usize, earlier: &[usize], own: usize) -> Result<()> {
    if earlier.contains(&size) || (own..=LARGEST).contains(&size) {
        return Ok(());
    }
    let known: String = earlier.iter().map(|size| format!("{size} or ")).collect();
    let rule = format!("{size} is not a size of an epi_{name} ({known}at least {own}); begin with its INIT macro");
    let field = if name == "progress" { "out_progress" } else { "options" };
    Err(Error::invalid(format!("{field}.struct_size"), rule))
}
