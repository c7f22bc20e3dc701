//! `epi deploy` and `epi package`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::candidates::environments;
use super::{Mode, Strict, WaitOptions};
use crate::base::limits::UploadStreams;

/// Package files and how they are uploaded.
#[derive(Debug, Args)]
#[command(next_help_heading = "Upload options")]
pub(in crate::cli) struct Files {
    /// Package files, named [name.](cms|commerce|head).app.<version>.(nupkg|zip) or
    /// [name.](cms|commerce).sqldb.<version>.bacpac
    #[arg(value_name = "FILE", required = true, help_heading = "Arguments")]
    pub(in crate::cli) files: Vec<PathBuf>,
    /// Name of the package in the store, when it differs from the file's (one file only)
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) blob_name: Option<String>,
    /// Blocks sent at the same time, 1 to 64; adapts to the connection when not given
    #[arg(long, value_name = "N")]
    pub(in crate::cli) streams: Option<UploadStreams>,
    /// Checksum of each block; chosen by the store's version when not given
    #[arg(long, value_name = "KIND")]
    pub(in crate::cli) block_checksum: Option<BlockChecksum>,
    /// Size of a block, 1 byte to 4000MiB: bytes, or with the suffix KiB, MiB or GiB; chosen by the file's size, from
    /// 1 to 8 MiB, when not given
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(in crate::cli) block_size: Option<u64>,
    /// Whether the whole file's MD5 is stored with the package [default: on]
    #[arg(long, value_name = "SWITCH")]
    pub(in crate::cli) content_md5: Option<Switch>,
}

/// A number of bytes. Its range is that of the request.
fn size(text: &str) -> Result<u64, String> {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10), ("", 0)];
    let cut = units.iter().find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, shift)));
    let bytes = cut.and_then(|(number, shift)| number.trim_end().parse::<u64>().ok()?.checked_mul(1 << shift));
    bytes.ok_or_else(|| "give a number of bytes, or one with KiB, MiB or GiB".to_owned())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Switch {
    /// Do it
    On,
    /// Leave it out
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum BlockChecksum {
    /// CRC-64/NVME, the faster one
    Crc64,
    /// MD5, for every store
    Md5,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Deploy {
    /// Environment to deploy to
    #[arg(long, value_name = "ENVIRONMENT", visible_alias = "target-environment", add = environments())]
    pub(in crate::cli) to: String,
    /// Start from packages that are uploaded already and in use by a deployment, by their names; their content is not
    /// compared
    #[arg(long)]
    pub(in crate::cli) reuse_uploaded: bool,
    #[command(flatten)]
    pub(in crate::cli) mode: Mode,
    #[command(flatten)]
    pub(in crate::cli) wait: WaitOptions,
    #[command(flatten)]
    pub(in crate::cli) strict: Strict,
    #[command(flatten)]
    pub(in crate::cli) files: Files,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Package {
    /// Get the write-only link that packages are uploaded to
    #[command(after_help = "Example:\n  epi package location")]
    Location,
    /// Upload package files
    #[command(after_help = "Example:\n  epi package upload mysite.cms.app.1.0.0.nupkg")]
    Upload {
        /// File that holds the container link to upload to, instead of asking for one (or EPI_SAS_URL)
        #[arg(long, value_name = "FILE", conflicts_with = "sas_url_stdin")]
        sas_url_file: Option<PathBuf>,
        /// Read the container link from standard input
        #[arg(long, conflicts_with = "client_secret_stdin")]
        sas_url_stdin: bool,
        #[command(flatten)]
        files: Files,
    },
}
