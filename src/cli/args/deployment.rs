//! `epi deployment`.

use clap::{ArgGroup, Subcommand, ValueEnum};

use super::candidates::{deployment_ids, environments};
use super::{MayWait, Mode, Strict, WaitOptions};
use crate::ops::dxp::DeploymentGoal;

#[derive(Debug, Clone, Subcommand)]
pub(in crate::cli) enum Deployment {
    /// Start a deployment of uploaded packages or of another environment's content
    #[command(
        group = ArgGroup::new("content").required(true).args(["package", "source_environment"]),
        after_help = "Example:\n  epi deployment start --to Preproduction \\\n    --package mysite.cms.app.1.0.0.nupkg --wait"
    )]
    Start {
        /// Environment to deploy to
        #[arg(long, value_name = "ENVIRONMENT", add = environments(), visible_alias = "target-environment")]
        to: String,
        /// Names of uploaded packages
        #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',', visible_alias = "deployment-package")]
        package: Option<Vec<String>>,
        /// Environment to copy from, with one or more of --source-app, --include-blob and --include-db
        #[arg(long, value_name = "ENVIRONMENT", add = environments())]
        source_environment: Option<String>,
        /// Applications whose code to copy: cms, commerce
        #[arg(long, value_name = "APP", num_args = 1.., value_delimiter = ',', requires = "source_environment")]
        source_app: Vec<String>,
        /// Also copy the blobs
        #[arg(long, requires = "source_environment")]
        include_blob: bool,
        /// Also copy the databases
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
    #[command(after_help = "Example:\n  epi deployment list")]
    List,
    /// Show a deployment
    #[command(after_help = "Example:\n  epi deployment show --id 11111111-2222-3333-4444-555555555555")]
    Show {
        /// Deployment id
        #[arg(long, value_name = "ID", add = deployment_ids())]
        id: String,
    },
    /// Wait for a running deployment, for example after an interrupted wait
    #[command(
        after_help = "Example:\n  epi deployment wait --id 11111111-2222-3333-4444-555555555555 --until complete"
    )]
    Wait {
        /// Deployment id
        #[arg(long, value_name = "ID", add = deployment_ids())]
        id: String,
        /// What to wait for
        #[arg(long, value_name = "STEP", default_value = "start")]
        until: Until,
        #[command(flatten)]
        wait: WaitOptions,
        #[command(flatten)]
        strict: Strict,
    },
    /// Complete a deployment that awaits verification: it goes live
    #[command(after_help = "Example:\n  epi deployment complete --id 11111111-2222-3333-4444-555555555555 --wait")]
    Complete {
        /// Deployment id
        #[arg(long, value_name = "ID", add = deployment_ids())]
        id: String,
        #[command(flatten)]
        wait: MayWait,
        #[command(flatten)]
        strict: Strict,
    },
    /// Reset (roll back) a deployment that awaits verification
    #[command(after_help = "Example:\n  epi deployment reset --id 11111111-2222-3333-4444-555555555555 --wait")]
    Reset {
        /// Deployment id
        #[arg(long, value_name = "ID", add = deployment_ids())]
        id: String,
        /// Also roll back the database (maintenance mode only)
        #[arg(long)]
        rollback_database: bool,
        /// Stop before the swap for verification (maintenance mode only)
        #[arg(long)]
        validate_before_swap: bool,
        /// Complete a reset that awaits verification
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
    /// The deployment awaits verification, has succeeded or failed
    Start,
    /// The completion has succeeded or failed
    Complete,
    /// The reset has finished, awaits verification or failed
    Reset,
    /// The completion of a reset has finished or failed
    CompleteReset,
}

impl From<Until> for DeploymentGoal {
    fn from(until: Until) -> Self {
        match until {
            Until::Start => Self::Start,
            Until::Complete => Self::Complete,
            Until::Reset => Self::Reset,
            Until::CompleteReset => Self::CompleteReset,
        }
    }
}
