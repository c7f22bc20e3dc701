//! What of the last result of a database is of our export (spec 7.2 and 14). Pure.
//!
//! The service has one result for each database, which stays until the next export or a reset. So a look may show the
//! result of last week, and that of an export which somebody has started after ours.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::contract::STALE_GRACE;
use super::model::action::{Action, ActionStatus};
use super::model::database::{Database, ExportStatus};
use crate::export::job::{Evidence, JobState};

/// What a database said of its last export right before ours was started.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Baseline {
    /// The word for it.
    pub status: String,
    /// When an export had last ended well. Compared with later ones, and with no clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_export_time: Option<String>,
}

impl Baseline {
    /// What a database says now.
    #[must_use]
    pub fn of(database: &Database) -> Self {
        Self {
            status: database.export_status().word().to_owned(),
            last_export_time: database.last_export_time().map(str::to_owned),
        }
    }
}

/// What a look amounts to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    pub(super) state: JobState,
    pub(super) evidence: Evidence,
    /// The word for it: the service's own, or that the one it shows is of an earlier export.
    pub(super) word: String,
    /// Why it failed, in the service's words; empty when it does not say.
    pub(super) reason: String,
    pub(super) progress: Option<f64>,
    /// Whether our export was seen running.
    pub(super) saw_running: bool,
}

impl Verdict {
    fn new(state: JobState, word: &str, saw_running: bool) -> Self {
        let (evidence, reason) = (Evidence::Strong, String::new());
        Self { state, evidence, word: word.to_owned(), reason, progress: None, saw_running }
    }

    fn weak(self) -> Self {
        Self { evidence: Evidence::Weak, ..self }
    }
}

/// What the last export of a database is, whoever has started it.
pub(super) fn of_anybody(database: &Database) -> Verdict {
    let status = database.export_status();
    let state = match status {
        ExportStatus::Idle => JobState::Idle,
        ExportStatus::Exporting => JobState::Running,
        ExportStatus::Succeeded => JobState::Succeeded,
        ExportStatus::Failed => JobState::Failed,
        ExportStatus::Other(_) => JobState::Unknown,
    };
    let progress = database.export_progress().filter(|_| state == JobState::Running);
    let reason = if state == JobState::Failed { database.failure_reason().to_owned() } else { String::new() };
    Verdict { progress, reason, ..Verdict::new(state, status.word(), false).weak() }
}

/// What our export is, by its action where there is one, else by the database. `since_start` is how long ago it was
/// accepted.
pub(super) fn of_ours(
    baseline: &Baseline,
    saw_running: bool,
    database: &Database,
    action: Option<&Action>,
    since_start: Duration,
) -> Verdict {
    match action {
        Some(action) => by_action(database, action, saw_running),
        None => by_database(baseline, saw_running, database, since_start),
    }
}

fn by_action(database: &Database, action: &Action, saw_running: bool) -> Verdict {
    let status = database.export_status();
    // The word of the database, where it says the same.
    let word = |same: ExportStatus<'static>| if status == same { same.word() } else { action.word() };
    match action.status() {
        ActionStatus::Queued => Verdict::new(JobState::Queued, action.word(), saw_running),
        ActionStatus::Running => Verdict {
            progress: database.export_progress().filter(|_| status == ExportStatus::Exporting).or(action.progress()),
            ..Verdict::new(JobState::Running, word(ExportStatus::Exporting), true)
        },
        ActionStatus::Completed => Verdict::new(JobState::Succeeded, word(ExportStatus::Succeeded), saw_running),
        ActionStatus::Failed => {
            let shown =
                Some(database.failure_reason()).filter(|reason| status == ExportStatus::Failed && !reason.is_empty());
            Verdict {
                reason: shown.or(action.error()).unwrap_or_default().to_owned(),
                ..Verdict::new(JobState::Failed, word(ExportStatus::Failed), saw_running)
            }
        }
    }
}

