//! A result object of the service, kept whole.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::error::{Error, Kind, Result};
use crate::base::redaction::{cut, one_line};

/// Letters that are shown of a text in the place of something else.
const LONGEST: usize = 200;

/// A JSON object as the service sent it: unknown members and the order kept. A noun of the service has two things put
/// right, because scripts look members up by their names: a known name is written as the service documents it, and what
/// the noun is followed by (its id) is a text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServiceObject(Map<String, Value>);

// Names without values: an object may hold links, and links are secrets.
impl std::fmt::Debug for ServiceObject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl ServiceObject {
    /// Takes a JSON value that must be an object; `what` names it in the error.
    ///
    /// # Errors
    /// `Protocol` when it is something else.
    pub fn from_value(what: &str, value: Value) -> Result<Self> {
        match value {
            Value::Object(members) => Ok(Self(members)),
            other => Err(unexpected(what, &other)),
        }
    }

    /// A member by its name, ignoring case: the documentation prints `Id`, the wire has `id` (spec 1.4).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        member(&self.0, name)
    }

    /// A text member; `None` when it is missing, null or no text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// A list of texts, see [`texts_of`]; empty when it is missing.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<String> {
        self.get(name).map(texts_of).unwrap_or_default()
    }

    /// The object with names that are among the `documented` written as they are there, and the members of `texts` as
    /// texts.
    #[must_use]
    pub fn put_right(self, documented: &[&'static str], texts: &[&str]) -> Self {
        let known = |name: &str| documented.iter().copied().find(|known| known.eq_ignore_ascii_case(name));
        let mut members = Map::with_capacity(self.0.len());
        for (name, value) in &self.0 {
            let taken = |right: &str| right != name && self.0.get(right).is_some_and(|value| !value.is_null());
            let right = known(name).filter(|right| !taken(right));
            let name = right.unwrap_or(name);
            let value = match value {
                Value::Number(number) if texts.contains(&name) => Value::String(number.to_string()),
                value => value.clone(),
            };
            // Of one name in two spellings the value that says something counts.
            if !value.is_null() || !members.contains_key(name) {
                members.insert(name.to_owned(), value);
            }
        }
        Self(members)
    }

    /// A text member that must be there.
    ///
    /// # Errors
    /// `Protocol` naming the member.
    pub fn required(&self, what: &str, name: &str) -> Result<&str> {
        self.text(name).filter(|text| !text.is_empty()).ok_or_else(|| {
            Error::new(Kind::Protocol, format!("the response of the service has no '{name}' for {what}"))
        })
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

/// A member by its name, ignoring case unless the exact name has a value; null is none.
#[must_use]
pub fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let exact = members.get(name).filter(|value| !value.is_null());
    exact.or_else(|| {
        let mut others = members.iter().filter(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_null());
        others.next().map(|(_, value)| value)
    })
}

/// What a value says as texts, whatever it is: a text or a number alone, a list, texts by field, any of these within
/// each other. An object that says something about itself counts by that.
#[must_use]
pub fn texts_of(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) if text.trim().is_empty() => Vec::new(),
        Value::String(text) => vec![text.clone()],
        Value::Bool(_) | Value::Number(_) => vec![value.to_string()],
        Value::Array(items) => items.iter().flat_map(texts_of).collect(),
        Value::Object(members) => {
            let sentence = ["message", "errorMessage", "description", "detail", "title"]
                .iter()
                .find_map(|name| member(members, name)?.as_str().filter(|text| !text.trim().is_empty()));
            if let Some(sentence) = sentence {
                let code =
                    ["code", "errorCode"].iter().find_map(|name| Some(texts_of(member(members, name)?).join(" ")));
                return vec![code.map_or_else(|| sentence.to_owned(), |code| format!("{code}: {sentence}"))];
            }
            let named = |(name, value): (&String, &Value)| -> Vec<String> {
                let texts = texts_of(value).into_iter();
                texts.map(|text| if name.is_empty() { text } else { format!("{name}: {text}") }).collect()
            };
            members.iter().flat_map(named).collect()
        }
    }
}

