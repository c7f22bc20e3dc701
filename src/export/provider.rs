//! What a service that exports databases must offer.

use super::handle::JobHandle;
use super::job::Job;
use crate::base::error::Result;
use crate::base::next_step::NextStep;
use crate::base::retry::Purpose;
use crate::base::scope::Scope;
use crate::base::time::BoxFuture;

/// A service that exports databases, bound to what is to be exported.
pub trait Provider: Send + Sync {
    /// How this service's jobs are found again.
    type Handle: JobHandle;

    /// The service's own object of a job.
    type Object: Send + Sync;

    /// Starts a job: one request that is never repeated silently.
    fn start<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<JobOf<Self>>>;

    /// Looks at a job again: one round trip. The job that it gives has the newest handle, which may tell more than the one
    /// that was given.
    fn refresh<'a>(
        &'a self,
        handle: &'a Self::Handle,
        purpose: Purpose,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<JobOf<Self>>>;

    /// What to do about a job in a state whose word is not known.
    fn unknown_state(&self) -> NextStep;
}

/// A job at the service of a provider.
pub type JobOf<P> = Job<<P as Provider>::Handle, <P as Provider>::Object>;
