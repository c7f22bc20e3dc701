//! Time and randomness that the tests hold in their hands.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use epicloud::CancelToken;
use epicloud::base::entropy::Entropy;
use epicloud::base::error::Kind;
use epicloud::base::time::{BoxFuture, Clock};
use epicloud_emulator::Emulator;

/// Pauses shorter than this end at once and move the time on; longer ones are limits, which end only when time has
/// passed by other pauses or by the test's hand.
const LIMIT: Duration = Duration::from_secs(60);

/// A clock that costs no time.
pub(crate) struct TestClock {
    start_unix_ms: u64,
    /// Shorter pauses end at once.
    limit: Duration,
    now: tokio::sync::watch::Sender<Duration>,
    slept: Mutex<Vec<Duration>>,
    /// Moves with this clock, if there is one.
    emulator: Option<Arc<Emulator>>,
}

impl TestClock {
    /// A clock that begins at the machine's time.
    pub(crate) fn new() -> Arc<Self> {
        let unix_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
        Self::starting(unix_ms, LIMIT, None)
    }

    /// A clock that nothing but the test's hand moves: every pause ends when so much time has passed.
    pub(crate) fn by_hand() -> Arc<Self> {
        Self::starting(Self::new().start_unix_ms, Duration::ZERO, None)
    }

    /// A clock that shows the time of an emulator which stands still, and moves it.
    pub(crate) fn moving(emulator: &Arc<Emulator>) -> Arc<Self> {
        Self::starting(u64::try_from(emulator.clock().now()).unwrap(), LIMIT, Some(emulator.clone()))
    }

    fn starting(start_unix_ms: u64, limit: Duration, emulator: Option<Arc<Emulator>>) -> Arc<Self> {
        let now = tokio::sync::watch::Sender::new(Duration::ZERO);
        Arc::new(Self { start_unix_ms, limit, now, slept: Mutex::default(), emulator })
    }

    pub(crate) fn advance(&self, by: Duration) {
        if let Some(emulator) = &self.emulator {
            emulator.clock().advance(by);
        }
        self.now.send_modify(|now| *now += by);
    }

    /// The pauses so far.
    pub(crate) fn pauses(&self) -> Vec<Duration> {
        self.slept.lock().unwrap().clone()
    }

    /// Ends when something else has moved the clock by so much.
    fn passed(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let mut now = self.now.subscribe();
        let due = self.monotonic() + duration;
        Box::pin(async move {
            drop(now.wait_for(|now| *now >= due).await);
        })
    }
}

impl Clock for TestClock {
    fn unix_ms(&self) -> u64 {
        self.start_unix_ms + self.monotonic().as_millis() as u64
    }

    fn monotonic(&self) -> Duration {
        *self.now.borrow()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if duration < self.limit {
            self.slept.lock().unwrap().push(duration);
            self.advance(duration);
            return Box::pin(tokio::task::yield_now());
        }
        self.passed(duration)
    }

    fn glance(&self) -> BoxFuture<'static, ()> {
        self.passed(Duration::from_secs(1))
    }
}

/// A clock that is behind another.
pub(crate) struct SlowClock {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) behind: Duration,
}

impl Clock for SlowClock {
    fn unix_ms(&self) -> u64 {
        self.clock.unix_ms() - self.behind.as_millis() as u64
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.clock.sleep(duration)
    }

    fn glance(&self) -> BoxFuture<'static, ()> {
        self.clock.glance()
    }
}

/// Random bits from a seed: SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) struct Seeded(AtomicU64);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// A seed that is printed, so that a failing run can be repeated with `EPI_TEST_SEED`.
    #[expect(clippy::print_stdout, reason = "a seed is printed so that a failure can be repeated")]
    pub(crate) fn printed() -> Self {
        let given = std::env::var("EPI_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64);
        println!("seed {seed} (EPI_TEST_SEED)");
        Self::new(seed)
    }
}

impl Entropy for Seeded {
    fn bits(&self) -> u64 {
        let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// Waits, in the machine's time, until something holds, and ends the test when that never happens.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
        tokio::task::yield_now().await;
    }
}

/// Cancels a call once something holds, and sees that it ends by that.
pub(crate) async fn cancelled_at<T: std::fmt::Debug>(
    what: &str,
    condition: impl FnMut() -> bool,
    cancel: &CancelToken,
    call: impl Future<Output = epicloud::Result<T>>,
) {
    let cancelling = async {
        until(what, condition).await;
        cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(call, cancelling);
    assert_eq!(outcome.unwrap_err().kind(), Kind::Cancelled);
}

/// Bytes that do not repeat.
pub(crate) fn content(seed: u64, length: usize) -> Vec<u8> {
    let source = Seeded::new(seed);
    (0..length.div_ceil(8)).flat_map(|_| source.bits().to_le_bytes()).take(length).collect()
}
