//! The grammar of the command line. Only words and shapes; rules about values are those of the request documents.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Deploy to and export databases from the Optimizely DXP cloud.
#[derive(Debug, Parser)]
#[command(name = "epi", version, max_term_width = 100, arg_required_else_help = true, subcommand_required = true)]
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
    #[arg(long, value_name = "FILE", env = "EPI_CA_FILE", hide_env_values = true, global = true)]
    pub(super) ca_file: Option<PathBuf>,
}

/// What is shown, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output options")]
pub(super) struct Display {
    /// Form of the result: text for people, one JSON document, or one JSON line per event and the result last
    #[arg(
        long,
        value_name = "FORM",
        env = "EPI_OUTPUT",
        hide_env_values = true,
        default_value = "text",
        global = true
    )]
    pub(super) output: Form,
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
    /// Verify the credentials
    Connect,
    /// Upload packages, deploy them and wait: location, upload, start and wait in one
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
    EdgeLogs,
    /// Write a completion script for a shell
    Completion {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// How to wait.
#[derive(Debug, Args)]
pub(super) struct WaitOptions {
    /// Longest wait in minutes; no limit when not given
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=i64::from(i32::MAX)))]
    pub(super) wait_timeout: Option<u32>,
    /// Pause between two status requests in seconds [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=i64::from(i32::MAX)))]
    pub(super) polling_interval: Option<u32>,
}

/// Whether to wait, and how.
#[derive(Debug, Args)]
pub(super) struct MayWait {
    /// Wait until it has ended
    #[arg(long)]
    pub(super) wait: bool,
    /// Longest wait in minutes; no limit when not given
    #[arg(long, value_name = "MINUTES", requires = "wait", value_parser = clap::value_parser!(u32).range(1..=i64::from(i32::MAX)))]
    pub(super) wait_timeout: Option<u32>,
    /// Pause between two status requests in seconds [default: 30]
    #[arg(long, value_name = "SECONDS", requires = "wait", value_parser = clap::value_parser!(u32).range(1..=i64::from(i32::MAX)))]
    pub(super) polling_interval: Option<u32>,
}

#[derive(Debug, Args)]
pub(super) struct Strict {
    /// Fail on warnings, and on a failure without a reason
    #[arg(long)]
    pub(super) strict: bool,
}

#[derive(Debug, Args)]
pub(super) struct StrictExport {
    /// Fail when the export has failed or its link has expired
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

/// Package files and how they are uploaded.
#[derive(Debug, Args)]
pub(super) struct Files {
    /// Package files, named [name.](cms|commerce|head).app.<version>.(nupkg|zip) or
    /// [name.](cms|commerce).sqldb.<version>.bacpac
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    /// Name of the package in the store, when it differs from the file's (one file only)
    #[arg(long, value_name = "NAME")]
    pub(super) blob_name: Option<String>,
    /// Blocks sent at the same time, 1 to 64
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(super) streams: Option<u32>,
    /// Checksum of each block; chosen by the store's version when not given
    #[arg(long, value_name = "KIND")]
    pub(super) block_checksum: Option<BlockChecksum>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum BlockChecksum {
    /// CRC-64/NVME, the faster one
    Crc64,
    /// MD5, for every store
    Md5,
}

#[derive(Debug, Args)]
pub(super) struct Deploy {
    #[command(flatten)]
    pub(super) files: Files,
    /// Environment to deploy to
    #[arg(long, value_name = "ENVIRONMENT", visible_alias = "target-environment")]
    pub(super) to: String,
    #[command(flatten)]
    pub(super) mode: Mode,
    #[command(flatten)]
    pub(super) wait: WaitOptions,
    #[command(flatten)]
    pub(super) strict: Strict,
}

#[derive(Debug, Subcommand)]
pub(super) enum Package {
    /// Get the write-only link that packages are uploaded to
    Location,
    /// Upload package files
    Upload {
        #[command(flatten)]
        files: Files,
        /// File that holds the container link to upload to, instead of asking for one (or EPI_SAS_URL)
        #[arg(long, value_name = "FILE", conflicts_with = "sas_url_stdin")]
        sas_url_file: Option<PathBuf>,
        /// Read the container link from standard input
        #[arg(long, conflicts_with = "client_secret_stdin")]
        sas_url_stdin: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Deployment {
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
pub(super) enum Until {
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
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Complete => "complete",
            Self::Reset => "reset",
            Self::CompleteReset => "completeReset",
        }
    }
}

/// Which database.
#[derive(Debug, Args)]
pub(super) struct Database {
    /// Environment the database belongs to
    #[arg(long, value_name = "ENVIRONMENT")]
    pub(super) environment: String,
    /// Database: epicms or epicommerce
    #[arg(long, value_name = "NAME", visible_alias = "database-name")]
    pub(super) database: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum Export {
    /// Start an export of a database
    Start {
        #[command(flatten)]
        database: Database,
        /// Hours that the service keeps the result [default: 24]
        #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u32).range(1..=i64::from(i32::MAX)))]
        retention_hours: Option<u32>,
        #[command(flatten)]
        wait: MayWait,
        #[command(flatten)]
        strict: StrictExport,
        #[command(flatten)]
        link: ShowLink,
    },
    /// Show one export
    Show {
        #[command(flatten)]
        database: Database,
        /// Id of the export
        #[arg(long, value_name = "ID")]
        id: String,
        #[command(flatten)]
        link: ShowLink,
    },
    /// Wait for an export that runs, also after an interrupted wait
    Wait {
        #[command(flatten)]
        database: Database,
        /// Id of the export
        #[arg(long, value_name = "ID")]
        id: String,
        #[command(flatten)]
        wait: WaitOptions,
        #[command(flatten)]
        strict: StrictExport,
        #[command(flatten)]
        link: ShowLink,
    },
    /// Start or take an export, wait for it, download and verify it
    Save {
        #[command(flatten)]
        database: Database,
        /// File to write
        #[arg(long, value_name = "FILE")]
        output_file: PathBuf,
        /// Id of an export that exists, instead of starting one
        #[arg(long, value_name = "ID")]
        id: Option<String>,
        /// Hours that the service keeps the result [default: 24]
        #[arg(long, value_name = "HOURS", conflicts_with = "id", value_parser = clap::value_parser!(u32).range(1..=i64::from(i32::MAX)))]
        retention_hours: Option<u32>,
        /// Replace the file if it exists
        #[arg(long)]
        force: bool,
        /// Ranges fetched at the same time, 1 to 64
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
        streams: Option<u32>,
        #[command(flatten)]
        wait: WaitOptions,
    },
}

#[derive(Debug, Args)]
pub(super) struct ShowLink {
    /// Show the download link in text output; it is a secret (JSON output always holds it)
    #[arg(long)]
    pub(super) show_link: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Storage {
    /// List the storage containers of an environment
    Containers {
        /// The environment
        #[arg(long, value_name = "ENVIRONMENT")]
        environment: String,
        /// Only those that may be written to
        #[arg(long)]
        writable: bool,
    },
    /// Make links to storage containers
    Sas {
        /// The environment
        #[arg(long, value_name = "ENVIRONMENT")]
        environment: String,
        /// The containers
        #[arg(long, value_name = "NAME", required = true, num_args = 1.., value_delimiter = ',', visible_alias = "storage-container")]
        container: Vec<String>,
        /// Hours that the links are valid, 1 to 168 [default: 24]
        #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u32).range(1..=168))]
        retention_hours: Option<u32>,
        /// Links that may be written to (not for Preproduction and Production)
        #[arg(long)]
        writable: bool,
    },
}
