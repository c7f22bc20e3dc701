//! The provider for exports of a database of Redis Enterprise Software (spec 5, 7, 10, 11 and 14).

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::account::Account;
use super::api::Api;
use super::contract::{BUSY_JITTER_PERCENT, FIRST_BUSY_PAUSE, FORMAT, LONGEST_BUSY_PAUSE, waiting};
use super::evidence::{Baseline, Verdict, of_anybody, of_ours};
use super::location::Destination;
use super::model::database::{Database, ExportStatus};
use crate::base::error::{Error, Kind, Result};
use crate::base::event::Event;
use crate::base::next_step::NextStep;
use crate::base::retry::Purpose;
use crate::base::scope::Scope;
use crate::base::time::{BoxFuture, Clock, in_words, milliseconds, parse_instant, rfc3339};
use crate::export::artifact::Artifact;
use crate::export::handle::{self, JobHandle, check_address};
use crate::export::job::{Evidence, Instant, Job, JobState, Source, Times};
use crate::export::provider::{Capabilities, Jobs, Provider};
use crate::wait::WaitPolicy;

/// An export of a database, and what tells it from others. The service has no id for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RedisHandle {
    /// The address of the cluster.
    pub address: String,
    /// The database.
    pub uid: u64,
    /// What the database said right before the start.
    pub baseline: Baseline,
    /// When it was accepted, by the clock of who started it; absent in the handle of an export that somebody else has
    /// started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posted_at: Option<String>,
    /// The action that it is, where the cluster tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_uid: Option<String>,
    /// Whether it was seen running.
    #[serde(default)]
    pub saw_running: bool,
    /// The destination, without what is secret in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Map<String, Value>>,
    /// How it ended, once that was seen: the database will show other exports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
}

/// How an export ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ended {
    /// Whether well.
    pub succeeded: bool,
    /// Whether it is certain that this was our export.
    pub certain: bool,
    /// Why it failed, in the service's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// When, where the service tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
}

impl JobHandle for RedisHandle {
    const SERVICE: &'static str = "redis-enterprise";
    const PREFIX: &'static str = "redis";

    fn address(&self) -> Option<&str> {
        Some(&self.address)
    }
}

/// An export as it was last seen.
pub type RedisJob = Job<RedisHandle, Database>;

/// What is to be exported where, and how patiently.
#[derive(Debug, Clone)]
pub struct Order {
    /// Where to.
    pub destination: Destination,
    /// Whether the service sends a mail at the end.
    pub email_notification: bool,
    /// Whether the result of the last export is cleared before, so that it cannot be taken for this one's.
    pub reset: bool,
    /// How long an export that somebody else runs is waited for; not at all when absent.
    pub wait_while_busy: Option<Duration>,
    /// How long the start is tried again while the database is busy with something else.
    pub busy_timeout: Duration,
}

/// Exports of one database.
#[derive(Clone)]
pub struct RedisExports {
    api: Api,
    uid: u64,
    order: Option<Order>,
}

/// How the start of an export was accepted.
struct Accepted {
    action: Option<String>,
    /// The database after a lost answer, which shows the export.
    seen: Option<Database>,
}

impl RedisExports {
    /// Exports of this database.
    #[must_use]
    pub fn new(api: &Api, uid: u64, order: Option<Order>) -> Self {
        Self { api: api.clone(), uid, order }
    }

