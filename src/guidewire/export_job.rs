//! The provider for backups of Guidewire Cloud. A backup stays in the service: what a job yields is a reference to it.

use serde::{Deserialize, Serialize};

use super::account::Account;
use super::api::{Api, Created, Order};
use super::contract;
use super::model::backup::{Backup, BackupStatus};
use crate::base::error::{Error, Kind, Result};
use crate::base::event::Event;
use crate::base::next_step::{NextStep, Setting};
use crate::base::retry::Purpose;
use crate::base::scope::Scope;
use crate::base::time::{BoxFuture, Clock, parse_instant, rfc3339};
use crate::export::artifact::Artifact;
use crate::export::handle::{JobHandle, check_address};
use crate::export::job::{Evidence, Instant, Job, JobState, Source, Times};
use crate::export::provider::{Capabilities, Jobs, Provider};
use crate::wait::{Step, WaitPolicy, poll};

/// A backup of the service, and how far it was when it was last seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GuidewireHandle {
    /// The service's address.
    pub address: String,
    /// The tenant.
    pub tenant: String,
    /// The star system.
    pub star_system: String,
    /// The backup's id.
    pub id: String,
    /// The planet, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planet: Option<String>,
    /// When the service removes it, where that is known: afterwards nobody else could tell why it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// How far it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<Reached>,
    /// Whether it was taken for the backup of a request without an answer, by a name that others may have.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub supposed: bool,
}

/// How far a backup was. It never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reached {
    /// It was being made.
    Running,
    /// It had succeeded.
    Succeeded,
    /// It had failed.
    Failed,
    /// It had expired.
    Expired,
    /// It was deleted.
    Deleted,
}

impl Reached {
    fn of(state: JobState) -> Option<Self> {
        match state {
            JobState::Idle | JobState::Queued => None,
            JobState::Running | JobState::Unknown => Some(Self::Running),
            JobState::Succeeded => Some(Self::Succeeded),
            JobState::Failed => Some(Self::Failed),
            JobState::Expired => Some(Self::Expired),
            JobState::Deleted => Some(Self::Deleted),
        }
    }

    fn state(self) -> JobState {
        match self {
            Self::Running => JobState::Running,
            Self::Succeeded => JobState::Succeeded,
            Self::Failed => JobState::Failed,
            Self::Expired => JobState::Expired,
            Self::Deleted => JobState::Deleted,
        }
    }
}

/// What comes after what.
fn order_of(state: JobState) -> u8 {
    match state {
        JobState::Idle | JobState::Queued => 0,
        JobState::Running | JobState::Unknown => 1,
        JobState::Succeeded | JobState::Failed => 2,
        JobState::Expired | JobState::Deleted => 3,
    }
}

impl JobHandle for GuidewireHandle {
    const SERVICE: &'static str = "guidewire";
    const PREFIX: &'static str = "gw";

    fn address(&self) -> Option<&str> {
        Some(&self.address)
    }
}

/// A backup as it was last seen.
pub type GuidewireJob = Job<GuidewireHandle, Backup>;

/// Backups of a planet, or of all planets of a star system.
#[derive(Clone)]
pub struct Backups {
    /// The authorized connection.
    pub api: Api,
    /// The star system.
    pub star_system: String,
    /// The planet; all of the star system when absent.
    pub planet: Option<String>,
    /// What is to be created, if anything.
    pub order: Option<Order>,
}

impl Backups {
    /// The backups of the star system of an account, or of one of its planets.
    #[must_use]
    pub fn of(account: &Account, planet: Option<&str>) -> Self {
        let api = account.api().clone();
        let star_system = api.place().star_system.clone();
        Self { api, star_system, planet: planet.map(str::to_owned), order: None }
    }

    /// The handle of a backup of which nothing is known but its id.
    #[must_use]
    pub fn handle(&self, id: &str) -> GuidewireHandle {
        GuidewireHandle {
            address: self.api.endpoint().to_string(),
            tenant: self.api.place().tenant.clone(),
            star_system: self.star_system.clone(),
            id: id.to_owned(),
            planet: self.planet.clone(),
            expires: None,
            reached: None,
            supposed: false,
        }
    }

    fn job(mut handle: GuidewireHandle, backup: Backup) -> GuidewireJob {
        let seen = match backup.status() {
            BackupStatus::Pending => JobState::Queued,
            BackupStatus::InProgress => JobState::Running,
            BackupStatus::Succeeded => JobState::Succeeded,
            BackupStatus::Failed => JobState::Failed,
            // Nothing will come of it any more.
            BackupStatus::Deleting => JobState::Deleted,
            BackupStatus::Expired => JobState::Expired,
            BackupStatus::Unknown => JobState::Unknown,
        };
        handle.planet = backup.planet().map(str::to_owned).or(handle.planet);
        handle.expires = backup.expires_at().map(str::to_owned).or(handle.expires);
        let status = backup.status_text().to_owned();
        Self::in_state(handle, seen, &status, backup)
    }

