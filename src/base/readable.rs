//! Bytes that are read at places, wherever they are kept: what whoever looks into a file needs of it.

use super::error::Result;

/// Something of a known length that is read at places. Both calls may wait for a disk.
pub trait Readable: Send + 'static {
    /// How many bytes there are.
    fn length(&self) -> u64;

    /// Fills the whole buffer from this place on.
    ///
    /// # Errors
    /// What the medium says; there is no other reason, also when there are not so many bytes.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<()>;
}
