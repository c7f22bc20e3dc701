//! An export job: its handle, its state, and what it yields.

use crate::base::error::{Error, Kind, Result};
use crate::base::model::document::Document;
use crate::base::secret::{SafeUrl, encode_segment};

/// The neutral states of an export job (export job model, section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobState {
    /// Accepted, not begun.
    Queued,
    /// Running, or in a state whose word is not known.
    Running,
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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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

impl Handle {
    /// Reads the text form that [`Handle`] displays: `dxp:<project>/<environment>/<database>/<id>`.
    ///
    /// # Errors
    /// `InvalidArgument` naming `field`.
    pub fn parse(field: &str, text: &str) -> Result<Self> {
        let invalid = || Error::invalid(field, "must have the form dxp:<project>/<environment>/<database>/<id>");
        let parts = text.strip_prefix("dxp:").ok_or_else(invalid)?.split('/').map(|part| {
            percent_encoding::percent_decode_str(part)
                .decode_utf8()
                .ok()
                .filter(|part| !part.is_empty())
                .map(String::from)
        });
        let parts: Vec<String> = parts.collect::<Option<_>>().ok_or_else(invalid)?;
        let [project, environment, database, id] = parts.try_into().map_err(|_| invalid())?;
        Ok(Self::Dxp { project, environment, database, id })
    }
}

impl std::fmt::Display for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dxp { project, environment, database, id } => {
                let [project, environment, database, id] =
                    [project, environment, database, id].map(|part| encode_segment(part));
                write!(f, "dxp:{project}/{environment}/{database}/{id}")
            }
        }
    }
}

/// What a finished job yields.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Artifact {
    /// A file behind a signed link.
    Link {
        /// The link; a secret.
        url: SafeUrl,
        /// The file's name, if the provider gives one or the link shows one.
        file_name: Option<String>,
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
                    format!("the export of {} has status {} but no link", self.subject, self.raw_status),
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
                .with_next_step("start a new export; the service gives no reason, its portal may"),
            ),
            JobState::Expired => Some(
                Error::new(
                    Kind::LinkExpired,
                    format!("the export of {} worked, but its link has expired", self.subject),
                )
                .with_next_step("start a new export, with a longer retention if needed"),
            ),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_survives_as_text() {
        let handle = Handle::Dxp {
            project: "2a561398-d517-4634-9bc4-aab5008a8e1a".into(),
            environment: "Hälso / x".into(),
            database: "epicms".into(),
            id: "1".into(),
        };
        let text = handle.to_string();
        assert_eq!(text, "dxp:2a561398-d517-4634-9bc4-aab5008a8e1a/H%C3%A4lso%20%2F%20x/epicms/1");
        assert_eq!(Handle::parse("id", &text).unwrap(), handle);
        for bad in ["", "dxp:", "dxp:a/b/c", "dxp:a/b/c/d/e", "gw:a/b/c/d", "dxp:a//c/d"] {
            assert_eq!(Handle::parse("id", bad).unwrap_err().field(), Some("id"), "{bad}");
        }
    }
}