/// The error of an answer that holds something else than `what`. A text says why, in the service's words.
#[must_use]
pub fn unexpected(what: &str, value: &Value) -> Error {
    let message = format!("expected {what} from the service but received {}", json_kind(value));
    match value.as_str().map(one_line).filter(|text| !text.trim().is_empty()) {
        Some(text) => {
            let shown = cut(text.trim(), LONGEST, "...");
            Error::new(Kind::Protocol, format!("{message}: \"{shown}\"")).with_texts(vec![shown])
        }
        None => Error::new(Kind::Protocol, message),
    }
}

/// What kind of JSON value it is, in words.
#[must_use]
pub fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unknown_members_and_their_order_survive() {
        let text = r#"{"zeta":1,"Id":"x","alpha":{"b":null,"a":[1,"é"]}}"#;
        let document = ServiceObject::from_value("a deployment", serde_json::from_str(text).unwrap()).unwrap();
        assert_eq!(serde_json::to_string(&document).unwrap(), text);
        assert_eq!(document.text("id"), Some("x"));
    }

    #[test]
    fn what_is_no_object_is_named() {
        let error = ServiceObject::from_value("a deployment", json!([1])).unwrap_err();
        assert_eq!(error.to_string(), "expected a deployment from the service but received an array");
        assert_eq!(error.kind(), Kind::Protocol);
        let error = ServiceObject::from_value("a deployment", json!("Not\nnow.")).unwrap_err();
        assert!(
            error.to_string().ends_with("expected a deployment from the service but received a string: \"Not now.\""),
            "{error}"
        );
        assert_eq!(error.texts(), ["Not now."]);
    }

    #[test]
    fn null_lists_are_empty() {
        let document = ServiceObject::from_value("x", json!({"errors": null, "warnings": ["a", 1]})).unwrap();
        assert!(document.texts("errors").is_empty());
        assert_eq!(document.texts("warnings"), ["a", "1"]);
        assert!(document.required("x", "id").unwrap_err().to_string().contains("no 'id'"));
    }

    #[test]
    fn texts_are_found_whatever_holds_them() {
        for (value, texts) in [
            (json!(null), vec![]),
            (json!(""), vec![]),
            (json!("a text"), vec!["a text"]),
            (json!(503), vec!["503"]),
            (json!(["a", null, ["b"], 1]), vec!["a", "b", "1"]),
            (
                json!({"packages": ["is required", "is short"], "": ["b"]}),
                vec!["packages: is required", "packages: is short", "b"],
            ),
            (json!({"a": {"b": "c"}}), vec!["a: b: c"]),
            (json!([{"code": "X1", "message": "m"}, {"Message": "n"}]), vec!["X1: m", "n"]),
            (json!({"message": null, "field": "f"}), vec!["field: f"]),
        ] {
            assert_eq!(texts_of(&value), texts, "{value}");
        }
    }

    #[test]
    fn known_names_are_put_right_and_nothing_else() {
        let documented = ["id", "percentComplete", "parameters"];
        let right = |value| {
            ServiceObject::from_value("x", value).unwrap().put_right(&documented, &["id"]).into_value().to_string()
        };
        assert_eq!(
            right(json!({"Zeta": 1, "Id": 42, "PercentComplete": "7", "Parameters": {"Id": 1}})),
            r#"{"Zeta":1,"id":"42","percentComplete":"7","parameters":{"Id":1}}"#
        );
        assert_eq!(right(json!({"id": null, "ID": "x"})), r#"{"id":"x"}"#);
        assert_eq!(right(json!({"id": "x", "Id": "y"})), r#"{"id":"x","Id":"y"}"#);
        assert_eq!(right(json!({"ID": null, "Id": "y"})), r#"{"id":"y"}"#);
    }
}
