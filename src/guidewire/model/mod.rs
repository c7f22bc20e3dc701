//! The service's nouns, kept whole: unknown members survive.

pub mod backup;

use crate::base::error::{Error, Result};
use crate::base::given;

/// The longest name or id that is sent: longer than any, and short enough for an address.
const LONGEST: usize = 256;

/// Checks a name or id that is sent as a part of an address.
///
/// # Errors
/// `InvalidArgument` naming `field`.
pub fn check_id(field: &str, text: &str) -> Result<()> {
    let text = given::trimmed(text);
    let rule = match text {
        "" => "must not be empty".to_owned(),
        "." | ".." => format!("'{text}' cannot be part of a URL path"),
        _ if text.len() > LONGEST => format!("is longer than {LONGEST} bytes"),
        _ if text.contains("://") || text.chars().any(char::is_control) || given::flaw(text).is_some() => {
            "is not a name or an id".to_owned()
        }
        _ => return Ok(()),
    };
    Err(given::explained(field, text, Error::invalid(field, rule)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_that_stays_in_its_place() {
        for good in ["dev1", "362", " claims-dev\n", "a/b", "größe", "a.b"] {
            assert!(check_id("id", good).is_ok(), "{good}");
        }
        for bad in ["", " ", ".", "..", "$(Planet)", "a b", "https://host/x?sig=CANARY", &"x".repeat(257)] {
            let error = check_id("id", bad).unwrap_err();
            assert_eq!(error.field(), Some("id"), "{bad}");
            assert!(!error.to_string().contains("CANARY"), "{error}");
        }
    }
}
