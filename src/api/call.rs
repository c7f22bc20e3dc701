//! One call of the deployment API: sign, send, read the answer, and repeat it where that is safe.
//!
//! GETs are repeated after connection faults, 408, 429 and 5xx, as long as the time for their answers lasts. POSTs
//! start things and are sent once: when their answer is lost the error says so and how to look (spec 1.2). Every try is
//! signed anew, because a signature holds the time.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use super::endpoint::{Endpoint, Target};
use super::envelope::{self, Answer};
use super::patience::{MINUTE, Patience};
use crate::base::entropy::Entropy;
use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::event::Event;
use crate::base::next_step::NextStep;
use crate::base::retry::{RetryPolicy, reason};
use crate::base::scope::Scope;
use crate::base::time::{Clock, milliseconds, spoken};
use crate::transport::http::{Body, Fault, HeaderValue, Http, Method, Request};
use crate::transport::sign::{Credentials, Signed};

/// How long the answers of an API call are waited for (spec 1.2).
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
    clocks: Arc<Clocks>,
    limit: Duration,
}

/// How far this machine's clock and the service's are apart, by the last answer.
#[derive(Default)]
struct Clocks(Mutex<Option<i64>>);

impl Clocks {
    /// An answer came with the service's time. Gives how far the clocks are apart.
    fn compare(&self, ours: u64, theirs: u64) -> Duration {
        let ahead = i64::try_from(i128::from(ours) - i128::from(theirs)).ok();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = ahead;
        Duration::from_millis(ours.abs_diff(theirs))
    }
}

/// Who looks at something in the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Somebody who waits for this one answer.
    Single,
    /// A wait, which looks again anyway, and takes on the longer pauses that the service asks for.
    OfAWait,
}

/// What a request that changes something does, for the error when its answer is lost.
#[derive(Debug, Clone)]
pub struct Effect {
    /// What is being done, such as `start the deployment`.
    pub doing: &'static str,
    /// How to find out whether it was done.
    pub look: NextStep,
}

impl Effect {
    /// The error of a request that the service took, but whose answer does not say what came of it.
    pub(super) fn untold(self, error: Error) -> Error {
        unknown(
            error
                .context(format!("the service accepted the request to {}, but its response has no result", self.doing)),
            self,
        )
    }
}

impl Api {
    /// A connection. Nothing is sent yet.
    #[must_use]
    pub fn new(http: Http, endpoint: Endpoint, credentials: Credentials, entropy: Arc<dyn Entropy>) -> Self {
        let (credentials, clocks) = (Arc::new(credentials), Arc::default());
        Self { http, endpoint, credentials, entropy, clocks, limit: CALL_LIMIT }
    }

