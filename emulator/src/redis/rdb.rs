//! RDB files: those of an export, one for each shard, each a small valid file with the keys of its slots. Pure.
//!
//! The format is that of Redis' own `rdb.c`: a header, auxiliary fields, one database of plain strings, the end, and the
//! CRC-64 of all that.

use std::io::{self, Write};

use crc_fast::{CrcAlgorithm, Digest, checksum};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Number of hash slots of a clustered database.
const SLOTS: u64 = 16_384;
/// From this format on a file ends with a checksum.
const CHECKSUM_SINCE: u32 = 5;

const AUXILIARY: u8 = 0xfa;
const RESIZE: u8 = 0xfb;
const SELECT: u8 = 0xfe;
const END: u8 = 0xff;
const STRING: u8 = 0;

/// What an exported database is like.
#[derive(Clone, Debug)]
pub(super) struct Dump<'a> {
    pub(super) format: u32,
    pub(super) redis_version: &'a str,
    pub(super) keys: u32,
    pub(super) shards: u32,
    /// Seconds since the Unix epoch.
    pub(super) created: i64,
}

impl Dump<'_> {
    /// First and last slot of a shard, counted from 1.
    pub(super) fn slots(&self, shard: u32) -> (u64, u64) {
        let border = |index: u32| u64::from(index) * SLOTS / u64::from(self.shards.max(1));
        (border(shard - 1), border(shard) - 1)
    }

    /// The file of a shard, counted from 1, compressed.
    pub(super) fn file(&self, shard: u32) -> io::Result<Vec<u8>> {
        let mut zip = GzEncoder::new(Vec::new(), Compression::fast());
        zip.write_all(&self.plain(shard))?;
        zip.finish()
    }

    fn plain(&self, shard: u32) -> Vec<u8> {
        let (first, last) = self.slots(shard);
        let keys: Vec<String> =
            (1..=self.keys).map(|key| format!("key:{key}")).filter(|key| (first..=last).contains(&slot(key))).collect();
        let mut file = format!("REDIS{:04}", self.format).into_bytes();
        for (name, value) in [
            ("redis-ver", self.redis_version.to_owned()),
            ("redis-bits", "64".to_owned()),
            ("ctime", self.created.to_string()),
            ("used-mem", "1048576".to_owned()),
        ] {
            file.push(AUXILIARY);
            push_text(&mut file, name);
            push_text(&mut file, &value);
        }
        if !keys.is_empty() {
            file.extend([SELECT, 0, RESIZE]);
            push_length(&mut file, keys.len());
            push_length(&mut file, 0);
        }
        for key in &keys {
            file.push(STRING);
            push_text(&mut file, key);
            push_text(&mut file, &format!("value of {key}"));
        }
        file.push(END);
        if self.format >= CHECKSUM_SINCE {
            let mut sum = Digest::new(CrcAlgorithm::Crc64Redis);
            sum.update(&file);
            file.extend(sum.finalize().to_le_bytes());
        }
        file
    }
}

/// The slot of a key without a hash tag.
fn slot(key: &str) -> u64 {
    checksum(CrcAlgorithm::Crc16Xmodem, key.as_bytes()) % SLOTS
}

fn push_text(file: &mut Vec<u8>, text: &str) {
    push_length(file, text.len());
    file.extend(text.as_bytes());
}

/// A length in 6, 14 or 32 bits.
fn push_length(file: &mut Vec<u8>, length: usize) {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    match length {
        0..64 => file.push(length.to_be_bytes()[3]),
        64..16_384 => {
            let [_, _, high, low] = length.to_be_bytes();
            file.extend([high | 0x40, low]);
        }
        _ => {
            file.push(0x80);
            file.extend(length.to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn dump(keys: u32, shards: u32) -> Dump<'static> {
        Dump { format: 10, redis_version: "7.4.2", keys, shards, created: 1_768_464_000 }
    }

    fn count(file: &[u8]) -> usize {
        file.windows(4).filter(|part| part == b"key:").count() / 2
    }

    #[test]
    fn the_shards_hold_every_key_once() {
        for shards in [1, 3, 7] {
            let dump = dump(1_000, shards);
            let files: Vec<Vec<u8>> = (1..=shards).map(|shard| dump.plain(shard)).collect();
            assert_eq!(files.iter().map(|file| count(file)).sum::<usize>(), 1_000, "{shards}");
            assert!(files.iter().all(|file| file.starts_with(b"REDIS0010")));
            assert_eq!((dump.slots(1).0, dump.slots(shards).1), (0, 16_383));
        }
        // The slot that the cluster specification gives as an example.
        assert_eq!(slot("123456789"), 12_739);
    }

    #[test]
    fn a_file_is_gzip_and_ends_with_its_checksum() {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&dump(5, 1).file(1).unwrap()[..]).read_to_end(&mut plain).unwrap();
        let (content, sum) = plain.split_at(plain.len() - 8);
        assert_eq!(sum, checksum(CrcAlgorithm::Crc64Redis, content).to_le_bytes());
        // The check value of Redis' own test.
        assert_eq!(checksum(CrcAlgorithm::Crc64Redis, b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        assert_eq!(content.last(), Some(&END));
        let old = Dump { format: 4, ..dump(0, 1) };
        assert_eq!(old.plain(1).last(), Some(&END));
    }
}
