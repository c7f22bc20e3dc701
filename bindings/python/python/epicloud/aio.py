"""The client for asyncio. Each operation that is awaited has a thread that waits inside the library; the loop is free.

Cancelling a task cancels its operation, waits within a limit for the end of it, and goes on with CancelledError.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from . import client as blocking
from . import errors, types
from ._handles import CANCEL_LIMIT_MS, SLICE_MS, seconds
from .client import Operations as Table

if TYPE_CHECKING:
    from typing_extensions import Concatenate, ParamSpec, Self

    P = ParamSpec("P")

R = TypeVar("R")

_SLICE = SLICE_MS / 1000


def _settle(ended: asyncio.Future[None]) -> None:
    if not ended.done():
        ended.set_result(None)


def _watch(wait: Callable[[], object], loop: asyncio.AbstractEventLoop, ended: asyncio.Future[None]) -> None:
    wait()
    # The loop may be closed by now; then nobody asks any more.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(_settle, ended)


class Operation(Generic[R]):
    """One call at work, for asyncio.

    It can be awaited for its result, and iterated over with `async for` for its progress. As an asynchronous context
    manager it is cancelled, if it still runs, and freed at the end of the block; without, when the object goes.
    """

    def __init__(self, inner: blocking.Operation[R]) -> None:
        """Take over an operation; `client.start` makes these."""
        self._inner = inner
        self._handle = inner._handle
        self._future: asyncio.Future[None] | None = None
        self._stopped = False

    def _ended(self) -> asyncio.Future[None]:
        """Give what the running loop is told the end by."""
        loop = asyncio.get_running_loop()
        if self._future is None or self._future.get_loop() is not loop:
            self._future = loop.create_future()
            # It must not keep this object, so that an operation that nobody holds is freed, which ends the thread.
            known = (self._handle.waiter(), loop, self._future)
            threading.Thread(target=_watch, args=known, name="epicloud", daemon=True).start()
        return self._future

    async def _stop(self) -> None:
        """Cancel it and wait, within one limit, for its end."""
        self._handle.cancel()
        if not self._stopped:
            self._stopped = True
            await asyncio.wait({self._ended()}, timeout=CANCEL_LIMIT_MS / 1000)

    @contextlib.asynccontextmanager
    async def _stopping(self) -> AsyncIterator[None]:
        """Stop the operation when the block is left by an exception, such as CancelledError."""
        try:
            yield
        except GeneratorExit:
            # A loop over progress was left early, which says nothing about the operation.
            raise
        except BaseException as exception:
            with contextlib.suppress(errors.Error):
                await self._stop()
                self._handle.advise(exception)
            raise

    async def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end, at most `timeout` seconds (no limit when left out); tell whether it has come.

        Cancelling the task that waits, or an exception of the progress callback, cancels the operation.
        """
        longest = seconds(timeout, "timeout")
        limit = None if longest is None else time.monotonic() + longest
        async with self._stopping():
            while True:
                left = None if limit is None else max(0.0, limit - time.monotonic())
                if self._inner._callback is not None:
                    left = _SLICE if left is None else min(_SLICE, left)
                ended, _ = await asyncio.wait({self._ended()}, timeout=left)
                self._inner._tell()
                if ended:
                    return True
                if limit is not None and time.monotonic() >= limit:
                    return False

    async def result(self) -> R:
        """Wait until it finishes and return the result, or raise the error. Each call returns a new copy."""
        await self.wait()
        return self._inner.result()

    def __await__(self) -> Generator[Any, None, R]:
        """Wait for the result."""
        return self.result().__await__()

    @property
    def done(self) -> bool:
        """Whether it has finished."""
        return self._inner.done

    def progress(self) -> types.Progress:
        """Return the current progress. Never waits."""
        return self._inner.progress()

    def events(self, after: int = 0) -> types.Events:
        """Return the events after the one with this number; `lastSeq` is the number for the next call."""
        return self._inner.events(after)

    def cancel(self) -> None:
        """Cancel it, without waiting for its end. An operation that the service has accepted continues there."""
        self._inner.cancel()

    def close(self) -> None:
        """Cancel it if it is still running, and give it back. Never waits."""
        self._handle.release()

    async def __aiter__(self) -> AsyncIterator[types.Progress]:
        """Yield the progress whenever it changes, until the operation finishes."""
        told = None
        async with self._stopping():
            while True:
                ended, _ = await asyncio.wait({self._ended()}, timeout=0 if told is None else _SLICE)
                newest = self.progress()
                if newest != told:
                    told = newest
                    yield newest
                if ended:
                    return

    async def __aenter__(self) -> Self:
        """Give itself."""
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Cancel it if it is still running, and free it."""
        # Closed already, or in a forked child: there is nothing to stop, and the block's own exception matters.
        with contextlib.suppress(errors.Error):
            if not self.done:
                await self._stop()
        self.close()

    def __repr__(self) -> str:
        """Name the call; neither the request nor the result, which can hold secrets."""
        return repr(self._inner).replace("epicloud.", "epicloud.aio.")


def starting(
    start: Callable[Concatenate[Any, P], blocking.Operation[R]],
) -> Callable[Concatenate[Any, P], Operation[R]]:
    """Make the method that starts a call of a table."""

    def call(operations: Any, /, *args: P.args, **request: P.kwargs) -> Operation[R]:
        return Operation(start(operations._table, *args, **request))

    blocking.describe(call, start, "Operation[{}]")
    return call


def asynchronous(
    start: Callable[Concatenate[Any, P], blocking.Operation[R]],
) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]:
    """Make the method of a client that starts a call and awaits its result."""

    async def call(client: Any, /, *args: P.args, **request: P.kwargs) -> R:
        async with Operation(start(client.start._table, *args, **request)) as operation:
            return await operation.result()

    blocking.describe(call, start)
    return call


class Starts:
    """What the calls of every service are started with."""

    def __init__(self, table: blocking.Calls) -> None:
        """Take the table of all calls; it is `client.start`."""
        self._table = table


class Operations(Starts):
    """Starts calls and returns their operations; an invalid request raises here, before anything is sent."""

    verify = starting(Table.verify)
    get_package_location = starting(Table.get_package_location)
    upload_packages = starting(Table.upload_packages)
    deploy_packages = starting(Table.deploy_packages)
    start_deployment = starting(Table.start_deployment)
    list_deployments = starting(Table.list_deployments)
    get_deployment = starting(Table.get_deployment)
    wait_for_deployment = starting(Table.wait_for_deployment)
    complete_deployment = starting(Table.complete_deployment)
    reset_deployment = starting(Table.reset_deployment)
    start_database_export = starting(Table.start_database_export)
    get_database_export = starting(Table.get_database_export)
    wait_for_database_export = starting(Table.wait_for_database_export)
    save_database_export = starting(Table.save_database_export)
    list_storage_containers = starting(Table.list_storage_containers)
    get_storage_links = starting(Table.get_storage_links)
    get_edge_log_location = starting(Table.get_edge_log_location)
    get_job = starting(Table.get_job)
    wait_for_job = starting(Table.wait_for_job)


class AsyncAccount(blocking.Account):
    """An account whose calls are awaited."""

    async def __aenter__(self) -> Self:
        """Give itself."""
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Close it."""
        self.close()


