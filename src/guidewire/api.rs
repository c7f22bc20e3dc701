//! The connection to the Database API for one OAuth client, and its calls: create, get, list twice, delete.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;

use super::auth::Tokens;
use super::commands::GuidewireCommand;
use super::contract::{
    CLOCK_TOLERANCE_MS, LOOKS_FOR_A_LOST_BACKUP, PAUSE_BETWEEN_LOOKS, RETRIES, SNAPSHOTS, StarSystemList,
};
use super::dialect::{Accepted, Bare};
use super::model::backup::{Backup, list_from_value};
use crate::base::entropy::Entropy;
use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::event::Event;
use crate::base::next_step::{NextStep, Setting};
use crate::base::retry::Purpose;
use crate::base::scope::Scope;
use crate::base::time::Clock;
use crate::export::job::Evidence;
use crate::http_api::call::{Change, HttpApi};
use crate::http_api::endpoint::Endpoint;
use crate::transport::http::{Http, Method};

/// Whose backups: a tenant and one of its star systems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The tenant.
    pub tenant: String,
    /// The star system.
    pub star_system: String,
}

/// What a backup is to be like: the body of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// How it is made.
    pub mechanism: String,
    /// What the planet is for.
    pub planet_class: String,
    /// Whether it is removed after the retention period.
    pub temporary: bool,
    /// How long it is kept, if it is temporary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_period_in_days: Option<u32>,
    /// What it is called.
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
}

/// What a backup is called.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Metadata {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether no other backup has this name.
    #[serde(skip)]
    pub is_unique: bool,
}

impl Metadata {
    fn is_empty(&self) -> bool {
        self.name.is_none() && self.description.is_none()
    }
}

/// A backup that was created, and whether it is certainly the one that was ordered.
pub struct Created {
    /// The backup.
    pub backup: Backup,
    /// Whether it is certainly this one.
    pub evidence: Evidence,
    /// When it was ordered by this machine's clock, in milliseconds since the Unix epoch.
    pub asked_ms: u64,
}

/// An authorized connection to the Database API. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    calls: HttpApi,
    place: Arc<Place>,
    /// How the service spells a star system's list, as far as that is known.
    list: Arc<Mutex<StarSystemList>>,
}

impl Api {
    /// A connection. Nothing is sent yet.
    #[must_use]
    pub fn new(
        http: Http,
        endpoint: Endpoint,
        tokens: Tokens,
        place: Place,
        list: StarSystemList,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let calls = HttpApi::new(http, endpoint, Arc::new(tokens), Arc::new(Bare), entropy)
            .repeating_by(RETRIES)
            .typing_bodies_only();
        Self { calls, place: Arc::new(place), list: Arc::new(Mutex::new(list)) }
    }

    /// The same, waiting so long for the answers of one call, if that is said.
    #[must_use]
    pub fn limited_to(self, limit: Option<Duration>) -> Self {
        Self { calls: self.calls.limited_to(limit), ..self }
    }

