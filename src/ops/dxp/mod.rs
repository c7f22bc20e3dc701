//! The verbs of the Optimizely DXP, and what a host may want to know of it to offer and to check values.

mod bacpac_check;
mod deployment;
mod export;
mod package;
mod preflight;
mod resume;
mod storage;

pub use crate::dxp::commands;
pub use crate::dxp::model::deployment::{Deployment, DeploymentGoal, DeploymentStatus, ZeroDowntimeMode};
pub use crate::dxp::model::export::{DATABASES, DatabaseExport, ExportStatus};
pub use crate::dxp::model::project::{USUAL_ENVIRONMENTS, check_project_guid};
pub use crate::dxp::model::storage::{ContainerLink, Location, StorageContainers};
pub use crate::dxp::request;
pub use crate::transfer::UploadReceipt;
