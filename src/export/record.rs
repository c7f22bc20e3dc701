//! A job as a document, alike for all services (export job model, section 2).

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::handle::{self, JobHandle};
use super::job::{Evidence, JobState, Times};
use super::provider::{JobOf, Provider};
use crate::base::error::{Error, Kind, Result};

/// A job as a document.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobRecord {
    /// The service, as configurations name it.
    pub service: &'static str,
    /// One word by which the job is found again, from any machine.
    pub handle: String,
    /// What is exported, in a few words.
    pub subject: String,
    /// The neutral state.
    pub state: JobState,
    /// The service's own word for it.
    pub status: String,
    /// The service's own figure, 0 to 1; absent where it tells none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<f64>,
    /// Whether this is certainly the job that was asked for.
    pub evidence: Evidence,
    /// When it did what.
    pub times: Times,
    /// What it has yielded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Value>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Value>,
    /// The service's own object, whole. That of an export of DXP has its download link, which is a secret.
    pub object: Map<String, Value>,
}

impl JobRecord {
    /// The record of a job, unless it has ended badly and that is to be an error.
    ///
    /// # Errors
    /// The job's failure; then as [`JobRecord::of`].
    pub fn unless_failed<P: Provider>(job: JobOf<P>, allow_failed: bool) -> Result<Self> {
        match job.failure.clone().filter(|_| !allow_failed) {
            Some(error) => Err(error),
            None => Self::of::<P>(job),
        }
    }

    /// The record of a job.
    ///
    /// # Errors
    /// `Internal` when it cannot be written, which would be a bug.
    pub fn of<P: Provider>(job: JobOf<P>) -> Result<Self> {
        let bug = |error: String| Error::new(Kind::Internal, format!("cannot write the record of a job: {error}"));
        let object = match serde_json::to_value(&job.object).map_err(|error| bug(error.to_string()))? {
            Value::Object(members) => members,
            other => return Err(bug(format!("the object of a job is {other}"))),
        };
        Ok(Self {
            service: P::Handle::SERVICE,
            handle: handle::to_text(&job.handle)?,
            subject: job.subject,
            state: job.state,
            status: job.raw_status,
            progress: job.progress,
            evidence: job.evidence,
            times: job.times,
            artifact: job.artifact.map(|artifact| artifact.described()),
            failure: job.failure.map(|error| {
                json!({
                    "status": error.kind().row().name,
                    "message": error.message(),
                    "code": error.code(),
                    "httpStatus": error.http_status(),
                    "nextStep": error.next_step(),
                })
            }),
            object,
        })
    }
}
