//! A deployment: what may be asked for, its states, and the object shown. Pure; the rules are those of spec 1.7, 2.1,
//! 2.3 and 2.5.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fields::Fields;
use super::package_name::{self, Kind};
use crate::clock::Milliseconds;
use crate::timeline::{Run, Step};
use crate::timestamp;

/// The error of a combination that is accepted and then fails (spec 1.5).
const DIRECT_WITH_MAINTENANCE: &str =
    "The use of a maintenance page or ZeroDownTimeMode together with DirectDeploy is not supported.";

/// What a POST to `deployments` asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    pub(crate) target: String,
    pub(crate) source: Option<String>,
    pub(crate) packages: Vec<String>,
    pub(crate) source_apps: Vec<String>,
    pub(crate) include_blob: bool,
    pub(crate) include_db: bool,
    pub(crate) direct_deploy: bool,
    pub(crate) maintenance_page: bool,
    pub(crate) zero_downtime_mode: Option<String>,
}

/// Why an order is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// 400 with this text.
    Invalid(String),
    /// 401 for this environment.
    Denied(String),
}

/// What an order is judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<'a> {
    pub(crate) environments: &'a [String],
    pub(crate) granted: Option<&'a [String]>,
    pub(crate) accept_empty_copy: bool,
}

impl Rules<'_> {
    /// The canonical spelling of an environment.
    pub(crate) fn environment(&self, name: &str) -> Option<String> {
        self.environments.iter().find(|known| known.eq_ignore_ascii_case(name)).cloned()
    }

    pub(crate) fn grants(&self, environment: &str) -> bool {
        self.granted.is_none_or(|granted| granted.iter().any(|name| name.eq_ignore_ascii_case(environment)))
    }

    /// The canonical spelling, if the environment exists and may be used.
    pub(crate) fn admit(&self, name: &str) -> Result<String, Refused> {
        let known = self.environment(name);
        let known = known.ok_or_else(|| Refused::Invalid(format!("The environment {name} does not exist.")))?;
        if self.grants(&known) { Ok(known) } else { Err(Refused::Denied(known)) }
    }
}

/// Whether databases can be imported and code deployed without a slot (spec 1.7).
fn is_development(environment: &str) -> bool {
    environment.eq_ignore_ascii_case("Integration") || environment.to_uppercase().starts_with("ADE")
}

impl Order {
    /// Reads and judges the body of a POST to `deployments`.
    pub(crate) fn read(fields: &Fields, rules: Rules<'_>) -> Result<Self, Refused> {
        let target = fields.text("targetEnvironment").map_err(Refused::Invalid)?;
        let target = target.ok_or_else(|| Refused::Invalid("TargetEnvironment is a required field.".to_owned()))?;
        let target = rules.admit(&target)?;
        let source = fields.text("sourceEnvironment").map_err(Refused::Invalid)?;
        let source = source.map(|source| rules.admit(&source)).transpose()?;
        let order = Self::read_rest(fields, target, source).map_err(Refused::Invalid)?;
        order.check(rules.accept_empty_copy).map_err(Refused::Invalid)?;
        Ok(order)
    }

    fn read_rest(fields: &Fields, target: String, source: Option<String>) -> Result<Self, String> {
        Ok(Self {
            target,
            source,
            packages: fields.texts("packages")?,
            source_apps: fields.texts("sourceApps")?,
            include_blob: fields.switch("includeBlob")?,
            include_db: fields.switch("includeDb")?,
            direct_deploy: fields.switch("directDeploy")?,
            maintenance_page: fields.switch("maintenancePage")?,
            zero_downtime_mode: fields
                .text("zeroDowntimeMode")?
                .filter(|mode| !mode.eq_ignore_ascii_case("NotSpecified")),
        })
    }

