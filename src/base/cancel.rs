//! Cancellation: one token per operation, observed by everything that waits.
//!
//! Built on `std` alone, because this layer must not depend on an async runtime: a future that waits on the
//! token leaves its waker here and is woken by [`CancelToken::cancel`].

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use super::error::{Error, Result};

#[derive(Default)]
struct Waiters {
    next: u64,
    wakers: HashMap<u64, Waker>,
}

#[derive(Default)]
struct State {
    cancelled: AtomicBool,
    waiters: Mutex<Waiters>,
}

impl State {
    fn waiters(&self) -> MutexGuard<'_, Waiters> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells an operation to stop. Clones share one state; cancelling is final.
#[derive(Clone, Default)]
pub struct CancelToken(Arc<State>);

impl std::fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("CancelToken").field(&self.is_cancelled()).finish()
    }
}

/// Takes its waker out again when the waiting future is dropped.
struct Registration<'a> {
    state: &'a State,
    id: u64,
}

impl Drop for Registration<'_> {
    fn drop(&mut self) {
        self.state.waiters().wakers.remove(&self.id);
    }
}

impl CancelToken {
    /// A token that is not cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels: every future inside [`CancelToken::run`] ends with `Cancelled`. Any thread, any number of times.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        let wakers: Vec<Waker> = self.0.waiters().wakers.drain().map(|(_, waker)| waker).collect();
        for waker in wakers {
            waker.wake();
        }
    }

    /// Whether [`CancelToken::cancel`] was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }

    /// An error if the operation was cancelled.
    ///
    /// # Errors
    /// `Cancelled`.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::cancelled()) } else { Ok(()) }
    }

    /// Runs a future until it ends or the token is cancelled, whichever comes first. A cancelled future is
    /// dropped, which closes its sockets.
    ///
    /// # Errors
    /// `Cancelled`.
    pub async fn run<F: Future>(&self, future: F) -> Result<F::Output> {
        let mut future = pin!(future);
        let id = {
            let mut waiters = self.0.waiters();
            waiters.next += 1;
            waiters.next
        };
        let registration = Registration { state: &self.0, id };
        std::future::poll_fn(move |context| {
            // Registered before the flag is read, so that a cancel between the two is not lost.
            registration.state.waiters().wakers.insert(registration.id, context.waker().clone());
            if self.is_cancelled() {
                return Poll::Ready(Err(Error::cancelled()));
            }
            future.as_mut().poll(context).map(Ok)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::sync::atomic::AtomicUsize;
    use std::task::{Context, Wake};

    use super::*;
    use crate::base::error::Kind;

    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_cancelled_token_wakes_and_ends_the_future_once() {
        let token = CancelToken::new();
        let count = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(count.clone());
        let mut context = Context::from_waker(&waker);
        {
            let mut waiting = pin!(token.run(pending::<()>()));
            assert!(waiting.as_mut().poll(&mut context).is_pending());
            token.cancel();
            assert_eq!(count.0.load(Ordering::SeqCst), 1);
            let Poll::Ready(Err(error)) = waiting.as_mut().poll(&mut context) else { panic!("must end") };
            assert_eq!(error.kind(), Kind::Cancelled);
        }
        assert!(token.0.waiters().wakers.is_empty(), "no waker is left behind");
    }

    #[test]
    fn a_finished_future_gives_its_value_and_leaves_no_waker() {
        let token = CancelToken::new();
        let mut context = Context::from_waker(Waker::noop());
        {
            let mut running = pin!(token.run(ready(7)));
            assert!(matches!(running.as_mut().poll(&mut context), Poll::Ready(Ok(7))));
        }
        assert!(token.0.waiters().wakers.is_empty());
        assert!(token.check().is_ok());
    }
}