    /// What the database says of its last export, whoever has started it.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn last(&self, scope: &Scope) -> Result<RedisJob> {
        let database = self.api.export_of(self.uid, Purpose::Single, scope).await?;
        let handle = RedisHandle {
            address: self.api.endpoint().to_string(),
            uid: self.uid,
            baseline: Baseline::of(&database),
            posted_at: None,
            action_uid: None,
            saw_running: false,
            location: None,
            ended: None,
        };
        Ok(seen(handle, of_anybody(&database), database))
    }

    /// The database right before a start, with the last result cleared where that was asked for and is possible.
    async fn prepared(&self, order: &Order, scope: &Scope) -> Result<Database> {
        let database = self.api.export_of(self.uid, Purpose::Single, scope).await?;
        let has_result = matches!(database.export_status(), ExportStatus::Succeeded | ExportStatus::Failed);
        if !(order.reset && has_result) {
            return Ok(database);
        }
        match self.api.reset_export(self.uid, scope).await {
            Ok(()) => {}
            // The weaker rule tells the old result from the new one. A lost answer changes nothing: it is read again.
            Err(error) if matches!(error.kind(), Kind::Forbidden | Kind::Conflict | Kind::Ambiguous) => {
                scope.report(Event::verbose(format!("cannot clear the result of the last export: {error}")));
            }
            Err(error) => return Err(error),
        }
        self.api.export_of(self.uid, Purpose::Single, scope).await
    }

    /// Waits until nobody else exports the database, or refuses.
    async fn free(&self, order: &Order, scope: &Scope) -> Result<Database> {
        let clock = self.api.clock();
        let began = clock.monotonic();
        let policy = waiting();
        let mut pause = policy.interval;
        let mut told = false;
        loop {
            let database = self.prepared(order, scope).await?;
            if database.export_status() != ExportStatus::Exporting {
                return Ok(database);
            }
            let passed = clock.monotonic().saturating_sub(began);
            let left = order.wait_while_busy.map_or(Duration::ZERO, |limit| limit.saturating_sub(passed));
            if left.is_zero() {
                return Err(exported_by_others(&database, order.wait_while_busy));
            }
            if !told {
                scope.report(Event::info(format!("{}; waiting until it ends", running(&database))));
                told = true;
            }
            scope.cancel().run(clock.sleep(pause.min(left))).await?;
            pause = pause.mul_f64(policy.factor).min(policy.cap);
        }
    }

    /// Starts the export. A busy database is tried again, each time against what it says then.
    async fn accepted(&self, order: &Order, scope: &Scope) -> Result<(Database, Accepted)> {
        let clock = self.api.clock();
        let mut busy_since = None;
        let mut attempt = 0;
        loop {
            let before = self.free(order, scope).await?;
            let error = match self.api.start_export(self.uid, &order.destination, order.email_notification, scope).await
            {
                Ok(action) => return Ok((before, Accepted { action, seen: None })),
                Err(error) if error.kind() == Kind::Ambiguous => {
                    let accepted = self.found_after_loss(&before, error, scope).await?;
                    return Ok((before, accepted));
                }
                Err(error) if error.kind() == Kind::Conflict => error,
                Err(error) => return Err(error),
            };
            attempt += 1;
            let now = clock.monotonic();
            let since = *busy_since.get_or_insert(now);
            let left = order.busy_timeout.saturating_sub(now.saturating_sub(since));
            if left.is_zero() {
                let text = format!("{} was busy for {}", before.title(), in_words(order.busy_timeout));
                let step =
                    NextStep::text("try again later, or set ").member("busyTimeoutSeconds").and(" to wait longer");
                return Err(error.context(text).with_next_step(step).after_attempts(attempt));
            }
            let pause = busy_pause(attempt, self.api.random_bits()).min(left);
            scope.report(Event::Retrying {
                what: "the start of the export".to_owned(),
                attempt,
                delay_ms: milliseconds(pause),
                reason: error.to_string(),
                warns: attempt == 1,
            });
            scope.cancel().run(clock.sleep(pause)).await?;
        }
    }

    /// Whether a start whose answer was lost was accepted: then the database shows an export that it did not show before.
    async fn found_after_loss(&self, before: &Database, lost: Error, scope: &Scope) -> Result<Accepted> {
        let database = match self.api.export_of(self.uid, Purpose::Single, scope).await {
            Ok(database) => database,
            Err(error) if error.kind() == Kind::Cancelled => return Err(error),
            // What is worse than that it cannot be read is that nobody knows what was started.
            Err(error) => return Err(lost.context(format!("cannot see whether the export was started ({error})"))),
        };
        let has_new_time =
            database.last_export_time().is_some() && database.last_export_time() != before.last_export_time();
        if database.export_status() != ExportStatus::Exporting && !has_new_time {
            return Err(lost);
        }
        scope.report(Event::verbose(format!(
            "the response to the start was lost, but {} shows the export",
            database.title()
        )));
        let action = database.action_uid().map(str::to_owned);
        Ok(Accepted { action, seen: Some(database) })
    }
}

/// A pause before a busy database is tried again: twice the last one, and a little more or less.
fn busy_pause(attempt: u32, random: u64) -> Duration {
    let own = FIRST_BUSY_PAUSE.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(LONGEST_BUSY_PAUSE);
    let percent = 100 - BUSY_JITTER_PERCENT + random % (2 * BUSY_JITTER_PERCENT + 1);
    own.mul_f64(percent as f64 / 100.0)
}

/// An export of somebody else, as far as the service names it.
fn running(database: &Database) -> String {
    let progress = database.export_progress().map(|part| format!("{:.0}%", part * 100.0));
    let action = database.action_uid().map(|action| format!("action {action}"));
    let known: Vec<String> = progress.into_iter().chain(action).collect();
    let known = if known.is_empty() { String::new() } else { format!(" ({})", known.join(", ")) };
    format!("an export of {} that somebody else started is running{known}", database.title())
}

