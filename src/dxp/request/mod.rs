//! The request and result documents of the service's operations, and the rules that need no network.
//!
//! Members are camelCase, as the service spells them. Defaults are those of the original cmdlets (spec section 4)
//! except for the time limit of a wait, which is none unless asked. Every `check` runs before any network call.

mod deployment;
mod export;
mod package;
mod project_request;
mod storage;

pub use crate::document::Checked;
pub use crate::document::wait::Wait;
pub use deployment::{
    CompleteDeployment, Connect, Connected, GetDeployment, ListDeployments, ResetDeployment, StartDeployment,
    WaitForDeployment,
};
pub use export::{DownloadSettings, GetExport, SaveExport, SavedExport, StartExport, StartedExport, WaitForExport};
pub use package::{
    BlockIntegrity, DeployPackages, DeployedPackages, GetPackageLocation, PackageFile, UploadPackages, UploadSettings,
    UploadedPackages,
};
pub use storage::{GetContainerLinks, GetEdgeLogLocation, ListContainers};

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::base::error::Kind;
    use crate::document::read;

    #[test]
    fn the_json_path_is_in_the_error() {
        for (document, field) in [
            (json!({"id": "x", "extra": 1}), "extra"),
            (json!({"id": 1}), "id"),
            (json!({}), "id"),
            (json!([1]), "deployment.get"),
        ] {
            let error = read::<GetDeployment>("deployment.get", document.clone()).unwrap_err();
            assert_eq!((error.kind(), error.field()), (Kind::InvalidArgument, Some(field)), "{document} {error}");
        }
        let error = read::<StartDeployment>(
            "deployment.start",
            json!({"targetEnvironment": "x", "wait": {"timeoutMinutes": "soon"}}),
        )
        .unwrap_err();
        assert_eq!(error.field(), Some("wait.timeoutMinutes"));
        for (document, message) in [
            (json!({"files": [["a", "b"]]}), "files[0]: invalid type: sequence, expected an object"),
            (json!({"files": [], "upload": [3]}), "upload: invalid type: sequence, expected an object"),
            (json!({"files": "https://a/b?CANARY"}), "files: expected an array, not a string"),
            (json!({"upload": {"integrity": "CANARY"}}), "upload.integrity: unknown value, expected `crc64` or `md5`"),
            (json!({"files": [], "a?sig=CANARY": 1}), "a?...: unknown field, expected one of"),
        ] {
            let error = read::<UploadPackages>("package.upload", document).unwrap_err();
            assert!(error.message().starts_with(message), "{error}");
            assert!(!error.to_json().to_string().contains("CANARY"), "{error}");
        }
        let error = read::<UploadPackages>("package.upload", json!({"files": [{"path": "x"}, {}]})).unwrap_err();
        assert_eq!((error.field(), error.message()), (Some("files[1].path"), "files[1].path: is missing"));
    }
}
