//! The service's refusals as errors: status, code and texts in, class, sentence and next step out. Pure.
//!
//! Codes are those of "Status and error codes", "Blob service error codes" and "SAS error codes" in the Azure Storage REST
//! reference, and those of Azurite. A refusal without a code and without the headers of a blob storage is a proxy's or a
//! gateway's, and is told as that (`gateway.rs`).

use std::time::Duration;

use super::error_xml::element;
use super::gateway;
use super::link::{Access, expired, grants};
use super::validity::{Outside, expiry, is_time_frame, not_yet, outside};
use crate::base::error::{Error, Kind, Retry};
use crate::base::next_step::{NextStep, Setting};
use crate::base::retry::classify_status;
use crate::base::secret::SafeUrl;
use crate::transport::page;

/// An answer that is not a success, as far as it was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// `x-ms-error-code`, where the answer has no readable body (HEAD).
    pub(super) code: Option<String>,
    /// Whether a header says that a blob storage gave it.
    pub(super) from_storage: bool,
    pub(super) body: String,
    pub(super) request_id: Option<String>,
    pub(super) retry_after: Option<Duration>,
}

/// Codes by which a store says that it does not know `x-ms-content-crc64`. Azurite answers 500 `FeatureNotSupported`.
const UNKNOWN_CHECKSUM: [&str; 3] = ["FeatureNotSupported", "APINotImplemented", "UnsupportedHeader"];

/// The code of ids whose length differs from that of blocks that are waiting.
const OTHER_IDS: &str = "InvalidBlobOrBlock";

/// How Azurite says that an MD5 differs (`InvalidOperation`), and that a signature is wrong (`AuthorizationFailure`).
const MD5_DIFFERS: &str = "contentMD5 doesn't match";
const NOT_AUTHENTICATED: &str = "failed to authenticate";

const ASK: &str = "request a new SAS URL";
const WHOLE_LINK: &str =
    "pass the whole SAS URL unchanged and in quotes (its signature must stay percent-encoded), or request a new one";
const ANOTHER_VERSION: &str = "upload the package under a new version number";
const LATER: &str = "try again later";
const OWNER: &str = "ask the owner of the storage account; for DXP, contact Optimizely support";

/// The error of a refused call about the blob `name`. `now_unix_ms` is the blob storage's time where it tells it.
pub(super) fn to_error(refusal: &Refusal, link: &SafeUrl, name: &str, access: Access, now_unix_ms: u64) -> Error {
    let written = Written::of(refusal);
    let code = written.code.or_else(|| refusal.code.clone());
    // The service puts the request id and the time on further lines of its message.
    let said = written.message.and_then(|text| text.lines().next().map(|line| page::shortened(line, page::LONGEST)));
    let detail = element(&refusal.body, "AuthenticationErrorDetail").filter(|text| is_time_frame(text));
    let (class, mut retry) = classify_status(refusal.status);
    let mut after = refusal.retry_after;
    // Without a code it is the blob storage only where there is no body, as after HEAD.
    let known = code.as_deref().or_else(|| refusal.body.trim().is_empty().then_some(""));
    let known = known.filter(|_| refusal.status == 403);
    let time = known.and_then(|code| outside(code, link, detail.as_deref(), now_unix_ms));
    let texts = || said.clone().into_iter().filter(|text| !text.is_empty()).chain(detail.clone()).collect();
    let (mut error, texts) = match (time, &code) {
        (Some(time), _) => {
            let (error, wait) = of_the_time(time, link, now_unix_ms);
            (retry, after) = if wait.is_some() { (Retry::Later, wait) } else { (Retry::Never, after) };
            (error, texts())
        }
        (None, None) => without_code(refusal, class, name, access),
        (None, Some(code)) => {
            let text = said.as_deref().unwrap_or_default();
            let error = Case { refusal, code, said: text, link, name, access, class }.error();
            if error.kind() == Kind::Integrity {
                // What was sent may have been damaged on its way, so another attempt can help.
                retry = Retry::Later;
            } else if error.kind() != class || UNKNOWN_CHECKSUM.contains(&code.as_str()) {
                retry = Retry::Never;
            }
            (error, texts())
        }
    };
    if let Some(code) = code {
        error = error.with_code(code);
    }
    error
        .with_http_status(refusal.status)
        .with_texts(texts)
        .with_request_id(refusal.request_id.clone())
        .with_retry(retry, after)
}

