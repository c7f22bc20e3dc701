//! Deployments: the request, the object and its states (spec 2.1, 2.3 and E2).

use serde::Serialize;
use serde_json::Value;

use super::{known_word, service_noun};
use crate::base::error::{Error, Kind};
use crate::base::service_object::member;

service_noun!(
    /// A deployment as the service describes it.
    Deployment, "a deployment", requires ["id"]
);

impl Deployment {
    /// The deployment's id, a GUID.
    #[must_use]
    pub fn id(&self) -> &str {
        self.document().text("id").unwrap_or_default()
    }

    /// The service's status word, unchanged.
    #[must_use]
    pub fn status_text(&self) -> &str {
        self.document().text("status").unwrap_or_default()
    }

    /// The status, with unknown words kept apart.
    #[must_use]
    pub fn status(&self) -> DeploymentStatus {
        DeploymentStatus::parse(self.status_text())
    }

    /// 0 to 100, if the service says.
    #[must_use]
    pub fn percent_complete(&self) -> Option<u8> {
        let percent = match self.document().get("percentComplete")? {
            Value::String(text) => {
                text.trim().trim_end_matches('%').trim_end().parse().ok().filter(|p: &f64| p.is_finite())?
            }
            number => number.as_f64()?,
        };
        // A percentage outside its range is shown as the nearest bound; the cast cannot lose anything then.
        Some(percent.clamp(0.0, 100.0) as u8)
    }

    /// The warnings so far; the service only appends (spec 2.1).
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.document().texts("deploymentWarnings")
    }

    /// The errors; may be empty even when the deployment failed (spec 2.3).
    #[must_use]
    pub fn errors(&self) -> Vec<String> {
        self.document().texts("deploymentErrors")
    }

    /// Where to look at the slot, filled at verification.
    #[must_use]
    pub fn validation_links(&self) -> Vec<String> {
        self.document().texts("validationLinks")
    }

    /// The error that this deployment amounts to, if it has failed: by its status, or by an error text of the service
    /// whatever the status.
    #[must_use]
    pub fn failure(&self) -> Option<Error> {
        let failed = |said: &str| Error::new(Kind::JobFailed, format!("deployment {} {said}", self.id()));
        let errors = self.errors();
        if !errors.is_empty() {
            let said: Vec<_> = errors.iter().map(|text| text.trim_end_matches('.')).collect();
            return Some(failed(&format!("failed: {}", said.join(". "))).with_texts(errors));
        }
        (self.status() == DeploymentStatus::Failed).then(|| {
            failed("failed; the service gave no reason")
                .with_next_step("check the deployment in the DXP Management Portal")
        })
    }

    /// The error that its warnings amount to, if it has any, for those who asked for warnings to count.
    #[must_use]
    pub fn warned(&self) -> Option<Error> {
        let warnings = self.warnings();
        if warnings.is_empty() {
            return None;
        }
        let said =
            format!("deployment {} (status {}) has warnings: {}", self.id(), self.status_text(), warnings.join("; "));
        Some(Error::new(Kind::Warnings, said).with_texts(warnings))
    }

    /// The packages it deploys, from the echoed parameters; none for a copy of another environment.
    #[must_use]
    pub fn packages(&self) -> Vec<String> {
        let packages = self.document().get("parameters").and_then(|parameters| parameters.get("packages"));
        let packages = packages.and_then(Value::as_array).into_iter().flatten();
        packages.filter_map(|name| name.as_str().map(str::to_owned)).collect()
    }

    /// When it was started, as the service wrote it.
    #[must_use]
    pub fn start_time(&self) -> Option<&str> {
        self.document().text("startTime")
    }

    /// The environment it goes to, from the echoed parameters.
    #[must_use]
    pub fn target_environment(&self) -> Option<&str> {
        self.parameter("targetEnvironment")
    }

    /// The environment it copies from, from the echoed parameters; none for packages.
    #[must_use]
    pub fn source_environment(&self) -> Option<&str> {
        self.parameter("sourceEnvironment")
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        member(self.document().get("parameters")?.as_object()?, name)?.as_str()
    }
}

/// The states of spec 2.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeploymentStatus {
    /// Running after the start.
    InProgress,
    /// The slot is ready: to be completed or reset.
    AwaitingVerification,
    /// Going live.
    Completing,
    /// Finished.
    Succeeded,
    /// Failed.
    Failed,
    /// Being reset.
    Resetting,
    /// Reset to be verified before it is completed.
    AwaitingResetVerification,
    /// Reset.
    Reset,
    /// A word that this library does not know. It goes on, as in the original.
    Unknown,
}

