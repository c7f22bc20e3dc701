//! Zip archives of stored entries, laid out as segments; after PKWARE's APPNOTE 6.3.
//!
//! Whether zip64 records are used is decided once for the whole archive by its size, so that the overhead is known
//! before the data is divided among the entries.

use super::Segment;

/// One file of the archive.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) data: Segment,
}

/// From this size on all records carry zip64 fields.
const NEEDS_ZIP64: u64 = 0xffff_ffff;
/// 1 January 2020, 00:00, in MS-DOS form: the same bytes in every run.
const DATE: u16 = (2020 - 1980) << 9 | 1 << 5 | 1;

const LOCAL: u64 = 30;
const LOCAL_ZIP64: u64 = 20;
const CENTRAL: u64 = 46;
const CENTRAL_ZIP64: u64 = 28;
const END: u64 = 22;
const END_ZIP64: u64 = 56 + 20;

/// Length of the archive of these entries, if the whole is to be `size` bytes (which decides about zip64).
pub(super) fn length(entries: &[Entry], size: u64) -> u64 {
    let zip64 = size >= NEEDS_ZIP64;
    let extra = |length| if zip64 { length } else { 0 };
    let records: u64 = entries
        .iter()
        .map(|entry| {
            let headers = LOCAL + extra(LOCAL_ZIP64) + CENTRAL + extra(CENTRAL_ZIP64);
            headers + 2 * entry.name.len() as u64 + entry.data.length()
        })
        .sum();
    records + END + extra(END_ZIP64)
}

/// The segments of the archive, which is to be `size` bytes. Reads all data for its CRC-32.
pub(super) fn archive(entries: Vec<Entry>, size: u64) -> Vec<Segment> {
    let zip64 = size >= NEEDS_ZIP64;
    let mut segments = Vec::new();
    let mut directory = Vec::new();
    let mut at = 0;
    let count = entries.len() as u64;
    for entry in entries {
        let record = Record { crc: crc(&entry.data), length: entry.data.length(), at, zip64, name: entry.name };
        let header = record.local();
        record.central(&mut directory);
        at += header.len() as u64 + record.length;
        segments.push(Segment::Literal(header));
        segments.push(entry.data);
    }
    end(&mut directory, count, at, zip64);
    segments.push(Segment::Literal(directory));
    segments
}

fn crc(data: &Segment) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    let mut at = 0;
    while at < data.length() {
        let count = usize::try_from(data.length() - at).unwrap_or(usize::MAX).min(buffer.len());
        data.fill(at, &mut buffer[..count]);
        crc.update(&buffer[..count]);
        at += count as u64;
    }
    crc.finalize()
}

/// What the headers of an entry say.
struct Record {
    name: String,
    crc: u32,
    length: u64,
    at: u64,
    zip64: bool,
}

impl Record {
    fn version(&self) -> u16 {
        if self.zip64 { 45 } else { 20 }
    }

    /// Version needed, flags (bit 11: UTF-8 names), method 0, time, date, CRC-32, both sizes, length of the name.
    fn common(&self, to: &mut Vec<u8>) {
        for word in [self.version(), 1 << 11, 0, 0, DATE] {
            to.extend(word.to_le_bytes());
        }
        to.extend(self.crc.to_le_bytes());
        let length = if self.zip64 { u32::MAX } else { low(self.length) };
        to.extend(length.to_le_bytes());
        to.extend(length.to_le_bytes());
        to.extend(short(self.name.len() as u64).to_le_bytes());
    }

    fn local(&self) -> Vec<u8> {
        let mut header = b"PK\x03\x04".to_vec();
        self.common(&mut header);
        header.extend(short(if self.zip64 { LOCAL_ZIP64 } else { 0 }).to_le_bytes());
        header.extend(self.name.as_bytes());
        if self.zip64 {
            header.extend([1, 0, 16, 0]);
            header.extend(self.length.to_le_bytes());
            header.extend(self.length.to_le_bytes());
        }
        header
    }

    fn central(&self, to: &mut Vec<u8>) {
        to.extend(b"PK\x01\x02");
        to.extend(self.version().to_le_bytes());
        self.common(to);
        to.extend(short(if self.zip64 { CENTRAL_ZIP64 } else { 0 }).to_le_bytes());
        // Comment length, disk, internal and external attributes.
        to.extend([0; 10]);
        to.extend(if self.zip64 { u32::MAX } else { low(self.at) }.to_le_bytes());
        to.extend(self.name.as_bytes());
        if self.zip64 {
            to.extend([1, 0, 24, 0]);
            for value in [self.length, self.length, self.at] {
                to.extend(value.to_le_bytes());
            }
        }
    }
}

/// Appends the end records to the directory, which begins at `at`.
fn end(directory: &mut Vec<u8>, count: u64, at: u64, zip64: bool) {
    let size = directory.len() as u64;
    if zip64 {
        directory.extend(b"PK\x06\x06");
        directory.extend(44_u64.to_le_bytes());
        directory.extend([45, 0, 45, 0]);
        directory.extend([0; 8]);
        for value in [count, count, size, at] {
            directory.extend(value.to_le_bytes());
        }
        directory.extend(b"PK\x06\x07");
        directory.extend(0_u32.to_le_bytes());
        directory.extend((at + size).to_le_bytes());
        directory.extend(1_u32.to_le_bytes());
    }
    directory.extend(b"PK\x05\x06");
    directory.extend([0; 4]);
    directory.extend(short(count).to_le_bytes());
    directory.extend(short(count).to_le_bytes());
    directory.extend(if zip64 { u32::MAX } else { low(size) }.to_le_bytes());
    directory.extend(if zip64 { u32::MAX } else { low(at) }.to_le_bytes());
    directory.extend([0; 2]);
}

/// The value in 16 bits; all ones, which means "see zip64", when it does not fit.
fn short(value: u64) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

/// The value in 32 bits; all ones when it does not fit.
fn low(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
