//! Reading from a service, repeated where that helps.
//!
//! GETs are repeated after connection faults, 408, 429 and 5xx, as long as the time for their answers lasts. Every attempt
//! is authorized anew. This is the only file that consults the retry policy for API requests.

use serde_json::Value;

use super::call::HttpApi;
use crate::base::error::Result;
use crate::base::event::Event;
use crate::base::retry::{Purpose, reason};
use crate::base::scope::Scope;
use crate::base::time::milliseconds;
use crate::base::warning_timer::WarningTimer;
use crate::transport::http::Method;

impl HttpApi {
    /// Reads something, repeating the request after faults that may pass.
    ///
    /// # Errors
    /// As the service answers, or the last fault of too many.
    pub async fn get(&self, segments: &[&str], query: Option<&str>, scope: &Scope) -> Result<Value> {
        self.get_for(Purpose::Single, segments, query, scope).await
    }

    /// The same, with a word on what it is for.
    ///
    /// # Errors
    /// As [`HttpApi::get`].
    pub async fn get_for(
        &self,
        purpose: Purpose,
        segments: &[&str],
        query: Option<&str>,
        scope: &Scope,
    ) -> Result<Value> {
        let policy = match purpose {
            Purpose::Single => self.retry(),
            Purpose::Wait => self.retry().of_a_wait(),
        };
        let target = self.endpoint().target(segments, query)?;
        let (mut attempt, mut warning_timer, mut left) = (1, WarningTimer::default(), self.limit());
        loop {
            let began = self.clock().monotonic();
            let exchange = self.exchange(Method::Get, &target, None, left, scope);
            let error = match scope.cancel().run(self.awaited(exchange, &mut warning_timer, scope)).await? {
                Ok(result) => return Ok(result),
                Err(fault) => fault.error,
            };
            let now = self.clock().monotonic();
            // Without the pauses, which the service may have asked for.
            left = left.saturating_sub(now.saturating_sub(began));
            let pause = policy.pause(attempt, &error, self.random_bits()).filter(|_| !left.is_zero());
            let Some(pause) = pause else { return Err(error.after_attempts(attempt)) };
            scope.report(Event::Retrying {
                what: "the request to the service".to_owned(),
                attempt,
                delay_ms: milliseconds(pause),
                reason: reason(&error, pause),
                // A wait tells of its own failures.
                warns: purpose == Purpose::Single && warning_timer.is_due(now),
            });
            scope.cancel().run(self.clock().sleep(pause)).await?;
            attempt += 1;
        }
    }
}
