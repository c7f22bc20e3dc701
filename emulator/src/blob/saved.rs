//! The blob store as it is written to a state folder, and brought back from it. The bytes stay in their files.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::content::Content;
use super::spool::{Extent, Folder};
use super::store::{Blob, Committed, Properties, Store};
use crate::bacpac::{Layout, Shape};
use crate::clock::Milliseconds;

/// The store as it is written to a state folder.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SavedStore {
    containers: BTreeMap<String, Vec<SavedBlob>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SavedBlob {
    name: String,
    lease: Option<String>,
    waiting: Vec<SavedBlock>,
    committed: Option<SavedCommitted>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SavedBlock {
    id: String,
    file: String,
    length: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SavedCommitted {
    bacpac: Option<Shape>,
    /// The blocks; of a Put Blob one without id.
    files: Vec<SavedBlock>,
    etag: String,
    created: Milliseconds,
    modified: Milliseconds,
    properties: Properties,
}

impl Store {
    pub(crate) fn save(&self) -> SavedStore {
        let containers = crate::lock(&self.containers);
        let saved = containers.iter().map(|(name, blobs)| (name.clone(), blobs.iter().map(save_blob).collect()));
        SavedStore { containers: saved.collect() }
    }

    /// Brings back what was saved. Exported databases are laid out again, which reads and sums their bytes.
    pub(crate) fn restore(&self, saved: SavedStore, folder: &Folder) {
        let blobs = saved.containers.values().flatten();
        let blocks = blobs
            .flat_map(|blob| blob.waiting.iter().chain(blob.committed.iter().flat_map(|committed| &committed.files)));
        folder.remove_others(&blocks.map(|block| block.file.clone()).collect());
        let mut containers = crate::lock(&self.containers);
        for (container, blobs) in saved.containers {
            let restored = blobs.into_iter().map(|blob| (blob.name.clone(), restore_blob(blob, folder)));
            containers.entry(container).or_default().extend(restored);
        }
    }
}

fn save_block(id: &str, extent: &Extent) -> SavedBlock {
    SavedBlock { id: id.to_owned(), file: extent.spool.name().to_owned(), length: extent.length }
}

fn save_blob((name, blob): (&String, &Blob)) -> SavedBlob {
    SavedBlob {
        name: name.clone(),
        lease: blob.lease.clone(),
        waiting: blob.waiting.iter().map(|(id, extent)| save_block(id, extent)).collect(),
        committed: blob.committed.as_ref().map(|committed| SavedCommitted {
            bacpac: match &committed.content {
                Content::Bacpac(layout) => Some(layout.shape()),
                Content::Files(_) => None,
            },
            files: match &committed.content {
                Content::Files(extents) if committed.blocks.is_empty() => {
                    extents.iter().map(|extent| save_block("", extent)).collect()
                }
                _ => committed.blocks.iter().map(|(id, extent)| save_block(id, extent)).collect(),
            },
            etag: committed.etag.clone(),
            created: committed.created,
            modified: committed.modified,
            properties: committed.properties.clone(),
        }),
    }
}

fn restore_blob(saved: SavedBlob, folder: &Folder) -> Blob {
    let extent = |block: &SavedBlock| Extent { spool: folder.kept(&block.file).into(), length: block.length };
    let waiting = saved.waiting.iter().map(|block| (block.id.clone(), extent(block))).collect();
    let committed = saved.committed.map(|committed| {
        let files: Vec<(String, Extent)> =
            committed.files.iter().map(|block| (block.id.clone(), extent(block))).collect();
        let content = match committed.bacpac {
            Some(shape) => Content::Bacpac(Layout::build(shape).into()),
            None => Content::Files(files.iter().map(|(_, extent)| extent.clone()).collect()),
        };
        Arc::new(Committed {
            length: content.length(),
            content,
            blocks: files.into_iter().filter(|(id, _)| !id.is_empty()).collect(),
            etag: committed.etag,
            created: committed.created,
            modified: committed.modified,
            properties: committed.properties,
        })
    });
    Blob { committed, waiting, lease: saved.lease }
}
