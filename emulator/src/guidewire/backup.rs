//! A backup: what may be asked for, its states, and the object shown (spec 3.1, 3.2 and 4). Pure.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::config::{Planet, Switches};
use crate::clock::Milliseconds;
use crate::timeline::{Run, Step};
use crate::timestamp;

const DAY: Milliseconds = 24 * 3_600_000;
const HOUR: Milliseconds = 3_600_000;
/// Longest name, in characters.
const LONGEST_NAME: usize = 255;

/// What a create asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    mechanism: String,
    /// The retention of a temporary backup; `None` for a permanent one.
    retention_days: Option<u32>,
    name: Option<String>,
    description: Option<String>,
}

/// Status and text of an order that is refused.
pub(super) type Refused = (u16, String);

impl Order {
    /// Reads and judges the body of a create.
    pub(super) fn read(body: &[u8], planet: &Planet, switches: &Switches) -> Result<Self, Refused> {
        let invalid = |text: &str| (400, text.to_owned());
        let body = match serde_json::from_slice(body) {
            Ok(Value::Object(body)) => body,
            Ok(_) => return Err(invalid("the request body must be an object")),
            Err(failure) => return Err((400, format!("the request body cannot be read: {failure}"))),
        };
        let mechanism = text(&body, "mechanism")?.ok_or_else(|| invalid("mechanism: must not be null"))?;
        if mechanism != "logical" && mechanism != switches.snapshot_word {
            return Err((400, format!("mechanism: must be logical or {}", switches.snapshot_word)));
        }
        let class = text(&body, "planetClass")?.ok_or_else(|| invalid("planetClass: must not be null"))?;
        if class != planet.class {
            return Err((400, format!("planetClass: the planet {} is of the class {}", planet.name, planet.class)));
        }
        let Some(temporary) = body.get("temporary").and_then(Value::as_bool) else {
            return Err(invalid("temporary: must be true or false"));
        };
        let retention = body.get("retentionPeriodInDays").filter(|value| !value.is_null());
        let retention_days = match (temporary, retention) {
            (false, None) => None,
            (false, Some(_)) if switches.permanent_with_retention => None,
            (false, Some(_)) => return Err(invalid("retentionPeriodInDays: a permanent backup has no retention")),
            (true, retention) => Some(days(retention, planet, switches)?),
        };
        let metadata = match body.get("metadata") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(metadata)) => metadata.clone(),
            Some(_) => return Err(invalid("metadata: must be an object")),
        };
        let name = text(&metadata, "name").map_err(|(status, text)| (status, format!("metadata.{text}")))?;
        if name.as_ref().is_some_and(|name| name.chars().count() > LONGEST_NAME) {
            return Err((400, format!("metadata.name: size must be between 0 and {LONGEST_NAME}")));
        }
        let description =
            text(&metadata, "description").map_err(|(status, text)| (status, format!("metadata.{text}")))?;
        if mechanism != "logical" && !planet.snapshot_enabled {
            let refused = format!("mechanism: the planet {} is not enabled for snapshots", planet.name);
            return Err((switches.snapshot_status, refused));
        }
        Ok(Self { mechanism, retention_days, name, description })
    }
}

fn text(members: &Map<String, Value>, name: &str) -> Result<Option<String>, Refused> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err((400, format!("{name}: must be a string"))),
    }
}

fn days(given: Option<&Value>, planet: &Planet, switches: &Switches) -> Result<u32, Refused> {
    let most = planet.max_retention_days;
    let days = given.and_then(Value::as_i64);
    let days = days.ok_or_else(|| (400, "retentionPeriodInDays: must be an integer".to_owned()))?;
    let refused = || format!("retentionPeriodInDays: must be between 1 and {most}");
    match u32::try_from(days) {
        Ok(days) if (1..=most).contains(&days) => Ok(days),
        _ if days > i64::from(most) => Err((switches.retention_status, refused())),
        _ => Err((400, refused())),
    }
}

/// A backup.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Backup {
    pub(super) id: i64,
    pub(super) tenant: String,
    pub(super) star_system: String,
    pub(super) planet: String,
    class: String,
    mechanism: String,
    kind: String,
    name: Option<String>,
    description: Option<String>,
    status: String,
    error: Option<String>,
    pub(super) started: Milliseconds,
    completed: Option<Milliseconds>,
    expires: Option<Milliseconds>,
    /// When its deletion is over.
    gone: Option<Milliseconds>,
    applications: Vec<String>,
    run: Run,
}

