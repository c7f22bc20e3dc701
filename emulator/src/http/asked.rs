//! A request as the rooms see it: its line and headers, and when and how it came. Plain data.

use hyper::HeaderMap;

use crate::clock::Milliseconds;

/// A request without its body.
#[derive(Debug)]
pub struct Asked {
    pub method: String,
    /// Host and port the request names.
    pub host: String,
    /// The raw request target: path and query as received.
    pub target: String,
    pub headers: HeaderMap,
    pub secure: bool,
    pub peer_is_loopback: bool,
    /// The time at which the request is judged.
    pub now: Milliseconds,
    /// Whether a fault wants it processed twice.
    pub twice: bool,
}

impl Asked {
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The value of a header; `None` when missing or not ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