    fn check(&self, accept_empty_copy: bool) -> Result<(), String> {
        let refuse = |text: &str| Err(text.to_owned());
        match (&self.source, self.packages.is_empty()) {
            (Some(_), false) => return refuse("Packages and SourceEnvironment cannot be used together."),
            (None, true) => return refuse("Either Packages or SourceEnvironment must be specified."),
            _ => {}
        }
        if let Some(mode) = &self.zero_downtime_mode
            && !["readonly", "readwrite"].contains(&mode.to_lowercase().as_str())
        {
            return refuse("ZeroDowntimeMode must be ReadOnly or ReadWrite.");
        }
        if let Some(app) =
            self.source_apps.iter().find(|app| !["cms", "commerce"].contains(&app.to_lowercase().as_str()))
        {
            return Err(format!("The source app {app} is not known."));
        }
        let copies_nothing = self.source_apps.is_empty() && !self.include_blob && !self.include_db;
        if self.source.is_some() && copies_nothing && !accept_empty_copy {
            return refuse("At least one of SourceApps, IncludeBlob and IncludeDb must be specified.");
        }
        for name in &self.packages {
            match package_name::kind(name) {
                None => return Err(format!("The deployment package name is not recognized: {name}.")),
                Some(Kind::Database) if !is_development(&self.target) => {
                    return refuse("Databases can only be imported to Integration and additional environments.");
                }
                Some(Kind::Database | Kind::Code) => {}
            }
        }
        if self.direct_deploy && !is_development(&self.target) {
            return refuse("DirectDeploy can only be used with Integration and additional environments.");
        }
        let source = self.source.as_deref().unwrap_or_default();
        if source.eq_ignore_ascii_case(&self.target) {
            return refuse("The source and the target environment must differ.");
        }
        if source == "Integration" && self.target == "Production" && !self.source_apps.is_empty() {
            return refuse("Code cannot be deployed from Integration to Production.");
        }
        Ok(())
    }

    /// The status a deployment of this order ends in, or waits in; `Err` with the texts when it fails by itself.
    pub(crate) fn outcome(&self) -> Result<&'static str, Vec<String>> {
        if self.direct_deploy && (self.maintenance_page || self.zero_downtime_mode.is_some()) {
            let repeated = format!("{DIRECT_WITH_MAINTENANCE} ({DIRECT_WITH_MAINTENANCE}) Runbook job failed");
            return Err(vec![repeated]);
        }
        let content_only =
            self.source.is_some() && self.source_apps.is_empty() && (self.include_blob || self.include_db);
        if self.direct_deploy || content_only { Ok("Succeeded") } else { Ok("AwaitingVerification") }
    }

    fn uses_maintenance(&self) -> bool {
        self.maintenance_page || self.zero_downtime_mode.is_some()
    }

    /// The echo of the request.
    fn parameters(&self) -> Value {
        let mut shown = json!({
            "targetEnvironment": self.target,
            "maintenancePage": self.maintenance_page,
            // The word seen in answers when no smooth deployment was asked for (spec 2.1).
            "zeroDowntimeMode": self.zero_downtime_mode.as_deref().unwrap_or("NotApplicable"),
            "directDeploy": self.direct_deploy,
        });
        if let Some(source) = &self.source {
            shown["sourceEnvironment"] = json!(source);
            shown["sourceApps"] = json!(self.source_apps);
            shown["includeBlob"] = json!(self.include_blob);
            shown["includeDb"] = json!(self.include_db);
        } else {
            shown["packages"] = json!(self.packages);
        }
        shown
    }
}

/// What a POST to `reset` asks for; a missing body means three times no.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResetOrder {
    pub(crate) reset_with_db_rollback: bool,
    pub(crate) validate_before_swap: bool,
    pub(crate) complete: bool,
}

impl ResetOrder {
    pub(crate) fn read(fields: &Fields) -> Result<Self, String> {
        Ok(Self {
            reset_with_db_rollback: fields.switch("resetWithDbRollback")?,
            validate_before_swap: fields.switch("validateBeforeSwap")?,
            complete: fields.switch("complete")?,
        })
    }
}

/// A deployment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Deployment {
    pub(crate) id: String,
    pub(crate) order: Order,
    reset: Option<ResetOrder>,
    status: String,
    percent: u8,
    started: Milliseconds,
    ended: Option<Milliseconds>,
    warnings: Vec<String>,
    errors: Vec<String>,
    validation_links: Vec<String>,
    run: Run,
}