impl DeploymentStatus {
    /// Reads a status word, ignoring case as the original does.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        const WORDS: [(&str, DeploymentStatus); 8] = [
            ("InProgress", DeploymentStatus::InProgress),
            ("AwaitingVerification", DeploymentStatus::AwaitingVerification),
            ("Completing", DeploymentStatus::Completing),
            ("Succeeded", DeploymentStatus::Succeeded),
            ("Failed", DeploymentStatus::Failed),
            ("Resetting", DeploymentStatus::Resetting),
            ("AwaitingResetVerification", DeploymentStatus::AwaitingResetVerification),
            ("Reset", DeploymentStatus::Reset),
        ];
        known_word(&WORDS, text).unwrap_or(Self::Unknown)
    }

    /// Whether nothing more will happen to the deployment, whatever anybody waits for.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Reset)
    }
}

/// What a wait on a deployment waits for. Each has its own states that end it (spec 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum DeploymentGoal {
    /// The start: until it awaits verification, has succeeded or failed.
    #[default]
    Start,
    /// The completion: until it has succeeded or failed.
    Complete,
    /// The reset: until it is reset, awaits the verification of the reset, or failed.
    Reset,
    /// The second half of a reset with validation. As [`DeploymentGoal::Reset`], but the state that was left behind,
    /// `AwaitingResetVerification`, does not end it (the race of spec 4.11).
    CompleteReset,
}

impl DeploymentGoal {
    /// Whether a status ends the wait. Unknown words go on.
    #[must_use]
    pub fn is_reached(self, status: DeploymentStatus) -> bool {
        use DeploymentStatus as S;
        matches!(
            (self, status),
            (_, S::Failed)
                | (Self::Start, S::AwaitingVerification | S::Succeeded)
                | (Self::Complete, S::Succeeded)
                | (Self::Reset, S::Reset | S::AwaitingResetVerification)
                | (Self::CompleteReset, S::Reset)
        )
    }
}

/// Zero-downtime (smooth) deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ZeroDowntimeMode {
    /// The site is read-only while the deployment runs.
    ReadOnly,
    /// The site stays writable.
    ReadWrite,
}

impl<'de> serde::Deserialize<'de> for ZeroDowntimeMode {
    /// In any case: PowerShell's ValidateSet lets `readonly` through (spec 4.13).
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const NAMES: &[&str] = &["ReadOnly", "ReadWrite"];
        let name = String::deserialize(deserializer)?;
        match name.to_ascii_lowercase().as_str() {
            "readonly" => Ok(Self::ReadOnly),
            "readwrite" => Ok(Self::ReadWrite),
            _ => Err(serde::de::Error::unknown_variant(&name, NAMES)),
        }
    }
}

/// The body of a deployment start (E2), in the service's documented names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentStart {
    /// Where to deploy.
    pub target_environment: String,
    /// Show the maintenance page. A zero-downtime mode implies it (spec E2).
    pub maintenance_page: bool,
    /// The mode, or an empty text for none, which is what the original sends.
    #[serde(serialize_with = "mode_or_empty")]
    pub zero_downtime_mode: Option<ZeroDowntimeMode>,
    /// Deploy straight to the site, without a slot.
    pub direct_deploy: bool,
    /// What to deploy.
    #[serde(flatten)]
    pub source: DeploymentSource,
}

fn mode_or_empty<S: serde::Serializer>(mode: &Option<ZeroDowntimeMode>, serializer: S) -> Result<S::Ok, S::Error> {
    match mode {
        Some(mode) => mode.serialize(serializer),
        None => serializer.serialize_str(""),
    }
}

/// Where a deployment takes its content from: packages or another environment, never both (spec 1.7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum DeploymentSource {
    /// Uploaded packages.
    Packages {
        /// Blob names, not links.
        packages: Vec<String>,
    },
    /// Another environment.
    Environment {
        /// Its name.
        source_environment: String,
        /// `cms`, `commerce`: the code to copy.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        source_apps: Vec<String>,
        /// Copy the blobs too.
        include_blob: bool,
        /// Copy the databases too.
        include_db: bool,
    },
}

