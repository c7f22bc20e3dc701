//! `epi job`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::WaitOptions;

#[derive(Debug, Clone, Subcommand)]
pub(in crate::cli) enum Job {
    /// Show an export or backup of any service
    #[command(after_help = "Example:\n  epi job show gw:eyJhZGRyZXNzIjoi...")]
    Show {
        #[command(flatten)]
        handles: Handles,
    },
    /// Wait for exports and backups of any service
    #[command(after_help = "Example:\n  epi job wait --handle-file handles.txt")]
    Wait {
        #[command(flatten)]
        handles: Handles,
        #[command(flatten)]
        wait: WaitOptions,
    },
}

#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub(in crate::cli) struct Handles {
    /// Handle that the start of the job printed; - reads handles from standard input, one per line
    #[arg(value_name = "HANDLE")]
    pub(in crate::cli) handle: Vec<String>,
    /// File with handles, one per line
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) handle_file: Option<PathBuf>,
}
