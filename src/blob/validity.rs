//! When a link is valid: what it says itself, what the blob storage says, and what a clock makes of it. Pure.
//!
//! The blob storage decides. Our clock may be wrong, so what it makes of a link is a warning, never a refusal; and a link
//! that has just been made may be ahead of the clock of the machine that it leads to, so the first seconds are waited for.

use std::time::Duration;

use crate::base::error::{Error, Kind};
use crate::base::retry::parse_http_date;
use crate::base::secret::SafeUrl;
use crate::base::time::{in_words, parse_instant, rfc3339};

/// How long the beginning of a link's validity is waited for. Clocks of services are apart by seconds.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How far two clocks may be apart before that is named.
const TOLERANCE_MS: u64 = 60_000;

/// How a link that is refused misses the present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outside {
    /// Its time has not come: it begins at this instant, in so long by the clock that decided.
    NotYet { start_unix_ms: u64, left: Duration },
    /// Its time is over.
    Over,
}

/// The instant at which the link ends, if it says so.
#[must_use]
pub fn expiry(link: &SafeUrl) -> Option<u64> {
    parse_instant(&link.parameter("se")?)
}

/// The instant at which the link begins, if it says so.
fn start(link: &SafeUrl) -> Option<u64> {
    parse_instant(&link.parameter("st")?)
}

/// Whether only the time is wrong with a link that was refused with this code: `detail` are the blob storage's own words
/// about it, and `now_unix_ms` is its time, or ours where it does not tell its own.
///
/// Azurite has `AuthorizationFailure` for it. A refusal that is about something else says nothing about the time.
pub(super) fn outside(code: &str, link: &SafeUrl, detail: Option<&str>, now_unix_ms: u64) -> Option<Outside> {
    if !matches!(code, "" | "AuthenticationFailed" | "AuthorizationFailure") {
        return None;
    }
    let told = detail.map(TimeFrame::read);
    let (start, expiry) = (told.and_then(|told| told.start).or_else(|| start(link)), expiry(link));
    let now = told.and_then(|told| told.current).unwrap_or(now_unix_ms);
    match start {
        Some(start) if start > now => {
            Some(Outside::NotYet { start_unix_ms: start, left: Duration::from_millis(start - now) })
        }
        _ if told.is_some() || expiry.is_some_and(|expiry| expiry <= now) => Some(Outside::Over),
        _ => None,
    }
}

/// Whether this detail of an authentication error is about the time. Only such are passed on; others of the service
/// repeat what was signed.
pub(super) fn is_time_frame(detail: &str) -> bool {
    let detail = detail.trim_start();
    ["Signature not valid in the specified ", "Signed expiry time "].iter().any(|words| detail.starts_with(words))
}

/// The instants of `Signature not valid in the specified time frame: Start [..] - Expiry [..] - Current [..]`. The other
/// form, `Signed expiry time [..] must be after signed start time [..]`, is about links without a start whose time is over.
#[derive(Debug, Clone, Copy)]
struct TimeFrame {
    start: Option<u64>,
    current: Option<u64>,
}

impl TimeFrame {
    fn read(detail: &str) -> Self {
        let lower = detail.to_ascii_lowercase();
        let instant = |name: &str| {
            let from = lower.find(name)? + name.len();
            parse_http_date(detail.get(from..)?.split(']').next()?)
        };
        let current = instant("current [");
        Self { start: instant("start [").filter(|_| current.is_some()), current }
    }
}

/// The error of a link whose time has not come, and how long to wait before it is used again: not at all when that is
/// too long.
pub(super) fn not_yet(start_unix_ms: u64, left: Duration) -> (Error, Option<Duration>) {
    let said = format!(
        "the SAS URL is not valid before {}, in {} by the clock of the blob storage",
        rfc3339(start_unix_ms),
        in_words(left)
    );
    let error = Error::new(Kind::Forbidden, said)
        .with_next_step("run the command again then, or request a SAS URL without a start time");
    // The times in answers are whole seconds.
    (error, (left <= LONGEST_WAIT).then(|| left + Duration::from_secs(1)))
}