/// What is wrong with the time of a link, and how long to wait until it is right.
fn of_the_time(time: Outside, link: &SafeUrl, now_unix_ms: u64) -> (Error, Option<Duration>) {
    match time {
        Outside::NotYet { start_unix_ms, left } => not_yet(start_unix_ms, left),
        Outside::Over if expiry(link).is_some_and(|at| at <= now_unix_ms) => (expired(link), None),
        Outside::Over => {
            let message = "the SAS URL has expired or is not valid yet";
            let step = "request a new one and check the clock of this machine";
            (Error::new(Kind::Expired, message).with_next_step(step), None)
        }
    }
}

/// Whether an error says that the store does not know `x-ms-content-crc64`.
#[must_use]
pub fn is_unknown_checksum(error: &Error) -> bool {
    error.code().is_some_and(|code| UNKNOWN_CHECKSUM.contains(&code))
}

/// Whether an error says that blocks wait for the blob whose ids have another length than the one that was sent.
#[must_use]
pub fn is_other_id_length(error: &Error) -> bool {
    error.code() == Some(OTHER_IDS)
}

/// A refusal with a code, and what it is about.
struct Case<'a> {
    refusal: &'a Refusal,
    code: &'a str,
    said: &'a str,
    link: &'a SafeUrl,
    name: &'a str,
    access: Access,
    class: Kind,
}

