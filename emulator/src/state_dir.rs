//! The state folder: what an emulator writes so that another one started with the same folder goes on where it ended.
//!
//! `state.json` holds one section for each part that keeps something (certificates, clock, blobs, each service);
//! `blobs/` the bytes; `ca.pem` the certificate authority. What a section holds is its part's own business. Fault rules
//! and the record of requests are not kept.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::Error;

/// A part of the emulator that keeps something.
pub(crate) trait Section: Send + Sync + fmt::Debug {
    /// The name of its section.
    fn name(&self) -> &'static str;

    /// What it keeps, as it is now.
    fn save(&self) -> serde_json::Result<Value>;
}

/// The state folder of one emulator, if it has one.
pub(crate) struct StateDir {
    path: Option<PathBuf>,
    /// What an earlier run left and no part has taken yet.
    left: Mutex<Map<String, Value>>,
    sections: Mutex<Vec<Weak<dyn Section>>>,
    /// Only one save at a time writes the file.
    writing: Mutex<()>,
}

impl fmt::Debug for StateDir {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("StateDir").field("path", &self.path).finish_non_exhaustive()
    }
}

impl StateDir {
    /// Opens the folder and reads what an earlier run left in it. Without a path nothing is kept.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Error> {
        let left = match path {
            None => Map::new(),
            Some(path) => {
                std::fs::create_dir_all(path).map_err(Error::file("creating", path))?;
                read(&path.join("state.json"))?
            }
        };
        Ok(Self {
            path: path.map(Path::to_owned),
            left: Mutex::new(left),
            sections: Mutex::default(),
            writing: Mutex::default(),
        })
    }

    /// What an earlier run left of this section.
    pub(crate) fn take<T: DeserializeOwned>(&self, section: &str) -> Result<Option<T>, Error> {
        let Some(value) = crate::lock(&self.left).remove(section) else { return Ok(None) };
        serde_json::from_value(value).map(Some).map_err(Error::failed(format!("reading the state of {section}")))
    }

    /// Keeps this part, too, as long as it lives.
    pub(crate) fn keep<S: Section + 'static>(&self, section: &Arc<S>) {
        let section: Weak<S> = Arc::downgrade(section);
        crate::lock(&self.sections).push(section);
    }

    /// Writes the state: first beside, then over the old file, so that an interrupted save loses nothing.
    pub(crate) fn try_save(&self) -> Result<(), Error> {
        let Some(path) = &self.path else { return Ok(()) };
        let _writing = crate::lock(&self.writing);
        let mut state = Map::new();
        let sections = crate::lock(&self.sections).clone();
        for section in sections.iter().filter_map(Weak::upgrade) {
            let value = section.save().map_err(Error::failed("writing the state"))?;
            state.insert(section.name().to_owned(), value);
        }
        let text = serde_json::to_vec(&state).map_err(Error::failed("writing the state"))?;
        let (file, beside) = (path.join("state.json"), path.join("state.json.new"));
        write_private(&beside, text.as_ref()).map_err(Error::file("writing", &beside))?;
        std::fs::rename(&beside, &file).map_err(Error::file("writing", &file))
    }

    /// Writes the state. One that cannot be written does not fail the request that changed it; stopping reports the
    /// failure.
    pub(crate) fn save(&self) {
        let _ = self.try_save();
    }
}

fn read(file: &Path) -> Result<Map<String, Value>, Error> {
    let text = match std::fs::read(file) {
        Ok(text) => text,
        Err(failure) if failure.kind() == std::io::ErrorKind::NotFound => return Ok(Map::new()),
        Err(failure) => return Err(Error::file("reading", file)(failure)),
    };
    serde_json::from_slice(&text).map_err(Error::failed(format!("reading {}", file.display())))
}

/// Writes a file that only its owner may read: the state holds the secrets and the keys.
fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(content)
}
