//! The control interface below `/__control/`: everything a test can do in process, as JSON over HTTP, for tests in
//! other languages. It answers only clients on the same machine and asks for no credentials.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::config::LinkScheme;
use crate::core::{Core, PACKAGES};
use crate::emulator::{make_link, put_blob};
use crate::fault::Rule;
use crate::http::{Answer, Asked, RequestBody};
use crate::link::{LinkSpec, Permissions};
use crate::service::{Phase, Step};

/// Largest body: blobs put by the control interface are small.
const LARGEST_BODY: usize = 64 << 20;

/// Answers a control request.
pub(crate) async fn handle(core: &Core, asked: &Asked, body: &mut RequestBody) -> Answer {
    if !asked.peer_is_loopback {
        return answer(403, &json!({ "error": "the control interface is available only on the same machine" }));
    }
    let Ok(body) = body.whole(LARGEST_BODY).await else {
        return answer(400, &json!({ "error": "the request body cannot be read" }));
    };
    match carry_out(core, asked, &body) {
        Ok(value) => answer(200, &value),
        Err((status, reason)) => answer(status, &json!({ "error": reason })),
    }
}

fn answer(status: u16, value: &Value) -> Answer {
    Answer::new(status, "application/json; charset=utf-8", value.to_string())
}

type Refused = (u16, String);

