//! The newest progress figures of an operation, read without a lock.
//!
//! Two slots: the writer fills the one that is not shown and then shows it. A reader that finds its slot changed
//! meanwhile looks again, which can only happen when a newer snapshot was completed; so neither ever waits for the
//! other. All accesses are sequentially consistent: they are few, and one order of all of them is easy to reason on.

use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering::SeqCst};

/// What is kept, in the order of `Figures`' members.
const FIGURES: usize = 12;

/// The figures of an operation; -1 is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) phase: i32,
    pub(super) attempt: i32,
    pub(super) percent: i32,
    pub(super) status: i32,
    pub(super) bytes_done: i64,
    pub(super) bytes_total: i64,
    pub(super) items_done: i64,
    pub(super) items_total: i64,
    pub(super) bytes_per_second: i64,
    pub(super) eta_ms: i64,
    pub(super) bytes_sent: i64,
    pub(super) retries: i64,
}

impl Figures {
    fn to_words(self) -> [i64; FIGURES] {
        [
            self.phase.into(),
            self.attempt.into(),
            self.percent.into(),
            self.status.into(),
            self.bytes_done,
            self.bytes_total,
            self.items_done,
            self.items_total,
            self.bytes_per_second,
            self.eta_ms,
            self.bytes_sent,
            self.retries,
        ]
    }

    fn from_words(words: [i64; FIGURES]) -> Self {
        let [phase, attempt, percent, status, transfer @ ..] = words;
        let [bytes_done, bytes_total, items_done, items_total, bytes_per_second, eta_ms, bytes_sent, retries] =
            transfer;
        // These four were i32 when they were stored.
        let small = |word: i64| i32::try_from(word).unwrap_or(-1);
        Self {
            phase: small(phase),
            attempt: small(attempt),
            percent: small(percent),
            status: small(status),
            bytes_done,
            bytes_total,
            items_done,
            items_total,
            bytes_per_second,
            eta_ms,
            bytes_sent,
            retries,
        }
    }
}

#[derive(Default)]
struct Slot {
    /// Odd while it is being filled.
    version: AtomicU64,
    words: [AtomicI64; FIGURES],
}

/// The newest figures.
#[derive(Default)]
pub(super) struct Snapshot {
    shown: AtomicUsize,
    slots: [Slot; 2],
}

impl Snapshot {
    /// Shows new figures. Writers come one at a time: the caller holds the operation's lock.
    pub(super) fn store(&self, figures: Figures) {
        let next = 1 - self.shown.load(SeqCst);
        let slot = &self.slots[next];
        slot.version.fetch_add(1, SeqCst);
        for (place, word) in slot.words.iter().zip(figures.to_words()) {
            place.store(word, SeqCst);
        }
        slot.version.fetch_add(1, SeqCst);
        self.shown.store(next, SeqCst);
    }

    /// The figures that are shown.
    pub(super) fn load(&self) -> Figures {
        loop {
            let slot = &self.slots[self.shown.load(SeqCst)];
            let version = slot.version.load(SeqCst);
            let words = std::array::from_fn(|index| slot.words[index].load(SeqCst));
            if version.is_multiple_of(2) && version == slot.version.load(SeqCst) {
                return Figures::from_words(words);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(n: i64) -> Figures {
        Figures {
            phase: 1,
            attempt: 1,
            percent: -1,
            status: 1,
            bytes_done: n,
            bytes_total: n,
            items_done: n,
            items_total: n,
            bytes_per_second: n,
            eta_ms: n,
            bytes_sent: n,
            retries: n,
        }
    }

    #[test]
    fn a_reader_never_sees_half_of_one_snapshot_and_half_of_another() {
        let snapshot = Snapshot::default();
        snapshot.store(figures(0));
        std::thread::scope(|scope| {
            scope.spawn(|| (1..=100_000).for_each(|n| snapshot.store(figures(n))));
            let mut last = 0;
            while last < 100_000 {
                let seen = snapshot.load();
                assert_eq!(seen, figures(seen.bytes_done));
                assert!(seen.bytes_done >= last, "it never goes back");
                last = seen.bytes_done;
            }
        });
    }
}
