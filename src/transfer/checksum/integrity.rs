//! Checksums: which one a transfer uses, and the sum of a range of bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::md5::Md5;
use crate::base::error::{Error, Result};
use crate::base::next_step::{NextStep, Setting};
use crate::base::secret::SafeUrl;
use crate::blob::block::Checksum;
use crate::blob::client::StoredDigests;
use crate::blob::link::permits_crc64;

/// Which checksum protects each block on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Integrity {
    /// CRC-64 where link and store know it, else Content-MD5.
    #[default]
    Auto,
    /// CRC-64/NVME (`x-ms-content-crc64`).
    Crc64,
    /// `Content-MD5`.
    ContentMd5,
}

/// The checksum in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChecksumKind {
    Crc64,
    ContentMd5,
}

impl ChecksumKind {
    /// The checksum to begin with.
    pub(crate) fn choose(wanted: Integrity, link: &SafeUrl) -> Result<Self> {
        match (wanted, permits_crc64(link)) {
            (Integrity::ContentMd5, _) | (Integrity::Auto, false) => Ok(Self::ContentMd5),
            (_, true) => Ok(Self::Crc64),
            (Integrity::Crc64, false) => Err(Error::invalid(
                "upload.integrity",
                "the service version of the SAS URL (sv) does not support CRC-64",
            )
            .with_next_step(NextStep::text("leave out ").setting(Setting::BlockChecksum).and(" or set it to md5"))),
        }
    }
}

/// By what the store has proven that it keeps a block as it was sent; the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Proof {
    /// Its answer holds no sum: nobody knows whether it looked at the one that was sent.
    None,
    ContentMd5,
    Crc64,
}

impl Proof {
    /// The word for it in a receipt.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::None => "unverified",
            Self::ContentMd5 => "contentMd5",
            Self::Crc64 => "crc64",
        }
    }
}

/// The sums of a range in the making. CRC-64 is always among them: it costs next to nothing, and what a file held is
/// told by it when the file is read again.
pub(crate) struct RangeHasher {
    crc64: crc_fast::Digest,
    md5: Option<Md5>,
}

/// The sums of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RangeDigests {
    /// CRC-64/NVME.
    pub(crate) crc64: u64,
    /// What is sent along.
    pub(crate) checksum: Checksum,
}

impl RangeDigests {
    /// What the sums in a store's answer prove; `None` when one of them is another one. A store to which a proxy did not
    /// pass on the checksum computes one of its own, which says as much.
    pub(crate) fn proof(&self, kept: StoredDigests) -> Option<Proof> {
        let crc64 = kept.crc64.map(|kept| kept == self.crc64.to_le_bytes());
        let md5 = match self.checksum {
            Checksum::Md5(sent) => kept.md5.map(|kept| kept == sent),
            // Nothing here to compare it with.
            Checksum::Crc64(_) => None,
        };
        match (crc64, md5) {
            (Some(false), _) | (_, Some(false)) => None,
            (_, Some(true)) => Some(Proof::ContentMd5),
            (Some(true), None) => Some(Proof::Crc64),
            (None, None) => Some(Proof::None),
        }
    }
}

impl RangeHasher {
    pub(crate) fn new(mode: ChecksumKind) -> Self {
        Self {
            crc64: crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme),
            md5: (mode == ChecksumKind::ContentMd5).then(Md5::new),
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.crc64.update(bytes);
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
    }

    pub(crate) fn finish(self) -> RangeDigests {
        let crc64 = self.crc64.finalize();
        let checksum = match self.md5 {
            // The header carries the eight bytes little-endian (transfer design, section 2.3).
            None => Checksum::Crc64(crc64.to_le_bytes()),
            Some(md5) => Checksum::Md5(md5.finish()),
        };
        RangeDigests { crc64, checksum }
    }
}

/// An MD5 as headers and receipts show it.
pub(crate) fn base64(md5: [u8; 16]) -> String {
    STANDARD.encode(md5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(mode: ChecksumKind, bytes: &[u8]) -> Vec<u8> {
        let mut hasher = RangeHasher::new(mode);
        for piece in bytes.chunks(4) {
            hasher.update(piece);
        }
        match hasher.finish().checksum {
            Checksum::Crc64(bytes) => bytes.to_vec(),
            Checksum::Md5(bytes) => bytes.to_vec(),
        }
    }

    #[test]
    fn the_known_vectors() {
        assert_eq!(STANDARD.encode(sum(ChecksumKind::Crc64, b"123456789")), "iJh5CoYUi64=");
        assert_eq!(STANDARD.encode(sum(ChecksumKind::Crc64, b"")), "AAAAAAAAAAA=");
        assert_eq!(STANDARD.encode(sum(ChecksumKind::ContentMd5, b"123456789")), "JfnnlDI7RTiF9RgfG2JNCw==");
        assert_eq!(base64(Md5::new().finish()), "1B2M2Y8AsgTpgAmY7PhCfg==");
    }

    #[test]
    fn a_store_proves_what_it_keeps_by_a_sum_of_its_own_alone() {
        let (crc64, md5) = (7_u64, [7; 16]);
        let kept = |crc64: Option<u64>, md5| StoredDigests { crc64: crc64.map(u64::to_le_bytes), md5 };
        for (checksum, answered, expected) in [
            (Checksum::Crc64(crc64.to_le_bytes()), kept(Some(7), None), Some(Proof::Crc64)),
            (Checksum::Crc64(crc64.to_le_bytes()), kept(Some(8), None), None),
            (Checksum::Crc64(crc64.to_le_bytes()), kept(None, None), Some(Proof::None)),
            (Checksum::Crc64(crc64.to_le_bytes()), kept(None, Some([8; 16])), Some(Proof::None)),
            (Checksum::Md5(md5), kept(None, Some(md5)), Some(Proof::ContentMd5)),
            (Checksum::Md5(md5), kept(None, Some([8; 16])), None),
            (Checksum::Md5(md5), kept(None, None), Some(Proof::None)),
            (Checksum::Md5(md5), kept(Some(7), None), Some(Proof::Crc64)),
            (Checksum::Md5(md5), kept(Some(8), Some(md5)), None),
        ] {
            assert_eq!(RangeDigests { crc64, checksum }.proof(answered), expected, "{checksum:?} {answered:?}");
        }
        assert!(Proof::None < Proof::ContentMd5 && Proof::ContentMd5 < Proof::Crc64, "the weakest counts");
    }

    #[test]
    fn the_choice_follows_wish_and_link() {
        let link = |sv: &str| SafeUrl::parse("x", &format!("https://h/c?sv={sv}&sig=x")).unwrap();
        let (new, old) = (link("2020-12-06"), link("2018-11-09"));
        for (wanted, link, expected) in [
            (Integrity::Auto, &new, Some(ChecksumKind::Crc64)),
            (Integrity::Auto, &old, Some(ChecksumKind::ContentMd5)),
            (Integrity::ContentMd5, &new, Some(ChecksumKind::ContentMd5)),
            (Integrity::Crc64, &new, Some(ChecksumKind::Crc64)),
            (Integrity::Crc64, &old, None),
        ] {
            assert_eq!(ChecksumKind::choose(wanted, link).ok(), expected, "{wanted:?}");
        }
    }
}