impl Backup {
    pub(super) fn start(
        id: i64,
        planet: &Planet,
        order: Order,
        steps: Vec<Step>,
        pending: &str,
        now: Milliseconds,
    ) -> Self {
        // Whole seconds are what is shown and what the expiry is counted from.
        let started = now - now.rem_euclid(1_000);
        let expires = order.retention_days.map(|days| {
            let end = started + Milliseconds::from(days) * DAY;
            end - end.rem_euclid(HOUR)
        });
        Self {
            id,
            tenant: planet.tenant.clone(),
            star_system: planet.star_system.clone(),
            planet: planet.name.clone(),
            class: planet.class.clone(),
            mechanism: order.mechanism,
            kind: if expires.is_some() { "temporary" } else { "permanent" }.to_owned(),
            name: order.name,
            description: order.description,
            status: pending.to_owned(),
            error: None,
            started,
            completed: None,
            expires,
            gone: None,
            applications: planet.applications.clone(),
            run: Run::start(pending, steps, now),
        }
    }

    /// Whether it is still being made.
    pub(super) fn is_active(&self) -> bool {
        self.completed.is_none()
    }

    /// Brings it up to the time; a look by a client.
    pub(super) fn look(&mut self, now: Milliseconds, instant: bool) {
        for (at, step) in self.run.look(now, instant) {
            if !step.errors.is_empty() {
                self.error = Some(step.errors.join(" "));
            }
            let ended = step.status.as_deref().is_some_and(is_final) || !step.errors.is_empty();
            if ended {
                self.completed = Some(at);
            }
            self.status = step.status.unwrap_or_else(|| std::mem::take(&mut self.status));
        }
    }

    /// Brings it up to the time if its timeline is over: what the service knows without a client's look.
    pub(super) fn settle(&mut self, now: Milliseconds, instant: bool) {
        if self.run.is_past(now, instant) {
            self.run.count_look();
            self.look(now, instant);
        }
    }

    /// Whether its time is over.
    pub(super) fn has_expired(&self, now: Milliseconds) -> bool {
        self.expires.is_some_and(|expires| now >= expires)
    }

    /// Whether its deletion is over.
    pub(super) fn is_gone(&self, now: Milliseconds) -> bool {
        self.gone.is_some_and(|gone| now >= gone)
    }

    /// Begins its deletion.
    pub(super) fn delete(&mut self, until: Milliseconds) {
        self.gone.get_or_insert(until);
    }

    /// The object of spec 3.2.
    pub(super) fn show(&self, switches: &Switches, now: Milliseconds) -> Value {
        let status = if self.gone.is_some() {
            "deleting"
        } else if self.has_expired(now) {
            "expired"
        } else {
            &self.status
        };
        let builds = self.applications.iter().map(|name| (name.clone(), json!({ "build": format!("{name}/4") })));
        let mut shown = json!({
            "id": if switches.id_as_text { json!(self.id.to_string()) } else { json!(self.id) },
            "mechanism": self.mechanism,
            "type": self.kind,
            "environment": {
                "tenant": self.tenant,
                "project": self.star_system,
                "stage": self.class,
                "name": self.planet,
            },
            "metadata": { "name": self.name, "description": self.description },
            "status": status,
            "displayStatus": display(status),
            "errorMessage": self.error,
            "startedAt": timestamp::iso_seconds(self.started),
            "completedAt": self.completed.map(timestamp::iso_seconds),
            "expirationDate": self.expires.map(timestamp::iso_seconds),
            "databaseToApplicationBuilds": Value::Object(builds.collect()),
        });
        if switches.extra_members {
            shown["sizeInGb"] = json!(1.5);
            shown["environment"]["galaxy"] = json!("andromeda");
            shown["replicas"] = json!([{ "region": "eu-1", "ready": true }, null]);
        }
        shown
    }
}

/// Whether a status ends a backup (spec 4).
fn is_final(status: &str) -> bool {
    let word: String = status.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).collect::<String>().to_lowercase();
    matches!(word.as_str(), "succeeded" | "failed" | "error" | "aborted" | "cancelled" | "canceled")
}

/// The text for people (spec 4).
fn display(status: &str) -> &str {
    match status {
        "inProgress" | "in_progress" | "running" | "started" => "in progress",
        "succeeded" => "ready",
        "deleted" | "expired" => "expired",
        other => other,
    }
}

/// The usual way of a backup (spec 9).
pub(super) fn usual_way(switches: &Switches) -> Vec<Step> {
    let step = |delay_ms, status: &str| Step { delay_ms, status: Some(status.to_owned()), ..Step::default() };
    vec![step(switches.pending_ms, &switches.running_word), step(switches.running_ms, "succeeded")]
}

/// A backup that is there without a request: made by somebody else, or long ago.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Planted {
    /// Its planet; the first one when empty.
    pub planet: String,
    /// `temporary`, `permanent` or `scheduled`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `logical` or the word for snapshots.
    pub mechanism: String,
    /// Its status, which does not change any more.
    pub status: String,
    /// Its error message.
    pub error: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// How long ago it started, in virtual milliseconds.
    pub age_ms: u64,
    /// Its retention, from its start on; none for a permanent one.
    pub retention_days: Option<u32>,
}

