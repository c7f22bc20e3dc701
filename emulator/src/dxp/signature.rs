//! The signature of API requests (spec 1.3), checked over the raw request target and the raw body. Pure.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use sha2::Sha256;

use crate::clock::Milliseconds;

/// What is signed, besides timestamp and nonce.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    pub(crate) body: &'a [u8],
}

/// The credentials a signature must come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Credentials<'a> {
    pub(crate) key: &'a str,
    pub(crate) secret: &'a [u8],
}

/// A signature that is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verified {
    pub(crate) nonce: String,
}

/// Checks the `Authorization` header. `window` is the accepted distance between timestamp and clock in minutes.
pub(crate) fn check(
    authorization: Option<&str>,
    credentials: Credentials<'_>,
    signed: Signed<'_>,
    now: Milliseconds,
    window: Option<u32>,
) -> Result<Verified, &'static str> {
    let header = authorization.ok_or("no authorization header")?;
    let fields = header.strip_prefix("epi-hmac ").ok_or("the scheme is not epi-hmac")?;
    let fields: Vec<&str> = fields.split(':').collect();
    let [key, timestamp, nonce, signature] = fields[..] else {
        return Err("there are not four fields");
    };
    if key != credentials.key {
        return Err("the client key is not known");
    }
    if timestamp.is_empty() || !timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("the timestamp is not a number of milliseconds");
    }
    if nonce.is_empty() {
        return Err("the nonce is empty");
    }
    let sent = STANDARD.decode(signature).map_err(|_| "the signature is not Base64")?;
    let mut mac = Hmac::<Sha256>::new_from_slice(credentials.secret).map_err(|_| "the secret cannot be used")?;
    for part in [key, signed.method, signed.target, timestamp, nonce] {
        mac.update(part.as_bytes());
    }
    mac.update(STANDARD.encode(Md5::digest(signed.body)).as_bytes());
    // The comparison of the `hmac` crate takes constant time.
    mac.verify_slice(&sent).map_err(|_| "the signature does not match")?;
    if let Some(minutes) = window {
        let signed_at: Milliseconds = timestamp.parse().map_err(|_| "the timestamp is out of range")?;
        if now.saturating_sub(signed_at).saturating_abs() > Milliseconds::from(minutes) * 60_000 {
            return Err("the timestamp is too far from the clock");
        }
    }
    Ok(Verified { nonce: nonce.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "TestKey0123456789abcdefTestKey0123456789abcdef0";
    const NONCE: &str = "0123456789abcdef0123456789abcdef";
    const PROJECT: &str = "/api/v1.0/projects/11111111-2222-3333-4444-555555555555";
    const BODY: &str = "{\"TargetEnvironment\":\"Integration\",\"Packages\":[\"site.cms.app.1.0.0.nupkg\"],\
        \"MaintenancePage\":false,\"ZeroDownTimeMode\":\"\",\"DirectDeploy\":true}";

    fn secret() -> Vec<u8> {
        (0..48).collect()
    }

    fn judge(header: &str, method: &str, target: &str, body: &[u8]) -> Result<Verified, &'static str> {
        let secret = secret();
        let credentials = Credentials { key: KEY, secret: &secret };
        check(Some(header), credentials, Signed { method, target, body }, 1_700_000_000_000, None)
    }

    fn vectors() -> [(&'static str, String, &'static str, &'static str); 4] {
        [
            (
                "GET",
                format!("{PROJECT}/environments/Integration/storagecontainers?writable=true"),
                "",
                "rj/VEwrbX79tKU4/WA9ay3p58ZIR1t8y+RRD0XPyQ+Q=",
            ),
            ("POST", format!("{PROJECT}/deployments"), BODY, "OIQuMw7/udluTo/LVeC9Yjr4fLPDJvjYY1/tghrv3D4="),
            (
                "POST",
                format!("{PROJECT}/deployments/6c0ed684-8548-48aa-8695-fcfd43477b43/complete"),
                "",
                "o1cEdOm/LHC45nIZqjDWFmhp1ohqcmoDU4mLfyMwrjo=",
            ),
            (
                "GET",
                format!("{PROJECT}/environments/H%C3%A4lso/storagecontainers"),
                "",
                "Fxm/vqD70ibCxK9Sd7sJ4v1yAKjsQi3/yc0Ufpb6UVg=",
            ),
        ]
    }

    #[test]
    fn the_vectors_of_the_spec_are_accepted() {
        for (method, target, body, signature) in vectors() {
            let header = format!("epi-hmac {KEY}:1700000000000:{NONCE}:{signature}");
            assert_eq!(
                judge(&header, method, &target, body.as_bytes()),
                Ok(Verified { nonce: NONCE.into() }),
                "{target}"
            );
        }
    }

    #[test]
    fn one_changed_byte_is_refused() {
        for (method, target, body, signature) in vectors() {
            let header = format!("epi-hmac {KEY}:1700000000000:{NONCE}:{signature}");
            let refused = Err("the signature does not match");
            assert_eq!(judge(&header, "PUT", &target, body.as_bytes()), refused);
            assert_eq!(
                judge(&header, method, &target.to_lowercase().replacen("api", "Api", 1), body.as_bytes()),
                refused
            );
            assert_eq!(judge(&header, method, &target, format!("{body} ").as_bytes()), refused);
            assert_eq!(judge(&header.replace(":1700", ":1701"), method, &target, body.as_bytes()), refused);
            assert_eq!(judge(&header.replace(":0123", ":1123"), method, &target, body.as_bytes()), refused);
        }
    }

    #[test]
    fn malformed_headers_are_told_apart() {
        let table = [
            ("Basic abc", "the scheme is not epi-hmac"),
            ("epi-hmac a:b:c", "there are not four fields"),
            ("epi-hmac other:1:n:AAAA", "the client key is not known"),
            (&format!("epi-hmac {KEY}:now:n:AAAA"), "the timestamp is not a number of milliseconds"),
            (&format!("epi-hmac {KEY}:1::AAAA"), "the nonce is empty"),
            (&format!("epi-hmac {KEY}:1:n:?"), "the signature is not Base64"),
        ];
        for (header, reason) in table {
            assert_eq!(judge(header, "GET", "/", b""), Err(reason), "{header}");
        }
    }

    #[test]
    fn the_window_is_open_unless_asked_for() {
        let secret = secret();
        let credentials = Credentials { key: KEY, secret: &secret };
        let [(method, target, body, signature), ..] = vectors();
        let header = format!("epi-hmac {KEY}:1700000000000:{NONCE}:{signature}");
        let at = |minutes: i64, window| {
            let signed = Signed { method, target: &target, body: body.as_bytes() };
            check(Some(&header), credentials, signed, 1_700_000_000_000 + minutes * 60_000, window).is_ok()
        };
        assert!(at(1_000, None));
        assert!(at(15, Some(15)) && at(-15, Some(15)));
        assert!(!at(16, Some(15)) && !at(-16, Some(15)));
    }
}
