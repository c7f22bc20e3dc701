//! Azure's errors: code, status and text, and the answer made of them. The texts are those of the service, since
//! clients show and match them.

use crate::clock::Milliseconds;
use crate::http::Answer;
use crate::timestamp;

/// A refusal of the blob store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobError {
    pub status: u16,
    pub code: String,
    pub message: String,
    /// Further elements of the error body, such as `AuthenticationErrorDetail`.
    pub details: Vec<(&'static str, String)>,
    /// The header `Content-Range`.
    pub content_range: Option<String>,
}

impl BlobError {
    pub fn new(status: u16, code: &str, message: &str) -> Self {
        Self { status, code: code.to_owned(), message: message.to_owned(), details: Vec::new(), content_range: None }
    }

    pub fn authentication_failed(detail: &str) -> Self {
        let mut error = Self::new(
            403,
            "AuthenticationFailed",
            "Server failed to authenticate the request. Make sure the value of Authorization header is formed \
             correctly including the signature.",
        );
        error.details.push(("AuthenticationErrorDetail", detail.to_owned()));
        error
    }

    pub fn no_authentication() -> Self {
        Self::new(
            401,
            "NoAuthenticationInformation",
            "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
        )
    }

    pub fn permission_mismatch() -> Self {
        Self::new(
            403,
            "AuthorizationPermissionMismatch",
            "This request is not authorized to perform this operation using this permission.",
        )
    }

    /// What a link that creates, but does not write, answers for a blob that is there.
    pub fn unauthorized_overwrite() -> Self {
        Self::new(403, "UnauthorizedBlobOverwrite", "This request is not authorized to perform blob overwrites.")
    }

    pub fn protocol_mismatch() -> Self {
        Self::new(
            403,
            "AuthorizationProtocolMismatch",
            "This request is not authorized to perform this operation using this protocol.",
        )
    }

    pub fn container_not_found() -> Self {
        Self::new(404, "ContainerNotFound", "The specified container does not exist.")
    }

    pub fn blob_not_found() -> Self {
        Self::new(404, "BlobNotFound", "The specified blob does not exist.")
    }

    /// The text users see when a package is already linked to a deployment (spec 3.2).
    pub fn lease_id_missing() -> Self {
        Self::new(
            412,
            "LeaseIdMissing",
            "There is currently a lease on the blob and no lease ID was specified in the request.",
        )
    }

    pub fn lease_id_mismatch() -> Self {
        Self::new(
            412,
            "LeaseIdMismatchWithBlobOperation",
            "The lease ID specified did not match the lease ID for the blob.",
        )
    }

    pub fn lease_not_present() -> Self {
        Self::new(412, "LeaseNotPresentWithBlobOperation", "There is currently no lease on the blob.")
    }

