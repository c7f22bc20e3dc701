//! Links a test makes for itself: any container or blob, permissions, time and version. Plain data.

use std::time::Duration;

use serde::Deserialize;

use crate::clock::Milliseconds;
use crate::config::LinkScheme;

/// The letters of `sp`, such as `rl`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Permissions(String);

impl Permissions {
    /// Write: the right of package links.
    pub fn write() -> Self {
        Self("w".to_owned())
    }

    /// Read: the right of database links.
    pub fn read() -> Self {
        Self("r".to_owned())
    }

    /// Read and list: the right of container links.
    pub fn read_list() -> Self {
        Self("rl".to_owned())
    }

    /// Read, write and list: the right of writable container links.
    pub fn read_write_list() -> Self {
        Self("rwl".to_owned())
    }

    /// The letters.
    pub fn letters(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Permissions {
    fn from(letters: &str) -> Self {
        Self(letters.to_owned())
    }
}

/// Everything a link can say.
#[derive(Clone, Debug)]
pub struct LinkSpec {
    /// The container.
    pub container: String,
    /// The blob; `None` for a link to the container.
    pub blob: Option<String>,
    /// The permissions.
    pub permissions: Permissions,
    /// `st`, in virtual milliseconds since the Unix epoch; left out when `None`.
    pub starts: Option<Milliseconds>,
    /// How long the link is good, from the virtual time now; zero makes one that is over a second later.
    pub validity: Duration,
    /// `sv`; the configured one when `None`.
    pub version: Option<String>,
    /// `spr`; left out when `None`.
    pub protocol: Option<String>,
    /// The listener it points to; the configured one when `None`.
    pub scheme: Option<LinkScheme>,
}

impl LinkSpec {
    /// A link to a container or, with a name, to a blob.
    pub fn new(container: &str, blob: Option<&str>, permissions: impl Into<Permissions>, validity: Duration) -> Self {
        Self {
            container: container.to_owned(),
            blob: blob.map(str::to_owned),
            permissions: permissions.into(),
            starts: None,
            validity,
            version: None,
            protocol: None,
            scheme: None,
        }
    }
}
