//! Handlers of the storage verbs: containers, links to them, and edge logs.

use crate::base::error::Result;
use crate::base::time::BoxFuture;
use crate::dxp::model::storage::{ContainerLink, Location, StorageContainers};
use crate::dxp::request::{GetContainerLinks, GetEdgeLogLocation, ListContainers};
use crate::ops::client::{Operation, Session};

impl Operation for ListContainers {
    type Answer = StorageContainers;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<StorageContainers>> {
        Box::pin(async move {
            let (api, project) = session.dxp()?.at(self.project_id.as_deref())?;
            api.list_storage_containers(&project, &self.environment, self.writable, session.scope).await
        })
    }
}

impl Operation for GetContainerLinks {
    type Answer = Vec<ContainerLink>;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<Vec<ContainerLink>>> {
        Box::pin(async move {
            let (api, project) = session.dxp()?.at(self.project_id.as_deref())?;
            let mut links = Vec::with_capacity(self.storage_container.len());
            for container in &self.storage_container {
                let link = api.storage_container_link(
                    &project,
                    &self.environment,
                    container,
                    self.retention(),
                    self.writable,
                    session.scope,
                );
                links.push(link.await.map_err(|error| error.context(format!("container '{container}'")))?);
            }
            Ok(links)
        })
    }
}

impl Operation for GetEdgeLogLocation {
    type Answer = Location;

    fn run<'a>(self, session: Session<'a>) -> BoxFuture<'a, Result<Location>> {
        Box::pin(async move {
            let (api, project) = session.dxp()?.at(self.project_id.as_deref())?;
            api.edge_log_location(&project, session.scope).await
        })
    }
}
