//! The link of a transfer, and the fresh one that takes its place when it has expired.
//!
//! What was sent or received by the old link stays: staged blocks belong to the blob, and received parts to its version.
//! All tries that meet an expired link wait for the same fresh one. Another is asked for only after the last one has
//! served, so that a service that hands out dead links is not asked for ever (transfer design, section 2.8).

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::event::{Event, Sink};
use crate::base::secret::SafeUrl;
use crate::base::time::{BoxFuture, Clock};
use crate::blob::client::Blob;
use crate::blob::validity::expiry_warning;

/// Where a fresh link comes from, such as the account that gave the first one.
pub trait LinkSource: Send + Sync {
    /// Asks for a link to the same place.
    fn fresh_link(&self) -> BoxFuture<'_, Result<SafeUrl>>;

    /// By how many milliseconds this machine's clock is ahead of that of the account, if that is known.
    fn clock_ahead_ms(&self) -> Option<i64> {
        None
    }
}

impl std::fmt::Debug for dyn LinkSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkSource")
    }
}

/// Makes the blobs of a transfer out of its link. Refuses a link that cannot serve.
type Open = Box<dyn Fn(&SafeUrl) -> Result<Vec<Blob>> + Send + Sync>;

/// The link of one transfer, as the blobs it leads to.
pub(super) struct RenewableLinks {
    open: Open,
    source: Option<Arc<dyn LinkSource>>,
    clock: Arc<dyn Clock>,
    sink: Arc<dyn Sink>,
    current: Mutex<Arc<CurrentLink>>,
    /// Held while a fresh link is asked for; holds why that failed.
    renewing: tokio::sync::Mutex<Option<Error>>,
}

/// The blobs of one link.
struct CurrentLink {
    blobs: Vec<Blob>,
    /// Whether another link may take its place. The first one may expire before it is ever used; a fresh one has to
    /// serve first.
    replaceable: AtomicBool,
}

impl RenewableLinks {
    pub(super) fn new(
        link: &SafeUrl,
        source: Option<Arc<dyn LinkSource>>,
        clock: &Arc<dyn Clock>,
        sink: &Arc<dyn Sink>,
        open: impl Fn(&SafeUrl) -> Result<Vec<Blob>> + Send + Sync + 'static,
    ) -> Result<Arc<Self>> {
        let current = Arc::new(CurrentLink { blobs: open(link)?, replaceable: AtomicBool::new(true) });
        let (clock, sink) = (Arc::clone(clock), Arc::clone(sink));
        let (current, renewing) = (Mutex::new(current), tokio::sync::Mutex::default());
        let links = Self { open: Box::new(open), source, clock, sink, current, renewing };
        links.expiry_warning(link);
        Ok(Arc::new(links))
    }

    /// Says what this machine's clock makes of a link. A link that can be replaced is one that was given just now.
    fn expiry_warning(&self, link: &SafeUrl) {
        let given = self.source.as_ref().map(|source| source.clock_ahead_ms());
        if let Some(text) = expiry_warning(link, given, self.clock.unix_ms()) {
            self.sink.event(Event::Warning { text });
        }
    }

    /// A call on the transfer's blob number `index`; again with a newer link as often as the link has expired. This ends:
    /// every round has a newer link, and there is one only after the last has served another call.
    pub(super) async fn call<T, Task>(&self, index: usize, work: impl Fn(Blob) -> Task) -> Result<T>
    where
        Task: Future<Output = Result<T>>,
    {
        let mut used = self.current();
        loop {
            match attempt(&used, index, &work).await {
                Err(error) if is_expired(&error) => used = self.renewed(&used, error).await?,
                outcome => return outcome,
            }
        }
    }

