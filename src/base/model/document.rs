//! A result object of the service, kept whole.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::error::{Error, Kind, Result};

/// A JSON object as the service sent it: unknown fields, order and letter case kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Document(Map<String, Value>);

// Names without values: an object may hold links, and links are secrets.
impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Document {
    /// Takes a JSON value that must be an object; `what` names it in the error.
    ///
    /// # Errors
    /// `Protocol` when it is something else.
    pub fn from_value(what: &str, value: Value) -> Result<Self> {
        match value {
            Value::Object(members) => Ok(Self(members)),
            other => Err(Error::new(
                Kind::Protocol,
                format!("the service answered with {} where {what} was expected", json_kind(&other)),
            )),
        }
    }

    /// A member by its name, ignoring case: the documentation prints `Id`, the wire has `id` (spec 1.4).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0
            .get(name)
            .or_else(|| self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
            .filter(|value| !value.is_null())
    }

    /// A text member; `None` when it is missing, null or no text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// A list of texts; empty when it is missing or null. Items that are no text appear as JSON.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<String> {
        let items = self.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect()
    }

    /// A text member that must be there.
    ///
    /// # Errors
    /// `Protocol` naming the member.
    pub fn required(&self, what: &str, name: &str) -> Result<&str> {
        self.text(name)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| Error::new(Kind::Protocol, format!("the service's answer has no '{name}' for {what}")))
    }

    /// The whole object.
    #[must_use]
    pub fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The whole object as a JSON value.
    #[must_use]
    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

/// What kind of JSON value it is, in words.
#[must_use]
pub fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Declares a noun whose value is the service's object.
macro_rules! document_noun {
    ($(#[$doc:meta])* $name:ident, $what:literal, requires [$($required:literal),*]) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name($crate::base::model::document::Document);

        impl $name {
            /// Takes the service's object and checks that the members needed to go on are there.
            ///
            /// # Errors
            /// `Protocol` naming what is missing.
            pub fn from_value(value: serde_json::Value) -> $crate::base::error::Result<Self> {
                let document = $crate::base::model::document::Document::from_value($what, value)?;
                $(document.required($what, $required)?;)*
                Ok(Self(document))
            }

            /// The service's object, whole.
            #[must_use]
            pub fn document(&self) -> &$crate::base::model::document::Document {
                &self.0
            }
        }

        // Only what identifies it: an object may hold links, and links are secrets.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("id", &self.0.text("id"))
                    .field("status", &self.0.text("status"))
                    .finish_non_exhaustive()
            }
        }
    };
}
pub(crate) use document_noun;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unknown_members_and_their_order_survive() {
        let text = r#"{"zeta":1,"Id":"x","alpha":{"b":null,"a":[1,"é"]}}"#;
        let document = Document::from_value("a deployment", serde_json::from_str(text).unwrap()).unwrap();
        assert_eq!(serde_json::to_string(&document).unwrap(), text);
        assert_eq!(document.text("id"), Some("x"));
    }

    #[test]
    fn what_is_no_object_is_named() {
        let error = Document::from_value("a deployment", json!([1])).unwrap_err();
        assert_eq!(error.to_string(), "the service answered with a list where a deployment was expected");
        assert_eq!(error.kind(), Kind::Protocol);
    }

    #[test]
    fn null_lists_are_empty() {
        let document = Document::from_value("x", json!({"errors": null, "warnings": ["a", 1]})).unwrap();
        assert!(document.texts("errors").is_empty());
        assert_eq!(document.texts("warnings"), ["a", "1"]);
        assert!(document.required("x", "id").unwrap_err().to_string().contains("no 'id'"));
    }
}
