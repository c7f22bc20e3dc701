//! Handlers of the verbs of backups.

use super::resume;
use crate::base::error::Result;
use crate::base::event::Event;
use crate::base::given;
use crate::base::limits::RetentionDays;
use crate::base::retry::Purpose;
use crate::base::time::BoxFuture;
use crate::export::job::Evidence;
use crate::export::provider::Provider;
use crate::export::record::JobRecord;
use crate::export::wait;
use crate::guidewire::api::{Metadata, Order};
use crate::guidewire::contract::{LOGICAL, SNAPSHOTS};
use crate::guidewire::export_job::{Backups, GuidewireHandle, GuidewireJob};
use crate::guidewire::request::{
    ConnectGuidewire, ConnectedGuidewire, CreateBackup, DeleteBackup, GetBackup, ListBackups, Wait, WaitForBackup,
};
use crate::ops::client::{Operation, Session};

impl Operation for ConnectGuidewire {
    type Answer = ConnectedGuidewire;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<ConnectedGuidewire>> {
        Box::pin(async move {
            let account = session.guidewire()?;
            let place = account.api().place();
            let backups = account.api().list_of_star_system(&place.star_system, session.scope).await?;
            Ok(ConnectedGuidewire {
                tenant_id: place.tenant.clone(),
                star_system_id: place.star_system.clone(),
                client_id: account.client_id().to_owned(),
                endpoint: account.api().endpoint().to_string(),
                backups: backups.len(),
            })
        })
    }
}

impl CreateBackup {
    /// What is sent, after the checks that need the account.
    fn order(&self, session: Session<'_>) -> Result<Order> {
        let account = session.guidewire()?;
        let retention = self.retention_days.map(RetentionDays::get);
        retention.map_or(Ok(()), |days| account.check_retention(days))?;
        let mechanism = self.mechanism.as_deref().map_or(LOGICAL, given::trimmed);
        if mechanism != LOGICAL && !SNAPSHOTS.contains(&mechanism) {
            let known = [&[LOGICAL], &SNAPSHOTS[..]].concat().join(", ");
            let text = format!("the mechanism '{mechanism}' is not one of those known to this version ({known})");
            session.scope.report(Event::Warning { text });
        }
        Ok(Order {
            mechanism: mechanism.to_owned(),
            planet_class: given::trimmed(&self.planet_class).to_owned(),
            temporary: !self.permanent,
            retention_period_in_days: retention,
            metadata: Metadata {
                name: self.full_name(|| account.suffix()),
                description: self.description.clone(),
                is_unique: self.unique_name,
            },
        })
    }
}

impl Operation for CreateBackup {
    type Answer = JobRecord;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<JobRecord>> {
        Box::pin(async move {
            let order = self.order(session)?;
            let planet = given::trimmed(&self.planet_id);
            let backups = Backups { order: Some(order), ..Backups::of(session.guidewire()?, Some(planet)) };
            let started = backups.start(session.scope).await?;
            if started.evidence == Evidence::Weak {
                let text = format!(
                    "the service did not say which backup it created; backup {} has the name and was begun since",
                    started.handle.id
                );
                session.scope.report(Event::Warning { text });
            }
            let Some(wait) = self.wait else { return JobRecord::unless_failed::<Backups>(started, self.allow_failed) };
            wait::report_progress(&started, session.scope);
            let (mut handle, requested) = (started.handle, started.times.requested);
            let mut job = wait_for(session, &backups, &mut handle, true, wait).await?;
            job.times.requested = requested;
            JobRecord::unless_failed::<Backups>(job, self.allow_failed)
        })
    }
}

impl Operation for GetBackup {
    type Answer = JobRecord;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<JobRecord>> {
        Box::pin(async move {
            let backups = Backups::of(session.guidewire()?, None);
            let handle = backups.handle(given::trimmed(&self.id));
            JobRecord::unless_failed::<Backups>(backups.refresh(&handle, Purpose::Single, session.scope).await?, true)
        })
    }
}

impl Operation for ListBackups {
    type Answer = Vec<JobRecord>;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<Vec<JobRecord>>> {
        Box::pin(async move {
            let planet = self.planet_id.as_deref().map(given::trimmed);
            let jobs = Backups::of(session.guidewire()?, planet).list(session.scope).await?;
            jobs.into_iter().map(JobRecord::of::<Backups>).collect()
        })
    }
}

impl Operation for WaitForBackup {
    type Answer = JobRecord;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<JobRecord>> {
        Box::pin(async move {
            let backups = Backups::of(session.guidewire()?, None);
            let mut handle = backups.handle(given::trimmed(&self.id));
            let job = wait_for(session, &backups, &mut handle, false, self.wait).await?;
            JobRecord::unless_failed::<Backups>(job, self.allow_failed)
        })
    }
}

impl Operation for DeleteBackup {
    type Answer = JobRecord;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<JobRecord>> {
        Box::pin(async move {
            let backups = Backups::of(session.guidewire()?, None);
            let handle = backups.handle(given::trimmed(&self.id));
            JobRecord::unless_failed::<Backups>(backups.remove(&handle, self.if_exists, session.scope).await?, true)
        })
    }
}

async fn wait_for(
    session: Session<'_>,
    backups: &Backups,
    handle: &mut GuidewireHandle,
    known: bool,
    wait: Wait,
) -> Result<GuidewireJob> {
    let policy = wait.over(backups.waiting());
    let waited = wait::wait(backups, handle, known, policy, backups.clock(), session.scope).await;
    // Whatever was seen of it once, the service has.
    waited.map_err(|error| resume::waiting(error, known || handle.reached.is_some(), handle, wait))
}
