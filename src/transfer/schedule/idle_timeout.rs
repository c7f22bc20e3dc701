//! Ends a try on which nothing moves any more: no byte of a body, no answer.
//!
//! This is not a time limit for the whole exchange: over a slow link a block may take as long as it needs (transfer
//! design, section 2.7). Much of a body that has been handed over may still wait in this machine's sockets or in a proxy,
//! together with what the other streams have there; the silence of a try that sends may last that time longer. As the
//! others hand over more meanwhile, it is looked at again before such a try is given up.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::time::{Clock, in_words, milliseconds};

/// The longest silence.
const LIMIT: Duration = Duration::from_secs(100);

/// The slowest link that a transfer is meant for, in bytes per second: 2 Mbit/s. What a link really gives counts as
/// soon as it is known.
const SLOWEST: u64 = 256 * 1024;

/// When something last moved. Clones share it.
#[derive(Clone)]
pub(crate) struct IdleTimer {
    clock: Arc<dyn Clock>,
    last_ms: Arc<AtomicU64>,
    /// How much longer than usual the silence may last now.
    grace_ms: Arc<AtomicU64>,
}

impl IdleTimer {
    pub(crate) fn new(clock: &Arc<dyn Clock>) -> Self {
        let idle_timer = Self { clock: Arc::clone(clock), last_ms: Arc::default(), grace_ms: Arc::default() };
        idle_timer.reset();
        idle_timer
    }

    /// Something moved.
    pub(crate) fn reset(&self) {
        self.last_ms.store(milliseconds(self.clock.monotonic()), Ordering::Relaxed);
    }

    /// The last of the body was handed over; `grace` is the time that it may need to leave this machine.
    pub(crate) fn handed_over(&self, grace: Duration) {
        self.grace_ms.fetch_max(milliseconds(grace), Ordering::Relaxed);
        self.reset();
    }

    /// Runs a try until it ends or nothing has moved for too long.
    pub(crate) async fn watch<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.watch_sending(work, || Duration::ZERO).await
    }

    /// The same for a try that sends; `grace` tells the time that all that was handed over may need to leave this
    /// machine.
    pub(crate) async fn watch_sending<T>(
        &self,
        work: impl Future<Output = Result<T>>,
        grace: impl Fn() -> Duration,
    ) -> Result<T> {
        let mut work = std::pin::pin!(work);
        loop {
            let limit = LIMIT + Duration::from_millis(self.grace_ms.load(Ordering::Relaxed));
            let last = Duration::from_millis(self.last_ms.load(Ordering::Relaxed));
            let Some(left) = left(self.clock.monotonic(), last, limit) else {
                let grace = milliseconds(grace());
                if self.grace_ms.fetch_max(grace, Ordering::Relaxed) < grace {
                    continue;
                }
                return Err(Error::new(Kind::Network, format!("no data was transferred for {}", in_words(limit)))
                    .with_retry(Retry::Later, None));
            };
            tokio::select! {
                biased;
                outcome = &mut work => return outcome,
                () = self.clock.sleep(left) => {}
            }
        }
    }
}

/// The time that bytes on their way may need, at `rate` bytes per second if that is known.
pub(crate) fn grace(on_their_way: u64, rate: Option<u64>) -> Duration {
    Duration::from_millis(on_their_way.saturating_mul(1000) / rate.unwrap_or(0).max(SLOWEST))
}

/// How much longer the silence may last, `None` when it has lasted too long.
fn left(now: Duration, last: Duration, limit: Duration) -> Option<Duration> {
    limit.checked_sub(now.saturating_sub(last)).filter(|left| !left.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_measured_from_the_last_movement() {
        let ms = Duration::from_millis;
        for (now, last, expected) in [
            (0, 0, Some(100_000)),
            (50_000, 0, Some(50_000)),
            (150_000, 100_000, Some(50_000)),
            (100_000, 0, None),
            (250_000, 100_000, None),
            (5, 9, Some(100_000)),
        ] {
            assert_eq!(left(ms(now), ms(last), LIMIT), expected.map(ms), "{now} {last}");
        }
    }

    #[test]
    fn an_answer_may_come_as_late_as_what_is_before_it_in_the_sockets() {
        const MIB: u64 = 1024 * 1024;
        assert_eq!(grace(16 * MIB, None), Duration::from_secs(64), "at 2 Mbit/s until more is known");
        assert_eq!(grace(16 * MIB, Some(16 * MIB)), Duration::from_secs(1));
        assert_eq!(grace(16 * MIB, Some(1)), Duration::from_secs(64), "nobody waits for ever");
        assert_eq!(grace(0, None), Duration::ZERO);
    }
}