impl Case<'_> {
    /// The table of what is known, and what is told of anything else.
    fn error(&self) -> Error {
        self.of_the_link().or_else(|| self.of_the_blob()).or_else(|| self.of_the_request()).unwrap_or_else(|| {
            let Refusal { status, .. } = self.refusal;
            let error = Error::new(self.class, format!("the blob storage answered {status} {}", self.code));
            error.with_next_step(unknown_step(self.class))
        })
    }

    /// What is wrong with the link, its account, or from where it is used.
    fn of_the_link(&self) -> Option<Error> {
        let name = self.name;
        let doing = doing(self.access);
        let (kind, message, step): (Kind, String, NextStep) = match (self.code, self.refusal.status) {
            (code, _) if code == "AuthenticationFailed" || self.is_azurites("AuthorizationFailure", NOT_AUTHENTICATED) => (
                Kind::Unauthenticated,
                "the blob storage rejects the signature of the SAS URL".into(),
                WHOLE_LINK.into(),
            ),
            ("NoAuthenticationInformation" | "InvalidAuthenticationInfo" | "PublicAccessNotPermitted", status) => (
                Kind::Unauthenticated,
                format!("the signature of the SAS URL did not reach the blob storage (status {status})"),
                "pass the whole SAS URL in quotes; if it is complete, a proxy removes its query".into(),
            ),
            ("AuthorizationPermissionMismatch", _) => match grants(self.link, self.access) {
                Some(permissions) => (
                    Kind::Forbidden,
                    format!("the blob storage refuses {doing} '{name}', although the SAS URL permits it (sp={permissions})"),
                    "request a new SAS URL: the account that signed this one may have lost the permission".into(),
                ),
                None => (
                    Kind::Forbidden,
                    format!("the SAS URL does not permit {doing} '{name}'"),
                    "request a SAS URL with that permission".into(),
                ),
            },
            ("AuthorizationProtocolMismatch", _) => (
                Kind::Forbidden,
                "the SAS URL is valid for https only (spr=https)".into(),
                "use the same SAS URL with https://".into(),
            ),
            ("AuthorizationSourceIPMismatch", _) => (
                Kind::Forbidden,
                match self.link.parameter("sip") {
                    Some(range) => format!("the SAS URL is not valid for the IP address of this machine (sip={range})"),
                    None => "the SAS URL is not valid for the IP address of this machine".into(),
                },
                "use it from a permitted address (proxies and VPNs change yours), or request one that permits this address"
                    .into(),
            ),
            ("AuthorizationResourceTypeMismatch" | "AuthorizationServiceMismatch", _) => (
                Kind::Forbidden,
                "the SAS URL is not valid for blobs (srt, ss)".into(),
                "request a SAS URL of the container or the blob".into(),
            ),
            ("AuthorizationFailure", _) => (
                Kind::Forbidden,
                "the firewall of the storage account blocks the network of this machine".into(),
                "run it from a permitted network, or have the public address of this machine permitted".into(),
            ),
            ("InsufficientAccountPermissions", _) => {
                (Kind::Forbidden, format!("the storage account currently refuses {doing}"), OWNER.into())
            }
            ("AccountIsDisabled", _) => (Kind::Forbidden, "the storage account is disabled".into(), OWNER.into()),
            ("KeyBasedAuthenticationNotPermitted", _) => (
                Kind::Forbidden,
                "the storage account does not accept SAS URLs signed with its key".into(),
                "request a user delegation SAS URL".into(),
            ),
            ("AccountBeingCreated" | "ContainerBeingDeleted", _) => (
                Kind::Conflict,
                "the storage account or container is being created or deleted".into(),
                "try again in a few minutes".into(),
            ),
            ("ContainerDisabled", _) => (Kind::Conflict, "the storage container is disabled".into(), OWNER.into()),
            ("ContainerNotFound", _) => (Kind::NotFound, "the storage container does not exist".into(), ASK.into()),
            ("ResourceNotFound", _) => {
                (Kind::NotFound, "nothing exists at the address of the SAS URL".into(), ASK.into())
            }
            _ => return None,
        };
        Some(Error::new(kind, message).with_next_step(step))
    }

    /// What is in the way at the blob itself.
    fn of_the_blob(&self) -> Option<Error> {
        let name = self.name;
        let (message, step): (String, NextStep) = match (self.code, self.refusal.status) {
            ("BlobNotFound", _) => {
                return Some(
                    Error::new(Kind::NotFound, format!("the blob '{name}' does not exist"))
                        .with_next_step("check the SAS URL; the service removes exports and packages after some time"),
                );
            }
            ("UnauthorizedBlobOverwrite", _) => {
                let message = format!("'{name}' already exists, and the SAS URL permits only the creation of blobs");
                return Some(Error::new(Kind::Forbidden, message).with_next_step(ANOTHER_VERSION));
            }
            ("LeaseIdMissing", 412) => (
                // Scripts match either sentence (spec 3.2).
                format!(
                    "A package named '{name}' is already linked to a deployment and cannot be overwritten. There is \
                     currently a lease on the blob and no lease ID was specified in the request."
                ),
                "give the package a new version number".into(),
            ),
            (code, _) if code.starts_with("Lease") => {
                (format!("another program holds a lease on '{name}' ({code})"), ANOTHER_VERSION.into())
            }
            ("ConditionNotMet", 412) => {
                (format!("the blob '{name}' changed during the transfer"), "run the command again".into())
            }
            ("BlobAlreadyExists", _) => (format!("the blob '{name}' already exists"), ANOTHER_VERSION.into()),
            (
                "BlobImmutableDueToPolicy"
                | "BlobImmutableDueToLegalHold"
                | "ContainerImmutabilityPolicyLocked"
                | "ContainerHasLegalHold",
                _,
            ) => (
                format!("an immutability policy or a legal hold protects '{name}' from changes"),
                ANOTHER_VERSION.into(),
            ),
            ("SnapshotsPresent", _) => (format!("'{name}' has snapshots"), ANOTHER_VERSION.into()),
            ("BlobArchived", _) => {
                (format!("'{name}' is in the archive tier"), self.after("have it moved back to the hot tier"))
            }
            ("BlobBeingRehydrated", _) => {
                (format!("'{name}' is being moved out of the archive tier"), self.after("wait some hours"))
            }
            ("PendingCopyOperation", _) => {
                (format!("a copy to '{name}' is still running"), self.after("wait until it finishes"))
            }
            ("InvalidBlobType" | "BlobOperationNotSupported", _) => {
                (format!("'{name}' is not a block blob"), self.after("use the SAS URL of a block blob"))
            }
            (OTHER_IDS, _) => (
                format!("another tool left uncommitted blocks of '{name}' with ids of a different length"),
                waiting_blocks(self.link),
            ),
            ("BlockCountExceedsLimit", _) => {
                (format!("interrupted uploads left too many uncommitted blocks of '{name}'"), waiting_blocks(self.link))
            }
            ("InvalidBlockList", _) => (
                format!("the blob storage does not have all uploaded blocks of '{name}'"),
                "upload it again, and make sure that nothing else uploads to the same blob at that time".into(),
            ),
            _ => return None,
        };
        Some(Error::new(Kind::Conflict, message).with_next_step(step))
    }

    /// What is wrong with the request, mostly because something changed it on its way.
    fn of_the_request(&self) -> Option<Error> {
        let name = self.name;
        let status = self.refusal.status;
        let named = |element_name: &str| {
            let named = element(&self.refusal.body, element_name).map(|text| page::shortened(&text, page::LONGEST));
            named.map_or_else(String::new, |name| format!(" '{name}'"))
        };
        let proxy = "check for a proxy that alters requests, and add the host of the SAS URL to NO_PROXY";
        let (kind, message, step): (Kind, String, NextStep) = match (self.code, status) {
            (code, _)
                if matches!(code, "Crc64Mismatch" | "Md5Mismatch")
                    || self.is_azurites("InvalidOperation", MD5_DIFFERS) =>
            {
                return Some(damaged(format!("checksum mismatch for '{name}'")));
            }
            (code, _) if UNKNOWN_CHECKSUM.contains(&code) => (
                Kind::Unsupported,
                "the blob storage does not support this request".into(),
                NextStep::text("set ").setting(Setting::BlockChecksum).and(" to md5"),
            ),
            ("RequestBodyTooLarge" | "ContentLengthLargerThanTierLimit", _) => (
                self.class,
                format!("the blob storage does not accept a block of this size ({status})"),
                NextStep::text("set ").setting(Setting::BlockSize).and(" to a smaller value"),
            ),
            ("BlockListTooLong", _) => (
                self.class,
                format!("'{name}' has too many blocks"),
                NextStep::text("set ").setting(Setting::BlockSize).and(" to a larger value"),
            ),
            ("InvalidHeaderValue" | "UnsupportedHeaderValue", _) => (
                self.class,
                format!("the blob storage does not accept the value of a header{}", named("HeaderName")),
                proxy.into(),
            ),
            ("MissingRequiredHeader" | "MissingContentLengthHeader", _) => {
                (self.class, format!("a header{} did not reach the blob storage", named("HeaderName")), proxy.into())
            }
            ("InvalidMd5" | "InvalidCrc64", _) => {
                (self.class, "a checksum was altered on the way to the blob storage".into(), proxy.into())
            }
            ("InvalidQueryParameterValue" | "UnsupportedQueryParameter" | "OutOfRangeQueryParameterValue", _) => (
                self.class,
                format!("the blob storage does not accept the query parameter{}", named("QueryParameterName")),
                WHOLE_LINK.into(),
            ),
            ("MissingRequiredQueryParameter" | "InvalidBlockId", _) => {
                (self.class, "a query parameter was altered on the way to the blob storage".into(), proxy.into())
            }
            ("InvalidXmlDocument" | "InvalidXmlNodeValue" | "UnsupportedXmlNode" | "MissingRequiredXmlNode", _) => {
                (self.class, "the block list was altered on the way to the blob storage".into(), proxy.into())
            }
            ("UnsupportedHttpVerb" | "InvalidHttpVerb", _) => (
                self.class,
                "the blob storage does not accept this request at the address of the SAS URL".into(),
                "check the SAS URL: it must point to a container or a blob".into(),
            ),
            ("OutOfRangeInput" | "InvalidUri" | "RequestUrlFailedToParse" | "InvalidResourceName", _) => (
                self.class,
                format!("the blob storage does not accept the address of '{name}'"),
                "check the SAS URL and the name of the blob".into(),
            ),
            ("InvalidRange", _) => {
                (self.class, format!("the blob '{name}' is shorter than before"), "run the command again".into())
            }
            _ => return None,
        };
        Some(Error::new(kind, message).with_next_step(step))
    }

    /// Whether it is this code with this text, by which Azurite says something that has a code of its own in Azure.
    fn is_azurites(&self, code: &str, text: &str) -> bool {
        self.code == code && self.said.contains(text)
    }

    /// What to do, or for an upload another name.
    fn after(&self, step: &str) -> NextStep {
        match self.access {
            Access::Read => step.into(),
            Access::Write => format!("{step}, or {ANOTHER_VERSION}").into(),
        }
    }
}

