//! Storage containers and the links to them (spec E7, E8, 3.1).

use serde_json::{Value, json};

use super::project::check_length;
use super::service_noun;
use crate::base::error::{Error, Result};
use crate::base::secret::SafeUrl;

service_noun!(
    /// The names of an environment's storage containers: one object that holds a list.
    StorageContainers, "a list of storage containers", requires []
);

impl StorageContainers {
    /// Takes the service's object, or the list that it should hold, alone.
    ///
    /// # Errors
    /// `Protocol` for anything else.
    pub fn from_result(value: Value) -> Result<Self> {
        match value {
            Value::Null | Value::Array(_) => Self::from_value(json!({ "storageContainers": value })),
            other => Self::from_value(other),
        }
    }

    /// The containers' names.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.document().texts("storageContainers")
    }
}

service_noun!(
    /// A link to one storage container, with `containerName`, `sasLink` and `expiresOn`.
    ContainerLink, "a container SAS URL", requires ["sasLink"]
);

service_noun!(
    /// The place that packages go to (E1) or edge logs come from (E11): `location`, a container link.
    Location, "a location", requires ["location"]
);

impl Location {
    /// The link.
    ///
    /// # Errors
    /// `Protocol` when the service gave something that is no link.
    pub fn link(&self) -> Result<SafeUrl> {
        SafeUrl::from_service("location", self.document().text("location").unwrap_or_default())
    }
}

/// Checks a container's name: not empty. The service knows the rest.
///
/// # Errors
/// `InvalidArgument` naming `field`.
pub fn check_container(field: &str, name: &str) -> Result<()> {
    if name.trim().is_empty() {
        return Err(Error::invalid(field, "must name a storage container"));
    }
    check_length(field, name)
}
