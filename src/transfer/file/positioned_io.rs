//! Reading and writing a file at a place, without moving its cursor, so that many tasks share one handle.
//!
//! Reading and writing may wait for a disk, so they belong on threads that may wait. What the system has in memory can
//! also be read where nothing may wait ([`read_resident_at`]).

use std::fs::File;
use std::io::{Error, ErrorKind, Result};

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

#[cfg(unix)]
fn write_at(file: &File, buffer: &[u8], offset: u64) -> Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, buffer, offset)
}

#[cfg(windows)]
fn write_at(file: &File, buffer: &[u8], offset: u64) -> Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, buffer, offset)
}

/// Fills the whole buffer from `offset` if that needs no waiting, because the system has those bytes in memory. `false`
/// where it has not, or where it cannot be asked.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn read_resident_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> bool {
    use std::io::IoSliceMut;

    use rustix::io::{ReadWriteFlags, preadv2};

    while !buffer.is_empty() {
        match preadv2(file, &mut [IoSliceMut::new(buffer)], offset, ReadWriteFlags::NOWAIT) {
            // What stands in the way is met again, and told, by the read that may wait.
            Ok(0) | Err(_) => return false,
            Ok(count) => {
                buffer = &mut buffer[count..];
                offset += count as u64;
            }
        }
    }
    true
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn read_resident_at(_: &File, _: &mut [u8], _: u64) -> bool {
    false
}

/// Fills the whole buffer from `offset`; `UnexpectedEof` when the file ends before.
pub(crate) fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> Result<()> {
    while !buffer.is_empty() {
        match read_at(file, buffer, offset) {
            Ok(0) => return Err(Error::from(ErrorKind::UnexpectedEof)),
            Ok(count) => {
                buffer = &mut buffer[count..];
                offset += count as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes the whole buffer at `offset`.
pub(crate) fn write_all_at(file: &File, mut buffer: &[u8], mut offset: u64) -> Result<()> {
    while !buffer.is_empty() {
        match write_at(file, buffer, offset) {
            Ok(0) => return Err(Error::from(ErrorKind::WriteZero)),
            Ok(count) => {
                buffer = &buffer[count..];
                offset += count as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
