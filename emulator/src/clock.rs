//! The virtual clock every rule about time reads: timelines, retention, SAS validity, clock skew.
//!
//! It starts at the wall time, runs at the speed chosen, and can be pushed forward by a test. It does not
//! schedule anything: state is worked out from the time when somebody asks.

use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::state_dir::Section;

/// A point of virtual time: milliseconds since the Unix epoch.
pub type Milliseconds = i64;

/// How fast the virtual clock runs.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Speed {
    /// As fast as the wall clock.
    #[default]
    Real,
    /// So many times as fast as the wall clock.
    Factor(f64),
    /// Time plays no role: the first look at an operation shows it running, the second its end.
    Instant,
    /// The clock stands still and moves only by [`Clock::advance`].
    Manual,
}

/// The virtual clock of one emulator.
#[derive(Debug)]
pub struct Clock {
    speed: Speed,
    origin: Milliseconds,
    started: Instant,
    advanced: Mutex<Milliseconds>,
    moved: Notify,
}

impl Clock {
    /// A clock that reads the wall time now, or `not_before` when that is later (a restart must not turn time back).
    pub(crate) fn start(speed: Speed, not_before: Milliseconds) -> Self {
        Self {
            speed,
            origin: wall_time().max(not_before),
            started: Instant::now(),
            advanced: Mutex::new(0),
            moved: Notify::new(),
        }
    }

    /// The virtual time, in milliseconds since the Unix epoch.
    pub fn now(&self) -> Milliseconds {
        self.origin + scaled(self.speed, self.started.elapsed()) + *crate::lock(&self.advanced)
    }

    /// Pushes the clock forward, on top of whatever speed it runs at.
    pub fn advance(&self, by: Duration) {
        *crate::lock(&self.advanced) += whole_milliseconds(by);
        self.moved.notify_waiters();
    }

    /// True when time plays no role and every phase ends at the second look.
    pub(crate) fn is_instant(&self) -> bool {
        self.speed == Speed::Instant
    }

    /// True when the clock moves only by [`Clock::advance`].
    pub(crate) fn stands_still(&self) -> bool {
        self.speed == Speed::Manual
    }

    /// Returns once the virtual time has moved on by `length`.
    pub(crate) async fn sleep(&self, length: Duration) {
        if self.is_instant() {
            return;
        }
        let until = self.now() + whole_milliseconds(length);
        loop {
            // Registered before the time is read, so that an advance in between is not missed.
            let moved = self.moved.notified();
            let left = until - self.now();
            if left <= 0 {
                return;
            }
            match real_wait(self.speed, left) {
                Some(wait) => {
                    tokio::select! {
                        () = moved => {}
                        () = tokio::time::sleep(wait) => {}
                    }
                }
                None => moved.await,
            }
        }
    }
}

impl Section for Clock {
    fn name(&self) -> &'static str {
        "clock"
    }

    fn save(&self) -> serde_json::Result<Value> {
        Ok(json!(self.now()))
    }
}

/// How far the virtual clock moved while `elapsed` real time passed.
fn scaled(speed: Speed, elapsed: Duration) -> Milliseconds {
    match speed {
        Speed::Real | Speed::Instant => whole_milliseconds(elapsed),
        Speed::Factor(factor) => whole_milliseconds(elapsed.mul_f64(factor.clamp(0.0, 1e9))),
        Speed::Manual => 0,
    }
}

/// How long to wait in real time for `left` virtual milliseconds; `None` when only an advance can bring them.
fn real_wait(speed: Speed, left: Milliseconds) -> Option<Duration> {
    let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
    match speed {
        Speed::Real | Speed::Instant => Some(left),
        Speed::Factor(factor) if factor > 0.0 => {
            Some(left.div_f64(factor.clamp(1e-6, 1e9)).max(Duration::from_millis(1)))
        }
        Speed::Factor(_) | Speed::Manual => None,
    }
}

fn whole_milliseconds(length: Duration) -> Milliseconds {
    Milliseconds::try_from(length.as_millis()).unwrap_or(Milliseconds::MAX / 4)
}

/// The time of this machine.
pub fn wall_time() -> Milliseconds {
    whole_milliseconds(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_by_advance() {
        let clock = Clock::start(Speed::Manual, 0);
        let before = clock.now();
        clock.advance(Duration::from_secs(3));
        assert_eq!(clock.now() - before, 3_000);
    }

    #[test]
    fn speeds_scale_the_time_that_passed() {
        let table = [
            (Speed::Real, 2_000),
            (Speed::Instant, 2_000),
            (Speed::Factor(10.0), 20_000),
            (Speed::Factor(0.5), 1_000),
            (Speed::Manual, 0),
        ];
        for (speed, expected) in table {
            assert_eq!(scaled(speed, Duration::from_secs(2)), expected, "{speed:?}");
        }
    }

    #[test]
    fn a_restart_does_not_turn_the_clock_back() {
        let far = wall_time() + 1_000_000;
        assert_eq!(Clock::start(Speed::Manual, far).now(), far);
    }
}
