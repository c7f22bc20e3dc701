//! Ends a try on which nothing moves any more: no byte of a body, no answer.
//!
//! This is not a time limit for the whole exchange: over a slow link a block may take as long as it needs (transfer
//! design, section 2.7).

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::time::{Clock, spoken};

/// The longest silence.
const LIMIT: Duration = Duration::from_secs(100);

/// When something last moved. Clones share it.
#[derive(Clone)]
pub(super) struct Pulse {
    clock: Arc<dyn Clock>,
    last_ms: Arc<AtomicU64>,
}

impl Pulse {
    pub(super) fn new(clock: &Arc<dyn Clock>) -> Self {
        let pulse = Self { clock: Arc::clone(clock), last_ms: Arc::default() };
        pulse.beat();
        pulse
    }

    /// Something moved.
    pub(super) fn beat(&self) {
        self.last_ms.store(milliseconds(self.clock.monotonic()), Ordering::Relaxed);
    }

    /// Runs a try until it ends or nothing has moved for [`LIMIT`].
    pub(super) async fn watch<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut work = std::pin::pin!(work);
        loop {
            let Some(left) = left(self.clock.monotonic(), self.last_ms.load(Ordering::Relaxed)) else {
                return Err(Error::new(Kind::Network, format!("nothing moved for {}", spoken(LIMIT)))
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

/// How much longer the silence may last, `None` when it has lasted too long.
fn left(now: Duration, last_ms: u64) -> Option<Duration> {
    let silent = now.saturating_sub(Duration::from_millis(last_ms));
    LIMIT.checked_sub(silent).filter(|left| !left.is_zero())
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_measured_from_the_last_movement() {
        for (now, last, expected) in [
            (0, 0, Some(100_000)),
            (50_000, 0, Some(50_000)),
            (150_000, 100_000, Some(50_000)),
            (100_000, 0, None),
            (250_000, 100_000, None),
            (5, 9, Some(100_000)),
        ] {
            assert_eq!(left(Duration::from_millis(now), last), expected.map(Duration::from_millis), "{now} {last}");
        }
    }
}
