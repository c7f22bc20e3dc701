//! What each refusal is told as.

use super::*;

const NOW: u64 = 1_769_846_400_000;

fn refused(status: u16, code: &str, message: &str, expiry: &str) -> Error {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>{message}\nRequestId:r\nTime:t</Message></Error>"
    );
    let refusal = Refusal { status, body, request_id: Some("r-1".into()), ..Refusal::default() };
    let link =
        SafeUrl::parse("sasUrl", &format!("https://a.blob.core.windows.net/c?sv=2020-12-06&se={expiry}&sig=CANARY"));
    to_error(&refusal, &link.unwrap(), "site.cms.app.1.nupkg", Access::Write, NOW)
}

#[test]
fn the_table_of_refusals() {
    use Kind::{
        Conflict, Forbidden, Integrity, NotFound, Rejected, Throttled, Unauthenticated, Unavailable, Unsupported,
    };
    use Retry::{Later, Never};
    for (status, code, kind, retry, text) in [
        (403, "AuthenticationFailed", Unauthenticated, Never, "signature"),
        (403, "AuthorizationPermissionMismatch", Forbidden, Never, "does not permit writing 'site"),
        (403, "AuthorizationProtocolMismatch", Forbidden, Never, "valid for https only"),
        (403, "AuthorizationSourceIPMismatch", Forbidden, Never, "not valid for the IP address of this machine"),
        (403, "AuthorizationResourceTypeMismatch", Forbidden, Never, "not valid for blobs"),
        (403, "AuthorizationServiceMismatch", Forbidden, Never, "not valid for blobs"),
        (403, "AuthorizationFailure", Forbidden, Never, "firewall of the storage account"),
        (403, "InsufficientAccountPermissions", Forbidden, Never, "the storage account currently refuses writing"),
        (403, "AccountIsDisabled", Forbidden, Never, "the storage account is disabled"),
        (403, "KeyBasedAuthenticationNotPermitted", Forbidden, Never, "signed with its key"),
        (403, "UnauthorizedBlobOverwrite", Forbidden, Never, "the SAS URL permits only the creation of blobs"),
        (403, "SomethingElse", Forbidden, Never, "403 SomethingElse"),
        (401, "NoAuthenticationInformation", Unauthenticated, Never, "did not reach the blob storage (status 401)"),
        (401, "InvalidAuthenticationInfo", Unauthenticated, Never, "did not reach the blob storage (status 401)"),
        (400, "InvalidAuthenticationInfo", Unauthenticated, Never, "did not reach the blob storage (status 400)"),
        (409, "PublicAccessNotPermitted", Unauthenticated, Never, "did not reach the blob storage (status 409)"),
        (404, "ContainerNotFound", NotFound, Never, "container"),
        (404, "BlobNotFound", NotFound, Never, "the blob 'site.cms.app.1.nupkg' does not exist"),
        (404, "ResourceNotFound", NotFound, Never, "nothing exists at the address of the SAS URL"),
        (409, "BlobAlreadyExists", Conflict, Never, "the blob 'site.cms.app.1.nupkg' already exists"),
        (409, "BlobImmutableDueToPolicy", Conflict, Never, "protects 'site.cms.app.1.nupkg' from changes"),
        (409, "BlobImmutableDueToLegalHold", Conflict, Never, "protects 'site.cms.app.1.nupkg' from changes"),
        (409, "SnapshotsPresent", Conflict, Never, "has snapshots"),
        (409, "ContainerBeingDeleted", Conflict, Never, "being created or deleted"),
        (409, "AccountBeingCreated", Conflict, Never, "being created or deleted"),
        (409, "ContainerDisabled", Conflict, Never, "container is disabled"),
        (409, "BlobArchived", Conflict, Never, "archive tier"),
        (409, "BlobBeingRehydrated", Conflict, Never, "moved out of the archive tier"),
        (409, "InvalidBlobType", Conflict, Never, "is not a block blob"),
        (409, "BlobOperationNotSupported", Conflict, Never, "is not a block blob"),
        (409, "BlockCountExceedsLimit", Conflict, Never, "too many uncommitted blocks"),
        (409, "SomethingElse", Conflict, Never, "409 SomethingElse"),
        (412, "ConditionNotMet", Conflict, Never, "changed"),
        (412, "LeaseIdMissing", Conflict, Never, "already linked"),
        (412, "LeaseIdMismatchWithBlobOperation", Conflict, Never, "another program holds a lease"),
        (412, "LeaseLost", Conflict, Never, "another program holds a lease"),
        (413, "RequestBodyTooLarge", Rejected, Never, "does not accept a block of this size (413)"),
        (400, "Crc64Mismatch", Integrity, Later, "checksum"),
        (400, "Md5Mismatch", Integrity, Later, "checksum"),
        (400, "InvalidMd5", Rejected, Never, "a checksum was altered"),
        (400, "InvalidBlockList", Conflict, Never, "does not have all uploaded blocks"),
        (400, "InvalidBlobOrBlock", Conflict, Never, "another tool left uncommitted blocks"),
        (400, "InvalidHeaderValue", Rejected, Never, "does not accept the value of a header"),
        (411, "MissingContentLengthHeader", Rejected, Never, "a header did not reach"),
        (400, "InvalidQueryParameterValue", Rejected, Never, "does not accept the query parameter"),
        (400, "OutOfRangeInput", Rejected, Never, "does not accept the address of 'site.cms.app.1.nupkg'"),
        (400, "InvalidResourceName", Rejected, Never, "does not accept the address of"),
        (400, "InvalidXmlDocument", Rejected, Never, "the block list was altered"),
        (405, "UnsupportedHttpVerb", Rejected, Never, "does not accept this request"),
        (416, "InvalidRange", Rejected, Never, "shorter than before"),
        (400, "InvalidOperation", Rejected, Never, "400 InvalidOperation"),
        (500, "FeatureNotSupported", Unsupported, Never, "support"),
        (500, "InternalError", Unavailable, Later, "500 InternalError"),
        (500, "OperationTimedOut", Unavailable, Later, "500"),
        (503, "ServerBusy", Unavailable, Later, "503 ServerBusy"),
        (429, "", Throttled, Later, "429"),
    ] {
        let error = refused(status, code, "Something &amp; more.", "2026-02-01");
        assert_eq!((error.kind(), error.retry()), (kind, retry), "{code}");
        assert!(error.to_string().contains(text), "{code}: {error}");
        assert_eq!(error.http_status(), Some(status));
        assert_eq!(error.request_id(), Some("r-1"));
        assert_eq!(error.texts(), ["Something & more."], "{code}");
        assert!(error.next_step().is_some_and(|step| step.len() > 10), "{code}");
        assert!(!error.to_json().to_string().contains("CANARY"));
        assert_eq!(is_unknown_checksum(&error), code == "FeatureNotSupported");
        assert_eq!(is_other_id_length(&error), code == "InvalidBlobOrBlock");
    }
}

