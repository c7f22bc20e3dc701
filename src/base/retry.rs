//! Retry decisions as plain functions: what may be tried again, how often, and after which pause.
//!
//! Only two places act on them: [`http_api::retry`](crate::http_api::retry) for API requests and
//! [`transfer`](crate::transfer) for blob requests. A pause that the other side asks for is heeded, up to a bound that
//! each policy has: one answer must not put a client to sleep for a year. The pauses of a wait are bounded here, too.

use std::time::Duration;

use super::error::{Error, Kind, Retry};
use super::time::in_words;

/// How often and how patiently a call is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries in all, at least 1.
    pub attempts: u32,
    /// The upper bound of the first pause.
    pub first: Duration,
    /// The upper bound of every pause that we choose ourselves.
    pub cap: Duration,
    /// By how many percent of its upper bound a pause that we choose ourselves may be shorter; 100 is full jitter.
    pub jitter_percent: u32,
    /// The longest pause that the other side may ask for with `Retry-After`.
    pub longest_asked: Duration,
    /// What becomes of a longer one.
    pub beyond: Beyond,
}

/// What to do when the other side asks for a longer pause than a policy permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beyond {
    /// Pause as long as is permitted, and ask again.
    Shorten,
    /// Return the error, which holds what was asked for: the caller has longer pauses of its own.
    Return,
}

/// What an answer is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// For itself: somebody waits for this one answer.
    Single,
    /// For a wait, which asks again anyway, and takes on the longer pauses that the service asks for.
    Wait,
}

/// The longest pause of a wait that one answer can bring about, in pauses of the wait itself: who looks every second does
/// not want to miss minutes.
const PAUSES_LEFT_OUT: u32 = 5;

/// The longest pause that is read out of an answer, so that nothing overflows that is counted with it.
const LONGEST_TOLD: Duration = Duration::from_secs(u32::MAX as u64);

impl RetryPolicy {
    /// GET requests of the deployment API.
    pub const API: Self = Self {
        attempts: 5,
        first: Duration::from_millis(500),
        cap: Duration::from_secs(20),
        jitter_percent: 100,
        longest_asked: Duration::from_secs(30),
        beyond: Beyond::Shorten,
    };

    /// Blob requests: transfer engine design, section 2.6.
    pub const BLOB: Self = Self {
        attempts: 8,
        first: Duration::from_millis(100),
        cap: Duration::from_secs(10),
        jitter_percent: 100,
        longest_asked: Duration::from_secs(30),
        beyond: Beyond::Shorten,
    };

    /// The same for the requests of a wait, which has longer pauses than a single call.
    #[must_use]
    pub const fn of_a_wait(self) -> Self {
        Self { beyond: Beyond::Return, ..self }
    }

    /// The pause before the next try after `attempt` tries have failed with `error`, or `None` when it is final.
    ///
    /// Jitter: evenly between the policy's part of a bound that doubles with every try and the bound itself, so that many
    /// clients that failed together do not come back together. With full jitter that begins at zero. `random` are 64
    /// random bits. A `Retry-After` is a lower bound, as far as it is heeded.
    #[must_use]
    pub fn pause(&self, attempt: u32, error: &Error, random: u64) -> Option<Duration> {
        if attempt >= self.attempts || error.retry() != Retry::Later {
            return None;
        }
        let asked = heeded(error, self.longest_asked);
        if self.beyond == Beyond::Return && error.retry_after() > asked {
            return None;
        }
        let bound = self.first.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(self.cap);
        let width = bound * self.jitter_percent.min(100) / 100;
        let span = u64::try_from(width.as_micros()).unwrap_or(u64::MAX).saturating_add(1);
        let own = bound - width + Duration::from_micros(random % span);
        Some(asked.map_or(own, |asked| asked + own))
    }
}

