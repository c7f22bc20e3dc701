//! What a sink can be told: at its start, and while it runs. Plain data; 0 means "off" or "no cap" throughout.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Which of the checksums sent along are compared with the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verify {
    /// None.
    None,
    /// `x-ms-content-crc64`, which costs next to nothing.
    #[default]
    Crc64,
    /// `Content-MD5` too, which costs more than all the rest.
    All,
}

/// How a sink behaves. New connections and requests follow a change.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SinkSettings {
    /// Round-trip time added, in milliseconds.
    pub latency_ms: u64,
    /// Cap of each connection in bits per second, each direction.
    pub per_connection: u64,
    /// Cap of all connections together in bits per second, each direction.
    pub total: u64,
    /// Every n-th Put Block is answered wrong.
    pub faulty_every: u64,
    /// Which checksums are verified.
    pub verify: Verify,
    /// Whether the CRC-64 of every block is computed, also when none was sent.
    pub content_crc: bool,
}

impl SinkSettings {
    pub(crate) fn latency(&self) -> Duration {
        Duration::from_millis(self.latency_ms)
    }

    /// Whether connections need anything but their socket.
    pub(crate) fn shape(&self) -> bool {
        self.latency_ms > 0 || self.caps()
    }

    pub(crate) fn caps(&self) -> bool {
        self.per_connection > 0 || self.total > 0
    }
}

/// A change of the settings; what is not named stays.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Change {
    latency_ms: Option<u64>,
    per_connection: Option<u64>,
    total: Option<u64>,
    faulty_every: Option<u64>,
    verify: Option<Verify>,
    content_crc: Option<bool>,
}

impl Change {
    pub(crate) fn apply(self, to: &SinkSettings) -> SinkSettings {
        SinkSettings {
            latency_ms: self.latency_ms.unwrap_or(to.latency_ms),
            per_connection: self.per_connection.unwrap_or(to.per_connection),
            total: self.total.unwrap_or(to.total),
            faulty_every: self.faulty_every.unwrap_or(to.faulty_every),
            verify: self.verify.unwrap_or(to.verify),
            content_crc: self.content_crc.unwrap_or(to.content_crc),
        }
    }
}

/// Everything a sink can be told before it starts.
#[derive(Clone, Debug)]
pub struct SinkConfig {
    /// Where the plain HTTP listener binds.
    pub http: SocketAddr,
    /// Where the HTTPS listener binds.
    pub https: SocketAddr,
    /// How it behaves at first.
    pub settings: SinkSettings,
    /// Length of the blob that can be downloaded; `None` when there is none.
    pub blob_size: Option<u64>,
    /// Whether that blob has `Content-MD5`.
    pub blob_md5: bool,
}

impl Default for SinkConfig {
    fn default() -> Self {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { http: any_port, https: any_port, settings: SinkSettings::default(), blob_size: None, blob_md5: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let before = SinkSettings { latency_ms: 30, total: 5, ..SinkSettings::default() };
        let change: Change = serde_json::from_str("{\"total\":0,\"verify\":\"all\"}").unwrap();
        let after = change.apply(&before);
        assert_eq!(after, SinkSettings { latency_ms: 30, verify: Verify::All, ..SinkSettings::default() });
        assert!(after.shape() && !after.caps() && before.caps());
        assert!(serde_json::from_str::<Change>("{\"latency\":1}").is_err());
    }
}
