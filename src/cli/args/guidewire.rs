//! `epi guidewire`.

use clap::{Args, Subcommand};

use super::{MayWait, WaitOptions};
use crate::base::limits::RetentionDays;

/// The help of options that differs from that for Optimizely DXP.
pub(super) const HELP: &[(&str, &str)] = &[
    ("endpoint", "Base URL of the Database API of the region [env: EPI_GUIDEWIRE_ENDPOINT]"),
    ("client_secret_file", "File with the client secret, instead of EPI_GUIDEWIRE_CLIENT_SECRET"),
    ("wait", "Wait until the backup ends"),
    ("polling_interval", "Polling interval in seconds [default: 15, growing to 60]"),
];

#[derive(Debug, Clone, Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "\
Pass the secret of the OAuth client in the variable EPI_GUIDEWIRE_CLIENT_SECRET, with
--client-secret-file or with --client-secret-stdin. The base URL is that of the region, in
--endpoint or EPI_GUIDEWIRE_ENDPOINT.")]
pub(in crate::cli) struct Guidewire {
    #[command(flatten)]
    pub(in crate::cli) account: GuidewireAccount,
    #[command(subcommand)]
    pub(in crate::cli) verb: GuidewireVerb,
}

/// Whose star system, and where.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Guidewire account options")]
pub(in crate::cli) struct GuidewireAccount {
    /// Id of the OAuth client [env: EPI_GUIDEWIRE_CLIENT_ID]
    #[arg(long, value_name = "ID", global = true)]
    client_id: Option<String>,
    /// Tenant [env: EPI_GUIDEWIRE_TENANT]
    #[arg(long, value_name = "TENANT", global = true)]
    tenant: Option<String>,
    /// Star system [env: EPI_GUIDEWIRE_STAR_SYSTEM]
    #[arg(long, value_name = "ID", global = true)]
    star_system: Option<String>,
    /// URL that tokens are requested from [default: that of the region] [env: EPI_GUIDEWIRE_TOKEN_URL]
    #[arg(long, value_name = "URL", global = true)]
    token_url: Option<String>,
    /// Scopes of the token, separated by spaces [default: the tenant, to read and to write backups] [env:
    /// EPI_GUIDEWIRE_SCOPES]
    #[arg(long, value_name = "SCOPES", global = true)]
    scopes: Option<String>,
    /// Longest retention that the tenant permits, in days [default: 14] [env: EPI_GUIDEWIRE_MAX_RETENTION_DAYS]
    #[arg(long, value_name = "DAYS", global = true)]
    max_retention_days: Option<String>,
}

impl GuidewireAccount {
    /// The values, by the members of a configuration.
    pub(in crate::cli) fn members(&self) -> [(&'static str, &Option<String>); 6] {
        [
            ("clientId", &self.client_id),
            ("tenantId", &self.tenant),
            ("starSystemId", &self.star_system),
            ("tokenUrl", &self.token_url),
            ("scopes", &self.scopes),
            ("maxRetentionDays", &self.max_retention_days),
        ]
    }
}

#[derive(Debug, Clone, Subcommand)]
pub(in crate::cli) enum GuidewireVerb {
    /// Verify the credentials by listing the backups of the star system
    #[command(after_help = "Example:\n  epi guidewire connect")]
    Connect,
    /// Create, show, wait for and delete backups
    #[command(subcommand, subcommand_required = true, arg_required_else_help = true)]
    Backup(Backup),
}

#[derive(Debug, Clone, Subcommand)]
pub(in crate::cli) enum Backup {
    /// Create a backup of the databases of a planet
    #[command(
        after_help = "Example:\n  epi guidewire backup create --planet dev1 --planet-class dev \\\n    --retention-days 7 --name nightly --unique-name --wait"
    )]
    Create {
        /// Planet
        #[arg(long, value_name = "ID")]
        planet: String,
        /// What the planet is for: dev, preprod or prod
        #[arg(long, value_name = "CLASS")]
        planet_class: String,
        /// How the backup is made: logical (a dump) or snapshot [default: logical]
        #[arg(long, value_name = "WORD")]
        mechanism: Option<String>,
        /// Keep the backup until it is deleted
        #[arg(long, conflicts_with = "retention_days", required_unless_present = "retention_days")]
        permanent: bool,
        /// Days that the service keeps the backup
        #[arg(long, value_name = "DAYS")]
        retention_days: Option<RetentionDays>,
        /// Name of the backup
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Description of the backup
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// Add a random suffix to the name, so that the backup is found even if the response is lost
        #[arg(long)]
        unique_name: bool,
        #[command(flatten)]
        wait: MayWait,
    },
    /// Show a backup
    #[command(after_help = "Example:\n  epi guidewire backup show --id 362")]
    Show {
        /// Backup id
        #[arg(long, value_name = "ID")]
        id: String,
    },
    /// List the backups of a planet or of the star system
    #[command(after_help = "Example:\n  epi guidewire backup list --planet dev1")]
    List {
        /// Planet [default: all of the star system]
        #[arg(long, value_name = "ID")]
        planet: Option<String>,
    },
    /// Wait for a running backup
    #[command(after_help = "Example:\n  epi guidewire backup wait --id 362")]
    Wait {
        /// Backup id
        #[arg(long, value_name = "ID")]
        id: String,
        #[command(flatten)]
        wait: WaitOptions,
    },
    /// Delete a backup
    #[command(after_help = "Example:\n  epi guidewire backup delete --id 362")]
    Delete {
        /// Backup id
        #[arg(long, value_name = "ID")]
        id: String,
        /// Succeed even if the backup does not exist
        #[arg(long)]
        if_exists: bool,
    },
}
