//! Time as the layers see it: a [`Clock`] that is handed in, and the two text forms of instants.
//!
//! No code below `cli` reads the system clock by itself; the machine's clock is
//! [`transport::system`](crate::transport::system), tests hand in one that they move.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A future that can be kept in a trait object.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where time comes from.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch, UTC. May jump when the machine's clock is set.
    fn unix_ms(&self) -> u64;

    /// Time since an arbitrary start; never goes back. For durations and deadlines.
    fn monotonic(&self) -> Duration;

    /// Ends after `duration`. Dropping the future ends the wait.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;

    /// Ends after a second, for looking again at figures that are shown to people; nothing else may hang on it. A clock
    /// that lets waits end at once must not do so here, or time runs away.
    fn glance(&self) -> BoxFuture<'static, ()> {
        self.sleep(Duration::from_secs(1))
    }
}

/// A duration in whole milliseconds, as events and documents tell it.
#[must_use]
pub fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// An instant as RFC 3339 in UTC with seconds, such as `2026-01-31T08:00:00Z`.
#[must_use]
pub fn rfc3339(unix_ms: u64) -> String {
    i64::try_from(unix_ms / 1000)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|instant| instant.format(&Rfc3339).ok())
        .unwrap_or_else(|| format!("{unix_ms} ms after 1970"))
}

/// Reads an ISO 8601 instant such as the `se` of a link (`2026-01-31T08:00:00Z`, `2026-01-31T08:00Z` or a date) or
/// the service's seven-digit fractions, as milliseconds since the Unix epoch. `None` for anything else.
#[must_use]
pub fn parse_instant(text: &str) -> Option<u64> {
    // A SAS may leave out the seconds, or the whole time of day (Azure REST "Create a service SAS", times).
    let full = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        17 if text.ends_with('Z') => format!("{}:00Z", &text[..16]),
        _ => text.to_owned(),
    };
    let instant = OffsetDateTime::parse(&full, &Rfc3339).ok()?;
    u64::try_from(instant.unix_timestamp_nanos() / 1_000_000).ok()
}

/// How long ago an instant is, for lists: `just now`, `12 min ago`, `3 h ago`, `5 d ago`; `in 3 h` where it is still to
/// come.
#[must_use]
pub fn age(unix_ms: u64, now_ms: u64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    // Clocks differ a little.
    let seconds = now_ms.abs_diff(unix_ms) / 1000;
    let distance = match seconds {
        0..MINUTE => return "just now".to_owned(),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        seconds if seconds < 2 * DAY => format!("{} h", seconds / HOUR),
        _ => format!("{} d", seconds / DAY),
    };
    if unix_ms > now_ms { format!("in {distance}") } else { format!("{distance} ago") }
}

/// A duration as people say it: `850 ms`, `12 s`, `3 min 05 s`, `2 h 10 min`.
#[must_use]
pub fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_in_all_forms_a_link_may_have() {
        for (text, expected) in [
            ("2026-01-31T08:00:00Z", Some(1_769_846_400_000)),
            ("2026-01-31T08:00Z", Some(1_769_846_400_000)),
            ("2026-01-31", Some(1_769_817_600_000)),
            ("2026-01-31T08:00:00.1772593Z", Some(1_769_846_400_177)),
            ("2026-01-31T09:00:00+01:00", Some(1_769_846_400_000)),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(parse_instant(text), expected, "{text}");
        }
        assert_eq!(rfc3339(1_769_846_400_999), "2026-01-31T08:00:00Z");
    }

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        let now = 1_769_846_400_000;
        for (seconds, text) in [
            (-7_300, "in 2 h"),
            (-61, "in 1 min"),
            (-59, "just now"),
            (59, "just now"),
            (60, "1 min ago"),
            (3_599, "59 min ago"),
            (3_600, "1 h ago"),
            (172_799, "47 h ago"),
            (172_800, "2 d ago"),
            (34_560_000, "400 d ago"),
        ] {
            assert_eq!(age((now as i64 - seconds * 1000) as u64, now), text, "{seconds}");
        }
    }

    #[test]
    fn durations_are_spoken() {
        for (ms, text) in [(850, "850 ms"), (12_000, "12 s"), (185_000, "3 min 05 s"), (7_800_000, "2 h 10 min")] {
            assert_eq!(in_words(Duration::from_millis(ms)), text);
        }
    }
}