/// The pause before a wait asks again after a failed request: its own, or the longer one that the answer asks for, within
/// bounds, of which `longest_asked` is one.
#[must_use]
pub fn pause_of_wait(own: Duration, longest_asked: Duration, error: &Error) -> Duration {
    let longest = own.saturating_mul(PAUSES_LEFT_OUT).min(longest_asked);
    heeded(error, longest).map_or(own, |asked| asked.max(own))
}

/// The pause that the other side asks for, at most `longest`. The one place where it becomes a pause of ours.
fn heeded(error: &Error, longest: Duration) -> Option<Duration> {
    error.retry_after().map(|asked| asked.min(longest))
}

/// Why a call is repeated after `pause`: its error, and that a longer pause was asked for.
#[must_use]
pub fn reason(error: &Error, pause: Duration) -> String {
    match error.retry_after() {
        Some(asked) if asked > pause => {
            format!("{error} (the response asks for a pause of {}, which is shortened)", in_words(asked))
        }
        _ => error.to_string(),
    }
}

/// The error class of an HTTP status that is not a success, and whether the same request may succeed later.
///
/// 401, 403, 404, 409 and 412 are final; 408, 429 and 5xx are not (spec 1.2, transfer design 2.6). 501 and 505 say
/// that the server cannot do this at all.
#[must_use]
pub fn classify_status(status: u16) -> (Kind, Retry) {
    match status {
        401 => (Kind::Unauthenticated, Retry::Never),
        // A proxy on the way, not the service.
        407 => (Kind::Network, Retry::Never),
        403 => (Kind::Forbidden, Retry::Never),
        404 | 410 => (Kind::NotFound, Retry::Never),
        409 | 412 => (Kind::Conflict, Retry::Never),
        408 => (Kind::Unavailable, Retry::Later),
        429 => (Kind::Throttled, Retry::Later),
        501 | 505 => (Kind::Unsupported, Retry::Never),
        500..=599 => (Kind::Unavailable, Retry::Later),
        400..=499 => (Kind::Rejected, Retry::Never),
        _ => (Kind::Protocol, Retry::Never),
    }
}

/// The pause that an answer asks for by any of its headers; `header` gives all values of one.
///
/// Services of Azure also tell it in milliseconds, which is then the finer of two. Of several values the longest counts.
/// A date is relative to the answer's own `Date`, because the other side's clock made both; `now_unix_ms`, our time,
/// serves where there is none.
#[must_use]
pub fn asked_pause<'a>(header: &dyn Fn(&str) -> Vec<&'a str>, now_unix_ms: u64) -> Option<Duration> {
    let milliseconds = ["retry-after-ms", "x-ms-retry-after-ms"].into_iter().flat_map(header);
    if let Some(pause) = milliseconds.filter_map(|value| parse_amount(value, 0.001)).max() {
        return Some(pause);
    }
    let answered = header("date").into_iter().find_map(parse_http_date).unwrap_or(now_unix_ms);
    header("retry-after").into_iter().filter_map(|value| parse_retry_after(value, answered)).max()
}

/// Reads `Retry-After`: seconds, or an HTTP date relative to `now_unix_ms`. `None` when it is neither.
#[must_use]
pub fn parse_retry_after(value: &str, now_unix_ms: u64) -> Option<Duration> {
    if let Some(date) = parse_http_date(value) {
        return Some(Duration::from_millis(date.saturating_sub(now_unix_ms)).min(LONGEST_TOLD));
    }
    // A proxy may join several headers by commas.
    let seconds: Option<Vec<_>> = value.split(',').map(|part| parse_amount(part, 1.0)).collect();
    seconds?.into_iter().max()
}

/// A decimal number of so many seconds each, none below zero.
fn parse_amount(value: &str, seconds: f64) -> Option<Duration> {
    let value = value.trim();
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    // Nothing that only a floating-point number can be, such as "inf" or "1e9".
    if !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let amount: f64 = value.parse().ok()?;
    Some(Duration::from_secs_f64((amount * seconds).clamp(0.0, LONGEST_TOLD.as_secs_f64())))
}

