//! Database exports: E9 and E10.

use serde::Serialize;

use super::api::Api;
use crate::base::error::Result;
use crate::base::event::Event;
use crate::base::retry::Purpose;
use crate::base::scope::Scope;
use crate::dxp::model::export::DatabaseExport;
use crate::http_api::call::Change;

/// The body of an export's start.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ExportStart {
    retention_hours: u32,
}

impl Api {
    /// Starts an export of a database (E9).
    ///
    /// # Errors
    /// As the service answers; `Conflict` while another export runs; `Ambiguous` when the answer is lost.
    pub async fn start_export(
        &self,
        project: &str,
        environment: &str,
        database: &str,
        retention_hours: u32,
        scope: &Scope,
    ) -> Result<DatabaseExport> {
        let change = Change {
            action: "start the database export",
            check: "exports cannot be listed: wait a few minutes and start it again; the service refuses a second export while one is running".into(),
        };
        let segments = ["projects", project, "environments", environment, "databases", database, "exports"];
        let result = self.calls.post(&segments, Some(&ExportStart { retention_hours }), change.clone(), scope).await?;
        let export = DatabaseExport::from_value(result).map_err(|error| change.unclear(error))?;
        scope.report(Event::Accepted { what: "export", id: export.id().to_owned() });
        Ok(export)
    }

    /// One export (E10).
    ///
    /// # Errors
    /// As the service answers.
    pub async fn get_export(
        &self,
        project: &str,
        environment: &str,
        database: &str,
        id: &str,
        purpose: Purpose,
        scope: &Scope,
    ) -> Result<DatabaseExport> {
        let segments = ["projects", project, "environments", environment, "databases", database, "exports", id];
        let export = DatabaseExport::from_value(self.calls.get_for(purpose, &segments, None, scope).await?)?;
        // Who looks wants to know it; only what was just accepted may still be without.
        export.document().required("a database export", "status")?;
        Ok(export)
    }
}
