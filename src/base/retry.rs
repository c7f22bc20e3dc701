//! Retry decisions as plain functions: what may be tried again, how often, and after which pause.
//!
//! Only two places act on them: [`api::call`](crate::api) for API requests and
//! [`transfer`](crate::transfer) for blob requests.

use std::time::Duration;

use super::error::{Error, Kind, Retry};

/// How often and how patiently a call is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries in all, at least 1.
    pub attempts: u32,
    /// The upper bound of the first pause.
    pub first: Duration,
    /// The upper bound of every pause that we choose ourselves.
    pub cap: Duration,
    /// The longest pause that the other side may ask for with `Retry-After`; a longer one ends the tries.
    pub longest_asked: Duration,
}

impl RetryPolicy {
    /// GET requests of the deployment API.
    pub const API: Self = Self {
        attempts: 5,
        first: Duration::from_millis(500),
        cap: Duration::from_secs(20),
        longest_asked: Duration::from_secs(300),
    };

    /// Blob requests: transfer engine design, section 2.6.
    pub const BLOB: Self = Self {
        attempts: 8,
        first: Duration::from_millis(100),
        cap: Duration::from_secs(10),
        longest_asked: Duration::from_secs(300),
    };

    /// The pause before the next try after `attempt` tries have failed with `error`, or `None` when it is final.
    ///
    /// Full jitter: evenly between zero and a bound that doubles with every try, so that many clients that failed
    /// together do not come back together. `random` are 64 random bits. A `Retry-After` is a lower bound.
    #[must_use]
    pub fn pause(&self, attempt: u32, error: &Error, random: u64) -> Option<Duration> {
        if attempt >= self.attempts || error.retry() != Retry::Later {
            return None;
        }
        if error.retry_after().is_some_and(|asked| asked > self.longest_asked) {
            return None;
        }
        let bound = self.first.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(self.cap);
        let span = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX).saturating_add(1);
        let jitter = Duration::from_micros(random % span);
        Some(error.retry_after().map_or(jitter, |asked| asked + jitter))
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

/// Reads `Retry-After`: seconds, or an HTTP date relative to `now_unix_ms`. `None` when it is neither.
#[must_use]
pub fn parse_retry_after(value: &str, now_unix_ms: u64) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    Some(Duration::from_millis(parse_http_date(value)?.saturating_sub(now_unix_ms)))
}

/// Reads an HTTP date (`Wed, 21 Oct 2015 07:28:00 GMT`) as milliseconds since the Unix epoch.
#[must_use]
pub fn parse_http_date(value: &str) -> Option<u64> {
    // IMF-fixdate, RFC 9110 section 5.6.7: the RFC 2822 form with the obsolete zone name GMT.
    let date = value.trim().strip_suffix("GMT").map(|date| format!("{date}+0000"))?;
    let date = time::OffsetDateTime::parse(&date, &time::format_description::well_known::Rfc2822).ok()?;
    u64::try_from(date.unix_timestamp_nanos() / 1_000_000).ok()
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
    }

    #[test]
    fn final_errors_are_not_repeated_and_retry_after_is_a_lower_bound() {
        let policy = RetryPolicy::API;
        assert_eq!(policy.pause(1, &Error::new(Kind::Forbidden, "no"), 0), None);
        let asked = |s| Error::new(Kind::Throttled, "slow").with_retry(Retry::Later, Some(Duration::from_secs(s)));
        assert!(policy.pause(1, &asked(7), 12345).unwrap() >= Duration::from_secs(7));
        assert_eq!(policy.pause(1, &asked(3600), 0), None, "nobody waits an hour unasked");
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
        assert_eq!(parse_retry_after("120", 0), Some(Duration::from_secs(120)));
        assert_eq!(parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT", now), Some(Duration::from_secs(60)));
        assert_eq!(parse_retry_after("Wed, 21 Oct 2015 07:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(parse_retry_after("soon", now), None);
    }
}
