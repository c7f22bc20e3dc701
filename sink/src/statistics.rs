//! What the sink counts. Bytes and requests that come by the thousand are plain counters; nothing here is on the way
//! of a byte.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde_json::{Value, json};

/// Most kinds of other requests that are told apart.
const MOST_KINDS: usize = 200;

/// All counters of one sink.
#[derive(Debug, Default)]
pub(crate) struct Statistics {
    pub(crate) put_block: AtomicU64,
    pub(crate) put_block_list: AtomicU64,
    pub(crate) put_blob: AtomicU64,
    pub(crate) get_blob: AtomicU64,
    pub(crate) head: AtomicU64,
    pub(crate) get_block_list: AtomicU64,
    other: Mutex<BTreeMap<String, u64>>,
    pub(crate) bytes_received: AtomicU64,
    pub(crate) bytes_sent: AtomicU64,
    pub(crate) connections: AtomicU64,
    open: AtomicU64,
    most_open: AtomicU64,
    pub(crate) content_md5: AtomicU64,
    pub(crate) crc64: AtomicU64,
    pub(crate) blob_content_md5: AtomicU64,
    pub(crate) no_checksum: AtomicU64,
    pub(crate) faults: AtomicU64,
    pub(crate) mismatches: AtomicU64,
}

/// Counts one more.
pub(crate) fn count(counter: &AtomicU64) {
    one_more(counter);
}

/// Counts one more; returns how many there are now.
pub(crate) fn one_more(counter: &AtomicU64) -> u64 {
    counter.fetch_add(1, Relaxed) + 1
}

/// A request counts as open as long as this lives.
pub(crate) struct Open<'a>(&'a Statistics);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}

impl Statistics {
    /// A request has begun.
    pub(crate) fn open(&self) -> Open<'_> {
        self.most_open.fetch_max(one_more(&self.open), Relaxed);
        Open(self)
    }

    /// Counts a request that has no counter of its own.
    pub(crate) fn count_other(&self, kind: String) {
        let mut other = crate::lock(&self.other);
        let kind = if other.len() < MOST_KINDS || other.contains_key(&kind) { kind } else { "and more".to_owned() };
        *other.entry(kind).or_default() += 1;
    }

    /// Everything from 0 again; requests that are open stay so.
    pub(crate) fn reset(&self) {
        let counters = [
            &self.put_block,
            &self.put_block_list,
            &self.put_blob,
            &self.get_blob,
            &self.head,
            &self.get_block_list,
            &self.bytes_received,
            &self.bytes_sent,
            &self.connections,
            &self.content_md5,
            &self.crc64,
            &self.blob_content_md5,
            &self.no_checksum,
            &self.faults,
            &self.mismatches,
        ];
        for counter in counters {
            counter.store(0, Relaxed);
        }
        self.most_open.store(self.open.load(Relaxed), Relaxed);
        crate::lock(&self.other).clear();
    }

    /// As the control interface shows them, without the blobs.
    pub(crate) fn show(&self) -> Value {
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        json!({
            "requests": {
                "putBlock": read(&self.put_block),
                "putBlockList": read(&self.put_block_list),
                "putBlob": read(&self.put_blob),
                "getBlob": read(&self.get_blob),
                "head": read(&self.head),
                "getBlockList": read(&self.get_block_list),
                "other": *crate::lock(&self.other),
            },
            "bytesReceived": read(&self.bytes_received),
            "bytesSent": read(&self.bytes_sent),
            "connections": read(&self.connections),
            "mostSimultaneousRequests": read(&self.most_open),
            "headers": {
                "contentMd5": read(&self.content_md5),
                "crc64": read(&self.crc64),
                "blobContentMd5": read(&self.blob_content_md5),
                "none": read(&self.no_checksum),
            },
            "faults": read(&self.faults),
            "mismatches": read(&self.mismatches),
        })
    }
}
