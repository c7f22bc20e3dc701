//! Drives a job to its end: waits for it, and fetches what it yields. Knows no provider.

use crate::api::call::Look;
use crate::api::poll::{Schedule, Step, poll};
use crate::base::error::{Error, Kind, Result};
use crate::base::event::{Event, Phase, Progress};
use crate::base::scope::Scope;
use crate::base::time::Clock;

use super::job::{Handle, Job, JobState};
use super::provider::Provider;

/// How often a job may say that it has succeeded before its artifact must be there (export job model, section 3,
/// rule 4).
const LOOKS_WITHOUT_ARTIFACT: u32 = 3;

/// Waits until a job has ended, well or badly. `known` says that the service has just accepted it.
///
/// # Errors
/// `Timeout`, `Cancelled`, or the last failure of too many (see [`poll`]); `Protocol` when it has succeeded and yields
/// nothing. A job that failed or expired is no error here: see [`Job::failure`].
pub async fn wait(
    provider: &dyn Provider,
    handle: &Handle,
    known: bool,
    schedule: Schedule,
    clock: &dyn Clock,
    scope: &Scope,
) -> Result<Job> {
    let mut looks_without_artifact = 0;
    let mut last_status = String::new();
    let ended = poll(
        clock,
        schedule,
        known,
        scope,
        || provider.refresh(handle, Look::OfAWait, scope),
        |job: &Job, look| {
            last_status.clone_from(&job.raw_status);
            let lacks_artifact = job.state == JobState::Succeeded && job.artifact.is_none();
            looks_without_artifact += u32::from(lacks_artifact);
            let is_last = job.state.is_final() && (!lacks_artifact || looks_without_artifact == LOOKS_WITHOUT_ARTIFACT);
            let mut progress = progress(job);
            look.mark(&mut progress, is_last);
            scope.report(Event::Progress(progress));
            // Once a look, in the original's words (spec 4.1).
            scope.report(Event::verbose(format!("Export status: {}.", job.raw_status)));
            if is_last && lacks_artifact {
                return Err(Error::new(
                    Kind::Protocol,
                    format!("the export of {} succeeded, but the service returned no download link", job.subject),
                ));
            }
            Ok(match job.state {
                JobState::Unknown => Step::Unknown(job.raw_status.clone()),
                _ if is_last => Step::End,
                _ => Step::GoOn,
            })
        },
    );
    ended.await.map_err(|error| match error.kind() {
        Kind::Timeout if !last_status.is_empty() => {
            error.context(format!("timed out waiting for the export (status: {last_status})"))
        }
        Kind::Cancelled => error.context("stopped waiting for the export"),
        _ => error.context("while waiting for the export"),
    })
}

/// How far a job is, also as the answer of the request that was accepted tells it.
pub fn report_progress(job: &Job, scope: &Scope) {
    scope.report(Event::Progress(progress(job)));
}

fn progress(job: &Job) -> Progress {
    let mut progress = Progress::new(Phase::Waiting, &job.subject);
    progress.status = Some(job.raw_status.clone());
    progress
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::json;

    use super::*;
    use crate::base::model::document::Document;
    use crate::base::secret::SafeUrl;
    use crate::base::time::BoxFuture;
    use crate::export::job::Artifact;
    use crate::transport::machine::SystemClock;

    struct Scripted(Mutex<Vec<(JobState, bool)>>);

    impl Provider for Scripted {
        fn start<'a>(&'a self, _: &'a Scope) -> BoxFuture<'a, Result<Job>> {
            Box::pin(async { Err(Error::new(Kind::Unsupported, "not part of this test")) })
        }
        fn refresh<'a>(&'a self, handle: &'a Handle, _: Look, _: &'a Scope) -> BoxFuture<'a, Result<Job>> {
            let (state, linked) = self.0.lock().unwrap().remove(0);
            let url = SafeUrl::parse("link", "https://host/bacpacs/a.bacpac?sig=x").unwrap();
            Box::pin(async move {
                Ok(Job {
                    handle: handle.clone(),
                    state,
                    raw_status: format!("{state:?}"),
                    subject: "epicms (Production)".into(),
                    artifact: linked.then_some(Artifact::Link { url }),
                    document: Document::from_value("x", json!({})).unwrap(),
                })
            })
        }
    }

    async fn run(script: &[(JobState, bool)]) -> (Result<Job>, usize) {
        let provider = Scripted(Mutex::new(script.to_vec()));
        let [project, environment, database, id] = ["p", "e", "d", "i"].map(str::to_owned);
        let handle = Handle::Dxp { project, environment, database, id };
        let schedule = Schedule { interval: std::time::Duration::ZERO, ..Schedule::default() };
        let job = wait(&provider, &handle, true, schedule, &SystemClock::default(), &Scope::silent()).await;
        let left = provider.0.lock().unwrap().len();
        (job, left)
    }

    #[tokio::test]
    async fn only_final_states_end_the_wait() {
        use JobState as S;
        for last in [(S::Succeeded, true), (S::Failed, false), (S::Expired, false)] {
            let (job, left) = run(&[(S::Queued, false), (S::Running, false), last]).await;
            assert_eq!((job.unwrap().state, left), (last.0, 0));
        }
    }

    #[tokio::test]
    async fn success_without_a_link_is_looked_at_three_times() {
        use JobState as S;
        let (job, _) = run(&[(S::Succeeded, false), (S::Succeeded, false), (S::Succeeded, true)]).await;
        assert!(job.unwrap().into_artifact().is_ok());
        let (job, left) =
            run(&[(S::Succeeded, false), (S::Succeeded, false), (S::Succeeded, false), (S::Succeeded, true)]).await;
        assert_eq!((job.unwrap_err().kind(), left), (Kind::Protocol, 1));
    }

    #[tokio::test]
    async fn failed_and_expired_are_told_apart() {
        let (failed, _) = run(&[(JobState::Failed, false)]).await;
        let (expired, _) = run(&[(JobState::Expired, false)]).await;
        assert_eq!(failed.unwrap().into_artifact().unwrap_err().kind(), Kind::JobFailed);
        assert_eq!(expired.unwrap().into_artifact().unwrap_err().kind(), Kind::LinkExpired);
    }
}
