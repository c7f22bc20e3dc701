"""What goes wrong, as exceptions: one class for each status of the library, all below `Error`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Retry = Literal["never", "later", "exhausted"]
"""Whether trying again can help: the answer will be the same; later; it was tried again and kept failing."""


class Error(Exception):
    """A call failed. Its text is the message of the library and what to do about it; it holds no secret.

    A status that this package does not know, because the library is newer, is an `Error` of no subclass.
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
    """The service's own texts."""
    request_id: str | None
    """The service's request id, for questions to its support."""
    field: str | None
    """The JSON path of what broke a rule, with the service's spelling, such as "wait.timeoutMinutes"."""
    next_step: str | None
    """What to do about it."""
    retry: Retry
    """Whether trying again can help."""
    retry_after_ms: int | None
    """How long the service asked to wait before the next try, in milliseconds."""
    attempts: int | None
    """How many tries were made."""
    exit_code: int
    """The exit code that the program `epi` has for this."""

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
        """Give the message and, in brackets, the next step."""
        return f"{self.message} ({self.next_step})" if self.next_step else self.message

    def __repr__(self) -> str:
        """Name the class and the message."""
        return f"{type(self).__name__}({self.message!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it travel between processes."""
        return (type(self), (self._document,))


class InvalidArgument(Error, ValueError):
    """A request, option or file breaks a rule; `field` names it."""

    status = "INVALID_ARGUMENT"


class NotConfigured(Error):
    """Credentials or another required setting are missing."""

    status = "NOT_CONFIGURED"


class AbiMismatch(Error, ImportError):
    """This package and the library beside it do not belong together."""

    status = "ABI_MISMATCH"


class Unsupported(Error):
    """This is not offered, such as the use of a client in a forked child."""

    status = "UNSUPPORTED"


class Unauthenticated(Error):
    """Credentials, signature or clock are wrong, or the credentials lack a right."""

    status = "UNAUTHENTICATED"


class Forbidden(Error):
    """The credentials or the link do not permit the call."""

    status = "FORBIDDEN"


class NotFound(Error, LookupError):
    """The project, deployment, export, blob or file does not exist."""

    status = "NOT_FOUND"


class Conflict(Error):
    """Something else is in the way: a busy environment, an existing file."""

    status = "CONFLICT"


class Throttled(Error):
    """The service asks for fewer requests."""

    status = "THROTTLED"


class Unavailable(Error):
    """The service cannot answer at present."""

    status = "UNAVAILABLE"


class Rejected(Error):
    """The service understood the request and refused it."""

    status = "REJECTED"


class Protocol(Error):
    """The answer could not be understood."""

    status = "PROTOCOL"


class Network(Error, ConnectionError):
    """The connection failed."""

    status = "NETWORK"


class Tls(Error, ConnectionError):
    """The certificate or the TLS handshake failed."""

    status = "TLS"


class Timeout(Error, TimeoutError):
    """A time limit passed; the service may go on."""

    status = "TIMEOUT"


class Ambiguous(Error):
    """The answer to a change was lost: look before trying again."""

    status = "AMBIGUOUS"


class JobFailed(Error):
    """The deployment or export ended in failure; `errors` has the service's texts."""

    status = "JOB_FAILED"


class LinkExpired(Error):
    """The link is past its time."""

    status = "LINK_EXPIRED"


class Warnings(Error):
    """The deployment ended well but with warnings, and `strict` was asked for; `errors` has them."""

    status = "WARNINGS"


class Io(Error, OSError):
    """A local file could not be read or written."""

    status = "IO"


class Integrity(Error):
    """Data differs from its checksum or size."""

    status = "INTEGRITY"


class NoSpace(Error, OSError):
    """The local disk is full."""

    status = "NO_SPACE"


class Cancelled(Error):
    """The operation was cancelled."""

    status = "CANCELLED"


class Panic(Error):
    """A defect in the library, caught; other calls go on working."""

    status = "PANIC"


class Internal(Error):
    """A defect in the library."""

    status = "INTERNAL"


BY_STATUS: dict[str, type[Error]] = {kind.status: kind for kind in Error.__subclasses__()}
"""The class of each status."""


def from_document(document: Mapping[str, Any]) -> Error:
    """Make the exception that a document of the library describes."""
    return BY_STATUS.get(document["status"], Error)(document)
