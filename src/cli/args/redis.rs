//! `epi redis`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Handles, MayWait, WaitOptions};
use crate::base::limits::{BusyTimeoutSeconds, TimeoutMinutes};

/// The help of options that differs from that for Optimizely DXP.
pub(super) const HELP: &[(&str, &str)] = &[
    ("endpoint", "Base URL of the REST API of the cluster, such as https://cluster:9443 [env: EPI_REDIS_ENDPOINT]"),
    ("ca_file", "PEM file with additional CA certificates to trust [env: EPI_REDIS_CA_FILE, else EPI_CA_FILE]"),
    ("wait", "Wait until the export ends"),
    ("polling_interval", "Polling interval in seconds [default: 5, growing to 30]"),
];

#[derive(Debug, Clone, Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "\
Pass the password of the user in the variable EPI_REDIS_PASSWORD, with --password-file or with
--password-stdin. A new cluster has a self-signed certificate: accept it by its fingerprint with
--certificate-sha256.")]
pub(in crate::cli) struct Redis {
    #[command(flatten)]
    pub(in crate::cli) account: RedisAccount,
    #[command(subcommand)]
    pub(in crate::cli) verb: RedisVerb,
}

/// Whose cluster, and where.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Redis Enterprise account options")]
pub(in crate::cli) struct RedisAccount {
    /// User name, usually an e-mail address [env: EPI_REDIS_USER]
    #[arg(long, value_name = "USER", global = true)]
    user: Option<String>,
    /// File with the password, instead of EPI_REDIS_PASSWORD
    #[arg(long, value_name = "FILE", global = true, conflicts_with = "password_stdin")]
    pub(in crate::cli) password_file: Option<PathBuf>,
    /// Read the password from standard input
    #[arg(long, global = true)]
    pub(in crate::cli) password_stdin: bool,
    /// How requests are authorized: basic or jwt [default: basic] [env: EPI_REDIS_AUTHENTICATION]
    #[arg(long, value_name = "KIND", global = true)]
    authentication: Option<String>,
    /// SHA-256 fingerprint of the one certificate to accept, as openssl x509 -fingerprint -sha256 prints it [env:
    /// EPI_REDIS_CERTIFICATE_SHA256]
    #[arg(long, value_name = "FINGERPRINT", global = true)]
    certificate_sha256: Option<String>,
}

impl RedisAccount {
    /// The values, by the members of a configuration.
    pub(in crate::cli) fn members(&self) -> [(&'static str, &Option<String>); 3] {
        [
            ("user", &self.user),
            ("authentication", &self.authentication),
            ("certificateSha256", &self.certificate_sha256),
        ]
    }
}

#[derive(Debug, Clone, Subcommand)]
pub(in crate::cli) enum RedisVerb {
    /// Verify the credentials; show the version of the cluster and whether a database can be exported
    #[command(after_help = "Example:\n  epi redis connect --uid 1")]
    Connect {
        /// Database of which to show whether it can be exported
        #[arg(long, value_name = "UID")]
        uid: Option<u64>,
    },
    /// Start, show, wait for and reset exports
    #[command(subcommand, subcommand_required = true, arg_required_else_help = true)]
    Export(RedisExport),
    /// List and show databases
    #[command(subcommand, subcommand_required = true, arg_required_else_help = true)]
    Database(RedisDatabase),
}

#[derive(Debug, Clone, Subcommand)]
pub(in crate::cli) enum RedisExport {
    /// Start an export of a database
    #[command(after_help = "\
The destination is a JSON object in a file, on standard input or in the variable EPI_REDIS_LOCATION,
because it can contain secrets. Its type is url, sftp, s3, gs, abs or mount_point:
  {\"type\": \"mount_point\", \"path\": \"/mnt/exports\"}
  {\"type\": \"s3\", \"bucket_name\": \"dumps\", \"access_key_id\": \"...\", \"secret_access_key\": \"...\"}

Example:
  epi redis export start --uid 1 --location-file destination.json --wait")]
    Start {
        /// Database
        #[arg(long, value_name = "UID")]
        uid: u64,
        /// File with the destination, instead of EPI_REDIS_LOCATION
        #[arg(long, value_name = "FILE", conflicts_with = "location_stdin")]
        location_file: Option<PathBuf>,
        /// Read the destination from standard input
        #[arg(long)]
        location_stdin: bool,
        /// Let the cluster send a mail when the export ends
        #[arg(long)]
        email_notification: bool,
        /// Do not clear the result of the last export first
        #[arg(long)]
        no_reset: bool,
        /// Wait for an export that somebody else runs [default: refuse at once; without MINUTES: no limit]
        #[arg(long, value_name = "MINUTES", num_args = 0..=1, require_equals = true, default_missing_value = "2147483647")]
        wait_while_busy: Option<TimeoutMinutes>,
        /// Seconds to retry the start while the database is busy [default: 360]
        #[arg(long, value_name = "SECONDS")]
        busy_timeout: Option<BusyTimeoutSeconds>,
        #[command(flatten)]
        wait: MayWait,
    },
    /// Show an export by its handle, or the last export of a database
    #[command(after_help = "Example:\n  epi redis export show --uid 1")]
    #[command(group = clap::ArgGroup::new("export").args(["uid", "handle"]).required(true))]
    Show {
        /// Database, for its last export
        #[arg(long, value_name = "UID")]
        uid: Option<u64>,
        /// Handle that the start of the export printed
        #[arg(value_name = "HANDLE")]
        handle: Option<String>,
    },
    /// Wait for exports by their handles
    #[command(after_help = "Example:\n  epi redis export wait redis:eyJhZGRyZXNzIjoi...")]
    Wait {
        #[command(flatten)]
        handles: Handles,
        #[command(flatten)]
        wait: WaitOptions,
    },
    /// Clear what a database says of its last export; the files stay
    #[command(after_help = "Example:\n  epi redis export reset --uid 1")]
    Reset {
        /// Database
        #[arg(long, value_name = "UID")]
        uid: u64,
    },
}

#[derive(Debug, Clone, Subcommand)]
pub(in crate::cli) enum RedisDatabase {
    /// List the databases of the cluster
    #[command(after_help = "Example:\n  epi redis database list")]
    List,
    /// Show a database, without its passwords
    #[command(after_help = "Example:\n  epi redis database show --uid 1")]
    Show {
        /// Database
        #[arg(long, value_name = "UID")]
        uid: u64,
    },
}
