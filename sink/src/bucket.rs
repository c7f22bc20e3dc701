//! A capped link as a state machine: when the next bytes may pass. Pure; the time is handed in.
//!
//! Each user reserves a place for one portion after the other, in the order of asking, which shares the link fairly.
//! The link cannot save up what it did not carry while nobody waited. Only who was woken late catches up, because
//! a sleep is never shorter than asked for and often longer: else every cap would be missed by that.

/// Nanoseconds since the sink started.
pub(crate) type Nanoseconds = u64;

/// How much lateness of sleeping users is made up for.
const LATENESS: Nanoseconds = 50_000_000;

/// One direction of a link that carries so many bits per second.
#[derive(Debug)]
pub(crate) struct Bucket {
    rate: u64,
    /// When all that was reserved has passed.
    free_at: Nanoseconds,
    /// What rounding left of the last division, so that the rate is exact over any time.
    rest: u128,
    /// Users that have something to send or receive.
    busy: usize,
}

impl Bucket {
    /// A link of `rate` bits per second, which must not be 0.
    pub(crate) fn new(rate: u64) -> Self {
        Self { rate: rate.max(1), free_at: 0, rest: 0, busy: 0 }
    }

    /// A user has something to carry from now on.
    pub(crate) fn enter(&mut self, now: Nanoseconds) {
        if self.busy == 0 {
            self.free_at = self.free_at.max(now);
        }
        self.busy += 1;
    }

    /// A user that entered has nothing more to carry.
    pub(crate) fn leave(&mut self) {
        self.busy = self.busy.saturating_sub(1);
    }

    /// Reserves the place after all others for so many bytes; they may pass from the time returned.
    pub(crate) fn reserve(&mut self, now: Nanoseconds, bytes: usize) -> Nanoseconds {
        let start = self.free_at.max(now.saturating_sub(LATENESS));
        let work = nanobits(bytes) + self.rest;
        self.rest = work % u128::from(self.rate);
        self.free_at = start.saturating_add(whole(work / u128::from(self.rate)));
        start
    }

    /// Gives back what was reserved and did not come.
    pub(crate) fn give_back(&mut self, bytes: usize) {
        self.free_at = self.free_at.saturating_sub(whole(nanobits(bytes) / u128::from(self.rate)));
    }
}

fn nanobits(bytes: usize) -> u128 {
    bytes as u128 * 8 * 1_000_000_000
}

fn whole(time: u128) -> Nanoseconds {
    Nanoseconds::try_from(time).unwrap_or(Nanoseconds::MAX)
}