/// The error of a refused write by a link with these parameters.
fn by_link(status: u16, code: &str, message: &str, parameters: &str) -> Error {
    let body = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    let link = format!("https://a.blob.core.windows.net/c?sv=2020-12-06{parameters}&sig=CANARY");
    let refusal = Refusal { status, body, ..Refusal::default() };
    to_error(&refusal, &SafeUrl::parse("sasUrl", &link).unwrap(), "b", Access::Write, NOW)
}

#[test]
fn a_link_that_permits_writing_is_never_told_that_it_does_not() {
    for permissions in ["w", "rw", "racwdl"] {
        let error = by_link(403, "AuthorizationPermissionMismatch", "x", &format!("&sp={permissions}"));
        assert_eq!(error.kind(), Kind::Forbidden);
        let expected = format!("refuses writing 'b', although the SAS URL permits it (sp={permissions})");
        assert!(error.to_string().contains(&expected) && !error.to_string().contains("does not permit"), "{error}");
    }
    let error = by_link(403, "AuthorizationPermissionMismatch", "x", "&sp=r");
    assert_eq!(error.to_string(), "the SAS URL does not permit writing 'b'");
}

#[test]
fn what_helps_against_waiting_blocks_depends_on_the_link() {
    for (permissions, reads) in [("w", false), ("rw", true)] {
        let error = by_link(400, "InvalidBlobOrBlock", "x", &format!("&sp={permissions}"));
        let step = error.next_step().unwrap();
        assert!(step.contains("a new version number") && step.contains("a week"), "{step}");
        assert_eq!(!step.contains("sp=rw"), reads, "{step}");
    }
}

#[test]
fn azurites_ways_to_say_it_are_known() {
    let error = by_link(400, "InvalidOperation", "Provided contentMD5 doesn't match.", "&sp=w");
    assert_eq!((error.kind(), error.retry()), (Kind::Integrity, Retry::Later));
    let error = by_link(403, "AuthorizationFailure", "Server failed to authenticate the request.", "&sp=w");
    assert_eq!(error.kind(), Kind::Unauthenticated);
    assert!(error.to_string().contains("signature"), "{error}");
    let error = by_link(403, "AuthorizationFailure", "x", "&sp=w&se=2026-01-01");
    assert_eq!(error.kind(), Kind::Expired, "{error}");
}

#[test]
fn the_link_says_which_addresses_it_is_valid_for() {
    let error = by_link(403, "AuthorizationSourceIPMismatch", "x", "&sip=10.0.0.1-10.0.0.9");
    assert!(error.to_string().contains("(sip=10.0.0.1-10.0.0.9)"), "{error}");
}

