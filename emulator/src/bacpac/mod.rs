//! Exported databases: a real zip of exactly the size chosen, in the shape of a bacpac, made on the fly in any range.
//!
//! A layout is a list of segments, literal bytes (zip headers, small XML parts) and generated ones (table data), so
//! nothing of size is held anywhere. The table data means nothing to a database server.

pub(crate) mod generated;
mod parts;
mod zip;

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

/// Smallest size a layout can have.
pub(crate) const LEAST_SIZE: u64 = 16 << 10;
/// Table data per file of the archive, about.
const DATA_FILE: u64 = 32 << 20;
/// Most files of table data.
const MOST_DATA_FILES: u64 = 500;

/// A database as an export gives it, of exactly this many bytes (16 KiB at least): for tests that serve one themselves.
/// The same seed gives the same bytes.
#[must_use]
pub fn bacpac(size: u64, seed: u64) -> Vec<u8> {
    let layout = Layout::build(Shape { size, seed, database: "epicms".to_owned() });
    let mut bytes = vec![0; usize::try_from(layout.length()).unwrap_or(usize::MAX)];
    layout.fill(0, &mut bytes);
    bytes
}

/// What a layout is made of; the same shape gives the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shape {
    pub(crate) size: u64,
    pub(crate) seed: u64,
    pub(crate) database: String,
}

/// Where the bytes of a segment come from.
#[derive(Clone, Debug)]
pub(super) enum Segment {
    Literal(Vec<u8>),
    /// So many bytes of the stream with this seed.
    Generated(u64, u64),
}

impl Segment {
    fn length(&self) -> u64 {
        match self {
            Self::Literal(bytes) => bytes.len() as u64,
            Self::Generated(_, length) => *length,
        }
    }

    fn fill(&self, from: u64, into: &mut [u8]) {
        match self {
            Self::Literal(bytes) => {
                let from = usize::try_from(from).unwrap_or(usize::MAX).min(bytes.len());
                let count = into.len().min(bytes.len() - from);
                into[..count].copy_from_slice(&bytes[from..from + count]);
            }
            Self::Generated(seed, _) => generated::fill(*seed, from, into),
        }
    }
}

/// The segments of one archive.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    shape: Shape,
    /// Segments with their places.
    segments: Vec<(u64, Segment)>,
}

impl Layout {
    /// Lays the archive out. Reads all table data once for its CRC-32: call it where blocking is allowed.
    pub(crate) fn build(shape: Shape) -> Self {
        let size = shape.size.max(LEAST_SIZE);
        let mut segments = Vec::new();
        let mut at = 0;
        for segment in zip::archive(entries(&shape, size), size) {
            let length = segment.length();
            segments.push((at, segment));
            at += length;
        }
        Self { shape, segments }
    }

    pub(crate) fn shape(&self) -> Shape {
        self.shape.clone()
    }

    pub(crate) fn length(&self) -> u64 {
        self.segments.last().map_or(0, |(at, segment)| at + segment.length())
    }

    /// Fills the buffer with the bytes from this place on.
    pub(crate) fn fill(&self, from: u64, into: &mut [u8]) {
        let first = self.segments.partition_point(|(at, segment)| at + segment.length() <= from);
        let mut done = 0;
        for (at, segment) in &self.segments[first..] {
            if done == into.len() {
                return;
            }
            let within = from + done as u64 - at;
            let count = usize::try_from(segment.length() - within).unwrap_or(usize::MAX).min(into.len() - done);
            segment.fill(within, &mut into[done..done + count]);
            done += count;
        }
    }

    /// MD5 of the whole. Reads everything: call it where blocking is allowed.
    pub(crate) fn md5(&self) -> [u8; 16] {
        let mut md5 = Md5::new();
        let mut buffer = vec![0; 1 << 20];
        let mut at = 0;
        while at < self.length() {
            let count = usize::try_from(self.length() - at).unwrap_or(usize::MAX).min(buffer.len());
            self.fill(at, &mut buffer[..count]);
            md5.update(&buffer[..count]);
            at += count as u64;
        }
        md5.finalize().into()
    }
}

/// The entries whose archive has exactly the size.
fn entries(shape: &Shape, size: u64) -> Vec<zip::Entry> {
    let files = (size / DATA_FILE).clamp(1, MOST_DATA_FILES);
    let tables = parts::tables(&shape.database);
    let mut entries = parts::documents(&shape.database, &tables);
    for file in 0..files {
        let table = tables[usize::try_from(file).unwrap_or(0) % tables.len()];
        let (part, number) = (file / tables.len() as u64 / 100_000, file / tables.len() as u64);
        let name = format!("Data/dbo.{table}/TableData-{part:03}-{number:05}.BCP");
        entries.push(zip::Entry { name, data: Segment::Generated(shape.seed.wrapping_mul(1_000_003) + file, 0) });
    }
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    let relationships = parts::relationships(&names);
    entries.push(relationships);
    // The overhead depends on names and on whether zip64 is needed, not on how the data is divided.
    let left = size.saturating_sub(zip::length(&entries, size));
    let data = entries.iter_mut().filter_map(|entry| match &mut entry.data {
        Segment::Generated(_, length) => Some(length),
        Segment::Literal(_) => None,
    });
    for (index, length) in data.enumerate() {
        *length = left / files + if index == 0 { left % files } else { 0 };
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(size: u64) -> Shape {
        Shape { size, seed: 7, database: "epicms".to_owned() }
    }

    #[test]
    fn the_size_is_exact() {
        for size in [LEAST_SIZE, LEAST_SIZE + 1, 1 << 20, (64 << 20) + 12_345] {
            assert_eq!(Layout::build(shape(size)).length(), size);
        }
    }

    #[test]
    fn zip64_archives_have_their_size_too() {
        // Laid out without sums: reading 5 GiB would take long in an unoptimised build.
        let size = 5 << 30;
        let entries = entries(&shape(size), size);
        assert_eq!(zip::length(&entries, size), size);
    }

    #[test]
    fn any_range_is_a_slice_of_the_whole() {
        let layout = Layout::build(shape(3 << 20));
        let mut whole = vec![0; 3 << 20];
        layout.fill(0, &mut whole);
        let mut state = 1_u64;
        for _ in 0..500 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let from = (state >> 20) % layout.length();
            let count = ((state >> 7) % 200_000).min(layout.length() - from);
            let mut part = vec![0; usize::try_from(count).unwrap()];
            layout.fill(from, &mut part);
            let from = usize::try_from(from).unwrap();
            assert!(part == whole[from..from + part.len()], "from {from}, {count} bytes");
        }
        assert_eq!(layout.md5(), <[u8; 16]>::from(Md5::digest(&whole)));
    }

    #[test]
    fn the_archive_opens_and_every_entry_has_its_sum() {
        let layout = Layout::build(shape((40 << 20) + 1));
        let mut whole = vec![0; (40 << 20) + 1];
        layout.fill(0, &mut whole);
        let mut archive = ::zip::ZipArchive::new(std::io::Cursor::new(whole)).unwrap();
        let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
        for name in ["model.xml", "DacMetadata.xml", "Origin.xml", "[Content_Types].xml", "_rels/.rels"] {
            assert!(names.iter().any(|known| known == name), "{name} in {names:?}");
        }
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).unwrap();
            std::io::copy(&mut entry, &mut std::io::sink()).unwrap();
        }
    }
}
