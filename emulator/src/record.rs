//! What was asked of the emulator, request by request, for assertions about count, order, overlap and bytes.
//!
//! Requests below `/__control/` are not recorded. The record holds what a test needs: of DXP and the blob storage the
//! authorization header, too, which holds no secret. Each other service masks the secrets of its requests.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde::Serialize;

/// Older requests are forgotten beyond this number, so that a long run does not grow without end.
const KEPT: usize = 100_000;

/// One request and what became of it.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    /// Number of the request, from 1, in the order of arrival.
    pub sequence: u64,
    /// Number of the connection it came on.
    pub connection: u64,
    /// Whether it came over HTTPS.
    pub secure: bool,
    /// The service: `dxp`, `blob`, `guidewire` or `redis`.
    pub service: String,
    /// The method.
    pub method: String,
    /// The raw path.
    pub path: String,
    /// The raw query without `?`; empty when there is none.
    pub query: String,
    /// The headers, names in lower case, in the order sent.
    pub headers: Vec<(String, String)>,
    /// Bytes of the body received so far.
    pub body_received: u64,
    /// The body itself, of API requests and block lists only.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_text")]
    pub body: Vec<u8>,
    /// Bytes of the answer's body handed to the connection.
    pub body_sent: u64,
    /// Status of the answer; `None` when none was sent.
    pub status: Option<u16>,
    /// Place of the request's start in the one order of all starts and ends.
    pub started: u64,
    /// Place of the request's end in that order; `None` while it is open.
    pub ended: Option<u64>,
    /// Whether the answer was handed over to its last byte.
    pub complete: bool,
    /// Requests open at its start, itself included.
    pub simultaneous: usize,
    /// Names of the fault rules it met.
    pub rules: Vec<String>,
}

impl Recorded {
    /// The value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn as_text<S: serde::Serializer>(body: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&String::from_utf8_lossy(body))
}

/// The value of a header that may hold credentials, without them.
pub(crate) fn masked<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    if !matches!(name, "authorization" | "proxy-authorization" | "cookie") {
        return Cow::Borrowed(value);
    }
    match value.split_once(' ') {
        Some((scheme, _)) => Cow::Owned(format!("{scheme} ***")),
        None => Cow::Borrowed("***"),
    }
}

/// The record of one emulator.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    requests: VecDeque<Recorded>,
    sequence: u64,
    order: u64,
    open: usize,
    most_open: usize,
}

impl State {
    fn entry(&mut self, sequence: u64) -> Option<&mut Recorded> {
        let first = self.requests.front()?.sequence;
        let index = usize::try_from(sequence.checked_sub(first)?).ok()?;
        self.requests.get_mut(index)
    }
}

impl Recorder {
    /// Enters a request; the ticket follows it to its end.
    pub(crate) fn begin(self: &Arc<Self>, mut request: Recorded) -> Ticket {
        let mut state = crate::lock(&self.state);
        state.sequence += 1;
        state.order += 1;
        state.open += 1;
        state.most_open = state.most_open.max(state.open);
        request.sequence = state.sequence;
        request.started = state.order;
        request.simultaneous = state.open;
        let sequence = request.sequence;
        if state.requests.len() == KEPT {
            state.requests.pop_front();
        }
        state.requests.push_back(request);
        Ticket { recorder: Arc::clone(self), sequence }
    }

    pub(crate) fn all(&self) -> Vec<Recorded> {
        crate::lock(&self.state).requests.iter().cloned().collect()
    }

    pub(crate) fn most_simultaneous(&self) -> usize {
        crate::lock(&self.state).most_open
    }

    pub(crate) fn clear(&self) {
        let mut state = crate::lock(&self.state);
        state.requests.clear();
        state.most_open = state.open;
    }
}

/// Follows one request; dropping it ends the request.
#[derive(Debug)]
pub(crate) struct Ticket {
    recorder: Arc<Recorder>,
    sequence: u64,
}

impl Ticket {
    pub(crate) fn update(&self, change: impl FnOnce(&mut Recorded)) {
        if let Some(entry) = crate::lock(&self.recorder.state).entry(self.sequence) {
            change(entry);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = crate::lock(&self.recorder.state);
        state.order += 1;
        state.open -= 1;
        let order = state.order;
        if let Some(entry) = state.entry(self.sequence) {
            entry.ended = Some(order);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_and_order_are_kept() {
        let recorder = Arc::new(Recorder::default());
        let first = recorder.begin(Recorded::default());
        let second = recorder.begin(Recorded::default());
        drop(first);
        let third = recorder.begin(Recorded::default());
        third.update(|entry| entry.status = Some(200));
        drop((second, third));
        let all = recorder.all();
        assert_eq!(recorder.most_simultaneous(), 2);
        assert_eq!(all[0].ended, Some(3));
        assert_eq!(all[2].started, 4);
        assert_eq!(all[2].status, Some(200));
        recorder.clear();
        assert!(recorder.all().is_empty());
    }
}
