//! The releases that can be imitated, and what differs between them. Pure.

use std::fmt;
use std::str::FromStr;

/// A release of Redis Enterprise Software.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Version {
    /// 7.8.
    V7_8,
    /// 7.22.
    V7_22,
    /// 8.0.
    V8_0,
    /// 8.2.
    #[default]
    V8_2,
}

impl Version {
    /// All of them, oldest first.
    pub const ALL: [Self; 4] = [Self::V7_8, Self::V7_22, Self::V8_0, Self::V8_2];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::V7_8 => "7.8",
            Self::V7_22 => "7.22",
            Self::V8_0 => "8.0",
            Self::V8_2 => "8.2",
        }
    }

    /// The full version that nodes show; those that the recordings of the public client were made with.
    #[must_use]
    pub fn software_version(self) -> &'static str {
        match self {
            Self::V7_8 => "7.8.6-286",
            Self::V7_22 => "7.22.2-170",
            Self::V8_0 => "8.0.20-68",
            Self::V8_2 => "8.2.0-25",
        }
    }

    /// The version of its newest databases.
    pub(super) fn database_version(self) -> &'static str {
        match self {
            Self::V7_8 | Self::V7_22 => "7.4.2",
            Self::V8_0 => "8.0.0",
            Self::V8_2 => "8.2.0",
        }
    }

    /// Whether version 2 of the actions was there already (spec 11).
    pub(super) fn has_v2_actions(self) -> bool {
        self >= Self::V7_22
    }
}

impl fmt::Display for Version {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.name())
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|version| version.name() == text)
            .ok_or_else(|| format!("there is no release '{text}'; there are {}", names()))
    }
}
