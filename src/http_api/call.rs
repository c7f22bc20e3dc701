//! One call of a service: authorize it, send it, read its answer.
//!
//! What changes something is sent once: when its answer is lost, the error says so and how to look. What is only read is
//! repeated, in `retry.rs`.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use super::auth::{Authorize, Outgoing};
use super::dialect::{Answer, Dialect};
use super::endpoint::{Endpoint, Target};
use crate::base::entropy::Entropy;
use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::event::Event;
use crate::base::next_step::{NextStep, Setting};
use crate::base::retry::RetryPolicy;
use crate::base::scope::Scope;
use crate::base::secret::{SafeUrl, Secret};
use crate::base::time::{Clock, in_words};
use crate::base::warning_timer::{WARNING_INTERVAL, WarningTimer};
use crate::transport::http::{Body, Fault, HeaderValue, Http, Method, Request, Response};

/// How long the answers of an API call are waited for.
const CALL_LIMIT: Duration = Duration::from_secs(120);

/// The longest answer that is read. The largest real one, ten deployments, has some tens of KiB.
const LONGEST_ANSWER: usize = 16 << 20;

/// A connection to a service for one account. Cheap to clone.
#[derive(Clone)]
pub struct HttpApi {
    http: Http,
    endpoint: Endpoint,
    account: Arc<dyn Authorize>,
    dialect: Arc<dyn Dialect>,
    entropy: Arc<dyn Entropy>,
    clocks: Arc<ClockOffset>,
    limit: Duration,
    follows_redirect: bool,
    types_bodies_only: bool,
    retry: RetryPolicy,
}

/// How far this machine's clock and the service's are apart, by the last answer.
#[derive(Default)]
struct ClockOffset(Mutex<Option<i64>>);

impl ClockOffset {
    /// An answer came with the service's time. Gives how far the clocks are apart.
    fn compare(&self, ours: u64, theirs: u64) -> Duration {
        let ahead = i64::try_from(i128::from(ours) - i128::from(theirs)).ok();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = ahead;
        Duration::from_millis(ours.abs_diff(theirs))
    }
}

/// What a request that changes something does, for the error when its answer is lost.
#[derive(Debug, Clone)]
pub struct Change {
    /// What is being done, such as `start the deployment`.
    pub action: &'static str,
    /// How to find out whether it was done.
    pub check: NextStep,
}

impl Change {
    /// The error of a request that the service took, but whose answer does not say what came of it.
    #[must_use]
    pub fn unclear(self, error: Error) -> Error {
        unknown(
            error.context(format!(
                "the service accepted the request to {}, but its response has no result",
                self.action
            )),
            self,
        )
    }
}

impl HttpApi {
    /// A connection. Nothing is sent yet.
    #[must_use]
    pub fn new(
        http: Http,
        endpoint: Endpoint,
        account: Arc<dyn Authorize>,
        dialect: Arc<dyn Dialect>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self {
            http,
            endpoint,
            account,
            dialect,
            entropy,
            clocks: Arc::default(),
            limit: CALL_LIMIT,
            follows_redirect: false,
            types_bodies_only: false,
            retry: RetryPolicy::API,
        }
    }

    /// The same, waiting so long for the answers of one call, if that is said.
    #[must_use]
    pub fn limited_to(self, limit: Option<Duration>) -> Self {
        Self { limit: limit.unwrap_or(self.limit), ..self }
    }

    /// The same, repeating what is only read by this policy.
    #[must_use]
    pub fn repeating_by(self, retry: RetryPolicy) -> Self {
        Self { retry, ..self }
    }

    /// The same, sending a request once more where the answer is a temporary redirect (307) to another port of the same
    /// host. It is never sent to another host, which would get the credentials.
    #[must_use]
    pub fn following_redirect(self) -> Self {
        Self { follows_redirect: true, ..self }
    }

    /// The same, sending a `Content-Type` with a body only.
    #[must_use]
    pub fn typing_bodies_only(self) -> Self {
        Self { types_bodies_only: true, ..self }
    }

    /// Where the service is.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
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

    /// How long the answers of one call are waited for.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// How often what is only read is repeated.
    pub(super) fn retry(&self) -> RetryPolicy {
        self.retry
    }

    /// 64 random bits.
    pub(super) fn random_bits(&self) -> u64 {
        self.entropy.bits()
    }

    /// Changes something by POST: one request, never repeated.
    ///
    /// # Errors
    /// As the service answers; `Ambiguous` when the answer is lost.
    pub async fn post<B: Serialize + Sync>(
        &self,
        segments: &[&str],
        body: Option<&B>,
        change: Change,
        scope: &Scope,
    ) -> Result<Value> {
        self.change(Method::Post, segments, body, change, scope).await
    }

