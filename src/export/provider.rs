//! What a service that exports databases must offer, and what it may.

use serde::Serialize;

use super::handle::JobHandle;
use super::job::Job;
use crate::base::error::{Error, Kind, Result};
use crate::base::next_step::NextStep;
use crate::base::retry::Purpose;
use crate::base::scope::Scope;
use crate::base::time::{BoxFuture, Clock};
use crate::wait::WaitPolicy;

/// What a service offers beyond starting a job and looking at it (export job model, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Capabilities {
    /// The jobs of one database or planet can be listed.
    pub list: bool,
    /// A job's result can be deleted.
    pub delete: bool,
    /// What is said of the last job can be cleared.
    pub reset: bool,
    /// The result is a file to download.
    pub download: bool,
    /// The service tells how far a job is.
    pub progress: bool,
    /// The caller chooses how long the result is kept.
    pub retention: bool,
}

impl Capabilities {
    /// Nothing beyond starting a job and looking at it.
    pub const NONE: Self =
        Self { list: false, delete: false, reset: false, download: false, progress: false, retention: false };
}

/// A service that exports databases, bound to what is to be exported.
pub trait Provider: Send + Sync {
    /// How this service's jobs are found again.
    type Handle: JobHandle;

    /// The service's own object of a job.
    type Object: Serialize + Send + Sync;

    /// What a job is called at this service.
    const NOUN: &'static str;

    /// What the service offers.
    const CAPABILITIES: Capabilities;

    /// How the service is asked while somebody waits, unless they say how.
    fn waiting(&self) -> WaitPolicy {
        WaitPolicy::default()
    }

    /// The clock that waits run by.
    fn clock(&self) -> &dyn Clock;

    /// Starts a job: one request that is never repeated silently.
    fn start<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<JobOf<Self>>>;

    /// Looks at a job again: one round trip where possible. The job that it gives has the newest handle, which may tell
    /// more than the one that was given.
    fn refresh<'a>(
        &'a self,
        handle: &'a Self::Handle,
        purpose: Purpose,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<JobOf<Self>>>;

    /// The jobs that the service knows.
    fn list<'a>(&'a self, _: &'a Scope) -> BoxFuture<'a, Result<Vec<JobOf<Self>>>> {
        lacking("list", Self::NOUN)
    }

    /// Deletes what a job has made.
    fn delete<'a>(&'a self, _: &'a Self::Handle, _: &'a Scope) -> BoxFuture<'a, Result<()>> {
        lacking("delete", Self::NOUN)
    }

    /// Clears what the service says of the last job.
    fn reset<'a>(&'a self, _: &'a Scope) -> BoxFuture<'a, Result<()>> {
        lacking("reset", Self::NOUN)
    }

    /// What to do about a job in a state whose word is not known.
    fn unknown_state(&self) -> NextStep;
}

/// Refuses what a service does not offer, without a request.
fn lacking<'a, T: Send + 'a>(action: &str, noun: &str) -> BoxFuture<'a, Result<T>> {
    let error = Error::new(Kind::Unsupported, format!("this service cannot {action} the {noun} of a database"));
    Box::pin(std::future::ready(Err(error)))
}

/// A job at the service of a provider.
pub type JobOf<P> = Job<<P as Provider>::Handle, <P as Provider>::Object>;

/// An account whose jobs are found again by their handles.
pub trait Jobs {
    /// What looks at them.
    type Provider: Provider;

    /// The provider of the job with this handle.
    ///
    /// # Errors
    /// `NotConfigured` where the account lacks something; `InvalidArgument` naming `handle` when the job is of another
    /// account or address.
    fn provider_of(&self, handle: &<Self::Provider as Provider>::Handle) -> Result<Self::Provider>;
}
