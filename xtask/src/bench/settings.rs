//! What the person who runs the bench may choose.

use std::path::PathBuf;

use super::scenario::KEYS;
use crate::failure::{Failure, Result};

/// What a median needs.
pub(crate) const FEWEST: u32 = 5;
/// Of a quick run, which only shows that all of it works.
const QUICK_BYTES: u64 = 64 << 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) repetitions: u32,
    /// No scenario transfers more.
    pub(crate) most_bytes: u64,
    /// Names of scenarios; all of them when empty.
    pub(crate) only: Vec<String>,
    /// A report to show again, instead of measuring.
    pub(crate) report: Option<PathBuf>,
    /// Where the tables go as Markdown.
    pub(crate) markdown: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { repetitions: FEWEST, most_bytes: u64::MAX, only: Vec::new(), report: None, markdown: None }
    }
}

impl Settings {
    /// One small run of each, for those who only want to see that it works.
    pub(crate) fn quick(self) -> Self {
        Self { repetitions: 1, most_bytes: self.most_bytes.min(QUICK_BYTES), ..self }
    }

    /// Takes `loopback,link`.
    pub(crate) fn only(self, names: &str) -> Result<Self> {
        let only: Vec<String> = names.split(',').map(|name| name.trim().to_owned()).collect();
        match only.iter().find(|name| !KEYS.contains(&name.as_str())) {
            Some(unknown) => Err(Failure::new(format!("'{unknown}' is none of {}", KEYS.join(", ")))),
            None => Ok(Self { only, ..self }),
        }
    }

    pub(crate) fn includes(&self, key: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == key)
    }

    /// Whether its figures may be judged by the targets.
    pub(crate) fn is_full(&self) -> bool {
        self.repetitions >= FEWEST && self.most_bytes == u64::MAX
    }
}

/// Reads `2GiB`, `256MiB` or a number of bytes.
pub(crate) fn parse_size(text: &str) -> Result<u64> {
    let (number, shift) = match (text.strip_suffix("GiB"), text.strip_suffix("MiB")) {
        (Some(number), _) => (number, 30),
        (_, Some(number)) => (number, 20),
        _ => (text, 0),
    };
    let bytes = number.trim().parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift));
    let bytes = bytes.filter(|bytes| *bytes > 0);
    bytes.ok_or_else(|| Failure::new(format!("'{text}' is not a size such as 2GiB")))
}

/// A size as it is read above, where it is a whole number of units.
pub(crate) fn shown_size(bytes: u64) -> String {
    match bytes {
        _ if bytes > 0 && bytes.is_multiple_of(1 << 30) => format!("{} GiB", bytes >> 30),
        _ if bytes > 0 && bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_shown() {
        let cases = [
            ("2GiB", Some(2 << 30), "2 GiB"),
            ("256MiB", Some(256 << 20), "256 MiB"),
            ("1025MiB", Some(1025 << 20), "1025 MiB"),
            ("1000", Some(1000), "1000 bytes"),
            ("0", None, "0 bytes"),
            ("2GB", None, "0 bytes"),
            ("99999999999GiB", None, "0 bytes"),
        ];
        for (text, bytes, shown) in cases {
            assert_eq!(parse_size(text).ok(), bytes, "{text}");
            assert_eq!(shown_size(bytes.unwrap_or(0)), shown);
        }
    }

    #[test]
    fn only_known_scenarios_can_be_chosen() {
        let all = Settings::default();
        assert!(all.includes("loopback") && all.is_full());
        let some = all.clone().only("link, hosts").expect("both are known");
        assert!(some.includes("hosts") && !some.includes("loopback"));
        assert!(all.clone().only("link,nothing").is_err_and(|failure| failure.to_string().contains("'nothing'")));
        assert!(!all.quick().is_full());
    }
}
