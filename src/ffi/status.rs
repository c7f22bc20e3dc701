//! Statuses, and the other small sets of numbers that cross the ABI.
//!
//! Each travels as `int32_t`: a value that a Rust enum does not know would be undefined behaviour, and the size of a
//! C enum is the compiler's choice. The enums here only give the header its names.

use crate::base::error::{Kind, Retry};
use crate::base::event::{Event, Level, Phase};

/// The outcome of a call: one of the `EPI_STATUS_` values.
///
/// 0 is success. Values are grouped by who can do something about it, are never
/// reused, and may be added in a later minor version: treat an unknown one as a
/// failure.
///
/// Since: 0.1.
pub type epi_status = i32;

/// What an operation is doing: one of the `EPI_PHASE_` values.
///
/// Since: 0.3.
pub type epi_phase = i32;

/// How much a message matters: one of the `EPI_LOG_LEVEL_` values.
///
/// Since: 0.3.
pub type epi_log_level = i32;

/// Whether repeating a call can help: one of the `EPI_RETRY_` values.
///
/// Since: 0.3.
pub type epi_retry = i32;

/// The values of `epi_status`.
///
/// Since: 0.1.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum epi_status_value {
    /// It succeeded.
    EPI_STATUS_OK = 0,
    /// The operation is still running.
    EPI_STATUS_PENDING = 1,
    /// A request, option or file breaks a rule; the message names the field.
    EPI_STATUS_INVALID_ARGUMENT = 10,
    /// Credentials or another required setting are missing.
    EPI_STATUS_NOT_CONFIGURED = 11,
    /// The caller was built for another version of this library.
    EPI_STATUS_ABI_MISMATCH = 12,
    /// This is not offered.
    EPI_STATUS_UNSUPPORTED = 13,
    /// Credentials, signature or clock are wrong, or the credentials lack a right.
    EPI_STATUS_UNAUTHENTICATED = 20,
    /// The credentials or the link do not permit the call.
    EPI_STATUS_FORBIDDEN = 21,
    /// The project, deployment, export, blob or file does not exist.
    EPI_STATUS_NOT_FOUND = 22,
    /// Something else is in the way: a busy environment, an existing file.
    EPI_STATUS_CONFLICT = 23,
    /// The service asks for fewer requests.
    EPI_STATUS_THROTTLED = 24,
    /// The service cannot answer at present.
    EPI_STATUS_UNAVAILABLE = 25,
    /// The service understood the request and refused it.
    EPI_STATUS_REJECTED = 26,
    /// The answer could not be understood.
    EPI_STATUS_PROTOCOL = 27,
    /// The connection failed.
    EPI_STATUS_NETWORK = 30,
    /// The certificate or the TLS handshake failed.
    EPI_STATUS_TLS = 31,
    /// A time limit passed; the service may go on.
    EPI_STATUS_TIMEOUT = 32,
    /// The answer to a change was lost: look before trying again.
    EPI_STATUS_AMBIGUOUS = 33,
    /// The deployment or export ended in failure.
    EPI_STATUS_JOB_FAILED = 40,
    /// The link, or what a job has made, is past its time.
    EPI_STATUS_EXPIRED = 41,
    /// The deployment ended well but with warnings, and strict was asked for.
    EPI_STATUS_WARNINGS = 42,
    /// The service may not write to the destination of an export.
    EPI_STATUS_DESTINATION_DENIED = 43,
    /// The destination of an export does not exist.
    EPI_STATUS_DESTINATION_NOT_FOUND = 44,
    /// A local file could not be read or written.
    EPI_STATUS_IO = 50,
    /// Data differs from its checksum or size.
    EPI_STATUS_INTEGRITY = 51,
    /// The local disk is full.
    EPI_STATUS_NO_SPACE = 52,
    /// The operation was cancelled.
    EPI_STATUS_CANCELLED = 60,
    /// A bug in this library, caught; other calls go on working.
    EPI_STATUS_PANIC = 90,
    /// A bug in this library.
    EPI_STATUS_INTERNAL = 91,
}

/// The values of `epi_phase`.
///
/// More may be added in a later minor version.
///
/// Since: 0.1.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum epi_phase_value {
    /// Nothing was reported yet.
    EPI_PHASE_STARTING = 0,
    /// Not used.
    EPI_PHASE_REQUESTING = 1,
    /// Waiting for a deployment or an export in the service.
    EPI_PHASE_WAITING = 2,
    /// Sending the blocks of a package.
    EPI_PHASE_UPLOADING = 3,
    /// Making the uploaded blocks a package.
    EPI_PHASE_COMMITTING = 4,
    /// Receiving a file.
    EPI_PHASE_DOWNLOADING = 5,
    /// Comparing what was received with its checksum.
    EPI_PHASE_VERIFYING = 6,
}

/// The values of `epi_log_level`.
///
/// Since: 0.1.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum epi_log_level_value {
    /// The default of an operation, which is `EPI_LOG_LEVEL_INFO`.
    EPI_LOG_LEVEL_DEFAULT = 0,
    /// Warnings of the service, and that it does not answer as it should.
    EPI_LOG_LEVEL_WARNING = 1,
    /// What every user should read.
    EPI_LOG_LEVEL_INFO = 2,
    /// What a user who asks for more wants to read.
    EPI_LOG_LEVEL_VERBOSE = 3,
    /// Every request and every decision, for finding faults.
    EPI_LOG_LEVEL_DEBUG = 4,
}

/// The values of `epi_retry`.
///
/// Since: 0.1.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum epi_retry_value {
    /// The answer will be the same.
    EPI_RETRY_NEVER = 0,
    /// It can help, later.
    EPI_RETRY_LATER = 1,
    /// It was tried again and kept failing.
    EPI_RETRY_EXHAUSTED = 2,
}

pub(super) const OK: epi_status = epi_status_value::EPI_STATUS_OK as i32;
pub(super) const PENDING: epi_status = epi_status_value::EPI_STATUS_PENDING as i32;

/// The status of a class of errors.
pub(super) fn status_of(kind: Kind) -> epi_status {
    kind.row().status
}

pub(super) fn phase_of(phase: Phase) -> i32 {
    use epi_phase_value as v;
    let value = match phase {
        Phase::Requesting => v::EPI_PHASE_REQUESTING,
        Phase::Waiting => v::EPI_PHASE_WAITING,
        Phase::Uploading => v::EPI_PHASE_UPLOADING,
        Phase::Committing => v::EPI_PHASE_COMMITTING,
        Phase::Downloading => v::EPI_PHASE_DOWNLOADING,
        Phase::Verifying => v::EPI_PHASE_VERIFYING,
    };
    value as i32
}

/// The log level of an event. What says something lasting (an id, a failed try) is for every user.
pub(super) fn level_of(event: &Event) -> i32 {
    use epi_log_level_value as v;
    let value = match event {
        Event::Message { level: Level::Debug, .. } => v::EPI_LOG_LEVEL_DEBUG,
        Event::Message { level: Level::Verbose, .. } => v::EPI_LOG_LEVEL_VERBOSE,
        Event::Warning { .. } | Event::Retrying { warns: true, .. } => v::EPI_LOG_LEVEL_WARNING,
        _ => v::EPI_LOG_LEVEL_INFO,
    };
    value as i32
}

pub(super) fn retry_of(retry: Retry) -> i32 {
    let value = match retry {
        Retry::Never => epi_retry_value::EPI_RETRY_NEVER,
        Retry::Later => epi_retry_value::EPI_RETRY_LATER,
        Retry::Exhausted => epi_retry_value::EPI_RETRY_EXHAUSTED,
    };
    value as i32
}