/// The error of bytes that arrived damaged.
#[must_use]
pub fn damaged(message: impl Into<String>) -> Error {
    Error::new(Kind::Integrity, message.into())
        .with_retry(Retry::Later, None)
        .with_next_step("use another network, or find what alters data in transit, such as a proxy")
}

/// What to do about a refusal of the storage that nobody here knows.
fn unknown_step(class: Kind) -> &'static str {
    if matches!(class, Kind::Unavailable | Kind::Throttled) { LATER } else { OWNER }
}

/// What helps where blocks of somebody else are waiting.
fn waiting_blocks(link: &SafeUrl) -> NextStep {
    let ways = format!("{ANOTHER_VERSION}, or wait until those blocks expire, a week after the last one");
    match grants(link, Access::Read) {
        Some(_) => ways.into(),
        None => {
            format!("{ways}, or use a SAS URL that also permits reading (sp=rw), so that their ids can be read").into()
        }
    }
}

/// The error of a refusal that has no code, and what it says: a gateway's, unless its headers are a storage's.
fn without_code(refusal: &Refusal, class: Kind, name: &str, access: Access) -> (Error, Vec<String>) {
    let status = refusal.status;
    if refusal.from_storage {
        let said = page::words(&refusal.body);
        let error = match (status, access, &said) {
            (404, Access::Read, _) => Error::new(Kind::NotFound, format!("the blob '{name}' does not exist")),
            (_, _, Some(said)) => Error::new(class, format!("the blob storage answered {status}: \"{said}\""))
                .with_next_step(unknown_step(class)),
            (_, _, None) => Error::new(class, format!("the blob storage answered {status} without a reason")),
        };
        return (error, said.into_iter().collect());
    }
    gateway::error(class, status, &refusal.body)
}

