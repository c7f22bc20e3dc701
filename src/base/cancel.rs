//! Cancellation: one token per operation, observed by everything that waits.
//!
//! The token is that of `tokio-util`, which needs no async runtime. Only here it becomes an error of ours.

use std::future::Future;
use std::pin::pin;

use futures_util::future::{Either, select};
use tokio_util::sync::CancellationToken;

use super::error::{Error, Result};

/// Tells an operation to stop. Clones share one state; cancelling is final.
#[derive(Debug, Clone, Default)]
pub struct CancelToken(CancellationToken);

impl CancelToken {
    /// A token that is not cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels: every future inside [`CancelToken::run`] ends with `Cancelled`. Any thread, any number of times.
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Whether [`CancelToken::cancel`] was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
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
        // The token first: `run_until_cancelled` would let a cancelled future run once more.
        match select(pin!(self.0.cancelled()), pin!(future)).await {
            Either::Left(_) => Err(Error::cancelled()),
            Either::Right((output, _)) => Ok(output),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn, ready};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll, Wake, Waker};

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
        assert_eq!(Arc::strong_count(&count), 2, "no waker is left behind");
    }

    #[test]
    fn a_finished_or_dropped_future_leaves_no_waker() {
        let token = CancelToken::new();
        let count = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(count.clone());
        let mut context = Context::from_waker(&waker);
        {
            let mut running = pin!(token.run(ready(7)));
            assert!(matches!(running.as_mut().poll(&mut context), Poll::Ready(Ok(7))));
        }
        {
            let mut dropped = pin!(token.run(pending::<()>()));
            assert!(dropped.as_mut().poll(&mut context).is_pending());
        }
        assert_eq!(Arc::strong_count(&count), 2, "no waker is left behind");
        assert!(token.check().is_ok());
    }

    #[test]
    fn a_cancelled_future_is_not_run_once_more() {
        let token = CancelToken::new();
        let polls = AtomicUsize::new(0);
        let mut context = Context::from_waker(Waker::noop());
        let work = poll_fn(|_| {
            polls.fetch_add(1, Ordering::SeqCst);
            Poll::<()>::Pending
        });
        let mut running = pin!(token.run(work));
        assert!(running.as_mut().poll(&mut context).is_pending());
        token.clone().cancel();
        assert!(matches!(running.as_mut().poll(&mut context), Poll::Ready(Err(_))));
        assert_eq!(polls.load(Ordering::SeqCst), 1);
    }
}