    /// Changes something: one request, never repeated.
    ///
    /// # Errors
    /// As the service answers; `Ambiguous` when the answer is lost.
    pub async fn change<B: Serialize + Sync>(
        &self,
        method: Method,
        segments: &[&str],
        body: Option<&B>,
        change: Change,
        scope: &Scope,
    ) -> Result<Value> {
        let target = self.endpoint.target(segments, None)?;
        let body = body
            .map(serde_json::to_vec)
            .transpose()
            .map_err(|error| Error::new(Kind::Internal, format!("cannot encode the request: {error}")))?;
        // Given up early, it would leave behind that nobody knows whether something was started.
        let limit = self.limit.max(CALL_LIMIT);
        let exchange = self.exchange(method, &target, body.map(Bytes::from), limit, scope);
        let sent = scope.cancel().run(self.awaited(exchange, &mut WarningTimer::default(), scope)).await;
        match sent {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(fault)) if fault.may_have_arrived => Err(lost(fault.error, change).after_attempts(1)),
            Ok(Err(fault)) => Err(fault.error.after_attempts(1)),
            // The request may be on its way already; what the service makes of it is not known.
            Err(cancelled) => Err(cancelled
                .context(format!("while waiting for the response to the request to {}", change.action))
                .with_next_step(change.check)),
        }
    }

    /// Waits for an answer, and tells everybody each minute that there is none.
    pub(super) async fn awaited<T>(
        &self,
        answer: impl Future<Output = T>,
        warning_timer: &mut WarningTimer,
        scope: &Scope,
    ) -> T {
        let began = self.clock().monotonic();
        let mut answer = pin!(answer);
        loop {
            tokio::select! {
                biased;
                answer = &mut answer => return answer,
                () = self.clock().sleep(WARNING_INTERVAL) => {
                    let now = self.clock().monotonic();
                    warning_timer.restart(now);
                    let passed = in_words(now.saturating_sub(began));
                    scope.report(Event::Warning { text: format!("no response from the service for {passed}") });
                }
            }
        }
    }

    /// One request and its answer. It is sent again only where the service has certainly not carried it out: with another
    /// authorization, if there is one, or to where the answer points.
    pub(super) async fn exchange(
        &self,
        method: Method,
        target: &Target,
        body: Option<Bytes>,
        limit: Duration,
        scope: &Scope,
    ) -> Result<Value, Fault> {
        let deadline = self.clock().monotonic() + limit;
        let mut target = Cow::Borrowed(target);
        let (mut is_renewed, mut is_redirected) = (false, false);
        loop {
            let (path_and_query, sent) = (&target.path_and_query, body.as_deref().unwrap_or_default());
            let outgoing = Outgoing { method, path_and_query, body: sent };
            let authorization = self.account.authorization(outgoing, scope).await;
            let authorization = authorization.map_err(|error| Fault { error, may_have_arrived: false })?;
            let response = self.send(method, &target, body.clone(), authorization.clone(), deadline, scope).await?;
            match response.status() {
                401 if !is_renewed && self.account.refused(&authorization) => is_renewed = true,
                307 if self.follows_redirect && !is_redirected => {
                    let next = self.redirected(&response);
                    target = Cow::Owned(next.map_err(|error| Fault { error, may_have_arrived: false })?);
                    is_redirected = true;
                }
                _ => return self.read(method, response, deadline, scope).await,
            }
        }
    }

    async fn send(
        &self,
        method: Method,
        target: &Target,
        body: Option<Bytes>,
        authorization: Secret,
        deadline: Duration,
        scope: &Scope,
    ) -> Result<Response, Fault> {
        let mut request = Request::new(method, target.url.clone());
        // Otherwise every call carries the content type, GET too: a service may ask for it.
        if body.is_some() || !self.types_bodies_only {
            request = request.header("content-type", "application/json");
        }
        request = request.header("accept", "application/json");
        request.headers.push(("authorization".to_owned(), HeaderValue::Secret(authorization)));
        request.body = body.map_or(Body::Empty, Body::Bytes);
        request.time_limit = Some(deadline.saturating_sub(self.clock().monotonic()));
        self.http.send(request, scope.sink().as_ref()).await
    }

    async fn read(
        &self,
        method: Method,
        response: Response,
        deadline: Duration,
        scope: &Scope,
    ) -> Result<Value, Fault> {
        let status = response.status();
        let clock_difference = response.date().map(|theirs| self.clocks.compare(self.clock().unix_ms(), theirs));
        let [content_type, location, link] =
            ["content-type", "location", "link"].map(|name| response.header(name).map(str::to_owned));
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
        let changes = !matches!(method, Method::Get | Method::Head);
        let answer = Answer {
            status,
            content_type: content_type.as_deref(),
            location: location.as_deref(),
            link: link.as_deref(),
            body: &body,
            changes,
            clock_difference,
        };
        let read = self.dialect.read(&answer, described).map_err(|error| Fault {
            // A gateway that gave up waiting does not know what the service behind it did; nor do we when something
            // else answered in its place.
            may_have_arrived: matches!(status, 408 | 502 | 504)
                || (!self.dialect.is_own(&answer) && !(300..500).contains(&status)),
            error,
        })?;
        if let Some(text) = self.dialect.warning(&answer, &read) {
            scope.report(Event::Warning { text });
        }
        Ok(read)
    }

    /// Where a redirect leads, if that is another port of the same host.
    fn redirected(&self, response: &Response) -> Result<Target> {
        let refused = |what: String| response.to_error(what).into_kind(Kind::Protocol).with_retry(Retry::Never, None);
        let location = response.header("location").unwrap_or_default();
        let target = self.endpoint.redirected(location).ok_or_else(|| {
            let shown =
                SafeUrl::parse("location", location).map_or_else(|_| "nowhere".to_owned(), |url| url.to_string());
            refused(format!("the service redirects to {shown}, and credentials are not sent to another host"))
                .with_next_step(
                    NextStep::text("if that is the service, use its address for ").setting(Setting::Endpoint),
                )
        })?;
        Ok(target)
    }
}

fn lost(error: Error, change: Change) -> Error {
    let said = format!("no valid response to the request to {}; the service may have processed it", change.action);
    unknown(error.context(said), change)
}

fn unknown(error: Error, change: Change) -> Error {
    error.into_kind(Kind::Ambiguous).with_retry(Retry::Never, None).with_next_step(change.check)
}