    fn in_state(mut handle: GuidewireHandle, seen: JobState, status: &str, backup: Backup) -> GuidewireJob {
        let before = handle.reached.map(Reached::state);
        let had_failed = handle.reached == Some(Reached::Failed);
        let state = before.filter(|before| order_of(*before) > order_of(seen)).unwrap_or(seen);
        handle.reached = Reached::of(state);
        let subject = match &handle.planet {
            Some(planet) => format!("{planet} ({})", handle.star_system),
            None => format!("backup {} ({})", handle.id, handle.star_system),
        };
        let times = Times {
            requested: None,
            started: Instant::of_service(backup.started_at()),
            completed: Instant::of_service(backup.completed_at()),
            expires: Instant::of_service(handle.expires.as_deref()),
        };
        let mechanism = backup.mechanism().map(str::to_owned);
        let artifact = (state == JobState::Succeeded).then(|| Artifact::Reference { id: handle.id.clone(), mechanism });
        let failure = failure(state, &handle, had_failed, status, backup.error_message());
        let evidence = if handle.supposed { Evidence::Weak } else { Evidence::Strong };
        Job { times, artifact, failure, evidence, ..Job::new(handle, state, status, subject, backup) }
    }

    /// A backup that the service does not have: it has expired, or was deleted, if that is known.
    fn gone(&self, handle: &GuidewireHandle, error: Error) -> Result<GuidewireJob> {
        let now = self.api.by_the_service(self.api.clock().unix_ms());
        let is_past = handle.expires.as_deref().and_then(parse_instant).is_some_and(|expires| now >= expires);
        let (state, status) = match handle.reached {
            Some(Reached::Deleted) => (JobState::Deleted, "deleted"),
            Some(Reached::Expired) => (JobState::Expired, "expired"),
            // One that failed has never been of use.
            Some(Reached::Failed) => return Err(error),
            _ if is_past => (JobState::Expired, "expired"),
            _ => return Err(error),
        };
        let backup = Backup::known_by(&handle.id, handle.expires.as_deref())?;
        Ok(Self::in_state(handle.clone(), state, status, backup))
    }

