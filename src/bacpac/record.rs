//! The records of a ZIP archive, read from their bytes: PKWARE's APPNOTE 6.3, sections 4.3 and 4.5. Nothing is judged
//! here, and nothing smoothed over.

/// Length of a local header without its name and extra fields.
pub(super) const LOCAL: usize = 30;
/// Length of a central header without its name, extra fields and comment.
pub(super) const CENTRAL: usize = 46;
/// Length of the end record without its comment.
pub(super) const END: usize = 22;
/// Length of the record that leads to the zip64 end record.
pub(super) const LOCATOR: usize = 20;
/// Length of a zip64 end record without extensions.
pub(super) const END64: usize = 56;

/// A compression method that few tools read.
pub(super) const DEFLATE64: u16 = 9;

pub(super) const LOCAL_SIGNATURE: [u8; 4] = *b"PK\x03\x04";
pub(super) const END_SIGNATURE: [u8; 4] = *b"PK\x05\x06";
pub(super) const CENTRAL_SIGNATURE: [u8; 4] = *b"PK\x01\x02";
const END64_SIGNATURE: [u8; 4] = *b"PK\x06\x06";
const LOCATOR_SIGNATURE: [u8; 4] = *b"PK\x06\x07";
const DESCRIPTOR_SIGNATURE: [u8; 4] = *b"PK\x07\x08";

/// "The zip64 field has it", in a field of 32 bits.
const MASKED: u32 = u32::MAX;

/// Bytes at a place, or zero beyond the end: the lengths of all records are checked before.
fn word<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..at + N).and_then(|word| word.try_into().ok()).unwrap_or([0; N])
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(word(bytes, at))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(word(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(word(bytes, at))
}

fn begins(bytes: &[u8], signature: [u8; 4], length: usize) -> bool {
    bytes.len() >= length && bytes.starts_with(&signature)
}

/// What an end record, of either kind, says about the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) entries: u64,
    pub(super) size: u64,
    pub(super) offset: u64,
    /// Whether it is that of an archive in one file.
    pub(super) is_whole: bool,
}

impl End {
    /// The end record, and the length of its comment.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        if !begins(bytes, END_SIGNATURE, END) {
            return None;
        }
        // All ones stand for what the zip64 record says; so does a number of disks then.
        let disks = [u16_at(bytes, 4), u16_at(bytes, 6)];
        let (here, all) = (u16_at(bytes, 8), u16_at(bytes, 10));
        let end = Self {
            entries: u64::from(all),
            size: u64::from(u32_at(bytes, 12)),
            offset: u64::from(u32_at(bytes, 16)),
            is_whole: here == all && disks.iter().all(|disk| matches!(*disk, 0 | u16::MAX)),
        };
        Some((end, usize::from(u16_at(bytes, 20))))
    }

    /// The zip64 end record.
    pub(super) fn read64(bytes: &[u8]) -> Option<Self> {
        begins(bytes, END64_SIGNATURE, END64).then(|| Self {
            entries: u64_at(bytes, 32),
            size: u64_at(bytes, 40),
            offset: u64_at(bytes, 48),
            is_whole: u32_at(bytes, 16) == 0 && u32_at(bytes, 20) == 0 && u64_at(bytes, 24) == u64_at(bytes, 32),
        })
    }

    /// Whether this end record says nothing else than the zip64 one, field by field.
    pub(super) fn agrees(&self, with: &Self) -> bool {
        let same = |short: u64, masked: u64, long: u64| short == masked || short == long;
        same(self.entries, u64::from(u16::MAX), with.entries)
            && same(self.size, u64::from(MASKED), with.size)
            && same(self.offset, u64::from(MASKED), with.offset)
    }
}

/// Where the zip64 end record begins, as the record behind it says.
pub(super) fn locator(bytes: &[u8]) -> Option<u64> {
    begins(bytes, LOCATOR_SIGNATURE, LOCATOR).then(|| u64_at(bytes, 8))
}

/// What a header says about its entry. Both kinds of headers hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) version: u16,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    /// Length in the archive.
    pub(super) packed: u64,
    /// Length unpacked.
    pub(super) length: u64,
}

/// Where the data of a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Located {
    pub(super) header: Header,
    pub(super) at: u64,
}

impl Header {
    pub(super) fn is_encrypted(&self) -> bool {
        self.flags & 1 != 0
    }

    /// Whether sum and lengths stand behind the data.
    pub(super) fn has_descriptor(&self) -> bool {
        self.flags & (1 << 3) != 0
    }

    /// The fields that both kinds of headers hold in the same order, from the version that is needed on.
    fn read(bytes: &[u8], at: usize) -> Self {
        Self {
            version: u16_at(bytes, at),
            flags: u16_at(bytes, at + 2),
            method: u16_at(bytes, at + 4),
            crc: u32_at(bytes, at + 10),
            packed: u64::from(u32_at(bytes, at + 14)),
            length: u64::from(u32_at(bytes, at + 18)),
        }
    }

    /// Whether its lengths stand in the zip64 field.
    pub(super) fn is_masked(&self) -> bool {
        [self.packed, self.length].contains(&u64::from(MASKED))
    }

