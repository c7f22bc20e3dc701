"""The blocking client, and operations to watch, cancel or run several calls at once.

`Operations` is the one table of all calls. The blocking `Client` and the client of `epicloud.aio` are made from it.
"""

from __future__ import annotations

import contextlib
import functools
import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from . import errors, types
from ._handles import SLICE_MS, ClientHandle, OperationHandle, refused, seconds

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Buffer, Concatenate, ParamSpec, Self, Unpack

    P = ParamSpec("P")

R = TypeVar("R")

ENVIRONMENT = {
    "client_key": "EPI_CLIENT_KEY",
    "client_secret": "EPI_CLIENT_SECRET",
    "project_id": "EPI_PROJECT_ID",
    "endpoint": "EPI_ENDPOINT",
    "ca_file": "EPI_CA_FILE",
    "state_dir": "EPI_STATE_DIR",
    "call_timeout_seconds": "EPI_CALL_TIMEOUT",
}
"""The variables that `from_environment` reads, the same as those of the program `epi`."""


WHOLE = {"call_timeout_seconds": "seconds", "max_retention_days": "days"}
"""What is a number, of what."""


def read_environment(variables: Mapping[str, str] = ENVIRONMENT) -> dict[str, Any]:
    """Read the account from the environment; empty variables are ignored."""
    config: dict[str, Any] = {name: os.environ.get(variable) or None for name, variable in variables.items()}
    for name, unit in WHOLE.items():
        if config.get(name) is not None:
            try:
                config[name] = int(config[name])
            except ValueError:
                raise refused(variables[name], f"must be a whole number of {unit}") from None
    return config


class Operation(Generic[R]):
    """A running call.

    It finishes with its result, with an error, or cancelled. As a context manager it is cancelled, if it is still
    running, and freed at the end of the block; otherwise when the object is garbage collected. It is thread-safe.
    """

    def __init__(self, handle: OperationHandle, progress: types.ProgressCallback | None) -> None:
        """Take over a handle; `client.start` makes operations."""
        self._handle = handle
        self._callback = progress
        self._told: types.Progress | None = None

    def _tell(self) -> None:
        """Call the progress callback if the figures have changed since its last call."""
        if self._callback is None:
            return
        newest = self._handle.progress()
        if newest != self._told:
            self._told = newest
            self._callback(newest)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it finishes, at most `timeout` seconds (the default is no limit); return whether it has finished.

        An exception of a signal handler or of the progress callback, such as KeyboardInterrupt, cancels the operation
        and is raised when the operation has ended.
        """
        longest = seconds(timeout, "timeout")
        limit = None if longest is None else time.monotonic() + longest
        with self._handle.stopping():
            while True:
                left = SLICE_MS if limit is None else min(SLICE_MS, max(0.0, limit - time.monotonic()) * 1000)
                ended = self._handle.poll(int(left))
                self._tell()
                if ended:
                    return True
                if limit is not None and time.monotonic() >= limit:
                    return False

    def result(self) -> R:
        """Wait until it finishes and return the result, or raise the error. Each call returns a new copy."""
        self.wait()
        return cast("R", self._handle.result())

    @property
    def done(self) -> bool:
        """Whether it has finished."""
        return self._handle.poll(0)

    def progress(self) -> types.Progress:
        """Return the current progress. Never waits."""
        return self._handle.progress()

    def events(self, after: int = 0) -> types.Events:
        """Return the events after the one with this number; `lastSeq` is the number for the next call."""
        return cast("types.Events", self._handle.events(after))

    def cancel(self) -> None:
        """Cancel it, without waiting for its end. An operation that the service has accepted continues there."""
        self._handle.cancel()

    def close(self) -> None:
        """Cancel it if it is still running, and free it."""
        self._handle.close()

    def __iter__(self) -> Iterator[types.Progress]:
        """Yield the progress whenever it changes, until the operation finishes."""
        told = None
        with self._handle.stopping():
            while True:
                ended = self._handle.poll(0 if told is None else SLICE_MS)
                newest = self._handle.progress()
                if newest != told:
                    told = newest
                    yield newest
                if ended:
                    return

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Cancel it if it is still running, and free it."""
        # Closed already, or in a forked child: there is nothing to stop, and the block's own exception matters.
        with contextlib.suppress(errors.Error):
            if not self.done:
                self._handle.stop()
        self.close()

    def __repr__(self) -> str:
        """Name the operation; neither the request nor the result, which can hold secrets."""
        return f"<epicloud.Operation {self._handle.name}{' (closed)' if self._handle.closed else ''}>"


