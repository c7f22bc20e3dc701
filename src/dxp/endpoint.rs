//! Where the deployment service is (spec 1.1).

use crate::base::error::Result;
use crate::http_api::endpoint::{AddressForm, Endpoint};

/// The address of the live service.
pub const DEFAULT_ENDPOINT: &str = "https://paasportal.episerver.net/api/v1.0/";

const FORM: AddressForm = AddressForm { example: "https://host/api/v1.0/", live: Some(DEFAULT_ENDPOINT) };

/// Checks a base address of the service.
///
/// # Errors
/// `InvalidArgument` naming `endpoint`.
pub fn parse(text: &str) -> Result<Endpoint> {
    Endpoint::parse(text, FORM)
}

/// Whether it is the live service's host.
#[must_use]
pub fn is_live(endpoint: &Endpoint) -> bool {
    endpoint.is_at_host_of(DEFAULT_ENDPOINT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_live_service_is_known_by_its_host() {
        for (text, live) in [
            (DEFAULT_ENDPOINT, true),
            ("https://paasportal.episerver.net", true),
            ("https://paasportal.example/api/v1.0/", false),
            ("http://127.0.0.1:8080/api/v1.0/", false),
        ] {
            assert_eq!(is_live(&parse(text).unwrap()), live, "{text}");
        }
        let error = parse("paasportal").unwrap_err();
        assert_eq!(error.to_string(), "endpoint: is not a URL (expected https://host/api/v1.0/)");
        assert!(error.next_step().unwrap().ends_with(DEFAULT_ENDPOINT));
    }
}