    /// Takes what is masked out of the zip64 field, in the field's order. `None` where the field ends before.
    pub(super) fn unmask(mut self, extra: &[u8], offset: &mut u64) -> Option<Self> {
        let values: Vec<u64> =
            zip64_field(extra).unwrap_or_default().chunks_exact(8).map(|value| u64_at(value, 0)).collect();
        // It holds only what is masked, but some writers always put in all three.
        let is_full = values.len() >= 3;
        let mut next = 0;
        for (index, field) in [&mut self.length, &mut self.packed, offset].into_iter().enumerate() {
            if *field == u64::from(MASKED) {
                *field = *values.get(if is_full { index } else { next })?;
                next += 1;
            }
        }
        Some(self)
    }
}

/// The zip64 field among the extra fields.
fn zip64_field(mut extra: &[u8]) -> Option<&[u8]> {
    while extra.len() >= 4 {
        let (id, length) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let end = 4 + length;
        let field = extra.get(4..end)?;
        if id == 1 {
            return Some(field);
        }
        extra = &extra[end..];
    }
    None
}

/// A central header in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Central {
    pub(super) header: Header,
    /// Where the local header is.
    pub(super) offset: u64,
    pub(super) name_length: usize,
    /// Length of the whole record.
    pub(super) record_length: usize,
}

impl Central {
    /// The central header at the beginning of these bytes, which are the rest of the directory.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        if !begins(bytes, CENTRAL_SIGNATURE, CENTRAL) {
            return None;
        }
        let [name_length, extra, comment] = [28, 30, 32].map(|at| usize::from(u16_at(bytes, at)));
        let record_length = CENTRAL + name_length + extra + comment;
        let extra = bytes.get(..record_length)?.get(CENTRAL + name_length..CENTRAL + name_length + extra)?;
        let mut offset = u64::from(u32_at(bytes, 42));
        let header = Header::read(bytes, 6).unmask(extra, &mut offset)?;
        Some(Self { header, offset, name_length, record_length })
    }
}

/// A local header as it stands, with what is masked left so, and the lengths of name and extra fields.
pub(super) fn local(bytes: &[u8]) -> Option<(Header, usize, usize)> {
    begins(bytes, LOCAL_SIGNATURE, LOCAL)
        .then(|| (Header::read(bytes, 4), usize::from(u16_at(bytes, 26)), usize::from(u16_at(bytes, 28))))
}

/// The length of the data descriptor at the beginning of these bytes, if one is there that says the same. Its signature
/// is optional, and its lengths have 4 or 8 bytes.
pub(super) fn descriptor(bytes: &[u8], header: &Header) -> Option<u64> {
    let signed = usize::from(bytes.starts_with(&DESCRIPTOR_SIGNATURE)) * 4;
    // An unsigned one whose sum looks like the signature is one in 2³².
    let fields = bytes.get(signed..)?;
    if fields.len() >= 12 && u32_at(fields, 0) == header.crc {
        if fields.len() >= 20 && u64_at(fields, 4) == header.packed && u64_at(fields, 12) == header.length {
            return Some(signed as u64 + 20);
        }
        if u64::from(u32_at(fields, 4)) == header.packed && u64::from(u32_at(fields, 8)) == header.length {
            return Some(signed as u64 + 12);
        }
    }
    None
}

/// The name of a compression method that is not supported.
pub(super) fn method_name(method: u16) -> String {
    let name = match method {
        12 => "bzip2",
        14 => "LZMA",
        20 | 93 => "Zstandard",
        95 => "XZ",
        98 => "PPMd",
        99 => "AES encryption",
        other => return format!("method {other}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_masked_comes_from_the_zip64_field_in_its_order() {
        let masked = u64::from(u32::MAX);
        let header = Header { version: 45, flags: 0, method: 0, crc: 0, packed: masked, length: 7 };
        let padding = [0x20, 0xa2, 2, 0, 1, 2];
        let field = |values: &[u64]| {
            let mut bytes = padding.to_vec();
            bytes.extend([1, 0, (values.len() * 8) as u8, 0]);
            values.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
            bytes
        };
        for values in [&[1, 2][..], &[7, 1, 2]] {
            let mut offset = masked;
            let read = header.unmask(&field(values), &mut offset).unwrap();
            assert_eq!((read.packed, read.length, offset), (1, 7, 2));
        }
        for short in [field(&[1]), padding.to_vec(), Vec::new(), vec![1, 0, 99, 0]] {
            assert_eq!(header.unmask(&short, &mut { masked }), None, "{short:?}");
        }
    }

    #[test]
    fn a_descriptor_has_four_forms() {
        let header = Header { version: 20, flags: 8, method: 8, crc: 0xdead_beef, packed: 3, length: 5 };
        for (signed, long, length) in [(true, true, 24), (true, false, 16), (false, true, 20), (false, false, 12)] {
            let mut bytes = if signed { DESCRIPTOR_SIGNATURE.to_vec() } else { Vec::new() };
            bytes.extend(header.crc.to_le_bytes());
            for value in [header.packed, header.length] {
                bytes.extend(&value.to_le_bytes()[..if long { 8 } else { 4 }]);
            }
            assert_eq!(descriptor(&bytes, &header), Some(length));
            assert_eq!(descriptor(&bytes, &Header { crc: 1, ..header }), None);
            assert_eq!(descriptor(&bytes[..bytes.len() - 1], &header), None);
        }
    }
}
