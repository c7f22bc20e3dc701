//! Tokens of the cluster: JSON Web Tokens signed with HMAC-SHA256 (RFC 7519, `HS256`). Only those made here are ever
//! read, so this is all there is of the format. Pure but for the key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::clock::Milliseconds;

const HEADER: &str = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";

/// What a token says; times in seconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) iat: i64,
    pub(super) exp: i64,
    /// The id of the user.
    pub(super) uid: u32,
}

impl Claims {
    /// The token.
    pub(super) fn sign(&self, key: &[u8]) -> String {
        let claims = serde_json::to_vec(self).unwrap_or_default();
        let content = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims));
        let signature = mac(&content, key).map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default();
        format!("{content}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// What a token says, if this key has signed it and its time is not over.
    pub(super) fn read(token: &str, key: &[u8], now: Milliseconds) -> Option<Self> {
        let (content, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        // The comparison of the `hmac` crate takes constant time.
        mac(content, key)?.verify_slice(&signature).ok()?;
        let claims = URL_SAFE_NO_PAD.decode(content.split_once('.')?.1).ok()?;
        let claims: Self = serde_json::from_slice(&claims).ok()?;
        (now < claims.exp.saturating_mul(1_000)).then_some(claims)
    }
}

fn mac(content: &str, key: &[u8]) -> Option<Hmac<Sha256>> {
    // HMAC takes a key of any length; `None` cannot come, and is a refusal if it does.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(content.as_bytes());
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_until_its_end_and_for_its_key() {
        let claims = Claims { iat: 100, exp: 400, uid: 7 };
        let token = claims.sign(b"key");
        assert_eq!(Claims::read(&token, b"key", 399_999), Some(claims));
        assert_eq!(Claims::read(&token, b"key", 400_000), None);
        assert_eq!(Claims::read(&token, b"other", 0), None);
        for broken in ["", "a.b", &token[1..], &token.replace('.', "")] {
            assert_eq!(Claims::read(broken, b"key", 0), None, "{broken}");
        }
    }

    #[test]
    fn the_signature_is_that_of_the_standard() {
        // Of the header and claims above with the key `key`, made with OpenSSL.
        let token = Claims { iat: 100, exp: 400, uid: 7 }.sign(b"key");
        assert!(
            token.starts_with("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjEwMCwiZXhwIjo0MDAsInVpZCI6N30."),
            "{token}"
        );
        assert!(token.ends_with(".n9cv4FAMy6B0WSPWFhJzblJMb5hd9wWNhCBzHpNlq9I"), "{token}");
    }
}
