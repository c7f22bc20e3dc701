//! Carries a schedule out: starts tasks, waits for them, repeats what failed, stops everything at the end.
//!
//! The only place of this layer that consults the retry policy; single calls such as a commit go through it as a
//! schedule of one.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::concurrency::Concurrency;
use super::scheduler::{Next, Scheduler};
use crate::base::cancel::CancelToken;
use crate::base::entropy::Entropy;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::{Event, Sink};
use crate::base::retry::{RetryPolicy, reason};
use crate::base::time::{Clock, milliseconds};
use crate::transfer::task;

/// The pauses between tries. When tries end is for the schedule to say, which sees the whole transfer.
const PATIENT: RetryPolicy = RetryPolicy { attempts: u32::MAX, ..RetryPolicy::BLOB };

/// What a drive needs from outside.
#[derive(Clone, Copy)]
pub(crate) struct Runner<'a> {
    pub(crate) clock: &'a Arc<dyn Clock>,
    pub(crate) entropy: &'a Arc<dyn Entropy>,
    pub(crate) sink: &'a Arc<dyn Sink>,
    pub(crate) cancel: &'a CancelToken,
}

impl Runner<'_> {
    /// Works the schedule off. `label` names a range for people, `work` makes its task, `done` takes its result and
    /// tells the bytes it moved, `repeats` is told of each failed try that will be repeated. When this returns, no task is left, whatever the outcome.
    pub(crate) async fn run<T: Send + 'static, Task>(
        &self,
        scheduler: &mut Scheduler,
        label: impl Fn(usize) -> String,
        work: impl Fn(usize) -> Task,
        mut done: impl FnMut(usize, T) -> u64,
        mut repeats: impl FnMut(),
    ) -> Result<()>
    where
        Task: Future<Output = Result<T>> + Send + 'static,
    {
        let mut tasks: JoinSet<(usize, Result<T>)> = JoinSet::new();
        let outcome = loop {
            if let Err(error) = self.cancel.check() {
                break Err(error);
            }
            let until = match scheduler.next(self.clock.monotonic()) {
                Next::Start(index) => {
                    let task = work(index);
                    tasks.spawn(async move { (index, task.await) });
                    continue;
                }
                Next::Wait(until) => until,
                Next::Done => break Ok(()),
                Next::Failed(error) => break Err(error),
            };
            let finished = match self.cancel.run(self.wait(&mut tasks, until)).await {
                Ok(finished) => finished,
                Err(error) => break Err(error),
            };
            match finished {
                None => {}
                Some(Err(error)) => break Err(task::lost(error)),
                Some(Ok((index, Ok(value)))) => {
                    let bytes = done(index, value);
                    scheduler.succeeded(index, bytes, self.clock.monotonic());
                }
                Some(Ok((index, Err(error)))) => self.handle_failure(scheduler, index, error, &label, &mut repeats),
            }
        };
        tasks.shutdown().await;
        outcome
    }

    /// One call, repeated by the same rules, and how often it was repeated.
    pub(crate) async fn call<T: Send + 'static, Task>(&self, what: &str, work: impl Fn() -> Task) -> Result<(T, u64)>
    where
        Task: Future<Output = Result<T>> + Send + 'static,
    {
        let mut scheduler = Scheduler::new([0], Concurrency::fixed(1));
        let mut result = None;
        self.run(
            &mut scheduler,
            |_| what.to_owned(),
            |_| work(),
            |_, value| {
                result = Some(value);
                0
            },
            || {},
        )
        .await?;
        let value = result.ok_or_else(|| Error::new(Kind::Internal, format!("{what} returned no result")))?;
        Ok((value, scheduler.retries()))
    }

    async fn wait<T: 'static>(
        &self,
        tasks: &mut JoinSet<T>,
        until: Option<Duration>,
    ) -> Option<std::result::Result<T, tokio::task::JoinError>> {
        let Some(until) = until else { return tasks.join_next().await };
        let pause = self.clock.sleep(until.saturating_sub(self.clock.monotonic()));
        if tasks.is_empty() {
            pause.await;
            return None;
        }
        tokio::select! {
            biased;
            finished = tasks.join_next() => finished,
            () = pause => None,
        }
    }

    /// Decides about a failed try.
    fn handle_failure(
        &self,
        scheduler: &mut Scheduler,
        index: usize,
        error: Error,
        label: &impl Fn(usize) -> String,
        repeats: &mut impl FnMut(),
    ) {
        let attempt = scheduler.attempt(index);
        let pause = PATIENT.pause(attempt, &error, self.entropy.bits());
        let reason = reason(&error, pause.unwrap_or_default());
        let now = self.clock.monotonic();
        let pause = pause.filter(|_| !scheduler.gives_up(index, RetryPolicy::BLOB.attempts, now));
        let report = scheduler.failed(index, error, pause.map(|pause| now + pause), now);
        if let Some(pause) = pause.filter(|_| report) {
            let delay_ms = milliseconds(pause);
            // What a transfer lacks is seen in its figures.
            self.sink.event(Event::Retrying { what: label(index), attempt, delay_ms, reason, warns: false });
        }
        if pause.is_some() {
            repeats();
        }
    }
}
