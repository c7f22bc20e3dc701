//! What the blob store remembers: containers, blobs, waiting blocks, leases. Every change is made under one lock and
//! is whole or not at all; no request is known here, and bytes only by their files.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::block_list::{self, Lookup};
use super::condition::{Conditions, Stored};
use super::content::{Content, Reader};
use super::error::BlobError;
use super::spool::Extent;
use crate::clock::Milliseconds;

/// Most blocks waiting to be committed per blob.
const MOST_WAITING: usize = 100_000;

/// All containers of the account.
#[derive(Debug)]
pub(crate) struct Store {
    pub(super) containers: Mutex<HashMap<String, BTreeMap<String, Blob>>>,
}

/// One name in a container: a committed blob, blocks waiting, or both.
#[derive(Clone, Debug, Default)]
pub(crate) struct Blob {
    pub(crate) committed: Option<Arc<Committed>>,
    /// Blocks waiting to be committed, by id.
    pub(crate) waiting: BTreeMap<String, Extent>,
    pub(crate) lease: Option<String>,
}

/// A committed blob.
#[derive(Clone, Debug)]
pub(crate) struct Committed {
    pub(crate) content: Content,
    pub(crate) length: u64,
    pub(crate) blocks: Vec<(String, Extent)>,
    pub(crate) etag: String,
    pub(crate) created: Milliseconds,
    pub(crate) modified: Milliseconds,
    pub(crate) properties: Properties,
}

/// The properties a writer sets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Properties {
    pub content_type: Option<String>,
    pub content_encoding: Option<String>,
    pub content_language: Option<String>,
    pub content_disposition: Option<String>,
    pub cache_control: Option<String>,
    pub content_md5: Option<String>,
}

impl Committed {
    fn new(content: Content, blocks: Vec<(String, Extent)>, properties: Properties, now: Milliseconds) -> Self {
        Self { length: content.length(), content, blocks, etag: String::new(), created: now, modified: now, properties }
    }

    pub(crate) fn stored(&self) -> Stored<'_> {
        Stored { etag: &self.etag, modified: self.modified }
    }
}

impl Blob {
    /// ETag and time of change, if anything is committed.
    pub(crate) fn stored(&self) -> Option<Stored<'_>> {
        self.committed.as_deref().map(Committed::stored)
    }

    /// For writes: a leased blob takes the lease's id.
    fn check_lease(&self, given: Option<&str>) -> Result<(), BlobError> {
        if self.lease.is_some() && given.is_none() {
            return Err(BlobError::lease_id_missing());
        }
        self.check_given_lease(given)
    }

    /// For reads too: an id that is given has to be that of the lease.
    pub(crate) fn check_given_lease(&self, given: Option<&str>) -> Result<(), BlobError> {
        match (&self.lease, given) {
            (_, None) => Ok(()),
            (None, Some(_)) => Err(BlobError::lease_not_present()),
            (Some(held), Some(given)) if held.eq_ignore_ascii_case(given) => Ok(()),
            (Some(_), Some(_)) => Err(BlobError::lease_id_mismatch()),
        }
    }

    /// Whether a block with this id may be put. All ids waiting have one length, so one of them tells.
    pub(crate) fn check_block_id(&self, id: &str) -> Result<(), BlobError> {
        block_list::check_id(id, self.waiting.keys().next().map(String::as_str))
    }

    fn commit(&mut self, mut new: Committed) {
        if let Some(old) = &self.committed {
            new.created = old.created;
            // Azure's ETags are times; two commits within one tick must still differ.
            new.modified = new.modified.max(old.modified);
        }
        let digits = self.committed.as_ref().map(|old| old.etag.trim_matches('"').trim_start_matches("0x"));
        let number = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let tick = u64::try_from(new.modified).unwrap_or(0) * 10_000 + 0x8_0000_0000_0000;
        let tick = number.map_or(tick, |number| tick.max(number + 1));
        new.etag = format!("\"0x{tick:X}\"");
        self.waiting.clear();
        self.committed = Some(Arc::new(new));
    }
}

impl Store {
    pub(crate) fn new() -> Self {
        Self { containers: Mutex::new(HashMap::new()) }
    }

    pub(crate) fn create_container(&self, name: &str) {
        crate::lock(&self.containers).entry(name.to_owned()).or_default();
    }