    fn current(&self) -> Arc<CurrentLink> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The blobs of a link that is newer than the one that was `used`.
    async fn renewed(&self, used: &Arc<CurrentLink>, expired: Error) -> Result<Arc<CurrentLink>> {
        let mut failed = self.renewing.lock().await;
        let current = self.current();
        if !Arc::ptr_eq(&current, used) {
            return Ok(current);
        }
        if let Some(error) = &*failed {
            return Err(error.clone());
        }
        let source = self.source.as_ref().filter(|_| used.replaceable.load(Ordering::Relaxed));
        let Some(source) = source else { return Err(expired) };
        // In the words of the refusal: it may be early, or its signature be wrong.
        self.sink.event(Event::info(format!("{}; requesting a new one", expired.message())));
        match source.fresh_link().await.and_then(|link| Ok(((self.open)(&link)?, link))) {
            Ok((blobs, link)) => {
                self.expiry_warning(&link);
                let fresh = Arc::new(CurrentLink { blobs, replaceable: AtomicBool::new(false) });
                *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
                Ok(fresh)
            }
            Err(cause) => {
                let message = expired.phrase().clone().and(", and the request for a new one failed: ");
                let error = Error::new(Kind::Expired, message.followed_by(cause.phrase().clone()));
                let step = cause.advice().cloned();
                let error = error.with_next_step(step.unwrap_or_else(|| "run the command again later".into()));
                *failed = Some(error.clone());
                Err(error)
            }
        }
    }
}

async fn attempt<T, Task: Future<Output = Result<T>>>(
    link: &CurrentLink,
    index: usize,
    work: &impl Fn(Blob) -> Task,
) -> Result<T> {
    let blob = link.blobs.get(index).cloned();
    let blob = blob.ok_or_else(|| Error::new(Kind::Internal, "the SAS URL covers fewer blobs than it should"))?;
    let outcome = work(blob).await;
    if outcome.is_ok() {
        link.replaceable.store(true, Ordering::Relaxed);
    }
    outcome
}

/// Whether a fresh link may help: past its time, or its signature is no longer accepted because the key was changed. A link
/// whose time is about to come is waited for.
fn is_expired(error: &Error) -> bool {
    error.retry() == Retry::Never && (error.kind() == Kind::Expired || error.code() == Some("AuthenticationFailed"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::base::event::Silent;
    use crate::blob::client::Store;
    use crate::transport::http::Http;
    use crate::transport::system::SystemClock;
    use crate::transport::trust::Trust;

    /// Gives as many links as it is asked for, and counts them.
    #[derive(Default)]
    struct Endless(AtomicUsize);

    impl LinkSource for Endless {
        fn fresh_link(&self) -> BoxFuture<'_, Result<SafeUrl>> {
            let number = 1 + self.0.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move { SafeUrl::parse("link", &format!("https://store.example/blob{number}?sig=x")) })
        }
    }

    /// Links whose blobs are named by the number of their link.
    fn links(source: &Arc<Endless>) -> Arc<RenewableLinks> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let store = Store::new(Http::new(&Trust::Machine, Arc::clone(&clock)).unwrap());
        let (first, sink) = (SafeUrl::parse("link", "https://store.example/blob0?sig=x").unwrap(), Arc::new(Silent));
        let (source, sink): (Arc<dyn LinkSource>, Arc<dyn Sink>) = (source.clone(), sink);
        RenewableLinks::new(&first, Some(source), &clock, &sink, move |link| Ok(vec![store.blob(link)?])).unwrap()
    }

    fn expired() -> Error {
        Error::new(Kind::Expired, "expired")
    }

    #[tokio::test]
    async fn a_try_whose_newer_link_has_served_and_expired_too_asks_for_another() {
        let source = Arc::new(Endless::default());
        let links = links(&source);
        let slow = links.call(0, |blob| {
            let links = Arc::clone(&links);
            async move {
                match blob.name() {
                    // While its first answer is on its way, another call gets the second link, which serves it.
                    "blob0" => {
                        let quick = links.call(0, |blob| async move {
                            if blob.name() == "blob0" { Err(expired()) } else { Ok(()) }
                        });
                        quick.await.unwrap();
                        Err(expired())
                    }
                    "blob1" => Err(expired()),
                    name => Ok(name.to_owned()),
                }
            }
        });
        assert_eq!(slow.await.unwrap(), "blob2");
        assert_eq!(source.0.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn links_that_never_serve_are_not_asked_for_again() {
        let source = Arc::new(Endless::default());
        let links = links(&source);
        for _ in 0..3 {
            let error = links.call(0, |_| async { Err::<(), _>(expired()) }).await.unwrap_err();
            assert_eq!((error.kind(), source.0.load(Ordering::Relaxed)), (Kind::Expired, 1));
        }
    }
}