/// The body of a reset (E6). All three are always sent, as in the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentReset {
    /// Put the database back to its state before (with maintenance mode only).
    pub reset_with_db_rollback: bool,
    /// Stop before the swap for validation (with maintenance mode only).
    pub validate_before_swap: bool,
    /// Complete a reset that awaits its verification.
    pub complete: bool,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_states_that_end_each_wait() {
        use DeploymentGoal as G;
        let all = [
            "InProgress",
            "AwaitingVerification",
            "Completing",
            "Succeeded",
            "Failed",
            "Resetting",
            "AwaitingResetVerification",
            "Reset",
            "SomethingNew",
        ];
        let ending = |goal: G| -> Vec<&str> {
            all.into_iter().filter(|word| goal.is_reached(DeploymentStatus::parse(word))).collect()
        };
        assert_eq!(ending(G::Start), ["AwaitingVerification", "Succeeded", "Failed"]);
        assert_eq!(ending(G::Complete), ["Succeeded", "Failed"]);
        assert_eq!(ending(G::Reset), ["Failed", "AwaitingResetVerification", "Reset"]);
        assert_eq!(ending(G::CompleteReset), ["Failed", "Reset"]);
        assert!(G::Start.is_reached(DeploymentStatus::parse("succeeded")), "letter case does not matter");
    }

    #[test]
    fn the_body_of_a_start_in_both_forms() {
        let mut start = DeploymentStart {
            target_environment: "Integration".into(),
            maintenance_page: false,
            zero_downtime_mode: None,
            direct_deploy: true,
            source: DeploymentSource::Packages { packages: vec!["site.cms.app.1.0.0.nupkg".into()] },
        };
        assert_eq!(
            serde_json::to_value(&start).unwrap(),
            json!({"targetEnvironment": "Integration", "maintenancePage": false, "zeroDowntimeMode": "",
                   "directDeploy": true, "packages": ["site.cms.app.1.0.0.nupkg"]})
        );
        start.source = DeploymentSource::Environment {
            source_environment: "Preproduction".into(),
            source_apps: vec!["cms".into()],
            include_blob: true,
            include_db: false,
        };
        start.zero_downtime_mode = Some(ZeroDowntimeMode::ReadOnly);
        let body = serde_json::to_value(&start).unwrap();
        assert_eq!(body["zeroDowntimeMode"], "ReadOnly");
        assert_eq!(body["sourceApps"], json!(["cms"]));
        assert_eq!((&body["includeBlob"], &body["includeDb"]), (&json!(true), &json!(false)));
    }

    #[test]
    fn what_counts_as_a_failure() {
        let deployment = |status: &str, errors: Value, warnings: Value| {
            Deployment::from_value(
                json!({"id": "x", "status": status, "deploymentErrors": errors, "deploymentWarnings": warnings}),
            )
            .unwrap()
        };
        let judged = |deployment: &Deployment| {
            [deployment.failure(), deployment.warned()].map(|error| error.map(|error| error.kind()))
        };
        let (failed, warned) = (Some(Kind::JobFailed), Some(Kind::Warnings));
        assert_eq!(judged(&deployment("Succeeded", json!([]), json!(null))), [None, None]);
        assert_eq!(judged(&deployment("Failed", json!([]), json!([]))), [failed, None]);
        assert_eq!(judged(&deployment("AwaitingVerification", json!([]), json!(["503"]))), [None, warned]);
        assert_eq!(judged(&deployment("InProgress", json!(["old"]), json!([]))), [failed, None]);
        let error =
            deployment("Failed", json!(["DXCS006: bad package", "Runbook job failed"]), json!([])).failure().unwrap();
        assert_eq!(error.to_string(), "deployment x failed: DXCS006: bad package. Runbook job failed");
    }

    #[test]
    fn the_accessors_read_the_service_object() {
        let deployment = Deployment::from_value(json!({
            "id": "x", "status": "inprogress", "percentComplete": 33, "deploymentWarnings": null,
            "deploymentErrors": ["DXCS006: bad"], "parameters": {"targetEnvironment": "Production"}, "new": 1
        }))
        .unwrap();
        assert_eq!(deployment.status(), DeploymentStatus::InProgress);
        assert_eq!(deployment.percent_complete(), Some(33));
        assert!(deployment.warnings().is_empty());
        assert_eq!(deployment.errors(), ["DXCS006: bad"]);
        assert_eq!(deployment.target_environment(), Some("Production"));
        assert!(
            Deployment::from_value(json!({"status": "x"})).is_err(),
            "a deployment without an id cannot be followed"
        );
    }
}
