//! The first look at a blob that is downloaded: how long it is, which version, and whether it is to be had in ranges.

use super::download_job::DownloadJob;
use super::engine::Engine;
use super::schedule::runner::Runner;
use crate::base::error::{Error, Kind, Result};
use crate::blob::client::{Extent, OUTSIDE, Properties};

/// What a first look at the blob has shown.
pub(super) enum Probe {
    /// The blob, whose length is known.
    Blob(Properties),
    /// Only the whole blob is to be had, as far as is known.
    WholeOnly,
}

impl Engine {
    /// What the service tells about the blob: by HEAD, or by the first range where HEAD is refused or tells nothing that
    /// can be relied on.
    pub(super) async fn probe(
        &self,
        job: &DownloadJob,
        part_size: u64,
        runner: Runner<'_>,
        retries: &mut u64,
    ) -> Result<Probe> {
        let (clock, sink) = (&self.clock, runner.sink);
        let head = runner.call("the blob's properties", || {
            job.asking(clock, sink, |blob, sink| async move { blob.properties(&sink).await })
        });
        let told = match head.await {
            Ok((properties, repeated)) => {
                *retries += repeated;
                Some(properties)
            }
            // A link may be signed for GET alone; and the answer to HEAD has no body that would say what is wrong.
            Err(error) if is_refused(&error) => None,
            Err(error) => return Err(error),
        };
        // Gateways answer HEAD with a length of zero, whatever the blob has.
        if let Some(properties) = told.as_ref().filter(|properties| properties.length > 0) {
            return Ok(Probe::Blob(properties.clone()));
        }
        let length = part_size;
        let range = runner.call("the blob's first range", || {
            job.asking(clock, sink, move |blob, sink| async move { blob.read(0, length, None, &sink).await })
        });
        match range.await {
            Ok((reading, repeated)) => {
                *retries += repeated;
                Ok(match (reading.extent, reading.properties()) {
                    (Extent::Range { .. }, Some(properties)) => Probe::Blob(properties),
                    _ => Probe::WholeOnly,
                })
            }
            // An empty blob has no range (RFC 9110, section 15.5.17).
            Err(error) if error.http_status() == Some(416) => match told {
                Some(empty) => Ok(Probe::Blob(empty)),
                None if error.code() == Some(OUTSIDE) => {
                    Ok(Probe::Blob(Properties { length: 0, etag: None, content_md5: None, last_modified: None }))
                }
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }
}

/// Whether a call was understood and refused, in a way that may not hold for another method, or answered with something
/// that is not the blob's. That there is no blob is said with a code; without one it may be a gateway's word.
fn is_refused(error: &Error) -> bool {
    match error.kind() {
        Kind::Unauthenticated | Kind::Forbidden | Kind::Rejected | Kind::Unsupported | Kind::Protocol => true,
        Kind::NotFound => error.code().is_none(),
        _ => false,
    }
}
