//! The verbs of Redis Enterprise Software.

mod export;

pub use crate::redis_enterprise::commands;
pub use crate::redis_enterprise::config::{Authentication, Config};
pub use crate::redis_enterprise::model::database::Database;
pub use crate::redis_enterprise::request;

use self::request as r;
use super::client::{Operation, Session};
use super::row::{CatalogRow, changing, row};
use crate::base::error::Result;
use crate::base::time::BoxFuture;
use crate::redis_enterprise::model::module::Exportable;

/// The operations of this service.
pub(super) static ROWS: &[CatalogRow] = &[
    row::<r::ConnectCluster>(
        "redisEnterprise.connect",
        "Verifies the credentials, and says what a cluster is and whether a database can be exported.",
    ),
    changing::<r::StartRedisExport>("redisEnterprise.export.start", "Starts an export of a database."),
    row::<r::GetRedisExport>("redisEnterprise.export.get", "Gets an export, or the last one of a database."),
    row::<r::WaitForRedisExport>("redisEnterprise.export.wait", "Waits for an export."),
    changing::<r::ResetRedisExport>(
        "redisEnterprise.export.reset",
        "Clears what a database says of its last export; the files stay.",
    ),
    row::<r::ListRedisDatabases>("redisEnterprise.database.list", "Lists the databases of a cluster."),
    row::<r::GetRedisDatabase>("redisEnterprise.database.get", "Gets a database, without its passwords."),
];

impl Operation for r::ConnectCluster {
    type Answer = r::ConnectedCluster;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<r::ConnectedCluster>> {
        Box::pin(async move {
            let api = session.redis_enterprise()?.api();
            let databases = api.databases(session.scope).await?;
            let version = api.version(session.scope).await?;
            let database = match self.uid {
                None => None,
                Some(uid) => {
                    let (database, exportable) = api.exportable(uid, session.scope).await?;
                    let (exportable, modules) = match exportable {
                        Exportable::Yes => (Some(true), Vec::new()),
                        Exportable::No(modules) => (Some(false), modules),
                        Exportable::Unknown(modules) => (None, modules),
                    };
                    let name = database.name().to_owned();
                    Some(r::ExportableDatabase { uid, name, exportable, modules })
                }
            };
            Ok(r::ConnectedCluster { endpoint: api.endpoint().to_string(), version, databases, database })
        })
    }
}

impl Operation for r::ListRedisDatabases {
    type Answer = Vec<Database>;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<Vec<Database>>> {
        Box::pin(async move { session.redis_enterprise()?.api().databases(session.scope).await })
    }
}

impl Operation for r::GetRedisDatabase {
    type Answer = Database;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<Database>> {
        Box::pin(async move { session.redis_enterprise()?.api().database(self.uid, session.scope).await })
    }
}
