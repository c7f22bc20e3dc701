//! An export of a database while it runs: a function of the time, the looks at it, and the knobs. Pure.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::config::{Knobs, Reason};
use crate::clock::Milliseconds;

/// What the first look shows at most: the end is never shown by it.
pub(super) const NEARLY: f64 = 99.0;

/// An export that was accepted and has not ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Running {
    pub(super) action: String,
    began: Milliseconds,
    looks: u32,
    /// The members of the location.
    pub(super) location: Map<String, Value>,
    /// Whom to write to at its end.
    pub(super) mail: Option<String>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stage {
    /// The state before it is still shown.
    Stale,
    /// It works; percent.
    Exporting(f64),
    /// It has ended at this time, by itself or at this progress for a reason.
    Ended(Milliseconds, Result<(), (Reason, f64)>),
}

/// The time of a question, and whether time plays no role.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) at: Milliseconds,
    pub(super) instant: bool,
}

impl Running {
    pub(super) fn start(action: String, location: Map<String, Value>, mail: Option<String>, now: Milliseconds) -> Self {
        Self { action, began: now, looks: 0, location, mail }
    }

    /// What the next look shows.
    pub(super) fn stage(&self, knobs: &Knobs, now: Now) -> Stage {
        if self.looks < knobs.stale_looks {
            return Stage::Stale;
        }
        self.stage_after(self.looks - knobs.stale_looks, knobs, now)
    }

    /// What the service itself knows, whether or not anybody looked.
    pub(super) fn known_stage(&self, knobs: &Knobs, now: Now) -> Stage {
        let looks = self.looks.saturating_sub(knobs.stale_looks);
        // With instant speed nothing but a look moves it on.
        self.stage_after(if now.instant { looks } else { looks.max(1) }, knobs, now)
    }

    fn stage_after(&self, looks: u32, knobs: &Knobs, now: Now) -> Stage {
        let start = self.began.saturating_add_unsigned(knobs.start_delay_ms);
        if !now.instant && now.at < start {
            return Stage::Stale;
        }
        let (progress, after) = if now.instant {
            (if looks == 0 { 0.0 } else { 100.0 }, 0.0)
        } else {
            let whole = knobs.export_ms.max(1) as f64;
            ((100.0 * (now.at - start) as f64 / whole).clamp(0.0, 100.0), whole)
        };
        let ended = |at_progress: f64| {
            if now.instant { now.at } else { start + (after * at_progress / 100.0) as Milliseconds }
        };
        if let Some(stall) = knobs.stall_at.filter(|stall| progress >= *stall) {
            return Stage::Exporting(stall);
        }
        if let Some(reason) = knobs.fail
            && (progress > knobs.fail_at || progress >= knobs.fail_at && looks > 0)
        {
            let fail_at = knobs.fail_at.clamp(0.0, 100.0);
            return match looks {
                0 => Stage::Exporting(fail_at.min(NEARLY)),
                _ => Stage::Ended(ended(fail_at), Err((reason, fail_at))),
            };
        }
        match looks {
            _ if progress < 100.0 => Stage::Exporting(progress),
            0 => Stage::Exporting(NEARLY),
            _ => Stage::Ended(ended(100.0), Ok(())),
        }
    }

    /// A look at it by a client.
    pub(super) fn count_look(&mut self) {
        self.looks = self.looks.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running() -> Running {
        Running::start("a".to_owned(), Map::new(), None, 1_000)
    }

    fn look(running: &mut Running, knobs: &Knobs, at: Milliseconds, instant: bool) -> Stage {
        let stage = running.stage(knobs, Now { at, instant });
        running.count_look();
        stage
    }

    #[test]
    fn progress_follows_the_time_and_the_first_look_never_shows_the_end() {
        let knobs = Knobs { export_ms: 8_000, start_delay_ms: 500, ..Knobs::default() };
        let mut run = running();
        let shown: Vec<Stage> =
            [1_000, 1_499, 1_500, 2_500, 9_499, 9_500].map(|at| look(&mut run, &knobs, at, false)).into();
        let exporting = Stage::Exporting;
        assert_eq!(shown[..4], [Stage::Stale, Stage::Stale, exporting(0.0), exporting(12.5)]);
        assert_eq!(shown[5], Stage::Ended(9_500, Ok(())));
        let mut late = running();
        assert_eq!(look(&mut late, &knobs, 60_000, false), exporting(99.0));
        assert_eq!(look(&mut late, &knobs, 60_000, false), Stage::Ended(9_500, Ok(())));
        assert_eq!(running().known_stage(&knobs, Now { at: 60_000, instant: false }), Stage::Ended(9_500, Ok(())));
    }

    #[test]
    fn it_fails_stalls_and_stays_stale_where_the_knobs_say() {
        let knobs = Knobs { export_ms: 1_000, fail: Some(Reason::NoPermission), fail_at: 40.0, ..Knobs::default() };
        let mut run = running();
        assert_eq!(look(&mut run, &knobs, 1_300, false), Stage::Exporting(30.0));
        assert_eq!(look(&mut run, &knobs, 5_000, false), Stage::Ended(1_400, Err((Reason::NoPermission, 40.0))));
        let knobs = Knobs { stall_at: Some(25.0), ..Knobs::default() };
        assert_eq!(look(&mut running(), &knobs, 1_000_000, false), Stage::Exporting(25.0));
        let knobs = Knobs { stale_looks: 2, ..Knobs::default() };
        let mut run = running();
        let shown: Vec<Stage> = (0..4).map(|_| look(&mut run, &knobs, 1_000, true)).collect();
        assert_eq!(shown, [Stage::Stale, Stage::Stale, Stage::Exporting(0.0), Stage::Ended(1_000, Ok(()))]);
    }
}
