//! The grammar of the command line. Only words and shapes; rules about values are those of the request documents.

mod candidates;
mod deployment;
mod export;
mod package;
mod storage;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::base::limits::{PollingSeconds, TimeoutMinutes};

pub(super) use deployment::Deployment;
pub(super) use export::{Database, Export};
pub(super) use package::{BlockChecksum, Deploy, Files, Package, Switch};
pub(super) use storage::Storage;

/// With what tells one build from another.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("EPI_COMMIT"), ", ", env!("EPI_TARGET"), ")");

/// Deploy to and export databases from the Optimizely DXP cloud.
#[derive(Debug, Parser)]
#[command(name = "epi", version = VERSION, max_term_width = 100, arg_required_else_help = true, subcommand_required = true)]
#[command(after_help = "\
Credentials are made in the DXP Management Portal (project, API tab). Give the secret in the
variable EPI_CLIENT_SECRET, with --client-secret-file or with --client-secret-stdin; it is never
an argument.

Examples:
  epi connect
  epi deploy mysite.cms.app.1.0.0.nupkg --to Preproduction
  epi export save --environment Production --database epicms --output-file epicms.bacpac
  epi deploy mysite.cms.sqldb.1.bacpac --to Integration --direct-deploy")]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) account: Account,
    #[command(flatten)]
    pub(super) display: Display,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

/// Whose project, and where.
#[derive(Debug, Args)]
#[command(next_help_heading = "Account options")]
pub(super) struct Account {
    /// Key of the API credentials
    #[arg(long, value_name = "KEY", env = "EPI_CLIENT_KEY", hide_env_values = true, global = true)]
    pub(super) client_key: Option<String>,
    /// File that holds the client secret, instead of EPI_CLIENT_SECRET
    #[arg(long, value_name = "FILE", global = true, conflicts_with = "client_secret_stdin")]
    pub(super) client_secret_file: Option<PathBuf>,
    /// Read the client secret from standard input
    #[arg(long, global = true)]
    pub(super) client_secret_stdin: bool,
    /// Project id, a GUID
    #[arg(long, value_name = "GUID", env = "EPI_PROJECT_ID", hide_env_values = true, global = true)]
    pub(super) project_id: Option<String>,
    /// Address of the service [default: https://paasportal.episerver.net/api/v1.0/]
    #[arg(long, value_name = "URL", env = "EPI_ENDPOINT", hide_env_values = true, global = true)]
    pub(super) endpoint: Option<String>,
    /// PEM file of certificate authorities to trust beside the system's
    // Neither this nor the next as a path: an empty variable counts as not given, and clap refuses an empty path.
    #[arg(long, value_name = "FILE", env = "EPI_CA_FILE", hide_env_values = true, global = true)]
    pub(super) ca_file: Option<OsString>,
    /// Folder that keeps what a cut upload needs to go on [default: epicloud in the user's folder for state]
    #[arg(long, value_name = "DIR", env = "EPI_STATE_DIR", hide_env_values = true, global = true)]
    pub(super) state_dir: Option<OsString>,
    /// How long to wait for the answers of one request to the service, in seconds [default: 120]
    // As a text for the same reason.
    #[arg(long, value_name = "SECONDS", env = "EPI_CALL_TIMEOUT", hide_env_values = true, global = true)]
    pub(super) call_timeout: Option<String>,
}

/// What is shown, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output options")]
pub(super) struct Display {
    /// Form of the result: text for people, one JSON document, or one JSON line per event and the result last
    /// [env: EPI_OUTPUT] [default: text]
    // Read from the environment elsewhere: an empty variable counts as not given.
    #[arg(long, short = 'o', value_name = "FORM", global = true)]
    pub(super) output: Option<Form>,
    /// Say more; twice for every request
    #[arg(long, short, action = clap::ArgAction::Count, global = true)]
    pub(super) verbose: u8,
    /// Say nothing but warnings, errors and the result
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Draw no progress
    #[arg(long, global = true)]
    pub(super) no_progress: bool,
}

/// The shells that completion is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    Bash,
    Elvish,
    Fish,
    #[value(name = "powershell")]
    Pwsh,
    Zsh,
}

