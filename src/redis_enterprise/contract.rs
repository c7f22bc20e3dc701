//! What the vendor's documentation does not say, one constant each, and the figures that are decisions of ours. Plain data.

use std::time::Duration;

use crate::wait::WaitPolicy;

/// Where nodes are listed, of which each shows the version of its software.
pub(super) const NODES: [&str; 2] = ["v1", "nodes"];

/// The member of a node with the version.
pub(super) const SOFTWARE_VERSION: &str = "software_version";

/// The scheme in front of a JWT.
pub(super) const TOKEN_SCHEME: &str = "JWT";

/// How long a token is valid that does not tell.
pub(super) const TOKEN_LIFETIME: Duration = Duration::from_secs(300);

/// How long before its end a token is renewed, unless it lives for less than twice as long.
pub(super) const RENEWED_BEFORE: Duration = Duration::from_secs(30);

/// The capability that each module of a database needs for an export.
pub(super) const EXPORT_CAPABILITY: &str = "backup_restore";

/// What exported files are.
pub(super) const FORMAT: &str = "rdb.gz";

/// How long after an export was accepted an old result may still be shown.
pub(super) const STALE_GRACE: Duration = Duration::from_secs(60);

/// The first pause after a database was busy. Each is twice the one before.
pub(super) const FIRST_BUSY_PAUSE: Duration = Duration::from_millis(500);

/// The longest of these pauses, before jitter.
pub(super) const LONGEST_BUSY_PAUSE: Duration = Duration::from_secs(15);

/// By how much of itself such a pause may be longer or shorter, in percent.
pub(super) const BUSY_JITTER_PERCENT: u64 = 20;

/// For how long a busy database is tried again, unless the request says so.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(360);

/// How exports are polled: soon after the start, then every 5 seconds, growing to 30.
pub(super) fn waiting() -> WaitPolicy {
    WaitPolicy {
        first_delay: Duration::from_secs(1),
        interval: Duration::from_secs(5),
        factor: 1.5,
        cap: Duration::from_secs(30),
        ..WaitPolicy::default()
    }
}
