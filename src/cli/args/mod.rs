//! The grammar of the command line. Only words and shapes; rules about values are those of the requests.

mod candidates;
mod deployment;
mod export;
mod guidewire;
mod job;
mod package;
mod profile;
mod redis;
mod storage;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Command, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::base::limits::{PollingSeconds, TimeoutMinutes};
use crate::ops::client::Service;
use crate::ops::dxp::ZeroDowntimeMode;

pub(super) use deployment::Deployment;
pub(super) use export::{Database, Export};
pub(super) use guidewire::{Backup, Guidewire, GuidewireVerb};
pub(super) use job::{Handles, Job};
pub(super) use package::{Deploy, Files, Package, Switch};
pub(super) use profile::ProfileVerb;
pub(super) use redis::{Redis, RedisDatabase, RedisExport, RedisVerb};
pub(super) use storage::Storage;

/// With what tells one build from another.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("EPI_COMMIT"), ", ", env!("EPI_TARGET"), ")");

/// Deploy to the Optimizely DXP cloud, and export databases from it, Guidewire Cloud and Redis Enterprise.
#[derive(Debug, Clone, Parser)]
#[command(name = "epi", version = VERSION, max_term_width = 100, arg_required_else_help = true, subcommand_required = true)]
#[command(after_help = "\
Create API credentials in the DXP Management Portal (project, API tab). Pass the secret in the
variable EPI_CLIENT_SECRET, with --client-secret-file or with --client-secret-stdin; it is never
an argument. Guidewire Cloud and Redis Enterprise have variables of their own; see the help of
epi guidewire and epi redis.

Examples:
  epi connect
  epi deploy mysite.cms.app.1.0.0.nupkg --to Preproduction
  epi export save --environment Production --database epicms --output-file epicms.bacpac
  epi deploy mysite.cms.sqldb.1.bacpac --to Integration --direct-deploy")]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) account: Account,
    /// Account of the configuration file, for what neither options nor variables say [env: EPI_PROFILE]
    #[arg(long, value_name = "NAME", global = true)]
    #[arg(help_heading = "Account options")]
    pub(super) profile: Option<String>,
    #[command(flatten)]
    pub(super) display: Display,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

/// Whose project, and where. The variables are read elsewhere, because they differ by service.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Account options")]
pub(super) struct Account {
    /// Client key of the API credentials [env: EPI_CLIENT_KEY]
    #[arg(long, value_name = "KEY", global = true)]
    pub(super) client_key: Option<String>,
    /// File with the client secret, instead of EPI_CLIENT_SECRET
    #[arg(long, value_name = "FILE", global = true, conflicts_with = "client_secret_stdin")]
    pub(super) client_secret_file: Option<PathBuf>,
    /// Read the client secret from standard input
    #[arg(long, global = true)]
    pub(super) client_secret_stdin: bool,
    /// Project id (a GUID) [env: EPI_PROJECT_ID]
    #[arg(long, value_name = "GUID", global = true)]
    pub(super) project_id: Option<String>,
    /// Base URL of the service [default: https://paasportal.episerver.net/api/v1.0/] [env: EPI_ENDPOINT]
    #[arg(long, value_name = "URL", global = true)]
    pub(super) endpoint: Option<String>,
    /// PEM file with additional CA certificates to trust [env: EPI_CA_FILE]
    // Neither this nor the next as a path: an empty value counts as not given, and clap refuses an empty path.
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) ca_file: Option<OsString>,
    /// Directory for the resume data of interrupted uploads [default: epicloud in $XDG_STATE_HOME,
    /// ~/.local/state or, on Windows, %LOCALAPPDATA%] [env: EPI_STATE_DIR]
    #[arg(long, value_name = "DIR", global = true)]
    pub(super) state_dir: Option<OsString>,
    /// Time limit of one request to the service, with its retries, in seconds [default: 120]
    /// [env: EPI_CALL_TIMEOUT]
    #[arg(long, value_name = "SECONDS", global = true)]
    pub(super) call_timeout: Option<String>,
}