    /// Deletes a backup and waits until the service does not have it any more.
    ///
    /// # Errors
    /// `NotFound` unless `if_exists`; `Conflict` while it is being made; `Ambiguous` when the answer is lost and it is
    /// still there; `Timeout` when the service takes very long.
    pub async fn remove(&self, handle: &GuidewireHandle, if_exists: bool, scope: &Scope) -> Result<GuidewireJob> {
        let (star_system, id) = (&handle.star_system, &handle.id);
        let lost = match self.api.delete(star_system, id, scope).await {
            Ok(true) => None,
            Ok(false) => match self.look(handle, scope).await {
                Ok(Some(_)) => None,
                Ok(None) => return self.removed(handle, None),
                Err(error) => {
                    scope.cancel().check()?;
                    let text = format!("cannot check that the backup is gone, which the service said: {error}");
                    scope.report(Event::verbose(text));
                    return self.removed(handle, None);
                }
            },
            Err(error) if error.kind() == Kind::NotFound && if_exists => return self.removed(handle, None),
            Err(error) if error.kind() == Kind::Ambiguous => Some(error),
            Err(error) => return Err(error),
        };
        let mut last = None;
        let clock = self.clock();
        let ask = |_: Option<&Option<Backup>>| -> BoxFuture<'_, Result<Option<Backup>>> {
            Box::pin(self.look(handle, scope))
        };
        let gone = poll(clock, contract::deleting(), true, scope, ask, |backup, _| {
            let Some(backup) = backup else { return Ok(Step::Done) };
            last = Some(backup.clone());
            match (&lost, backup.status()) {
                (_, BackupStatus::Expired) => Ok(Step::Done),
                (Some(lost), status) if status != BackupStatus::Deleting => Err(lost.clone()),
                _ => Ok(Step::Continue),
            }
        });
        gone.await.map_err(|error| match error.kind() {
            Kind::Ambiguous => error,
            _ => error.context(format!("while waiting until the backup {id} is deleted")),
        })?;
        self.removed(handle, last)
    }

    /// The backup as it is now; nothing when the service does not have it.
    async fn look(&self, handle: &GuidewireHandle, scope: &Scope) -> Result<Option<Backup>> {
        match self.api.get(&handle.star_system, &handle.id, Purpose::Wait, scope).await {
            Ok(backup) => Ok(Some(backup)),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn removed(&self, handle: &GuidewireHandle, last: Option<Backup>) -> Result<GuidewireJob> {
        let mut handle = handle.clone();
        let backup = match last {
            Some(backup) => backup,
            None => Backup::known_by(&handle.id, handle.expires.as_deref())?,
        };
        handle.planet = backup.planet().map(str::to_owned).or(handle.planet);
        handle.expires = backup.expires_at().map(str::to_owned).or(handle.expires);
        // It was asked for.
        Ok(Job { failure: None, ..Self::in_state(handle, JobState::Deleted, "deleted", backup) })
    }
}

/// What a backup amounts to that has ended badly, or is not there any more.
fn failure(
    state: JobState,
    handle: &GuidewireHandle,
    had_failed: bool,
    status: &str,
    message: Option<&str>,
) -> Option<Error> {
    let GuidewireHandle { id, star_system, .. } = handle;
    let what = match &handle.planet {
        Some(planet) => format!("the backup {id} of {planet} ({star_system})"),
        None => format!("the backup {id} ({star_system})"),
    };
    match (state, message) {
        (JobState::Failed, Some(message)) => {
            Some(Error::new(Kind::JobFailed, format!("{what} failed: {message}")).with_texts(vec![message.to_owned()]))
        }
        (JobState::Failed, None) => {
            Some(Error::new(Kind::JobFailed, format!("{what} failed (status {status})")).with_next_step(
                "the service gave no reason; check Guidewire Cloud Platform, then create another backup",
            ))
        }
        (JobState::Expired, _) => {
            let when = handle.expires.as_deref().map_or_else(String::new, |time| format!(" on {time}"));
            let failed = if had_failed { "failed, and " } else { "" };
            Some(
                Error::new(Kind::Expired, format!("{what} {failed}has expired{when}")).with_next_step(
                    NextStep::text("create another backup; to keep it longer, set ")
                        .setting(Setting::RetentionDays)
                        .and(" or ")
                        .setting(Setting::Permanent),
                ),
            )
        }
        (JobState::Deleted, _) => {
            Some(Error::new(Kind::NotFound, format!("{what} was deleted")).with_next_step("create another backup"))
        }
        _ => None,
    }
}

impl Provider for Backups {
    type Handle = GuidewireHandle;
    type Object = Backup;
    const NOUN: &'static str = "backup";
    const CAPABILITIES: Capabilities = Capabilities { list: true, delete: true, retention: true, ..Capabilities::NONE };

    fn waiting(&self) -> WaitPolicy {
        contract::waiting()
    }

    fn clock(&self) -> &dyn Clock {
        self.api.clock().as_ref()
    }

    fn start<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<GuidewireJob>> {
        Box::pin(async move {
            let (Some(planet), Some(order)) = (&self.planet, &self.order) else {
                return Err(Error::new(Kind::Internal, "a backup is created without a planet or without an order"));
            };
            let Created { backup, evidence, asked_ms } =
                self.api.create(&self.star_system, planet, order, scope).await?;
            let handle = GuidewireHandle { supposed: evidence == Evidence::Weak, ..self.handle(&backup.id()) };
            let mut job = Self::job(handle, backup);
            job.times.requested = Some(Instant { time: rfc3339(asked_ms), source: Source::Observed });
            Ok(job)
        })
    }

    fn refresh<'a>(
        &'a self,
        handle: &'a GuidewireHandle,
        purpose: Purpose,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<GuidewireJob>> {
        Box::pin(async move {
            match self.api.get(&handle.star_system, &handle.id, purpose, scope).await {
                Ok(backup) => Ok(Self::job(handle.clone(), backup)),
                Err(error) if error.kind() == Kind::NotFound => self.gone(handle, error),
                Err(error) => Err(error),
            }
        })
    }

    fn list<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Vec<GuidewireJob>>> {
        Box::pin(async move {
            let backups = match &self.planet {
                Some(planet) => self.api.list_of_planet(&self.star_system, planet, scope).await?,
                None => self.api.list_of_star_system(&self.star_system, scope).await?,
            };
            Ok(backups.into_iter().map(|backup| Self::job(self.handle(&backup.id()), backup)).collect())
        })
    }

    fn delete<'a>(&'a self, handle: &'a GuidewireHandle, scope: &'a Scope) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { self.remove(handle, false, scope).await.map(drop) })
    }

    fn unknown_state(&self) -> NextStep {
        "check it in Guidewire Cloud Platform, and update this program".into()
    }
}

impl Jobs for Account {
    type Provider = Backups;

    fn provider_of(&self, handle: &GuidewireHandle) -> Result<Backups> {
        let api = self.api().clone();
        check_address("handle", handle, &api.endpoint().to_string())?;
        let tenant = &api.place().tenant;
        if handle.tenant != *tenant {
            let rule = format!("is of the tenant '{}', but the client is configured for '{tenant}'", handle.tenant);
            return Err(Error::invalid("handle", rule).with_next_step(
                NextStep::text("check ").setting(Setting::TenantId).and(", or use a handle of that tenant"),
            ));
        }
        Ok(Backups { api, star_system: handle.star_system.clone(), planet: handle.planet.clone(), order: None })
    }
}
