//! The command line of `epi-emulator`: its words, and the configuration that they amount to.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use epicloud_emulator::program::size;
use epicloud_emulator::{BlobStore, Config, LinkScheme, Scenario, Speed, guidewire, redis};

const EXAMPLES: &str = "\
Examples:
  epi-emulator run -- epi connect
      run one command against its own emulator and exit with the exit code of the command

  epi-emulator --scenario deploy-fails run -- ./deploy.sh
      rehearse a failure with a script that calls epi

  epi-emulator
      random ports and credentials, printed as one JSON line

  epi-emulator --print env > emulator.env &
  until grep -qs EPI_EMULATOR_CONTROL emulator.env; do sleep 0.1; done
  . ./emulator.env
      set EPI_ENDPOINT, EPI_CLIENT_KEY, EPI_CLIENT_SECRET, EPI_PROJECT_ID,
      EPI_CA_FILE, EPI_EMULATOR_CONTROL and the variables of the other services in
      this shell; use --print powershell for PowerShell

  epi-emulator --http 127.0.0.1:8080 --https 127.0.0.1:8443 \\
    --speed instant --export-size 2GiB
      fixed ports, operations that finish at the second poll, large databases

  epi-emulator --state-dir ./emulator-state
      keep state, credentials and certificate authority across restarts

Exit codes: 0 after SIGTERM or SIGINT, 1 on failure, 2 on a usage error. 'run'
exits with the exit code of its command: 128 plus the signal number if a signal
ended it, 127 if the program does not exist.";

