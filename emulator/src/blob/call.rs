//! A request whose link is right, as the operations see it.

use super::sas::Sas;
use crate::clock::Milliseconds;
use crate::http::{Asked, BlobAddress, decode};

/// A request whose link is right.
pub(crate) struct Call<'a> {
    pub(crate) asked: &'a Asked,
    pub(crate) address: &'a BlobAddress,
    pub(crate) sas: Sas,
    /// The service version it is answered by.
    pub(crate) version: String,
    pub(crate) now: Milliseconds,
}

impl Call<'_> {
    /// A query parameter, decoded.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        query(self.asked, name)
    }

    pub(crate) fn lease(&self) -> Option<&str> {
        self.asked.header("x-ms-lease-id")
    }
}

/// A query parameter, decoded.
pub fn query(asked: &Asked, name: &str) -> Option<String> {
    asked.query().split('&').find_map(|pair| {
        let (known, value) = pair.split_once('=').unwrap_or((pair, ""));
        (known == name).then(|| decode(value))
    })
}
