//! Events and progress: the only way anything is reported upwards.
//!
//! Layers hand [`Event`]s to the [`Sink`] of their operation; the command line draws them, the C ABI keeps them
//! in a ring. No event holds a secret: links appear in them through `Display` of
//! [`SafeUrl`](super::secret::SafeUrl) only.

use std::sync::Mutex;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::time::in_words;

/// How much a message matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// Every HTTP exchange and every decision, for finding faults.
    Debug,
    /// What a user who asks for more wants to read.
    Verbose,
    /// What every user should read.
    Info,
}

/// The stage of an operation that progress figures belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Asking the service for something.
    Requesting,
    /// Waiting for a deployment or an export in the service.
    Waiting,
    /// Sending the blocks of a package.
    Uploading,
    /// Making the uploaded blocks a blob.
    Committing,
    /// Receiving a file.
    Downloading,
    /// Reading a file for its checksum: what was received, what an earlier transfer has left, or the rest of what was sent.
    Verifying,
}

/// A snapshot of how far an operation is. `None` means unknown, which is not the same as zero.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// The stage.
    pub phase: Phase,
    /// What is being worked on: a file or blob name, an environment, a database.
    pub subject: String,
    /// The service's own status word while waiting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The service's own percentage (0 to 100) while waiting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// Bytes acknowledged by the other side. Goes back only where a transfer starts anew, which a message says before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_done: Option<u64>,
    /// Bytes in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_total: Option<u64>,
    /// Blocks, ranges or files finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items_done: Option<u64>,
    /// Blocks, ranges or files in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items_total: Option<u64>,
    /// Bytes that the connection has accepted, of those in all; ahead of what is acknowledged, never behind it, and it
    /// never goes back. Of uploads only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_sent: Option<u64>,
    /// Requests repeated so far in this transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u64>,
    /// Smoothed rate in bytes per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_per_second: Option<u64>,
    /// Estimated time left in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_ms: Option<u64>,
    /// How long the wait has taken so far, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed_ms: Option<u64>,
    /// The pause before the service is asked again, in milliseconds. Of a wait that goes on only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_poll_ms: Option<u64>,
}

impl Progress {
    /// A progress record with nothing known but the stage and what it is about.
    pub fn new(phase: Phase, subject: impl Into<String>) -> Self {
        Self {
            phase,
            subject: subject.into(),
            status: None,
            percent: None,
            bytes_done: None,
            bytes_total: None,
            items_done: None,
            items_total: None,
            bytes_sent: None,
            retries: None,
            bytes_per_second: None,
            eta_ms: None,
            elapsed_ms: None,
            next_poll_ms: None,
        }
    }
}

/// Something that happened in an operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase", remote = "Self")]
#[non_exhaustive]
pub enum Event {
    /// A sentence for people.
    Message {
        /// How much it matters.
        level: Level,
        /// The sentence.
        text: String,
    },
    /// How far the operation is. Comes often; only the newest matters.
    Progress(Progress),
    /// The service accepted an operation: from now on it goes on without us and can be looked up by this id.
    Accepted {
        /// `deployment`, `export` or `backup`.
        what: &'static str,
        /// The service's id.
        id: String,
    },
    /// A warning: of the service, each one once (spec 4.1), or that something is not as it should be.
    Warning {
        /// The text, the service's own where it is of the service.
        text: String,
    },
    /// A try failed and will be repeated.
    Retrying {
        /// What failed, such as `block 7 of 64`.
        what: String,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// The pause before the next one.
        delay_ms: u64,
        /// Why, one line.
        reason: String,
        /// Whether every user should read it, as a warning: the service does not answer as it should. Of its requests
        /// the first retry, and then one each minute.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        warns: bool,
    },
}

impl Event {
    /// A message for every user.
    pub fn info(text: impl Into<String>) -> Self {
        Self::Message { level: Level::Info, text: text.into() }
    }