    pub fn condition_not_met() -> Self {
        Self::new(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")
    }

    pub fn blob_already_exists() -> Self {
        Self::new(409, "BlobAlreadyExists", "The specified blob already exists.")
    }

    pub fn invalid_header(name: &str, value: &str) -> Self {
        let mut error =
            Self::new(400, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format.");
        error.details.push(("HeaderName", name.to_owned()));
        error.details.push(("HeaderValue", value.to_owned()));
        error
    }

    pub fn missing_header(name: &str) -> Self {
        let mut error = Self::new(
            400,
            "MissingRequiredHeader",
            "An HTTP header that's mandatory for this request is not specified.",
        );
        error.details.push(("HeaderName", name.to_owned()));
        error
    }

    pub fn invalid_query(name: &str, value: &str, reason: &str) -> Self {
        let mut error = Self::new(
            400,
            "InvalidQueryParameterValue",
            "Value for one of the query parameters specified in the request URI is invalid.",
        );
        error.details.push(("QueryParameterName", name.to_owned()));
        error.details.push(("QueryParameterValue", value.to_owned()));
        error.details.push(("Reason", reason.to_owned()));
        error
    }

    pub fn missing_query(name: &str) -> Self {
        let mut error = Self::new(
            400,
            "MissingRequiredQueryParameter",
            "A query parameter that's mandatory for this request is not specified.",
        );
        error.details.push(("QueryParameterName", name.to_owned()));
        error
    }

    pub fn md5_mismatch(sent: &str, computed: &str) -> Self {
        let mut error = Self::new(
            400,
            "Md5Mismatch",
            "The MD5 value specified in the request did not match with the MD5 value calculated by the server.",
        );
        error.details.push(("UserSpecifiedMd5", sent.to_owned()));
        error.details.push(("ServerCalculatedMd5", computed.to_owned()));
        error
    }

    pub fn crc64_mismatch(sent: &str, computed: &str) -> Self {
        let mut error = Self::new(
            400,
            "Crc64Mismatch",
            "The CRC64 value specified in the request did not match with the CRC64 value calculated by the server.",
        );
        error.details.push(("UserSpecifiedCrc", sent.to_owned()));
        error.details.push(("ServerCalculatedCrc", computed.to_owned()));
        error
    }

    pub fn invalid_md5(value: &str) -> Self {
        let mut error = Self::new(
            400,
            "InvalidMd5",
            "The MD5 value specified in the request is invalid. MD5 value must be 128 bits and base64 encoded.",
        );
        error.details.push(("InvalidMd5", value.to_owned()));
        error
    }

    pub fn invalid_blob_or_block() -> Self {
        Self::new(400, "InvalidBlobOrBlock", "The specified blob or block content is invalid.")
    }

    pub fn invalid_block_list() -> Self {
        Self::new(400, "InvalidBlockList", "The specified block list is invalid.")
    }

    pub fn block_list_too_long() -> Self {
        Self::new(400, "BlockListTooLong", "The block list may not contain more than 50,000 blocks.")
    }

    pub fn block_count_exceeded() -> Self {
        Self::new(
            409,
            "BlockCountExceedsLimit",
            "The uncommitted block count cannot exceed the maximum limit of 100,000 blocks.",
        )
    }

    pub fn too_large() -> Self {
        Self::new(
            413,
            "RequestBodyTooLarge",
            "The request body is too large and exceeds the maximum permissible limit.",
        )
    }

    pub fn length_required() -> Self {
        Self::new(411, "MissingContentLengthHeader", "The Content-Length header was not specified.")
    }

    /// The length of the blob stands in a header of the answer.
    pub fn invalid_range(length: u64) -> Self {
        let mut error =
            Self::new(416, "InvalidRange", "The range specified is invalid for the current size of the resource.");
        error.content_range = Some(format!("bytes */{length}"));
        error
    }

    pub fn out_of_range() -> Self {
        Self::new(400, "OutOfRangeInput", "One of the request inputs is out of range.")
    }

    pub fn invalid_xml() -> Self {
        Self::new(400, "InvalidXmlDocument", "XML specified is not syntactically valid.")
    }

    pub fn unsupported_verb() -> Self {
        Self::new(405, "UnsupportedHttpVerb", "The resource doesn't support specified Http Verb.")
    }

    pub fn incomplete_body() -> Self {
        Self::new(400, "InvalidInput", "One of the request inputs is not valid.")
    }

    pub fn internal(reason: &dyn std::fmt::Display) -> Self {
        let mut error =
            Self::new(500, "InternalError", "The server encountered an internal error. Please retry the request.");
        error.details.push(("Reason", reason.to_string()));
        error
    }

    /// The answer: XML body, code header, and the message as HTTP reason phrase too (spec 3.2).
    pub fn answer(&self, request_id: &str, now: Milliseconds) -> Answer {
        let details: String =
            self.details.iter().map(|(name, value)| format!("<{name}>{}</{name}>", escape(value))).collect();
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{}</Code><Message>{}\nRequestId:{request_id}\n\
             Time:{}</Message>{details}</Error>",
            escape(&self.code),
            escape(&self.message),
            timestamp::iso_seven_digits(now),
        );
        let mut answer =
            if self.status == 304 { Answer::empty(304) } else { Answer::new(self.status, "application/xml", body) };
        answer.reason = Some(self.message.clone());
        if self.status == 401 {
            answer = answer.with("www-authenticate", "Bearer authorization_uri=https://login.microsoftonline.com/");
        }
        if let Some(range) = &self.content_range {
            answer = answer.with("content-range", range.clone());
        }
        answer.with("x-ms-error-code", self.code.clone()).with("x-ms-request-id", request_id)
    }
}

/// Text as XML character data.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}
