//! The service's refusals as errors: status, code and texts in, class, sentence and next step out. Pure.
//!
//! Codes are those of "Status and error codes" and "Blob service error codes" in the Azure Storage REST reference.

use std::time::Duration;

use super::link::{Access, expired, expiry};
use crate::base::error::{Error, Kind, Retry};
use crate::base::retry::classify_status;
use crate::base::secret::SafeUrl;

/// An answer that is not a success, as far as it was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// `x-ms-error-code`, where the answer has no readable body (HEAD).
    pub(super) code: Option<String>,
    pub(super) body: String,
    pub(super) request_id: Option<String>,
    pub(super) retry_after: Option<Duration>,
}

/// Codes by which a store says that it does not know `x-ms-content-crc64`. Azurite answers 500 `FeatureNotSupported`.
const UNKNOWN_CHECKSUM: [&str; 3] = ["FeatureNotSupported", "APINotImplemented", "UnsupportedHeader"];

/// The error of a refused call about the blob `name`.
pub(super) fn to_error(refusal: &Refusal, link: &SafeUrl, name: &str, access: Access, now_unix_ms: u64) -> Error {
    let code = element(&refusal.body, "Code").or_else(|| refusal.code.clone());
    // The service puts the request id and the time on further lines of its message.
    let said =
        element(&refusal.body, "Message").and_then(|text| text.lines().next().map(|line| line.trim().to_owned()));
    let detail = element(&refusal.body, "AuthenticationErrorDetail").filter(|text| is_time_frame(text));
    let (class, mut retry) = classify_status(refusal.status);
    let mut error = match (refusal.status, code.as_deref().unwrap_or_default()) {
        (412, "LeaseIdMissing") => Error::new(
            Kind::Conflict,
            // Scripts match either sentence (spec 3.2).
            format!(
                "A package named '{name}' is already linked to a deployment and cannot be overwritten. There is \
                 currently a lease on the blob and no lease ID was specified in the request."
            ),
        )
        .with_next_step("give the package a new version, or go on if this very package was uploaded before"),
        // Whatever code a store has for it.
        (403, _) if expiry(link).is_some_and(|at| at <= now_unix_ms) => expired(link),
        (403, "AuthenticationFailed") if detail.is_some() => {
            Error::new(Kind::LinkExpired, "the storage service says that the link is outside its time of validity")
                .with_next_step("ask for a new link, and check this machine's clock")
        }
        (403, "AuthenticationFailed") => {
            Error::new(Kind::Unauthenticated, "the storage service does not accept the link's signature").with_next_step(
                "give the whole link unchanged, in quotes (its signature is percent-encoded and must stay so), or ask for a new one",
            )
        }
        (403, _) => Error::new(Kind::Forbidden, format!("the link does not permit {} '{name}'", doing(access)))
            .with_next_step("ask for a link with that permission"),
        (404, "ContainerNotFound") => Error::new(Kind::NotFound, "the storage container does not exist"),
        (404, _) => Error::new(Kind::NotFound, format!("there is no blob '{name}'")),
        (412, "ConditionNotMet") => Error::new(Kind::Conflict, format!("the blob '{name}' was changed meanwhile")),
        (400, "InvalidBlockList") => Error::new(
            Kind::Conflict,
            format!("the storage service does not have all blocks that were sent for '{name}'"),
        )
        .with_next_step("upload it again, and make sure that nothing else uploads to the same blob meanwhile"),
        (400, "Crc64Mismatch" | "Md5Mismatch") => {
            // What was sent may have been damaged on its way, so another try can help.
            retry = Retry::Later;
            Error::new(Kind::Integrity, format!("what arrived of '{name}' differs from its checksum"))
        }
        (_, known) if UNKNOWN_CHECKSUM.contains(&known) => {
            retry = Retry::Never;
            Error::new(Kind::Unsupported, "the storage service does not support this request")
        }
        (status, "") => Error::new(class, format!("the storage service answered {status}")),
        (status, other) => Error::new(class, format!("the storage service answered {status} {other}")),
    };
    if error.kind() != class && error.kind() != Kind::Integrity {
        retry = Retry::Never;
    }
    if let Some(code) = code {
        error = error.with_code(code);
    }
    error
        .with_http_status(refusal.status)
        .with_texts(said.into_iter().chain(detail).collect())
        .with_request_id(refusal.request_id.clone())
        .with_retry(retry, refusal.retry_after)
}

/// Whether an error says that the store does not know `x-ms-content-crc64`.
#[must_use]
pub fn is_unknown_checksum(error: &Error) -> bool {
    error.code().is_some_and(|code| UNKNOWN_CHECKSUM.contains(&code))
}

