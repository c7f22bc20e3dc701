//! An export job: its state, and what is known of it.

use serde::Serialize;

use super::artifact::Artifact;
use crate::base::error::{Error, Kind, Result};

/// The neutral states of an export job (export job model, section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum JobState {
    /// There is none: nothing was started, or it was cleared.
    Idle,
    /// Accepted, not begun.
    Queued,
    /// Running.
    Running,
    /// In a state whose word is not known, which is taken for running, but not for ever.
    Unknown,
    /// Done; there is an artifact.
    Succeeded,
    /// Failed.
    Failed,
    /// Was done, but the result is gone. Not a failure of the export.
    Expired,
    /// Was deleted.
    Deleted,
}

impl JobState {
    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Expired | Self::Deleted)
    }
}

/// Whether what is seen is certainly of this job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Evidence {
    /// The service tells this job from others.
    #[default]
    Strong,
    /// The service shows only the last job of a database, and this one could be another's.
    Weak,
}

/// An instant of a job, as RFC 3339 in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Instant {
    /// The instant.
    pub time: String,
    /// Who says so.
    pub source: Source,
}

/// Who says when something was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// The service.
    Service,
    /// The first look of a client.
    Observed,
    /// A calculation.
    Estimated,
}

impl Instant {
    /// What the service says, unless it says nothing.
    #[must_use]
    pub fn of_service(text: Option<&str>) -> Option<Self> {
        let time = text.filter(|text| !text.is_empty())?.to_owned();
        Some(Self { time, source: Source::Service })
    }
}

/// When a job did what, as far as that is known.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Times {
    /// When the client asked for it, by its own clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested: Option<Instant>,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Instant>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed: Option<Instant>,
    /// When its result goes; absent where it stays, or where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Instant>,
}

/// An export job as it was last seen.
#[derive(Debug, Clone)]
pub struct Job<Handle, Object> {
    /// How to look at it again.
    pub handle: Handle,
    /// The neutral state.
    pub state: JobState,
    /// The provider's own word for it.
    pub raw_status: String,
    /// What is exported, in a few words.
    pub subject: String,
    /// The service's own figure, 0 to 1; never one of ours.
    pub progress: Option<f64>,
    /// Whether this is certainly the job that was asked for.
    pub evidence: Evidence,
    /// When it did what.
    pub times: Times,
    /// There once the job has succeeded.
    pub artifact: Option<Artifact>,
    /// What a job amounts to that has ended badly.
    pub failure: Option<Error>,
    /// The service's own object, whole.
    pub object: Object,
}

impl<Handle, Object> Job<Handle, Object> {
    /// A job of which no more is known.
    pub fn new(handle: Handle, state: JobState, raw_status: &str, subject: String, object: Object) -> Self {
        Self {
            handle,
            state,
            raw_status: raw_status.to_owned(),
            subject,
            progress: None,
            evidence: Evidence::Strong,
            times: Times::default(),
            artifact: None,
            failure: None,
            object,
        }
    }

    /// The artifact of a job that has ended well.
    ///
    /// # Errors
    /// The job's failure, `Protocol` when there is nothing to fetch.
    pub fn into_artifact(self) -> Result<Artifact> {
        match self.failure {
            Some(error) => Err(error),
            None => self.artifact.ok_or_else(|| {
                Error::new(
                    Kind::Protocol,
                    format!("the export of {} has status {} but no download link", self.subject, self.raw_status),
                )
            }),
        }
    }
}
