//! An action of version 2, by which an export is told from those of others (spec 11).

use serde_json::Value;

use super::part;
use crate::base::error::Result;
use crate::base::service_object::ServiceObject;

/// How an action is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionStatus {
    /// Accepted, not begun.
    Queued,
    /// Running, also by a word that this library does not know.
    Running,
    /// Done.
    Completed,
    /// Failed, or stopped by somebody.
    Failed,
}

/// An action.
#[derive(Debug, Clone)]
pub struct Action(ServiceObject);

impl Action {
    /// Takes the service's object.
    ///
    /// # Errors
    /// `Protocol` when it is not an action.
    pub fn from_value(value: Value) -> Result<Self> {
        let action = ServiceObject::from_value("an action", value)?;
        action.required("an action", "status")?;
        Ok(Self(action))
    }

    /// The service's word for how it is.
    #[must_use]
    pub fn word(&self) -> &str {
        self.0.text("status").unwrap_or_default()
    }

    /// How it is. Older actions have more words than those of version 2.
    #[must_use]
    pub fn status(&self) -> ActionStatus {
        match self.word() {
            "queued" | "starting" => ActionStatus::Queued,
            "completed" => ActionStatus::Completed,
            "failed" | "cancelled" | "aborted" => ActionStatus::Failed,
            _ => ActionStatus::Running,
        }
    }

    /// How far it is, 0 to 1.
    #[must_use]
    pub fn progress(&self) -> Option<f64> {
        part(&self.0, "progress")
    }

    /// What the service says of its failure.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.0.get("additional_info")?.get("error")?.as_str().filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_words_of_all_releases_are_read() {
        for (word, status) in [
            ("queued", ActionStatus::Queued),
            ("starting", ActionStatus::Queued),
            ("running", ActionStatus::Running),
            ("cancelling", ActionStatus::Running),
            ("whatever", ActionStatus::Running),
            ("completed", ActionStatus::Completed),
            ("failed", ActionStatus::Failed),
            ("cancelled", ActionStatus::Failed),
            ("aborted", ActionStatus::Failed),
        ] {
            let action = json!({"status": word, "progress": "40", "additional_info": {"error": "no-permission"}});
            let action = Action::from_value(action).unwrap();
            assert_eq!(
                (action.status(), action.progress(), action.error()),
                (status, Some(0.4), Some("no-permission"))
            );
        }
        assert!(Action::from_value(json!({"progress": 1})).is_err());
    }
}