/// The portion to reserve at once, given the caps (0 is none): two milliseconds of a connection of its own, because
/// sleeps are no finer than one; less of a shared link, so that nobody waits long behind the others.
pub(crate) fn portion(per_connection: u64, total: u64) -> usize {
    let bytes = |rate: u64, per_second: u64| usize::try_from(rate / 8 / per_second).unwrap_or(usize::MAX);
    let own = if per_connection == 0 { usize::MAX } else { bytes(per_connection, 500).clamp(2 << 10, 64 << 10) };
    let shared = if total == 0 { usize::MAX } else { bytes(total, 16_000).clamp(4 << 10, 64 << 10) };
    own.min(shared).min(256 << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Nanoseconds = 1_000_000_000;
    const MILLISECOND: Nanoseconds = 1_000_000;

    /// Lets users that always have something carry it for so many seconds; each is woken late by what `late` says.
    /// Returns the bytes of each, and by how many bytes the users were ever ahead of the rate.
    fn carry(rate: u64, users: usize, seconds: u64, mut late: impl FnMut() -> Nanoseconds) -> (Vec<u64>, i128) {
        let (mut bucket, portion) = (Bucket::new(rate), portion(rate, rate));
        let begin = 3 * SECOND;
        let mut woken: Vec<Nanoseconds> = Vec::new();
        for _ in 0..users {
            bucket.enter(begin);
            woken.push(bucket.reserve(begin, portion));
        }
        let (mut carried, mut ahead) = (vec![0; users], i128::MIN);
        loop {
            let user = (0..users).min_by_key(|&user| woken[user]).unwrap();
            let now = woken[user];
            if now >= begin + seconds * SECOND {
                return (carried, ahead);
            }
            carried[user] += portion as u64;
            let due = i128::from(now - begin) * i128::from(rate) / 8 / i128::from(SECOND);
            ahead = ahead.max(i128::from(carried.iter().sum::<u64>()) - due);
            let start = bucket.reserve(now, portion);
            // Woken at the first whole millisecond after, and then some.
            woken[user] = if start <= now { now } else { start.next_multiple_of(MILLISECOND) + late() };
        }
    }

    #[test]
    fn the_rate_is_exact_over_long_runs_and_shared_fairly() {
        let mut state = 1_u64;
        for (rate, users) in
            [(3_500_000, 1), (100_000_000, 1), (1_000_000_000, 1), (1_000_000_000, 64), (999_999_937, 64), (7, 1)]
        {
            let seconds = if rate == 7 { 10_000_000 } else { 20 };
            let (carried, ahead) = carry(rate, users, seconds, || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 40) % (2 * MILLISECOND)
            });
            let portion = portion(rate, rate) as u64;
            let (sum, wanted) = (carried.iter().sum::<u64>(), rate * seconds / 8);
            let off = sum.abs_diff(wanted);
            assert!(off <= wanted / 500 + portion * users as u64, "{rate} bit/s, {users}: {sum} of {wanted} bytes");
            let (least, most) = (carried.iter().min().unwrap(), carried.iter().max().unwrap());
            assert!(most - least <= most / 50 + 2 * portion, "{rate} bit/s: {least} to {most} bytes");
            // One portion each, and no more: being late is made up for, never anticipated.
            assert!(ahead <= i128::from(portion) * users as i128, "{rate} bit/s: {ahead} bytes ahead");
        }
    }

    #[test]
    fn idle_time_is_not_saved_up() {
        let mut bucket = Bucket::new(8_000);
        bucket.enter(0);
        assert_eq!(bucket.reserve(0, 1_000), 0);
        bucket.leave();
        // Later than the end of the first: at once, and the next one second after it.
        bucket.enter(10 * SECOND);
        assert_eq!(bucket.reserve(10 * SECOND, 1_000), 10 * SECOND);
        assert_eq!(bucket.reserve(10 * SECOND, 1_000), 11 * SECOND);
        bucket.leave();
        // Earlier: after what is still passing.
        bucket.enter(10 * SECOND);
        assert_eq!(bucket.reserve(10 * SECOND, 1), 12 * SECOND);
    }

    #[test]
    fn lateness_is_made_up_for_within_bounds() {
        let mut bucket = Bucket::new(8_000_000);
        bucket.enter(0);
        bucket.reserve(0, 1_000);
        assert_eq!(bucket.reserve(20 * MILLISECOND, 1_000), MILLISECOND);
        assert_eq!(bucket.reserve(SECOND, 1_000), SECOND - LATENESS);
    }

    #[test]
    fn what_did_not_come_is_given_back() {
        let mut bucket = Bucket::new(8_000);
        bucket.enter(0);
        bucket.reserve(0, 1_000);
        bucket.give_back(750);
        assert_eq!(bucket.reserve(0, 1), SECOND / 4);
    }

    #[test]
    fn portions_fit_the_caps() {
        let table = [
            (0, 0, 256 << 10),
            (100_000_000, 0, 25_000),
            (3_500_000, 0, 2 << 10),
            (0, 1_000_000_000, 7_812),
            (100_000_000, 1_000_000_000, 7_812),
            (u64::MAX, u64::MAX, 64 << 10),
        ];
        for (per_connection, total, expected) in table {
            assert_eq!(portion(per_connection, total), expected, "{per_connection} {total}");
        }
    }
}
