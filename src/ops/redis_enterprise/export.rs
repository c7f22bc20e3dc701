//! Exports: start, look, wait, reset.

use crate::base::error::{Error, Result};
use crate::base::limits::{PollingSeconds, TimeoutMinutes};
use crate::base::next_step::NextStep;
use crate::base::retry::Purpose;
use crate::base::time::BoxFuture;
use crate::export::handle;
use crate::export::provider::{Jobs, Provider};
use crate::export::record::JobRecord;
use crate::export::wait;
use crate::ops::client::{Operation, Session};
use crate::ops::job::check_service;
use crate::ops::resume::resumed;
use crate::redis_enterprise::commands::RedisCommand;
use crate::redis_enterprise::export_job::{RedisExports, RedisHandle, RedisJob};
use crate::redis_enterprise::request::{
    GetRedisExport, HANDLE, ResetRedisExport, StartRedisExport, Wait, WaitForRedisExport,
};

impl Operation for StartRedisExport {
    type Answer = JobRecord;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<JobRecord>> {
        Box::pin(async move {
            let api = session.redis_enterprise()?.api();
            let exports = RedisExports::new(api, self.uid, Some(self.order()?));
            let job = exports.start(session.scope).await?;
            let job = match self.wait {
                None => job,
                Some(wait) => {
                    wait::report_progress(&job, session.scope);
                    ended(session, &exports, job.handle, true, wait).await?
                }
            };
            JobRecord::unless_failed::<RedisExports>(job, self.allow_failed)
        })
    }
}

impl Operation for GetRedisExport {
    type Answer = JobRecord;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<JobRecord>> {
        Box::pin(async move {
            let account = session.redis_enterprise()?;
            let job = match (&self.handle, self.uid) {
                (Some(text), _) => {
                    check_service(&session, text)?;
                    let handle: RedisHandle = handle::from_text(HANDLE, text)?;
                    account.provider_of(&handle)?.refresh(&handle, Purpose::Single, session.scope).await?
                }
                (None, uid) => {
                    RedisExports::new(account.api(), uid.unwrap_or_default(), None).last(session.scope).await?
                }
            };
            JobRecord::of::<RedisExports>(job)
        })
    }
}

impl Operation for WaitForRedisExport {
    type Answer = JobRecord;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<JobRecord>> {
        Box::pin(async move {
            check_service(&session, &self.handle)?;
            let handle: RedisHandle = handle::from_text(HANDLE, &self.handle)?;
            let exports = session.redis_enterprise()?.provider_of(&handle)?;
            let job = ended(session, &exports, handle, false, self.wait).await?;
            JobRecord::unless_failed::<RedisExports>(job, self.allow_failed)
        })
    }
}

impl Operation for ResetRedisExport {
    type Answer = JobRecord;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<JobRecord>> {
        Box::pin(async move {
            let exports = RedisExports::new(session.redis_enterprise()?.api(), self.uid, None);
            exports.reset(session.scope).await?;
            JobRecord::of::<RedisExports>(exports.last(session.scope).await?)
        })
    }
}

/// Waits for an export. An error that leaves it running says how the wait is resumed, by the newest handle.
async fn ended(
    session: Session<'_>,
    exports: &RedisExports,
    mut handle: RedisHandle,
    known: bool,
    wait: Wait,
) -> Result<RedisJob> {
    let policy = wait.over(exports.waiting());
    let job = wait::wait(exports, &mut handle, known, policy, exports.clock(), session.scope).await;
    job.map_err(|error| resumable(error, known, &handle, wait))
}

fn resumable(error: Error, known: bool, handle: &RedisHandle, wait: Wait) -> Error {
    let Ok(handle) = handle::to_text(handle) else { return error };
    let step = NextStep::text("the export continues in the service; resume waiting with: ").command(
        RedisCommand::WaitForExport {
            handle,
            timeout_minutes: wait.timeout_minutes.map(TimeoutMinutes::get),
            polling_interval_seconds: wait.polling_interval_seconds.map(PollingSeconds::get),
        },
    );
    resumed(error, known, step)
}