    pub(crate) fn has_container(&self, name: &str) -> bool {
        crate::lock(&self.containers).contains_key(name)
    }

    /// Looks at the blob with this name; at an empty one when there is none.
    pub(crate) fn look<T>(&self, container: &str, name: &str, look: impl FnOnce(&Blob) -> T) -> Result<T, BlobError> {
        let containers = crate::lock(&self.containers);
        let blobs = containers.get(container).ok_or_else(BlobError::container_not_found)?;
        Ok(look(blobs.get(name).unwrap_or(&Blob::default())))
    }

    /// The committed blob and whether it is leased, for a read that gives this id of a lease.
    pub(crate) fn find(
        &self,
        container: &str,
        name: &str,
        lease: Option<&str>,
    ) -> Result<(Arc<Committed>, bool), BlobError> {
        self.look(container, name, |blob| {
            let committed = blob.committed.as_ref().ok_or_else(BlobError::blob_not_found)?;
            blob.check_given_lease(lease)?;
            Ok((Arc::clone(committed), blob.lease.is_some()))
        })?
    }

    /// Whether there is a committed blob.
    pub(crate) fn exists(&self, container: &str, name: &str) -> bool {
        self.find(container, name, None).is_ok()
    }

    /// The committed blobs of a container, by name.
    pub(crate) fn committed(&self, container: &str) -> Result<Vec<(String, Arc<Committed>, bool)>, BlobError> {
        let containers = crate::lock(&self.containers);
        let blobs = containers.get(container).ok_or_else(BlobError::container_not_found)?;
        let shown = blobs.iter().filter_map(|(name, blob)| {
            Some((name.clone(), Arc::clone(blob.committed.as_ref()?), blob.lease.is_some()))
        });
        Ok(shown.collect())
    }

    fn change<T>(
        &self,
        container: &str,
        name: &str,
        lease: Option<&str>,
        change: impl FnOnce(&mut Blob) -> Result<T, BlobError>,
    ) -> Result<T, BlobError> {
        let mut containers = crate::lock(&self.containers);
        let blobs = containers.get_mut(container).ok_or_else(BlobError::container_not_found)?;
        match blobs.get_mut(name) {
            Some(blob) => {
                blob.check_lease(lease)?;
                change(blob)
            }
            None => {
                let mut blob = Blob::default();
                blob.check_lease(lease)?;
                let changed = change(&mut blob)?;
                blobs.insert(name.to_owned(), blob);
                Ok(changed)
            }
        }
    }

    /// Whether a write could begin: container, lease, and what else is to be checked. Asked before the bytes are read.
    pub(crate) fn check_write(
        &self,
        container: &str,
        name: &str,
        lease: Option<&str>,
        check: impl FnOnce(&Blob) -> Result<(), BlobError>,
    ) -> Result<(), BlobError> {
        self.look(container, name, |blob| {
            blob.check_lease(lease)?;
            check(blob)
        })?
    }

    /// Put Block: the block waits; one with the same id is replaced.
    pub(crate) fn put_block(
        &self,
        container: &str,
        name: &str,
        lease: Option<&str>,
        id: String,
        extent: Extent,
    ) -> Result<(), BlobError> {
        self.change(container, name, lease, |blob| {
            blob.check_block_id(&id)?;
            if blob.waiting.len() >= MOST_WAITING && !blob.waiting.contains_key(&id) {
                return Err(BlobError::block_count_exceeded());
            }
            blob.waiting.insert(id, extent);
            Ok(())
        })
    }

    /// Put Block List.
    pub(crate) fn put_block_list(
        &self,
        (container, name): (&str, &str),
        lease: Option<&str>,
        conditions: Conditions<'_>,
        list: &[(Lookup, String)],
        properties: Properties,
        now: Milliseconds,
    ) -> Result<Arc<Committed>, BlobError> {
        self.change(container, name, lease, |blob| {
            conditions.check_write(blob.stored())?;
            let committed: HashMap<&str, &Extent> = blob
                .committed
                .iter()
                .flat_map(|committed| &committed.blocks)
                .map(|(id, extent)| (id.as_str(), extent))
                .collect();
            let extents = block_list::resolve(list, |id| committed.get(id).copied(), |id| blob.waiting.get(id))?;
            let blocks: Vec<(String, Extent)> =
                list.iter().zip(extents).map(|((_, id), extent)| (id.clone(), extent.clone())).collect();
            let content = Content::Files(blocks.iter().map(|(_, extent)| extent.clone()).collect());
            blob.commit(Committed::new(content, blocks, properties, now));
            blob.committed.clone().ok_or_else(BlobError::blob_not_found)
        })
    }

