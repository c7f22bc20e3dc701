//! The one loop that asks again until something has ended: deployments and exports wait through it.
//!
//! It begins with a request at once (a wait by id may find that all is over) and pauses between requests. A failed
//! request does not end a wait, because hours of work in the service do not depend on one answer; ten in a row do.

use std::time::Duration;

use super::patience::Patience;
use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::event::{Event, Progress};
use crate::base::retry::{pause_of_wait, reason};
use crate::base::scope::Scope;
use crate::base::time::{BoxFuture, Clock, milliseconds, spoken};

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

/// How long a status that nobody here knows is waited on. A new word for something that still runs takes minutes, and
/// a new word for an end would be waited on without end.
pub const UNKNOWN_STATUS_LIMIT: Duration = Duration::from_secs(2 * 60 * 60);

/// What to do after an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask again after the pause.
    GoOn,
    /// As [`Step::GoOn`], but for [`UNKNOWN_STATUS_LIMIT`] at most: the status is a word that is not known.
    Unknown(String),
    /// It has ended.
    End,
}

/// Where a wait is when an answer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    elapsed: Duration,
    /// None where the time limit ends the wait before another request.
    pause: Option<Duration>,
}

impl Look {
    /// Writes down how long the wait has taken and, unless this was its last answer, when the next one is asked for.
    pub fn mark(&self, progress: &mut Progress, is_last: bool) {
        progress.elapsed_ms = Some(milliseconds(self.elapsed));
        progress.next_poll_ms = self.pause.filter(|_| !is_last).map(milliseconds);
    }
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
    mut look: impl FnMut(&T, Look) -> Result<Step>,
) -> Result<T> {
    let started = clock.monotonic();
    let mut failures = 0;
    let mut answered = known;
    let mut unknown = Unknown::default();
    let mut patience = Patience::default();
    loop {
        let mut wanted = schedule.interval;
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
                let left = remaining(clock, started, schedule.limit);
                let pause = Some(schedule.interval).filter(|pause| left.is_none_or(|left| left > *pause));
                let elapsed = clock.monotonic().saturating_sub(started);
                match look(&answer, Look { elapsed, pause })? {
                    Step::End => return Ok(answer),
                    Step::GoOn => unknown.since = None,
                    Step::Unknown(status) => unknown.seen(&status, clock.monotonic(), scope)?,
                }
            }
            Err(error) if error.kind() == Kind::Cancelled => return Err(error),
            Err(error) => {
                failures += 1;
                wanted = pause_of_wait(schedule.interval, &error);
                if failures > schedule.tolerated_failures || (!answered && error.retry() == Retry::Never) {
                    return Err(error.after_attempts(failures));
                }
                scope.report(Event::Retrying {
                    what: "the status request".to_owned(),
                    attempt: failures,
                    delay_ms: milliseconds(wanted),
                    reason: reason(&error, wanted),
                    warns: patience.is_over(clock.monotonic()),
                });
            }
        }
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

/// What was seen of statuses that are not known.
#[derive(Default)]
struct Unknown {
    /// When the first of those in a row was seen.
    since: Option<Duration>,
    told: Vec<String>,
}

impl Unknown {
    fn seen(&mut self, status: &str, now: Duration, scope: &Scope) -> Result<()> {
        if !self.told.iter().any(|told| told == status) {
            self.told.push(status.to_owned());
            scope.report(Event::info(format!(
                "the service reports the status '{status}', which is unknown to this version; waiting for at most {}",
                spoken(UNKNOWN_STATUS_LIMIT)
            )));
        }
        let since = *self.since.get_or_insert(now);
        if now.saturating_sub(since) < UNKNOWN_STATUS_LIMIT {
            return Ok(());
        }
        Err(Error::new(
            Kind::Protocol,
            format!(
                "the status has been '{status}', which is unknown to this version, for {}; it may be final",
                spoken(UNKNOWN_STATUS_LIMIT)
            ),
        )
        .with_next_step("check it in the DXP Management Portal, and update this program"))
    }
}