impl Default for Planted {
    fn default() -> Self {
        Self {
            planet: String::new(),
            kind: "scheduled".to_owned(),
            mechanism: "logical".to_owned(),
            status: "succeeded".to_owned(),
            error: None,
            name: None,
            description: None,
            age_ms: 0,
            retention_days: Some(7),
        }
    }
}

impl Planted {
    pub(super) fn into_backup(self, id: i64, planet: &Planet, now: Milliseconds) -> Backup {
        let order = Order {
            mechanism: self.mechanism,
            retention_days: self.retention_days,
            name: self.name,
            description: self.description,
        };
        let began = now.saturating_sub_unsigned(self.age_ms);
        let mut backup = Backup::start(id, planet, order, Vec::new(), &self.status, began);
        backup.kind = self.kind;
        if is_final(&self.status) || self.error.is_some() {
            backup.completed = Some(now.min(began + 131_000));
        }
        backup.error = self.error;
        backup
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planet() -> Planet {
        Planet::new("acme", "claims-dev", "dev1", "dev")
    }

    fn order(body: &str) -> Result<Order, Refused> {
        Order::read(body.as_bytes(), &planet(), &Switches::default())
    }

    #[test]
    fn the_example_of_the_documentation_is_accepted() {
        let body = r#"{"mechanism":"logical","planetClass":"dev","temporary":true,"retentionPeriodInDays":10,
            "metadata":{"name":"sample backup","description":"This is a sample backup."}}"#;
        let read = order(body).unwrap();
        assert_eq!((read.retention_days, read.name.as_deref()), (Some(10), Some("sample backup")));
    }

    #[test]
    fn what_does_not_follow_the_schema_is_refused() {
        let body = |changes: &str| {
            format!("{{\"mechanism\":\"logical\",\"planetClass\":\"dev\",\"temporary\":true{changes}}}")
        };
        let long = format!(",\"retentionPeriodInDays\":1,\"metadata\":{{\"name\":\"{}\"}}", "ä".repeat(256));
        let table = [
            ("[]".to_owned(), 400, "object"),
            ("{".to_owned(), 400, "cannot be read"),
            ("{\"planetClass\":\"dev\",\"temporary\":true}".to_owned(), 400, "mechanism"),
            (body(",\"retentionPeriodInDays\":1").replace("logical", "pg_dump"), 400, "logical or snapshot"),
            (body(",\"retentionPeriodInDays\":1").replace("\"dev\"", "\"prod\""), 400, "planetClass"),
            (body(",\"retentionPeriodInDays\":1").replace("true", "\"yes\""), 400, "temporary"),
            (body(""), 400, "retentionPeriodInDays"),
            (body(",\"retentionPeriodInDays\":\"1\""), 400, "integer"),
            (body(",\"retentionPeriodInDays\":0"), 400, "between 1 and 14"),
            (body(",\"retentionPeriodInDays\":15"), 422, "between 1 and 14"),
            (body(",\"retentionPeriodInDays\":1").replace("true", "false"), 400, "permanent"),
            (body(",\"retentionPeriodInDays\":1").replace("logical", "snapshot"), 400, "not enabled"),
            (body(",\"retentionPeriodInDays\":1,\"metadata\":[]"), 400, "metadata"),
            (body(",\"retentionPeriodInDays\":1,\"metadata\":{\"name\":1}"), 400, "metadata.name"),
            (body(&long), 400, "metadata.name"),
        ];
        for (body, status, word) in table {
            let (refused, text) = order(&body).unwrap_err();
            assert!(refused == status && text.contains(word), "{body}: {refused} {text}");
        }
    }

    #[test]
    fn it_moves_on_with_time_and_ends_on_a_full_hour() {
        // 2024-01-29T09:53:09Z.
        let now = 1_706_521_989_123;
        let order = Order { mechanism: "logical".into(), retention_days: Some(1), name: None, description: None };
        let switches = Switches::default();
        let mut backup = Backup::start(362, &planet(), order, usual_way(&switches), "pending", now);
        let seen = |backup: &Backup, now| {
            let shown = backup.show(&switches, now);
            (shown["status"].as_str().unwrap().to_owned(), shown["displayStatus"].as_str().unwrap().to_owned())
        };
        for (after, status, display) in [
            (0, "pending", "pending"),
            (4_999, "pending", "pending"),
            (5_000, "inProgress", "in progress"),
            (134_999, "inProgress", "in progress"),
            (135_000, "succeeded", "ready"),
            (DAY, "expired", "expired"),
        ] {
            backup.look(now + after, false);
            assert_eq!(seen(&backup, now + after), (status.to_owned(), display.to_owned()), "{after}");
        }
        let shown = backup.show(&switches, now);
        assert_eq!(shown["startedAt"], "2024-01-29T09:53:09Z");
        assert_eq!(shown["completedAt"], "2024-01-29T09:55:24Z");
        assert_eq!(shown["expirationDate"], "2024-01-30T09:00:00Z");
    }
}
