//! One call of the deployment API: sign, send, read the answer, and repeat it where that is safe.
//!
//! GETs are repeated after connection faults, 408, 429 and 5xx. POSTs start things and are sent once: when their
//! answer is lost the error says so and how to look (spec 1.2). Every try is signed anew, because a signature holds
//! the time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use super::endpoint::{Endpoint, Target};
use super::envelope::{self, Answer};
use crate::base::entropy::Entropy;
use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::event::Event;
use crate::base::next_step::NextStep;
use crate::base::retry::{RetryPolicy, parse_http_date};
use crate::base::scope::Scope;
use crate::base::time::Clock;
use crate::transport::http::{Body, Fault, HeaderValue, Http, Method, Request};
use crate::transport::sign::{Credentials, Signed};

/// The longest an API call may take (spec 1.2).
const CALL_LIMIT: Duration = Duration::from_secs(120);

/// The longest answer that is read. The largest real one, ten deployments, has some tens of KiB.
const LONGEST_ANSWER: usize = 16 << 20;

/// A signed connection to the deployment service for one pair of credentials. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    http: Http,
    endpoint: Endpoint,
    credentials: Arc<Credentials>,
    entropy: Arc<dyn Entropy>,
}

/// What a request that changes something does, for the error when its answer is lost.
#[derive(Debug, Clone)]
pub struct Effect {
    /// What is being done, such as `start the deployment`.
    pub doing: &'static str,
    /// How to find out whether it was done.
    pub look: NextStep,
}

impl Api {
    /// A connection. Nothing is sent yet.
    #[must_use]
    pub fn new(http: Http, endpoint: Endpoint, credentials: Credentials, entropy: Arc<dyn Entropy>) -> Self {
        Self { http, endpoint, credentials: Arc::new(credentials), entropy }
    }

    /// Where the service is.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The client key that requests are signed with.
    #[must_use]
    pub fn client_key(&self) -> &str {
        self.credentials.key()
    }

    /// The clock that waits and time limits run by.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        self.http.clock()
    }

    /// Reads something, repeating the request after faults that may pass.
    pub(super) async fn get(&self, segments: &[&str], query: Option<&str>, scope: &Scope) -> Result<Value> {
        let target = self.endpoint.target(segments, query)?;
        let mut attempt = 1;
        loop {
            let error = match scope.cancel().run(self.exchange(Method::Get, &target, None, scope)).await? {
                Ok(result) => return Ok(result),
                Err(fault) => fault.error,
            };
            let Some(pause) = RetryPolicy::API.pause(attempt, &error, self.entropy.bits()) else {
                return Err(error.after_attempts(attempt));
            };
            scope.report(Event::Retrying {
                what: "the request to the service".to_owned(),
                attempt,
                delay_ms: u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                reason: error.to_string(),
            });
            scope.cancel().run(self.clock().sleep(pause)).await?;
            attempt += 1;
        }
    }

    /// Changes something: one request, never repeated.
    pub(super) async fn post<B: Serialize + Sync>(
        &self,
        segments: &[&str],
        body: Option<&B>,
        effect: Effect,
        scope: &Scope,
    ) -> Result<Value> {
        let target = self.endpoint.target(segments, None)?;
        let body = body
            .map(serde_json::to_vec)
            .transpose()
            .map_err(|error| Error::new(Kind::Internal, format!("failed to encode the request payload: {error}")))?;
        let sent = scope.cancel().run(self.exchange(Method::Post, &target, body.map(Bytes::from), scope)).await;
        match sent {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(fault)) if fault.may_have_arrived => Err(lost(fault.error, effect).after_attempts(1)),
            Ok(Err(fault)) => Err(fault.error.after_attempts(1)),
            // The request may be on its way already; what the service makes of it is not known.
            Err(cancelled) => Err(cancelled.context(format!("asked to {}", effect.doing)).with_next_step(effect.look)),
        }
    }

    async fn exchange(
        &self,
        method: Method,
        target: &Target,
        body: Option<Bytes>,
        scope: &Scope,
    ) -> Result<Value, Fault> {
        let now = self.clock().unix_ms();
        let nonce = self.entropy.uuid().simple().to_string();
        let authorization = self.credentials.authorization(Signed {
            method: method.name(),
            path_and_query: &target.path_and_query,
            timestamp_ms: now,
            nonce: &nonce,
            body: body.as_deref().unwrap_or_default(),
        });
        // Every call carries the content type, GET too, as the original's (spec 1.2).
        let mut request = Request::new(method, target.url.clone())
            .header("content-type", "application/json")
            .header("accept", "application/json");
        request.headers.push(("authorization".to_owned(), HeaderValue::Secret(authorization)));
        request.body = body.map_or(Body::Empty, Body::Bytes);
        request.time_limit = Some(CALL_LIMIT);

        let deadline = self.clock().monotonic() + CALL_LIMIT;
        let response = self.http.send(request, scope.sink().as_ref()).await?;
        let status = response.status();
        let clock_difference = response
            .header("date")
            .and_then(parse_http_date)
            .map(|server| Duration::from_millis(server.abs_diff(self.clock().unix_ms())));
        let content_type = response.header("content-type").map(str::to_owned);
        // Prepared before the body is read, because reading it takes the answer apart.
        let described = response.to_error(String::new());
        let left = deadline.saturating_sub(self.clock().monotonic());
        let read = tokio::select! {
            biased;
            read = response.bytes(LONGEST_ANSWER) => read,
            () = self.clock().sleep(left) => Err(Error::new(Kind::Network, "the answer did not end in time")
                .with_retry(Retry::Later, None)),
        };
        let body = read.map_err(|error| Fault { error, may_have_arrived: true })?;
        let answer = Answer { status, content_type: content_type.as_deref(), body: &body, clock_difference };
        envelope::read(&answer, |message| described.with_message(message)).map_err(|error| Fault {
            // A gateway that gave up waiting does not know what the service behind it did; nor do we when something
            // else answered in its place.
            may_have_arrived: matches!(status, 408 | 502 | 504)
                || (!envelope::is_envelope(&body) && !(300..500).contains(&status)),
            error,
        })
    }
}

fn lost(error: Error, effect: Effect) -> Error {
    error
        .into_kind(Kind::Ambiguous)
        .context(format!("the answer to the request to {} was lost, and it may have been carried out", effect.doing))
        .with_retry(Retry::Never, None)
        .with_next_step(effect.look)
}
