//! Storage containers and the links to them and to the edge logs.

use super::project_request::{RETENTION_HOURS, check_project, request};
use crate::base::error::{Error, Result};
use crate::base::limits::LinkHours;
use crate::base::next_step::Setting;
use crate::document::Checked;
use crate::dxp::model::project::check_environment;
use crate::dxp::model::storage::check_container;

request! {
    /// `storageContainer.list`: the storage containers of an environment.
    ListContainers {
        /// The environment.
        environment: String,
        /// Only those that may be written to.
        #[serde(default)]
        writable: bool,
    }
}

impl Checked for ListContainers {
    fn check(&self) -> Result<()> {
        check_project(self.project_id.as_deref())?;
        check_environment("environment", &self.environment)
    }

    fn named(&self) -> Vec<(Setting, &str)> {
        vec![(Setting::Environment, &*self.environment)]
    }
}

request! {
    /// `storageSas.get`: links to storage containers, one request each, in order; the first failure stops the rest.
    GetContainerLinks {
        /// The environment.
        environment: String,
        /// The containers' names.
        storage_container: Vec<String>,
        /// Hours that the links are valid, 1 to 168; 24 when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retention_hours: Option<LinkHours>,
        /// Links that may be written to.
        #[serde(default)]
        writable: bool,
    }
}

impl Checked for GetContainerLinks {
    fn check(&self) -> Result<()> {
        check_project(self.project_id.as_deref())?;
        check_environment("environment", &self.environment)?;
        if self.storage_container.is_empty() {
            return Err(Error::invalid("storageContainer", "must name at least one storage container"));
        }
        self.storage_container
            .iter()
            .enumerate()
            .try_for_each(|(index, name)| check_container(&format!("storageContainer[{index}]"), name))
    }

    fn named(&self) -> Vec<(Setting, &str)> {
        let containers = self.storage_container.iter().take(1).map(|name| (Setting::StorageContainer, &**name));
        [(Setting::Environment, &*self.environment)].into_iter().chain(containers).collect()
    }
}

impl GetContainerLinks {
    pub(crate) fn retention(&self) -> u32 {
        self.retention_hours.map_or(RETENTION_HOURS, LinkHours::get)
    }
}

request! {
    /// `edgeLogLocation.get`: the link to the edge logs.
    GetEdgeLogLocation {}
}

impl Checked for GetEdgeLogLocation {
    fn check(&self) -> Result<()> {
        check_project(self.project_id.as_deref())
    }
}
