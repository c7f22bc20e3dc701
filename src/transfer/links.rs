//! The link of a transfer, and the fresh one that takes its place when it has expired.
//!
//! What was sent or received by the old link stays: staged blocks belong to the blob, and received parts to its version.
//! All tries that meet an expired link wait for the same fresh one. Another is asked for only after the last one has
//! served, so that a service that hands out dead links is not asked for ever (transfer design, section 2.8).

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::error::{Error, Kind, Result};
use crate::base::event::{Event, Sink};
use crate::base::secret::SafeUrl;
use crate::base::time::BoxFuture;
use crate::blob::client::Blob;

/// Where a fresh link comes from, such as the account that gave the first one.
pub trait LinkSource: Send + Sync {
    /// Asks for a link to the same place.
    fn fresh_link(&self) -> BoxFuture<'_, Result<SafeUrl>>;
}

impl std::fmt::Debug for dyn LinkSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkSource")
    }
}

/// Makes the blobs of a transfer out of its link. Refuses a link that cannot serve.
type Open = Box<dyn Fn(&SafeUrl) -> Result<Vec<Blob>> + Send + Sync>;

/// The link of one transfer, as the blobs it leads to.
pub(super) struct Links {
    open: Open,
    source: Option<Arc<dyn LinkSource>>,
    sink: Arc<dyn Sink>,
    current: Mutex<Arc<Current>>,
    /// Held while a fresh link is asked for; holds why that failed.
    renewing: tokio::sync::Mutex<Option<Error>>,
}

/// The blobs of one link.
struct Current {
    blobs: Vec<Blob>,
    /// Whether another link may take its place. The first one may expire before it is ever used; a fresh one has to
    /// serve first.
    replaceable: AtomicBool,
}

impl Links {
    pub(super) fn new(
        link: &SafeUrl,
        source: Option<Arc<dyn LinkSource>>,
        sink: &Arc<dyn Sink>,
        open: impl Fn(&SafeUrl) -> Result<Vec<Blob>> + Send + Sync + 'static,
    ) -> Result<Arc<Self>> {
        let current = Arc::new(Current { blobs: open(link)?, replaceable: AtomicBool::new(true) });
        Ok(Arc::new(Self {
            open: Box::new(open),
            source,
            sink: Arc::clone(sink),
            current: Mutex::new(current),
            renewing: tokio::sync::Mutex::default(),
        }))
    }

    /// A call on the transfer's blob number `index`; once more with a fresh link when the link has expired.
    pub(super) async fn call<T, Task>(&self, index: usize, work: impl Fn(Blob) -> Task) -> Result<T>
    where
        Task: Future<Output = Result<T>>,
    {
        let used = self.current();
        match attempt(&used, index, &work).await {
            Err(error) if is_expired(&error) => {
                let fresh = self.renewed(&used, error).await?;
                attempt(&fresh, index, &work).await
            }
            outcome => outcome,
        }
    }

    fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The blobs of a link that is newer than the one that was `used`.
    async fn renewed(&self, used: &Arc<Current>, expired: Error) -> Result<Arc<Current>> {
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
        self.sink.event(Event::info("the link has expired; asking for a fresh one"));
        match source.fresh_link().await.and_then(|link| (self.open)(&link)) {
            Ok(blobs) => {
                let fresh = Arc::new(Current { blobs, replaceable: AtomicBool::new(false) });
                *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
                Ok(fresh)
            }
            Err(cause) => {
                let error = Error::new(
                    Kind::LinkExpired,
                    format!("{}, and there is no fresh one: {}", expired.message(), cause.message()),
                );
                let step = cause.next_step().unwrap_or("run the command again when the service gives links again");
                let error = error.with_next_step(step);
                *failed = Some(error.clone());
                Err(error)
            }
        }
    }
}

async fn attempt<T, Task: Future<Output = Result<T>>>(
    link: &Current,
    index: usize,
    work: &impl Fn(Blob) -> Task,
) -> Result<T> {
    let blob = link.blobs.get(index).cloned();
    let blob = blob.ok_or_else(|| Error::new(Kind::Internal, "the link leads to fewer blobs than it should"))?;
    let outcome = work(blob).await;
    if outcome.is_ok() {
        link.replaceable.store(true, Ordering::Relaxed);
    }
    outcome
}

/// Whether a fresh link may help: past its time, or its signature is no longer accepted because the key was changed.
fn is_expired(error: &Error) -> bool {
    error.kind() == Kind::LinkExpired || error.code() == Some("AuthenticationFailed")
}
