//! What this machine has: its time and its randomness, the one implementation of [`Clock`] and [`Entropy`] outside
//! tests, the user's folder for state, and the environment's proxies. No file is touched here.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use etcetera::BaseStrategy;

use crate::base::entropy::Entropy;
use crate::base::time::{BoxFuture, Clock, milliseconds};

/// How many times as fast the clock of a debug build runs: a test of a limit that is counted in minutes, made through a
/// program or a host of the library, need not wait for one. A release build does not look at it.
const SPEED: &str = "EPICLOUD_TEST_CLOCK_SPEED";

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: Instant,
    /// 1 outside of tests.
    speed: u32,
}

impl SystemClock {
    fn of_speed(speed: u32) -> Self {
        Self { start: Instant::now(), speed }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        let chosen = if cfg!(debug_assertions) { variable(SPEED) } else { None };
        let speed = chosen.and_then(|text| text.to_str()?.parse().ok()).filter(|speed| *speed > 0);
        Self::of_speed(speed.unwrap_or(1))
    }
}

impl Clock for SystemClock {
    fn unix_ms(&self) -> u64 {
        // A clock before 1970 is as wrong as one in 1970; the service answers 401 to both.
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, milliseconds)
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed() * self.speed
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration / self.speed))
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

/// A variable of the environment. For those that name proxies; whatever else can be set is handed in.
pub(super) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// The folder in which this library may keep its state for the user, or `None` where the user has no home.
#[must_use]
pub fn state_folder() -> Option<PathBuf> {
    state_folder_by(&etcetera::choose_base_strategy().ok()?)
}

/// The file in which this user configures this library, or `None` where the user has no home. It need not exist.
#[must_use]
pub fn config_file() -> Option<PathBuf> {
    let folder = etcetera::choose_base_strategy().ok()?.config_dir();
    folder.is_absolute().then(|| folder.join("epicloud").join("config.toml"))
}

fn state_folder_by(strategy: &impl BaseStrategy) -> Option<PathBuf> {
    // Windows has no folder for state; what is lost with the cache only has to be sent again.
    let folder = strategy.state_dir().unwrap_or_else(|| strategy.cache_dir()).join("epicloud");
    // One that begins at the current folder is not the user's: the home is set to nothing, or to a wrong value.
    folder.is_absolute().then_some(folder)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[tokio::test]
    async fn a_fast_clock_is_through_with_a_minute_in_no_time() {
        let clock = SystemClock::of_speed(60_000);
        let began = Instant::now();
        clock.sleep(Duration::from_secs(60)).await;
        assert!(clock.monotonic() >= Duration::from_secs(60) && began.elapsed() < Duration::from_secs(30));
    }

    struct Folders {
        state: Option<PathBuf>,
        cache: PathBuf,
    }

    impl BaseStrategy for Folders {
        fn home_dir(&self) -> &Path {
            Path::new("")
        }

        fn config_dir(&self) -> PathBuf {
            PathBuf::new()
        }

        fn data_dir(&self) -> PathBuf {
            PathBuf::new()
        }

        fn cache_dir(&self) -> PathBuf {
            self.cache.clone()
        }

        fn state_dir(&self) -> Option<PathBuf> {
            self.state.clone()
        }

        fn runtime_dir(&self) -> Option<PathBuf> {
            None
        }
    }

    #[test]
    fn the_state_is_in_a_folder_of_the_user_or_nowhere() {
        let root = std::env::temp_dir();
        let (state, cache) = (root.join("state"), root.join("cache"));
        for (given, cache, expected) in [
            (Some(state.clone()), cache.clone(), Some(state.join("epicloud"))),
            (None, cache.clone(), Some(cache.join("epicloud"))),
            // A variable HOME that is empty.
            (Some(".local/state".into()), cache.clone(), None),
            (None, "cache".into(), None),
        ] {
            let shown = format!("{given:?} {cache:?}");
            assert_eq!(state_folder_by(&Folders { state: given, cache }), expected, "{shown}");
        }
    }
}
