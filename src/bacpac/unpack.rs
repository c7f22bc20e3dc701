//! A part as it was packed: unpacked as a stream and compared with what the directory says of it.

use crc_fast::{CrcAlgorithm, Digest};
use flate2::{Decompress, FlushDecompress, Status};

use super::record::{Header, Located};
use crate::base::cancel::CancelToken;
use crate::base::error::Result;
use crate::base::readable::Readable;

/// Bytes read, and unpacked, at a time.
const PIECE: usize = 64 * 1024;

/// What differs from the directory.
pub(super) type Fault = &'static str;

const LENGTH: Fault = "its uncompressed size does not match the central directory";
const UNREADABLE: Fault = "its data cannot be decompressed";
const SUM: Fault = "its CRC-32 does not match the central directory";

/// Whether a part's method is one that is unpacked here.
pub(super) fn is_supported(method: u16) -> bool {
    matches!(method, 0 | 8)
}

/// Whether the data of a part can be compared with the directory. What cannot be is a finding of its own.
pub(super) fn is_readable(header: &Header) -> bool {
    !header.is_encrypted() && is_supported(header.method)
}

/// Unpacks a part and hands it over piece by piece. Never more than the directory announces, so that a few bytes do not
/// become more than memory or time allow; `None` where all of it is as announced.
pub(super) fn unpack(
    file: &dyn Readable,
    part: Located,
    cancel: &CancelToken,
    mut take: impl FnMut(&[u8]),
) -> Result<Option<Fault>> {
    let header = part.header;
    let (mut crc, mut length) = (Digest::new(CrcAlgorithm::Crc32IsoHdlc), 0);
    let mut give = |bytes: &[u8]| {
        length += bytes.len() as u64;
        let fits = length <= header.length;
        if fits {
            crc.update(bytes);
            take(bytes);
        }
        fits
    };
    let fault = match header.method {
        8 => inflate(file, part, cancel, &mut give)?,
        _ => copy(file, part, cancel, &mut give)?,
    };
    if fault.is_some() {
        return Ok(fault);
    }
    if length != header.length {
        return Ok(Some(LENGTH));
    }
    Ok((crc.finalize() != u64::from(header.crc)).then_some(SUM))
}

/// Hands over what is packed, piece by piece, until `give` wants no more.
fn packed(
    file: &dyn Readable,
    part: Located,
    cancel: &CancelToken,
    mut give: impl FnMut(&[u8]) -> Option<Fault>,
) -> Result<Option<Fault>> {
    let mut buffer = vec![0; PIECE];
    let mut done = 0;
    while done < part.header.packed {
        cancel.check()?;
        let count = usize::try_from(part.header.packed - done).unwrap_or(PIECE).min(PIECE);
        file.read_at(&mut buffer[..count], part.at + done)?;
        if let Some(fault) = give(&buffer[..count]) {
            return Ok(Some(fault));
        }
        done += count as u64;
    }
    Ok(None)
}

fn copy(
    file: &dyn Readable,
    part: Located,
    cancel: &CancelToken,
    give: &mut impl FnMut(&[u8]) -> bool,
) -> Result<Option<Fault>> {
    packed(file, part, cancel, |bytes| (!give(bytes)).then_some(LENGTH))
}

fn inflate(
    file: &dyn Readable,
    part: Located,
    cancel: &CancelToken,
    give: &mut impl FnMut(&[u8]) -> bool,
) -> Result<Option<Fault>> {
    let mut inflater = Decompress::new(false);
    let mut plain = vec![0; PIECE];
    let mut ended = false;
    let fault = packed(file, part, cancel, |mut bytes| {
        // Nothing may follow the end of the compressed data.
        while !bytes.is_empty() {
            if ended {
                return Some(UNREADABLE);
            }
            // It looks into the output too: what it still holds back comes with the next call.
            loop {
                let before = (inflater.total_in(), inflater.total_out());
                let Ok(status) = inflater.decompress(bytes, &mut plain, FlushDecompress::None) else {
                    return Some(UNREADABLE);
                };
                let taken = usize::try_from(inflater.total_in() - before.0).unwrap_or(bytes.len());
                let given = usize::try_from(inflater.total_out() - before.1).unwrap_or(plain.len());
                if taken == 0 && given == 0 && !bytes.is_empty() && !matches!(status, Status::StreamEnd) {
                    return Some(UNREADABLE);
                }
                bytes = &bytes[taken..];
                if !give(&plain[..given]) {
                    return Some(LENGTH);
                }
                ended = status == Status::StreamEnd;
                if ended || given < plain.len() {
                    break;
                }
            }
        }
        None
    })?;
    Ok(fault.or_else(|| (!ended).then_some(UNREADABLE)))
}
