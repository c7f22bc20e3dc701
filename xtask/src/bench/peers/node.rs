//! The Azure SDK for Node. It takes the authority from `NODE_EXTRA_CA_CERTS`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::candidate::Tuning;
use crate::failure::{Doing, Result};
use crate::npm;

/// The newest that runs with Node 20.
pub(super) const VERSION: &str = "12.32.0";
const UPLOAD: &str = include_str!("upload.mjs");

#[derive(Debug)]
pub(super) struct Node {
    script: PathBuf,
}

pub(super) fn fetch(folder: &Path) -> Result<Node> {
    if let Some(reason) = npm::missing() {
        return Err(reason);
    }
    npm::install(folder, "@azure/storage-blob", VERSION, "about 40 MB")?;
    // Beside the packages, where Node looks for what a script imports.
    let script = folder.join("upload.mjs");
    fs::write(&script, UPLOAD).doing(format!("cannot write {}", script.display()))?;
    Ok(Node { script })
}

impl Node {
    pub(super) fn upload(&self, tuning: Tuning, file: &Path) -> Command {
        super::scripted("node".into(), &self.script, tuning, file)
    }
}