    /// Put Blob: the bytes are the blob, without blocks.
    pub(crate) fn put_blob(
        &self,
        (container, name): (&str, &str),
        lease: Option<&str>,
        conditions: Conditions<'_>,
        content: Content,
        properties: Properties,
        now: Milliseconds,
    ) -> Result<Arc<Committed>, BlobError> {
        self.change(container, name, lease, |blob| {
            conditions.check_write(blob.stored())?;
            blob.commit(Committed::new(content, Vec::new(), properties, now));
            blob.committed.clone().ok_or_else(BlobError::blob_not_found)
        })
    }

    /// Takes a lease that never ends. A blob already leased keeps its lease.
    pub(crate) fn lease(&self, container: &str, name: &str, id: String) -> Result<(), BlobError> {
        let mut containers = crate::lock(&self.containers);
        let blobs = containers.get_mut(container).ok_or_else(BlobError::container_not_found)?;
        let blob = blobs.get_mut(name).filter(|blob| blob.committed.is_some()).ok_or_else(BlobError::blob_not_found)?;
        blob.lease.get_or_insert(id);
        Ok(())
    }

    /// Gives up a lease, if there is one.
    pub(crate) fn release(&self, container: &str, name: &str) {
        if let Some(blob) = crate::lock(&self.containers).get_mut(container).and_then(|blobs| blobs.get_mut(name)) {
            blob.lease = None;
        }
    }

    pub(crate) fn view(&self, container: &str, name: &str) -> Option<BlobView> {
        self.look(container, name, Blob::view).ok()?
    }
}

impl Blob {
    fn view(&self) -> Option<BlobView> {
        let waiting: Vec<(String, u64)> = self.waiting.iter().map(|(id, extent)| (id.clone(), extent.length)).collect();
        if self.committed.is_none() && waiting.is_empty() {
            return None;
        }
        let committed = self.committed.as_ref();
        Some(BlobView {
            len: committed.map_or(0, |committed| committed.length),
            content_md5: committed.and_then(|committed| committed.properties.content_md5.clone()),
            content_type: committed.and_then(|committed| committed.properties.content_type.clone()),
            etag: committed.map_or(String::new(), |committed| committed.etag.clone()),
            committed: committed.is_some(),
            leased: self.lease.is_some(),
            blocks: committed.map_or(Vec::new(), |committed| {
                committed.blocks.iter().map(|(id, extent)| (id.clone(), extent.length)).collect()
            }),
            waiting,
            content: committed.map(|committed| committed.content.clone()),
        })
    }
}

/// A blob as it was when asked for.
#[derive(Clone, Debug)]
pub struct BlobView {
    /// Committed length in bytes.
    pub len: u64,
    /// The stored `Content-MD5`, Base64.
    pub content_md5: Option<String>,
    /// The stored `Content-Type`.
    pub content_type: Option<String>,
    /// The ETag, with its quotes; empty while nothing is committed.
    pub etag: String,
    /// Whether anything is committed; otherwise only blocks are waiting.
    pub committed: bool,
    /// Whether there is a lease on it.
    pub leased: bool,
    /// Ids and lengths of the committed blocks.
    pub blocks: Vec<(String, u64)>,
    /// Ids and lengths of the blocks waiting to be committed.
    pub waiting: Vec<(String, u64)>,
    content: Option<Content>,
}

impl BlobView {
    /// The bytes of the range, cut to the blob's length.
    pub fn read(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        let end = range.end.min(self.len);
        let Some(content) = self.content.as_ref().filter(|_| range.start < end) else {
            return Ok(Vec::new());
        };
        content.read(range.start..end).map(Vec::from)
    }

    /// MD5 of the bytes, computed now.
    pub fn md5(&self) -> io::Result<[u8; 16]> {
        let mut md5 = Md5::new();
        if let Some(content) = &self.content {
            let mut reader = Reader::new(content.clone());
            let mut at = 0;
            while at < self.len {
                let piece: Bytes = reader.read(at..(at + (1 << 20)).min(self.len))?;
                at += piece.len() as u64;
                md5.update(&piece);
            }
        }
        Ok(md5.finalize().into())
    }
}
