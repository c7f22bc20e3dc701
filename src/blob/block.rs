//! Block ids and the limits of a block blob: plain values, no calls.
//!
//! The limits are those of "Put Block" and "Put Block List" in the Azure Storage REST reference.

use uuid::Uuid;

use crate::base::limits::BlockSize;

/// The most blocks a blob can be made of.
pub const MOST_BLOCKS: u64 = 50_000;

/// The largest block (4000 MiB), for links with `sv` 2019-12-12 or newer.
pub const LARGEST_BLOCK: u64 = BlockSize::MOST;

/// The largest block (100 MiB), for links with `sv` from 2016-05-31.
pub const LARGEST_BLOCK_OLD: u64 = 100 * 1024 * 1024;

/// Bytes of an id before Base64: 48 become 64 characters without padding (spec 3.2).
pub const ID_BYTES: usize = 48;

/// The id of one block, before its Base64 encoding. All ids of a blob have the same length, as the service demands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BlockId(Vec<u8>);

impl BlockId {
    /// The id of a block of one upload: the index as in spec 3.2 (four bytes, little-endian), then the upload's id,
    /// so that two uploads of the same name at the same time do not mix their blocks; the rest is zero.
    #[must_use]
    pub fn new(upload: Uuid, index: u32) -> Self {
        Self::of_length(ID_BYTES, upload, index)
    }

    /// The same, cut or filled up to so many bytes, for a blob with waiting blocks whose ids have that length. Two bytes
    /// hold the numbers of all blocks that a blob can have; of fewer than twenty the upload's id is cut short.
    #[must_use]
    pub fn of_length(length: usize, upload: Uuid, index: u32) -> Self {
        let mut bytes = Vec::with_capacity(length.max(20));
        bytes.extend_from_slice(&index.to_le_bytes());
        bytes.extend_from_slice(upload.as_bytes());
        bytes.resize(length, 0);
        Self(bytes)
    }

    /// An id that the service listed.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes before Base64.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The checksum that a Put Block carries. Never both: the service refuses a request with two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// `x-ms-content-crc64`: CRC-64/NVME, its eight bytes little-endian.
    Crc64([u8; 8]),
    /// `Content-MD5`.
    Md5([u8; 16]),
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn ids_are_of_equal_length_distinct_and_repeatable() {
        let upload = Uuid::from_u128(7);
        let ids: Vec<BlockId> = (0..50_000).map(|index| BlockId::new(upload, index)).collect();
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 50_000);
        for id in &ids {
            let text = STANDARD.encode(id.as_bytes());
            assert!(text.len() == 64 && !text.contains('='), "{text}");
        }
        assert_eq!(ids[49_999], BlockId::new(upload, 49_999));
        assert_ne!(ids[0], BlockId::new(Uuid::from_u128(8), 0));
    }

    #[test]
    fn ids_of_another_length_are_as_distinct() {
        for length in [2, 3, 4, 12, 20, 36, 64] {
            let ids: HashSet<BlockId> =
                (0..50_000).map(|index| BlockId::of_length(length, Uuid::from_u128(7), index)).collect();
            assert_eq!(ids.len(), 50_000, "{length}");
            assert!(ids.iter().all(|id| id.as_bytes().len() == length), "{length}");
        }
        let ours = BlockId::new(Uuid::from_u128(7), 3);
        assert_eq!(BlockId::of_length(ID_BYTES, Uuid::from_u128(7), 3), ours);
        assert_eq!(BlockId::of_length(36, Uuid::from_u128(7), 3).as_bytes(), &ours.as_bytes()[..36]);
    }

    #[test]
    fn the_scheme_is_that_of_the_original() {
        assert_eq!(STANDARD.encode(BlockId::new(Uuid::nil(), 0).as_bytes()), "A".repeat(64));
        assert!(STANDARD.encode(BlockId::new(Uuid::nil(), 1).as_bytes()).starts_with("AQAAAA"));
    }
}
