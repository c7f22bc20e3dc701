//! The one loop that asks again until something has ended: deployments and exports wait through it.
//!
//! Unless it is told to wait first, it begins with a request at once (a wait by id may find that all is over), and pauses
//! between requests. A failed request does not end a wait, because hours of work in the service do not depend on one
//! answer; ten in a row do. Knows no service.

use std::time::Duration;

use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::event::{Event, Progress};
use crate::base::next_step::NextStep;
use crate::base::retry::{pause_of_wait, reason};
use crate::base::scope::Scope;
use crate::base::time::{BoxFuture, Clock, in_words, milliseconds};
use crate::base::warning_timer::WarningTimer;

/// How to wait.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WaitPolicy {
    /// The pause before the first request.
    pub first_delay: Duration,
    /// The pause between two requests, the first two where it grows.
    pub interval: Duration,
    /// Each pause is so many times the one before; 1 for pauses of one length.
    pub factor: f64,
    /// The longest pause that a wait comes to by itself.
    pub cap: Duration,
    /// The longest pause that one answer can bring about, where that is not more than a few of the wait's own.
    pub longest_asked: Duration,
    /// The longest wait in all; none unless asked, because exports take hours and sometimes days.
    pub limit: Option<Duration>,
    /// Failed requests in a row that are put up with.
    pub tolerated_failures: u32,
}

impl Default for WaitPolicy {
    fn default() -> Self {
        Self {
            first_delay: Duration::ZERO,
            interval: Duration::from_secs(30),
            factor: 1.0,
            cap: Duration::MAX,
            longest_asked: Duration::from_secs(300),
            limit: None,
            tolerated_failures: 9,
        }
    }
}

/// How long a status that nobody here knows is waited on. A new word for something that still runs takes minutes, and
/// a new word for an end would be waited on without end.
pub const UNKNOWN_STATUS_LIMIT: Duration = Duration::from_secs(2 * 60 * 60);

/// What to do after an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask again after the pause.
    Continue,
    /// As [`Step::Continue`], but for [`UNKNOWN_STATUS_LIMIT`] at most: the status is a word that is not known.
    Unknown {
        /// The word.
        status: String,
        /// What to do about it, when it stays so long.
        next_step: NextStep,
    },
    /// It has ended.
    Done,
}

/// Where a wait is when an answer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollTiming {
    elapsed: Duration,
    /// None where the time limit ends the wait before another request.
    pause: Option<Duration>,
}

impl PollTiming {
    /// Writes down how long the wait has taken and, unless this was its last answer, when the next one is asked for.
    pub fn mark(&self, progress: &mut Progress, is_last: bool) {
        progress.elapsed_ms = Some(milliseconds(self.elapsed));
        progress.next_poll_ms = self.pause.filter(|_| !is_last).map(milliseconds);
    }
}

/// Asks until `look` says that it has ended, and gives the last answer. `ask` is given the one before.
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
    policy: WaitPolicy,
    known: bool,
    scope: &Scope,
    mut ask: impl FnMut(Option<&T>) -> BoxFuture<'a, Result<T>>,
    mut look: impl FnMut(&T, PollTiming) -> Result<Step>,
) -> Result<T> {
    let started = clock.monotonic();
    let mut failures = 0;
    let mut answered = known;
    let mut unknown = UnknownStatuses::default();
    let mut warning_timer = WarningTimer::default();
    let mut last = None;
    let mut own = policy.interval.min(policy.cap);
    if !policy.first_delay.is_zero() {
        pause(clock, started, policy.limit, policy.first_delay, scope).await?;
    }
    loop {
        let mut wanted = own;
        let asked = ask(last.as_ref());
        let outcome = match remaining(clock, started, policy.limit) {
            None => scope.cancel().run(asked).await?,
            Some(left) => {
                let expiry = async {
                    tokio::select! { biased; outcome = asked => Some(outcome), () = clock.sleep(left) => None }
                };
                scope.cancel().run(expiry).await?.ok_or_else(|| timed_out(policy.limit))?
            }
        };
        match outcome {
            Ok(answer) => {
                failures = 0;
                answered = true;
                let left = remaining(clock, started, policy.limit);
                let pause = Some(own).filter(|pause| left.is_none_or(|left| left > *pause));
                let elapsed = clock.monotonic().saturating_sub(started);
                match look(&answer, PollTiming { elapsed, pause })? {
                    Step::Done => return Ok(answer),
                    Step::Continue => unknown.since = None,
                    Step::Unknown { status, next_step } => {
                        unknown.seen(&status, next_step, clock.monotonic(), scope)?;
                    }
                }
                last = Some(answer);
            }
            Err(error) if error.kind() == Kind::Cancelled => return Err(error),
            Err(error) => {
                failures += 1;
                wanted = pause_of_wait(own, policy.longest_asked, &error);
                if failures > policy.tolerated_failures || (!answered && error.retry() == Retry::Never) {
                    return Err(error.after_attempts(failures));
                }
                scope.report(Event::Retrying {
                    what: "the status request".to_owned(),
                    attempt: failures,
                    delay_ms: milliseconds(wanted),
                    reason: reason(&error, wanted),
                    warns: warning_timer.is_due(clock.monotonic()),
                });
            }
        }
        pause(clock, started, policy.limit, wanted, scope).await?;
        own = longer(own, policy.factor).min(policy.cap);
    }
}

