//! Waits for a job, whoever provides it.

use std::time::Duration;

use super::job::{Job, JobState};
use super::provider::{JobOf, Provider};
use crate::base::error::{Error, Kind, Result};
use crate::base::event::{Event, Phase, Progress};
use crate::base::retry::Purpose;
use crate::base::scope::Scope;
use crate::base::time::Clock;
use crate::wait::{Step, WaitPolicy, poll};

/// How often a job may say that it has succeeded before its artifact must be there (export job model, section 3,
/// rule 4).
const POLLS_WITHOUT_ARTIFACT: u32 = 3;

/// Waits until a job has ended, well or badly. `known` says that the service has just accepted it. `handle` becomes the
/// newest one that the service has given, by which an interrupted wait is resumed.
///
/// # Errors
/// `Timeout`, `Cancelled`, or the last failure of too many (see [`poll`]); `Protocol` when it has succeeded and yields
/// nothing. A job that failed or expired is no error here: see [`Job::failure`](super::job::Job).
pub async fn wait<P: Provider>(
    provider: &P,
    handle: &mut P::Handle,
    known: bool,
    policy: WaitPolicy,
    clock: &dyn Clock,
    scope: &Scope,
) -> Result<JobOf<P>> {
    // The first pause is for a job that was just started; another one may have ended long ago.
    let first_delay = if known { policy.first_delay } else { Duration::ZERO };
    let policy = WaitPolicy { first_delay, ..policy };
    let first = handle.clone();
    let mut polls_without_artifact = 0;
    let mut last_status = String::new();
    let ended = poll(
        clock,
        policy,
        known,
        scope,
        |last: Option<&JobOf<P>>| {
            let handle = last.map_or_else(|| first.clone(), |job| job.handle.clone());
            Box::pin(async move { provider.refresh(&handle, Purpose::Wait, scope).await })
        },
        |job: &JobOf<P>, timing| {
            handle.clone_from(&job.handle);
            last_status.clone_from(&job.raw_status);
            let lacks_artifact = job.state == JobState::Succeeded && job.artifact.is_none();
            polls_without_artifact += u32::from(lacks_artifact);
            let is_last = job.state.is_final() && (!lacks_artifact || polls_without_artifact == POLLS_WITHOUT_ARTIFACT);
            let mut progress = progress(job);
            timing.mark(&mut progress, is_last);
            scope.report(Event::Progress(progress));
            // Once a look, in the original's words (spec 4.1).
            scope.report(Event::verbose(format!("{} status: {}.", capitalised(P::NOUN), job.raw_status)));
            if is_last && lacks_artifact {
                return Err(Error::new(
                    Kind::Protocol,
                    format!("the export of {} succeeded, but the service returned no download link", job.subject),
                ));
            }
            Ok(match job.state {
                JobState::Unknown => {
                    Step::Unknown { status: job.raw_status.clone(), next_step: provider.unknown_state() }
                }
                _ if is_last => Step::Done,
                _ => Step::Continue,
            })
        },
    );
    ended.await.map_err(|error| match error.kind() {
        Kind::Timeout if !last_status.is_empty() => {
            error.context(format!("timed out waiting for the {} (status: {last_status})", P::NOUN))
        }
        Kind::Cancelled => error.context(format!("stopped waiting for the {}", P::NOUN)),
        _ => error.context(format!("while waiting for the {}", P::NOUN)),
    })
}

