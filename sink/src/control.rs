//! The control interface below `/__control/`: what was counted, and settings that change while the sink runs. It
//! answers only clients on the same machine and is not counted itself.

use epicloud_emulator::http::{Answer, Asked};
use serde_json::{Value, json};

use crate::core::Core;
use crate::message::{Body, Reply, Stopped};
use crate::settings::Change;

/// Answers a control request.
pub(crate) async fn handle(core: &Core, asked: &Asked, body: &mut Body<'_>) -> Result<Reply, Stopped> {
    if !asked.peer_is_loopback {
        return Ok(answer(403, &json!({ "error": "the control interface is available only on the same machine" })));
    }
    let what = asked.path().trim_start_matches("/__control/").trim_end_matches('/');
    let reply = match (asked.method.as_str(), what) {
        ("GET", "statistics") => {
            let mut shown = core.statistics.show();
            shown["blobs"] = core.blobs.show();
            answer(200, &shown)
        }
        ("DELETE", "statistics") => {
            core.statistics.reset();
            core.blobs.reset();
            answer(200, &json!({}))
        }
        ("GET", "settings") => answer(200, &json!(core.settings())),
        ("POST", "settings") => {
            let (_, text) = body.whole(None, true).await?;
            match serde_json::from_slice::<Change>(&text) {
                Ok(change) => answer(200, &json!(core.change(change))),
                Err(failure) => answer(400, &json!({ "error": failure.to_string() })),
            }
        }
        (method, what) => answer(404, &json!({ "error": format!("{method} {what} does not exist") })),
    };
    Ok(reply)
}

fn answer(status: u16, value: &Value) -> Reply {
    Answer::new(status, "application/json; charset=utf-8", value.to_string()).into()
}
