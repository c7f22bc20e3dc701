//! What the name of a blob may be. Pure.

use crate::base::error::{Error, Result};

/// Checks a blob's name before anything is sent.
///
/// # Errors
/// `InvalidArgument` naming `field`.
pub fn check_blob_name(field: &str, name: &str) -> Result<()> {
    // A URL's "." and ".." would be resolved on the way and leave the container.
    if name.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err(Error::invalid(field, "must not contain '.' or '..' as a path segment"));
    }
    if name.is_empty() { Err(Error::invalid(field, "must not be empty")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_below_its_container() {
        for name in ["a", "a/b", "..a", "a..", "a b", "cms.app.1.nupkg"] {
            assert!(check_blob_name("blobName", name).is_ok(), "{name}");
        }
        for name in ["", ".", "..", "a/..", "../a", "a/./b"] {
            assert_eq!(check_blob_name("blobName", name).unwrap_err().field(), Some("blobName"), "{name}");
        }
    }
}
