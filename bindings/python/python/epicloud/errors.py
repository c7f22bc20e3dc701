"""The exceptions: one class for each status of the library, all derived from `Error`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Retry = Literal["never", "later", "exhausted"]
"""Whether a retry can help: never; later; or it was retried and kept failing."""


class Error(Exception):
    """A call failed. Its text is the message of the library and the next step; it contains no secret.

    A status that is unknown to this package, because the library is newer, is an `Error` of no subclass.
    """

    status: str = "INTERNAL"
    """The name of the status, such as "NOT_FOUND"."""
    message: str
    """One line in lower case."""
    http_status: int | None
    """The HTTP status of the service's answer."""
    code: str | None
    """The service's error code, such as "LeaseIdMissing"."""
    errors: tuple[str, ...]
    """The error texts of the service."""
    request_id: str | None
    """The request id of the service, for questions to its support."""
    field: str | None
    """The JSON path of the value that is not valid, in the service's spelling, such as "wait.timeoutMinutes"."""
    next_step: str | None
    """What to do next."""
    retry: Retry
    """Whether a retry can help."""
    retry_after_ms: int | None
    """How long the service asks to wait before the next attempt, in milliseconds."""
    attempts: int | None
    """The number of attempts."""
    exit_code: int
    """The exit code of the program `epi` for this error."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Take the document that describes the error."""
        # Not handed to the bases: some of them, such as OSError, would read a meaning into it.
        super().__init__()
        self._document = dict(document)
        self.status = document["status"]
        self.message = document["message"]
        self.http_status = document["httpStatus"]
        self.code = document["code"]
        self.errors = tuple(document["errors"] or ())
        self.request_id = document["requestId"]
        self.field = document["field"]
        self.next_step = document["nextStep"]
        self.retry = document["retry"]
        self.retry_after_ms = document["retryAfterMs"]
        self.attempts = document["attempts"]
        self.exit_code = document["exitCode"]

    def __str__(self) -> str:
        """Return the message and, in parentheses, the next step."""
        return f"{self.message} ({self.next_step})" if self.next_step else self.message

    def __repr__(self) -> str:
        """Name the class and the message."""
        return f"{type(self).__name__}({self.message!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Support pickling."""
        return (type(self), (self._document,))


class InvalidArgument(Error, ValueError):
    """A request, option or file is not valid; `field` names it."""

    status = "INVALID_ARGUMENT"


class NotConfigured(Error):
    """Credentials or another required setting are missing."""

    status = "NOT_CONFIGURED"


class AbiMismatch(Error, ImportError):
    """This package and its library have different versions."""

    status = "ABI_MISMATCH"


class Unsupported(Error):
    """The operation is not supported, such as the use of a client in a forked child process."""

    status = "UNSUPPORTED"


class Unauthenticated(Error):
    """Wrong credentials, signature or clock, or the credentials have no access."""

    status = "UNAUTHENTICATED"


class Forbidden(Error):
    """The credentials or the SAS URL do not permit the call."""

    status = "FORBIDDEN"


class NotFound(Error, LookupError):
    """The project, deployment, export, blob or file does not exist."""

    status = "NOT_FOUND"


class Conflict(Error):
    """Conflict with another operation, package or file, such as a busy environment or an existing file."""

    status = "CONFLICT"


class Throttled(Error):
    """Rate limited by the service."""

    status = "THROTTLED"


class Unavailable(Error):
    """The service is temporarily unavailable."""

    status = "UNAVAILABLE"


class Rejected(Error):
    """The service understood the request and refused it."""

    status = "REJECTED"


class Protocol(Error):
    """The response could not be understood."""

    status = "PROTOCOL"


class Network(Error, ConnectionError):
    """The connection failed."""

    status = "NETWORK"


class Tls(Error, ConnectionError):
    """The certificate or the TLS handshake failed."""

    status = "TLS"


class Timeout(Error, TimeoutError):
    """A time limit was reached; the operation may continue in the service."""

    status = "TIMEOUT"


class Ambiguous(Error):
    """No response to a change was received: check before you retry, because it may have been processed."""

    status = "AMBIGUOUS"


class JobFailed(Error):
    """The deployment or export failed; `errors` has the texts of the service."""

    status = "JOB_FAILED"


class Expired(Error):
    """The SAS URL, export or backup has expired."""

    status = "EXPIRED"


class Warnings(Error):
    """The deployment has warnings, and `strict` is set; `errors` has the warnings."""

    status = "WARNINGS"


class DestinationDenied(Error):
    """The service may not write to the destination of the export."""

    status = "DESTINATION_DENIED"


class DestinationNotFound(Error):
    """The destination of the export does not exist."""

    status = "DESTINATION_NOT_FOUND"


class Io(Error, OSError):
    """A local file could not be read or written."""

    status = "IO"


class Integrity(Error):
    """Checksum or size mismatch."""

    status = "INTEGRITY"


class NoSpace(Error, OSError):
    """The local disk is full."""

    status = "NO_SPACE"


class Cancelled(Error):
    """The operation was cancelled."""

    status = "CANCELLED"


class Panic(Error):
    """A bug in the library, caught; other calls keep working."""

    status = "PANIC"


class Internal(Error):
    """A bug in the library."""

    status = "INTERNAL"


BY_STATUS: dict[str, type[Error]] = {kind.status: kind for kind in Error.__subclasses__()}
"""The class of each status."""


def from_document(document: Mapping[str, Any]) -> Error:
    """Create the exception that a document of the library describes."""
    return BY_STATUS.get(document["status"], Error)(document)