/// A pause so many times as long; the longest there is where that is too long to be told.
fn longer(pause: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(pause.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

/// Pauses, but not beyond the time limit: nothing would be asked after it.
async fn pause(
    clock: &dyn Clock,
    started: Duration,
    limit: Option<Duration>,
    wanted: Duration,
    scope: &Scope,
) -> Result<()> {
    let pause = remaining(clock, started, limit).map_or(wanted, |left| left.min(wanted));
    scope.cancel().run(clock.sleep(pause)).await?;
    match remaining(clock, started, limit) {
        Some(left) if left.is_zero() => Err(timed_out(limit)),
        _ => Ok(()),
    }
}

/// What was seen of statuses that are not known.
#[derive(Default)]
struct UnknownStatuses {
    /// When the first of those in a row was seen.
    since: Option<Duration>,
    told: Vec<String>,
}

impl UnknownStatuses {
    fn seen(&mut self, status: &str, next_step: NextStep, now: Duration, scope: &Scope) -> Result<()> {
        if !self.told.iter().any(|told| told == status) {
            self.told.push(status.to_owned());
            scope.report(Event::info(format!(
                "the service reports the status '{status}', which is unknown to this version; waiting for at most {}",
                in_words(UNKNOWN_STATUS_LIMIT)
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
                in_words(UNKNOWN_STATUS_LIMIT)
            ),
        )
        .with_next_step(next_step))
    }
}

fn remaining(clock: &dyn Clock, started: Duration, limit: Option<Duration>) -> Option<Duration> {
    limit.map(|limit| limit.saturating_sub(clock.monotonic().saturating_sub(started)))
}

fn timed_out(limit: Option<Duration>) -> Error {
    let limit = limit.unwrap_or_default();
    Error::new(
        Kind::Timeout,
        format!("the time limit of {} was reached; the operation continues in the service", in_words(limit)),
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
        policy: WaitPolicy,
    ) -> (Result<&'static str>, Duration, usize) {
        let clock = Jumping::default();
        let recording = Arc::new(Recording::default());
        let scope = Scope::new(recording.clone(), CancelToken::new());
        let mut answers = answers.into_iter();
        let outcome = now(poll(
            &clock,
            policy,
            known,
            &scope,
            |_| Box::pin(std::future::ready(answers.next().expect("asked too often"))),
            |answer, _| {
                Ok(match *answer {
                    "end" => Step::Done,
                    "on" => Step::Continue,
                    word => Step::Unknown { status: word.to_owned(), next_step: "ask".into() },
                })
            },
        ));
        let retries = recording.events().iter().filter(|event| matches!(event, Event::Retrying { .. })).count();
        (outcome, clock.monotonic(), retries)
    }

    #[test]
    fn it_asks_at_once_and_then_once_per_interval() {
        let (outcome, took, _) = run(vec![Ok("end")], false, WaitPolicy::default());
        assert_eq!((outcome.unwrap(), took), ("end", Duration::ZERO));
        let (outcome, took, _) = run(vec![Ok("on"), Ok("unknown word"), Ok("end")], false, WaitPolicy::default());
        assert_eq!((outcome.unwrap(), took), ("end", Duration::from_secs(60)));
    }

    #[test]
    fn pauses_grow_as_they_are_told_to() {
        let seconds = Duration::from_secs;
        let growing = WaitPolicy {
            first_delay: seconds(10),
            interval: seconds(15),
            factor: 2.0,
            cap: seconds(60),
            ..WaitPolicy::default()
        };
        let answers = || vec![Ok("on"), Ok("on"), Err(unavailable()), Ok("on"), Ok("end")];
        let (outcome, took, _) = run(answers(), false, growing);
        assert_eq!((outcome.unwrap(), took), ("end", seconds(10 + 15 + 30 + 60 + 60)));
        let limited = WaitPolicy { limit: Some(seconds(9)), ..growing };
        let (outcome, took, _) = run(Vec::new(), false, limited);
        assert_eq!((outcome.unwrap_err().kind(), took), (Kind::Timeout, seconds(9)), "nothing is asked");
        let busy = || {
            let error = Error::new(Kind::Throttled, "429").with_retry(Retry::Later, Some(seconds(120)));
            vec![Err(error), Ok("end")]
        };
        for (longest_asked, pause) in [(seconds(300), 75), (seconds(20), 20), (seconds(1), 15)] {
            let policy = WaitPolicy { longest_asked, first_delay: Duration::ZERO, ..growing };
            assert_eq!(run(busy(), true, policy).1, seconds(pause), "{longest_asked:?}");
        }
    }

    #[test]
    fn each_request_is_told_the_answer_before_it() {
        let told = Mutex::new(Vec::new());
        let outcome = now(poll(
            &Jumping::default(),
            WaitPolicy::default(),
            false,
            &Scope::silent(),
            |last: Option<&u32>| {
                told.lock().unwrap().push(last.copied());
                let next = last.map_or(1, |last| last + 1);
                // A failed request has no answer.
                let outcome = if told.lock().unwrap().len() == 2 { Err(unavailable()) } else { Ok(next) };
                Box::pin(std::future::ready(outcome))
            },
            |answer, _| Ok(if *answer == 3 { Step::Done } else { Step::Continue }),
        ));
        assert_eq!(outcome.unwrap(), 3);
        assert_eq!(told.into_inner().unwrap(), [None, Some(1), Some(1), Some(2)]);
    }

    #[test]
    fn a_status_that_nobody_knows_is_not_waited_on_for_ever() {
        let policy = WaitPolicy { interval: Duration::from_secs(1800), ..WaitPolicy::default() };
        let unknown = |count: usize| vec![Ok("Cancelled"); count];
        let run = |answers| run(answers, false, policy);
        // Seen at 0, 30, 60 and 90 minutes; two hours are not over.
        let (outcome, took, _) = run([unknown(4), vec![Ok("end")]].concat());
        assert_eq!((outcome.unwrap(), took), ("end", Duration::from_secs(4 * 1800)));
        let (outcome, took, _) = run(unknown(5));
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), took), (Kind::Protocol, UNKNOWN_STATUS_LIMIT));
        assert!(error.message().contains("'Cancelled'") && error.next_step() == Some("ask"), "{error}");
        // A known word in between begins it anew, and known words have no such limit.
        let (outcome, ..) =
            run([unknown(4), vec![Ok("on")], unknown(4), vec![Ok("on"); 100], vec![Ok("end")]].concat());
        assert_eq!(outcome.unwrap(), "end");
    }

    #[test]
    fn a_status_that_nobody_knows_is_told_once() {
        let recording = Arc::new(Recording::default());
        let scope = Scope::new(recording.clone(), CancelToken::new());
        let mut unknown = UnknownStatuses::default();
        for status in ["Brewing", "Brewing", "Cooling", "Brewing"] {
            unknown.seen(status, "ask".into(), Duration::ZERO, &scope).unwrap();
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
        let (outcome, _, retries) = run(answers, false, WaitPolicy::default());
        assert_eq!((outcome.unwrap(), retries), ("end", 18));

        let (outcome, _, _) = run(failing(10), false, WaitPolicy::default());
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (Kind::Unavailable, 10));
    }

    #[test]
    fn a_pause_that_the_service_asks_for_is_kept() {
        let busy = |seconds| {
            let error = Error::new(Kind::Throttled, "429").with_retry(Retry::Later, Some(Duration::from_secs(seconds)));
            run(vec![Err(error), Ok("on"), Ok("end")], true, WaitPolicy::default()).1
        };
        assert_eq!(busy(120), Duration::from_secs(120 + 30));
        assert_eq!(busy(31_536_000), Duration::from_secs(150 + 30), "but not for a year");
    }

    #[test]
    fn a_final_error_ends_only_a_wait_that_never_had_an_answer() {
        let gone = || Err(Error::new(Kind::NotFound, "404"));
        assert_eq!(run(vec![gone()], false, WaitPolicy::default()).0.unwrap_err().kind(), Kind::NotFound);
        assert_eq!(run(vec![gone(), Ok("end")], true, WaitPolicy::default()).0.unwrap(), "end");
        assert_eq!(run(vec![Ok("on"), gone(), Ok("end")], false, WaitPolicy::default()).0.unwrap(), "end");
    }

    #[test]
    fn the_time_limit_holds() {
        let policy = WaitPolicy { limit: Some(Duration::from_secs(70)), ..WaitPolicy::default() };
        let (outcome, took, _) = run(vec![Ok("on"), Ok("on"), Ok("on")], false, policy);
        assert_eq!(outcome.unwrap_err().kind(), Kind::Timeout);
        assert_eq!(took, Duration::from_secs(70));
    }

    #[test]
    fn a_look_knows_the_time_and_the_next_request_unless_the_limit_comes_first() {
        let policy = WaitPolicy { limit: Some(Duration::from_secs(70)), ..WaitPolicy::default() };
        let clock = Jumping::default();
        let looks = Mutex::new(Vec::new());
        let outcome = now(poll(
            &clock,
            policy,
            true,
            &Scope::silent(),
            |_| Box::pin(std::future::ready(Ok(()))),
            |(), look| {
                let mut progress = Progress::new(crate::base::event::Phase::Waiting, "x");
                look.mark(&mut progress, false);
                looks.lock().unwrap().push((progress.elapsed_ms.unwrap(), progress.next_poll_ms));
                look.mark(&mut progress, true);
                assert_eq!(progress.next_poll_ms, None);
                Ok(Step::Continue)
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
            WaitPolicy::default(),
            true,
            &scope,
            |_| -> BoxFuture<'static, Result<()>> { Box::pin(async { panic!("nothing is asked after cancelling") }) },
            |(), _| Ok(Step::Continue),
        ));
        assert_eq!(outcome.unwrap_err().kind(), Kind::Cancelled);
    }
}
