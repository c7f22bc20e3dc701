//! Whether what came is what was expected.

use std::collections::BTreeMap;

use serde_json::Value;

/// Puts the values of the names into all texts of a document.
pub(super) fn fill_in(document: &Value, names: &BTreeMap<String, String>) -> Value {
    match document {
        Value::String(text) => Value::String(fill_in_text(text, names)),
        Value::Array(items) => items.iter().map(|item| fill_in(item, names)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), fill_in(value, names)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

pub(super) fn fill_in_text(text: &str, names: &BTreeMap<String, String>) -> String {
    names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// Whether a line is as a pattern says, in which `*` stands for anything.
pub(super) fn fits(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else { return false };
    let mut last = None;
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
        last = Some(part);
    }
    last.map_or(rest.is_empty(), |last| line.ends_with(last))
}

/// The member that says that an object has no others.
const CLOSED: &str = "...";

/// Everything that differs, each with its place.
pub(super) fn differences(expected: &Value, actual: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", expected, actual, false, &mut found);
    found
}

/// As [`differences`], for a document that has no more members than are expected.
pub(super) fn differences_of_all(expected: &Value, actual: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", expected, actual, true, &mut found);
    found
}

fn compare(place: &str, expected: &Value, actual: &Value, closed: bool, found: &mut Vec<String>) {
    match (expected, actual) {
        (Value::String(kind), _) if kind.starts_with('<') && kind.ends_with('>') => {
            if !is_of_kind(kind, actual) {
                found.push(format!("{place}: {actual} is no {kind}"));
            }
        }
        (Value::Object(members), Value::Object(given)) => {
            let closed = closed || members.get(CLOSED) == Some(&Value::Bool(false));
            for (name, value) in members.iter().filter(|(name, _)| *name != CLOSED) {
                match given.get(name) {
                    Some(actual) => compare(&format!("{place}/{name}"), value, actual, false, found),
                    None => found.push(format!("{place}/{name}: is missing")),
                }
            }
            if closed {
                let more = given.keys().filter(|name| !members.contains_key(*name));
                found.extend(more.map(|name| format!("{place}/{name}: is not expected")));
            }
        }
        (Value::Array(items), Value::Array(given)) if items.len() == given.len() => {
            for (index, (item, actual)) in items.iter().zip(given).enumerate() {
                compare(&format!("{place}/{index}"), item, actual, false, found);
            }
        }
        _ if expected == actual => {}
        _ => found.push(format!("{place}: expected {expected}, got {actual}")),
    }
}

fn is_of_kind(kind: &str, actual: &Value) -> bool {
    let text = actual.as_str();
    match kind {
        "<any>" => true,
        "<number>" => actual.is_number(),
        "<text>" => text.is_some_and(|text| !text.is_empty()),
        "<guid>" => text.is_some_and(|text| text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()),
        "<time>" => text.is_some_and(is_time),
        "<link>" => text.is_some_and(|text| text.starts_with("https://") && text.contains("sig=")),
        _ => panic!("{kind} is no kind of value"),
    }
}

fn is_time(text: &str) -> bool {
    time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn count(expected: &Value, actual: &Value) -> usize {
        differences(expected, actual).len()
    }

    #[test]
    fn every_difference_is_found() {
        let actual = json!({"a": 1, "b": [1, {"c": "x"}], "d": null});
        assert_eq!(count(&json!({}), &actual), 0);
        assert_eq!(count(&json!({"a": 1, "b": [1, {}], "d": null}), &actual), 0);
        assert_eq!(count(&json!({"a": 2, "b": [1], "e": null, "d": 0}), &actual), 4);
        assert_eq!(count(&json!({"b": [2, {"c": "y"}]}), &actual), 2);
        assert_eq!(count(&json!({"...": false, "a": 1}), &actual), 2);
        assert_eq!(differences_of_all(&json!({"a": 1, "b": "<any>", "d": null}), &actual), Vec::<String>::new());
        assert_eq!(differences_of_all(&json!({"b": "<any>", "d": null}), &actual).len(), 1);
    }

    #[test]
    fn patterns_fit_whole_lines() {
        for (pattern, line) in [("GET a", "GET a"), ("GET */b", "GET a/b"), ("GET *", "GET a"), ("G*a*c", "Gabc")] {
            assert!(fits(pattern, line), "{pattern} {line}");
        }
        for (pattern, line) in [("GET a", "GET ab"), ("GET */b", "GET a/bc"), ("GET *", "PUT a"), ("G*b*a", "Gab")] {
            assert!(!fits(pattern, line), "{pattern} {line}");
        }
    }

    #[test]
    fn kinds_are_told_apart() {
        let link = "https://x.blob.core.windows.net/c?sv=1&sig=2";
        let guid = "2a561398-d517-4634-9bc4-aab5008a8e1a";
        for (kind, fits, not) in [
            ("<number>", json!(0), json!("0")),
            ("<text>", json!("x"), json!("")),
            ("<guid>", json!(guid), json!("x")),
            ("<time>", json!("2026-01-15T08:00:00.123Z"), json!("yesterday")),
            ("<link>", json!(link), json!("http://x/?sig=")),
        ] {
            assert_eq!((count(&json!(kind), &fits), count(&json!(kind), &not)), (0, 1), "{kind}");
        }
    }

    #[test]
    fn names_are_filled_in_everywhere() {
        let names = BTreeMap::from([("id".to_owned(), "7".to_owned())]);
        assert_eq!(fill_in(&json!({"a": ["x{id}y", 1]}), &names), json!({"a": ["x7y", 1]}));
    }
}
