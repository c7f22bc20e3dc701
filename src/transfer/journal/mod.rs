//! What a transfer has finished: written down, read again, and compared with the file before it is believed.

pub(super) mod file;
pub(super) mod format;
pub(super) mod verify;
