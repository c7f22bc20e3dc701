//! Takes the room on the disk that a file will need, so that a disk that is too small is noticed at the start.

use std::fs::File;

/// Takes room on the disk, where the file system can tell. One that cannot fails later, at the byte that is too much.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn allocate(file: &File, length: u64) -> std::io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate, fstatfs};
    use rustix::io::Errno;

    if length == 0 {
        return Ok(());
    }
    // A disk notes the room down. In memory each page of it is made ready, which takes a third of the whole download,
    // so there it is only looked for.
    // `TMPFS_MAGIC` of statfs(2); the type of this field differs from one kind of processor to the other.
    let taken = match fstatfs(file) {
        Ok(place) if place.f_type == 0x0102_1994 => {
            let left = place.f_bavail.saturating_mul(place.f_bsize as u64);
            if place.f_blocks > 0 && left < length { Err(Errno::NOSPC) } else { Ok(()) }
        }
        _ => fallocate(file, FallocateFlags::empty(), 0, length),
    };
    match taken {
        Err(error) if error == Errno::NOSPC || error == Errno::DQUOT => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn allocate(_: &File, _: u64) -> std::io::Result<()> {
    Ok(())
}
