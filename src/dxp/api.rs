//! The connection to the deployment service for one pair of credentials. Its calls stand with their resources.

use std::sync::Arc;
use std::time::Duration;

use super::auth::{Credentials, Signer};
use super::envelope::Envelope;
use crate::base::entropy::Entropy;
use crate::base::time::Clock;
use crate::http_api::call::HttpApi;
use crate::http_api::endpoint::Endpoint;
use crate::transport::http::Http;

/// A signed connection to the deployment service. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    pub(super) calls: HttpApi,
    key: Arc<str>,
}

impl Api {
    /// A connection. Nothing is sent yet.
    #[must_use]
    pub fn new(http: Http, endpoint: Endpoint, credentials: Credentials, entropy: Arc<dyn Entropy>) -> Self {
        let key = credentials.key().into();
        let signer = Signer::new(credentials, Arc::clone(http.clock()), Arc::clone(&entropy));
        Self { calls: HttpApi::new(http, endpoint, Arc::new(signer), Arc::new(Envelope), entropy), key }
    }

    /// The same, waiting so long for the answers of one call, if that is said.
    #[must_use]
    pub fn limited_to(self, limit: Option<Duration>) -> Self {
        Self { calls: self.calls.limited_to(limit), ..self }
    }

    /// Where the service is.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        self.calls.endpoint()
    }

    /// The client key that requests are signed with.
    #[must_use]
    pub fn client_key(&self) -> &str {
        &self.key
    }

    /// The clock that waits and time limits run by.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        self.calls.clock()
    }

    /// By how many milliseconds this machine's clock is ahead of the service's (less than zero: behind it), as the last
    /// answer told; `None` before the first.
    #[must_use]
    pub fn clock_ahead_ms(&self) -> Option<i64> {
        self.calls.clock_ahead_ms()
    }
}
