//! The verbs of the Optimizely DXP, and what a host may want to know of it to offer and to check values.

mod bacpac_check;
mod deployment;
mod export;
mod package;
mod preflight;
mod resume;
mod storage;

pub use crate::dxp::commands;
pub use crate::dxp::config::Config;
pub use crate::dxp::model::deployment::{Deployment, DeploymentGoal, DeploymentStatus, ZeroDowntimeMode};
pub use crate::dxp::model::export::{DATABASES, DatabaseExport, ExportStatus};
pub use crate::dxp::model::project::{USUAL_ENVIRONMENTS, check_project_guid};
pub use crate::dxp::model::storage::{ContainerLink, Location, StorageContainers};
pub use crate::dxp::request;
pub use crate::transfer::UploadReceipt;

use self::request as r;
use super::row::{CatalogRow, changing, row};

/// The operations of this service.
pub(crate) static ROWS: &[CatalogRow] = &[
    row::<r::Connect>("connect", "Verifies the credentials by listing the deployments of the project."),
    changing::<r::DeployPackages>(
        "package.deploy",
        "Uploads package files, starts a deployment of them and waits for it.",
    ),
    row::<r::GetPackageLocation>("packageLocation.get", "Gets the write-only SAS URL that packages are uploaded to."),
    changing::<r::UploadPackages>("package.upload", "Uploads package files."),
    changing::<r::StartDeployment>(
        "deployment.start",
        "Starts a deployment of packages or of another environment's content.",
    ),
    row::<r::ListDeployments>("deployment.list", "Lists the ten most recent deployments."),
    row::<r::GetDeployment>("deployment.get", "Gets a deployment."),
    row::<r::WaitForDeployment>("deployment.wait", "Waits for a running deployment."),
    changing::<r::CompleteDeployment>("deployment.complete", "Completes a deployment that awaits verification."),
    changing::<r::ResetDeployment>("deployment.reset", "Resets a deployment that awaits verification."),
    changing::<r::StartExport>("databaseExport.start", "Starts a database export."),
    row::<r::GetExport>("databaseExport.get", "Gets a database export."),
    row::<r::WaitForExport>("databaseExport.wait", "Waits for a running database export."),
    changing::<r::SaveExport>(
        "databaseExport.save",
        "Starts a database export or uses an existing one, waits for it, downloads and verifies it.",
    ),
    row::<r::ListContainers>("storageContainer.list", "Lists the storage containers of an environment."),
    row::<r::GetContainerLinks>("storageSas.get", "Creates SAS URLs for storage containers."),
    row::<r::GetEdgeLogLocation>("edgeLogLocation.get", "Gets the read-only SAS URL of the edge logs."),
];
