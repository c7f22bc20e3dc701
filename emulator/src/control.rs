//! The control interface below `/__control/`: everything a test can do in process, as JSON over HTTP, for tests in
//! other languages. It answers only clients on the same machine and asks for no credentials. What is about one service
//! is answered by that service.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::core::Core;
use crate::fault::Rule;
use crate::http::{Answer, Answering, Asked, RequestBody, Room, decode};
use crate::link::{LinkScheme, LinkSpec, Permissions};
use crate::random::{hex, new_guid};
use crate::service::{ControlRequest, Refused, Service};

/// Largest body: blobs put by the control interface are small.
const LARGEST_BODY: usize = 64 << 20;
/// Where the paths of the control interface begin.
const BASE: &str = "/__control/";

/// The control interface of one emulator.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) core: Arc<Core>,
    pub(crate) services: Vec<Arc<dyn Service>>,
}

impl Room for Control {
    fn name(&self) -> &'static str {
        "control"
    }

    fn takes(&self, asked: &Asked) -> bool {
        asked.path().starts_with(BASE)
    }

    fn is_observed(&self) -> bool {
        false
    }

    fn handle<'a>(&'a self, asked: &'a Asked, body: &'a mut RequestBody) -> Answering<'a> {
        Box::pin(async move { Ok(self.respond(asked, body).await) })
    }

    fn failure(&self, _: &Asked, status: u16, _: Option<&str>, message: &str) -> Answer {
        answer(status, &json!({ "error": message }))
    }
}

fn answer(status: u16, value: &Value) -> Answer {
    Answer::new(status, "application/json; charset=utf-8", value.to_string())
}

impl Control {
    async fn respond(&self, asked: &Asked, body: &mut RequestBody) -> Answer {
        if !asked.peer_is_loopback {
            return answer(403, &json!({ "error": "the control interface is available only on the same machine" }));
        }
        let Ok(body) = body.unrecorded(LARGEST_BODY).await else {
            return answer(400, &json!({ "error": "the request body cannot be read" }));
        };
        match self.carry_out(asked, &body) {
            Ok(value) => answer(200, &value),
            Err((status, reason)) => answer(status, &json!({ "error": reason })),
        }
    }

    fn carry_out(&self, asked: &Asked, body: &[u8]) -> Result<Value, Refused> {
        let core = &self.core;
        let what = asked.path().trim_start_matches(BASE).trim_end_matches('/');
        let request = ControlRequest { method: &asked.method, what, body };
        match (request.method, what) {
            ("GET", "faults") => Ok(json!(core.faults.list())),
            ("POST", "faults") => add_faults(core, &request),
            ("DELETE", "faults") => {
                core.faults.clear();
                Ok(json!({}))
            }
            ("DELETE", what) if what.starts_with("faults/") => {
                let name = decode(what.trim_start_matches("faults/"));
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
                let advance: Advance = request.read()?;
                core.clock.advance(Duration::from_millis(advance.advance_ms));
                Ok(json!({ "now": core.clock.now() }))
            }
            ("GET", "state") => Ok(self.state()),
            ("GET", "blobs") => show_blob(core, asked),
            ("POST", "blobs") => {
                let blob: NewBlob = request.read()?;
                let bytes = blob.bytes()?;
                let put = core.storage.put_embedded(&blob.container, &blob.name, &bytes);
                put.map_err(|error| (400, error.to_string()))?;
                Ok(json!({ "length": bytes.len() }))
            }
            ("POST", "leases") => {
                let blob: Named = request.read()?;
                let id = new_guid().map_err(|error| (500, error.to_string()))?;
                let leased = core.storage.embedded().lease(&blob.container, &blob.name, id);
                leased.map(|()| json!({})).map_err(|error| (404, error.message))
            }
            ("DELETE", "leases") => {
                let blob: Named = request.read()?;
                core.storage.embedded().release(&blob.container, &blob.name);
                Ok(json!({}))
            }
            ("POST", "links") => {
                let link: NewLink = request.read()?;
                Ok(json!({ "link": core.storage.chosen_link(&link.into_spec()) }))
            }
            (method, what) => {
                let answered = self.services.iter().find_map(|service| service.control(&request));
                answered.unwrap_or_else(|| Err((404, format!("{method} {what} does not exist"))))
            }
        }
    }

    fn state(&self) -> Value {
        let mut state = Map::new();
        for service in &self.services {
            service.show(&mut state);
        }
        state.insert("now".to_owned(), json!(self.core.clock.now()));
        state.insert("blobEndpoint".to_owned(), json!(self.core.storage.base(true)));
        state.insert("httpBlobEndpoint".to_owned(), json!(self.core.storage.base(false)));
        Value::Object(state)
    }
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
    crate::dxp::PACKAGES.to_owned()
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

/// One rule or an array of rules.
fn add_faults(core: &Core, request: &ControlRequest<'_>) -> Result<Value, Refused> {
    let rules: Vec<Rule> = match request.read::<Value>()? {
        list @ Value::Array(_) => serde_json::from_value(list),
        one => serde_json::from_value(one).map(|rule| vec![rule]),
    }
    .map_err(|failure| (400, failure.to_string()))?;
    let names: Vec<String> = rules.into_iter().map(|rule| core.faults.add(rule)).collect();
    Ok(json!({ "names": names }))
}

/// `GET blobs?container=C&name=N`.
fn show_blob(core: &Core, asked: &Asked) -> Result<Value, Refused> {
    let given = |name: &str| {
        let pair = asked.query().split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        pair.map(decode).ok_or_else(|| (400, format!("{name} is missing in the query")))
    };
    let (container, name) = (given("container")?, given("name")?);
    let view = core.storage.embedded().view(&container, &name);
    let view = view.ok_or_else(|| (404, format!("there is no {container}/{name}")))?;
    let md5 = view.md5().map_err(|failure| (500, failure.to_string()))?;
    Ok(json!({
        "length": view.len,
        "md5": hex(&md5),
        "contentMd5": view.content_md5,
        "contentType": view.content_type,
        "etag": view.etag,
        "committed": view.committed,
        "leased": view.leased,
        "blocks": view.blocks,
        "waiting": view.waiting,
    }))
}