fn by_database(baseline: &Baseline, saw_running: bool, database: &Database, since_start: Duration) -> Verdict {
    let status = database.export_status();
    let time = database.last_export_time();
    // Ours was the next after the baseline: whatever has ended well since then, ours is the first that could.
    let has_new_time = time.is_some() && time != baseline.last_export_time.as_deref();
    let is_late = since_start >= STALE_GRACE;
    let stale = || {
        let state = if is_late { JobState::Unknown } else { JobState::Queued };
        Verdict::new(state, &format!("{} (of an earlier export)", status.word()), saw_running)
    };
    match status {
        ExportStatus::Succeeded if has_new_time => Verdict::new(JobState::Succeeded, status.word(), saw_running),
        // Another export has followed, or somebody has reset the status.
        _ if has_new_time => Verdict::new(JobState::Succeeded, "succeeded", saw_running).weak(),
        ExportStatus::Exporting => {
            Verdict { progress: database.export_progress(), ..Verdict::new(JobState::Running, status.word(), true) }
        }
        // The documentation promises a time here. Without one, the word alone has to do.
        ExportStatus::Succeeded if time.is_none() && (saw_running || baseline.status != status.word()) => {
            Verdict::new(JobState::Succeeded, status.word(), saw_running).weak()
        }
        ExportStatus::Succeeded => stale(),
        ExportStatus::Failed => {
            let failed = Verdict {
                reason: database.failure_reason().to_owned(),
                ..Verdict::new(JobState::Failed, status.word(), saw_running)
            };
            match saw_running || baseline.status != status.word() {
                true => failed,
                false if is_late => failed.weak(),
                false => stale(),
            }
        }
        // It ran, and what became of it was cleared before anybody looked.
        ExportStatus::Idle if saw_running => {
            Verdict::new(JobState::Unknown, "idle (the status was reset)", saw_running)
        }
        ExportStatus::Idle => Verdict::new(JobState::Queued, status.word(), saw_running),
        ExportStatus::Other(word) => Verdict::new(JobState::Unknown, word, saw_running || word != baseline.status),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const OLD: &str = "2026-01-01T00:00:00Z";
    const NEW: &str = "2026-01-01T00:00:05Z";

    fn database(status: &str, time: Option<&str>) -> Database {
        let mut object = json!({"uid": 1, "export_status": status, "export_progress": 12.5,
                                "export_failure_reason": if status == "failed" { "no-permission" } else { "" }});
        if let Some(time) = time {
            object["last_export_time"] = time.into();
        }
        Database::from_value(object).unwrap()
    }

    fn seen(
        base: (&str, Option<&str>),
        saw_running: bool,
        now: (&str, Option<&str>),
        seconds: u64,
    ) -> (JobState, Evidence) {
        let baseline = Baseline { status: base.0.to_owned(), last_export_time: base.1.map(str::to_owned) };
        let verdict = of_ours(&baseline, saw_running, &database(now.0, now.1), None, Duration::from_secs(seconds));
        (verdict.state, verdict.evidence)
    }

    #[test]
    fn an_old_result_is_never_ours() {
        use Evidence::{Strong, Weak};
        use JobState as S;
        let (idle, old) = (("idle", None), Some(OLD));
        for (base, saw_running, now, seconds, expected) in [
            // The usual way.
            (idle, false, ("", None), 1, (S::Queued, Strong)),
            (idle, false, ("exporting", None), 1, (S::Running, Strong)),
            (idle, true, ("succeeded", Some(NEW)), 9, (S::Succeeded, Strong)),
            (idle, false, ("succeeded", Some(NEW)), 9, (S::Succeeded, Strong)),
            (idle, false, ("failed", None), 9, (S::Failed, Strong)),
            // A success of last week stays one, for ever, whatever was seen.
            (("succeeded", old), false, ("succeeded", old), 1, (S::Queued, Strong)),
            (("succeeded", old), false, ("succeeded", old), 60, (S::Unknown, Strong)),
            (("succeeded", old), false, ("succeeded", old), 1_000_000, (S::Unknown, Strong)),
            (("succeeded", old), true, ("succeeded", old), 60, (S::Unknown, Strong)),
            (("idle", old), true, ("succeeded", old), 60, (S::Unknown, Strong)),
            (("succeeded", old), false, ("succeeded", Some(NEW)), 1, (S::Succeeded, Strong)),
            (("failed", old), false, ("succeeded", Some(NEW)), 1, (S::Succeeded, Strong)),
            // A failure of last week could be ours after a while.
            (("failed", None), false, ("failed", None), 59, (S::Queued, Strong)),
            (("failed", None), false, ("failed", None), 60, (S::Failed, Weak)),
            (("failed", None), true, ("failed", None), 1, (S::Failed, Strong)),
            (("succeeded", old), false, ("failed", old), 1, (S::Failed, Strong)),
            // An export of somebody else has followed ours.
            (idle, true, ("exporting", Some(NEW)), 99, (S::Succeeded, Weak)),
            (idle, true, ("failed", Some(NEW)), 99, (S::Succeeded, Weak)),
            (idle, true, ("", Some(NEW)), 99, (S::Succeeded, Weak)),
            (idle, true, ("", None), 99, (S::Unknown, Strong)),
            // A service that tells no times.
            (idle, true, ("succeeded", None), 9, (S::Succeeded, Weak)),
            (("succeeded", None), false, ("succeeded", None), 99, (S::Unknown, Strong)),
            // A word of a later release.
            (idle, false, ("preparing", None), 1, (S::Unknown, Strong)),
        ] {
            assert_eq!(seen(base, saw_running, now, seconds), expected, "{base:?} {saw_running} {now:?} {seconds}");
        }
    }

    #[test]
    fn running_is_remembered_and_its_progress_is_the_services() {
        let look = |word| of_ours(&Baseline::default(), false, &database(word, None), None, Duration::ZERO);
        assert_eq!((look("exporting").saw_running, look("exporting").progress), (true, Some(0.125)));
        assert_eq!((look("").saw_running, look("").progress), (false, None));
        assert!(look("preparing").saw_running);
        let stale = of_ours(
            &Baseline { status: "failed".into(), last_export_time: None },
            false,
            &database("failed", None),
            None,
            Duration::ZERO,
        );
        assert_eq!((stale.word.as_str(), stale.reason.as_str()), ("failed (of an earlier export)", ""));
    }

    #[test]
    fn an_action_tells_ours_from_all_others() {
        let look = |status: &str, shown: &str| {
            let action: Value =
                json!({"status": status, "progress": 40.0, "additional_info": {"error": "general-error"}});
            let action = Action::from_value(action).unwrap();
            let baseline = Baseline { status: "succeeded".into(), last_export_time: Some(OLD.into()) };
            let verdict =
                of_ours(&baseline, false, &database(shown, Some(OLD)), Some(&action), Duration::from_secs(999));
            (verdict.state, verdict.evidence, verdict.word, verdict.reason, verdict.progress)
        };
        let strong = Evidence::Strong;
        let empty = String::new;
        assert_eq!(look("queued", "succeeded"), (JobState::Queued, strong, "queued".into(), empty(), None));
        assert_eq!(look("running", "exporting"), (JobState::Running, strong, "exporting".into(), empty(), Some(0.125)));
        assert_eq!(look("running", ""), (JobState::Running, strong, "running".into(), empty(), Some(0.4)));
        assert_eq!(look("completed", "exporting"), (JobState::Succeeded, strong, "completed".into(), empty(), None));
        assert_eq!(look("failed", "failed"), (JobState::Failed, strong, "failed".into(), "no-permission".into(), None));
        assert_eq!(
            look("failed", "exporting"),
            (JobState::Failed, strong, "failed".into(), "general-error".into(), None)
        );
    }

    #[test]
    fn the_last_export_of_anybody_is_never_certain() {
        for (word, state) in [
            ("", JobState::Idle),
            ("exporting", JobState::Running),
            ("succeeded", JobState::Succeeded),
            ("failed", JobState::Failed),
            ("x", JobState::Unknown),
        ] {
            let verdict = of_anybody(&database(word, Some(OLD)));
            assert_eq!((verdict.state, verdict.evidence), (state, Evidence::Weak), "{word}");
        }
    }
}
