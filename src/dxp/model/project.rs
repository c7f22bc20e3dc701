//! Projects and environments: who owns what, and how they are named.

use uuid::Uuid;

use crate::base::error::{Error, Result};
use crate::base::given;
use crate::base::next_step::{NextStep, Setting};

/// Longer than a GUID, shorter than a secret.
const LONGEST_PROJECT_ID: usize = 40;

/// Checks that a text can be a project id: a word of letters, digits and dashes. The service has GUIDs, but the original
/// sends whatever it is given (spec 4.1), and stand-ins of the service have other ids. What cannot be one, such as a
/// secret, a link or a variable that was not expanded, is refused here, because it would be sent as a part of an address.
///
/// # Errors
/// `InvalidArgument` naming `field`.
pub fn check_project_id(field: &str, text: &str) -> Result<()> {
    if text.is_empty() {
        return Err(Error::invalid(field, "must not be empty"));
    }
    let is_word = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if is_word && text.len() <= LONGEST_PROJECT_ID { Ok(()) } else { Err(no_project_id(field, text)) }
}

/// Checks that a text is a project id of the service: a GUID with dashes (spec 1.6). For people, because a wrong one is
/// answered in the same way as a wrong key (spec 1.5).
///
/// # Errors
/// `InvalidArgument` naming `field`.
pub fn check_project_guid(field: &str, text: &str) -> Result<()> {
    if text.len() == 36 && Uuid::try_parse(text).is_ok() { Ok(()) } else { Err(no_project_id(field, text)) }
}

/// The id is not repeated: it stands next to the secret, and the two are mixed up.
fn no_project_id(field: &str, text: &str) -> Error {
    let hint = given::flaw(text).map_or_else(String::new, |flaw| format!(": it {}", flaw.cause));
    Error::invalid(field, format!("is not a project id (expected a GUID){hint}"))
        .with_next_step("copy the project id, a GUID such as 2a561398-d517-4634-9bc4-aab5008a8e1a, from the API tab of the DXP Management Portal")
}

/// Checks an environment name: anything but nothing. The service knows Integration, Preproduction, Production and
/// ADE1 to ADE6, front-end projects have others, and new ones come without notice (spec 1.6), so the service decides.
///
/// # Errors
/// `InvalidArgument` naming `field`.
pub fn check_environment(field: &str, text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::invalid(field, "must name an environment such as Integration, Preproduction or Production"));
    }
    check_length(field, text)
}

/// The environments of spec 1.6. Customers have others, so a name outside of them is worth a warning and no more.
pub const USUAL_ENVIRONMENTS: [&str; 11] =
    ["Integration", "Preproduction", "Production", "ADE1", "ADE2", "ADE3", "ADE4", "ADE5", "ADE6", "Test1", "Test2"];

/// From which similarity on a name is taken for a mistyped one.
const ALIKE: f64 = 0.7;

/// What to warn of where an environment's name is none of [`USUAL_ENVIRONMENTS`], ignoring case.
#[must_use]
pub fn unusual_environment(name: &str) -> Option<String> {
    if USUAL_ENVIRONMENTS.iter().any(|usual| usual.eq_ignore_ascii_case(name)) {
        return None;
    }
    let question = similar_environment(name).map_or_else(String::new, |usual| format!(": did you mean {usual}?"));
    Some(format!("'{name}' is not one of the usual environments{question}"))
}

/// The one of [`USUAL_ENVIRONMENTS`] that a name may be mistyped for; `None` for one of them.
#[must_use]
pub fn similar_environment(name: &str) -> Option<&'static str> {
    if USUAL_ENVIRONMENTS.iter().any(|usual| usual.eq_ignore_ascii_case(name)) {
        return None;
    }
    let similarity = |usual: &str| strsim::normalized_damerau_levenshtein(&usual.to_lowercase(), &name.to_lowercase());
    let closest = USUAL_ENVIRONMENTS.into_iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
    closest.filter(|usual| similarity(usual) >= ALIKE)
}

/// Whether the service deploys to an environment only through a slot and its verification, and imports no databases
/// there (spec 1.7). It is not known of environments with other names.
#[must_use]
pub fn needs_verification(environment: &str) -> bool {
    ["Preproduction", "Production"].iter().any(|fixed| fixed.eq_ignore_ascii_case(environment))
}

/// How to get what a client needs to be of an account.
#[must_use]
pub fn credentials_step() -> NextStep {
    NextStep::text("create API credentials in the DXP Management Portal (project, API tab) and set ")
        .setting(Setting::ClientKey)
        .and(", ")
        .setting(Setting::ClientSecret)
        .and(" and ")
        .setting(Setting::ProjectId)
}

/// The longest name or id that is sent: longer than any, and short enough for an address.
const LONGEST: usize = 256;

/// Checks that a text can be part of an address.
///
/// # Errors
/// `InvalidArgument` naming `field`.
pub fn check_length(field: &str, text: &str) -> Result<()> {
    if text.len() <= LONGEST {
        return Ok(());
    }
    Err(Error::invalid(field, format!("is longer than {LONGEST} bytes")))
}

/// Checks an id that the service gave, such as that of a deployment: not empty.
///
/// # Errors
/// `InvalidArgument` naming `field`.
pub fn check_id(field: &str, text: &str) -> Result<()> {
    if text.trim().is_empty() { Err(Error::invalid(field, "must not be empty")) } else { check_length(field, text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_environments_that_look_mistyped_are_questioned() {
        for usual in ["Integration", "preproduction", "ADE1", "Test2"] {
            assert_eq!(unusual_environment(usual), None, "{usual}");
        }
        for (name, meant) in [
            ("Preprodction", "did you mean Preproduction?"),
            ("prodution", "did you mean Production?"),
            ("Intergation", "did you mean Integration?"),
            ("ADE7", "did you mean ADE"),
            ("Staging", "environments"),
        ] {
            let warning = unusual_environment(name).unwrap();
            assert!(warning.starts_with(&format!("'{name}' is not one of")) && warning.contains(meant), "{warning}");
            assert_eq!(warning.contains("did you mean"), meant.starts_with("did"), "{warning}");
        }
    }

    #[test]
    fn a_project_id_is_a_word_and_for_people_a_guid() {
        let guid = "2a561398-d517-4634-9bc4-aab5008a8e1a";
        for (given, word, is_guid) in [
            (guid, true, true),
            ("x", true, false),
            ("2a561398d51746349bc4aab5008a8e1a", true, false),
            ("", false, false),
            ("$(ProjectId)", false, false),
            ("{2a561398-d517-4634-9bc4-aab5008a8e1a}", false, false),
            ("a/b", false, false),
            ("c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3JldA==", false, false),
            ("00112233445566778899aabbccddeeff001122334455", false, false),
        ] {
            let (lenient, strict) = (check_project_id("projectId", given), check_project_guid("projectId", given));
            assert_eq!((lenient.is_ok(), strict.is_ok()), (word, is_guid), "{given}");
            for error in [lenient, strict].into_iter().filter_map(Result::err) {
                assert_eq!(error.field(), Some("projectId"));
                assert!(given.is_empty() || given == "x" || !error.to_string().contains(given), "{error}");
            }
        }
        assert!(check_project_id("projectId", "$(ProjectId)").unwrap_err().to_string().contains("not expanded"));
    }
}
