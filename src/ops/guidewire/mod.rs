//! The verbs of Guidewire Cloud.

mod backup;
mod resume;

pub use crate::guidewire::commands;
pub use crate::guidewire::config::Config;
pub use crate::guidewire::contract::StarSystemList;
pub use crate::guidewire::request;

use self::request as r;
use super::row::{CatalogRow, changing, row};

/// The operations of this service.
pub(super) static ROWS: &[CatalogRow] = &[
    row::<r::ConnectGuidewire>(
        "guidewire.connect",
        "Verifies the credentials by listing the backups of the star system.",
    ),
    changing::<r::CreateBackup>("guidewire.backup.create", "Creates a backup of a planet's databases."),
    row::<r::GetBackup>("guidewire.backup.get", "Gets a backup."),
    row::<r::ListBackups>("guidewire.backup.list", "Lists the backups of a planet or of the star system."),
    row::<r::WaitForBackup>("guidewire.backup.wait", "Waits for a running backup."),
    changing::<r::DeleteBackup>("guidewire.backup.delete", "Deletes a backup."),
];