fn capitalised(noun: &str) -> String {
    let mut letters = noun.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// How far a job is, also as the answer of the request that was accepted tells it.
pub fn report_progress<Handle, Object>(job: &Job<Handle, Object>, scope: &Scope) {
    scope.report(Event::Progress(progress(job)));
}

fn progress<Handle, Object>(job: &Job<Handle, Object>) -> Progress {
    let mut progress = Progress::new(Phase::Waiting, &job.subject);
    progress.status = Some(job.raw_status.clone());
    progress.percent = job.progress.map(percent);
    progress
}

fn percent(part: f64) -> u8 {
    (part.clamp(0.0, 1.0) * 100.0) as u8
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::base::next_step::NextStep;
    use crate::base::secret::SafeUrl;
    use crate::base::time::BoxFuture;
    use crate::export::artifact::Artifact;
    use crate::export::handle::JobHandle;
    use crate::export::provider::Capabilities;

    /// A clock by which everything takes no time.
    struct Still;

    impl Clock for Still {
        fn unix_ms(&self) -> u64 {
            0
        }
        fn monotonic(&self) -> Duration {
            Duration::ZERO
        }
        fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
            Box::pin(std::future::ready(()))
        }
    }

    /// How often a job was seen.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Seen(u32);

    impl JobHandle for Seen {
        const SERVICE: &'static str = "scripted";
        const PREFIX: &'static str = "s";

        fn address(&self) -> Option<&str> {
            None
        }
    }

    /// What a job is at each look, whether there is a link then, or nothing where the request fails.
    struct Scripted(Mutex<Vec<Option<(JobState, bool)>>>);

    impl Provider for Scripted {
        type Handle = Seen;
        type Object = ();
        const NOUN: &'static str = "export";
        const CAPABILITIES: Capabilities = Capabilities::NONE;

        fn clock(&self) -> &dyn Clock {
            &Still
        }

        fn start<'a>(&'a self, _: &'a Scope) -> BoxFuture<'a, Result<Job<Seen, ()>>> {
            Box::pin(async { Err(Error::new(Kind::Unsupported, "not part of this test")) })
        }

        fn refresh<'a>(&'a self, handle: &'a Seen, _: Purpose, _: &'a Scope) -> BoxFuture<'a, Result<Job<Seen, ()>>> {
            let next = self.0.lock().unwrap().remove(0);
            let url = SafeUrl::parse("link", "https://host/bacpacs/a.bacpac?sig=x").unwrap();
            Box::pin(async move {
                let (state, linked) = next.ok_or_else(|| Error::new(Kind::Unavailable, "503"))?;
                let status = format!("{state:?}");
                let artifact = linked.then_some(Artifact::Link { url });
                let job = Job::new(Seen(handle.0 + 1), state, &status, "epicms (Production)".into(), ());
                Ok(Job { artifact, ..job })
            })
        }

        fn unknown_state(&self) -> NextStep {
            "look at it".into()
        }
    }

    /// The outcome, the looks that were not needed, and the newest handle.
    async fn played(script: &[Option<(JobState, bool)>]) -> (Result<Job<Seen, ()>>, usize, Seen) {
        let provider = Scripted(Mutex::new(script.to_vec()));
        let policy = WaitPolicy { interval: Duration::ZERO, ..WaitPolicy::default() };
        let mut handle = Seen(0);
        let job = wait(&provider, &mut handle, true, policy, &Still, &Scope::silent()).await;
        let left = provider.0.lock().unwrap().len();
        (job, left, handle)
    }

    async fn run(script: &[(JobState, bool)]) -> (Result<Job<Seen, ()>>, usize) {
        let (job, left, _) = played(&script.iter().copied().map(Some).collect::<Vec<_>>()).await;
        (job, left)
    }

    /// A job is looked at by what the last look has given, which also says how to resume.
    #[tokio::test]
    async fn the_newest_handle_is_used_and_left_behind() {
        use JobState as S;
        let running = Some((S::Running, false));
        let (job, _, handle) = played(&[running, running, Some((S::Succeeded, true))]).await;
        assert_eq!((job.unwrap().handle, handle), (Seen(3), Seen(3)));
        let failing = [[running, running].to_vec(), vec![None; 10]].concat();
        let (job, _, handle) = played(&failing).await;
        assert_eq!((job.unwrap_err().kind(), handle), (Kind::Unavailable, Seen(2)));
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
}