class Calls:
    """What the calls of every service are started with."""

    def __init__(self, handle: ClientHandle) -> None:
        """Take the client's handle; it is `client.start`."""
        self._handle = handle

    def _start(self, name: str, request: Mapping[str, Any]) -> Operation[Any]:
        members = dict(request)
        callback = members.pop("progress", None)
        if callback is not None and not callable(callback):
            raise refused("progress", "must be a function")
        timeout, log_level = members.pop("timeout", None), members.pop("log_level", None)
        return Operation(self._handle.start(name, members, timeout, log_level), callback)

    def get_job(self, **request: Unpack[types.GetJob]) -> Operation[types.Job]:
        """Get an export job of this service by its handle."""
        return self._start("job.get", request)

    def wait_for_job(self, **request: Unpack[types.WaitForJob]) -> Operation[types.Job]:
        """Wait for an export job of this service by its handle."""
        return self._start("job.wait", request)


class Operations(Calls):
    """Starts calls and returns their operations; an invalid request raises here, before anything is sent."""

    def verify(self, **request: Unpack[types.Request]) -> Operation[types.Verified]:
        """Verify the credentials by listing the deployments of the project."""
        return self._start("connect", request)

    def get_package_location(self, **request: Unpack[types.Request]) -> Operation[types.Location]:
        """Get the write-only SAS URL that packages are uploaded to; a secret."""
        return self._start("packageLocation.get", request)

    def upload_packages(self, **request: Unpack[types.UploadPackages]) -> Operation[types.UploadedPackages]:
        """Upload package files."""
        return self._start("package.upload", request)

    def deploy_packages(self, **request: Unpack[types.DeployPackages]) -> Operation[types.DeployedPackages]:
        """Upload package files, start a deployment of them and wait for it."""
        return self._start("package.deploy", request)

    def start_deployment(self, **request: Unpack[types.StartDeployment]) -> Operation[types.Deployment]:
        """Start a deployment of packages or of another environment's content; with `wait`, wait for it."""
        return self._start("deployment.start", request)

    def list_deployments(self, **request: Unpack[types.Request]) -> Operation[list[types.Deployment]]:
        """List the ten most recent deployments."""
        return self._start("deployment.list", request)

    def get_deployment(self, **request: Unpack[types.GetDeployment]) -> Operation[types.Deployment]:
        """Get a deployment."""
        return self._start("deployment.get", request)

    def wait_for_deployment(self, **request: Unpack[types.WaitForDeployment]) -> Operation[types.Deployment]:
        """Wait for a running deployment."""
        return self._start("deployment.wait", request)

    def complete_deployment(self, **request: Unpack[types.CompleteDeployment]) -> Operation[types.Deployment]:
        """Complete a deployment that awaits verification; with `wait`, wait for it."""
        return self._start("deployment.complete", request)

    def reset_deployment(self, **request: Unpack[types.ResetDeployment]) -> Operation[types.Deployment]:
        """Reset (roll back) a deployment that awaits verification; with `wait`, wait for it."""
        return self._start("deployment.reset", request)

    def start_database_export(self, **request: Unpack[types.StartDatabaseExport]) -> Operation[types.DatabaseExport]:
        """Start a database export; with `wait`, wait for it."""
        return self._start("databaseExport.start", request)

    def get_database_export(self, **request: Unpack[types.GetDatabaseExport]) -> Operation[types.DatabaseExport]:
        """Get a database export."""
        return self._start("databaseExport.get", request)

    def wait_for_database_export(
        self, **request: Unpack[types.WaitForDatabaseExport]
    ) -> Operation[types.DatabaseExport]:
        """Wait for a running database export."""
        return self._start("databaseExport.wait", request)

    def save_database_export(self, **request: Unpack[types.SaveDatabaseExport]) -> Operation[types.SavedDatabaseExport]:
        """Start a database export or use an existing one, wait, download and verify; resumes after an interruption."""
        return self._start("databaseExport.save", request)

    def list_storage_containers(
        self, **request: Unpack[types.ListStorageContainers]
    ) -> Operation[types.StorageContainers]:
        """List the storage containers of an environment."""
        return self._start("storageContainer.list", request)

    def get_storage_links(self, **request: Unpack[types.GetStorageLinks]) -> Operation[list[types.StorageLink]]:
        """Create SAS URLs for storage containers; they are secrets."""
        return self._start("storageSas.get", request)

    def get_edge_log_location(self, **request: Unpack[types.Request]) -> Operation[types.Location]:
        """Get the read-only SAS URL of the edge logs; a secret."""
        return self._start("edgeLogLocation.get", request)


