//! Randomness as the layers see it: handed in, so that tests can print and repeat a seed.
//!
//! Used for nonces (spec 1.3), upload ids and the jitter of back-off; none of these is a key.

use uuid::Uuid;

/// Where random bits come from.
pub trait Entropy: Send + Sync {
    /// The next 64 random bits.
    fn bits(&self) -> u64;

    /// A random (version 4) UUID made of [`Entropy::bits`].
    fn uuid(&self) -> Uuid {
        let bytes = (u128::from(self.bits()) << 64) | u128::from(self.bits());
        uuid::Builder::from_random_bytes(bytes.to_be_bytes()).into_uuid()
    }
}