/// The form of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// Sentences and tables
    Text,
    /// One JSON document
    Json,
    /// JSON lines
    Jsonl,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Verify the credentials, and say which service answered
    #[command(after_help = "Example:\n  epi connect")]
    Connect,
    /// Upload packages, deploy them and wait: location, upload, start and wait in one
    #[command(after_help = "Example:\n  epi deploy mysite.cms.app.1.0.0.nupkg --to Preproduction")]
    Deploy(Deploy),
    /// Upload packages without deploying them
    #[command(subcommand, subcommand_required = true, arg_required_else_help = true)]
    Package(Package),
    /// Start, look at, complete and reset deployments
    #[command(subcommand, subcommand_required = true, arg_required_else_help = true)]
    Deployment(Deployment),
    /// Export databases and save them to files
    #[command(subcommand, subcommand_required = true, arg_required_else_help = true)]
    Export(Export),
    /// Storage containers and links to them
    #[command(subcommand, subcommand_required = true, arg_required_else_help = true)]
    Storage(Storage),
    /// Get the link to the edge logs
    #[command(after_help = "Example:\n  epi edge-logs")]
    EdgeLogs,
    /// Write a completion script for a shell; it completes commands, options, environments, databases and deployment ids
    #[command(after_help = "Example:\n  epi completion bash >> ~/.bashrc")]
    Completion {
        /// The shell
        shell: Shell,
    },
    /// Write manual pages
    #[command(after_help = "Example:\n  epi man deployment wait | man -l -")]
    Man {
        /// The command; the page of epi itself when none is given
        #[arg(value_name = "COMMAND")]
        command: Vec<String>,
        /// Write the pages of all commands into this directory instead
        #[arg(long, value_name = "DIR", conflicts_with = "command")]
        output_dir: Option<PathBuf>,
    },
}

/// How to wait.
#[derive(Debug, Args)]
pub(super) struct WaitOptions {
    /// Longest wait in minutes; no limit when not given, but 2 hours for a status that epi does not know
    #[arg(long, value_name = "MINUTES")]
    pub(super) wait_timeout: Option<TimeoutMinutes>,
    /// Pause between two status requests in seconds [default: 30]
    #[arg(long, value_name = "SECONDS")]
    pub(super) polling_interval: Option<PollingSeconds>,
}

/// Whether to wait, and how.
#[derive(Debug, Args)]
pub(super) struct MayWait {
    /// Wait until it has ended or awaits its verification
    #[arg(long)]
    pub(super) wait: bool,
    /// Longest wait in minutes; no limit when not given, but 2 hours for a status that epi does not know
    #[arg(long, value_name = "MINUTES", requires = "wait")]
    pub(super) wait_timeout: Option<TimeoutMinutes>,
    /// Pause between two status requests in seconds [default: 30]
    #[arg(long, value_name = "SECONDS", requires = "wait")]
    pub(super) polling_interval: Option<PollingSeconds>,
}

#[derive(Debug, Args)]
pub(super) struct Strict {
    /// Fail on warnings, with exit code 13
    #[arg(long)]
    pub(super) strict: bool,
}

/// How the site behaves during a deployment.
#[derive(Debug, Args)]
pub(super) struct Mode {
    /// Deploy straight to the site, without a slot and its verification (Integration and ADE environments)
    #[arg(long)]
    pub(super) direct_deploy: bool,
    /// Show the maintenance page meanwhile
    #[arg(long)]
    pub(super) use_maintenance_page: bool,
    /// Deploy without downtime
    #[arg(long, value_name = "MODE", ignore_case = true)]
    pub(super) zero_downtime_mode: Option<ZeroDowntime>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ZeroDowntime {
    /// The site is read-only meanwhile
    #[value(name = "ReadOnly")]
    ReadOnly,
    /// The site stays writable
    #[value(name = "ReadWrite")]
    ReadWrite,
}

impl ZeroDowntime {
    /// The service's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::ReadOnly => "ReadOnly",
            Self::ReadWrite => "ReadWrite",
        }
    }
}
