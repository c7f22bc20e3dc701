//! What the service is taken to be like: the regions that the vendor publishes, and each assumption about what its pages
//! do not say, in one place to change (specification "Guidewire Cloud: the Database API for backups").

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::retry::{Beyond, RetryPolicy};
use crate::wait::WaitPolicy;

/// A region of the service.
struct Region {
    /// The host of the Database API.
    host: &'static str,
    token_url: &'static str,
}

const HUB: &str = "https://guidewire-hub.okta.com/oauth2/aus11vix3uKEpIfSI357/v1/token";
const HUB_EU: &str = "https://guidewire-hub-eu.okta.com/oauth2/ausc2q01c40dNZII0416/v1/token";
const HUB_APAC: &str = "https://guidewire-hub-apac.okta.com/oauth2/ausbg05gfcTZQ7bpH3l6/v1/token";

/// The published regions: AMER, CANADA, EMEA, APAC, JAPAN. The list may not be complete.
const REGIONS: &[Region] = &[
    Region { host: "databaseservice.api.omega2-andromeda.guidewire.net", token_url: HUB },
    Region { host: "databaseservice.api.omega2-butterfly.guidewire.net", token_url: HUB },
    Region { host: "databaseservice.api.omega2-cartwheel.guidewire.net", token_url: HUB_EU },
    Region { host: "databaseservice.api.omega2-circinus.guidewire.net", token_url: HUB_APAC },
    Region { host: "databaseservice.api.omega2-milkyway.guidewire.net", token_url: HUB_APAC },
];

/// An address of the service, for whoever gives a wrong one.
pub(super) const EXAMPLE: &str = "https://databaseservice.api.omega2-andromeda.guidewire.net/";

/// Where tokens for the service at a host are requested, if the host is that of a published region.
pub(super) fn token_url_of(is_host: impl Fn(&str) -> bool) -> Option<&'static str> {
    let region = REGIONS.iter().find(|region| is_host(&format!("https://{}/", region.host)));
    region.map(|region| region.token_url)
}

/// The scopes that backups need.
pub(super) fn usual_scopes(tenant: &str) -> String {
    format!("tenant.{tenant} gcc.deployments.read gcc.deployments.write")
}

/// The longest retention of a temporary backup in days, unless a tenant was given a longer one.
pub const MAX_RETENTION_DAYS: u32 = 14;

/// Assumed: the longest name of a backup, in characters.
pub const LONGEST_NAME: usize = 255;

/// How long a token is good that does not say it: the documented hour.
pub(super) const TOKEN_LIFETIME: Duration = Duration::from_secs(3600);

/// Assumed: a token is renewed when less is left of it.
pub(super) const TOKEN_RESERVE: Duration = Duration::from_secs(120);

/// The mechanism of every planet, a dump.
pub const LOGICAL: &str = "logical";

/// Assumed: the words for storage snapshots, which only some planets have.
pub const SNAPSHOTS: [&str; 2] = ["snapshot", "physical"];

/// How the path of a star system's list ends. The documentation prints `backup`, while every other path has `backups`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StarSystemList {
    /// As documented.
    #[default]
    Backup,
    /// As every other path has it.
    Backups,
}

impl StarSystemList {
    pub(super) fn segment(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Backups => "backups",
        }
    }

    pub(super) fn other(self) -> Self {
        match self {
            Self::Backup => Self::Backups,
            Self::Backups => Self::Backup,
        }
    }
}

/// Assumed: the members that hold a list which is not bare, where several hold lists.
pub(super) const LISTS: [&str; 4] = ["backups", "items", "content", "data"];

/// Assumed: what an error says, by the first of these members that is a text.
pub(super) const ERROR_TEXTS: [&str; 6] = ["message", "errorMessage", "error_description", "detail", "title", "error"];

/// Assumed: how much is shown of an error in no known form, in characters.
pub(super) const LONGEST_ERROR: usize = 2048;

/// Assumed: how reads are repeated.
pub(super) const RETRIES: RetryPolicy = RetryPolicy {
    attempts: 5,
    first: Duration::from_secs(1),
    cap: Duration::from_secs(30),
    jitter_percent: 20,
    longest_asked: Duration::from_secs(30),
    beyond: Beyond::Shorten,
};

/// Assumed: how the service is asked while somebody waits for a backup. A snapshot takes minutes, a dump up to hours.
pub(super) fn waiting() -> WaitPolicy {
    WaitPolicy {
        first_delay: Duration::from_secs(10),
        interval: Duration::from_secs(15),
        factor: 1.5,
        cap: Duration::from_secs(60),
        ..WaitPolicy::default()
    }
}

/// Assumed: how the service is asked whether a deleted backup is gone, and for how long.
pub(super) fn deleting() -> WaitPolicy {
    WaitPolicy {
        first_delay: Duration::ZERO,
        interval: Duration::from_secs(5),
        cap: Duration::from_secs(30),
        limit: Some(Duration::from_secs(30 * 60)),
        ..waiting()
    }
}

/// How often a list is asked for a backup whose creation was not answered, and the pause between.
pub(super) const LOOKS_FOR_A_LOST_BACKUP: u32 = 3;
pub(super) const PAUSE_BETWEEN_LOOKS: Duration = Duration::from_secs(5);

/// By how much a backup may seem to be older than the request that made it: instants are told in whole seconds, by the
/// backup as well as by the answer that tells the service's time.
pub(super) const CLOCK_TOLERANCE_MS: u64 = 2_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_region_has_its_token_url() {
        for (host, expected) in [
            ("https://databaseservice.api.omega2-andromeda.guidewire.net/", Some(HUB)),
            ("https://databaseservice.api.omega2-cartwheel.guidewire.net/", Some(HUB_EU)),
            ("https://databaseservice.api.omega2-milkyway.guidewire.net/", Some(HUB_APAC)),
            ("https://databaseservice.api.omega2-other.guidewire.net/", None),
        ] {
            assert_eq!(token_url_of(|known| known == host), expected, "{host}");
        }
        assert!(token_url_of(|known| known == EXAMPLE).is_some());
    }

    #[test]
    fn waits_are_spaced_as_assumed() {
        let (mut pause, mut pauses) = (waiting().interval, Vec::new());
        for _ in 0..6 {
            pauses.push(pause.as_millis());
            pause = pause.mul_f64(waiting().factor).min(waiting().cap);
        }
        assert_eq!(pauses, [15_000, 22_500, 33_750, 50_625, 60_000, 60_000]);
        assert_eq!(waiting().first_delay, Duration::from_secs(10));
    }
}