/// A local stand-in for the Optimizely DXP deployment service and its blob storage, Guidewire Cloud backups and Redis
/// Enterprise exports, with fault injection.
#[derive(Debug, Parser)]
#[command(name = "epi-emulator", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Address of the HTTP listener; port 0 picks a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    http: SocketAddr,
    /// Address of the HTTPS listener; port 0 picks a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    https: SocketAddr,
    /// Client key [default: random]
    #[arg(long, value_name = "KEY", requires = "client_secret_file")]
    client_key: Option<String>,
    /// File with the client secret (Base64) [default: random]
    #[arg(long, value_name = "FILE", requires = "client_key")]
    client_secret_file: Option<PathBuf>,
    /// Project id (a GUID) [default: random]
    #[arg(long, value_name = "GUID")]
    project_id: Option<String>,
    /// Speed of the virtual clock: instant (operations finish at the second poll), real (about 3 s per operation), manual,
    /// or a factor (10 is faster, 0.1 slower)
    #[arg(long, value_name = "SPEED", default_value = "real", value_parser = speed)]
    speed: Speed,
    /// Exact size of exported databases: bytes, or with the suffix KiB, MiB or GiB
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = size)]
    export_size: u64,
    /// Seed of the bytes of exported databases
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    export_seed: u64,
    /// Do not store a Content-MD5 with exported databases
    #[arg(long)]
    no_export_md5: bool,
    /// Where blobs are stored: embedded, or azurite:CONNECTION with a storage connection string
    #[arg(long, value_name = "STORE", default_value = "embedded", value_parser = store)]
    blob: BlobStore,
    /// Keep blobs, state, credentials and certificates in this directory across restarts
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Scheme of the SAS URLs
    #[arg(long, value_name = "SCHEME", value_enum, default_value_t = Scheme::Https)]
    link_scheme: Scheme,
    /// Service version (sv) of the SAS URLs
    #[arg(long, value_name = "DATE", default_value = "2023-01-03")]
    sas_version: String,
    /// Environments of the project, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    environments: Option<Vec<String>>,
    /// Environments that the credentials have access to, separated by commas [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    granted_environments: Option<Vec<String>>,
    /// Storage containers of every environment, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    storage_containers: Option<Vec<String>>,
    /// Start without sample blobs
    #[arg(long)]
    no_seed_blobs: bool,
    /// Allow access to storage containers of environments that the credentials have no access to
    #[arg(long)]
    ignore_container_rights: bool,
    /// Deny access to edge logs
    #[arg(long)]
    no_edge_logs: bool,
    /// Refuse requests whose signature is more than this many minutes off the clock
    #[arg(long, value_name = "MINUTES")]
    clock_skew_minutes: Option<u32>,
    /// Refuse nonces that were used before
    #[arg(long)]
    replay_check: bool,
    /// Leave the charset out of the Content-Type of JSON responses
    #[arg(long)]
    no_charset: bool,
    /// Accept copies without apps, blobs and databases
    #[arg(long)]
    accept_empty_copy: bool,
    /// Start deployments of packages that were not uploaded and let them fail, instead of refusing them
    #[arg(long)]
    no_package_check: bool,
    /// Do not lease packages that a deployment uses
    #[arg(long)]
    no_package_lease: bool,
    /// Maximum retention of exports, in hours
    #[arg(long, value_name = "HOURS")]
    max_export_retention_hours: Option<u32>,
    /// Address of the HTTPS listener for Guidewire; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    guidewire: SocketAddr,
    /// OAuth client id for Guidewire; random when not given
    #[arg(long, value_name = "ID", requires = "guidewire_client_secret_file")]
    guidewire_client_id: Option<String>,
    /// File that holds the OAuth client secret; random when not given
    #[arg(long, value_name = "FILE", requires = "guidewire_client_id")]
    guidewire_client_secret_file: Option<PathBuf>,
    /// Address of the HTTPS listener for the Redis Enterprise cluster; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    redis: SocketAddr,
    /// Release of Redis Enterprise to imitate
    #[arg(long, value_name = "VERSION", default_value_t = redis::Version::default(), value_parser = redis_version())]
    redis_version: redis::Version,
    /// User name of the cluster's administrator
    #[arg(long, value_name = "NAME", default_value = "admin@cluster.local")]
    redis_user: String,
    /// File that holds the administrator's password; random when not given
    #[arg(long, value_name = "FILE")]
    redis_password_file: Option<PathBuf>,
    /// Folder below which mount_point exports write; a folder of the emulator's own when not given
    #[arg(long, value_name = "DIR")]
    redis_sandbox: Option<PathBuf>,
    /// Format number of exported RDB files
    #[arg(long, value_name = "NUMBER", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=9999))]
    redis_rdb_format: u32,
    /// Show a self-signed certificate, as a new cluster does
    #[arg(long)]
    redis_self_signed: bool,
    /// What to print when ready
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Form::Json)]
    pub(crate) print: Form,
    /// Scenarios to rehearse, separated by commas
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    scenario: Vec<Rehearsal>,
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run a command against its own emulator: start it, set its variables for the command, stop it afterwards
    Run {
        /// Command and its arguments, after --
        #[arg(required = true, last = true, value_name = "COMMAND")]
        command: Vec<OsString>,
    },
}

/// A scenario as a word of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rehearsal(Scenario);

