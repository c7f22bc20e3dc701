//! The JSON body of a request, with names matched without regard to case (spec 1.4). Pure.

use std::collections::HashMap;

use serde_json::Value;

/// The members of the body, by lower-case name. Unknown ones are simply never asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    members: HashMap<String, Value>,
}

impl Fields {
    /// An empty body has no members.
    pub(crate) fn read(body: &[u8]) -> Result<Self, String> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        if body.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => {
                let members = members.into_iter().map(|(name, value)| (name.to_lowercase(), value));
                Ok(Self { members: members.collect() })
            }
            Ok(Value::Null) => Ok(Self::default()),
            Ok(_) => Err("The request body must be a JSON object.".to_owned()),
            Err(failure) => Err(format!("The request body is not valid JSON: {failure}.")),
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(&name.to_lowercase()).filter(|value| !value.is_null())
    }

    /// A text; empty is the same as missing.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, String> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(_) => Err(format!("{name} must be a string.")),
        }
    }

    /// A switch; missing means false.
    pub(crate) fn switch(&self, name: &str) -> Result<bool, String> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(value)) => Ok(*value),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(format!("{name} must be true or false.")),
        }
    }

    /// Texts; missing means none.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, String> {
        let refusal = || format!("{name} must be an array of strings.");
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(values)) => {
                values.iter().map(|value| value.as_str().map(str::to_owned).ok_or_else(refusal)).collect()
            }
            Some(_) => Err(refusal()),
        }
    }

    /// A whole number above 0, as number or text.
    pub(crate) fn hours(&self, name: &str) -> Result<Option<u32>, String> {
        let number = match self.get(name) {
            None => return Ok(None),
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(text)) => text.parse().ok(),
            Some(_) => None,
        };
        let hours = number.and_then(|number| u32::try_from(number).ok()).filter(|hours| *hours > 0);
        hours.map(Some).ok_or_else(|| format!("{name} must be a whole number above 0."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_in_any_case() {
        let fields = Fields::read(br#"{"TARGETenvironment":"Integration","includeDB":true,"Other":1}"#).unwrap();
        assert_eq!(fields.text("targetEnvironment"), Ok(Some("Integration".to_owned())));
        assert_eq!(fields.switch("includeDb"), Ok(true));
        assert_eq!(fields.switch("includeBlob"), Ok(false));
    }

    #[test]
    fn bodies_are_optional_but_not_arbitrary() {
        for (body, good) in [("", true), (" \r\n", true), ("{}", true), ("null", true), ("[]", false), ("{", false)] {
            assert_eq!(Fields::read(body.as_bytes()).is_ok(), good, "{body}");
        }
    }

    #[test]
    fn values_are_checked() {
        let fields = Fields::read(br#"{"a":"x","b":"true","c":0,"d":"24","e":["p",1],"f":null}"#).unwrap();
        assert!(fields.switch("a").is_err());
        assert_eq!(fields.switch("b"), Ok(true));
        assert!(fields.hours("c").is_err());
        assert_eq!(fields.hours("d"), Ok(Some(24)));
        assert!(fields.texts("e").is_err());
        assert_eq!(fields.text("f"), Ok(None));
    }
}
