//! The request and result documents of the service's operations, and the rules that need no network.

use serde::Serialize;

use super::contract::LONGEST_NAME;
use super::model::check_id;
use crate::base::error::{Error, Result};
use crate::base::given;
use crate::base::limits::RetentionDays;
use crate::base::next_step::{Phrase, Setting};
pub use crate::document::Checked;
use crate::document::request;
pub use crate::document::wait::Wait;

request! {
    /// `guidewire.connect`: verifies the credentials by listing the backups of the star system.
    ConnectGuidewire {}
}

impl Checked for ConnectGuidewire {
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// The result of [`ConnectGuidewire`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectedGuidewire {
    /// The tenant.
    pub tenant_id: String,
    /// The star system.
    pub star_system_id: String,
    /// The OAuth client.
    pub client_id: String,
    /// The address that answered.
    pub endpoint: String,
    /// How many backups the star system has.
    pub backups: usize,
}

request! {
    /// `guidewire.backup.create`: creates a backup of a planet's databases.
    CreateBackup {
        /// The planet.
        planet_id: String,
        /// What the planet is for: `dev`, `preprod` or `prod`.
        planet_class: String,
        /// How it is made: `logical` (a dump) when absent, or the word for snapshots, which some planets permit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mechanism: Option<String>,
        /// Keep it until it is deleted; instead of `retentionDays`.
        #[serde(default)]
        permanent: bool,
        /// Days that the service keeps it, from 1 to the tenant's maximum (14 unless configured).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retention_days: Option<RetentionDays>,
        /// A name for people, up to 255 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// What it is for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// Add a short random text to the name, so that the backup is found for certain if the response is lost.
        #[serde(default)]
        unique_name: bool,
        /// Wait until it has ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wait: Option<Wait>,
        /// Give back a backup that has failed instead of an error.
        #[serde(default)]
        allow_failed: bool,
    }
}

/// What `uniqueName` adds: a hyphen and eight digits.
const SUFFIX: usize = 9;

/// What a unique name begins with where no name is given.
const UNNAMED: &str = "backup";

impl CreateBackup {
    /// The name that is sent, with this suffix if it is to be unique.
    pub(crate) fn full_name(&self, suffix: impl FnOnce() -> String) -> Option<String> {
        match (self.name.as_deref(), self.unique_name) {
            (name, true) => Some(format!("{}-{}", name.unwrap_or(UNNAMED), suffix())),
            (name, false) => name.map(str::to_owned),
        }
    }
}

impl Checked for CreateBackup {
    fn check(&self) -> Result<()> {
        check_id(Setting::PlanetId.member(), &self.planet_id)?;
        if given::trimmed(&self.planet_class).is_empty() {
            return Err(Error::invalid(
                Setting::PlanetClass.member(),
                "must not be empty; usual are dev, preprod and prod",
            ));
        }
        if self.mechanism.as_deref().is_some_and(|mechanism| given::trimmed(mechanism).is_empty()) {
            return Err(Error::invalid(Setting::Mechanism.member(), "must not be empty; leave it out for logical"));
        }
        match (self.permanent, self.retention_days) {
            (true, Some(_)) => {
                let rule = Phrase::text("cannot be combined with ").setting(Setting::Permanent);
                return Err(Error::invalid(Setting::RetentionDays.member(), rule));
            }
            (false, None) => {
                let rule = Phrase::text("is required, unless ").setting(Setting::Permanent).and(" is set");
                return Err(Error::invalid(Setting::RetentionDays.member(), rule));
            }
            _ => {}
        }
        let Some(name) = &self.name else { return Ok(()) };
        if name.trim().is_empty() {
            return Err(Error::invalid(Setting::Name.member(), "must not be empty"));
        }
        let longest = if self.unique_name { LONGEST_NAME - SUFFIX } else { LONGEST_NAME };
        if name.chars().count() <= longest {
            return Ok(());
        }
        let rule = Phrase::text(format!("is longer than {longest} characters"));
        let rule = match self.unique_name {
            true => rule.and(", which ").setting(Setting::UniqueName).and(format!(" extends to {LONGEST_NAME}")),
            false => rule,
        };
        Err(Error::invalid(Setting::Name.member(), rule))
    }
}

