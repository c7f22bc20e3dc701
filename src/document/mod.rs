//! Level 2: request documents. Read strictly, with the JSON path in the error, and checked before any network call.
//!
//! Knows no service: each has the documents of its operations in its own room.

pub mod wait;

use std::fmt;
use std::path::Path;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::base::error::{Error, Kind, Result};
use crate::base::next_step::Setting;
use crate::base::redaction::cut;
use crate::base::service_object::json_kind;

/// A request document that can be checked before any network call.
pub trait Checked {
    /// Checks everything that needs no network.
    ///
    /// # Errors
    /// `InvalidArgument` naming the member by its JSON path.
    fn check(&self) -> Result<()>;

    /// The values that the service looks up by name or id, for what is to be checked where it does not find them.
    fn named(&self) -> Vec<(Setting, &str)> {
        Vec::new()
    }
}

/// Declares a request document: strict, camelCase and cloneable.
macro_rules! request {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident : $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $kind,)*
        }
    };
}
pub(crate) use request;

/// `-` is a standard stream to most programs. Here it would silently be a file of that name, so it is refused.
///
/// # Errors
/// `InvalidArgument` naming `field`.
pub fn check_no_stream(field: &str, path: &Path, refusal: &str) -> Result<()> {
    if path != Path::new("-") {
        return Ok(());
    }
    Err(Error::invalid(field, refusal).with_next_step("use a file (for a file named '-', use './-')"))
}

/// Reads a document. Unknown and ill-typed members are refused.
///
/// # Errors
/// `InvalidArgument` whose field is the JSON path, such as `wait.timeoutMinutes`.
pub fn read<T: DeserializeOwned>(what: &str, value: Value) -> Result<T> {
    // serde would take a list for an object's members in order.
    if !value.is_object() {
        return Err(not_an_object(what, &value));
    }
    serde_path_to_error::deserialize(value).map_err(|error| refused(what, &error.path().to_string(), error.inner()))
}

/// The error of something else in the place of an object.
#[must_use]
pub fn not_an_object(what: &str, value: &Value) -> Error {
    Error::invalid(what, format!("must be an object, not {}", json_kind(value)))
}

/// What serde says, by its place and without the value, which may be a secret in the wrong place.
fn refused(what: &str, path: &str, error: &serde_json::Error) -> Error {
    let text = error.to_string();
    // The path of a member that is missing is that of the object around it; only the sentence names the member.
    let missing = text.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    // The root's path is a dot.
    let field = match (path, missing) {
        (".", None) => what.to_owned(),
        (".", Some(member)) => member.to_owned(),
        (path, None) => path.split('.').map(shortened).collect::<Vec<_>>().join("."),
        (path, Some(member)) => format!("{path}.{member}"),
    };
    // Behind the last of these words stand names of the library's own.
    let expected = text.rsplit_once(", expected ").map(|(_, expected)| expected);
    let begins = |words: &str| text.starts_with(words);
    match expected {
        _ if missing.is_some() => Error::invalid(field, "is missing"),
        Some(expected) if begins("unknown field ") => {
            Error::invalid(field, format!("unknown field, expected {expected}"))
        }
        Some(expected) if begins("unknown variant ") => {
            Error::invalid(field, format!("unknown value, expected {expected}"))
        }
        Some(expected) if begins("invalid type: string ") || begins("invalid value: string ") => {
            // serde's word for a list is one of Rust.
            Error::invalid(field, format!("expected {}, not a string", expected.replace("a sequence", "an array")))
        }
        _ => Error::invalid(field, text),
    }
}

/// A name of the caller, which may be as long as a file.
fn shortened(name: &str) -> String {
    cut(name, 64, "...")
}

/// The longest document, in bytes: room for the names of thousands of files. In memory it takes many times as much.
pub const LONGEST: usize = 1 << 20;

/// How deep lists and objects may be nested. Requests need three levels; each takes some of the caller's stack.
pub const DEEPEST: usize = 8;

/// Whether lists and objects are nested deeper than that. Looks at no more than brackets and strings, and needs no stack.
fn is_too_deep(text: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    text.bytes().any(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEEPEST
    })
}

/// Reads the text of a document, an object. One that is very long or deep is refused before it is read. A member that is
/// given twice is refused, because only one of the two could be meant, and so is a number that no number can hold.
///
/// # Errors
/// `InvalidArgument` whose field is the JSON path where that is known, and `what` otherwise.
pub fn parse(what: &str, text: &str) -> Result<Value> {
    if text.len() > LONGEST {
        return Err(Error::invalid(what, format!("is longer than {LONGEST} bytes")));
    }
    if is_too_deep(text) {
        return Err(Error::invalid(what, format!("is nested deeper than {DEEPEST} levels")));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let document: Once = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        match error.inner().classify() {
            serde_json::error::Category::Data => refused(what, &path, error.inner()),
            _ if path != "." && error.inner().to_string().starts_with("number out of range") => {
                Error::invalid(shortened(&path), "is a number out of range")
            }
            _ => Error::invalid(what, format!("is not valid JSON: {}", error.inner())),
        }
    })?;
    reader.end().map_err(|error| Error::invalid(what, format!("is not valid JSON: {error}")))?;
    if document.0.is_object() {
        return Ok(document.0);
    }
    Err(not_an_object(what, &document.0))
}

