//! What is needed to look at a job again, also after a restart and on another machine.
//!
//! Each service has a type of its own for it, which says all that its requests need, where the service is included. A
//! handle holds no secret. As a text it is one word that pipelines can store: the service's prefix and the whole handle.

use std::fmt::Debug;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::base::error::{Error, Kind, Result};
use crate::base::given;
use crate::base::next_step::{NextStep, Setting};

/// The member that names the service.
const SERVICE: &str = "service";

/// The longest handle that is read. A real one has some hundred letters.
const LONGEST: usize = 8 << 10;

/// The handle of a job at one service. Holds no secret.
pub trait JobHandle: Debug + Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The service, as documents name it.
    const SERVICE: &'static str;

    /// What the text form begins with.
    const PREFIX: &'static str;

    /// The address of the service that has the job; `None` in a handle of before addresses were kept.
    fn address(&self) -> Option<&str>;
}

/// A handle as a document.
///
/// # Errors
/// `Internal` when it cannot be written, which would be a bug.
pub fn to_document<H: JobHandle>(handle: &H) -> Result<Value> {
    let mut document = Map::from_iter([(SERVICE.to_owned(), H::SERVICE.into())]);
    document.extend(members(handle)?);
    Ok(Value::Object(document))
}

fn members<H: JobHandle>(handle: &H) -> Result<Map<String, Value>> {
    let bug = |text: String| Error::new(Kind::Internal, text);
    match serde_json::to_value(handle).map_err(|error| bug(error.to_string()))? {
        Value::Object(members) => Ok(members),
        _ => Err(bug("the handle of a job is an object".to_owned())),
    }
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

/// A handle as one word, such as `gw:eyJ…`.
///
/// # Errors
/// As [`to_document`].
pub fn to_text<H: JobHandle>(handle: &H) -> Result<String> {
    let json = Value::Object(members(handle)?).to_string();
    Ok(format!("{}:{}", H::PREFIX, URL_SAFE_NO_PAD.encode(json)))
}

/// The prefix of a handle's text.
///
/// # Errors
/// `InvalidArgument` naming `field` when it has none.
pub fn prefix_of<'a>(field: &str, text: &'a str) -> Result<&'a str> {
    let text = given::trimmed(text);
    match text.split_once(':') {
        Some((prefix, rest)) if !prefix.is_empty() && !rest.is_empty() && text.len() <= LONGEST => Ok(prefix),
        _ => Err(unreadable(field, text)),
    }
}

/// Reads a handle's text.
///
/// # Errors
/// `InvalidArgument` naming `field` when it is no handle of this service, or not whole.
pub fn from_text<H: JobHandle>(field: &str, text: &str) -> Result<H> {
    let text = given::trimmed(text);
    let encoded = match text.strip_prefix(H::PREFIX).and_then(|rest| rest.strip_prefix(':')) {
        Some(encoded) if text.len() <= LONGEST => encoded,
        _ => return Err(unreadable(field, text)),
    };
    let handle = URL_SAFE_NO_PAD.decode(encoded).ok().and_then(|json| serde_json::from_slice(&json).ok());
    handle.ok_or_else(|| unreadable(field, text))
}

/// The error of a text that is no handle.
pub fn unreadable(field: &str, text: &str) -> Error {
    let error = Error::invalid(field, "is not the handle of a job, or not all of it")
        .with_next_step("use the handle that the start of the job printed, one word without line breaks");
    given::explained(field, text, error)
}

/// Checks that a handle is of the service that the client is configured for: credentials go to no other.
///
/// # Errors
/// `InvalidArgument` naming `field`.
pub fn check_address<H: JobHandle>(field: &str, handle: &H, configured: &str) -> Result<()> {
    match handle.address() {
        Some(address) if address.trim_end_matches('/') != configured.trim_end_matches('/') => {
            let rule = format!("is of the service at {address}, but the client is configured for {configured}");
            Err(Error::invalid(field, rule).with_next_step(
                NextStep::text("check ").setting(Setting::Endpoint).and(", or use a handle of that service"),
            ))
        }
        _ => Ok(()),
    }
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
        const PREFIX: &'static str = "m";

        fn address(&self) -> Option<&str> {
            Some("https://here/")
        }
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

    #[test]
    fn a_handle_survives_as_a_word() {
        let handle = Mine { id: "7/é".into() };
        let text = to_text(&handle).unwrap();
        assert!(text.starts_with("m:") && !text.contains(char::is_whitespace), "{text}");
        assert_eq!(prefix_of("handle", &text).unwrap(), "m");
        for around in [text.clone(), format!("{text}\r\n"), format!("\u{feff} {text}")] {
            assert_eq!(from_text::<Mine>("handle", &around).unwrap(), handle);
        }
        for bad in ["", "m:", "x", &text[..text.len() - 3], &text.replace("m:", "n:"), "m:e30", &"m:a".repeat(9000)] {
            let error = from_text::<Mine>("handle", bad).unwrap_err();
            assert_eq!((error.kind(), error.field()), (Kind::InvalidArgument, Some("handle")), "{bad}");
        }
        assert!(prefix_of("handle", "362").is_err());
    }

    #[test]
    fn a_handle_goes_to_its_own_address_only() {
        let handle = Mine { id: "7".into() };
        assert!(check_address("handle", &handle, "https://here").is_ok());
        let error = check_address("handle", &handle, "https://there/").unwrap_err();
        assert_eq!(error.field(), Some("handle"));
        assert!(error.message().contains("https://here/") && error.message().contains("https://there/"), "{error}");
    }
}
