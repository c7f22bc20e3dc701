//! `epi profile`.

use clap::Subcommand;

#[derive(Debug, Clone, Subcommand)]
pub(in crate::cli) enum ProfileVerb {
    /// List the profiles of the configuration file
    #[command(after_help = "Example:\n  epi profile list")]
    List,
    /// Show the account that --profile, variables and options amount to, and where each value comes from
    #[command(after_help = "Example:\n  epi profile show shop")]
    Show {
        /// Profile to show [default: that of --profile, or the account of the variables]
        name: Option<String>,
    },
    /// Check that a profile is valid and that its secret can be read, without connecting
    #[command(after_help = "Example:\n  epi profile check shop")]
    Check {
        /// Profile to check [default: that of --profile]
        name: Option<String>,
    },
}