impl Deployment {
    pub(crate) fn start(id: String, order: Order, steps: Vec<Step>, now: Milliseconds) -> Self {
        Self {
            id,
            order,
            reset: None,
            status: "InProgress".to_owned(),
            percent: 2,
            started: now,
            ended: None,
            warnings: Vec::new(),
            errors: Vec::new(),
            validation_links: Vec::new(),
            run: Run::start("InProgress", steps, now),
        }
    }

    /// Whether it still occupies its target.
    pub(crate) fn is_active(&self) -> bool {
        self.ended.is_none()
    }

    pub(crate) fn status(&self) -> &str {
        &self.status
    }

    /// Brings it up to the time if its timeline is over: what the service knows without a client's look.
    pub(crate) fn settle(&mut self, now: Milliseconds, instant: bool, slot: &str) {
        if self.run.is_past(now, instant) {
            self.run.count_look();
            self.look(now, instant, slot);
        }
    }

    /// Brings it up to the time; a look by a client.
    pub(crate) fn look(&mut self, now: Milliseconds, instant: bool, slot: &str) {
        for (_, step) in self.run.look(now, instant) {
            self.percent = step.percent.unwrap_or(self.percent);
            self.warnings.extend(step.warnings);
            self.errors.extend(step.errors);
            let Some(status) = step.status else { continue };
            if status == "AwaitingVerification" {
                self.validation_links = vec![slot.to_owned()];
            }
            if matches!(status.as_str(), "Succeeded" | "Failed" | "Reset") {
                self.ended = Some(now);
            }
            self.status = status;
        }
    }

    /// POST complete: only from AwaitingVerification.
    pub(crate) fn complete(&mut self, steps: Vec<Step>, now: Milliseconds) -> Result<(), String> {
        if self.status != "AwaitingVerification" {
            return Err(self.conflict("completed"));
        }
        self.begin("Completing", steps, now);
        Ok(())
    }

    /// The status a reset of this order leads to from here; `Err` when it cannot be reset.
    pub(crate) fn reset_end(&self, order: ResetOrder) -> Result<&'static str, String> {
        match (self.status.as_str(), order.complete) {
            ("AwaitingVerification", false) if order.validate_before_swap && self.order.uses_maintenance() => {
                Ok("AwaitingResetVerification")
            }
            ("AwaitingVerification", false) | ("AwaitingResetVerification", true) => Ok("Reset"),
            _ => Err(self.conflict("reset")),
        }
    }

    pub(crate) fn begin_reset(&mut self, order: ResetOrder, steps: Vec<Step>, now: Milliseconds) {
        self.reset = Some(order);
        self.begin("Resetting", steps, now);
    }

    fn begin(&mut self, status: &str, steps: Vec<Step>, now: Milliseconds) {
        status.clone_into(&mut self.status);
        self.percent = 5;
        self.run = Run::start(status, steps, now);
    }

    fn conflict(&self, what: &str) -> String {
        match self.status.as_str() {
            "InProgress" | "Completing" | "Resetting" => {
                format!("The deployment {} cannot be {what} while it is on-going ({}).", self.id, self.status)
            }
            status => format!("The deployment {} cannot be {what} in the state {status}.", self.id),
        }
    }

    /// The object of spec 2.1.
    pub(crate) fn show(&self, project: &str) -> Value {
        let mut parameters = self.order.parameters();
        if let Some(reset) = &self.reset {
            parameters["resetParameters"] = json!(reset);
        }
        json!({
            "id": self.id,
            "projectId": project,
            "status": self.status,
            "startTime": timestamp::iso_milliseconds(self.started),
            "endTime": self.ended.map(timestamp::iso_milliseconds),
            "percentComplete": self.percent,
            "validationLinks": self.validation_links,
            "deploymentWarnings": self.warnings,
            "deploymentErrors": self.errors,
            "parameters": parameters,
        })
    }
}
