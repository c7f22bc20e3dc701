//! Reading request documents: strict, with the JSON path in the error.

use serde::de::DeserializeOwned;

use crate::base::error::{Error, Kind, Result};
use crate::base::model::document::json_kind;

/// Reads a document. Unknown and ill-typed members are refused.
///
/// # Errors
/// `InvalidArgument` whose field is the JSON path, such as `wait.timeoutMinutes`.
pub fn read<T: DeserializeOwned>(what: &str, value: serde_json::Value) -> Result<T> {
    // serde would take a list for an object's members in order.
    if !value.is_object() {
        return Err(Error::invalid(what, format!("must be an object, not {}", json_kind(&value))));
    }
    serde_path_to_error::deserialize(value).map_err(|error| refused(what, &error.path().to_string(), error.inner()))
}

fn refused(what: &str, path: &str, error: &serde_json::Error) -> Error {
    let text = error.to_string();
    // The path of a member that is missing is that of the object around it; only the sentence names the member.
    let missing = text.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    // The root's path is a dot.
    let field = match (path, missing) {
        (".", None) => what.to_owned(),
        (".", Some(member)) => member.to_owned(),
        (path, None) => path.to_owned(),
        (path, Some(member)) => format!("{path}.{member}"),
    };
    if missing.is_some() { Error::invalid(field, "is missing") } else { Error::invalid(field, text) }
}

/// Turns a result into a document.
///
/// # Errors
/// `Internal` when a result cannot be written as JSON, which would be a defect.
pub(super) fn write<T: serde::Serialize>(answer: &T) -> Result<serde_json::Value> {
    serde_json::to_value(answer)
        .map_err(|error| Error::new(Kind::Internal, format!("the result cannot be written: {error}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ops::request::{GetDeployment, StartDeployment, UploadPackages};

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
        let error = read::<UploadPackages>("package.upload", json!({"files": [{"path": "x"}, {}]})).unwrap_err();
        assert_eq!((error.field(), error.message()), (Some("files[1].path"), "files[1].path: is missing"));
    }
}
