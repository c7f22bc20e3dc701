//! Where the service is, and how request paths are built below it (spec 1.1, 2.0).

use url::Url;

use crate::base::error::{Error, Kind, Result};
use crate::base::given;
use crate::base::secret::{SafeUrl, encode_segment, is_plain_remote};

/// The address of the live service.
pub const DEFAULT_ENDPOINT: &str = "https://paasportal.episerver.net/api/v1.0/";

/// The base address of the deployment service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// Checks a base address. What surrounds it is taken away, a missing trailing slash is added, paths are kept, plain
    /// `http` is for this machine only.
    ///
    /// # Errors
    /// `InvalidArgument` naming `endpoint`.
    pub fn parse(text: &str) -> Result<Self> {
        let text = given::trimmed(text);
        Self::checked(text).map_err(|error| given::explained("endpoint", text, error))
    }

    fn checked(text: &str) -> Result<Self> {
        let invalid = |rule: &str| {
            Error::invalid("endpoint", rule)
                .with_next_step(format!("the URL of the live service is {DEFAULT_ENDPOINT}"))
        };
        let mut url = Url::parse(text).map_err(|_| invalid("is not a URL (expected https://host/api/v1.0/)"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(invalid("must start with https:// and a host"));
        }
        if is_plain_remote(&url) {
            return Err(invalid("plain http is accepted for localhost only; use https"));
        }
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("must not contain a query, a fragment or a user name"));
        }
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(Self(url))
    }

    /// Whether it is the live service's host.
    #[must_use]
    pub fn is_live(&self) -> bool {
        Url::parse(DEFAULT_ENDPOINT).is_ok_and(|live| live.host() == self.0.host())
    }

    /// The address of a resource and the request target to sign. Every segment is percent-encoded; `query` is
    /// appended as it is.
    ///
    /// # Errors
    /// `InvalidArgument` for a segment that is empty or would change the path (`.` and `..`).
    pub fn target(&self, segments: &[&str], query: Option<&str>) -> Result<Target> {
        let mut text = self.0.as_str().to_owned();
        for (index, segment) in segments.iter().enumerate() {
            if matches!(*segment, "" | "." | "..") {
                let message = format!("'{segment}' cannot be part of a URL path");
                return Err(Error::new(Kind::InvalidArgument, message));
            }
            if index > 0 {
                text.push('/');
            }
            text.push_str(&encode_segment(segment));
        }
        if let Some(query) = query {
            text.push('?');
            text.push_str(query);
        }
        let url = SafeUrl::parse("endpoint", &text)?;
        let origin = self.0.origin().ascii_serialization().len();
        Ok(Target { path_and_query: text[origin..].to_owned(), url })
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// A resource's address and the part of it that is signed.
#[derive(Debug, Clone)]
pub struct Target {
    /// The whole address.
    pub url: SafeUrl,
    /// The request target exactly as sent.
    pub path_and_query: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_slash_is_added_and_paths_are_kept() {
        for (text, shown) in [
            ("https://paasportal.episerver.net/api/v1.0", "https://paasportal.episerver.net/api/v1.0/"),
            ("http://127.0.0.1:8080/deep/api/v1.0/", "http://127.0.0.1:8080/deep/api/v1.0/"),
            ("https://host:443", "https://host/"),
            (" https://host/api/v1.0\r\n", "https://host/api/v1.0/"),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_cannot_be_the_service_is_refused() {
        for bad in
            ["", "paasportal", "ftp://host/", "http://example.com/api/", "https://u:p@host/", "https://host/?x=1"]
        {
            assert_eq!(Endpoint::parse(bad).unwrap_err().field(), Some("endpoint"), "{bad}");
        }
    }

    #[test]
    fn segments_are_encoded_and_signed_as_sent() {
        let endpoint = Endpoint::parse("https://host:8443/api/v1.0").unwrap();
        let target = endpoint
            .target(&["projects", "p", "environments", "Hälso y/x", "storagecontainers"], Some("writable=true"))
            .unwrap();
        assert_eq!(
            target.path_and_query,
            "/api/v1.0/projects/p/environments/H%C3%A4lso%20y%2Fx/storagecontainers?writable=true"
        );
        assert_eq!(target.url.expose(), format!("https://host:8443{}", target.path_and_query));
        for bad in ["", ".", ".."] {
            assert!(endpoint.target(&["projects", bad], None).is_err(), "{bad:?}");
        }
    }
}
