//! Jobs of any service, by the handle that their start gave.

use super::client::{Account, Operation, Service, Session};
use super::row::{CatalogRow, row};
use super::services::services;
use crate::base::error::{Error, Result};
use crate::base::retry::Purpose;
use crate::base::time::BoxFuture;
use crate::document::wait::Wait;
use crate::document::{Checked, request};
use crate::export::handle::{self, JobHandle};
pub use crate::export::job::{Evidence, Instant, JobState, Source, Times};
use crate::export::provider::{Jobs, Provider};
pub use crate::export::record::JobRecord;
use crate::export::wait;

/// The operations on jobs of any service.
pub(super) static ROWS: &[CatalogRow] = &[
    row::<GetJob>("job.get", "Gets an export job of any service by its handle."),
    row::<WaitForJob>("job.wait", "Waits for an export job of any service by its handle."),
];

/// The member that holds the handle.
const HANDLE: &str = "handle";

request! {
    /// `job.get`: one job.
    GetJob {
        /// The handle that the start of the job gave.
        handle: String,
    }
}

request! {
    /// `job.wait`: waits for a job.
    WaitForJob {
        /// The handle that the start of the job gave.
        handle: String,
        /// How to wait.
        #[serde(default)]
        wait: Wait,
        /// Give back a job that has failed, or whose result has expired, instead of an error.
        #[serde(default)]
        allow_failed: bool,
    }
}

impl Checked for GetJob {
    fn check(&self) -> Result<()> {
        service_of(&self.handle).map(drop)
    }
}

impl Checked for WaitForJob {
    fn check(&self) -> Result<()> {
        service_of(&self.handle).map(drop)
    }
}

impl Operation for GetJob {
    type Answer = JobRecord;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<JobRecord>> {
        Box::pin(async move { look(session, &self.handle, None, true).await })
    }
}

impl Operation for WaitForJob {
    type Answer = JobRecord;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<JobRecord>> {
        Box::pin(async move { look(session, &self.handle, Some(self.wait), self.allow_failed).await })
    }
}

/// Declares what asks the service of the client.
macro_rules! dispatch {
    ($($(#[$doc:meta])* $variant:ident, $room:ident, $name:literal;)*) => {
        /// The service of a handle.
        ///
        /// # Errors
        /// `InvalidArgument` naming `handle` when it is none.
        pub fn service_of(handle: &str) -> Result<Service> {
            let prefix = handle::prefix_of(HANDLE, handle)?;
            let known = [$((HandleOf::<crate::$room::account::Account>::PREFIX, Service::$variant),)*];
            match known.iter().find(|(known, _)| *known == prefix) {
                Some((_, service)) => Ok(*service),
                None => Err(handle::unreadable(HANDLE, handle)),
            }
        }

        async fn look(session: Session<'_>, text: &str, wait: Option<Wait>, allow_failed: bool) -> Result<JobRecord> {
            check_service(&session, text)?;
            match session.account() {
                $(Account::$variant(account) => look_at(account, session, text, wait, allow_failed).await,)*
            }
        }
    };
}
services!(dispatch);

/// Checks that a handle is of the service that the client is for.
///
/// # Errors
/// `InvalidArgument` naming `handle` when it is of another one, or none.
pub(super) fn check_service(session: &Session<'_>, handle: &str) -> Result<()> {
    let (service, own) = (service_of(handle)?, session.service());
    if service == own {
        return Ok(());
    }
    Err(Error::invalid(HANDLE, format!("is of the service '{service}', but the client is for the service '{own}'")))
}

type HandleOf<J> = <<J as Jobs>::Provider as Provider>::Handle;

async fn look_at<J: Jobs>(
    jobs: &J,
    session: Session<'_>,
    text: &str,
    wait: Option<Wait>,
    allow_failed: bool,
) -> Result<JobRecord> {
    let mut handle: HandleOf<J> = handle::from_text(HANDLE, text)?;
    let provider = jobs.provider_of(&handle)?;
    let job = match wait {
        None => provider.refresh(&handle, Purpose::Single, session.scope).await?,
        Some(wait) => {
            let policy = wait.over(provider.waiting());
            wait::wait(&provider, &mut handle, false, policy, provider.clock(), session.scope).await?
        }
    };
    JobRecord::unless_failed::<J::Provider>(job, allow_failed)
}
