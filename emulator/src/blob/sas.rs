//! Service shared access signatures: reading them, signing them, and judging a request by one. Pure.
//!
//! The string to sign is the one of "Create a service SAS" in the Azure Storage REST reference, for `sv` from
//! 2015-04-05 on. Account and user delegation signatures are not known here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;

use super::error::BlobError;
use super::version;
use crate::clock::Milliseconds;
use crate::http::{BlobAddress, decode};
use crate::timestamp;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The version from which the signed resource and the snapshot time are signed.
const SIGNS_RESOURCE: &str = "2018-11-09";
/// The version from which the encryption scope is signed.
const SIGNS_SCOPE: &str = "2020-12-06";

/// The query parameters of a signature, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sas {
    pub(crate) version: String,
    pub(crate) resource: String,
    pub(crate) permissions: String,
    pub(crate) start: String,
    pub(crate) expiry: String,
    pub(crate) protocol: String,
    pub(crate) address: String,
    pub(crate) identifier: String,
    pub(crate) snapshot: String,
    pub(crate) scope: String,
    pub(crate) cache_control: String,
    pub(crate) content_disposition: String,
    pub(crate) content_encoding: String,
    pub(crate) content_language: String,
    pub(crate) content_type: String,
    pub(crate) signature: String,
}

impl Sas {
    /// Reads the signature of a raw query; `None` when it carries none.
    pub(crate) fn read(query: &str) -> Option<Self> {
        let mut sas = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let field = match name {
                "sv" => &mut sas.version,
                "sr" => &mut sas.resource,
                "sp" => &mut sas.permissions,
                "st" => &mut sas.start,
                "se" => &mut sas.expiry,
                "spr" => &mut sas.protocol,
                "sip" => &mut sas.address,
                "si" => &mut sas.identifier,
                "snapshot" => &mut sas.snapshot,
                "ses" => &mut sas.scope,
                "rscc" => &mut sas.cache_control,
                "rscd" => &mut sas.content_disposition,
                "rsce" => &mut sas.content_encoding,
                "rscl" => &mut sas.content_language,
                "rsct" => &mut sas.content_type,
                "sig" => &mut sas.signature,
                _ => continue,
            };
            *field = decode(value);
        }
        (!sas.signature.is_empty()).then_some(sas)
    }

    fn string_to_sign(&self, to: &BlobAddress) -> String {
        let resource = match self.resource.as_str() {
            "b" => format!("/blob/{}/{}/{}", to.account, to.container, to.blob),
            _ => format!("/blob/{}/{}", to.account, to.container),
        };
        let mut lines = vec![
            self.permissions.as_str(),
            &self.start,
            &self.expiry,
            &resource,
            &self.identifier,
            &self.address,
            &self.protocol,
            &self.version,
        ];
        if self.version.as_str() >= SIGNS_RESOURCE {
            lines.extend([self.resource.as_str(), &self.snapshot]);
        }
        if self.version.as_str() >= SIGNS_SCOPE {
            lines.push(&self.scope);
        }
        lines.extend([
            self.cache_control.as_str(),
            &self.content_disposition,
            &self.content_encoding,
            &self.content_language,
            &self.content_type,
        ]);
        lines.join("\n")
    }

    fn mac(&self, key: &[u8], to: &BlobAddress) -> Option<Hmac<Sha256>> {
        // HMAC takes a key of any length; `None` cannot come, and is a refusal if it does.
        let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
        mac.update(self.string_to_sign(to).as_bytes());
        Some(mac)
    }

    /// Fills in the signature and gives the query of the link.
    pub(crate) fn sign(mut self, key: &[u8], to: &BlobAddress) -> String {
        if let Some(mac) = self.mac(key, to) {
            self.signature = STANDARD.encode(mac.finalize().into_bytes());
        }
        let fields = [
            ("sv", &self.version),
            ("spr", &self.protocol),
            ("st", &self.start),
            ("se", &self.expiry),
            ("sr", &self.resource),
            ("sp", &self.permissions),
            ("sig", &self.signature),
        ];
        let pairs = fields.iter().filter(|(_, value)| !value.is_empty());
        let pairs = pairs.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, UNRESERVED)));
        pairs.collect::<Vec<_>>().join("&")
    }

    /// Whether the signature is right and in its time; the permission is a question of its own.
    pub(crate) fn authenticate(
        &self,
        key: &[u8],
        to: &BlobAddress,
        now: Milliseconds,
        secure: bool,
    ) -> Result<(), BlobError> {
        if !version::is_signable(&self.version, now) {
            return Err(BlobError::authentication_failed("sv is not a known version"));
        }
        if !matches!(self.resource.as_str(), "b" | "c") {
            return Err(BlobError::authentication_failed("sr is mandatory. Cannot be empty"));
        }
        let expiry = timestamp::parse_sas_time(&self.expiry)
            .ok_or_else(|| BlobError::authentication_failed("se is mandatory. Cannot be empty or malformed"))?;
        let start = match self.start.as_str() {
            "" => None,
            start => Some(
                timestamp::parse_sas_time(start).ok_or_else(|| BlobError::authentication_failed("st is malformed"))?,
            ),
        };
        let matches = STANDARD.decode(&self.signature).ok().zip(self.mac(key, to));
        // The comparison of the `hmac` crate takes constant time.
        if matches.is_none_or(|(sent, mac)| mac.verify_slice(&sent).is_err()) {
            return Err(BlobError::authentication_failed(&format!(
                "Signature did not match. String to sign used was {}",
                self.string_to_sign(to)
            )));
        }
        if now > expiry || start.is_some_and(|start| now < start) {
            return Err(BlobError::authentication_failed(&out_of_time(start, expiry, now)));
        }
        match self.protocol.as_str() {
            "" | "https,http" => Ok(()),
            "https" if secure => Ok(()),
            _ => Err(BlobError::protocol_mismatch()),
        }
    }

    /// Whether it carries one of the permissions.
    pub(crate) fn permits_any(&self, letters: &str) -> bool {
        letters.chars().any(|letter| self.permissions.contains(letter))
    }
}

