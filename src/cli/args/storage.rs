//! `epi storage`.

use clap::Subcommand;

use super::candidates::environments;
use crate::base::limits::LinkHours;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Storage {
    /// List the storage containers of an environment
    #[command(after_help = "Example:\n  epi storage containers --environment Integration")]
    Containers {
        /// The environment
        #[arg(long, value_name = "ENVIRONMENT", add = environments())]
        environment: String,
        /// Only those that may be written to
        #[arg(long)]
        writable: bool,
    },
    /// Make links to storage containers
    #[command(
        after_help = "Example:\n  epi storage sas --environment Integration --container mysitemedia \\\n    --retention-hours 2"
    )]
    Sas {
        /// The environment
        #[arg(long, value_name = "ENVIRONMENT", add = environments())]
        environment: String,
        /// The containers
        #[arg(long, value_name = "NAME", required = true, num_args = 1.., value_delimiter = ',', visible_alias = "storage-container")]
        container: Vec<String>,
        /// Hours that the links are valid, 1 to 168 [default: 24]
        #[arg(long, value_name = "HOURS")]
        retention_hours: Option<LinkHours>,
        /// Links that may be written to (not for Preproduction and Production)
        #[arg(long)]
        writable: bool,
    },
}
