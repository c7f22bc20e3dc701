//! What is needed to look at a job again, also after a restart.
//!
//! Each service has a type of its own for it, which says all that its requests need. Documents name the service first, so
//! that a handle of one is never taken for that of another.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::base::error::{Error, Kind, Result};

/// The member that names the service.
const SERVICE: &str = "service";

/// The handle of a job at one service. Holds no secret.
pub trait JobHandle: Debug + Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The service, as documents name it.
    const SERVICE: &'static str;
}

/// A handle as a document.
///
/// # Errors
/// `Internal` when it cannot be written, which would be a bug.
pub fn to_document<H: JobHandle>(handle: &H) -> Result<Value> {
    let bug = |text: String| Error::new(Kind::Internal, text);
    let members = serde_json::to_value(handle).map_err(|error| bug(error.to_string()))?;
    let Value::Object(members) = members else { return Err(bug("the handle of a job is an object".to_owned())) };
    let mut document = Map::from_iter([(SERVICE.to_owned(), H::SERVICE.into())]);
    document.extend(members);
    Ok(Value::Object(document))
}

/// The handle in a document; `None` when it is not one of this service.
#[must_use]
pub fn from_document<H: JobHandle>(document: Value) -> Option<H> {
    let Value::Object(mut members) = document else { return None };
    let service = members.remove(SERVICE)?;
    if service != H::SERVICE {
        return None;
    }
    serde_json::from_value(Value::Object(members)).ok()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Mine {
        id: String,
    }

    impl JobHandle for Mine {
        const SERVICE: &'static str = "mine";
    }

    #[test]
    fn a_handle_survives_as_a_document_and_only_at_its_own_service() {
        let handle = Mine { id: "7".into() };
        let document = to_document(&handle).unwrap();
        assert_eq!(document.to_string(), r#"{"service":"mine","id":"7"}"#);
        assert_eq!(from_document(document), Some(handle));
        for other in
            [json!({"service": "yours", "id": "7"}), json!({"id": "7"}), json!({"service": "mine"}), json!([1])]
        {
            assert_eq!(from_document::<Mine>(other.clone()), None, "{other}");
        }
    }
}
