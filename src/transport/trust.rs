//! Which certificates a client accepts besides, or instead of, those that this machine trusts.

use std::fmt;

use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};

use super::authorities::Authorities;
use crate::base::error::{Error, Result};
use crate::base::given;

/// Which certificates a client accepts.
#[derive(Debug, Clone, Default)]
pub enum Trust {
    /// Those of the authorities that this machine trusts.
    #[default]
    Machine,
    /// Those as well that these authorities have signed.
    Authorities(Authorities),
    /// This one alone, whoever signed it and whatever its names and dates are: a new cluster makes its own.
    Certificate(Fingerprint),
}

/// The SHA-256 of a whole certificate, as `openssl x509 -fingerprint -sha256` prints it; not that of its key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Reads a fingerprint: 64 hexadecimal digits, with or without colons, or the line that OpenSSL prints.
    ///
    /// # Errors
    /// `InvalidArgument` naming `field`.
    pub fn parse(field: &str, text: &str) -> Result<Self> {
        let text = given::trimmed(text);
        // OpenSSL writes `sha256 Fingerprint=` before it.
        let digits: String = text.rsplit('=').next().unwrap_or(text).split([':', ' ']).collect();
        let invalid = || {
            let rule = "must be the SHA-256 fingerprint of a certificate, 64 hexadecimal digits with or without colons";
            let error = Error::invalid(field, rule)
                .with_next_step("openssl x509 -in FILE -noout -fingerprint -sha256 prints it for a certificate file");
            given::explained(field, text, error)
        };
        if digits.len() != 64 || !digits.is_ascii() {
            return Err(invalid());
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).map_err(|_| invalid())?;
        }
        Ok(Self(bytes))
    }

    /// The fingerprint of a certificate.
    #[must_use]
    pub fn of(certificate: &CertificateDer<'_>) -> Self {
        Self(Sha256::digest(certificate.as_ref()).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(":")?;
            }
            write!(f, "{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_in_every_usual_form() {
        let own = Fingerprint::of(&CertificateDer::from(b"abc".to_vec()));
        let plain = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for text in [plain.to_owned(), own.to_string(), format!("sha256 Fingerprint={own}\n"), plain.to_uppercase()] {
            assert_eq!(Fingerprint::parse("certificateSha256", &text).unwrap(), own, "{text}");
        }
        assert!(own.to_string().starts_with("BA:78:16:BF:"));
        for bad in ["", "ba7816", &plain[1..], &plain.replace('b', "g"), &plain.replace("ba", "é")] {
            let error = Fingerprint::parse("certificateSha256", bad).unwrap_err();
            assert_eq!(error.field(), Some("certificateSha256"), "{bad}");
        }
    }
}
