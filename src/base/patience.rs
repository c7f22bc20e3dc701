//! When everybody is told that the service does not answer as it should, and not only those who ask for more: at once,
//! and then each minute.

use std::time::Duration;

/// How often it is told.
pub const MINUTE: Duration = Duration::from_secs(60);

/// What was told of one call, or of one wait.
#[derive(Debug, Default)]
pub struct Patience {
    told: Option<Duration>,
}

impl Patience {
    /// Whether a failed try at this moment is for everybody, who is taken for told then.
    pub fn is_over(&mut self, now: Duration) -> bool {
        let is_over = self.told.is_none_or(|told| now.saturating_sub(told) >= MINUTE);
        if is_over {
            self.tell(now);
        }
        is_over
    }

    /// Everybody is told now.
    pub fn tell(&mut self, now: Duration) {
        self.told = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_told_at_once_and_then_each_minute() {
        let mut patience = Patience::default();
        let told: Vec<u64> = (5..200).filter(|second| patience.is_over(Duration::from_secs(*second))).collect();
        assert_eq!(told, [5, 65, 125, 185]);
        patience.tell(Duration::from_secs(210));
        assert!(!patience.is_over(Duration::from_secs(260)));
    }
}
