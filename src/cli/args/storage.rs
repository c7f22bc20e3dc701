//! `epi storage`.

use clap::Subcommand;

use super::candidates::environments;
use crate::base::limits::LinkHours;

#[derive(Debug, Clone, Subcommand)]
pub(in crate::cli) enum Storage {
    /// List the storage containers of an environment
    #[command(after_help = "Example:\n  epi storage containers --environment Integration")]
    Containers {
        /// Environment
        #[arg(long, value_name = "ENVIRONMENT", add = environments())]
        environment: String,
        /// List only writable containers
        #[arg(long)]
        writable: bool,
    },
    /// Create SAS URLs for storage containers
    #[command(
        after_help = "Example:\n  epi storage sas --environment Integration --container mysitemedia \\\n    --retention-hours 2"
    )]
    Sas {
        /// Environment
        #[arg(long, value_name = "ENVIRONMENT", add = environments())]
        environment: String,
        /// Storage containers
        #[arg(long, value_name = "NAME", required = true, num_args = 1.., value_delimiter = ',', visible_alias = "storage-container")]
        container: Vec<String>,
        /// Hours that the SAS URLs are valid, 1 to 168 [default: 24]
        #[arg(long, value_name = "HOURS")]
        retention_hours: Option<LinkHours>,
        /// Allow writing (not for Preproduction and Production)
        #[arg(long)]
        writable: bool,
    },
}
