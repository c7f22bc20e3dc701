//! Ready scenarios: what a person wants to rehearse, by a name. Each is made of what scripts and the rules can do.

use std::fmt;
use std::str::FromStr;

use super::phase::Phase;
use crate::timeline::Step;

/// How long `busy` stays busy.
const BUSY_MS: u64 = 60_000;
/// How long `slow-export` takes.
const SLOW_MS: u64 = 300_000;

/// Something to rehearse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scenario {
    /// Every deployment fails because the package lacks the platform's assembly.
    DeployFails,
    /// Every deployment reaches its verification with warnings; its slot, served here, answers 503.
    SlotAnswers503,
    /// Somebody else's deployment runs in every environment, and somebody else's export, for a minute.
    Busy,
    /// Every export takes five minutes.
    SlowExport,
    /// Every export fails.
    ExportFails,
    /// Every deployment has warnings.
    Warnings,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::DeployFails, Self::SlotAnswers503, Self::Busy, Self::SlowExport, Self::ExportFails, Self::Warnings];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DeployFails => "deploy-fails",
            Self::SlotAnswers503 => "slot-answers-503",
            Self::Busy => "busy",
            Self::SlowExport => "slow-export",
            Self::ExportFails => "export-fails",
            Self::Warnings => "warnings",
        }
    }

    /// What it does, for the help.
    #[must_use]
    pub fn summary(self) -> &'static str {
        match self {
            Self::DeployFails => "every deployment fails: the package lacks a required assembly",
            Self::SlotAnswers503 => "every deployment awaits verification with warnings, and its slot answers 503",
            Self::Busy => "another deployment in every environment and another export run for a minute",
            Self::SlowExport => "every export takes five minutes",
            Self::ExportFails => "every export fails",
            Self::Warnings => "every deployment has warnings",
        }
    }

    /// The operations whose timeline it replaces; nothing for one that only adds operations.
    pub(crate) fn phase(self) -> Option<Phase> {
        match self {
            Self::DeployFails | Self::SlotAnswers503 | Self::Warnings => Some(Phase::Deploy),
            Self::SlowExport | Self::ExportFails => Some(Phase::Export),
            Self::Busy => None,
        }
    }

    /// Whether it is about how long something takes, which plays no role in instant speed.
    pub(crate) fn needs_time(self) -> bool {
        matches!(self, Self::SlowExport)
    }

    /// The timeline of an operation that would usually end in `end`.
    pub(crate) fn steps(self, end: &str, slot: &str) -> Vec<Step> {
        let deploying = |percent| Step::new(500, percent, "InProgress");
        match self {
            Self::DeployFails => vec![
                Step::new(500, 4, "InProgress"),
                // The texts are those of spec 2.3.
                Step::new(1_000, 4, "Failed")
                    .error(
                        "DXCS006: The code package does not contain the right assemblies or versions needed for DXP. Could \
                         not find the required DLL 'EPiServer.CloudPlatform.Cms.dll'.",
                    )
                    .error("Runbook job failed"),
            ],
            Self::SlotAnswers503 => vec![
                deploying(33),
                deploying(80).warning(
                    "Timed out waiting for all instances for webapp epiemulator and slot \"slot\" to become ready!",
                ),
                Step::new(500, 100, end)
                    .warning(&format!("Site with URL {slot} responded with error code: 503 (Service Unavailable)")),
            ],
            Self::Warnings => {
                vec![deploying(33), deploying(80).warning("first warning"), Step::new(500, 100, end).warning("second warning")]
            }
            Self::SlowExport => vec![Step::new(0, 0, "InProgress"), Step::new(SLOW_MS, 100, "Succeeded")],
            Self::ExportFails => vec![Step::new(0, 0, "InProgress"), Step::new(1_000, 0, "ExportFailed")],
            Self::Busy => vec![deploying(33), Step::new(BUSY_MS - 500, 100, "Succeeded")],
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.name())
    }
}

impl FromStr for Scenario {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|scenario| scenario.name() == text)
            .ok_or_else(|| format!("'{text}' is not a scenario; use one of {}", names()))
    }
}

/// Refuses scenarios that contradict each other.
pub(crate) fn check(scenarios: &[Scenario], instant: bool) -> Result<(), String> {
    if let Some(slow) = scenarios.iter().find(|scenario| scenario.needs_time() && instant) {
        return Err(format!("{slow} has no effect with the speed 'instant'"));
    }
    for (index, scenario) in scenarios.iter().enumerate() {
        let before = &scenarios[..index];
        if let Some(other) = before.iter().find(|other| scenario.phase().is_some() && other.phase() == scenario.phase())
        {
            return Err(format!("{other} and {scenario} cannot be combined"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_scenarios() {
        for scenario in Scenario::ALL {
            assert_eq!(scenario.name().parse(), Ok(scenario));
        }
        assert!("slow".parse::<Scenario>().unwrap_err().contains("slow-export"));
    }

    #[test]
    fn scenarios_that_contradict_each_other_are_refused() {
        use Scenario::{Busy, DeployFails, ExportFails, SlowExport, Warnings};
        for (scenarios, instant, refused) in [
            (&[Busy, DeployFails, ExportFails][..], true, false),
            (&[DeployFails, Warnings], false, true),
            (&[SlowExport, ExportFails], false, true),
            (&[SlowExport], false, false),
            (&[SlowExport], true, true),
        ] {
            assert_eq!(check(scenarios, instant).is_err(), refused, "{scenarios:?}");
        }
    }
}
