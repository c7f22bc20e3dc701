"""Export databases of a Redis Enterprise Software cluster.

`Client` blocks and `AsyncClient` is the same for asyncio. `epicloud.types` describes requests and results, and every
failure is an `epicloud.Error`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from . import aio, types
from ._handles import AsSpelled
from .client import Account, BlockingAccount, Calls, Operation, blocking

if TYPE_CHECKING:
    from typing_extensions import Buffer, Unpack

ENVIRONMENT = {
    "endpoint": "EPI_REDIS_ENDPOINT",
    "user": "EPI_REDIS_USER",
    "password": "EPI_REDIS_PASSWORD",
    "authentication": "EPI_REDIS_AUTHENTICATION",
    "ca_file": "EPI_REDIS_CA_FILE",
    "certificate_sha256": "EPI_REDIS_CERTIFICATE_SHA256",
    "call_timeout_seconds": "EPI_CALL_TIMEOUT",
}
"""The variables that `from_environment` reads, the same as those of the program `epi`."""


class Operations(Calls):
    """Starts calls and returns their operations; an invalid request raises here, before anything is sent."""

    def verify(self, **request: Unpack[types.ConnectCluster]) -> Operation[types.Cluster]:
        """Verify the credentials; say what the cluster is and whether a database can be exported."""
        return self._start("redisEnterprise.connect", request)

    def start_export(self, **request: Unpack[types.StartRedisExport]) -> Operation[types.Job]:
        """Start an export of a database; with `wait`, wait for it."""
        members = dict(request)
        location = request.get("location")
        if isinstance(location, Mapping):
            members["location"] = AsSpelled(location)
        return self._start("redisEnterprise.export.start", members)

    def get_export(self, **request: Unpack[types.GetRedisExport]) -> Operation[types.Job]:
        """Get an export by its handle, or the last one of a database."""
        return self._start("redisEnterprise.export.get", request)

    def wait_for_export(self, **request: Unpack[types.WaitForRedisExport]) -> Operation[types.Job]:
        """Wait for a running export."""
        return self._start("redisEnterprise.export.wait", request)

    def reset_export(self, **request: Unpack[types.OfRedisDatabase]) -> Operation[types.Job]:
        """Clear what a database says of its last export; the files stay."""
        return self._start("redisEnterprise.export.reset", request)

    def list_databases(self, **request: Unpack[types.Call]) -> Operation[list[types.RedisDatabase]]:
        """List the databases of the cluster, without their passwords."""
        return self._start("redisEnterprise.database.list", request)

    def get_database(self, **request: Unpack[types.OfRedisDatabase]) -> Operation[types.RedisDatabase]:
        """Get a database, without its passwords."""
        return self._start("redisEnterprise.database.get", request)


class ServiceAccount(Account):
    """What both clients share."""

    _variables: ClassVar[Mapping[str, str]] = ENVIRONMENT

    def __init__(self, *, password: str | Buffer | None = None, **config: Unpack[types.RedisEnterpriseConfig]) -> None:
        """Make a client. Checks the configuration; nothing is sent yet.

        The user's password, a text or bytes, is copied by the library and not kept here.
        """
        super().__init__({**config, "service": "redis-enterprise"}, password)


class Client(ServiceAccount, BlockingAccount):
    """One account at one service. Any thread may use it, and any number of calls may run at once."""

    @property
    def start(self) -> Operations:
        """The same calls, which return an `Operation` instead of waiting for its result."""
        return Operations(self._handle)

    verify = blocking(Operations.verify)
    start_export = blocking(Operations.start_export)
    get_export = blocking(Operations.get_export)
    wait_for_export = blocking(Operations.wait_for_export)
    reset_export = blocking(Operations.reset_export)
    list_databases = blocking(Operations.list_databases)
    get_database = blocking(Operations.get_database)
    get_job = blocking(Operations.get_job)
    wait_for_job = blocking(Operations.wait_for_job)


class AsyncOperations(aio.Starts):
    """Starts calls and returns their operations; an invalid request raises here, before anything is sent."""

    verify = aio.starting(Operations.verify)
    start_export = aio.starting(Operations.start_export)
    get_export = aio.starting(Operations.get_export)
    wait_for_export = aio.starting(Operations.wait_for_export)
    reset_export = aio.starting(Operations.reset_export)
    list_databases = aio.starting(Operations.list_databases)
    get_database = aio.starting(Operations.get_database)
    get_job = aio.starting(Operations.get_job)
    wait_for_job = aio.starting(Operations.wait_for_job)


class AsyncClient(ServiceAccount, aio.AsyncAccount):
    """The client for asyncio: it takes what `Client` takes, and its methods are the same, to be awaited."""

    @property
    def start(self) -> AsyncOperations:
        """The same calls, which return an `epicloud.aio.Operation` instead of waiting for its result."""
        return AsyncOperations(Operations(self._handle))

    verify = aio.asynchronous(Operations.verify)
    start_export = aio.asynchronous(Operations.start_export)
    get_export = aio.asynchronous(Operations.get_export)
    wait_for_export = aio.asynchronous(Operations.wait_for_export)
    reset_export = aio.asynchronous(Operations.reset_export)
    list_databases = aio.asynchronous(Operations.list_databases)
    get_database = aio.asynchronous(Operations.get_database)
    get_job = aio.asynchronous(Operations.get_job)
    wait_for_job = aio.asynchronous(Operations.wait_for_job)
