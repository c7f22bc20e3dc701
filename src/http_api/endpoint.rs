//! Where a service is, and how request paths are built below its address.

use url::Url;

use crate::base::error::{Error, Kind, Result};
use crate::base::given;
use crate::base::secret::{SafeUrl, encode_segment, is_plain_remote};

/// What the addresses of a service look like, for whoever gives a wrong one.
#[derive(Debug, Clone, Copy)]
pub struct AddressForm {
    /// An example.
    pub example: &'static str,
    /// The address of the live service, where there is one for all.
    pub live: Option<&'static str>,
}

/// The base address of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// Checks a base address. What surrounds it is taken away, a missing trailing slash is added, paths are kept, plain
    /// `http` is for this machine only.
    ///
    /// # Errors
    /// `InvalidArgument` naming `endpoint`.
    pub fn parse(text: &str, form: AddressForm) -> Result<Self> {
        let text = given::trimmed(text);
        Self::checked(text, form).map_err(|error| given::explained("endpoint", text, error))
    }

    fn checked(text: &str, form: AddressForm) -> Result<Self> {
        let AddressForm { example, live } = form;
        let invalid = |rule: &str| {
            let error = Error::invalid("endpoint", rule);
            match live {
                Some(live) => error.with_next_step(format!("the URL of the live service is {live}")),
                None => error,
            }
        };
        let mut url = Url::parse(text).map_err(|_| invalid(&format!("is not a URL (expected {example})")))?;
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

    /// Whether it is on the host of this address.
    #[must_use]
    pub fn is_at_host_of(&self, address: &str) -> bool {
        Url::parse(address).is_ok_and(|other| other.host() == self.0.host())
    }

    /// What a redirect to this address leads to; `None` where it is on another host or less secure.
    #[must_use]
    pub fn redirected(&self, location: &str) -> Option<Target> {
        let url = self.0.join(location).ok()?;
        let is_here = url.host() == self.0.host() && (url.scheme() == "https" || url.scheme() == self.0.scheme());
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        if !is_here || has_credentials {
            return None;
        }
        let path_and_query = url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
        Some(Target { url: SafeUrl::parse("location", url.as_str()).ok()?, path_and_query })
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

    const FORM: AddressForm = AddressForm { example: "https://host/api/", live: Some("https://live.example/api/") };

    #[test]
    fn a_missing_slash_is_added_and_paths_are_kept() {
        for (text, shown) in [
            ("https://paasportal.episerver.net/api/v1.0", "https://paasportal.episerver.net/api/v1.0/"),
            ("http://127.0.0.1:8080/deep/api/v1.0/", "http://127.0.0.1:8080/deep/api/v1.0/"),
            ("https://host:443", "https://host/"),
            (" https://host/api/v1.0\r\n", "https://host/api/v1.0/"),
        ] {
            assert_eq!(Endpoint::parse(text, FORM).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_cannot_be_the_service_is_refused() {
        for bad in
            ["", "paasportal", "ftp://host/", "http://example.com/api/", "https://u:p@host/", "https://host/?x=1"]
        {
            let error = Endpoint::parse(bad, FORM).unwrap_err();
            assert_eq!(error.field(), Some("endpoint"), "{bad}");
            assert_eq!(error.next_step(), Some("the URL of the live service is https://live.example/api/"));
            let own = Endpoint::parse(bad, AddressForm { live: None, ..FORM }).unwrap_err();
            assert_eq!((own.field(), own.next_step()), (Some("endpoint"), None), "{bad}");
        }
        let error = Endpoint::parse("paasportal", FORM).unwrap_err();
        assert!(error.to_string().contains("is not a URL (expected https://host/api/)"), "{error}");
    }

    #[test]
    fn a_redirect_stays_on_its_host() {
        let endpoint = Endpoint::parse("https://cluster:9443", FORM).unwrap();
        let led = |location: &str| endpoint.redirected(location).map(|target| target.url.expose().to_owned());
        for location in ["https://cluster:9444/v1/bdbs?fields=uid", "/v1/bdbs"] {
            assert!(led(location).is_some(), "{location}");
        }
        let other =
            ["https://node2:9443/v1/bdbs", "http://cluster:9443/", "https://u:p@cluster:9443/", "//node2/", "mailto:x"];
        for location in other {
            assert_eq!(led(location), None, "{location}");
        }
        let target = endpoint.redirected("https://cluster:9444/v1/bdbs?fields=uid").unwrap();
        assert_eq!(target.path_and_query, "/v1/bdbs?fields=uid");
    }

    #[test]
    fn segments_are_encoded_and_signed_as_sent() {
        let endpoint = Endpoint::parse("https://host:8443/api/v1.0", FORM).unwrap();
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
