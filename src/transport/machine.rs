//! Time and randomness of this machine: the one implementation of [`Clock`] and [`Entropy`] outside tests.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::base::entropy::Entropy;
use crate::base::time::{BoxFuture, Clock};

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn unix_ms(&self) -> u64 {
        // A clock before 1970 is as wrong as one in 1970; the service answers 401 to both.
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The operating system's random bits.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn bits(&self) -> u64 {
        let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
        // The version and variant bits of a UUID are fixed, in different places of the two halves.
        high ^ low.rotate_left(32)
    }
}
