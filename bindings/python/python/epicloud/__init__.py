"""Deploy to and export databases from the Optimizely DXP cloud.

    import epicloud

    with epicloud.Client(client_key=..., client_secret=..., project_id=...) as client:
        client.save_database_export(environment="Production", database_name="epicms", output_file="epicms.bacpac")

`epicloud.aio` is the same for asyncio, `epicloud.types` describes requests and results, and every failure is an
`epicloud.Error`. Requests and results can hold links that are secrets: do not log them.
"""

from . import types
from ._handles import declared_version
from .client import Client, Operation
from .errors import (
    AbiMismatch,
    Ambiguous,
    Cancelled,
    Conflict,
    DestinationDenied,
    DestinationNotFound,
    Error,
    Expired,
    Forbidden,
    Integrity,
    Internal,
    InvalidArgument,
    Io,
    JobFailed,
    Network,
    NoSpace,
    NotConfigured,
    NotFound,
    Panic,
    Protocol,
    Rejected,
    Throttled,
    Timeout,
    Tls,
    Unauthenticated,
    Unavailable,
    Unsupported,
    Warnings,
)
from .types import Progress

__version__ = declared_version()

__all__ = [
    "AbiMismatch",
    "Ambiguous",
    "Cancelled",
    "Client",
    "Conflict",
    "DestinationDenied",
    "DestinationNotFound",
    "Error",
    "Expired",
    "Forbidden",
    "Integrity",
    "Internal",
    "InvalidArgument",
    "Io",
    "JobFailed",
    "Network",
    "NoSpace",
    "NotConfigured",
    "NotFound",
    "Operation",
    "Panic",
    "Progress",
    "Protocol",
    "Rejected",
    "Throttled",
    "Timeout",
    "Tls",
    "Unauthenticated",
    "Unavailable",
    "Unsupported",
    "Warnings",
    "__version__",
    "types",
]
