//! Projects and environments: who owns what, and how they are named.

use uuid::Uuid;

use crate::base::error::{Error, Result};

/// Checks a project id before any call: a GUID with dashes (spec 1.6), because a wrong one is answered in the same
/// way as a wrong key (spec 1.5).
///
/// # Errors
/// `InvalidArgument` naming `field`.
pub fn check_project_id(field: &str, text: &str) -> Result<()> {
    if text.is_empty() {
        return Err(Error::invalid(field, "must not be empty"));
    }
    if text.len() == 36 && Uuid::try_parse(text).is_ok() {
        return Ok(());
    }
    let hint = if text.contains("$(") { " (it looks like a pipeline variable that was not expanded)" } else { "" };
    // Not repeated: it stands next to the secret, and the two are mixed up.
    Err(Error::invalid(field, format!("what is given is not a project id{hint}"))
        .with_next_step("a project id is a GUID such as 2a561398-d517-4634-9bc4-aab5008a8e1a; see the API tab of the DXP Management Portal"))
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
    fn only_guids_with_dashes_are_project_ids() {
        assert!(check_project_id("projectId", "2a561398-d517-4634-9bc4-aab5008a8e1a").is_ok());
        for bad in
            ["", "x", "2a561398d51746349bc4aab5008a8e1a", "$(ProjectId)", "{2a561398-d517-4634-9bc4-aab5008a8e1a}"]
        {
            let error = check_project_id("projectId", bad).unwrap_err();
            assert_eq!(error.field(), Some("projectId"), "{bad}");
        }
        assert!(check_project_id("projectId", "$(ProjectId)").unwrap_err().to_string().contains("not expanded"));
    }
}
