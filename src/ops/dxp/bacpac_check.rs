//! The structure of databases: checked before a saved export gets its name, and before an upload, where whatever is
//! wrong is only told.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::bacpac::{self, Finding, Report, Severity};
use crate::base::cancel::CancelToken;
use crate::base::error::{Error, Kind, Result};
use crate::base::event::Event;
use crate::base::readable::Readable;
use crate::base::scope::Scope;
use crate::transfer::Inspection;

/// Checks an export that was downloaded, whatever its file is called: a database export is a bacpac.
pub(super) struct ExportInspection {
    scope: Scope,
    outcome: Mutex<Outcome>,
}

#[derive(Default)]
struct Outcome {
    warnings: Vec<Finding>,
    /// Whether the export itself is at fault.
    is_of_no_use: bool,
}

impl ExportInspection {
    pub(super) fn new(scope: &Scope) -> Self {
        Self { scope: scope.clone(), outcome: Mutex::default() }
    }

    /// What is worth knowing about the file that was saved.
    pub(super) fn warnings(&self) -> Vec<Finding> {
        self.outcome().warnings.clone()
    }

    /// Whether the file was refused and blob storage holds it like that, so that another download would be the same.
    pub(super) fn is_of_no_use(&self) -> bool {
        self.outcome().is_of_no_use
    }

    fn outcome(&self) -> MutexGuard<'_, Outcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inspection for ExportInspection {
    fn begins(&self) -> &'static [u8] {
        b"PK"
    }

    fn refusal(&self, file: &dyn Readable, verified: bool) -> Result<Option<Error>> {
        let report = bacpac::check(file, self.scope.cancel())?;
        let refusal = refusal(&report, verified);
        if refusal.is_none() {
            let warnings: Vec<Finding> = report.warnings().cloned().collect();
            for warning in &warnings {
                self.scope.report(Event::Warning { text: format!("the saved bacpac: {}", warning.sentence()) });
            }
            self.outcome().warnings = warnings;
        } else {
            self.outcome().is_of_no_use = verified;
        }
        Ok(refusal)
    }
}

/// Why a downloaded export is not saved, if it is not.
fn refusal(report: &Report, verified: bool) -> Option<Error> {
    let mut errors = report.errors();
    let worst = errors.next()?;
    let more = match errors.count() {
        0 => String::new(),
        1 => " (and 1 more problem)".to_owned(),
        count => format!(" (and {count} more problems)"),
    };
    let message = format!("the downloaded file is not a valid bacpac: {}{more}", worst.sentence());
    Some(match worst {
        Finding::Foreign(content) if content.is_answer() && !verified => Error::new(Kind::Protocol, message).with_next_step(
            "a proxy or a login page may have answered instead of the blob storage: check the proxy settings (HTTPS_PROXY, \
             NO_PROXY) and download it again; nothing was saved",
        ),
        // What blob storage holds would come again.
        _ if verified => Error::new(Kind::Integrity, message).with_next_step(
            "export the database again: the file is like this in the blob storage (its MD5 matches); nothing was saved",
        ),
        _ => Error::new(Kind::Integrity, message).with_next_step(
            "download it again; if that fails too, export the database again; the corrupt file was deleted",
        ),
    })
}

/// Tells what is wrong with a bacpac that is about to be uploaded. Never an error but `Cancelled`: the service decides,
/// and what cannot be read is met again, and told, by the upload.
pub(super) async fn warn(file: &Path, scope: &Scope) -> Result<()> {
    let cancel: CancelToken = scope.cancel().clone();
    let report = crate::transfer::look_into(file, move |file| bacpac::check(file, &cancel)).await;
    scope.cancel().check()?;
    let Ok(report) = report else { return Ok(()) };
    for finding in report.findings() {
        let consequence = match finding.severity() {
            Severity::Error => " (importing it is likely to fail)",
            Severity::Warning => "",
        };
        let text = format!("'{}': {}{consequence}", file.display(), finding.sentence());
        scope.report(Event::Warning { text: crate::base::redaction::one_line(&text) });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bacpac::Content;

    struct Bytes(Vec<u8>);

    impl Readable for Bytes {
        fn length(&self) -> u64 {
            self.0.len() as u64
        }

        fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
            buffer.copy_from_slice(&self.0[offset as usize..][..buffer.len()]);
            Ok(())
        }
    }

    #[test]
    fn the_next_step_depends_on_where_the_fault_is() {
        for (bytes, verified, kind, next) in [
            (&b"PK\x03\x04 cut"[..], true, Kind::Integrity, "export the database again"),
            (b"PK\x03\x04 cut", false, Kind::Integrity, "download it again"),
            (b"<html>", false, Kind::Protocol, "proxy"),
            (b"<html>", true, Kind::Integrity, "export the database again"),
            (b"version https://git-lfs.github.com/spec/v1", true, Kind::Integrity, "export the database again"),
        ] {
            let report = bacpac::check(&Bytes(bytes.to_vec()), &CancelToken::new()).unwrap();
            let error = refusal(&report, verified).unwrap();
            assert_eq!(error.kind(), kind);
            assert!(error.next_step().unwrap().contains(next), "{:?}", error.next_step());
            assert!(error.message().contains(&report.findings()[0].sentence()), "{error}");
        }
        assert!(Content::WebPage.is_answer() && !Content::Dacpac.is_answer());
    }
}