fn doing(access: Access) -> &'static str {
    match access {
        Access::Read => "reading",
        Access::Write => "writing",
    }
}

/// Only this detail is passed on; others of the service repeat what was signed.
fn is_time_frame(detail: &str) -> bool {
    detail.starts_with("Signature not valid in the specified time frame")
}

/// The text of an element of the service's error XML, which is flat. `None` when it is missing or empty.
fn element(body: &str, name: &str) -> Option<String> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    let text = text.replace("&amp;", "&").trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_769_846_400_000;

    fn refused(status: u16, code: &str, message: &str, expiry: &str) -> Error {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>{message}\nRequestId:r\nTime:t</Message></Error>"
        );
        let refusal = Refusal { status, body, request_id: Some("r-1".into()), ..Refusal::default() };
        let link =
            SafeUrl::parse("x", &format!("https://a.blob.core.windows.net/c?sv=2020-12-06&se={expiry}&sig=CANARY"));
        to_error(&refusal, &link.unwrap(), "site.cms.app.1.nupkg", Access::Write, NOW)
    }

    #[test]
    fn the_table_of_refusals() {
        for (status, code, kind, retry, text) in [
            (403, "AuthenticationFailed", Kind::Unauthenticated, Retry::Never, "signature"),
            (403, "AuthorizationPermissionMismatch", Kind::Forbidden, Retry::Never, "does not permit writing 'site"),
            (403, "AuthorizationProtocolMismatch", Kind::Forbidden, Retry::Never, "does not permit"),
            (401, "NoAuthenticationInformation", Kind::Unauthenticated, Retry::Never, "401"),
            (404, "ContainerNotFound", Kind::NotFound, Retry::Never, "container"),
            (404, "BlobNotFound", Kind::NotFound, Retry::Never, "no blob"),
            (409, "BlobAlreadyExists", Kind::Conflict, Retry::Never, "409 BlobAlreadyExists"),
            (412, "ConditionNotMet", Kind::Conflict, Retry::Never, "changed"),
            (412, "LeaseIdMissing", Kind::Conflict, Retry::Never, "already linked"),
            (400, "Crc64Mismatch", Kind::Integrity, Retry::Later, "checksum"),
            (400, "Md5Mismatch", Kind::Integrity, Retry::Later, "checksum"),
            (400, "InvalidBlockList", Kind::Conflict, Retry::Never, "does not have all blocks"),
            (500, "FeatureNotSupported", Kind::Unsupported, Retry::Never, "support"),
            (500, "InternalError", Kind::Unavailable, Retry::Later, "500 InternalError"),
            (500, "OperationTimedOut", Kind::Unavailable, Retry::Later, "500"),
            (503, "ServerBusy", Kind::Unavailable, Retry::Later, "503 ServerBusy"),
            (429, "", Kind::Throttled, Retry::Later, "429"),
        ] {
            let error = refused(status, code, "Something &amp; more.", "2026-02-01");
            assert_eq!((error.kind(), error.retry()), (kind, retry), "{code}");
            assert!(error.to_string().contains(text), "{code}: {error}");
            assert_eq!(error.http_status(), Some(status));
            assert_eq!(error.request_id(), Some("r-1"));
            assert_eq!(error.texts(), ["Something & more."]);
            assert!(!error.to_json().to_string().contains("CANARY"));
            assert_eq!(is_unknown_checksum(&error), code == "FeatureNotSupported");
        }
    }

    #[test]
    fn a_leased_package_is_refused_with_both_sentences() {
        let error = refused(412, "LeaseIdMissing", "There is currently a lease.", "2026-02-01");
        assert_eq!(
            error.to_string(),
            "A package named 'site.cms.app.1.nupkg' is already linked to a deployment and cannot be overwritten. \
             There is currently a lease on the blob and no lease ID was specified in the request."
        );
    }

    #[test]
    fn an_expired_link_is_named_with_its_time() {
        let error = refused(403, "AuthenticationFailed", "Server failed.", "2026-01-31T07:00:00Z");
        assert_eq!(error.kind(), Kind::LinkExpired);
        assert_eq!(error.to_string(), "the link expired at 2026-01-31T07:00:00Z");
        assert_eq!(error.retry(), Retry::Never);
    }

    #[test]
    fn an_answer_without_xml_is_classed_by_its_status() {
        let refusal = Refusal {
            status: 503,
            body: "<html>busy</html>".into(),
            retry_after: Some(Duration::from_secs(3)),
            ..Refusal::default()
        };
        let link = SafeUrl::parse("x", "https://h/c?sig=x").unwrap();
        let error = to_error(&refusal, &link, "b", Access::Read, NOW);
        assert_eq!((error.kind(), error.code()), (Kind::Unavailable, None));
        assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
    }
}
