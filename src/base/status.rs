//! The classes of errors, and the one table of them: statuses of the C ABI, exit codes, exceptions of the bindings.

/// What went wrong, as a closed set of classes. Each one is a row of [`STATUS_TABLE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A request, option or file breaks a rule; found before any network call where that is possible.
    InvalidArgument,
    /// Credentials or another required setting are missing.
    NotConfigured,
    /// The caller was built for another major version of the C ABI.
    AbiMismatch,
    /// The provider does not offer this operation.
    Unsupported,
    /// Credentials, signature or clock are wrong, or the credentials lack a right (the service answers 401 to all of these).
    Unauthenticated,
    /// The credentials or the link do not permit the call.
    Forbidden,
    /// The project, deployment, export, blob or file does not exist.
    NotFound,
    /// Another operation is in the way: a busy target, a second export, a leased blob, an existing file.
    Conflict,
    /// The service asks for fewer requests.
    Throttled,
    /// The service cannot answer at present.
    Unavailable,
    /// The service understood the request and refused it.
    Rejected,
    /// The answer could not be understood, such as a proxy's HTML page.
    Protocol,
    /// The connection failed.
    Network,
    /// The TLS handshake failed, usually because the certificate is not trusted.
    Tls,
    /// The caller's time limit has passed. The remote operation may still be running.
    Timeout,
    /// The answer to a request that changes something was lost: it may or may not have been carried out.
    Ambiguous,
    /// The deployment or export ended in failure.
    JobFailed,
    /// The deployment ended well but with warnings, and the caller asked for those to count.
    Warnings,
    /// The validity of a link or of a result has passed; the operation behind it was fine.
    Expired,
    /// The service may not write to the destination of an export.
    DestinationDenied,
    /// The destination of an export does not exist.
    DestinationNotFound,
    /// A local file could not be read or written.
    Io,
    /// Data differs from its checksum or size.
    Integrity,
    /// The local disk is full.
    NoSpace,
    /// The caller cancelled the operation.
    Cancelled,
    /// A bug in this library was caught as a panic.
    Panic,
    /// A bug in this library.
    Internal,
}

/// One row of the status table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRow {
    /// The class this row describes.
    pub kind: Kind,
    /// The value in the C ABI (`EPI_STATUS_…`). Never reused.
    pub status: i32,
    /// The name in the C ABI, without its prefix.
    pub name: &'static str,
    /// The exit code of the command line.
    pub exit_code: u8,
    /// What it means to a user of the command line.
    pub meaning: &'static str,
}

const fn row(kind: Kind, status: i32, name: &'static str, exit_code: u8, meaning: &'static str) -> StatusRow {
    StatusRow { kind, status, name, exit_code, meaning }
}

/// The one status table: ABI values are grouped with gaps (design "C ABI" section 7), exit codes are those of the
/// export job model (section 6) continued for what happens outside an export job.
pub const STATUS_TABLE: &[StatusRow] = &[
    row(Kind::InvalidArgument, 10, "INVALID_ARGUMENT", 1, "usage error or invalid value"),
    row(Kind::NotConfigured, 11, "NOT_CONFIGURED", 1, "credentials or a setting are missing"),
    row(Kind::AbiMismatch, 12, "ABI_MISMATCH", 1, "built for a different version of the library"),
    row(Kind::Unsupported, 13, "UNSUPPORTED", 10, "not supported by the service"),
    row(Kind::Unauthenticated, 20, "UNAUTHENTICATED", 2, "wrong credentials, signature or clock, or no access"),
    row(Kind::Forbidden, 21, "FORBIDDEN", 2, "not permitted by the SAS URL or the credentials"),
    row(Kind::NotFound, 22, "NOT_FOUND", 3, "not found"),
    row(Kind::Conflict, 23, "CONFLICT", 4, "conflict with another operation, package or file"),
    row(Kind::Throttled, 24, "THROTTLED", 8, "rate limited by the service"),
    row(Kind::Unavailable, 25, "UNAVAILABLE", 8, "the service is temporarily unavailable"),
    row(Kind::Rejected, 26, "REJECTED", 1, "the service refused the request"),
    row(Kind::Protocol, 27, "PROTOCOL", 9, "the response could not be understood"),
    row(Kind::Network, 30, "NETWORK", 8, "the connection failed"),
    row(Kind::Tls, 31, "TLS", 8, "the certificate or the TLS handshake failed"),
    row(Kind::Timeout, 32, "TIMEOUT", 7, "time limit reached; the operation may continue in the service"),
    row(
        Kind::Ambiguous,
        33,
        "AMBIGUOUS",
        9,
        "no response was received; check before you retry, because the request may have been processed",
    ),
    row(Kind::JobFailed, 40, "JOB_FAILED", 5, "the deployment or export failed"),
    row(Kind::Expired, 41, "EXPIRED", 6, "the SAS URL, export or backup has expired"),
    row(Kind::Warnings, 42, "WARNINGS", 13, "the deployment has warnings, and strict is set"),
    row(
        Kind::DestinationDenied,
        43,
        "DESTINATION_DENIED",
        5,
        "the service may not write to the destination of the export",
    ),
    row(Kind::DestinationNotFound, 44, "DESTINATION_NOT_FOUND", 5, "the destination of the export does not exist"),
    row(Kind::Io, 50, "IO", 11, "a local file could not be read or written"),
    row(Kind::Integrity, 51, "INTEGRITY", 12, "checksum or size mismatch"),
    row(Kind::NoSpace, 52, "NO_SPACE", 11, "the local disk is full"),
    row(Kind::Cancelled, 60, "CANCELLED", 130, "cancelled"),
    row(Kind::Panic, 90, "PANIC", 70, "a bug in this program"),
    row(Kind::Internal, 91, "INTERNAL", 70, "a bug in this program"),
];

/// The row of a bug, for a kind that the table lacks; the table's completeness is a test.
const BUG: StatusRow = row(Kind::Internal, 91, "INTERNAL", 70, "a bug in this program");

impl Kind {
    /// This class's row in [`STATUS_TABLE`].
    #[must_use]
    pub fn row(self) -> StatusRow {
        STATUS_TABLE.iter().copied().find(|row| row.kind == self).unwrap_or(BUG)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_status_value_and_name_is_used_once() {
        let values: HashSet<_> = STATUS_TABLE.iter().map(|row| row.status).collect();
        let names: HashSet<_> = STATUS_TABLE.iter().map(|row| row.name).collect();
        let kinds: HashSet<_> = STATUS_TABLE.iter().map(|row| row.kind).collect();
        assert_eq!(values.len(), STATUS_TABLE.len());
        assert_eq!(names.len(), STATUS_TABLE.len());
        assert_eq!(kinds.len(), STATUS_TABLE.len());
        assert!(STATUS_TABLE.iter().all(|row| row.exit_code != 0), "an error must not exit with success");
    }
}
