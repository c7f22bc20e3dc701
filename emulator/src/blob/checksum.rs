//! The checksums a request sends along: read from its headers, computed over its bytes, compared.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

use super::error::BlobError;

/// The version from which `x-ms-content-crc64` is known.
const KNOWS_CRC64: &str = "2019-02-02";

/// Whether a version knows CRC-64.
pub fn knows_crc64(version: &str) -> bool {
    version >= KNOWS_CRC64
}

/// What the request says about the bytes of its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    None,
    Md5(String),
    Crc64(String),
}

impl Claim {
    /// Reads the headers. Both together are refused, and CRC-64 before the version that knows it.
    pub fn read(md5: Option<&str>, crc64: Option<&str>, version: &str) -> Result<Self, BlobError> {
        match (md5, crc64) {
            (Some(_), Some(crc64)) => Err(BlobError::invalid_header("x-ms-content-crc64", crc64)),
            (Some(md5), None) => check_md5(md5).map(|()| Self::Md5(md5.to_owned())),
            (None, Some(crc64)) => {
                let well_formed = STANDARD.decode(crc64).is_ok_and(|bytes| bytes.len() == 8);
                if well_formed && knows_crc64(version) {
                    Ok(Self::Crc64(crc64.to_owned()))
                } else {
                    Err(BlobError::invalid_header("x-ms-content-crc64", crc64))
                }
            }
            (None, None) => Ok(Self::None),
        }
    }

    /// Compares with what was computed.
    pub fn check(&self, computed: &Computed) -> Result<(), BlobError> {
        match (self, &computed.md5, &computed.crc64) {
            (Self::Md5(sent), Some(computed), _) if sent != computed => Err(BlobError::md5_mismatch(sent, computed)),
            (Self::Crc64(sent), _, Some(computed)) if sent != computed => {
                Err(BlobError::crc64_mismatch(sent, computed))
            }
            _ => Ok(()),
        }
    }
}

/// Refuses what is not the Base64 of 16 bytes.
pub fn check_md5(value: &str) -> Result<(), BlobError> {
    let well_formed = STANDARD.decode(value).is_ok_and(|bytes| bytes.len() == 16);
    well_formed.then_some(()).ok_or_else(|| BlobError::invalid_md5(value))
}

/// A CRC-64 as the header has it: Azure writes the eight bytes in little-endian order.
pub fn crc64_text(sum: u64) -> String {
    STANDARD.encode(sum.to_le_bytes())
}

/// Computes, piece by piece, the checksums that are needed.
pub struct Summing {
    md5: Option<Md5>,
    crc64: Option<crc64fast_nvme::Digest>,
}

/// Checksums in the form of the headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Computed {
    pub md5: Option<String>,
    pub crc64: Option<String>,
}

impl Summing {
    /// MD5 is slow, so it is left out unless asked for; CRC-64 is computed where the version knows it.
    pub fn start(with_md5: bool, version: &str) -> Self {
        Self::of(with_md5, knows_crc64(version))
    }

    /// Exactly these.
    pub fn of(with_md5: bool, with_crc64: bool) -> Self {
        Self { md5: with_md5.then(Md5::new), crc64: with_crc64.then(crc64fast_nvme::Digest::new) }
    }

    /// The CRC-64 of what came so far, when it is computed.
    pub fn crc64(&self) -> Option<u64> {
        self.crc64.as_ref().map(crc64fast_nvme::Digest::sum64)
    }

    pub fn add(&mut self, bytes: &[u8]) {
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
        if let Some(crc64) = &mut self.crc64 {
            crc64.write(bytes);
        }
    }

    pub fn finish(self) -> Computed {
        Computed {
            md5: self.md5.map(|md5| STANDARD.encode(md5.finalize())),
            crc64: self.crc64.map(|crc64| crc64_text(crc64.sum64())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_sums() {
        let mut summing = Summing::start(true, "2019-02-02");
        summing.add(b"12345");
        summing.add(b"6789");
        let computed = summing.finish();
        assert_eq!(computed.md5.as_deref(), Some("JfnnlDI7RTiF9RgfG2JNCw=="));
        // Check value of CRC-64/NVME: AE8B14860A799888.
        assert_eq!(computed.crc64, Some(STANDARD.encode(0xAE8B_1486_0A79_9888_u64.to_le_bytes())));
        assert_eq!(Summing::start(false, "2017-04-17").finish(), Computed::default());
    }

    #[test]
    fn claims_are_read_by_version() {
        let md5 = "1B2M2Y8AsgTpgAmY7PhCfg==";
        let crc = "AAAAAAAAAAA=";
        let table = [
            (None, None, "2017-04-17", ""),
            (Some(md5), None, "2017-04-17", ""),
            (Some("abc"), None, "2023-01-03", "InvalidMd5"),
            (None, Some(crc), "2019-02-02", ""),
            (None, Some(crc), "2018-11-09", "InvalidHeaderValue"),
            (None, Some("AAAA"), "2023-01-03", "InvalidHeaderValue"),
            (Some(md5), Some(crc), "2023-01-03", "InvalidHeaderValue"),
        ];
        for (md5, crc64, version, expected) in table {
            let code = Claim::read(md5, crc64, version).err().map_or(String::new(), |error| error.code);
            assert_eq!(code, expected, "{md5:?} {crc64:?} {version}");
        }
    }
}
