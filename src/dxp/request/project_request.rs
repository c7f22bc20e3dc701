//! What the requests about a project have in common.

use crate::base::error::Result;
use crate::base::given;
use crate::dxp::model::project::check_project_id;

/// Hours that the service keeps an export, or a container link is valid, when nothing is said.
pub(super) const RETENTION_HOURS: u32 = 24;

/// Checks the project of a request, if it names one.
pub(super) fn check_project(project: Option<&str>) -> Result<()> {
    project.map_or(Ok(()), |project| check_project_id("projectId", given::trimmed(project)))
}

/// Declares a request document with the project that it is about.
macro_rules! request {
    ($(#[$doc:meta])* $name:ident { $($members:tt)* }) => {
        crate::document::request! {
            $(#[$doc])*
            $name {
                /// The project's GUID; the client's own when absent.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                project_id: Option<String>,
                $($members)*
            }
        }
    };
}
pub(super) use request;