/// What our clock makes of a link before it is used: a warning where it says that its time is over. `given` is for a
/// link that the service has given just now, and holds by how many milliseconds our clock is ahead of the service's,
/// where that is known.
#[must_use]
pub fn expiry_warning(link: &SafeUrl, given: Option<Option<i64>>, now_unix_ms: u64) -> Option<String> {
    let expiry = expiry(link).filter(|expiry| *expiry <= now_unix_ms)?;
    let ended = format!("expired at {} by this machine's clock", rfc3339(expiry));
    Some(match given {
        None => format!("the SAS URL {ended}; the blob storage may still accept it"),
        Some(ahead) => match ahead.filter(|ahead| ahead.unsigned_abs() > TOLERANCE_MS) {
            Some(ahead) => {
                let apart = in_words(Duration::from_millis(ahead.unsigned_abs()));
                let side = if ahead > 0 { "ahead of" } else { "behind" };
                format!(
                    "the SAS URL that the service just issued {ended}, which is {apart} {side} the clock of the service: set the clock"
                )
            }
            None if ahead.is_some() => {
                format!("the SAS URL that the service just issued {ended}, which agrees with the clock of the service")
            }
            None => format!("the SAS URL that the service just issued {ended}: check the clock"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-31T08:00:00Z
    const NOW: u64 = 1_769_846_400_000;

    fn link(query: &str) -> SafeUrl {
        SafeUrl::parse("x", &format!("https://a.blob.core.windows.net/c?sv=2020-12-06&{query}&sig=CANARY")).unwrap()
    }

    #[test]
    fn only_what_is_about_the_time_is_told_as_such() {
        let frame = |start: &str, current: &str| {
            format!(
                "Signature not valid in the specified time frame: Start [{start}] - Expiry [Sat, 31 Jan 2026 09:00:00 GMT] - Current [{current}]"
            )
        };
        let key = "Signature not valid in the specified key time frame: Key start [Sat, 31 Jan 2026 08:00:05 GMT] - Key expiry [Sun, 01 Feb 2026 08:00:00 GMT] - Current [Sat, 31 Jan 2026 08:00:00 GMT]";
        let no_start = "Signed expiry time [Sat, 31 Jan 2026 07:00:00 GMT] must be after signed start time [Sat, 31 Jan 2026 08:00:00 GMT]";
        let soon = Some(Outside::NotYet { start_unix_ms: NOW + 5000, left: Duration::from_secs(5) });
        let (at_five, at_zero) = ("Sat, 31 Jan 2026 08:00:05 GMT", "Sat, 31 Jan 2026 08:00:00 GMT");
        let (past, valid, early) = ("se=2026-01-31T07:00:00Z", "se=2026-01-31T09:00:00Z", "st=2026-01-31T08:00:05Z");
        for (code, query, detail, expected) in [
            ("AuthenticationFailed", past, None, Some(Outside::Over)),
            ("AuthorizationFailure", past, None, Some(Outside::Over)),
            ("", past, None, Some(Outside::Over)),
            ("AuthorizationPermissionMismatch", past, None, None),
            ("AuthorizationProtocolMismatch", early, None, None),
            ("AccountIsDisabled", past, None, None),
            ("AuthenticationFailed", valid, None, None),
            ("AuthenticationFailed", "si=policy", None, None),
            ("AuthenticationFailed", early, None, soon),
            ("AuthenticationFailed", valid, Some(frame(at_five, at_zero)), soon),
            ("AuthenticationFailed", early, Some(frame(at_zero, at_five)), Some(Outside::Over)),
            ("AuthenticationFailed", valid, Some(frame("", at_five)), Some(Outside::Over)),
            (
                "AuthenticationFailed",
                valid,
                Some("Signature not valid in the specified time frame".into()),
                Some(Outside::Over),
            ),
            ("AuthenticationFailed", valid, Some(no_start.into()), Some(Outside::Over)),
            ("AuthenticationFailed", valid, Some(key.into()), soon),
        ] {
            assert!(detail.as_deref().is_none_or(is_time_frame));
            assert_eq!(outside(code, &link(query), detail.as_deref(), NOW), expected, "{code} {query} {detail:?}");
        }
        assert!(!is_time_frame("Signature did not match. String to sign used was w"));
    }

    #[test]
    fn only_the_first_seconds_are_waited_for() {
        let seconds = Duration::from_secs;
        assert_eq!(not_yet(NOW, seconds(5)).1, Some(seconds(6)));
        let (error, wait) = not_yet(NOW, seconds(3600));
        assert_eq!(wait, None);
        assert_eq!(
            error.to_string(),
            "the SAS URL is not valid before 2026-01-31T08:00:00Z, in 1 h 00 min by the clock of the blob storage"
        );
    }

    #[test]
    fn a_clock_that_is_wrong_is_named() {
        let past = link("se=2026-01-31T07:00:00Z");
        let said = |given| expiry_warning(&past, given, NOW).unwrap();
        assert!(said(None).ends_with("the blob storage may still accept it"));
        let ahead = said(Some(Some(7_200_000)));
        assert!(
            ahead.contains(
                "just issued expired at 2026-01-31T07:00:00Z by this machine's clock, which is 2 h 00 min ahead of"
            ),
            "{ahead}"
        );
        assert!(said(Some(Some(-7_200_000))).contains("2 h 00 min behind the clock of the service"));
        assert!(said(Some(Some(900))).contains("agrees with"));
        assert!(said(Some(None)).ends_with("check the clock"));
        for quiet in
            ["se=2026-01-31T09:00:00Z", "si=policy", "se=soon", "st=2026-01-31T09:00:00Z&se=2026-01-31T10:00:00Z"]
        {
            assert_eq!(expiry_warning(&link(quiet), None, NOW), None, "{quiet}");
        }
    }
}
