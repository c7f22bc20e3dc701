//! Who is measured: programs that are started anew for each run, and how each is told what to do.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::peers::{Peer, Peers};
use super::sink::Sink;
use crate::failure::Result;
use crate::process;

/// The name of what is uploaded.
pub(crate) const BLOB: &str = "bench.cms.sqldb.1.0.0.bacpac";
/// Connections of the plain push; more are not faster.
const PUSH_CONNECTIONS: &str = "8";

/// A program, and the way in which it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Candidate {
    /// Upload by `epi`.
    Epi(Epi),
    /// Upload by the official crate with its defaults.
    Official,
    /// The algorithm of the module EpiCloud 1.9.
    EpiCloud,
    /// The machine's own limit.
    Push,
    Python(Tuning),
    Node(Tuning),
    Rclone(Tuning),
    Azcopy,
    /// Download by the library of `epi`.
    EpiDownload,
    /// Download by the official crate, whose stream is written to a file.
    OfficialDownload,
}

/// How `epi` is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Epi {
    /// A fixed number of streams; without it `epi` finds the number itself.
    pub(crate) streams: Option<u32>,
    pub(crate) block: Option<&'static str>,
    /// Whether the MD5 of the whole file is stored with the blob.
    pub(crate) file_md5: bool,
}

/// How a peer is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tuning {
    Default,
    /// Blocks of 8 MiB, so many at a time.
    AtOnce(u32),
}

impl Epi {
    /// With checksums of the blocks alone.
    pub(crate) const BLOCKS: Self = Self { streams: None, block: None, file_md5: false };
    /// With all checksums, which is the default.
    pub(crate) const FULL: Self = Self { streams: None, block: None, file_md5: true };
}

/// The programs of the workspace that are started.
pub(crate) struct Programs<'a> {
    pub(crate) epi: &'a Path,
    pub(crate) epi_download: &'a Path,
    pub(crate) bench_peer: &'a Path,
    pub(crate) peers: &'a Peers,
    /// What `epi` keeps of transfers, so that nothing lands in the home of the person who runs this.
    pub(crate) state: PathBuf,
}

impl Candidate {
    pub(crate) fn name(self) -> String {
        let tuned = |name: &str, tuning| match tuning {
            Tuning::Default => format!("{name}, default"),
            Tuning::AtOnce(at_once) => format!("{name}, {at_once} at a time"),
        };
        match self {
            Self::Epi(Epi { streams, block, file_md5 }) => {
                let mut name = "epi".to_owned();
                if let Some(streams) = streams {
                    name += &format!(", {streams} stream{}", if streams == 1 { "" } else { "s" });
                }
                if let Some(block) = block {
                    name += &format!(", blocks of {block}");
                }
                name + if file_md5 { "" } else { ", no file MD5" }
            }
            Self::Official => "azure_storage_blob".to_owned(),
            Self::EpiCloud => "EpiCloud 1.9 algorithm".to_owned(),
            Self::Push => "plain TLS push".to_owned(),
            Self::Python(tuning) => tuned("Python SDK", tuning),
            Self::Node(tuning) => tuned("Node SDK", tuning),
            Self::Rclone(tuning) => tuned("rclone", tuning),
            Self::Azcopy => "azcopy".to_owned(),
            Self::EpiDownload => "epi download".to_owned(),
            Self::OfficialDownload => "azure_storage_blob stream".to_owned(),
        }
    }

    /// What has to be fetched for it.
    pub(crate) fn peer(self) -> Option<Peer> {
        match self {
            Self::Python(_) => Some(Peer::Python),
            Self::Node(_) => Some(Peer::Node),
            Self::Rclone(_) => Some(Peer::Rclone),
            Self::Azcopy => Some(Peer::Azcopy),
            _ => None,
        }
    }

    pub(crate) fn downloads(self) -> bool {
        matches!(self, Self::EpiDownload | Self::OfficialDownload)
    }

    /// What of one run can be seen at the sink.
    pub(crate) fn leaves_a_blob(self) -> bool {
        !self.downloads() && self != Self::Push
    }

    /// The command of a run, or nothing when its program is not there. `file` is what is uploaded or made.
    pub(crate) fn command(
        self,
        programs: &Programs<'_>,
        sink: &Sink,
        file: &Path,
        bytes: u64,
    ) -> Result<Option<Command>> {
        let link = if self.downloads() { sink.value("blobLink")? } else { sink.value("containerLink")? };
        let authority = sink.value("caFile")?;
        let peer = |name: &str| {
            let mut command = Command::new(programs.bench_peer);
            command.arg(name);
            command
        };
        let mut command = match self {
            Self::Epi(epi) => {
                let mut command = Command::new(programs.epi);
                command.args(["package", "upload", "--quiet", "--no-progress", "--blob-name", BLOB]).arg(file);
                command.args(epi.options());
                command
            }
            Self::Official => {
                let mut command = peer("official-upload");
                command.arg(file).arg(BLOB);
                command
            }
            Self::EpiCloud => {
                let mut command = peer("epicloud-upload");
                command.arg(file).arg(BLOB);
                command
            }
            Self::Push => {
                let mut command = peer("push");
                command.args([sink.value("pushAddress")?, &bytes.to_string(), PUSH_CONNECTIONS]);
                command
            }
            Self::EpiDownload => {
                let mut command = Command::new(programs.epi_download);
                command.arg(file);
                command
            }
            Self::OfficialDownload => {
                let mut command = peer("official-download");
                command.arg(file);
                command
            }
            Self::Python(_) | Self::Node(_) | Self::Rclone(_) | Self::Azcopy => {
                let peers = programs.peers;
                let command = match self {
                    Self::Python(tuning) => peers.python_upload(tuning, file),
                    Self::Node(tuning) => peers.node_upload(tuning, file),
                    Self::Rclone(tuning) => peers.rclone_upload(tuning, file, link, authority),
                    _ => peers.azcopy_upload(file, link),
                };
                match command {
                    Some(command) => command,
                    None => return Ok(None),
                }
            }
        };
        // By the environment, as a link is a secret and arguments are visible to everybody on the machine.
        command.env("EPI_SAS_URL", link).env("EPI_CA_FILE", authority).stdout(Stdio::null());
        command.env("EPI_STATE_DIR", &programs.state);
        // Each of these is how one of the languages is told of an authority.
        for variable in ["REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"] {
            command.env(variable, authority);
        }
        process::without_proxies(&mut command);
        Ok(Some(command))
    }
}

impl Epi {
    fn options(self) -> Vec<String> {
        let mut options = Vec::new();
        let mut option = |name: &str, value: &str| options.extend([name.to_owned(), value.to_owned()]);
        if let Some(streams) = self.streams {
            option("--streams", &streams.to_string());
        }
        if let Some(block) = self.block {
            option("--block-size", block);
        }
        if !self.file_md5 {
            option("--content-md5", "off");
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epi_is_told_only_what_differs_from_its_defaults() {
        let fixed = Epi { streams: Some(64), block: Some("100MiB"), file_md5: false };
        let cases: [(Epi, &str, &str); 3] = [
            (Epi::FULL, "epi", ""),
            (Epi::BLOCKS, "epi, no file MD5", "--content-md5 off"),
            (
                fixed,
                "epi, 64 streams, blocks of 100MiB, no file MD5",
                "--streams 64 --block-size 100MiB --content-md5 off",
            ),
        ];
        for (epi, name, options) in cases {
            assert_eq!(Candidate::Epi(epi).name(), name);
            assert_eq!(epi.options().join(" "), options);
        }
    }
}