#[test]
fn a_header_that_is_not_accepted_is_named() {
    let body = "<Error><Code>InvalidHeaderValue</Code><Message>x</Message><HeaderName>x-ms-version</HeaderName>\
                <HeaderValue>CANARY</HeaderValue></Error>";
    let refusal = Refusal { status: 400, body: body.into(), ..Refusal::default() };
    let error = to_error(&refusal, &SafeUrl::parse("sasUrl", "https://h/c?sig=x").unwrap(), "b", Access::Write, NOW);
    assert_eq!(error.to_string(), "the blob storage does not accept the value of a header 'x-ms-version'");
    assert!(!error.to_json().to_string().contains("CANARY"));
}

#[test]
fn the_answer_of_a_gateway_is_told_as_that() {
    let link = SafeUrl::parse("sasUrl", "https://a.blob.core.windows.net/c?sp=w&sig=CANARY").unwrap();
    for (status, kind, retry, step) in [
        (403, Kind::Forbidden, Retry::Never, "the host of the SAS URL"),
        (404, Kind::NotFound, Retry::Never, "the host of the SAS URL"),
        (407, Kind::Network, Retry::Never, "HTTPS_PROXY"),
        (413, Kind::Rejected, Retry::Never, "upload.blockSize"),
        (429, Kind::Throttled, Retry::Later, "try again later"),
        (502, Kind::Unavailable, Retry::Later, "try again later"),
        (504, Kind::Unavailable, Retry::Later, "try again later"),
    ] {
        for access in [Access::Read, Access::Write] {
            let body = "<html><title>Blocked: https://a/c?sp=w&amp;sig=CANARY by policy 17</title></html>".to_owned();
            let error = to_error(&Refusal { status, body, ..Refusal::default() }, &link, "b", access, NOW);
            assert_eq!((error.kind(), error.retry(), error.code()), (kind, retry, None), "{status}");
            assert!(error.to_string().starts_with(&format!("a proxy or gateway answered {status} instead")), "{error}");
            assert!(error.to_string().contains("by policy 17"), "{error}");
            assert!(error.next_step().unwrap().contains(step), "{error:?}");
            let shown = format!("{error} {}", error.to_json());
            assert!(!shown.contains("CANARY") && !shown.contains("does not permit"), "{shown}");
        }
    }
    // A HEAD has no body: the headers tell whose answer it is.
    let bare = |from_storage| {
        let refusal = Refusal { status: 404, from_storage, ..Refusal::default() };
        to_error(&refusal, &link, "b", Access::Read, NOW).to_string()
    };
    assert_eq!(bare(true), "the blob 'b' does not exist");
    assert_eq!(bare(false), "a proxy or gateway answered 404 instead of the blob storage");
}

#[test]
fn what_a_storage_says_in_another_form_than_xml_is_told() {
    let link = SafeUrl::parse("sasUrl", "https://a.blob.core.windows.net/c?sv=2020-12-06&sig=CANARY").unwrap();
    let told = |body: &str, code: Option<&str>, from_storage| {
        let code = code.map(str::to_owned);
        let refusal = Refusal { status: 403, body: body.into(), code, from_storage, ..Refusal::default() };
        to_error(&refusal, &link, "b", Access::Write, NOW)
    };
    let page = told("<html><title>Blocked by rule 7</title></html>", None, true);
    assert_eq!(page.to_string(), "the blob storage answered 403: \"Blocked by rule 7\"");
    assert_eq!((page.texts(), page.next_step().is_some()), (&["Blocked by rule 7".to_owned()][..], true));
    let code = "AuthorizationFailure";
    let json = format!(r#"{{"error":{{"code":"{code}","message":"Not from here.\nRequestId:r\nTime:t"}}}}"#);
    let old = format!(r#"{{"odata.error":{{"code":"{code}","message":{{"lang":"en","value":"Not from here."}}}}}}"#);
    for (body, header, from_storage) in
        [(&json, Some(code), true), (&json, Some(code), false), (&json, None, true), (&old, None, true)]
    {
        let error = told(body, header, from_storage);
        assert_eq!((error.code(), error.texts()), (Some(code), &["Not from here.".to_owned()][..]), "{body}");
        assert!(error.to_string().contains("firewall"), "{error}");
    }
    // Of a gateway.
    let error = told(&json, None, false);
    assert_eq!(error.code(), None);
    assert!(error.to_string().contains("a proxy or gateway answered 403"), "{error}");
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
    assert_eq!(error.kind(), Kind::Expired);
    assert_eq!(error.to_string(), "the SAS URL expired at 2026-01-31T07:00:00Z");
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
    let link = SafeUrl::parse("sasUrl", "https://h/c?sig=x").unwrap();
    let error = to_error(&refusal, &link, "b", Access::Read, NOW);
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, None));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
}