fn exported_by_others(database: &Database, waited: Option<Duration>) -> Error {
    let text = match waited {
        Some(limit) => format!("{}, after a wait of {}", running(database), in_words(limit)),
        None => running(database),
    };
    let step =
        NextStep::text("try again when it has ended, or set ").member("waitWhileBusyMinutes").and(" to wait for that");
    Error::new(Kind::Conflict, text).with_next_step(step)
}

/// What a failed export amounts to (spec 15).
fn failure(database: &Database, reason: &str) -> Error {
    let title = database.title();
    let (kind, why, step) = match reason {
        "no-permission" => (
            Kind::DestinationDenied,
            "the destination denied access (no-permission)".to_owned(),
            "check the credentials and permissions of the destination, then start a new export",
        ),
        "wrong-file-path" => (
            Kind::DestinationNotFound,
            "the destination does not exist (wrong-file-path)".to_owned(),
            "check the path, bucket or container of the destination, then start a new export",
        ),
        "general-error" => (
            Kind::JobFailed,
            "the service names no cause (general-error)".to_owned(),
            "check the free space on the nodes and at the destination, then start a new export",
        ),
        "" => (
            Kind::JobFailed,
            "the service gave no reason".to_owned(),
            "check the logs of the cluster, then start a new export",
        ),
        other => (Kind::JobFailed, other.to_owned(), "check the logs of the cluster, then start a new export"),
    };
    let error = Error::new(kind, format!("the export of {title} failed: {why}")).with_next_step(step);
    match reason {
        "" => error,
        "no-permission" | "wrong-file-path" | "general-error" => error.with_code(reason),
        other => error.with_texts(vec![other.to_owned()]),
    }
}

/// A job from what was seen, with the newest handle.
fn seen(handle: RedisHandle, verdict: Verdict, database: Database) -> RedisJob {
    let Verdict { state, evidence, word, reason, progress, saw_running } = verdict;
    let is_ours = handle.posted_at.is_some();
    let ended = handle.ended.clone().or_else(|| {
        let has_ended = is_ours && matches!(state, JobState::Succeeded | JobState::Failed);
        has_ended.then(|| Ended {
            succeeded: state == JobState::Succeeded,
            certain: evidence == Evidence::Strong,
            reason: reason.clone(),
            time: database
                .last_export_time()
                .map(str::to_owned)
                .filter(|_| state == JobState::Succeeded && evidence == Evidence::Strong),
        })
    });
    let handle = RedisHandle { saw_running, ended, ..handle };
    let completed = match &handle.ended {
        Some(ended) => ended.time.clone(),
        None => database.last_export_time().map(str::to_owned).filter(|_| state == JobState::Succeeded),
    };
    let times = Times {
        requested: handle.posted_at.clone().map(|time| Instant { time, source: Source::Observed }),
        completed: Instant::of_service(completed.as_deref()),
        ..Times::default()
    };
    let artifact = (state == JobState::Succeeded).then(|| Artifact::Placed {
        location: handle.location.clone(),
        format: FORMAT,
        expected_parts: database.shards(),
    });
    let failure = (state == JobState::Failed).then(|| failure(&database, &reason));
    let subject = database.title();
    Job { progress, evidence, times, artifact, failure, ..Job::new(handle, state, &word, subject, database) }
}

/// What is known of an export that was seen to have ended.
fn remembered(ended: &Ended) -> Verdict {
    let (state, word) = if ended.succeeded { (JobState::Succeeded, "succeeded") } else { (JobState::Failed, "failed") };
    Verdict {
        state,
        evidence: if ended.certain { Evidence::Strong } else { Evidence::Weak },
        word: word.to_owned(),
        reason: ended.reason.clone(),
        progress: None,
        saw_running: true,
    }
}

impl Provider for RedisExports {
    type Handle = RedisHandle;
    type Object = Database;
    const NOUN: &'static str = "export";
    const CAPABILITIES: Capabilities = Capabilities { reset: true, progress: true, ..Capabilities::NONE };

    fn waiting(&self) -> WaitPolicy {
        waiting()
    }

    fn clock(&self) -> &dyn Clock {
        self.api.clock().as_ref()
    }