    /// The same, waiting so long for the answers of one call.
    #[must_use]
    pub fn limited_to(self, limit: Duration) -> Self {
        Self { limit, ..self }
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

    /// By how many milliseconds this machine's clock is ahead of the service's (less than zero: behind it), as the last
    /// answer told; `None` before the first.
    #[must_use]
    pub fn clock_ahead_ms(&self) -> Option<i64> {
        *self.clocks.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads something, repeating the request after faults that may pass.
    pub(super) async fn get(&self, segments: &[&str], query: Option<&str>, scope: &Scope) -> Result<Value> {
        self.look(Look::Single, segments, query, scope).await
    }

    /// The same, with a word on who looks.
    pub(super) async fn look(
        &self,
        look: Look,
        segments: &[&str],
        query: Option<&str>,
        scope: &Scope,
    ) -> Result<Value> {
        let policy = match look {
            Look::Single => RetryPolicy::API,
            Look::OfAWait => RetryPolicy::STATUS,
        };
        let target = self.endpoint.target(segments, query)?;
        let (mut attempt, mut patience, mut left) = (1, Patience::default(), self.limit);
        loop {
            let began = self.clock().monotonic();
            let exchange = self.exchange(Method::Get, &target, None, left, scope);
            let error = match scope.cancel().run(self.awaited(exchange, &mut patience, scope)).await? {
                Ok(result) => return Ok(result),
                Err(fault) => fault.error,
            };
            let now = self.clock().monotonic();
            // Without the pauses, which the service may have asked for.
            left = left.saturating_sub(now.saturating_sub(began));
            let pause = policy.pause(attempt, &error, self.entropy.bits()).filter(|_| !left.is_zero());
            let Some(pause) = pause else { return Err(error.after_attempts(attempt)) };
            scope.report(Event::Retrying {
                what: "the request to the service".to_owned(),
                attempt,
                delay_ms: milliseconds(pause),
                reason: reason(&error, pause),
                // A wait tells of its own failures.
                warns: look == Look::Single && patience.is_over(now),
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
            .map_err(|error| Error::new(Kind::Internal, format!("cannot encode the request: {error}")))?;
        // Given up early, it would leave behind that nobody knows whether something was started.
        let limit = self.limit.max(CALL_LIMIT);
        let exchange = self.exchange(Method::Post, &target, body.map(Bytes::from), limit, scope);
        let sent = scope.cancel().run(self.awaited(exchange, &mut Patience::default(), scope)).await;
        match sent {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(fault)) if fault.may_have_arrived => Err(lost(fault.error, effect).after_attempts(1)),
            Ok(Err(fault)) => Err(fault.error.after_attempts(1)),
            // The request may be on its way already; what the service makes of it is not known.
            Err(cancelled) => Err(cancelled
                .context(format!("while waiting for the response to the request to {}", effect.doing))
                .with_next_step(effect.look)),
        }
    }

    /// Waits for an answer, and tells everybody each minute that there is none.
    async fn awaited<T>(&self, answer: impl Future<Output = T>, patience: &mut Patience, scope: &Scope) -> T {
        let began = self.clock().monotonic();
        let mut answer = pin!(answer);
        loop {
            tokio::select! {
                biased;
                answer = &mut answer => return answer,
                () = self.clock().sleep(MINUTE) => {
                    let now = self.clock().monotonic();
                    patience.tell(now);
                    let passed = spoken(now.saturating_sub(began));
                    scope.report(Event::Warning { text: format!("no response from the service for {passed}") });
                }
            }
        }
    }

    async fn exchange(
        &self,
        method: Method,
        target: &Target,
        body: Option<Bytes>,
        limit: Duration,
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
        request.time_limit = Some(limit);

        let deadline = self.clock().monotonic() + limit;
        let response = self.http.send(request, scope.sink().as_ref()).await?;
        let status = response.status();
        let clock_difference = response.date().map(|theirs| self.clocks.compare(self.clock().unix_ms(), theirs));
        let content_type = response.header("content-type").map(str::to_owned);
        // Prepared before the body is read, because reading it takes the answer apart.
        let described = response.to_error(String::new());
        let left = deadline.saturating_sub(self.clock().monotonic());
        let read = tokio::select! {
            biased;
            read = response.bytes(LONGEST_ANSWER) => read,
            () = self.clock().sleep(left) => Err(Error::new(Kind::Network, "the response was not complete in time")
                .with_retry(Retry::Later, None)),
        };
        let body = read.map_err(|error| Fault { error, may_have_arrived: true })?;
        let changes = matches!(method, Method::Post);
        let answer = Answer { status, content_type: content_type.as_deref(), body: &body, changes, clock_difference };
        envelope::read(&answer, |message| described.with_message(message)).map_err(|error| Fault {
            // A gateway that gave up waiting does not know what the service behind it did; nor do we when something
            // else answered in its place.
            may_have_arrived: matches!(status, 408 | 502 | 504)
                || (!envelope::is_envelope(&answer) && !(300..500).contains(&status)),
            error,
        })
    }
}

fn lost(error: Error, effect: Effect) -> Error {
    let said = format!("no valid response to the request to {}; the service may have processed it", effect.doing);
    unknown(error.context(said), effect)
}

fn unknown(error: Error, effect: Effect) -> Error {
    error.into_kind(Kind::Ambiguous).with_retry(Retry::Never, None).with_next_step(effect.look)
}
