//! Deterministic bytes for table data: any range of an endless stream per seed, fast enough to serve at the speed of
//! the wire. Every chunk names its index and turns a common tile by another amount, so that bytes delivered at the
//! wrong place do not go unnoticed.

use std::sync::OnceLock;

/// Length of a chunk, and of the tile it is cut from.
const CHUNK: usize = 64 << 10;

/// Fills the buffer with the bytes of the stream from this place on.
pub(super) fn fill(seed: u64, from: u64, into: &mut [u8]) {
    let tile = tile();
    let mut done = 0;
    while done < into.len() {
        let at = from + done as u64;
        let (index, within) = (at / CHUNK as u64, usize::try_from(at % CHUNK as u64).unwrap_or(0));
        let count = (CHUNK - within).min(into.len() - done);
        let piece = &mut into[done..done + count];
        let turn = usize::try_from(mix(seed ^ index.rotate_left(32)) % CHUNK as u64).unwrap_or(0);
        let start = (turn + within) % CHUNK;
        let head = count.min(CHUNK - start);
        piece[..head].copy_from_slice(&tile[start..start + head]);
        piece[head..].copy_from_slice(&tile[..count - head]);
        let stamp = index.to_le_bytes();
        if within < stamp.len() {
            let stamped = count.min(stamp.len() - within);
            piece[..stamped].copy_from_slice(&stamp[within..within + stamped]);
        }
        done += count;
    }
}

fn tile() -> &'static [u8] {
    static TILE: OnceLock<Vec<u8>> = OnceLock::new();
    TILE.get_or_init(|| (0..CHUNK as u64 / 8).flat_map(|word| mix(word).to_le_bytes()).collect())
}

/// SplitMix64's output function.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}
