//! Links to containers and blobs: what one can say, its path, its signed query.

use std::time::Duration;

use serde::Deserialize;

use crate::blob::sas::Sas;
use crate::clock::Milliseconds;
use crate::http::BlobAddress;
use crate::timestamp;

/// Which of the two listeners the links point to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LinkScheme {
    /// Links begin with `https://`, as the real ones do.
    #[default]
    Https,
    /// Links begin with `http://`, for clients that cannot be given the certificate authority.
    Http,
}

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

/// A link to be made.
#[derive(Clone, Debug)]
pub(crate) struct Link<'a> {
    pub(crate) container: &'a str,
    /// Empty for the container itself.
    pub(crate) blob: &'a str,
    pub(crate) permissions: &'a str,
    pub(crate) starts: Option<Milliseconds>,
    pub(crate) expires: Milliseconds,
    pub(crate) version: &'a str,
    pub(crate) protocol: &'a str,
    pub(crate) secure: bool,
}

impl Link<'_> {
    /// The query of the link to this address, signed with the account's key.
    pub(crate) fn signed_query(&self, key: &[u8], account: &str) -> String {
        let to = BlobAddress {
            account: account.to_owned(),
            container: self.container.to_owned(),
            blob: self.blob.to_owned(),
        };
        let sas = Sas {
            version: self.version.to_owned(),
            resource: if self.blob.is_empty() { "c" } else { "b" }.to_owned(),
            permissions: self.permissions.to_owned(),
            start: self.starts.map(timestamp::iso_seconds).unwrap_or_default(),
            expiry: timestamp::iso_seconds(self.expires),
            protocol: self.protocol.to_owned(),
            ..Sas::default()
        };
        sas.sign(key, &to)
    }
}

/// `{container}` or `{container}/{blob}`, percent-encoded but for the slashes.
pub fn link_path(container: &str, blob: &str) -> String {
    const NAME: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
    match blob {
        "" => container.to_owned(),
        blob => format!("{container}/{}", percent_encoding::utf8_percent_encode(blob, NAME)),
    }
}