/// The detail of a signature outside its time, in Azure's words.
pub(crate) fn out_of_time(start: Option<Milliseconds>, expiry: Milliseconds, now: Milliseconds) -> String {
    format!(
        "Signature not valid in the specified time frame: Start [{}] - Expiry [{}] - Current [{}]",
        start.map(timestamp::http_date).unwrap_or_default(),
        timestamp::http_date(expiry),
        timestamp::http_date(now)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package_container() -> BlobAddress {
        BlobAddress { account: "acct".into(), container: "deploymentpackages".into(), blob: "a.cms.app.1.nupkg".into() }
    }

    fn sas(version: &str) -> Sas {
        Sas {
            version: version.into(),
            resource: "c".into(),
            permissions: "w".into(),
            expiry: "2030-01-01T00:00:00Z".into(),
            ..Sas::default()
        }
    }

    #[test]
    fn the_string_to_sign_grows_with_the_version() {
        let table = [
            ("2017-04-17", "w\n\n2030-01-01T00:00:00Z\n/blob/acct/deploymentpackages\n\n\n\n2017-04-17\n\n\n\n\n"),
            ("2018-11-09", "w\n\n2030-01-01T00:00:00Z\n/blob/acct/deploymentpackages\n\n\n\n2018-11-09\nc\n\n\n\n\n\n"),
            (
                "2020-12-06",
                "w\n\n2030-01-01T00:00:00Z\n/blob/acct/deploymentpackages\n\n\n\n2020-12-06\nc\n\n\n\n\n\n\n",
            ),
        ];
        for (version, expected) in table {
            assert_eq!(sas(version).string_to_sign(&package_container()), expected, "{version}");
        }
    }

    #[test]
    fn what_is_signed_is_accepted_and_every_change_is_not() {
        let key = b"a key";
        let to = package_container();
        let now = timestamp::parse_sas_time("2029-12-31T23:59:59Z").unwrap();
        for version in ["2015-04-05", "2017-04-17", "2019-02-02", "2021-12-02", "2023-01-03"] {
            let query = sas(version).sign(key, &to);
            let read = Sas::read(&query).unwrap();
            assert_eq!(read.authenticate(key, &to, now, true), Ok(()), "{version}");
            let changed: [fn(&mut Sas); 5] = [
                |sas| sas.permissions = "rw".into(),
                |sas| sas.expiry = "2031-01-01T00:00:00Z".into(),
                |sas| sas.resource = "b".into(),
                |sas| sas.version = "2016-05-31".into(),
                |sas| sas.signature.replace_range(..1, "+"),
            ];
            for change in changed {
                let mut other = read.clone();
                change(&mut other);
                if other != read {
                    let refused = other.authenticate(key, &to, now, true).unwrap_err();
                    assert_eq!(refused.code, "AuthenticationFailed", "{version} {other:?}");
                }
            }
            assert!(read.authenticate(b"other", &to, now, true).is_err());
        }
    }

    #[test]
    fn time_and_protocol_are_judged() {
        let key = b"a key";
        let to = package_container();
        let signed = |start: &str, protocol: &str| {
            let sas = Sas { start: start.into(), protocol: protocol.into(), ..sas("2023-01-03") };
            Sas::read(&sas.sign(key, &to)).unwrap()
        };
        let at = |text: &str| timestamp::parse_sas_time(text).unwrap();
        let code = |sas: &Sas, now: &str, secure| sas.authenticate(key, &to, at(now), secure).map_err(|e| e.code);
        let refused = Err("AuthenticationFailed".to_owned());
        assert_eq!(code(&signed("", ""), "2030-01-01T00:00:00Z", false), Ok(()));
        assert_eq!(code(&signed("", ""), "2030-01-01T00:00:01Z", false), refused);
        assert_eq!(code(&signed("2029-06-01", ""), "2029-05-31T23:59:59Z", false), refused);
        assert_eq!(code(&signed("2029-06-01", ""), "2029-06-01T00:00:00Z", false), Ok(()));
        assert_eq!(code(&signed("", "https"), "2029-06-01", true), Ok(()));
        let mismatch = Err("AuthorizationProtocolMismatch".to_owned());
        assert_eq!(code(&signed("", "https"), "2029-06-01", false), mismatch);
    }
}
