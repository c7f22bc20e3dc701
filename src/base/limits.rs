//! The one list of limits: numbers that people give, each a type that holds none outside its range.
//!
//! Documents and the command line read them by these types, so no range stands anywhere else.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::{Error, Kind};

/// A number outside its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfRange {
    number: u64,
    least: u64,
    most: u64,
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, least, most } = self;
        write!(f, "{number} is not between {least} and {most}")
    }
}

impl std::error::Error for OutOfRange {}

impl From<OutOfRange> for Error {
    fn from(error: OutOfRange) -> Self {
        Self::new(Kind::InvalidArgument, error.to_string())
    }
}

/// A text that is not a number in its range, in the words of command lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotInRange(String);

impl fmt::Display for NotInRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotInRange {}

/// Declares limited numbers, each with its range.
macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident($number:ty) = $least:literal..=$most:expr;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name($number);

            impl $name {
                /// The least.
                pub const LEAST: $number = $least;

                /// The most.
                pub const MOST: $number = $most;

                /// A number in its range.
                ///
                /// # Errors
                /// When it is outside.
                pub const fn new(number: $number) -> Result<Self, OutOfRange> {
                    if number >= Self::LEAST && number <= Self::MOST {
                        return Ok(Self(number));
                    }
                    Err(OutOfRange { number: number as u64, least: Self::LEAST as u64, most: Self::MOST as u64 })
                }

                /// The number.
                #[must_use]
                pub const fn get(self) -> $number {
                    self.0
                }
            }

            impl TryFrom<$number> for $name {
                type Error = OutOfRange;

                fn try_from(number: $number) -> Result<Self, OutOfRange> {
                    Self::new(number)
                }
            }

            impl FromStr for $name {
                type Err = NotInRange;

                fn from_str(text: &str) -> Result<Self, NotInRange> {
                    let limited = text.parse().ok().and_then(|number| Self::new(number).ok());
                    limited.ok_or_else(|| {
                        NotInRange(format!("must be a whole number from {} to {}", Self::LEAST, Self::MOST))
                    })
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    fmt::Display::fmt(&self.0, f)
                }
            }

            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    self.0.serialize(serializer)
                }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    Self::new(<$number>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
                }
            }
        )*

        /// Every range, by the name of its type.
        #[cfg(test)]
        const ALL: &[(&str, u64, u64)] =
            &[$((stringify!($name), $name::LEAST as u64, $name::MOST as u64)),*];
    };
}

/// The largest number that the parameters of EpiCloud's cmdlets take.
const LARGEST: u32 = i32::MAX as u32;

limits! {
    /// Blocks of an upload that are sent in parallel; as many connections are kept open.
    UploadStreams(u32) = 1..=64;
    /// Ranges of a download that are fetched in parallel.
    DownloadStreams(u32) = 1..=16;
    /// Bytes of each block of an upload but the last: the largest is what a storage takes ("Put Block" in the Azure
    /// Storage REST reference).
    BlockSize(u64) = 1..=4_000 * 1024 * 1024;
    /// Hours that a service keeps an export.
    RetentionHours(u32) = 1..=LARGEST;
    /// Days that a service keeps a backup.
    RetentionDays(u32) = 1..=LARGEST;
    /// Hours that a link to a storage container is valid (spec 4.10).
    LinkHours(u32) = 1..=168;
    /// Seconds for which a start is tried again while its target is busy with something else.
    BusyTimeoutSeconds(u32) = 1..=LARGEST;
    /// The longest wait, in minutes.
    TimeoutMinutes(u32) = 1..=LARGEST;
    /// The pause between two status requests, in seconds.
    PollingSeconds(u32) = 1..=LARGEST;
    /// How long the answers of one request are waited for, in seconds.
    CallTimeoutSeconds(u32) = 1..=LARGEST;
}

/// Declares the times among the limits, with what one of each is in seconds.
macro_rules! times {
    ($($name:ident = $seconds:literal,)*) => {
        $(impl From<$name> for Duration {
            fn from(limit: $name) -> Self {
                Self::from_secs(u64::from(limit.get()) * $seconds)
            }
        })*
    };
}

times! {
    TimeoutMinutes = 60,
    PollingSeconds = 1,
    CallTimeoutSeconds = 1,
    BusyTimeoutSeconds = 1,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_outside_its_range_is_read() {
        for (number, held) in [(0, false), (1, true), (16, true), (17, false), (u32::MAX, false)] {
            assert_eq!(DownloadStreams::new(number).is_ok(), held, "{number}");
            assert_eq!(serde_json::from_str::<DownloadStreams>(&number.to_string()).is_ok(), held, "{number}");
            assert_eq!(number.to_string().parse::<DownloadStreams>().is_ok(), held, "{number}");
        }
        let error = serde_json::from_str::<DownloadStreams>("17").unwrap_err().to_string();
        assert!(error.starts_with("17 is not between 1 and 16"), "{error}");
        assert!(serde_json::from_str::<DownloadStreams>("-1").unwrap_err().to_string().contains("expected u32"));
        let error: Error = DownloadStreams::new(0).unwrap_err().into();
        assert_eq!((error.kind(), error.message()), (Kind::InvalidArgument, "0 is not between 1 and 16"));
    }

    #[test]
    fn a_text_is_refused_in_the_words_of_command_lines() {
        for text in ["0", "-1", "65", "5000000000", "x", "", "99999999999999999999"] {
            let words = "must be a whole number from 1 to 64";
            assert_eq!(text.parse::<UploadStreams>().unwrap_err().to_string(), words, "{text}");
        }
        let streams: UploadStreams = "64".parse().unwrap();
        assert_eq!((streams.get(), serde_json::to_string(&streams).unwrap()), (64, "64".to_owned()));
    }

    #[test]
    fn every_limit_is_listed_with_its_range() {
        let largest = u64::from(LARGEST);
        let expected = [
            ("UploadStreams", 1, 64),
            ("DownloadStreams", 1, 16),
            ("BlockSize", 1, 4_194_304_000),
            ("RetentionHours", 1, largest),
            ("RetentionDays", 1, largest),
            ("LinkHours", 1, 168),
            ("BusyTimeoutSeconds", 1, largest),
            ("TimeoutMinutes", 1, largest),
            ("PollingSeconds", 1, largest),
            ("CallTimeoutSeconds", 1, largest),
        ];
        assert_eq!(ALL, expected);
    }
}
