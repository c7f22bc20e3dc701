//! What a service that exports databases must offer.

use super::job::{Handle, Job};
use crate::http_api::retry::Purpose;
use crate::base::error::Result;
use crate::base::scope::Scope;
use crate::base::time::BoxFuture;

/// A service that exports databases, bound to what is to be exported.
pub trait Provider: Send + Sync {
    /// Starts a job: one request that is never repeated silently.
    fn start<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Job>>;

    /// Looks at a job again: one round trip.
    fn refresh<'a>(&'a self, handle: &'a Handle, purpose: Purpose, scope: &'a Scope) -> BoxFuture<'a, Result<Job>>;
}
