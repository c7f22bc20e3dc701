//! What a download has finished, so that a cut one can go on: a small JSON document beside the partial file.
//!
//! It holds no link. It is believed only if it describes the same blob, unchanged, and the same partial file; the
//! decision is a plain function. Writing it is an effect of `target.rs`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::plan::Plan;
use crate::blob::client::Properties;

/// The form of this document. A journal of another form is not read.
const VERSION: u32 = 1;

/// The journal's document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Journal {
    version: u32,
    /// The blob's address without its query.
    blob: String,
    size: u64,
    etag: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    content_md5: Option<String>,
    part_size: u64,
    /// Finished parts as ranges of indices, first and last.
    finished: Vec<(usize, usize)>,
}

impl Journal {
    /// A journal with nothing finished; `None` when the blob cannot be recognised again.
    pub(super) fn new(blob: &str, properties: &Properties, plan: Plan) -> Option<Self> {
        Some(Self {
            version: VERSION,
            blob: blob.to_owned(),
            size: properties.length,
            etag: properties.etag.clone()?,
            content_md5: properties.content_md5.map(super::integrity::base64),
            part_size: plan.size(),
            finished: Vec::new(),
        })
    }

    /// The same journal with these parts finished.
    pub(super) fn with_finished(&self, finished: &BTreeSet<usize>) -> Self {
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        for index in finished {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == *index => *last = *index,
                _ => ranges.push((*index, *index)),
            }
        }
        Self { finished: ranges, ..self.clone() }
    }

    fn finished(&self, count: usize) -> Option<BTreeSet<usize>> {
        let valid = self.finished.iter().all(|(first, last)| first <= last && *last < count);
        valid.then(|| self.finished.iter().flat_map(|(first, last)| *first..=*last).collect())
    }
}

/// Whether a download goes on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// Nothing of an earlier download is there.
    New,
    /// Something is there and cannot be used, for this reason.
    Again(&'static str),
    /// It goes on with these parts finished.
    Resume(BTreeSet<usize>),
}

/// Decides whether to go on. `current` is the journal this download would write, `found` the text of the journal
/// that is there, `partial` the partial file's length, if it is there.
pub(super) fn decide(current: Option<&Journal>, found: Option<&str>, partial: Option<u64>, count: usize) -> Start {
    let Some(partial) = partial.filter(|length| *length > 0) else { return Start::New };
    let Some(found) = found else { return Start::Again("it has no journal") };
    let Ok(found) = serde_json::from_str::<Journal>(found) else { return Start::Again("its journal cannot be read") };
    let Some(current) = current else { return Start::Again("the storage service names no version of the blob") };
    if found.blob != current.blob {
        return Start::Again("it is of another blob");
    }
    if (found.size, &found.etag, &found.content_md5) != (current.size, &current.etag, &current.content_md5) {
        return Start::Again("the blob has changed since");
    }
    if found.version != current.version || found.part_size != current.part_size {
        return Start::Again("it was cut into other parts");
    }
    if partial != current.size {
        return Start::Again("its size is wrong");
    }
    match found.finished(count) {
        Some(finished) if finished.is_empty() => Start::New,
        Some(finished) => Start::Resume(finished),
        None => Start::Again("its journal cannot be read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(etag: Option<&str>, length: u64) -> Properties {
        Properties { length, etag: etag.map(str::to_owned), content_md5: Some([7; 16]), last_modified: None }
    }

    fn journal(etag: &str, length: u64, part: u64) -> Journal {
        Journal::new("https://a/c/b", &properties(Some(etag), length), Plan::download(length, part)).unwrap()
    }

    #[test]
    fn only_the_same_unchanged_blob_is_resumed() {
        let current = journal("\"1\"", 100, 10);
        let done: BTreeSet<usize> = [0, 1, 2, 5, 9].into();
        let text = |journal: &Journal| serde_json::to_string(&journal.with_finished(&done)).unwrap();
        let good = text(&current);
        let beyond = serde_json::to_string(&current.with_finished(&[10].into())).unwrap();
        for (found, partial, expected) in [
            (Some(&good), Some(100), Start::Resume(done.clone())),
            (Some(&good), None, Start::New),
            (Some(&good), Some(0), Start::New),
            (None, Some(100), Start::Again("it has no journal")),
            (Some(&good), Some(99), Start::Again("its size is wrong")),
            (Some(&text(&journal("\"2\"", 100, 10))), Some(100), Start::Again("the blob has changed since")),
            (Some(&text(&journal("\"1\"", 101, 10))), Some(100), Start::Again("the blob has changed since")),
            (Some(&text(&journal("\"1\"", 100, 20))), Some(100), Start::Again("it was cut into other parts")),
            (Some(&good.replace("/b", "/x")), Some(100), Start::Again("it is of another blob")),
            (Some(&beyond), Some(100), Start::Again("its journal cannot be read")),
            (Some(&good[..good.len() / 2].to_owned()), Some(100), Start::Again("its journal cannot be read")),
            (Some(&serde_json::to_string(&current).unwrap()), Some(100), Start::New),
        ] {
            assert_eq!(decide(Some(&current), found.map(String::as_str), partial, 10), expected, "{found:?}");
        }
        assert_eq!(Journal::new("x", &properties(None, 1), Plan::download(1, 1)), None);
    }

    #[test]
    fn finished_parts_are_written_as_ranges() {
        let done: BTreeSet<usize> = [0, 1, 2, 5, 9].into();
        let journal = journal("e", 100, 10).with_finished(&done);
        assert_eq!(journal.finished, [(0, 2), (5, 5), (9, 9)]);
        assert_eq!(journal.finished(10), Some(done));
    }
}
