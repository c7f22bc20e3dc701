//! When everybody is told that the service does not answer as it should, and not only those who ask for more: at once,
//! and then each minute.

use std::time::Duration;

/// How often it is told.
pub const WARNING_INTERVAL: Duration = Duration::from_secs(60);

/// What was told of one call, or of one wait.
#[derive(Debug, Default)]
pub struct WarningTimer {
    told: Option<Duration>,
}

impl WarningTimer {
    /// Whether a failed try at this moment is for everybody, who is taken for told then.
    pub fn is_due(&mut self, now: Duration) -> bool {
        let is_due = self.told.is_none_or(|told| now.saturating_sub(told) >= WARNING_INTERVAL);
        if is_due {
            self.restart(now);
        }
        is_due
    }

    /// Everybody is told now.
    pub fn restart(&mut self, now: Duration) {
        self.told = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_told_at_once_and_then_each_minute() {
        let mut warning_timer = WarningTimer::default();
        let told: Vec<u64> = (5..200).filter(|second| warning_timer.is_due(Duration::from_secs(*second))).collect();
        assert_eq!(told, [5, 65, 125, 185]);
        warning_timer.restart(Duration::from_secs(210));
        assert!(!warning_timer.is_due(Duration::from_secs(260)));
    }
}
