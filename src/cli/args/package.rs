//! `epi deploy` and `epi package`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::candidates::environments;
use super::{Mode, Strict, WaitOptions};
use crate::base::limits::UploadStreams;
use crate::ops::dxp::request::BlockIntegrity;

/// Package files and how they are uploaded.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Upload options")]
pub(in crate::cli) struct Files {
    /// Package files, named [name.](cms|commerce|head).app.<version>.(nupkg|zip) or
    /// [name.](cms|commerce).sqldb.<version>.bacpac
    #[arg(value_name = "FILE", required = true, help_heading = "Arguments")]
    pub(in crate::cli) files: Vec<PathBuf>,
    /// Upload under this package name instead of the file name (one file only)
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) blob_name: Option<String>,
    /// Blocks uploaded in parallel, 1 to 64 [default: adapts to the connection]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) streams: Option<UploadStreams>,
    /// Checksum of each block [default: crc64 where the blob storage supports it, otherwise md5]
    #[arg(long, value_name = "KIND")]
    pub(in crate::cli) block_checksum: Option<BlockChecksum>,
    /// Block size, 1 byte to 4000MiB, in bytes or with the suffix KiB, MiB or GiB [default: 1MiB to 8MiB, by the size
    /// of the file]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(in crate::cli) block_size: Option<u64>,
    /// Whether to store the MD5 of the file with the package [default: on]
    #[arg(long, value_name = "SWITCH")]
    pub(in crate::cli) content_md5: Option<Switch>,
}

/// A number of bytes. Its range is that of the request.
fn size(text: &str) -> Result<u64, String> {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10), ("", 0)];
    let cut = units.iter().find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, shift)));
    let bytes = cut.and_then(|(number, shift)| number.trim_end().parse::<u64>().ok()?.checked_mul(1 << shift));
    bytes.ok_or_else(|| "must be a number of bytes, or one with KiB, MiB or GiB, such as 8MiB".to_owned())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Switch {
    /// Store the MD5
    On,
    /// Do not store it
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum BlockChecksum {
    /// CRC-64/NVME, which is faster
    Crc64,
    /// MD5, which every blob storage supports
    Md5,
}

impl From<BlockChecksum> for BlockIntegrity {
    fn from(checksum: BlockChecksum) -> Self {
        match checksum {
            BlockChecksum::Crc64 => Self::Crc64,
            BlockChecksum::Md5 => Self::Md5,
        }
    }
}

#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct Deploy {
    /// Environment to deploy to
    #[arg(long, value_name = "ENVIRONMENT", visible_alias = "target-environment", add = environments())]
    pub(in crate::cli) to: String,
    /// Deploy packages that are already uploaded and used by a deployment, matched by name; their content is not
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

#[derive(Debug, Clone, Subcommand)]
pub(in crate::cli) enum Package {
    /// Get the write-only SAS URL that packages are uploaded to
    #[command(after_help = "Example:\n  epi package location")]
    Location,
    /// Upload package files
    #[command(after_help = "Example:\n  epi package upload mysite.cms.app.1.0.0.nupkg")]
    Upload {
        /// File with the container SAS URL to upload to [default: EPI_SAS_URL, or a SAS URL from the service]
        #[arg(long, value_name = "FILE", conflicts_with = "sas_url_stdin")]
        sas_url_file: Option<PathBuf>,
        /// Read the container SAS URL from standard input
        #[arg(long, conflicts_with = "client_secret_stdin")]
        sas_url_stdin: bool,
        #[command(flatten)]
        files: Files,
    },
}