def describe(wrapper: Callable[..., Any], start: Callable[..., Any], operation: str = "{}") -> None:
    """Give a method made from one of `Operations` its name, text and signature, with the result it has."""
    functools.update_wrapper(wrapper, start)
    # Shown instead of the wrapped function's own, whose result is an operation.
    del wrapper.__wrapped__  # type: ignore[attr-defined]
    result = start.__annotations__["return"][len("Operation[") : -len("]")]
    wrapper.__annotations__ = {**start.__annotations__, "return": operation.format(result)}
    # An editor reads the types; help() shows only this.
    request = start.__annotations__["request"][len("Unpack[types.") : -len("]")]
    members = ", ".join(getattr(types, request).__annotations__)
    wrapper.__doc__ = f"{start.__doc__}\n\nArguments, described in epicloud.types.{request}: {members}."


class Account:
    """What all clients share: an account at a service, and its end."""

    _variables: ClassVar[Mapping[str, str]] = ENVIRONMENT

    def __init__(self, config: Mapping[str, Any], secret: str | Buffer | None) -> None:
        """Make a client; that of each service says of what."""
        self._handle = ClientHandle(config, secret)

    @classmethod
    def from_environment(cls) -> Self:
        """Make a client from the variables that `epi` reads for this service; an empty one counts as not set."""
        return cls(**read_environment(cls._variables))

    def cancel_all(self) -> None:
        """Cancel all operations of this client."""
        self._handle.cancel_all()

    def close(self) -> None:
        """Free the client. Running operations continue and can still be waited for."""
        self._handle.close()

    def __repr__(self) -> str:
        """Tell whether it is closed; never the account."""
        module, name = type(self).__module__.replace(".client", ""), type(self).__name__
        return f"<{module}.{name}{' (closed)' if self._handle.closed else ''}>"


class DxpAccount(Account):
    """What both clients of Optimizely DXP share."""

    def __init__(self, *, client_secret: str | Buffer | None = None, **config: Unpack[types.Config]) -> None:
        """Make a client. Checks the configuration; nothing is sent yet.

        The secret, a text or bytes, is copied by the library and not kept here. Without key and secret a client can
        only do what needs no account, such as uploading to a link.
        """
        super().__init__(config, client_secret)

    @classmethod
    def from_environment(cls) -> Self:
        """Make a client from EPI_CLIENT_KEY, EPI_CLIENT_SECRET, EPI_PROJECT_ID and what else `epi` reads.

        That is EPI_ENDPOINT, EPI_CA_FILE, EPI_STATE_DIR and EPI_CALL_TIMEOUT. An empty variable counts as not set.
        """
        return super().from_environment()


class BlockingAccount(Account):
    """An account whose calls are waited for."""

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()


def blocking(
    start: Callable[Concatenate[Any, P], Operation[R]],
) -> Callable[Concatenate[Any, P], R]:
    """Make the method of a client that starts a call and waits for its result."""

    def call(client: Any, /, *args: P.args, **request: P.kwargs) -> R:
        with start(client.start, *args, **request) as operation:
            return operation.result()

    describe(call, start)
    return call


class Client(DxpAccount, BlockingAccount):
    """One account at one service. Any thread may use it, and any number of calls may run at once.

    Requests are keyword arguments in snake_case; members that are None count as left out. Every call also takes
    `timeout` (seconds), `progress` (a function) and `log_level`. Failures are raised as `epicloud.Error`. Ctrl-C ends
    a call: it is cancelled, and KeyboardInterrupt goes on.
    """

    @property
    def start(self) -> Operations:
        """The same calls, which return an `Operation` instead of waiting for its result."""
        return Operations(self._handle)

    verify = blocking(Operations.verify)
    get_package_location = blocking(Operations.get_package_location)
    upload_packages = blocking(Operations.upload_packages)
    deploy_packages = blocking(Operations.deploy_packages)
    start_deployment = blocking(Operations.start_deployment)
    list_deployments = blocking(Operations.list_deployments)
    get_deployment = blocking(Operations.get_deployment)
    wait_for_deployment = blocking(Operations.wait_for_deployment)
    complete_deployment = blocking(Operations.complete_deployment)
    reset_deployment = blocking(Operations.reset_deployment)
    start_database_export = blocking(Operations.start_database_export)
    get_database_export = blocking(Operations.get_database_export)
    wait_for_database_export = blocking(Operations.wait_for_database_export)
    save_database_export = blocking(Operations.save_database_export)
    list_storage_containers = blocking(Operations.list_storage_containers)
    get_storage_links = blocking(Operations.get_storage_links)
    get_edge_log_location = blocking(Operations.get_edge_log_location)
    get_job = blocking(Operations.get_job)
    wait_for_job = blocking(Operations.wait_for_job)