    /// Where the service is.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        self.calls.endpoint()
    }

    /// The tenant and star system of the client.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The clock that waits and time limits run by.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        self.calls.clock()
    }

    /// An instant of this machine's clock by the service's, as the last answer told it.
    #[must_use]
    pub fn by_the_service(&self, unix_ms: u64) -> u64 {
        unix_ms.saturating_add_signed(self.calls.clock_ahead_ms().unwrap_or_default().saturating_neg())
    }

    /// One backup.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn get(&self, star_system: &str, id: &str, purpose: Purpose, scope: &Scope) -> Result<Backup> {
        let segments = self.segments(star_system, &["backups", id]);
        let answer = self.calls.get_for(purpose, &segments, None, scope).await;
        Backup::from_value(answer.map_err(|error| not_found(error, Setting::Id))?)
    }

    /// The backups of a planet.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn list_of_planet(&self, star_system: &str, planet: &str, scope: &Scope) -> Result<Vec<Backup>> {
        let segments = self.segments(star_system, &["planets", planet, "backups"]);
        let answer = self.calls.get(&segments, None, scope).await;
        list_from_value(answer.map_err(|error| not_found(error, Setting::PlanetId))?)
    }

    /// The backups of a star system. Where the service does not know the path, the other spelling is tried, and the one
    /// that works is used from then on.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn list_of_star_system(&self, star_system: &str, scope: &Scope) -> Result<Vec<Backup>> {
        let known = *self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let error = match self.list_spelled(known, star_system, scope).await {
            Err(error) if leads_nowhere(&error) => error,
            answer => return answer,
        };
        match self.list_spelled(known.other(), star_system, scope).await {
            Ok(backups) => {
                *self.list.lock().unwrap_or_else(PoisonError::into_inner) = known.other();
                Ok(backups)
            }
            Err(other) if leads_nowhere(&other) => Err(not_found(error, Setting::StarSystemId)),
            Err(other) => Err(other),
        }
    }

    async fn list_spelled(&self, list: StarSystemList, star_system: &str, scope: &Scope) -> Result<Vec<Backup>> {
        let segments = self.segments(star_system, &[list.segment()]);
        list_from_value(self.calls.get(&segments, None, scope).await?)
    }

    /// Creates a backup of a planet: one request, never repeated. When its answer is lost, the backup is looked for.
    ///
    /// # Errors
    /// As the service answers; `Unsupported` for a snapshot that it refuses; `Ambiguous` when the answer is lost and the
    /// backup is not found.
    pub async fn create(&self, star_system: &str, planet: &str, order: &Order, scope: &Scope) -> Result<Created> {
        let list = GuidewireCommand::ListBackups { planet: planet.to_owned() };
        let change = Change {
            action: "create the backup",
            check: NextStep::text("list the backups of the planet with: ")
                .command(list.clone())
                .and("; create it again only if it is not there"),
        };
        let segments = self.segments(star_system, &["planets", planet, "backups"]);
        let search = Search { star_system, planet, order, asked_ms: self.clock().unix_ms() };
        let created = |(backup, evidence)| Created { backup, evidence, asked_ms: search.asked_ms };
        match self.calls.post(&segments, Some(order), change.clone(), scope).await {
            Ok(answer) => self.accepted(Accepted::from_value(answer), search, change, scope).await.map(created),
            Err(error) if error.kind() == Kind::Ambiguous => self.lost(error, search, scope).await.map(created),
            Err(error) => Err(refused(error, order, list)),
        }
    }

    /// What the service has accepted: the backup in its answer, or the one that the answer leads to.
    async fn accepted(
        &self,
        accepted: Accepted,
        search: Search<'_>,
        change: Change,
        scope: &Scope,
    ) -> Result<(Backup, Evidence)> {
        let told = |id: String| scope.report(Event::Accepted { what: "backup", id });
        let unread = match Backup::from_value(accepted.body) {
            Ok(backup) => {
                told(backup.id());
                return Ok((backup, Evidence::Strong));
            }
            Err(error) => error,
        };
        if let Some(id) = accepted.id {
            told(id.clone());
            let looked = self.get(search.star_system, &id, Purpose::Single, scope).await;
            let backup = looked.or_else(|error| {
                scope.cancel().check()?;
                scope.report(Event::verbose(format!("cannot get the status of the created backup: {error}")));
                Backup::known_by(&id, None)
            })?;
            return Ok((backup, Evidence::Strong));
        }
        let found = self.found(search, true, scope).await.unwrap_or_else(|error| {
            scope.report(Event::verbose(format!("cannot look for the created backup: {error}")));
            None
        });
        scope.cancel().check()?;
        let (backup, evidence) = found.ok_or_else(|| change.unclear(unread))?;
        told(backup.id());
        Ok((backup, evidence))
    }

    /// Looks for the backup of a request that was not answered.
    async fn lost(&self, lost: Error, search: Search<'_>, scope: &Scope) -> Result<(Backup, Evidence)> {
        if search.order.metadata.name.is_none() {
            let step = NextStep::text("with ").setting(Setting::UniqueName).and(" it would be found");
            return Err(lost.with_then(step));
        }
        scope.report(Event::info("no response to the request to create the backup; looking for it in the service"));
        for look in 0..LOOKS_FOR_A_LOST_BACKUP {
            if look > 0 {
                scope.cancel().run(self.clock().sleep(PAUSE_BETWEEN_LOOKS)).await?;
            }
            match self.found(search, false, scope).await {
                Ok(Some((backup, evidence))) => {
                    scope.report(Event::info(format!("the service has the backup: {}", backup.id())));
                    scope.report(Event::Accepted { what: "backup", id: backup.id() });
                    return Ok((backup, evidence));
                }
                Ok(None) => {}
                Err(error) if error.kind() == Kind::Cancelled => return Err(error),
                Err(error) => {
                    scope.report(Event::verbose(format!("cannot look for the backup: {error}")));
                }
            }
        }
        Err(lost)
    }

    /// The backup that a request has made, by its name and its start. `is_accepted` says that there is one: then the
    /// newest that fits is it, and none needs a name.
    async fn found(&self, search: Search<'_>, is_accepted: bool, scope: &Scope) -> Result<Option<(Backup, Evidence)>> {
        let backups = self.list_of_planet(search.star_system, search.planet, scope).await?;
        let Metadata { name, is_unique, .. } = &search.order.metadata;
        // The list's answer has told the service's time, if no other had.
        let since = self.by_the_service(search.asked_ms).saturating_sub(CLOCK_TOLERANCE_MS);
        let is_new = |backup: &Backup| backup.started_ms().is_some_and(|started| started >= since);
        let fits = |backup: &Backup| backup.name() == name.as_deref() && (*is_unique || is_new(backup));
        let mut fitting: Vec<Backup> = backups.into_iter().filter(fits).collect();
        // Of several that were begun since, nobody knows which one is ours.
        if fitting.len() > 1 && !is_accepted {
            return Ok(None);
        }
        fitting.sort_by_key(Backup::started_ms);
        let evidence = if *is_unique { Evidence::Strong } else { Evidence::Weak };
        Ok(fitting.pop().map(|backup| (backup, evidence)))
    }

    /// Deletes a backup: one request. Gives whether the service is still at it.
    ///
    /// # Errors
    /// As the service answers; `Ambiguous` when the answer is lost.
    pub async fn delete(&self, star_system: &str, id: &str, scope: &Scope) -> Result<bool> {
        let id_of = || id.to_owned();
        let change = Change {
            action: "delete the backup",
            check: NextStep::text("check whether it is still there with: ")
                .command(GuidewireCommand::GetBackup { id: id_of() }),
        };
        let segments = self.segments(star_system, &["backups", id]);
        let answer = self.calls.change(Method::Delete, &segments, None::<&()>, change, scope).await;
        answer.map(|answer| Accepted::from_value(answer).is_pending).map_err(|error| match error.kind() {
            Kind::Conflict => error.with_next_step(
                NextStep::text("if it is still being made, wait for it with: ")
                    .command(GuidewireCommand::WaitForBackup { id: id_of(), wait: Default::default() }),
            ),
            _ => not_found(error, Setting::Id),
        })
    }

    fn segments<'a>(&'a self, star_system: &'a str, below: &[&'a str]) -> Vec<&'a str> {
        let place = ["api", "v1", "tenants", &self.place.tenant, "starsystems", star_system];
        [&place, below].concat()
    }
}