impl Account {
    /// The options for the secret that are given.
    pub(super) fn secret_options(&self) -> impl Iterator<Item = &'static str> + use<> {
        let file = self.client_secret_file.is_some().then_some("--client-secret-file");
        file.into_iter().chain(self.client_secret_stdin.then_some("--client-secret-stdin"))
    }
}

/// What is shown, and how.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output options")]
pub(super) struct Display {
    /// Output format: text, one JSON document, or JSON lines (one per event, the result last)
    /// [env: EPI_OUTPUT] [default: text]
    // Read from the environment elsewhere: an empty variable counts as not given.
    #[arg(long, short = 'o', value_name = "FORMAT", global = true)]
    pub(super) output: Option<Form>,
    /// Verbose output; repeat (-vv) to log every HTTP request
    #[arg(long, short, action = clap::ArgAction::Count, global = true)]
    pub(super) verbose: u8,
    /// Print only warnings, errors and the result
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Do not show progress
    #[arg(long, global = true)]
    pub(super) no_progress: bool,
}

/// Shell to generate the completion script for
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
    /// Plain text and tables
    Text,
    /// One JSON document
    Json,
    /// JSON lines: one per event, then the result
    Jsonl,
}

#[derive(Debug, Clone, Subcommand)]
pub(super) enum Verb {
    /// Verify the credentials and show which service accepted them
    #[command(after_help = "Example:\n  epi connect")]
    Connect,
    /// Upload packages, start a deployment of them and wait for it
    #[command(after_help = "Example:\n  epi deploy mysite.cms.app.1.0.0.nupkg --to Preproduction")]
    Deploy(Deploy),
    /// Upload packages without deploying them
    #[command(subcommand, subcommand_required = true, arg_required_else_help = true)]
    Package(Package),
    /// Start, inspect, complete and reset deployments
    #[command(subcommand, subcommand_required = true, arg_required_else_help = true)]
    Deployment(Deployment),
    /// Export databases and save them to files
    #[command(subcommand, subcommand_required = true, arg_required_else_help = true)]
    Export(Export),
    /// List storage containers and create SAS URLs for them
    #[command(subcommand, subcommand_required = true, arg_required_else_help = true)]
    Storage(Storage),
    /// Create, follow and delete backups in Guidewire Cloud
    Guidewire(Guidewire),
    /// Export databases of a Redis Enterprise Software cluster
    Redis(Redis),
    /// Follow exports and backups of any service by their handles
    #[command(subcommand, subcommand_required = true, arg_required_else_help = true)]
    Job(Job),
    /// List, show and check the accounts of the configuration file
    #[command(subcommand, subcommand_required = true, arg_required_else_help = true)]
    Profile(ProfileVerb),
    /// Get the SAS URL of the edge logs
    #[command(after_help = "Example:\n  epi edge-logs")]
    EdgeLogs,
    /// Generate a shell completion script; it also completes environments, databases and deployment ids
    #[command(after_help = "Example:\n  epi completion bash >> ~/.bashrc")]
    Completion {
        /// Shell to generate the script for
        shell: Shell,
    },
    /// Print or write manual pages
    #[command(after_help = "Example:\n  epi man deployment wait | man -l -")]
    Man {
        /// Command to print the page of [default: epi itself]
        #[arg(value_name = "COMMAND")]
        command: Vec<String>,
        /// Write the pages of all commands to this directory instead
        #[arg(long, value_name = "DIR", conflicts_with = "command")]
        output_dir: Option<PathBuf>,
    },
}

impl Verb {
    /// The service that it is of; `None` where that depends on what is given.
    pub(super) fn service(&self) -> Option<Service> {
        match self {
            Self::Guidewire(_) => Some(Service::Guidewire),
            Self::Redis(_) => Some(Service::RedisEnterprise),
            Self::Job(_) | Self::Profile(_) => None,
            _ => Some(Service::Dxp),
        }
    }
}

/// The grammar, in which each service's commands offer the account options that it has.
pub(super) fn grammar() -> Command {
    grammar_of(Arguments::command())
}