request! {
    /// `guidewire.backup.get`: one backup.
    GetBackup {
        /// Its id.
        id: String,
    }
}

request! {
    /// `guidewire.backup.list`: the backups of a planet or of the star system.
    ListBackups {
        /// The planet; the whole star system when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        planet_id: Option<String>,
    }
}

request! {
    /// `guidewire.backup.wait`: waits for a backup that somebody has created.
    WaitForBackup {
        /// Its id.
        id: String,
        /// How to wait.
        #[serde(default)]
        wait: Wait,
        /// Give back a backup that has failed instead of an error.
        #[serde(default)]
        allow_failed: bool,
    }
}

request! {
    /// `guidewire.backup.delete`: deletes a backup, and waits until it is gone.
    DeleteBackup {
        /// Its id.
        id: String,
        /// A backup that does not exist is no error.
        #[serde(default)]
        if_exists: bool,
    }
}

impl Checked for GetBackup {
    fn check(&self) -> Result<()> {
        check_id(Setting::Id.member(), &self.id)
    }
}

impl Checked for ListBackups {
    fn check(&self) -> Result<()> {
        self.planet_id.as_deref().map_or(Ok(()), |planet| check_id(Setting::PlanetId.member(), planet))
    }
}

impl Checked for WaitForBackup {
    fn check(&self) -> Result<()> {
        check_id(Setting::Id.member(), &self.id)
    }
}

impl Checked for DeleteBackup {
    fn check(&self) -> Result<()> {
        check_id(Setting::Id.member(), &self.id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::document::read;

    fn refused(more: &Value) -> Option<(Option<String>, String)> {
        let mut document = json!({"planetId": "dev1", "planetClass": "dev", "retentionDays": 10});
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        document.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let error = read("x", document).and_then(|request: CreateBackup| request.check()).err()?;
        Some((error.field().map(str::to_owned), error.message().to_owned()))
    }

    #[test]
    fn the_rules_of_a_creation() {
        let name = |letters: usize| "ä".repeat(letters);
        for good in [
            json!({}),
            json!({"permanent": true, "retentionDays": null}),
            json!({"name": name(255), "mechanism": "snapshot"}),
            json!({"name": name(246), "uniqueName": true}),
        ] {
            assert_eq!(refused(&good), None, "{good}");
        }
        for (bad, field, rule) in [
            (json!({"planetId": ""}), "planetId", "must not be empty"),
            (json!({"planetClass": " "}), "planetClass", "must not be empty"),
            (json!({"mechanism": ""}), "mechanism", "must not be empty"),
            (json!({"permanent": true}), "retentionDays", "cannot be combined with permanent"),
            (json!({"retentionDays": null}), "retentionDays", "is required, unless permanent is set"),
            (json!({"retentionDays": 0}), "retentionDays", "0 is not between 1 and"),
            (json!({"retentionDays": "10"}), "retentionDays", "not a string"),
            (json!({"name": " "}), "name", "must not be empty"),
            (json!({"name": name(256)}), "name", "is longer than 255 characters"),
            (json!({"name": name(247), "uniqueName": true}), "name", "is longer than 246 characters, which uniqueName"),
            (json!({"projectId": "x"}), "projectId", "unknown field"),
        ] {
            let (of, message) = refused(&bad).unwrap();
            assert!(of.as_deref() == Some(field) && message.contains(rule), "{bad}: {message}");
        }
    }

    #[test]
    fn a_unique_name_has_a_suffix_and_any_other_is_sent_as_it_is() {
        let named = |name: Option<&str>, unique_name| {
            let request = CreateBackup { name: name.map(str::to_owned), unique_name, ..CreateBackup::default() };
            request.full_name(|| "0badcafe".to_owned())
        };
        assert_eq!(named(Some("nightly"), true).as_deref(), Some("nightly-0badcafe"));
        assert_eq!(named(None, true).as_deref(), Some("backup-0badcafe"));
        assert_eq!((named(Some("nightly"), false).as_deref(), named(None, false)), (Some("nightly"), None));
        assert_eq!("-0badcafe".len(), SUFFIX);
    }
}