    /// A message for users who asked for more.
    pub fn verbose(text: impl Into<String>) -> Self {
        Self::Message { level: Level::Verbose, text: text.into() }
    }

    /// A message for finding faults.
    pub fn debug(text: impl Into<String>) -> Self {
        Self::Message { level: Level::Debug, text: text.into() }
    }

    /// What it says to people, for hosts that show lines; `None` for progress, which is figures.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        match self {
            Self::Message { text, .. } | Self::Warning { text } => Some(text.clone()),
            Self::Accepted { what, id } => Some(format!("{what} started: {id}")),
            Self::Retrying { what, attempt, delay_ms, reason, .. } => {
                let pause = in_words(Duration::from_millis(*delay_ms));
                Some(format!("{what} failed (attempt {attempt}), retrying in {pause}: {reason}"))
            }
            Self::Progress(_) => None,
        }
    }
}

impl Serialize for Event {
    /// Its members, and `text` for the sentence, so that no host words an event once more.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Document<'a> {
            #[serde(flatten, serialize_with = "members")]
            event: &'a Event,
            #[serde(skip_serializing_if = "Option::is_none")]
            text: Option<String>,
        }
        fn members<S: Serializer>(event: &&Event, serializer: S) -> Result<S::Ok, S::Error> {
            Event::serialize(event, serializer)
        }
        // The others have it as a member of their own, or are figures.
        let text = match self {
            Self::Accepted { .. } | Self::Retrying { .. } => self.sentence(),
            Self::Message { .. } | Self::Warning { .. } | Self::Progress(_) => None,
        };
        Document { event: self, text }.serialize(serializer)
    }
}

/// Where the events of one operation go. Called from any thread; must not block.
pub trait Sink: Send + Sync {
    /// Takes one event.
    fn event(&self, event: Event);
}

/// Drops every event.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Sink for Silent {
    fn event(&self, _event: Event) {}
}

/// Keeps every event, for callers who look afterwards.
#[derive(Debug, Default)]
pub struct Recording(Mutex<Vec<Event>>);

impl Recording {
    /// The events so far, in order.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

impl Sink for Recording {
    fn event(&self, event: Event) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_camel_case_documents_without_unknown_figures() {
        let mut progress = Progress::new(Phase::Uploading, "a.nupkg");
        progress.bytes_done = Some(1);
        let json = serde_json::to_value(Event::Progress(progress.clone())).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"event": "progress", "phase": "uploading", "subject": "a.nupkg", "bytesDone": 1})
        );
        (progress.bytes_sent, progress.retries) = (Some(2), Some(0));
        let json = serde_json::to_value(Event::Progress(progress)).unwrap();
        assert_eq!((&json["bytesSent"], &json["retries"]), (&2.into(), &0.into()));
        let json = serde_json::to_value(Event::Retrying {
            what: "block 1 of 2".into(),
            attempt: 1,
            delay_ms: 5,
            reason: "x".into(),
            warns: false,
        })
        .unwrap();
        assert_eq!((&json["delayMs"], json.get("warns")), (&5.into(), None));
        assert_eq!(json["text"], "block 1 of 2 failed (attempt 1), retrying in 5 ms: x");
        let json = serde_json::to_value(Event::Warning { text: "y".into() }).unwrap();
        assert_eq!(json, serde_json::json!({"event": "warning", "text": "y"}));
    }

    #[test]
    fn every_event_but_progress_is_a_sentence() {
        let retrying =
            Event::Retrying { what: "block 1".into(), attempt: 2, delay_ms: 850, reason: "reset".into(), warns: true };
        for (event, sentence) in [
            (Event::info("x"), Some("x")),
            (Event::Warning { text: "y".into() }, Some("y")),
            (Event::Accepted { what: "export", id: "1".into() }, Some("export started: 1")),
            (retrying, Some("block 1 failed (attempt 2), retrying in 850 ms: reset")),
            (Event::Progress(Progress::new(Phase::Waiting, "z")), None),
        ] {
            assert_eq!(event.sentence().as_deref(), sentence);
        }
    }
}
