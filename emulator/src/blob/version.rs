//! Which service versions there are. Pure.
//!
//! The list is that of "Previous Azure Storage service versions" in the Azure Storage REST reference.

use crate::clock::Milliseconds;
use crate::timestamp;

/// The published versions, in order.
const KNOWN: &[&str] = &[
    "2009-04-14",
    "2009-07-17",
    "2009-09-19",
    "2011-08-18",
    "2012-02-12",
    "2013-08-15",
    "2014-02-14",
    "2015-02-21",
    "2015-04-05",
    "2015-07-08",
    "2015-12-11",
    "2016-05-31",
    "2017-04-17",
    "2017-07-29",
    "2017-11-09",
    "2018-03-28",
    "2018-06-17",
    "2018-11-09",
    "2019-02-02",
    "2019-07-07",
    "2019-10-10",
    "2019-12-12",
    "2020-02-10",
    "2020-04-08",
    "2020-06-12",
    "2020-08-04",
    "2020-10-02",
    "2020-12-06",
    "2021-02-12",
    "2021-04-10",
    "2021-06-08",
    "2021-08-06",
    "2021-10-04",
    "2021-12-02",
    "2022-11-02",
    "2023-01-03",
    "2023-05-03",
    "2023-08-03",
    "2023-11-03",
    "2024-02-04",
    "2024-05-04",
    "2024-08-04",
    "2024-11-04",
    "2025-01-05",
    "2025-05-05",
    "2025-07-05",
    "2025-11-05",
    "2026-02-06",
];

/// Whether the service knows this version. One that is newer than the list may have been published since, but none
/// comes from the future.
pub(crate) fn is_known(version: &str, now: Milliseconds) -> bool {
    let newest = KNOWN.last().copied().unwrap_or_default();
    KNOWN.contains(&version) || is_date(version).is_some_and(|published| version > newest && published <= now)
}

/// Whether a signature of this version is known here: its string to sign is, from this version on.
pub(crate) fn is_signable(version: &str, now: Milliseconds) -> bool {
    is_known(version, now) && version >= "2015-04-05"
}

fn is_date(version: &str) -> Option<Milliseconds> {
    timestamp::parse_sas_time(version).filter(|_| version.len() == 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_that_were_published() {
        let now = timestamp::parse_sas_time("2027-06-01").unwrap();
        for (version, known, signable) in [
            ("2009-09-19", true, false),
            ("2015-04-05", true, true),
            ("2023-01-03", true, true),
            ("2023-01-04", false, false),
            ("2027-06-01", true, true),
            ("2027-06-02", false, false),
            ("2099-01-01", false, false),
            ("2023-1-3", false, false),
            ("latest", false, false),
            ("", false, false),
        ] {
            assert_eq!((is_known(version, now), is_signable(version, now)), (known, signable), "{version}");
        }
        assert!(KNOWN.is_sorted());
    }
}