class Client(blocking.DxpAccount, AsyncAccount):
    """One account at one service, for asyncio. Any number of calls may run at once.

    It takes what `epicloud.Client` takes, and its methods are the same, to be awaited.
    """

    @property
    def start(self) -> Operations:
        """The same calls, which return an `Operation` instead of waiting for its result."""
        return Operations(Table(self._handle))

    verify = asynchronous(Table.verify)
    get_package_location = asynchronous(Table.get_package_location)
    upload_packages = asynchronous(Table.upload_packages)
    deploy_packages = asynchronous(Table.deploy_packages)
    start_deployment = asynchronous(Table.start_deployment)
    list_deployments = asynchronous(Table.list_deployments)
    get_deployment = asynchronous(Table.get_deployment)
    wait_for_deployment = asynchronous(Table.wait_for_deployment)
    complete_deployment = asynchronous(Table.complete_deployment)
    reset_deployment = asynchronous(Table.reset_deployment)
    start_database_export = asynchronous(Table.start_database_export)
    get_database_export = asynchronous(Table.get_database_export)
    wait_for_database_export = asynchronous(Table.wait_for_database_export)
    save_database_export = asynchronous(Table.save_database_export)
    list_storage_containers = asynchronous(Table.list_storage_containers)
    get_storage_links = asynchronous(Table.get_storage_links)
    get_edge_log_location = asynchronous(Table.get_edge_log_location)
    get_job = asynchronous(Table.get_job)
    wait_for_job = asynchronous(Table.wait_for_job)
