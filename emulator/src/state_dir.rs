//! The state folder: what an emulator writes so that another one started with the same folder goes on where it ended.
//!
//! `state.json` holds identity, certificates, clock, deployments, exports and blobs; `blobs/` the bytes; `ca.pem` the
//! certificate authority. Fault rules and the record of requests are not kept.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::blob::SavedStore;
use crate::certificate::Certificates;
use crate::clock::Milliseconds;
use crate::core::Core;
use crate::error::Error;
use crate::identity::Identity;
use crate::service::SavedService;

/// An open state folder.
#[derive(Debug)]
pub(crate) struct StateDir {
    path: PathBuf,
    certificates: Certificates,
    /// Only one save at a time writes the file.
    writing: Mutex<()>,
}

/// The content of `state.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Saved {
    pub(crate) identity: Identity,
    pub(crate) certificates: Certificates,
    pub(crate) now: Milliseconds,
    pub(crate) service: SavedService,
    pub(crate) blobs: SavedStore,
}

impl StateDir {
    /// What an earlier run left in the folder.
    pub(crate) fn load(path: &Path) -> Result<Option<Saved>, Error> {
        std::fs::create_dir_all(path).map_err(Error::file("creating", path))?;
        let file = path.join("state.json");
        let text = match std::fs::read(&file) {
            Ok(text) => text,
            Err(failure) if failure.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(failure) => return Err(Error::file("reading", &file)(failure)),
        };
        let saved = serde_json::from_slice(&text);
        saved.map(Some).map_err(Error::failed(format!("reading {}", file.display())))
    }

    pub(crate) fn new(path: &Path, certificates: Certificates) -> Self {
        Self { path: path.to_owned(), certificates, writing: Mutex::new(()) }
    }

    /// Writes the state: first beside, then over the old file, so that an interrupted save loses nothing.
    pub(crate) fn save(&self, core: &Core) -> Result<(), Error> {
        let _writing = crate::lock(&self.writing);
        let saved = Saved {
            identity: core.identity.clone(),
            certificates: self.certificates.clone(),
            now: core.clock.now(),
            service: core.service.save(),
            blobs: core.blobs.save(),
        };
        let text = serde_json::to_vec(&saved).map_err(Error::failed("writing the state"))?;
        let (file, beside) = (self.path.join("state.json"), self.path.join("state.json.new"));
        write_private(&beside, text.as_ref()).map_err(Error::file("writing", &beside))?;
        std::fs::rename(&beside, &file).map_err(Error::file("writing", &file))
    }
}

/// Writes a file that only its owner may read: the state holds the account's secret and the keys.
fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(content)
}
