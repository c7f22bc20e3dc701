//! Where received bytes go: into the head of the next request until a body is expected, then into the body, which is
//! summed and counted and, for block lists, kept. Nothing else is done to a byte.

use epicloud_emulator::blob::checksum::Summing;

/// The receiving side of one connection.
#[derive(Default)]
pub(crate) struct Intake {
    /// Bytes that belong to no body yet: heads.
    pub(crate) head: Vec<u8>,
    left: u64,
    summing: Option<Summing>,
    kept: Option<Vec<u8>>,
    received: u64,
}

impl Intake {
    /// An intake of which everything is one body without an end.
    pub(crate) fn endless() -> Self {
        Self { left: u64::MAX, ..Self::default() }
    }

    /// Takes received bytes.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        let count = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
        let (body, rest) = bytes.split_at(count);
        if !body.is_empty() {
            self.left -= count as u64;
            self.received += count as u64;
            if let Some(summing) = &mut self.summing {
                summing.add(body);
            }
            if let Some(kept) = &mut self.kept {
                kept.extend_from_slice(body);
            }
        }
        if !rest.is_empty() {
            self.head.extend_from_slice(rest);
        }
    }

    /// Expects a body, of which some may be there already.
    pub(crate) fn expect(&mut self, length: u64, summing: Option<Summing>, keep: bool) {
        (self.left, self.summing, self.kept) = (length, summing, keep.then(Vec::new));
        let early = std::mem::take(&mut self.head);
        self.take(&early);
    }

    /// Bytes of the body that are still to come.
    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// Bytes of bodies since this was last asked.
    pub(crate) fn count(&mut self) -> u64 {
        std::mem::take(&mut self.received)
    }

    /// The body's sums and, if it was to be kept, its bytes.
    pub(crate) fn finish(&mut self) -> (Option<Summing>, Vec<u8>) {
        (self.summing.take(), self.kept.take().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_and_bodies_are_told_apart_wherever_the_cuts_are() {
        let stream = b"HEAD1bodyHEAD2";
        for cut in 0..stream.len() {
            let mut intake = Intake::default();
            let mut taken = 0;
            for piece in [&stream[..cut], &stream[cut..]] {
                intake.take(piece);
                if taken == 0 && intake.head.len() >= 5 {
                    taken = 5;
                    intake.head.drain(..5);
                    intake.expect(4, Some(Summing::of(false, true)), true);
                }
            }
            assert_eq!((intake.left(), intake.head.as_slice()), (0, b"HEAD2".as_slice()), "cut at {cut}");
            let (summing, kept) = intake.finish();
            let mut sum = crc64fast_nvme::Digest::new();
            sum.write(b"body");
            assert_eq!((kept.as_slice(), summing.unwrap().crc64()), (b"body".as_slice(), Some(sum.sum64())));
            assert_eq!((intake.count(), intake.count()), (4, 0));
        }
    }
}
