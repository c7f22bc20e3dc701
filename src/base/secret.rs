//! Values that must not be seen: account secrets and links that carry a signature.
//!
//! [`Secret`] is zeroed when it is dropped and prints as `***`. [`SafeUrl`] keeps a link byte for byte, because
//! re-encoding a shared access signature breaks it (spec 3.1), and prints without its query. Neither offers
//! `Serialize`: a link leaves the library only where a caller asked for exactly that link.

use std::fmt;

use zeroize::Zeroizing;

use super::error::{Error, Kind, Result};
use super::given;

/// A secret: zeroed on drop, never printed.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes over the bytes of a secret.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for signing only.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes().to_vec())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// An `http` or `https` link whose query is a secret (a shared access signature).
#[derive(Clone, PartialEq, Eq)]
pub struct SafeUrl {
    full: Zeroizing<String>,
    /// Length of everything before the `?`.
    base: usize,
}

impl SafeUrl {
    /// Checks that `text` is an absolute `http` or `https` link and keeps it byte for byte, without what surrounds it,
    /// such as the line end behind one that comes from a variable.
    ///
    /// # Errors
    /// `InvalidArgument` naming `field` and the cause, without the link's text (it may hold a signature).
    pub fn parse(field: &str, text: &str) -> Result<Self> {
        let text = given::trimmed(text);
        Self::checked(field, text).map_err(|error| given::explained(field, text, error))
    }

    fn checked(field: &str, text: &str) -> Result<Self> {
        let invalid = |rule: &str| Error::invalid(field, rule);
        if text.is_empty() {
            return Err(invalid("must not be empty"));
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(invalid("must not contain white space"));
        }
        if text.contains('#') {
            return Err(invalid("must not contain a '#' fragment"));
        }
        let url = url::Url::parse(text).map_err(|_| invalid("is not a URL (expected https:// and a host)"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid("must start with https://"));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(invalid("has no host"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("must not contain a user name or password"));
        }
        let base = text.find('?').unwrap_or(text.len());
        Ok(Self { full: Zeroizing::new(text.to_owned()), base })
    }

    /// Reads a link that the service gave. What is wrong with it is not the caller's fault.
    ///
    /// # Errors
    /// `Protocol`, without the link's text.
    pub fn from_service(name: &str, text: &str) -> Result<Self> {
        let unusable =
            |why: &dyn fmt::Display| Error::new(Kind::Protocol, format!("the service returned an unusable URL: {why}"));
        let link = Self::parse(name, text).map_err(|error| unusable(&error))?;
        if link.is_plain_remote() {
            return Err(unusable(&format!("{name} uses plain http to another machine")));
        }
        Ok(link)
    }

    /// The whole link as it was given. For sending and for handing to the caller who asked for it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.full
    }

    /// Everything before the `?`: safe to show.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.full[..self.base]
    }

    /// The query without the `?`, byte for byte; empty when there is none. Secret.
    #[must_use]
    pub fn query(&self) -> &str {
        self.full.get(self.base + 1..).unwrap_or("")
    }

    /// The decoded value of a query parameter that is no secret, such as `se` or `sp`.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        debug_assert!(name != "sig", "the signature is never read out of a link");
        url::form_urlencoded::parse(self.query().as_bytes())
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.into_owned())
    }

    /// The last segment of the path, percent-decoded; empty when the path ends in `/`.
    #[must_use]
    pub fn file_name(&self) -> String {
        let last = self.base().rsplit('/').next().unwrap_or("");
        percent_encoding::percent_decode_str(last).decode_utf8_lossy().into_owned()
    }

    /// The same query below another path segment, which is percent-encoded: a blob below a container link.
    #[must_use]
    pub fn join_segment(&self, segment: &str) -> Self {
        let mut base = self.base().trim_end_matches('/').to_owned();
        base.push('/');
        base.push_str(&encode_path(segment));
        let length = base.len();
        if self.base < self.full.len() {
            base.push('?');
            base.push_str(self.query());
        }
        Self { full: Zeroizing::new(base), base: length }
    }

    /// Whether the link is plain `http` to another machine, which would show the signature to the network.
    #[must_use]
    pub fn is_plain_remote(&self) -> bool {
        url::Url::parse(self.base()).is_ok_and(|url| is_plain_remote(&url))
    }

    /// Whether the link leads to this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        url::Url::parse(self.base()).is_ok_and(|url| is_loopback(&url))
    }
}

/// A text that is a secret, such as a link in a request document: read and written as it is, never shown by `Debug`.
#[derive(Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct SecretString(String);

