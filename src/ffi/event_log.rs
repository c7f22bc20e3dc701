//! The newest events of an operation, numbered, for hosts that look now and then.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};

/// How many events are kept.
const KEPT: usize = 256;

/// One event that was kept.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// Its number, from 1.
    pub(super) seq: u64,
    /// Its log level; `None` for a change of progress, which the progress callback tells.
    pub(super) level: Option<i32>,
    /// What it says to people.
    pub(super) text: String,
    /// The event as a document.
    pub(super) document: Value,
}

/// A ring of events.
#[derive(Debug, Default)]
pub(super) struct Ring {
    last: u64,
    kept: VecDeque<Kept>,
}

impl Ring {
    pub(super) fn push(&mut self, level: Option<i32>, text: String, document: Value) {
        self.last += 1;
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(Kept { seq: self.last, level, text, document });
    }

    /// The number of the newest event.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// The events after a number that are still kept, and how many are not.
    pub(super) fn after(&self, seq: u64) -> (u64, impl Iterator<Item = &Kept>) {
        let first = self.kept.front().map_or(self.last + 1, |kept| kept.seq);
        let dropped = first.saturating_sub(seq.saturating_add(1));
        (dropped, self.kept.iter().filter(move |kept| kept.seq > seq))
    }

    /// The document of `epi_operation_events`.
    pub(super) fn document(&self, seq: u64) -> Value {
        let (dropped, events) = self.after(seq);
        let events: Vec<Value> = events.map(numbered).collect();
        json!({"events": events, "dropped": dropped, "lastSeq": self.last})
    }
}

fn numbered(kept: &Kept) -> Value {
    let mut members = Map::from_iter([("seq".to_owned(), Value::from(kept.seq))]);
    if let Value::Object(document) = &kept.document {
        members.extend(document.clone());
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seqs(ring: &Ring, after: u64) -> (u64, Vec<u64>) {
        let (dropped, events) = ring.after(after);
        (dropped, events.map(|kept| kept.seq).collect())
    }

    #[test]
    fn the_oldest_go_first_and_are_counted() {
        let mut ring = Ring::default();
        assert_eq!(seqs(&ring, 0), (0, vec![]));
        for _ in 0..KEPT + 3 {
            ring.push(Some(2), "x".into(), json!({"event": "message"}));
        }
        let (dropped, kept) = seqs(&ring, 0);
        assert_eq!((dropped, kept.first(), kept.len()), (3, Some(&4), KEPT));
        assert_eq!(seqs(&ring, 257), (0, vec![258, 259]));
        assert_eq!(seqs(&ring, u64::MAX), (0, vec![]), "a number that is yet to come");
        assert_eq!(
            ring.document(258),
            json!({"events": [{"seq": 259, "event": "message"}], "dropped": 0, "lastSeq": 259})
        );
    }
}
