//! What the control interface is asked about Guidewire, all below `guidewire/`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::backup::Planted;
use super::state::Guidewire;
use crate::service::{ControlRequest, Refused, merged};
use crate::timeline::Step;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Script {
    steps: Vec<Step>,
}

/// Answers a request about Guidewire.
pub(super) fn answer(guidewire: &Guidewire, request: &ControlRequest<'_>) -> Option<Result<Value, Refused>> {
    let what = request.what.strip_prefix("guidewire/")?;
    Some(match (request.method, what) {
        ("GET", "switches") => Ok(json!(guidewire.switches())),
        ("POST", "switches") => switch(guidewire, request),
        ("GET", "backups") => Ok(json!(guidewire.backups())),
        ("POST", "backups") => request.read::<Planted>().and_then(|planted| {
            guidewire.plant(planted).map(|id| json!({ "id": id })).map_err(|error| (400, error.to_string()))
        }),
        ("POST", "planets") => request.read().map(|planet| {
            guidewire.add_planet(planet);
            json!({})
        }),
        ("POST", "clients") => request.read().map(|client| {
            guidewire.add_client(client);
            json!({})
        }),
        ("GET", "tokens") => Ok(json!({ "issued": guidewire.tokens_issued() })),
        ("DELETE", "tokens") => {
            guidewire.expire_tokens();
            Ok(json!({}))
        }
        ("POST", "scripts") => request.read::<Script>().map(|script| {
            guidewire.script(script.steps);
            json!({})
        }),
        ("GET", "scripts") => Ok(guidewire.scripts()),
        ("DELETE", "scripts") => {
            guidewire.clear_scripts();
            Ok(json!({}))
        }
        _ => return None,
    })
}

fn switch(guidewire: &Guidewire, request: &ControlRequest<'_>) -> Result<Value, Refused> {
    let switches = merged(&guidewire.switches(), request)?;
    guidewire.change(|current| current.clone_from(&switches));
    Ok(json!(switches))
}