impl ValueEnum for Rehearsal {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Rehearsal; Scenario::ALL.len()] = {
            let mut all = [Rehearsal(Scenario::Busy); Scenario::ALL.len()];
            let mut index = 0;
            while index < all.len() {
                all[index] = Rehearsal(Scenario::ALL[index]);
                index += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()).help(self.0.summary()))
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Scheme {
    Http,
    Https,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Form {
    /// One JSON line
    Json,
    /// Lines for a POSIX shell
    Env,
    /// Lines for PowerShell
    Powershell,
}

fn speed(text: &str) -> Result<Speed, String> {
    match text {
        "real" => Ok(Speed::Real),
        "instant" => Ok(Speed::Instant),
        "manual" => Ok(Speed::Manual),
        factor => match factor.parse::<f64>() {
            Ok(factor) if factor.is_finite() && factor > 0.0 => Ok(Speed::Factor(factor)),
            _ => Err("must be instant, real, manual or a number above 0".to_owned()),
        },
    }
}

fn store(text: &str) -> Result<BlobStore, String> {
    match text.split_once(':') {
        None if text == "embedded" => Ok(BlobStore::Embedded),
        Some(("azurite", connection)) => Ok(BlobStore::Azurite(connection.to_owned())),
        _ => Err("must be embedded or azurite:CONNECTION".to_owned()),
    }
}

impl Options {
    /// Reads the arguments of the process; ends it where they are wrong, or ask for help.
    pub(crate) fn read() -> Self {
        // Before and behind `run`: nobody remembers which options belong to which.
        let grammar = Self::command().mut_args(|argument| {
            let is_global = !matches!(argument.get_id().as_str(), "help" | "version" | "command");
            argument.global(is_global)
        });
        Self::from_arg_matches(&grammar.get_matches()).unwrap_or_else(|error| error.exit())
    }

    pub(crate) fn into_config(self) -> Result<Config, String> {
        let client_secret = secret("--client-secret-file", self.client_secret_file)?;
        let guidewire = guidewire::Config {
            https: self.guidewire,
            client_id: self.guidewire_client_id,
            client_secret: secret("--guidewire-client-secret-file", self.guidewire_client_secret_file)?,
            ..guidewire::Config::default()
        };
        let redis = redis::Config {
            https: self.redis,
            version: self.redis_version,
            user: self.redis_user,
            password: secret("--redis-password-file", self.redis_password_file)?,
            sandbox: self.redis_sandbox,
            rdb_format: self.redis_rdb_format,
            self_signed: self.redis_self_signed,
            ..redis::Config::default()
        };
        let usual = Config::default();
        Ok(Config {
            http: self.http,
            https: self.https,
            client_key: self.client_key,
            client_secret,
            project_id: self.project_id,
            speed: self.speed,
            export_size: self.export_size,
            export_seed: self.export_seed,
            export_md5: !self.no_export_md5,
            blob: self.blob,
            state_dir: self.state_dir,
            link_scheme: match self.link_scheme {
                Scheme::Http => LinkScheme::Http,
                Scheme::Https => LinkScheme::Https,
            },
            sas_version: self.sas_version,
            environments: self.environments.unwrap_or(usual.environments),
            granted_environments: self.granted_environments,
            enforce_container_rights: !self.ignore_container_rights,
            edge_logs: !self.no_edge_logs,
            storage_containers: self.storage_containers.unwrap_or(usual.storage_containers),
            seed_blobs: !self.no_seed_blobs,
            clock_skew_minutes: self.clock_skew_minutes,
            replay_check: self.replay_check,
            charset: !self.no_charset,
            accept_empty_copy: self.accept_empty_copy,
            check_packages: !self.no_package_check,
            lease_packages: !self.no_package_lease,
            max_export_retention_hours: self.max_export_retention_hours,
            scenarios: self.scenario.into_iter().map(|rehearsal| rehearsal.0).collect(),
            guidewire,
            redis,
        })
    }
}

fn redis_version() -> impl TypedValueParser<Value = redis::Version> {
    let names = redis::Version::ALL.map(redis::Version::name);
    PossibleValuesParser::new(names).try_map(|name| name.parse())
}

/// The secret that the file of an option holds.
fn secret(option: &str, file: Option<PathBuf>) -> Result<Option<String>, String> {
    let Some(file) = file else { return Ok(None) };
    let text = std::fs::read_to_string(&file);
    let text = text.map_err(|failure| format!("{option} {}: {failure}", file.display()))?;
    Ok(Some(text.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_are_consistent() {
        Options::command().debug_assert();
        assert_eq!(Options::parse_from(["epi-emulator"]).into_config().unwrap().export_size, 64 << 20);
    }

    #[test]
    fn speeds_and_stores_are_read() {
        for (text, expected) in [("10", Some(Speed::Factor(10.0))), ("instant", Some(Speed::Instant)), ("0", None)] {
            assert_eq!(speed(text).ok(), expected, "{text}");
        }
        let connection = "AccountName=a;BlobEndpoint=http://127.0.0.1:1/a";
        let read = store(&format!("azurite:{connection}"));
        assert_eq!(read, Ok(BlobStore::Azurite(connection.to_owned())));
        assert!(store("elsewhere").is_err());
    }

    #[test]
    fn scenarios_are_named() {
        let named = Options::parse_from(["epi-emulator", "--scenario", "busy,export-fails"]);
        assert_eq!(named.into_config().unwrap().scenarios, [Scenario::Busy, Scenario::ExportFails]);
    }
}
