//! The one loop that asks again until something has ended: deployments and exports wait through it.
//!
//! It begins with a request at once (a wait by id may find that all is over) and pauses between requests. A failed
//! request does not end a wait, because hours of work in the service do not depend on one answer; ten in a row do.

use std::time::Duration;

use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::event::Event;
use crate::base::scope::Scope;
use crate::base::time::{BoxFuture, Clock, spoken};

/// How to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// The pause between two requests.
    pub interval: Duration,
    /// The longest wait in all; none unless asked, because exports take hours and sometimes days.
    pub limit: Option<Duration>,
    /// Failed requests in a row that are put up with.
    pub tolerated_failures: u32,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { interval: Duration::from_secs(30), limit: None, tolerated_failures: 9 }
    }
}

/// What to do after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Ask again after the pause.
    GoOn,
    /// It has ended.
    End,
}

/// Asks until `look` says that it has ended, and gives the last answer.
///
/// `known` says that what is waited for is known to exist, because the service has just accepted it: then even an
/// answer such as 404 is taken for a passing fault. Otherwise a final error of the first request ends the wait, so
/// that nobody waits for a mistyped id.
///
/// # Errors
/// `Cancelled`; `Timeout` when the limit has passed (it goes on in the service); the last request's error after too
/// many failures in a row; whatever `look` returns.
pub async fn poll<'a, T>(
    clock: &dyn Clock,
    schedule: Schedule,
    known: bool,
    scope: &Scope,
    mut ask: impl FnMut() -> BoxFuture<'a, Result<T>>,
    mut look: impl FnMut(&T) -> Result<Step>,
) -> Result<T> {
    let started = clock.monotonic();
    let mut failures = 0;
    let mut answered = known;
    loop {
        // The pause that the service asked for after its last answer.
        let mut asked = Duration::ZERO;
        let outcome = match remaining(clock, started, schedule.limit) {
            None => scope.cancel().run(ask()).await?,
            Some(left) => {
                let expiry = async {
                    tokio::select! { biased; outcome = ask() => Some(outcome), () = clock.sleep(left) => None }
                };
                scope.cancel().run(expiry).await?.ok_or_else(|| timed_out(schedule.limit))?
            }
        };
        match outcome {
            Ok(answer) => {
                failures = 0;
                answered = true;
                if look(&answer)? == Step::End {
                    return Ok(answer);
                }
            }
            Err(error) if error.kind() == Kind::Cancelled => return Err(error),
            Err(error) => {
                failures += 1;
                asked = error.retry_after().unwrap_or_default();
                if failures > schedule.tolerated_failures || (!answered && error.retry() == Retry::Never) {
                    return Err(error.after_attempts(failures));
                }
                scope.report(Event::Retrying {
                    what: "the status request".to_owned(),
                    attempt: failures,
                    delay_ms: u64::try_from(schedule.interval.max(asked).as_millis()).unwrap_or(u64::MAX),
                    reason: error.to_string(),
                });
            }
        }
        let wanted = schedule.interval.max(asked);
        // A limit that ends within the pause is not waited out: nothing would be asked after it.
        let pause = match remaining(clock, started, schedule.limit) {
            Some(left) if left < wanted => left,
            _ => wanted,
        };
        scope.cancel().run(clock.sleep(pause)).await?;
        if remaining(clock, started, schedule.limit).is_some_and(|left| left.is_zero()) {
            return Err(timed_out(schedule.limit));
        }
    }
}

fn remaining(clock: &dyn Clock, started: Duration, limit: Option<Duration>) -> Option<Duration> {
    limit.map(|limit| limit.saturating_sub(clock.monotonic().saturating_sub(started)))
}

