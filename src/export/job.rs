//! An export job: its state, and what it amounts to.

use super::artifact::Artifact;
use crate::base::error::{Error, Kind, Result};
use crate::base::next_step::{NextStep, Setting};

/// The neutral states of an export job (export job model, section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobState {
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
}

impl JobState {
    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Expired)
    }
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
    /// There once the job has succeeded.
    pub artifact: Option<Artifact>,
    /// The service's own object, whole.
    pub object: Object,
}

impl<Handle, Object> Job<Handle, Object> {
    /// The artifact of a job that has ended well.
    ///
    /// # Errors
    /// `JobFailed` or `LinkExpired` when it has not, `Protocol` when there is nothing to fetch.
    pub fn into_artifact(self) -> Result<Artifact> {
        match self.failure() {
            Some(error) => Err(error),
            None => self.artifact.ok_or_else(|| {
                Error::new(
                    Kind::Protocol,
                    format!("the export of {} has status {} but no download link", self.subject, self.raw_status),
                )
            }),
        }
    }

    /// The error that a job which ended badly amounts to.
    #[must_use]
    pub fn failure(&self) -> Option<Error> {
        match self.state {
            JobState::Failed => Some(
                Error::new(
                    Kind::JobFailed,
                    format!("the export of {} failed (status {})", self.subject, self.raw_status),
                )
                .with_next_step("the service gave no reason; check the DXP Management Portal, then start a new export"),
            ),
            JobState::Expired => Some(
                Error::new(
                    Kind::LinkExpired,
                    format!("the export of {} succeeded, but its download link has expired", self.subject),
                )
                .with_next_step(
                    NextStep::text("start a new export; to keep it longer, set ").setting(Setting::RetentionHours),
                ),
            ),
            _ => None,
        }
    }
}