    fn start<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<RedisJob>> {
        Box::pin(async move {
            let order = self.order.as_ref();
            let order = order.ok_or_else(|| Error::new(Kind::Internal, "an export was started without an order"))?;
            let (before, accepted) = self.accepted(order, scope).await?;
            let handle = RedisHandle {
                address: self.api.endpoint().to_string(),
                uid: self.uid,
                baseline: Baseline::of(&before),
                posted_at: Some(rfc3339(self.api.clock().unix_ms())),
                action_uid: accepted.action,
                saw_running: false,
                location: Some(order.destination.shown()),
                ended: None,
            };
            // From here on it can be found again, whatever happens to this process.
            scope.report(Event::Accepted { what: "export", id: handle::to_text(&handle)? });
            let database = accepted.seen.unwrap_or(before);
            let verdict = of_ours(&handle.baseline, false, &database, None, Duration::ZERO);
            Ok(seen(handle, verdict, database))
        })
    }

    fn refresh<'a>(
        &'a self,
        handle: &'a RedisHandle,
        purpose: Purpose,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<RedisJob>> {
        Box::pin(async move {
            let mut handle = handle.clone();
            // Before the database, so that the end of the action is not newer than what the database shows.
            let action = match handle.action_uid.as_deref().filter(|_| handle.ended.is_none()) {
                Some(uid) => self.api.action(uid, purpose, scope).await?,
                None => None,
            };
            if action.is_none() && handle.ended.is_none() {
                // It is not known there, and will not be.
                handle.action_uid = None;
            }
            let database = self.api.export_of(handle.uid, purpose, scope).await?;
            let verdict = match (&handle.ended, &handle.posted_at) {
                (Some(ended), _) => remembered(ended),
                (None, None) => of_anybody(&database),
                (None, Some(posted_at)) => {
                    let posted = parse_instant(posted_at).unwrap_or_default();
                    let since = Duration::from_millis(self.api.clock().unix_ms().saturating_sub(posted));
                    of_ours(&handle.baseline, handle.saw_running, &database, action.as_ref(), since)
                }
            };
            Ok(seen(handle, verdict, database))
        })
    }

    fn reset<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.api.reset_export(self.uid, scope))
    }

    fn unknown_state(&self) -> NextStep {
        "check the export in the Cluster Manager UI; the files at the destination show whether it is complete".into()
    }
}

impl Jobs for Account {
    type Provider = RedisExports;

    fn provider_of(&self, handle: &RedisHandle) -> Result<RedisExports> {
        check_address("handle", handle, &self.api().endpoint().to_string())?;
        Ok(RedisExports::new(self.api(), handle.uid, None))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pauses_double_to_their_cap_with_jitter() {
        let pause = |attempt, random| busy_pause(attempt, random).as_millis();
        // In the middle there is no jitter.
        assert_eq!([1, 2, 3, 4, 5, 6, 30].map(|n| pause(n, 20)), [500, 1000, 2000, 4000, 8000, 15000, 15000]);
        assert_eq!((pause(1, 0), pause(1, 40), pause(9, 41)), (400, 600, 12000));
    }

    #[test]
    fn each_reason_has_its_class() {
        let database = Database::from_value(json!({"uid": 1, "name": "a"})).unwrap();
        for (reason, kind, said) in [
            ("no-permission", Kind::DestinationDenied, "denied access"),
            ("wrong-file-path", Kind::DestinationNotFound, "does not exist"),
            ("general-error", Kind::JobFailed, "general-error"),
            ("disk-on-fire", Kind::JobFailed, "disk-on-fire"),
            ("", Kind::JobFailed, "gave no reason"),
        ] {
            let error = failure(&database, reason);
            assert_eq!(error.kind(), kind, "{reason}");
            assert!(
                error.message().starts_with("the export of database 1 (a) failed: ") && error.message().contains(said)
            );
            assert!(error.next_step().is_some());
        }
    }

    #[test]
    fn a_handle_is_a_word_and_tells_all_that_is_needed() {
        let handle = RedisHandle {
            address: "https://cluster:9443/".into(),
            uid: 7,
            baseline: Baseline { status: "failed".into(), last_export_time: Some("2026-01-01T00:00:00Z".into()) },
            posted_at: Some("2026-01-02T00:00:00Z".into()),
            action_uid: Some("a".into()),
            saw_running: true,
            location: Some(Map::from_iter([("type".to_owned(), json!("mount_point"))])),
            ended: None,
        };
        let text = handle::to_text(&handle).unwrap();
        assert!(text.starts_with("redis:"), "{text}");
        assert_eq!(handle::from_text::<RedisHandle>("handle", &text).unwrap(), handle);
        assert_eq!(
            handle::to_document(&handle).unwrap(),
            json!({"service": "redis-enterprise", "address": "https://cluster:9443/", "uid": 7,
                   "baseline": {"status": "failed", "lastExportTime": "2026-01-01T00:00:00Z"},
                   "postedAt": "2026-01-02T00:00:00Z", "actionUid": "a", "sawRunning": true,
                   "location": {"type": "mount_point"}})
        );
    }
}
