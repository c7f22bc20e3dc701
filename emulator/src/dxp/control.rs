//! What the control interface is asked about DXP: the timelines of the next operations.

use serde::Deserialize;
use serde_json::{Value, json};

use super::phase::Phase;
use super::state::Dxp;
use crate::service::{ControlRequest, Refused};
use crate::timeline::Step;

/// Answers a request about DXP.
pub(super) fn answer(dxp: &Dxp, request: &ControlRequest<'_>) -> Option<Result<Value, Refused>> {
    Some(match (request.method, request.what) {
        ("POST", "deployments") => script(dxp, request, Phase::Deploy),
        ("POST", "exports") => script(dxp, request, Phase::Export),
        ("GET", "scripts") => Ok(dxp.scripts()),
        ("DELETE", "scripts") => {
            dxp.clear_scripts();
            Ok(json!({}))
        }
        _ => return None,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Script {
    phase: Option<Phase>,
    steps: Vec<Step>,
    /// Takes statuses that the service is not known to have.
    #[serde(default)]
    any_status: bool,
}

/// Scripts the next operation of a phase; `usual` where none is named.
fn script(dxp: &Dxp, request: &ControlRequest<'_>, usual: Phase) -> Result<Value, Refused> {
    let script: Script = request.read()?;
    let phase = script.phase.unwrap_or(usual);
    if (phase == Phase::Export) != (usual == Phase::Export) {
        return Err((400, "exports are scripted below 'exports', everything else below 'deployments'".to_owned()));
    }
    if !script.any_status {
        phase.check(&script.steps).map_err(|reason| (400, reason))?;
    }
    dxp.script(phase, script.steps);
    Ok(json!({}))
}
