//! The MD5 of what is transferred.
//!
//! One sum cannot be made by two threads, so its speed is the speed of a transfer whose file's MD5 is wanted, on every
//! network that is faster. `fast-md5` is a quarter faster than the `md-5` that the rest of this project uses. One person
//! keeps it, so it is guarded: its code was read in the version that `Cargo.toml` pins, it has no dependencies, the test
//! below compares it with `md-5`, and only this file names it, so that `md-5` can take its place.

/// A sum in the making.
pub(crate) struct Md5(fast_md5::Md5);

impl Md5 {
    pub(crate) fn new() -> Self {
        Self(fast_md5::Md5::new())
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> [u8; 16] {
        self.0.finalize()
    }
}

#[cfg(test)]
mod tests {
    use md5::Digest;

    use super::*;

    /// Every length around one and two blocks, longer ones in pieces of every kind, each against the other crate.
    #[test]
    fn it_is_the_sum_that_another_implementation_finds() {
        let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize
        };
        let bytes: Vec<u8> = (0..1 << 20).map(|_| random() as u8).collect();
        let lengths = (0..300).chain([4095, 65_536, 65_537, bytes.len()]);
        for length in lengths {
            let bytes = &bytes[random() % (bytes.len() - length + 1)..][..length];
            for most in [1 << 20, 1 + random() % 200, 1 + random() % 9000] {
                let (mut sum, mut left) = (Md5::new(), bytes);
                while !left.is_empty() {
                    let (piece, rest) = left.split_at((random() % (most + 1)).min(left.len()));
                    sum.update(piece);
                    left = rest;
                }
                assert_eq!(sum.finish(), <[u8; 16]>::from(md5::Md5::digest(bytes)), "{length} bytes, {most} at most");
            }
        }
    }

    /// RFC 1321, section A.5.
    #[test]
    fn the_known_vectors() {
        for (text, expected) in [
            ("", 0xd41d_8cd9_8f00_b204_e980_0998_ecf8_427e_u128),
            ("abc", 0x9001_5098_3cd2_4fb0_d696_3f7d_28e1_7f72),
            ("message digest", 0xf96b_697d_7cb7_938d_525a_2f31_aaf1_61d0),
            (&"1234567890".repeat(8), 0x57ed_f4a2_2be3_c955_ac49_da2e_2107_b67a),
        ] {
            let mut sum = Md5::new();
            sum.update(text.as_bytes());
            assert_eq!(u128::from_be_bytes(sum.finish()), expected, "{text}");
        }
    }
}