/// The same of a grammar that was changed before.
pub(super) fn grammar_of(mut root: Command) -> Command {
    // What is global is copied to the subcommands here.
    root.build();
    root.mut_subcommand("guidewire", |command| {
        for_service(command, &["client_key", "project_id", "state_dir"], guidewire::HELP)
    })
    .mut_subcommand("redis", |command| {
        let hidden = ["client_key", "project_id", "state_dir", "client_secret_file", "client_secret_stdin"];
        for_service(command, &hidden, redis::HELP)
    })
    .mut_subcommand("job", |command| for_service(command, &[], OF_ANY))
    .mut_subcommand("profile", |command| for_service(command, &[], OF_ANY))
}

/// The help of options in commands that are for every service.
const OF_ANY: &[(&str, &str)] = &[
    ("polling_interval", "Polling interval in seconds [default: that of the service]"),
    (
        "endpoint",
        "Base URL of the service [default: that of its own variable or, for Optimizely DXP, the live service]",
    ),
    ("client_secret_file", "File with the client secret, instead of the service's own variable"),
    (
        "ca_file",
        "PEM file with additional CA certificates to trust [env: EPI_CA_FILE; before it, for Redis Enterprise, EPI_REDIS_CA_FILE]",
    ),
];

/// The grammar of a service: without options that it has no use for, which are refused all the same, and with its own
/// help of those whose help differs.
fn for_service(command: Command, hidden: &[&str], helps: &[(&str, &'static str)]) -> Command {
    command
        .mut_args(|argument| match helps.iter().find(|(id, _)| argument.get_id() == id) {
            Some((_, help)) => argument.help(*help),
            None if hidden.contains(&argument.get_id().as_str()) => argument.hide(true),
            None => argument,
        })
        .mut_subcommands(|inner| for_service(inner, hidden, helps))
}

/// How to wait.
#[derive(Debug, Clone, Args)]
pub(super) struct WaitOptions {
    /// Maximum time to wait, in minutes [default: no limit, but 2 hours in a status unknown to epi]
    #[arg(long, value_name = "MINUTES")]
    pub(super) wait_timeout: Option<TimeoutMinutes>,
    /// Polling interval in seconds [default: 30]
    #[arg(long, value_name = "SECONDS")]
    pub(super) polling_interval: Option<PollingSeconds>,
}

/// Whether to wait, and how.
#[derive(Debug, Clone, Args)]
pub(super) struct MayWait {
    /// Wait until the operation finishes or awaits verification
    #[arg(long)]
    pub(super) wait: bool,
    /// Maximum time to wait, in minutes [default: no limit, but 2 hours in a status unknown to epi]
    #[arg(long, value_name = "MINUTES", requires = "wait")]
    pub(super) wait_timeout: Option<TimeoutMinutes>,
    /// Polling interval in seconds [default: 30]
    #[arg(long, value_name = "SECONDS", requires = "wait")]
    pub(super) polling_interval: Option<PollingSeconds>,
}

#[derive(Debug, Clone, Args)]
pub(super) struct Strict {
    /// Treat warnings as an error (exit code 13)
    #[arg(long)]
    pub(super) strict: bool,
}

/// How the site behaves during a deployment.
#[derive(Debug, Clone, Args)]
pub(super) struct Mode {
    /// Deploy directly to the site, without a slot and its verification (Integration and ADE environments)
    #[arg(long)]
    pub(super) direct_deploy: bool,
    /// Show a maintenance page during the deployment
    #[arg(long)]
    pub(super) use_maintenance_page: bool,
    /// Deploy without downtime
    #[arg(long, value_name = "MODE", ignore_case = true)]
    pub(super) zero_downtime_mode: Option<ZeroDowntime>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ZeroDowntime {
    /// The site is read-only during the deployment
    #[value(name = "ReadOnly")]
    ReadOnly,
    /// The site stays writable
    #[value(name = "ReadWrite")]
    ReadWrite,
}

impl From<ZeroDowntime> for ZeroDowntimeMode {
    fn from(mode: ZeroDowntime) -> Self {
        match mode {
            ZeroDowntime::ReadOnly => Self::ReadOnly,
            ZeroDowntime::ReadWrite => Self::ReadWrite,
        }
    }
}
