//! What the emulator asks of a service: to answer its requests, and to show and change its state by the control
//! interface. Another service is another folder with an implementation of this.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::http::Room;

/// A service that the emulator stands in for.
pub(crate) trait Service: Room {
    /// Answers what the control interface is asked about the service; `None` where it is asked about something else.
    fn control(&self, request: &ControlRequest<'_>) -> Option<Result<Value, Refused>>;

    /// Adds the service's part to the state that the control interface shows.
    fn show(&self, state: &mut Map<String, Value>);
}

/// A request to the control interface.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ControlRequest<'a> {
    pub(crate) method: &'a str,
    /// The path below `/__control/`, without a slash at its end.
    pub(crate) what: &'a str,
    pub(crate) body: &'a [u8],
}

/// Status and reason of a control request that is refused.
pub(crate) type Refused = (u16, String);

impl ControlRequest<'_> {
    /// The body as the document it must be.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Refused> {
        serde_json::from_slice(self.body).map_err(|failure| (400, failure.to_string()))
    }
}

/// The settings with the members that the body names; all others stay.
pub(crate) fn merged<T: Serialize + DeserializeOwned>(
    settings: &T,
    request: &ControlRequest<'_>,
) -> Result<T, Refused> {
    let failed = |failure: serde_json::Error| (400, failure.to_string());
    let mut merged: Map<String, Value> =
        serde_json::to_value(settings).and_then(serde_json::from_value).map_err(failed)?;
    merged.extend(request.read::<Map<String, Value>>()?);
    serde_json::from_value(Value::Object(merged)).map_err(failed)
}