fn doing(access: Access) -> &'static str {
    match access {
        Access::Read => "reading",
        Access::Write => "writing",
    }
}

/// Code and message of a refusal, as its body has them.
#[derive(Default)]
struct Written {
    code: Option<String>,
    message: Option<String>,
}

impl Written {
    /// Out of the storage's XML, or its JSON. Others write such JSON as well, so it counts only with a sign of a storage.
    fn of(refusal: &Refusal) -> Self {
        let body = &refusal.body;
        let xml = Self { code: element(body, "Code"), message: element(body, "Message") };
        if xml.code.is_some() || !(refusal.from_storage || refusal.code.is_some()) {
            return xml;
        }
        Self::of_json(body).unwrap_or(xml)
    }

    /// `{"error": {"code", "message"}}` ("Status and error codes", JSON); in older versions the message has a language.
    fn of_json(body: &str) -> Option<Self> {
        let whole: serde_json::Value = serde_json::from_str(body).ok()?;
        let error = whole.get("error").or_else(|| whole.get("odata.error")).filter(|error| error.is_object())?;
        let text = |value: &serde_json::Value| {
            value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let message = error.get("message");
        Some(Self {
            code: error.get("code").and_then(text),
            message: message.and_then(|message| text(message.get("value").unwrap_or(message))),
        })
    }
}

#[cfg(test)]
mod tests;