fn remaining(clock: &dyn Clock, started: Duration, limit: Option<Duration>) -> Option<Duration> {
    limit.map(|limit| limit.saturating_sub(clock.monotonic().saturating_sub(started)))
}

fn timed_out(limit: Option<Duration>) -> Error {
    let limit = limit.unwrap_or_default();
    Error::new(
        Kind::Timeout,
        format!("the time limit of {} was reached; the operation continues in the service", spoken(limit)),
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
            |answer, _| {
                Ok(match *answer {
                    "end" => Step::End,
                    "on" => Step::GoOn,
                    word => Step::Unknown(word.to_owned()),
                })
            },
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
    fn a_status_that_nobody_knows_is_not_waited_on_for_ever() {
        let schedule = Schedule { interval: Duration::from_secs(1800), ..Schedule::default() };
        let unknown = |count: usize| vec![Ok("Cancelled"); count];
        let run = |answers| run(answers, false, schedule);
        // Seen at 0, 30, 60 and 90 minutes; two hours are not over.
        let (outcome, took, _) = run([unknown(4), vec![Ok("end")]].concat());
        assert_eq!((outcome.unwrap(), took), ("end", Duration::from_secs(4 * 1800)));
        let (outcome, took, _) = run(unknown(5));
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), took), (Kind::Protocol, UNKNOWN_STATUS_LIMIT));
        assert!(error.message().contains("'Cancelled'") && error.next_step().is_some(), "{error}");
        // A known word in between begins it anew, and known words have no such limit.
        let (outcome, ..) =
            run([unknown(4), vec![Ok("on")], unknown(4), vec![Ok("on"); 100], vec![Ok("end")]].concat());
        assert_eq!(outcome.unwrap(), "end");
    }

    #[test]
    fn a_status_that_nobody_knows_is_told_once() {
        let recording = Arc::new(Recording::default());
        let scope = Scope::new(recording.clone(), CancelToken::new());
        let mut unknown = Unknown::default();
        for status in ["Brewing", "Brewing", "Cooling", "Brewing"] {
            unknown.seen(status, Duration::ZERO, &scope).unwrap();
        }
        let said: Vec<String> = recording.events().iter().filter_map(Event::sentence).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].contains("'Brewing'") && said[1].contains("'Cooling'"), "{said:?}");
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
        let busy = |seconds| {
            let error = Error::new(Kind::Throttled, "429").with_retry(Retry::Later, Some(Duration::from_secs(seconds)));
            run(vec![Err(error), Ok("on"), Ok("end")], true, Schedule::default()).1
        };
        assert_eq!(busy(120), Duration::from_secs(120 + 30));
        assert_eq!(busy(31_536_000), Duration::from_secs(150 + 30), "but not for a year");
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
    fn a_look_knows_the_time_and_the_next_request_unless_the_limit_comes_first() {
        let schedule = Schedule { limit: Some(Duration::from_secs(70)), ..Schedule::default() };
        let clock = Jumping::default();
        let looks = Mutex::new(Vec::new());
        let outcome = now(poll(
            &clock,
            schedule,
            true,
            &Scope::silent(),
            || Box::pin(std::future::ready(Ok(()))),
            |(), look| {
                let mut progress = Progress::new(crate::base::event::Phase::Waiting, "x");
                look.mark(&mut progress, false);
                looks.lock().unwrap().push((progress.elapsed_ms.unwrap(), progress.next_poll_ms));
                look.mark(&mut progress, true);
                assert_eq!(progress.next_poll_ms, None);
                Ok(Step::GoOn)
            },
        ));
        assert_eq!(outcome.unwrap_err().kind(), Kind::Timeout);
        let told = looks.into_inner().unwrap();
        assert_eq!(told, [(0, Some(30_000)), (30_000, Some(30_000)), (60_000, None)]);
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
            |(), _| Ok(Step::GoOn),
        ));
        assert_eq!(outcome.unwrap_err().kind(), Kind::Cancelled);
    }
}
