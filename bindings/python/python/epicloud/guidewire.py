"""Back up databases of Guidewire Cloud.

`Client` blocks and `AsyncClient` is the same for asyncio. `epicloud.types` describes requests and results, and every
failure is an `epicloud.Error`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from . import aio, types
from .client import Account, BlockingAccount, Calls, Operation, blocking

if TYPE_CHECKING:
    from typing_extensions import Buffer, Unpack

ENVIRONMENT = {
    "endpoint": "EPI_GUIDEWIRE_ENDPOINT",
    "token_url": "EPI_GUIDEWIRE_TOKEN_URL",
    "client_id": "EPI_GUIDEWIRE_CLIENT_ID",
    "client_secret": "EPI_GUIDEWIRE_CLIENT_SECRET",
    "tenant_id": "EPI_GUIDEWIRE_TENANT",
    "star_system_id": "EPI_GUIDEWIRE_STAR_SYSTEM",
    "scopes": "EPI_GUIDEWIRE_SCOPES",
    "max_retention_days": "EPI_GUIDEWIRE_MAX_RETENTION_DAYS",
    "ca_file": "EPI_CA_FILE",
    "call_timeout_seconds": "EPI_CALL_TIMEOUT",
}
"""The variables that `from_environment` reads, the same as those of the program `epi`."""


class Operations(Calls):
    """Starts calls and returns their operations; an invalid request raises here, before anything is sent."""

    def verify(self, **request: Unpack[types.Call]) -> Operation[types.StarSystem]:
        """Verify the credentials by listing the backups of the star system."""
        return self._start("guidewire.connect", request)

    def create_backup(self, **request: Unpack[types.CreateBackup]) -> Operation[types.Job]:
        """Create a backup of a planet's databases; with `wait`, wait for it."""
        return self._start("guidewire.backup.create", request)

    def get_backup(self, **request: Unpack[types.GetBackup]) -> Operation[types.Job]:
        """Get a backup."""
        return self._start("guidewire.backup.get", request)

    def list_backups(self, **request: Unpack[types.ListBackups]) -> Operation[list[types.Job]]:
        """List the backups of a planet or of the star system."""
        return self._start("guidewire.backup.list", request)

    def wait_for_backup(self, **request: Unpack[types.WaitForBackup]) -> Operation[types.Job]:
        """Wait for a running backup."""
        return self._start("guidewire.backup.wait", request)

    def delete_backup(self, **request: Unpack[types.DeleteBackup]) -> Operation[types.Job]:
        """Delete a backup, and wait until it is gone."""
        return self._start("guidewire.backup.delete", request)


class ServiceAccount(Account):
    """What both clients share."""

    _variables: ClassVar[Mapping[str, str]] = ENVIRONMENT

    def __init__(self, *, client_secret: str | Buffer | None = None, **config: Unpack[types.GuidewireConfig]) -> None:
        """Make a client. Checks the configuration; nothing is sent yet.

        The secret of the OAuth client, a text or bytes, is copied by the library and not kept here.
        """
        super().__init__({**config, "service": "guidewire"}, client_secret)


class Client(ServiceAccount, BlockingAccount):
    """One account at one service. Any thread may use it, and any number of calls may run at once."""

    @property
    def start(self) -> Operations:
        """The same calls, which return an `Operation` instead of waiting for its result."""
        return Operations(self._handle)

    verify = blocking(Operations.verify)
    create_backup = blocking(Operations.create_backup)
    get_backup = blocking(Operations.get_backup)
    list_backups = blocking(Operations.list_backups)
    wait_for_backup = blocking(Operations.wait_for_backup)
    delete_backup = blocking(Operations.delete_backup)
    get_job = blocking(Operations.get_job)
    wait_for_job = blocking(Operations.wait_for_job)


class AsyncOperations(aio.Starts):
    """Starts calls and returns their operations; an invalid request raises here, before anything is sent."""

    verify = aio.starting(Operations.verify)
    create_backup = aio.starting(Operations.create_backup)
    get_backup = aio.starting(Operations.get_backup)
    list_backups = aio.starting(Operations.list_backups)
    wait_for_backup = aio.starting(Operations.wait_for_backup)
    delete_backup = aio.starting(Operations.delete_backup)
    get_job = aio.starting(Operations.get_job)
    wait_for_job = aio.starting(Operations.wait_for_job)


class AsyncClient(ServiceAccount, aio.AsyncAccount):
    """The client for asyncio: it takes what `Client` takes, and its methods are the same, to be awaited."""

    @property
    def start(self) -> AsyncOperations:
        """The same calls, which return an `epicloud.aio.Operation` instead of waiting for its result."""
        return AsyncOperations(Operations(self._handle))

    verify = aio.asynchronous(Operations.verify)
    create_backup = aio.asynchronous(Operations.create_backup)
    get_backup = aio.asynchronous(Operations.get_backup)
    list_backups = aio.asynchronous(Operations.list_backups)
    wait_for_backup = aio.asynchronous(Operations.wait_for_backup)
    delete_backup = aio.asynchronous(Operations.delete_backup)
    get_job = aio.asynchronous(Operations.get_job)
    wait_for_job = aio.asynchronous(Operations.wait_for_job)
