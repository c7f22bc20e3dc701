//! Tells how far a transfer is: the figures of `rate.rs`, shared by all its tries, on their way to the sink.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::rate::TransferFigures;
use crate::base::event::{Event, Progress, Sink};
use crate::base::time::Clock;
use crate::transfer::schedule::idle_timeout::grace;

/// The figures of one transfer. Cheap to clone; clones are the same figures.
#[derive(Clone)]
pub(crate) struct Meter {
    figures: Arc<Mutex<TransferFigures>>,
    clock: Arc<dyn Clock>,
    sink: Arc<dyn Sink>,
}

impl Meter {
    /// Begins to tell, with a first report.
    pub(crate) fn start(figures: TransferFigures, clock: &Arc<dyn Clock>, sink: &Arc<dyn Sink>) -> Self {
        let meter = Self { figures: Arc::new(Mutex::new(figures)), clock: Arc::clone(clock), sink: Arc::clone(sink) };
        meter.tell(|figures, now| Some(figures.report(now)));
        meter
    }

    /// Runs a transfer, and tells its figures also while nothing happens.
    pub(crate) async fn watching<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                outcome = &mut work => return outcome,
                () = self.clock.glance() => self.tell(TransferFigures::peek),
            }
        }
    }

    /// It is known now how many bytes there are in all.
    pub(crate) fn has_total(&self, total: u64) {
        self.tell(|figures, now| {
            figures.set_total(total);
            Some(figures.report(now))
        });
    }

    /// What a try moves. Taken back when its last clone is dropped and it has not landed.
    pub(crate) fn attempt(&self) -> AttemptBytes {
        AttemptBytes(Arc::new(AttemptState {
            meter: self.clone(),
            began: self.clock.monotonic(),
            bytes: AtomicU64::new(0),
        }))
    }

    /// A range was finished without a try that is watched.
    pub(crate) fn finished(&self, bytes: u64) {
        self.tell(|figures, now| figures.add(bytes, Duration::ZERO, now));
    }

    /// A failed try is repeated.
    pub(crate) fn retried(&self) {
        self.tell(TransferFigures::retried);
    }

    /// All is sent, and the file of this name becomes a blob. Told with all figures: of a small upload, hosts that look
    /// now and then see nothing else.
    pub(crate) fn committing(&self, name: &str) {
        self.tell(|figures, now| Some(figures.committing(name, now)));
    }

    /// The time that all that was handed over may need to leave this machine.
    pub(crate) fn grace(&self) -> Duration {
        let figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        let (on_their_way, rate) = figures.on_their_way(self.clock.monotonic());
        grace(on_their_way, rate)
    }

    fn tell(&self, change: impl FnOnce(&mut TransferFigures, Duration) -> Option<Progress>) {
        // The sink is called with the lock held, so that two reports cannot overtake each other.
        let mut figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(progress) = change(&mut figures, self.clock.monotonic()) {
            self.sink.event(Event::Progress(progress));
        }
    }
}

/// The bytes that one try has moved so far. Clones are the same try.
#[derive(Clone)]
pub(crate) struct AttemptBytes(Arc<AttemptState>);

struct AttemptState {
    meter: Meter,
    began: Duration,
    bytes: AtomicU64,
}

impl AttemptBytes {
    /// So many more bytes moved.
    pub(crate) fn moved(&self, bytes: u64) {
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.0.meter.tell(|figures, now| figures.moved(bytes, now));
    }

    /// The try has ended well: its range of so many bytes is done.
    pub(crate) fn completed(&self, length: u64) {
        let moved = self.0.bytes.swap(0, Ordering::Relaxed);
        self.0.meter.tell(|figures, now| {
            figures.returned(moved);
            figures.add(length, now.saturating_sub(self.0.began), now)
        });
    }
}

impl Drop for AttemptState {
    fn drop(&mut self) {
        let moved = *self.bytes.get_mut();
        self.meter.tell(|figures, _| {
            figures.returned(moved);
            None
        });
    }
}