impl SecretString {
    /// The text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for SecretString {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Whether a URL is plain `http` and its host is not this machine.
#[must_use]
pub fn is_plain_remote(url: &url::Url) -> bool {
    url.scheme() == "http" && !is_loopback(url)
}

/// Whether a URL's host is this machine.
fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost") || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Percent-encodes one path segment, or a blob name whose `/` stay separators: everything but the unreserved
/// characters of RFC 3986 and `/`.
#[must_use]
pub fn encode_path(text: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
    percent_encoding::utf8_percent_encode(text, KEPT).to_string()
}

/// Percent-encodes one segment of an API path; `/` is encoded too (spec 2.0).
#[must_use]
pub fn encode_segment(text: &str) -> String {
    encode_path(text).replace('/', "%2F")
}

impl fmt::Display for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base())?;
        if self.base < self.full.len() { f.write_str("?***") } else { Ok(()) }
    }
}

impl fmt::Debug for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SafeUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://acct.blob.core.windows.net/deploymentpackages?sv=2020-12-06&sr=c&sig=a%2Bb%3D&se=2026-01-01T00%3A00%3A00Z&sp=w";

    #[test]
    fn a_link_prints_without_its_query_and_is_kept_byte_for_byte() {
        let link = SafeUrl::parse("sasUrl", LINK).unwrap();
        for shown in [format!("{link}"), format!("{link:?}")] {
            assert!(!shown.contains("sig"), "{shown}");
        }
        assert_eq!(link.expose(), LINK);
        assert_eq!(link.parameter("se").as_deref(), Some("2026-01-01T00:00:00Z"));
        for around in [format!("{LINK}\r\n"), format!(" \n\t{LINK} "), format!("\u{feff}{LINK}\0")] {
            assert_eq!(SafeUrl::parse("sasUrl", &around).unwrap().expose(), LINK, "what surrounds it is not of it");
        }
    }

    #[test]
    fn a_blob_name_is_encoded_below_the_container_and_the_query_untouched() {
        let container = SafeUrl::parse("sasUrl", LINK).unwrap();
        let blob = container.join_segment("my site+1#%ü.cms.app.1.nupkg");
        assert_eq!(
            blob.base(),
            "https://acct.blob.core.windows.net/deploymentpackages/my%20site%2B1%23%25%C3%BC.cms.app.1.nupkg"
        );
        assert_eq!(blob.query(), container.query());
        assert_eq!(blob.file_name(), "my site+1#%ü.cms.app.1.nupkg");
    }

    #[test]
    fn what_is_no_link_is_refused_without_repeating_it() {
        for bad in [
            "",
            "not a URL",
            "ftp://host/x?sig=CANARY",
            "/path?sig=CANARY",
            "https://u:CANARY@host/",
            "https://h/x y",
            "https://h/x?sv=1&\nsig=CANARY",
            "https://h/x#f",
        ] {
            let error = SafeUrl::parse("sasUrl", bad).unwrap_err();
            assert_eq!(error.field(), Some("sasUrl"));
            assert!(!error.to_string().contains("CANARY"), "{error}");
        }
    }

    #[test]
    fn only_this_machine_may_be_reached_without_tls() {
        for (text, plain_remote) in [
            ("http://127.0.0.1:1/x", false),
            ("http://[::1]:1/x", false),
            ("http://localhost/x", false),
            ("http://acct.blob.localhost/x", false),
            ("http://example.com/x", true),
            ("http://localhost.example.com/x", true),
            ("https://example.com/x", false),
        ] {
            assert_eq!(SafeUrl::parse("link", text).unwrap().is_plain_remote(), plain_remote, "{text}");
        }
    }

    #[test]
    fn a_bad_link_of_the_service_is_the_services_fault() {
        for bad in ["nonsense?sig=CANARY", "http://example.com/x?sig=CANARY"] {
            let error = SafeUrl::from_service("downloadLink", bad).unwrap_err();
            assert_eq!(error.kind(), Kind::Protocol);
            assert!(error.to_string().contains("downloadLink") && !error.to_string().contains("CANARY"), "{error}");
        }
        assert_eq!(format!("{:?}", SecretString::from("CANARY".to_owned())), "***");
    }

    #[test]
    fn a_secret_does_not_print() {
        assert_eq!(format!("{:?}", Secret::from("CANARY")), "Secret(***)");
    }

    #[test]
    fn an_api_segment_cannot_leave_its_place() {
        assert_eq!(encode_segment("y/../../nope?x"), "y%2F..%2F..%2Fnope%3Fx");
        assert_eq!(encode_segment("Hälso"), "H%C3%A4lso");
    }
}
