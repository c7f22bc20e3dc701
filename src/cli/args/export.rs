//! `epi export`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::candidates::{databases, environments};
use super::{MayWait, WaitOptions};
use crate::base::limits::{DownloadStreams, RetentionHours};

/// Which database.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct Database {
    /// Environment of the database
    #[arg(long, value_name = "ENVIRONMENT", add = environments())]
    pub(in crate::cli) environment: String,
    /// Database: epicms or epicommerce
    #[arg(long, value_name = "NAME", visible_alias = "database-name", add = databases())]
    pub(in crate::cli) database: String,
}

#[derive(Debug, Clone, Subcommand)]
pub(in crate::cli) enum Export {
    /// Start a database export
    #[command(
        after_help = "Example:\n  epi export start --environment Production --database epicms \\\n    --retention-hours 48"
    )]
    Start {
        #[command(flatten)]
        database: Database,
        /// Hours that the service keeps the export [default: 24]
        #[arg(long, value_name = "HOURS")]
        retention_hours: Option<RetentionHours>,
        #[command(flatten)]
        wait: MayWait,
        #[command(flatten)]
        link: ShowLink,
    },
    /// Show an export
    #[command(
        after_help = "Example:\n  epi export show --environment Production --database epicms \\\n    --id 11111111-2222-3333-4444-555555555555"
    )]
    Show {
        #[command(flatten)]
        database: Database,
        /// Export id
        #[arg(long, value_name = "ID")]
        id: String,
        #[command(flatten)]
        link: ShowLink,
    },
    /// Wait for a running export, for example after an interrupted wait
    #[command(
        after_help = "Example:\n  epi export wait --environment Production --database epicms \\\n    --id 11111111-2222-3333-4444-555555555555"
    )]
    Wait {
        #[command(flatten)]
        database: Database,
        /// Export id
        #[arg(long, value_name = "ID")]
        id: String,
        #[command(flatten)]
        wait: WaitOptions,
        #[command(flatten)]
        link: ShowLink,
    },
    /// Start an export (or use an existing one), wait for it, download and verify it
    #[command(
        after_help = "Example:\n  epi export save --environment Production --database epicms \\\n    --output-file epicms.bacpac"
    )]
    Save {
        #[command(flatten)]
        database: Database,
        /// File to write
        #[arg(long, value_name = "FILE")]
        output_file: PathBuf,
        /// Use this existing export instead of starting a new one
        #[arg(long, value_name = "ID")]
        id: Option<String>,
        /// Start a new export, even if an interrupted save to the same file could be resumed
        #[arg(long, conflicts_with = "id")]
        new: bool,
        /// Hours that the service keeps the export [default: 24]
        #[arg(long, value_name = "HOURS", conflicts_with = "id")]
        retention_hours: Option<RetentionHours>,
        /// Replace the file if it exists
        #[arg(long)]
        force: bool,
        /// Parts downloaded in parallel, 1 to 16 [default: 8]
        #[arg(long, value_name = "N")]
        streams: Option<DownloadStreams>,
        #[command(flatten)]
        wait: WaitOptions,
    },
}

#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct ShowLink {
    /// Show the download link in text output; it is a secret (JSON output always includes it)
    #[arg(long)]
    pub(in crate::cli) show_link: bool,
}