/// Any value, whose objects have each member once.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnceVisitor)
    }
}

struct OnceVisitor;

impl<'de> Visitor<'de> for OnceVisitor {
    type Value = Once;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Once, E> {
        Ok(Once(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Once, E> {
        Ok(Once(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Once, E> {
        Ok(Once(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Once, E> {
        Ok(Once(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Once, E> {
        Ok(Once(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Once, E> {
        Ok(Once(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Once, A::Error> {
        let mut list = Vec::new();
        while let Some(Once(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Once(list.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Once, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let Once(value) = members.next_value()?;
            if object.insert(name.clone(), value).is_some() {
                return Err(serde::de::Error::custom(format!("duplicate member '{}'", shortened(&name))));
            }
        }
        Ok(Once(object.into()))
    }
}

/// Lets a type be read from an object alone: serde would take a list for the members in their order, and a position is
/// no name. The type derives both traits with `#[serde(remote = "Self")]`.
macro_rules! only_objects {
    ($($name:ident),*) => {
        $(
            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    struct Members;
                    impl<'de> serde::de::Visitor<'de> for Members {
                        type Value = $name;

                        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                            formatter.write_str("an object")
                        }

                        fn visit_map<A: serde::de::MapAccess<'de>>(self, members: A) -> Result<$name, A::Error> {
                            $name::deserialize(serde::de::value::MapAccessDeserializer::new(members))
                        }
                    }
                    deserializer.deserialize_map(Members)
                }
            }

            impl serde::Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    Self::serialize(self, serializer)
                }
            }
        )*
    };
}
pub(crate) use only_objects;

/// Turns a result into a document.
///
/// # Errors
/// `Internal` when a result cannot be written as JSON, which would be a bug.
pub(crate) fn write<T: serde::Serialize>(answer: &T) -> Result<Value> {
    serde_json::to_value(answer)
        .map_err(|error| Error::new(Kind::Internal, format!("the result cannot be written: {error}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_read_strictly() {
        let document = json!({"a": [1, -2, 1.5, null, true, {"b": "ü"}]});
        assert_eq!(parse("request_json", &document.to_string()).unwrap(), document);
        for (text, message) in [
            ("[1]", "request_json: must be an object, not an array"),
            ("{} x", "request_json: is not valid JSON: trailing characters"),
            ("{\"a\": 1", "request_json: is not valid JSON: EOF"),
            ("{\"a\": {\"b\": 1, \"b\": 2}}", "a"),
            ("{\"a\": [1e999]}", "a[0]: is a number out of range"),
        ] {
            let error = parse("request_json", text).unwrap_err();
            assert_eq!(error.kind(), Kind::InvalidArgument);
            assert!(error.message().starts_with(message), "{text}: {error}");
        }
        let error = parse("request_json", "{\"id\": 1, \"id\": 2}").unwrap_err();
        assert!(error.message().contains("duplicate member 'id'"), "{error}");
    }
    #[test]
    fn a_document_that_is_too_long_or_too_deep_is_refused_before_it_is_read() {
        let nested = |open: &str, close: &str, depth: usize| {
            format!("{{\"a\":{}0{}}}", open.repeat(depth - 1), close.repeat(depth - 1))
        };
        for (open, close) in [("[", "]"), ("{\"b\":", "}")] {
            assert!(parse("request_json", &nested(open, close, DEEPEST)).is_ok());
            for depth in [DEEPEST + 1, 127, 1_000_000 / open.len() / 2] {
                let error = parse("request_json", &nested(open, close, depth)).unwrap_err();
                assert_eq!((error.kind(), error.field()), (Kind::InvalidArgument, Some("request_json")));
                assert!(error.message().contains("nested deeper"), "{error}");
            }
        }
        // Brackets in texts are no levels, nor are those that only close.
        let brackets = format!("{{\"a\": \"{}\\\"[[\\\\\"}}", "[{".repeat(20));
        assert!(parse("request_json", &brackets).is_ok());
        let wide = format!("{{\"a\": [{}[]]}}", "[],".repeat(100));
        assert!(parse("request_json", &wide).is_ok());
        let long = format!("{{\"a\": \"{}\"}}", "a".repeat(LONGEST));
        let error = parse("request_json", &long).unwrap_err();
        assert!(error.message().contains("longer than"), "{error}");
        assert!(parse("request_json", &long[..LONGEST]).unwrap_err().message().contains("is not valid JSON"));
    }
}