fn timed_out(limit: Option<Duration>) -> Error {
    let limit = limit.unwrap_or_default();
    Error::new(
        Kind::Timeout,
        format!("the time limit of {} has passed; the operation goes on in the service", spoken(limit)),
    )
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::Mutex;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::base::cancel::CancelToken;
    use crate::base::event::Recording;

    /// A clock whose sleeps end at once and move it.
    #[derive(Default)]
    struct Jumping(Arc<Mutex<Duration>>);

    impl Clock for Jumping {
        fn unix_ms(&self) -> u64 {
            0
        }
        fn monotonic(&self) -> Duration {
            *self.0.lock().unwrap()
        }
        fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
            let now = Arc::clone(&self.0);
            Box::pin(async move { *now.lock().unwrap() += duration })
        }
    }

    /// Every future here is ready when polled.
    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("the test's futures are always ready"),
        }
    }

    fn unavailable() -> Error {
        Error::new(Kind::Unavailable, "503").with_retry(Retry::Later, None)
    }

    fn run(
        answers: Vec<Result<&'static str>>,
        known: bool,
        schedule: Schedule,
    ) -> (Result<&'static str>, Duration, usize) {
        let clock = Jumping::default();
        let recording = Arc::new(Recording::default());
        let scope = Scope::new(recording.clone(), CancelToken::new());
        let mut answers = answers.into_iter();
        let outcome = now(poll(
            &clock,
            schedule,
            known,
            &scope,
            || Box::pin(std::future::ready(answers.next().expect("asked too often"))),
            |answer| Ok(if *answer == "end" { Step::End } else { Step::GoOn }),
        ));
        let retries = recording.events().iter().filter(|event| matches!(event, Event::Retrying { .. })).count();
        (outcome, clock.monotonic(), retries)
    }

    #[test]
    fn it_asks_at_once_and_then_once_per_interval() {
        let (outcome, took, _) = run(vec![Ok("end")], false, Schedule::default());
        assert_eq!((outcome.unwrap(), took), ("end", Duration::ZERO));
        let (outcome, took, _) = run(vec![Ok("on"), Ok("unknown word"), Ok("end")], false, Schedule::default());
        assert_eq!((outcome.unwrap(), took), ("end", Duration::from_secs(60)));
    }

    #[test]
    fn nine_failures_in_a_row_are_put_up_with_and_ten_are_not() {
        let failing = |count: usize| (0..count).map(|_| Err(unavailable())).collect::<Vec<_>>();
        let mut answers = vec![Ok("on")];
        answers.extend(failing(9));
        answers.push(Ok("on"));
        answers.extend(failing(9));
        answers.push(Ok("end"));
        let (outcome, _, retries) = run(answers, false, Schedule::default());
        assert_eq!((outcome.unwrap(), retries), ("end", 18));

        let (outcome, _, _) = run(failing(10), false, Schedule::default());
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (Kind::Unavailable, 10));
    }

    #[test]
    fn a_pause_that_the_service_asks_for_is_kept() {
        let busy = Error::new(Kind::Throttled, "429").with_retry(Retry::Later, Some(Duration::from_secs(600)));
        let (_, took, _) = run(vec![Err(busy), Ok("on"), Ok("end")], true, Schedule::default());
        assert_eq!(took, Duration::from_secs(630));
    }

    #[test]
    fn a_final_error_ends_only_a_wait_that_never_had_an_answer() {
        let gone = || Err(Error::new(Kind::NotFound, "404"));
        assert_eq!(run(vec![gone()], false, Schedule::default()).0.unwrap_err().kind(), Kind::NotFound);
        assert_eq!(run(vec![gone(), Ok("end")], true, Schedule::default()).0.unwrap(), "end");
        assert_eq!(run(vec![Ok("on"), gone(), Ok("end")], false, Schedule::default()).0.unwrap(), "end");
    }

    #[test]
    fn the_time_limit_holds() {
        let schedule = Schedule { limit: Some(Duration::from_secs(70)), ..Schedule::default() };
        let (outcome, took, _) = run(vec![Ok("on"), Ok("on"), Ok("on")], false, schedule);
        assert_eq!(outcome.unwrap_err().kind(), Kind::Timeout);
        assert_eq!(took, Duration::from_secs(70));
    }

    #[test]
    fn cancelling_ends_the_wait_at_once() {
        let scope = Scope::new(Arc::new(Recording::default()), CancelToken::new());
        scope.cancel().cancel();
        let outcome = now(poll(
            &Jumping::default(),
            Schedule::default(),
            true,
            &scope,
            || -> BoxFuture<'static, Result<()>> { Box::pin(async { panic!("nothing is asked after cancelling") }) },
            |()| Ok(Step::GoOn),
        ));
        assert_eq!(outcome.unwrap_err().kind(), Kind::Cancelled);
    }
}
