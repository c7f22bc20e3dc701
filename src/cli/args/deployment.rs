//! `epi deployment`.

use clap::{Subcommand, ValueEnum};

use super::{MayWait, Mode, Strict, WaitOptions};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Deployment {
    /// Start a deployment of uploaded packages, or of another environment's content
    Start {
        /// Environment to deploy to
        #[arg(long, value_name = "ENVIRONMENT", visible_alias = "target-environment")]
        to: String,
        /// Names of uploaded packages
        #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',', visible_alias = "deployment-package",
              required_unless_present = "source_environment", conflicts_with = "source_environment")]
        package: Option<Vec<String>>,
        /// Environment to copy from
        #[arg(long, value_name = "ENVIRONMENT")]
        source_environment: Option<String>,
        /// Code to copy: cms, commerce
        #[arg(long, value_name = "APP", num_args = 1.., value_delimiter = ',', requires = "source_environment")]
        source_app: Vec<String>,
        /// Copy the blobs too
        #[arg(long, requires = "source_environment")]
        include_blob: bool,
        /// Copy the databases too
        #[arg(long, requires = "source_environment")]
        include_db: bool,
        #[command(flatten)]
        mode: Mode,
        #[command(flatten)]
        wait: MayWait,
        #[command(flatten)]
        strict: Strict,
    },
    /// List the ten most recent deployments
    List,
    /// Show one deployment
    Show {
        /// Id of the deployment
        #[arg(long, value_name = "ID")]
        id: String,
    },
    /// Wait for a deployment that runs, also after an interrupted wait
    Wait {
        /// Id of the deployment
        #[arg(long, value_name = "ID")]
        id: String,
        /// What to wait for
        #[arg(long, value_name = "STEP", default_value = "start")]
        until: Until,
        #[command(flatten)]
        wait: WaitOptions,
        #[command(flatten)]
        strict: Strict,
    },
    /// Make a deployment that awaits its verification go live
    Complete {
        /// Id of the deployment
        #[arg(long, value_name = "ID")]
        id: String,
        #[command(flatten)]
        wait: MayWait,
        #[command(flatten)]
        strict: Strict,
    },
    /// Take a deployment that awaits its verification back
    Reset {
        /// Id of the deployment
        #[arg(long, value_name = "ID")]
        id: String,
        /// Put the database back to its state before (with maintenance mode only)
        #[arg(long)]
        rollback_database: bool,
        /// Stop before the swap for validation (with maintenance mode only)
        #[arg(long)]
        validate_before_swap: bool,
        /// Complete a reset that awaits its verification
        #[arg(long, conflicts_with_all = ["rollback_database", "validate_before_swap"])]
        complete: bool,
        #[command(flatten)]
        wait: MayWait,
        #[command(flatten)]
        strict: Strict,
    },
}

/// What a wait on a deployment waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Until {
    /// The start: it awaits its verification, has succeeded or failed
    Start,
    /// The completion: it has succeeded or failed
    Complete,
    /// The reset: it is reset, awaits the verification of the reset, or has failed
    Reset,
    /// The second half of a reset with validation
    CompleteReset,
}

impl Until {
    /// The word of the request document.
    pub(in crate::cli) fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Complete => "complete",
            Self::Reset => "reset",
            Self::CompleteReset => "completeReset",
        }
    }
}
