//! Timelines: how an operation moves on while virtual time passes. Pure; state is worked out when somebody looks.

use serde::{Deserialize, Serialize};

use crate::clock::Milliseconds;

/// One step of a timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// Virtual milliseconds after the step before.
    #[serde(default)]
    pub delay_ms: u64,
    /// The new percentage; as before when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// The new status; as before when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Warnings that appear now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Errors that appear now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

impl Step {
    /// A step that changes status and percentage after so many virtual milliseconds.
    pub fn new(delay_ms: u64, percent: u8, status: &str) -> Self {
        Self { delay_ms, percent: Some(percent), status: Some(status.to_owned()), ..Self::default() }
    }

    /// With a warning that appears now.
    #[must_use]
    pub fn warning(mut self, text: &str) -> Self {
        self.warnings.push(text.to_owned());
        self
    }

    /// With an error that appears now.
    #[must_use]
    pub fn error(mut self, text: &str) -> Self {
        self.errors.push(text.to_owned());
        self
    }
}

/// A timeline that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run {
    began: Milliseconds,
    /// The status directly after the POST; the first look must still show it.
    running: String,
    steps: Vec<Step>,
    applied: usize,
    looks: u32,
}

impl Run {
    pub(crate) fn start(running: &str, steps: Vec<Step>, now: Milliseconds) -> Self {
        Self { began: now, running: running.to_owned(), steps, applied: 0, looks: 0 }
    }

    /// A look at the operation: the steps that came since the last one, each with its time.
    pub(crate) fn look(&mut self, now: Milliseconds, instant: bool) -> Vec<(Milliseconds, Step)> {
        let due = self.due(now, instant);
        self.looks = self.looks.saturating_add(1);
        let mut at = self.began;
        let timed = self.steps.iter().map(|step| {
            at = at.saturating_add_unsigned(step.delay_ms);
            (if instant { now } else { at }, step.clone())
        });
        let new = timed.take(due).skip(self.applied).collect();
        self.applied = due;
        new
    }

    /// Whether the timeline's last step is due, without looking.
    pub(crate) fn is_over(&self, now: Milliseconds, instant: bool) -> bool {
        self.due(now, instant) == self.steps.len()
    }

    /// Whether the timeline is over whether or not a client looked: what the service itself knows.
    pub(crate) fn is_past(&self, now: Milliseconds, instant: bool) -> bool {
        if instant { self.looks > 0 } else { Self { looks: 1, ..self.clone() }.is_over(now, false) }
    }

    /// Lets the next look show what time brought, as though a client had looked before.
    pub(crate) fn count_look(&mut self) {
        self.looks = self.looks.max(1);
    }

    fn due(&self, now: Milliseconds, instant: bool) -> usize {
        let mut left = now - self.began;
        let by_time = self.steps.iter().take_while(|step| {
            left = left.saturating_sub_unsigned(step.delay_ms);
            left >= 0
        });
        let by_time = if instant { self.steps.len() } else { by_time.count() };
        let still_running = |step: &&Step| step.status.as_ref().is_none_or(|status| *status == self.running);
        let first_look = self.steps.iter().take_while(still_running).count();
        let due = match (self.looks, instant) {
            (0, true) => 0,
            (0, false) => by_time.min(first_look),
            _ => by_time,
        };
        due.max(self.applied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statuses(steps: &[(Milliseconds, Step)]) -> Vec<(u8, &str)> {
        steps.iter().map(|(_, step)| (step.percent.unwrap(), step.status.as_deref().unwrap())).collect()
    }

    fn deploy(end: &str) -> Vec<Step> {
        vec![
            Step::new(500, 10, "InProgress"),
            Step::new(1_000, 33, "InProgress"),
            Step::new(1_000, 80, "InProgress"),
            Step::new(500, 100, end),
        ]
    }

    #[test]
    fn steps_come_with_time() {
        let mut run = Run::start("InProgress", deploy("AwaitingVerification"), 1_000);
        assert!(run.look(1_000, false).is_empty());
        assert_eq!(statuses(&run.look(1_500, false)), [(10, "InProgress")]);
        let two = run.look(3_500, false);
        assert_eq!(statuses(&two), [(33, "InProgress"), (80, "InProgress")]);
        assert_eq!((two[0].0, two[1].0), (2_500, 3_500));
        assert!(!run.is_over(3_999, false));
        assert_eq!(statuses(&run.look(9_000, false)), [(100, "AwaitingVerification")]);
        assert!(run.look(9_000, false).is_empty());
    }

    #[test]
    fn the_first_look_never_shows_the_end() {
        let mut late = Run::start("InProgress", deploy("Succeeded"), 0);
        assert_eq!(late.look(1_000_000, false).len(), 3);
        assert_eq!(statuses(&late.look(1_000_000, false)), [(100, "Succeeded")]);
    }

    #[test]
    fn instant_runs_end_at_the_second_look() {
        let mut run =
            Run::start("Completing", vec![Step::new(500, 50, "Completing"), Step::new(500, 100, "Succeeded")], 0);
        assert!(run.look(0, true).is_empty());
        assert_eq!(run.look(0, true).len(), 2);
    }
}
