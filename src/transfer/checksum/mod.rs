//! The checksums of ranges and of whole files.

pub(super) mod file_md5;
pub(super) mod integrity;
pub(super) mod md5;