/// A backup that is looked for.
#[derive(Clone, Copy)]
struct Search<'a> {
    star_system: &'a str,
    planet: &'a str,
    order: &'a Order,
    /// When it was ordered, by this machine's clock.
    asked_ms: u64,
}

/// Whether the service itself does not know the path of a request, or does not take the method there.
fn leads_nowhere(error: &Error) -> bool {
    error.kind() == Kind::NotFound || (error.kind() == Kind::Rejected && error.http_status() == Some(405))
}

/// The error of what is not found, with what may be wrong in the request's address.
fn not_found(error: Error, setting: Setting) -> Error {
    if !leads_nowhere(&error) || error.next_step().is_some() {
        return error;
    }
    let step = NextStep::text("check ");
    let step = match setting {
        Setting::StarSystemId => step,
        setting => step.setting(setting).and(", and "),
    };
    error.with_next_step(step.setting(Setting::TenantId).and(" and ").setting(Setting::StarSystemId))
}

/// The members of the request that the service may name in a refusal, and what they are for the caller.
const BODY: [(&str, Setting); 4] = [
    ("planetclass", Setting::PlanetClass),
    ("retentionperiodindays", Setting::RetentionDays),
    ("mechanism", Setting::Mechanism),
    ("metadata.name", Setting::Name),
];

/// The error of an order that the service refuses.
fn refused(error: Error, order: &Order, list: GuidewireCommand) -> Error {
    let is_invalid = matches!(error.http_status(), Some(400 | 422)) && error.kind() == Kind::Rejected;
    let is_snapshot = SNAPSHOTS.iter().any(|word| word.eq_ignore_ascii_case(&order.mechanism));
    if is_invalid && is_snapshot {
        return error.into_kind(Kind::Unsupported).with_retry(Retry::Never, None).with_next_step(
            NextStep::text("only planets that are alone on their database cluster permit snapshots: leave out ")
                .setting(Setting::Mechanism)
                .and(" for a logical backup"),
        );
    }
    if error.kind() == Kind::Conflict {
        return error.with_next_step(
            NextStep::text("another backup of the planet may be running: list them with: ")
                .command(list)
                .and("; try again when it has ended"),
        );
    }
    let says = |word: &str| error.texts().iter().any(|text| text.to_lowercase().contains(word));
    match BODY.iter().find(|(word, _)| is_invalid && says(word)) {
        Some((_, setting)) => error.with_next_step(NextStep::text("check ").setting(*setting)),
        None => not_found(error, Setting::PlanetId),
    }
}
