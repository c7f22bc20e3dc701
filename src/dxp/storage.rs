//! Links to storage: the place packages go to (E1), storage containers (E7, E8) and edge logs (E11).

use serde::Serialize;

use super::api::Api;
use crate::base::error::Result;
use crate::base::scope::Scope;
use crate::dxp::model::storage::{ContainerLink, Location, StorageContainers};
use crate::http_api::call::Change;

/// The body of a container link request, as the original sends it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkRequest {
    retention_hours: u32,
    writable: bool,
}

impl Api {
    /// The container that packages are uploaded to: a write-only link, valid for 24 hours (E1).
    ///
    /// # Errors
    /// As the service answers.
    pub async fn package_location(&self, project: &str, scope: &Scope) -> Result<Location> {
        Location::from_value(self.calls.get(&["projects", project, "packages", "location"], None, scope).await?)
    }

    /// The container of the edge logs: a read-only link (E11).
    ///
    /// # Errors
    /// As the service answers; the credentials need the right to edge logs.
    pub async fn edge_log_location(&self, project: &str, scope: &Scope) -> Result<Location> {
        Location::from_value(self.calls.get(&["projects", project, "edgelogs", "location"], None, scope).await?)
    }

    /// The storage containers of an environment (E7).
    ///
    /// # Errors
    /// As the service answers.
    pub async fn list_storage_containers(
        &self,
        project: &str,
        environment: &str,
        writable: bool,
        scope: &Scope,
    ) -> Result<StorageContainers> {
        let segments = ["projects", project, "environments", environment, "storagecontainers"];
        let query = writable.then_some("writable=true");
        StorageContainers::from_result(self.calls.get(&segments, query, scope).await?)
    }

    /// A link to one storage container (E8).
    ///
    /// # Errors
    /// As the service answers.
    pub async fn storage_container_link(
        &self,
        project: &str,
        environment: &str,
        container: &str,
        retention_hours: u32,
        writable: bool,
        scope: &Scope,
    ) -> Result<ContainerLink> {
        let segments = ["projects", project, "environments", environment, "storagecontainers", container, "saslink"];
        let change = Change {
            action: "create a SAS URL for the container",
            check: "request it again; an unused SAS URL does no harm".into(),
        };
        let body = LinkRequest { retention_hours, writable };
        let result = self.calls.post(&segments, Some(&body), change.clone(), scope).await?;
        ContainerLink::from_value(result).map_err(|error| change.unclear(error))
    }
}
