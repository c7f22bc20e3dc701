//! An export of a database: its states and the object shown (spec 2.2 and 2.4). Pure.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::bacpac::Shape;
use crate::clock::Milliseconds;
use crate::timeline::{Run, Step};

const HOUR: Milliseconds = 3_600_000;

/// An export.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Export {
    pub(crate) id: String,
    pub(crate) database: String,
    pub(crate) environment: String,
    pub(crate) bacpac: String,
    pub(crate) shape: Shape,
    retention_hours: u32,
    status: String,
    /// Known from success on.
    expires: Option<Milliseconds>,
    run: Run,
    ends_well: bool,
}

impl Export {
    pub(crate) fn start(
        id: String,
        (environment, database): (String, String),
        bacpac: String,
        shape: Shape,
        retention_hours: u32,
        steps: Vec<Step>,
        now: Milliseconds,
    ) -> Self {
        let ends_well = steps.iter().any(|step| step.status.as_deref() == Some("Succeeded"));
        Self {
            id,
            database,
            environment,
            bacpac,
            shape,
            retention_hours,
            status: "Started".to_owned(),
            expires: None,
            run: Run::start("InProgress", steps, now),
            ends_well,
        }
    }

    /// Whether it still stands in the way of another.
    pub(crate) fn is_active(&self, now: Milliseconds, instant: bool) -> bool {
        matches!(self.status.as_str(), "Started" | "InProgress") && !self.run.is_past(now, instant)
    }

    /// Whether the next look would show success for the first time, for which the file must be ready.
    pub(crate) fn is_about_to_succeed(&self, now: Milliseconds, instant: bool) -> bool {
        self.ends_well && self.expires.is_none() && self.run.is_over(now, instant)
    }

    /// Brings it up to the time; a look by a client.
    pub(crate) fn look(&mut self, now: Milliseconds, instant: bool) {
        if self.status == "Started" {
            "InProgress".clone_into(&mut self.status);
        }
        for status in self.run.look(now, instant).into_iter().filter_map(|(_, step)| step.status) {
            if status == "Succeeded" {
                self.expires = Some(now + Milliseconds::from(self.retention_hours) * HOUR);
            }
            self.status = status;
        }
        if self.expires.is_some_and(|expires| now > expires) {
            "LinkExpired".clone_into(&mut self.status);
        }
    }

    /// When the link of a successful export ends.
    pub(crate) fn link_until(&self) -> Option<Milliseconds> {
        self.expires.filter(|_| self.status == "Succeeded")
    }

    /// The object of spec 2.2.
    pub(crate) fn show(&self, project: &str, link: Option<&str>) -> Value {
        json!({
            "id": self.id,
            "projectId": project,
            "databaseName": self.database,
            "databaseDisplayName": self.database,
            "bacpacName": link.map(|_| &self.bacpac),
            "environment": self.environment,
            "status": self.status,
            "downloadLink": link,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::phase;
    use super::*;

    fn started(steps: Vec<Step>) -> Export {
        let shape = Shape { size: 1, seed: 1, database: "epicms".to_owned() };
        let place = ("Integration".to_owned(), "epicms".to_owned());
        Export::start("id".to_owned(), place, "a.bacpac".to_owned(), shape, 1, steps, 0)
    }

    #[test]
    fn the_link_lives_as_long_as_the_retention() {
        let mut export = started(phase::export());
        assert_eq!(export.show("p", None)["status"], "Started");
        let table = [
            (0, "InProgress", false),
            (1_999, "InProgress", false),
            (2_000, "Succeeded", true),
            (2_000 + HOUR, "Succeeded", true),
            (2_001 + HOUR, "LinkExpired", false),
        ];
        for (now, status, link) in table {
            export.look(now, false);
            assert_eq!(export.show("p", None)["status"], status, "{now}");
            assert_eq!(export.link_until().is_some(), link, "{now}");
        }
    }

    #[test]
    fn a_failed_export_has_no_link() {
        let mut export = started(vec![Step::new(0, 0, "ExportFailed")]);
        export.look(5, false);
        assert!(export.is_active(0, true) || export.show("p", None)["status"] == "InProgress");
        export.look(5, false);
        assert_eq!(export.show("p", None)["status"], "ExportFailed");
        assert_eq!(export.link_until(), None);
        assert!(!export.is_active(5, false));
    }
}
