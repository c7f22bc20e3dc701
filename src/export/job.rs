//! An export job: its handle, its state, and what it yields.

use serde::{Deserialize, Serialize};

use crate::base::error::{Error, Kind, Result};
use crate::base::model::document::Document;
use crate::base::next_step::{NextStep, Setting};
use crate::base::secret::SafeUrl;

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

/// What is needed to look at a job again, also after a restart. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "service", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Handle {
    /// An export of the Optimizely DXP: the path to it needs all of this.
    Dxp {
        /// The project's GUID.
        project: String,
        /// The environment the database belongs to.
        environment: String,
        /// `epicms` or `epicommerce`.
        database: String,
        /// The export's GUID.
        id: String,
    },
}

/// What a finished job yields.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Artifact {
    /// A file behind a signed link.
    Link {
        /// The link; a secret.
        url: SafeUrl,
    },
}

/// An export job as it was last seen.
#[derive(Debug, Clone)]
pub struct Job {
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
    /// The provider's object, whole.
    pub document: Document,
}

impl Job {
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
