//! The bytes of the blob that can be downloaded: one piece of memory, over and over, so that sending costs no copy.
//!
//! The length of that piece is a prime number, so blocks and parts of any usual size begin at another place of it
//! each: bytes delivered at a wrong place do not go unnoticed.

use std::ops::Range;
use std::sync::OnceLock;

use md5::{Digest, Md5};

/// Length of the piece: the first prime number after 2^20.
const PERIOD: usize = 1_048_583;

/// SplitMix64's output function.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

fn tile() -> &'static [u8] {
    static TILE: OnceLock<Vec<u8>> = OnceLock::new();
    TILE.get_or_init(|| (0..).flat_map(|word| mix(word).to_le_bytes()).take(PERIOD).collect())
}

/// The slices that make up a range of the blob, which must not be longer than `usize` can say.
pub(crate) fn slices(mut range: Range<u64>) -> impl Iterator<Item = &'static [u8]> {
    std::iter::from_fn(move || {
        let left = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
        if left == 0 {
            return None;
        }
        let within = usize::try_from(range.start % PERIOD as u64).unwrap_or(0);
        let slice = &tile()[within..PERIOD.min(within.saturating_add(left))];
        range.start += slice.len() as u64;
        Some(slice)
    })
}

/// MD5 of a blob of this length. Reads everything: call it where blocking is allowed.
pub(crate) fn md5(length: u64) -> [u8; 16] {
    let mut md5 = Md5::new();
    slices(0..length).for_each(|slice| md5.update(slice));
    md5.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_range_is_a_slice_of_the_whole() {
        let length = 3 * PERIOD as u64 + 17;
        let whole: Vec<u8> = slices(0..length).flatten().copied().collect();
        assert_eq!(whole.len() as u64, length);
        let period = PERIOD as u64;
        for (from, to) in [(0, 1), (5, 5), (period - 1, period + 1), (1, 2 * period + 2), (length - 3, length)] {
            let part: Vec<u8> = slices(from..to).flatten().copied().collect();
            assert!(part == whole[usize::try_from(from).unwrap()..usize::try_from(to).unwrap()], "{from}..{to}");
        }
        assert_eq!(md5(length), <[u8; 16]>::from(Md5::digest(&whole)));
    }

    #[test]
    fn blocks_differ_from_each_other() {
        for size in [64 << 10, 1 << 20, 8 << 20] {
            let start = |index: u64| slices(index * size..(index + 1) * size).flatten().take(8).copied().collect();
            let starts: Vec<Vec<u8>> = (0..50).map(start).collect();
            for (index, start) in starts.iter().enumerate() {
                assert!(!starts[..index].contains(start), "block {index} of {size} bytes begins like one before");
            }
        }
    }
}
