//! How a file is cut into blocks or parts. Pure.

use std::collections::BTreeSet;

use crate::base::error::{Error, Kind, Result};
use crate::blob::block::MOST_BLOCKS;

const MIB: u64 = 1024 * 1024;

/// Bytes read at a time: large enough to be cheap, small enough that what a connection is at work on stays in the
/// processor's cache.
pub(crate) const CHUNK_SIZE: usize = 64 * 1024;

/// A range of the file: a block of an upload, a part of a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ByteRange {
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

/// A file cut into ranges of equal length, the last one maybe shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    total: u64,
    size: u64,
}

impl Plan {
    /// The blocks of an upload of `total` bytes: small enough that a small package uses every stream, and at most
    /// 8 MiB unless 50 000 of those would not do (transfer design, section 2.1). `wanted` overrides the choice,
    /// `largest` is the most the link's service version takes.
    pub(crate) fn upload(total: u64, wanted: Option<u64>, largest: u64) -> Result<Self> {
        let least = total.div_ceil(MOST_BLOCKS);
        if least > largest {
            return Err(Error::new(
                Kind::InvalidArgument,
                format!("the file is too large: a blob can have {MOST_BLOCKS} blocks of at most {} MiB", largest / MIB),
            ));
        }
        let size = match wanted {
            None => total
                .div_ceil(64)
                .next_multiple_of(MIB)
                .clamp(MIB, 8 * MIB)
                .max(least.next_multiple_of(MIB))
                .min(largest),
            Some(size) if size < least.max(1) || size > largest => {
                return Err(Error::invalid(
                    "upload.blockSize",
                    format!("must be between {} and {largest} bytes for this file and SAS URL", least.max(1)),
                ));
            }
            Some(size) => size,
        };
        Ok(Self { total, size })
    }

    /// The parts of a download of `total` bytes.
    pub(crate) fn download(total: u64, part: u64) -> Self {
        Self { total, size: part.max(1) }
    }

    pub(crate) fn total(self) -> u64 {
        self.total
    }

    /// The length of every range but the last.
    pub(crate) fn size(self) -> u64 {
        self.size
    }

    pub(crate) fn count(self) -> usize {
        usize::try_from(self.total.div_ceil(self.size)).unwrap_or(usize::MAX)
    }

    pub(crate) fn range(self, index: usize) -> ByteRange {
        let offset = (index as u64).saturating_mul(self.size).min(self.total);
        ByteRange { offset, length: self.size.min(self.total - offset) }
    }
}

/// How far a file has arrived without a gap.
#[derive(Debug, Default)]
pub(crate) struct ContiguousPrefix {
    ahead: BTreeSet<usize>,
    next: usize,
}

impl ContiguousPrefix {
    /// A range has arrived. Gives those that are without a gap before them since then.
    pub(crate) fn add(&mut self, index: usize) -> std::ops::Range<usize> {
        self.ahead.insert(index);
        let from = self.next;
        while self.ahead.remove(&self.next) {
            self.next += 1;
        }
        from..self.next
    }
}

/// A range in pieces of at most [`CHUNK_SIZE`] bytes: offset and length of each.
pub(crate) fn chunks(range: ByteRange) -> impl Iterator<Item = (u64, usize)> + Send + 'static {
    let end = range.offset + range.length;
    (range.offset..end)
        .step_by(CHUNK_SIZE)
        .map(move |offset| (offset, usize::try_from(end - offset).map_or(CHUNK_SIZE, |left| left.min(CHUNK_SIZE))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::block::{LARGEST_BLOCK, LARGEST_BLOCK_OLD};

    #[test]
    fn the_block_size_follows_the_files_size() {
        for (total, size) in [
            (1, MIB),
            (MIB, MIB),
            (64 * MIB, MIB),
            (64 * MIB + 1, 2 * MIB),
            (200 * MIB, 4 * MIB),
            (512 * MIB, 8 * MIB),
            (100_000 * MIB, 8 * MIB),
            (400_000 * MIB, 8 * MIB),
            (400_001 * MIB, 9 * MIB),
        ] {
            assert_eq!(Plan::upload(total, None, LARGEST_BLOCK).unwrap().size(), size, "{total}");
        }
    }

    /// For many sizes: every byte in exactly one block, in order, within the service's limits.
    #[test]
    fn blocks_cover_the_file_without_gap_or_overlap() {
        let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
        for round in 0..500_u64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let total = 1 + (state >> 24) % (1 << (round % 43 + 1));
            let plan = Plan::upload(total, None, LARGEST_BLOCK_OLD).unwrap();
            assert!(plan.count() as u64 <= MOST_BLOCKS, "{total}");
            assert!(plan.size() <= LARGEST_BLOCK_OLD);
            let mut end = 0;
            for index in 0..plan.count() {
                let range = plan.range(index);
                assert_eq!(range.offset, end, "{total} {index}");
                assert!(range.length > 0 && range.length <= plan.size());
                end += range.length;
            }
            assert_eq!(end, total);
        }
    }

    #[test]
    fn limits_are_kept() {
        assert!(Plan::upload(MOST_BLOCKS * LARGEST_BLOCK_OLD + 1, None, LARGEST_BLOCK_OLD).is_err());
        assert_eq!(Plan::upload(MOST_BLOCKS * LARGEST_BLOCK_OLD, None, LARGEST_BLOCK_OLD).unwrap().count(), 50_000);
        for wrong in [0, LARGEST_BLOCK_OLD + 1] {
            let error = Plan::upload(10, Some(wrong), LARGEST_BLOCK_OLD).unwrap_err();
            assert_eq!(error.field(), Some("upload.blockSize"));
        }
        assert!(Plan::upload(1_000_000, Some(10), LARGEST_BLOCK).is_err(), "too many blocks");
        assert_eq!(Plan::upload(1_000_000, Some(20), LARGEST_BLOCK).unwrap().count(), 50_000);
        assert_eq!(Plan::download(0, 8).count(), 0);
        assert_eq!(Plan::download(9, 8).range(1), ByteRange { offset: 8, length: 1 });
    }

    #[test]
    fn pieces_cover_a_block() {
        let range = ByteRange { offset: 10, length: 2 * CHUNK_SIZE as u64 + 1 };
        let found: Vec<_> = chunks(range).collect();
        let second = 10 + CHUNK_SIZE as u64;
        assert_eq!(found, [(10, CHUNK_SIZE), (second, CHUNK_SIZE), (second + CHUNK_SIZE as u64, 1)]);
        assert_eq!(chunks(ByteRange { offset: 5, length: 3 }).collect::<Vec<_>>(), [(5, 3)]);
    }

    #[test]
    fn what_has_arrived_counts_up_to_the_first_gap() {
        let mut arrived = ContiguousPrefix::default();
        let steps: Vec<_> = [1, 0, 4, 2, 3].into_iter().map(|index| arrived.add(index)).collect();
        assert_eq!(steps, [0..0, 0..2, 2..2, 2..3, 3..5]);
    }
}