/// Reads an HTTP date in any of its three forms (`Wed, 21 Oct 2015 07:28:00 GMT` is the one in use; RFC 9110, section
/// 5.6.7) as milliseconds since the Unix epoch.
#[must_use]
pub fn parse_http_date(value: &str) -> Option<u64> {
    let date = httpdate::parse_http_date(value.trim()).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    u64::try_from(date.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later() -> Error {
        Error::new(Kind::Unavailable, "x").with_retry(Retry::Later, None)
    }

    #[test]
    fn the_pause_grows_to_its_cap_and_ends_with_the_attempts() {
        let policy = RetryPolicy { attempts: 8, first: Duration::from_millis(100), ..RetryPolicy::BLOB };
        let longest: Vec<u128> = (1..8)
            .map(|attempt| {
                (0..2000)
                    .filter_map(|seed: u64| {
                        policy.pause(attempt, &later(), seed.wrapping_mul(6_364_136_223_846_793_005))
                    })
                    .max()
                    .unwrap()
                    .as_millis()
            })
            .collect();
        for (found, bound) in longest.iter().zip([100, 200, 400, 800, 1600, 3200, 6400]) {
            assert!(*found <= bound && *found > bound / 2, "{longest:?}");
        }
        assert_eq!(policy.pause(8, &later(), 0), None);
        assert_eq!(policy.pause(1, &later(), 0), Some(Duration::ZERO), "full jitter begins at zero");
        let narrow = RetryPolicy { jitter_percent: 20, ..policy };
        let pauses: Vec<_> = [0, 20_000, 20_001].map(|random| narrow.pause(1, &later(), random).unwrap()).into();
        let milliseconds = |ms| Duration::from_millis(ms);
        assert_eq!(pauses, [milliseconds(80), milliseconds(100), milliseconds(80)], "a fifth of the bound at most");
    }

    #[test]
    fn final_errors_are_not_repeated_and_retry_after_is_a_lower_bound() {
        let policy = RetryPolicy::API;
        assert_eq!(policy.pause(1, &Error::new(Kind::Forbidden, "no"), 0), None);
        let asked = |s| Error::new(Kind::Throttled, "slow").with_retry(Retry::Later, Some(Duration::from_secs(s)));
        assert!(policy.pause(1, &asked(7), 12345).unwrap() >= Duration::from_secs(7));
        let year = 365 * 24 * 3600;
        for policy in [RetryPolicy::API, RetryPolicy::BLOB] {
            assert_eq!(policy.pause(1, &asked(year), 0), Some(policy.longest_asked), "nobody sleeps for a year");
        }
        assert_eq!(RetryPolicy::API.of_a_wait().pause(1, &asked(year), 0), None, "the wait has longer pauses");
        assert!(RetryPolicy::API.of_a_wait().pause(1, &asked(7), 0).is_some());
        let shortened = reason(&asked(7200), Duration::from_secs(30));
        assert_eq!(shortened, "slow (the response asks for a pause of 2 h 00 min, which is shortened)");
        assert_eq!(reason(&asked(7), Duration::from_secs(7)), "slow");
    }

    #[test]
    fn the_pause_of_a_wait_has_bounds() {
        let longest = Duration::from_secs(300);
        let asked = |s| Error::new(Kind::Throttled, "slow").with_retry(Retry::Later, Some(Duration::from_secs(s)));
        for (own, after, pause) in [
            (30, 0, 30),
            (30, 10, 30),
            (30, 60, 60),
            (30, 31_536_000, 150),
            (1, 31_536_000, 5),
            (120, 31_536_000, 300),
            (900, 31_536_000, 900),
            (30, u64::from(u32::MAX), 150),
        ] {
            let pause = Duration::from_secs(pause);
            assert_eq!(pause_of_wait(Duration::from_secs(own), longest, &asked(after)), pause, "{own} {after}");
        }
        assert_eq!(pause_of_wait(Duration::from_secs(30), longest, &later()), Duration::from_secs(30));
        assert_eq!(pause_of_wait(Duration::MAX, longest, &asked(1)), Duration::MAX);
    }

    #[test]
    fn the_status_classes() {
        for (status, kind, retry) in [
            (400, Kind::Rejected, Retry::Never),
            (401, Kind::Unauthenticated, Retry::Never),
            (403, Kind::Forbidden, Retry::Never),
            (404, Kind::NotFound, Retry::Never),
            (407, Kind::Network, Retry::Never),
            (408, Kind::Unavailable, Retry::Later),
            (409, Kind::Conflict, Retry::Never),
            (412, Kind::Conflict, Retry::Never),
            (429, Kind::Throttled, Retry::Later),
            (500, Kind::Unavailable, Retry::Later),
            (501, Kind::Unsupported, Retry::Never),
            (502, Kind::Unavailable, Retry::Later),
            (503, Kind::Unavailable, Retry::Later),
            (504, Kind::Unavailable, Retry::Later),
            (302, Kind::Protocol, Retry::Never),
        ] {
            assert_eq!(classify_status(status), (kind, retry), "{status}");
        }
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = crate::base::time::parse_instant("2015-10-21T07:27:00Z").unwrap();
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        for (value, pause) in [
            ("120", seconds(120)),
            (" 120 ", seconds(120)),
            ("+120", seconds(120)),
            ("0", seconds(0)),
            ("-5", seconds(0)),
            ("1.5", Some(Duration::from_millis(1500))),
            ("120, 60", seconds(120)),
            ("99999999999999999999999999", Some(LONGEST_TOLD)),
            (&"9".repeat(400), Some(LONGEST_TOLD)),
            ("Wed, 21 Oct 2015 07:28:00 GMT", seconds(60)),
            ("Wednesday, 21-Oct-15 07:28:00 GMT", seconds(60)),
            ("Wed Oct 21 07:28:00 2015", seconds(60)),
            ("Wed, 21 Oct 2015 07:00:00 GMT", seconds(0)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(LONGEST_TOLD)),
            ("Wed, 21", None),
            ("1.2.3", None),
            ("1e9", None),
            ("inf", None),
            ("NaN", None),
            (".", None),
            ("", None),
            ("soon", None),
        ] {
            assert_eq!(parse_retry_after(value, now), pause, "{value}");
        }
    }

    #[test]
    fn a_date_is_relative_to_the_answers_own() {
        let pause = |headers: &'static [(&'static str, &'static str)]| {
            let values =
                |name: &str| headers.iter().filter(|(known, _)| *known == name).map(|(_, value)| *value).collect();
            // Our clock is ten minutes behind.
            asked_pause(&values, crate::base::time::parse_instant("2015-10-21T07:17:00Z").unwrap())
        };
        const DATE: (&str, &str) = ("date", "Wed, 21 Oct 2015 07:27:00 GMT");
        const AFTER: (&str, &str) = ("retry-after", "Wed, 21 Oct 2015 07:27:02 GMT");
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(pause(&[DATE, AFTER]), seconds(2));
        assert_eq!(pause(&[AFTER]), seconds(602));
        assert_eq!(pause(&[("date", "yesterday"), AFTER]), seconds(602));
        assert_eq!(pause(&[DATE, ("retry-after", "3"), ("retry-after", "9"), ("retry-after", "x")]), seconds(9));
        assert_eq!(pause(&[("x-ms-retry-after-ms", "1500"), AFTER]), Some(Duration::from_millis(1500)));
        assert_eq!(pause(&[("retry-after-ms", "250"), AFTER]), Some(Duration::from_millis(250)));
        assert_eq!(pause(&[("retry-after-ms", "soon"), DATE, AFTER]), seconds(2));
        assert_eq!(pause(&[DATE]), None);
    }
}
