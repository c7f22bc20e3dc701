//! The phases of DXP's operations, and the timelines they usually have. Pure.

use serde::{Deserialize, Serialize};

use crate::timeline::Step;

/// Which operation a scripted timeline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// From the start of a deployment to its verification or end.
    Deploy,
    /// From POST complete on.
    Complete,
    /// From POST reset on.
    Reset,
    /// An export of a database.
    Export,
}

impl Phase {
    pub(crate) const ALL: [Self; 4] = [Self::Deploy, Self::Complete, Self::Reset, Self::Export];

    /// Its name in JSON.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Complete => "complete",
            Self::Reset => "reset",
            Self::Export => "export",
        }
    }

    /// The statuses there are evidence of, which are those that the spec (2.3 and 2.4) says may be emitted.
    pub(crate) fn statuses(self) -> &'static [&'static str] {
        match self {
            Self::Export => &["Started", "InProgress", "Succeeded", "ExportFailed", "LinkExpired"],
            Self::Deploy | Self::Complete | Self::Reset => &[
                "InProgress",
                "AwaitingVerification",
                "Completing",
                "Succeeded",
                "Failed",
                "Resetting",
                "AwaitingResetVerification",
                "Reset",
            ],
        }
    }

    /// Refuses a status that the service does not have, which is a typing error more often than a wish.
    pub(crate) fn check(self, steps: &[Step]) -> Result<(), String> {
        let known = self.statuses();
        let unknown = steps.iter().filter_map(|step| step.status.as_deref()).find(|status| !known.contains(status));
        unknown.map_or(Ok(()), |status| {
            Err(format!("'{status}' is not a status; use one of {} (or set anyStatus to true)", known.join(", ")))
        })
    }
}

/// The usual way of a deployment (spec 2.6), ending in this status.
pub(crate) fn deploy(end: &str) -> Vec<Step> {
    vec![
        Step::new(500, 10, "InProgress"),
        Step::new(1_000, 33, "InProgress"),
        Step::new(1_000, 80, "InProgress"),
        Step::new(500, 100, end),
    ]
}

/// A deployment that fails with these texts.
pub(crate) fn deploy_failing(errors: &[String]) -> Vec<Step> {
    let last = Step { errors: errors.to_vec(), ..Step::new(500, 33, "Failed") };
    vec![Step::new(500, 10, "InProgress"), last]
}

/// The usual way of completing or resetting: the percentage drops and climbs (spec 2.3).
pub(crate) fn finish(running: &str, end: &str) -> Vec<Step> {
    vec![Step::new(500, 50, running), Step::new(500, 100, end)]
}

/// The usual way of an export.
pub(crate) fn export() -> Vec<Step> {
    vec![Step::new(0, 0, "InProgress"), Step::new(2_000, 100, "Succeeded")]
}
