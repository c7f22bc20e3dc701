//! What the sink remembers of uploads: of each blob its blocks, by id, length and sum. No byte of content is kept.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use epicloud_emulator::Milliseconds;
use epicloud_emulator::blob::Properties;
use epicloud_emulator::blob::block_list::{self, Lookup};
use epicloud_emulator::blob::condition::{Conditions, Stored};
use epicloud_emulator::blob::error::BlobError;
use serde_json::{Map, Value, json};

/// The container that links to upload to are for.
pub(crate) const PACKAGES: &str = "deploymentpackages";
/// The container of the blob that can be downloaded.
pub(crate) const BACPACS: &str = "bacpacs";

/// One block: its length, and its CRC-64 when that was computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) length: u64,
    pub(crate) crc64: Option<u64>,
}

/// A committed blob.
#[derive(Clone, Debug)]
pub(crate) struct Committed {
    pub(crate) blocks: Vec<(String, Block)>,
    pub(crate) length: u64,
    pub(crate) etag: String,
    pub(crate) modified: Milliseconds,
    pub(crate) properties: Properties,
}

/// Container and name of a blob.
pub(crate) type Place = (String, String);

#[derive(Debug, Default)]
struct Blob {
    committed: Option<Committed>,
    waiting: HashMap<String, Block>,
}

/// All blobs that were uploaded.
#[derive(Debug, Default)]
pub(crate) struct Blobs {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    blobs: BTreeMap<Place, Blob>,
    versions: u64,
}

impl Committed {
    pub(crate) fn stored(&self) -> Stored<'_> {
        Stored { etag: &self.etag, modified: self.modified }
    }
}

impl State {
    fn commit(
        &mut self,
        place: &Place,
        blocks: Vec<(String, Block)>,
        properties: Properties,
        now: Milliseconds,
    ) -> Committed {
        self.versions += 1;
        let committed = Committed {
            length: blocks.iter().map(|(_, block)| block.length).sum(),
            blocks,
            etag: etag(self.versions),
            modified: now,
            properties,
        };
        let blob = Blob { committed: Some(committed.clone()), waiting: HashMap::new() };
        self.blobs.insert(place.clone(), blob);
        committed
    }
}

/// An ETag in the form of Azure's.
pub(crate) fn etag(version: u64) -> String {
    format!("\"0x8D{version:013X}\"")
}

impl Blobs {
    /// Refuses an id that cannot be one of this blob.
    pub(crate) fn check_id(&self, place: &Place, id: &str) -> Result<(), BlobError> {
        let state = crate::lock(&self.state);
        let waiting = state.blobs.get(place).and_then(|blob| blob.waiting.keys().next());
        block_list::check_id(id, waiting.map(String::as_str))
    }

    /// Put Block.
    pub(crate) fn put_block(&self, place: Place, id: String, block: Block) {
        crate::lock(&self.state).blobs.entry(place).or_default().waiting.insert(id, block);
    }

    /// Whether a write to this blob may go on.
    pub(crate) fn check_write(&self, place: &Place, conditions: Conditions<'_>) -> Result<(), BlobError> {
        let state = crate::lock(&self.state);
        let stored = state.blobs.get(place).and_then(|blob| blob.committed.as_ref()).map(Committed::stored);
        conditions.check_write(stored)
    }

    /// Put Block List.
    pub(crate) fn put_block_list(
        &self,
        place: &Place,
        list: &[(Lookup, String)],
        properties: Properties,
        now: Milliseconds,
    ) -> Result<Committed, BlobError> {
        let mut state = crate::lock(&self.state);
        let blob = state.blobs.entry(place.clone()).or_default();
        let committed: HashMap<&str, &Block> =
            blob.committed.iter().flat_map(|blob| &blob.blocks).map(|(id, block)| (id.as_str(), block)).collect();
        let found = block_list::resolve(list, |id| committed.get(id).copied(), |id| blob.waiting.get(id))?;
        let blocks = list.iter().zip(found).map(|((_, id), block)| (id.clone(), *block)).collect();
        Ok(state.commit(place, blocks, properties, now))
    }

    /// Put Blob: the whole is remembered as one block without an id.
    pub(crate) fn put_blob(&self, place: &Place, block: Block, properties: Properties, now: Milliseconds) -> Committed {
        crate::lock(&self.state).commit(place, vec![(String::new(), block)], properties, now)
    }

    /// The committed blob.
    pub(crate) fn find(&self, place: &Place) -> Option<Committed> {
        crate::lock(&self.state).blobs.get(place)?.committed.clone()
    }

    /// The committed blob, if any, and the blocks waiting by their ids; `None` when there is neither.
    pub(crate) fn blocks(&self, place: &Place) -> Option<(Option<Committed>, BTreeMap<String, Block>)> {
        let state = crate::lock(&self.state);
        let blob = state.blobs.get(place)?;
        Some((blob.committed.clone(), blob.waiting.iter().map(|(id, block)| (id.clone(), *block)).collect()))
    }

    /// Delete Blob.
    pub(crate) fn delete(&self, place: &Place) -> bool {
        crate::lock(&self.state).blobs.remove(place).is_some_and(|blob| blob.committed.is_some())
    }

    /// The committed blobs of a container, by name.
    pub(crate) fn list(&self, container: &str) -> Vec<(String, Committed)> {
        let state = crate::lock(&self.state);
        let all = state.blobs.iter().filter(|((within, _), _)| within == container);
        all.filter_map(|((_, name), blob)| Some((name.clone(), blob.committed.clone()?))).collect()
    }

    /// Forgets everything.
    pub(crate) fn reset(&self) {
        crate::lock(&self.state).blobs.clear();
    }

    /// The committed blobs as the control interface shows them; names outside the container of packages have theirs
    /// in front.
    pub(crate) fn show(&self) -> Value {
        let state = crate::lock(&self.state);
        let mut shown = Map::new();
        for ((container, name), blob) in &state.blobs {
            let Some(committed) = &blob.committed else { continue };
            let blocks: Vec<Value> = committed
                .blocks
                .iter()
                .map(|(_, block)| json!([block.length, block.crc64.map(|crc64| format!("{crc64:016x}"))]))
                .collect();
            let name = if container == PACKAGES { name.clone() } else { format!("{container}/{name}") };
            shown.insert(
                name,
                json!({
                    "length": committed.length,
                    "contentMd5": committed.properties.content_md5,
                    "blocks": blocks,
                }),
            );
        }
        Value::Object(shown)
    }
}