fn carry_out(core: &Core, asked: &Asked, body: &[u8]) -> Result<Value, Refused> {
    let what = asked.path().trim_start_matches("/__control/").trim_end_matches('/');
    match (asked.method.as_str(), what) {
        ("GET", "faults") => Ok(json!(core.faults.list())),
        ("POST", "faults") => add_faults(core, body),
        ("DELETE", "faults") => {
            core.faults.clear();
            Ok(json!({}))
        }
        ("DELETE", what) if what.starts_with("faults/") => {
            let name = crate::http::decode(what.trim_start_matches("faults/"));
            if core.faults.remove(&name) {
                Ok(json!({}))
            } else {
                Err((404, format!("the rule {name} does not exist")))
            }
        }
        ("GET", "requests") => Ok(json!({
            "requests": core.recorder.all(),
            "mostSimultaneous": core.recorder.most_simultaneous(),
        })),
        ("DELETE", "requests") => {
            core.recorder.clear();
            Ok(json!({}))
        }
        ("GET", "clock") => Ok(json!({ "now": core.clock.now() })),
        ("POST", "clock") => {
            let advance: Advance = read(body)?;
            core.clock.advance(Duration::from_millis(advance.advance_ms));
            Ok(json!({ "now": core.clock.now() }))
        }
        ("GET", "state") => Ok(state(core)),
        ("GET", "blobs") => show_blob(core, asked),
        ("POST", "blobs") => {
            let blob: NewBlob = read(body)?;
            let bytes = blob.bytes()?;
            put_blob(core, &blob.container, &blob.name, &bytes).map_err(|error| (400, error.to_string()))?;
            Ok(json!({ "length": bytes.len() }))
        }
        ("POST", "leases") => {
            let blob: Named = read(body)?;
            let id = crate::identity::new_guid().map_err(|error| (500, error.to_string()))?;
            let leased = core.blobs.lease(&blob.container, &blob.name, id);
            leased.map(|()| json!({})).map_err(|error| (404, error.message))
        }
        ("DELETE", "leases") => {
            let blob: Named = read(body)?;
            core.blobs.release(&blob.container, &blob.name);
            Ok(json!({}))
        }
        ("POST", "links") => {
            let link: NewLink = read(body)?;
            Ok(json!({ "link": make_link(core, &link.into_spec()) }))
        }
        ("POST", "deployments") => script(core, body, Phase::Deploy),
        ("POST", "exports") => script(core, body, Phase::Export),
        ("GET", "scripts") => Ok(core.service.scripts()),
        ("DELETE", "scripts") => {
            core.service.clear_scripts();
            Ok(json!({}))
        }
        (method, what) => Err((404, format!("{method} {what} does not exist"))),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|failure| (400, failure.to_string()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Advance {
    advance_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    container: String,
    name: String,
}

/// A blob by its text or by Base64.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewBlob {
    container: String,
    name: String,
    text: Option<String>,
    base64: Option<String>,
}

impl NewBlob {
    fn bytes(&self) -> Result<Vec<u8>, Refused> {
        use base64::Engine;
        match (&self.text, &self.base64) {
            (Some(text), None) => Ok(text.clone().into_bytes()),
            (None, Some(base64)) => base64::engine::general_purpose::STANDARD
                .decode(base64)
                .map_err(|failure| (400, format!("base64: {failure}"))),
            _ => Err((400, "either text or base64 is required".to_owned())),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewLink {
    #[serde(default = "packages")]
    container: String,
    blob: Option<String>,
    permissions: Permissions,
    #[serde(default)]
    validity_ms: u64,
    starts: Option<i64>,
    version: Option<String>,
    protocol: Option<String>,
    scheme: Option<Scheme>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Scheme {
    Http,
    Https,
}

fn packages() -> String {
    PACKAGES.to_owned()
}

impl NewLink {
    fn into_spec(self) -> LinkSpec {
        LinkSpec {
            container: self.container,
            blob: self.blob,
            permissions: self.permissions,
            starts: self.starts,
            validity: Duration::from_millis(self.validity_ms),
            version: self.version,
            protocol: self.protocol,
            scheme: self.scheme.map(|scheme| match scheme {
                Scheme::Http => LinkScheme::Http,
                Scheme::Https => LinkScheme::Https,
            }),
        }
    }
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
fn script(core: &Core, body: &[u8], usual: Phase) -> Result<Value, Refused> {
    let script: Script = read(body)?;
    let phase = script.phase.unwrap_or(usual);
    if (phase == Phase::Export) != (usual == Phase::Export) {
        return Err((400, "use 'exports' for exports and 'deployments' for everything else".to_owned()));
    }
    if !script.any_status {
        phase.check(&script.steps).map_err(|reason| (400, reason))?;
    }
    core.service.script(phase, script.steps);
    Ok(json!({}))
}

/// One rule or an array of rules.
fn add_faults(core: &Core, body: &[u8]) -> Result<Value, Refused> {
    let rules: Vec<Rule> = match read::<Value>(body)? {
        list @ Value::Array(_) => serde_json::from_value(list),
        one => serde_json::from_value(one).map(|rule| vec![rule]),
    }
    .map_err(|failure| (400, failure.to_string()))?;
    let names: Vec<String> = rules.into_iter().map(|rule| core.faults.add(rule)).collect();
    Ok(json!({ "names": names }))
}

fn state(core: &Core) -> Value {
    let mut state = core.service.show(core);
    state["now"] = json!(core.clock.now());
    state["projectId"] = json!(core.identity.project_id);
    state["blobEndpoint"] = json!(core.blob_base(true));
    state["httpBlobEndpoint"] = json!(core.blob_base(false));
    state
}

/// `GET blobs?container=C&name=N`.
fn show_blob(core: &Core, asked: &Asked) -> Result<Value, Refused> {
    let given = |name: &str| {
        let pair = asked.query().split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        pair.map(crate::http::decode).ok_or_else(|| (400, format!("{name} is missing from the query")))
    };
    let (container, name) = (given("container")?, given("name")?);
    let view = core.blobs.view(&container, &name).ok_or_else(|| (404, format!("{container}/{name} does not exist")))?;
    let md5 = view.md5().map_err(|failure| (500, failure.to_string()))?;
    Ok(json!({
        "length": view.len,
        "md5": crate::identity::hex(&md5),
        "contentMd5": view.content_md5,
        "contentType": view.content_type,
        "etag": view.etag,
        "committed": view.committed,
        "leased": view.leased,
        "blocks": view.blocks,
        "waiting": view.waiting,
    }))
}
