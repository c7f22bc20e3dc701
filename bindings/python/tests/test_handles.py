"""Handles: each is freed once, whatever happens; and the life of the process."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from epicloud._native import ffi, lib

import epicloud
import epicloud.aio
from epicloud import _handles
from stage import ABSENT, PATIENCE, WAIT, Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = ("epi_client", "epi_operation", "epi_error", "epi_string")


class Counting:
    """The library, with a record of what it gave away and what was freed."""

    interrupted: str | None = None
    """The function during which Ctrl-C is pressed."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self.given: Counter[Any] = Counter()
        self.freed: Counter[Any] = Counter()

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._library, name)
        if not name.startswith("epi_"):
            return function
        if name.endswith(("_free", "_release")):
            kind = name.rpartition("_")[0]
            return lambda pointer: self._free(kind, pointer, function)

        def call(*arguments: Any) -> Any:
            result = function(*arguments)
            for place in arguments:
                self._note(place)
            if name == self.interrupted:
                # As if the signal had come while the function ran: its handler runs when that returns.
                signal.raise_signal(signal.SIGINT)
            return result

        return call

    def _free(self, kind: str, pointer: Any, function: Any) -> None:
        if pointer != ffi.NULL:
            self.freed[kind, int(ffi.cast("uintptr_t", pointer))] += 1
        function(pointer)

    def _note(self, place: Any) -> None:
        if not isinstance(place, ffi.CData):
            return
        kinds = {"struct epi_client * *": 0, "struct epi_operation * *": 1, "struct epi_error * *": 2, "char * *": 3}
        kind = kinds.get(ffi.typeof(place).cname)
        if kind is not None and place[0] != ffi.NULL:
            self.given[KINDS[kind], int(ffi.cast("uintptr_t", place[0]))] += 1

    def balanced(self, *expected: str) -> None:
        """Whether all that was given was freed once; `expected` must have been among it."""
        assert {kind for kind, _ in self.given} >= set(expected)
        assert self.freed == self.given


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counting]:
    library = Counting(lib)
    monkeypatch.setattr(_handles, "lib", library)
    yield library
    gc.collect()


def test_freed_once_on_success(emulator: Emulator, counting: Counting) -> None:
    with epicloud.Client(**emulator.account) as client:
        client.list_deployments()
        with client.start.verify() as operation:
            operation.result()
            operation.result()
            operation.events()
            operation.close()
        operation.close()
    client.close()
    counting.balanced("epi_client", "epi_operation", "epi_string")


def test_freed_once_on_error(emulator: Emulator, counting: Counting) -> None:
    with epicloud.Client(**emulator.account) as client:
        for identity in (ABSENT, ""):
            with pytest.raises(epicloud.Error):
                client.get_deployment(id=identity)
    with pytest.raises(epicloud.InvalidArgument):
        epicloud.Client(endpoint="nonsense")
    counting.balanced("epi_client", "epi_operation", "epi_error")


def test_freed_once_on_cancel(emulator: Emulator, counting: Counting) -> None:
    emulator.stall(path=ABSENT)
    with epicloud.Client(**emulator.account) as client:
        with client.start.wait_for_deployment(id=ABSENT, wait=WAIT) as operation:
            operation.cancel()
            with pytest.raises(epicloud.Cancelled):
                operation.result()

        async def run() -> None:
            async with epicloud.aio.Client(**emulator.account) as other:
                task = asyncio.ensure_future(other.get_deployment(id=ABSENT))
                await asyncio.to_thread(emulator.wait_for_open_request, ABSENT)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

        asyncio.run(run())
    counting.balanced("epi_client", "epi_operation", "epi_error")


@pytest.mark.parametrize("surface", ["method", "start", "asyncio"])
def test_a_call_that_is_interrupted_while_it_starts_is_ended(
    emulator: Emulator, counting: Counting, surface: str
) -> None:
    emulator.stall(path=ABSENT)
    asynchronous = epicloud.aio.Client(**emulator.account)
    with epicloud.Client(**emulator.account) as client:
        use = {"method": client, "start": client.start, "asyncio": asynchronous.start}[surface]
        counting.interrupted = "epi_operation_start"
        # The exception is alive while this looks, as it is in an `except`: nothing waits for the end of that.
        with pytest.raises(KeyboardInterrupt) as caught:
            use.get_deployment(id=ABSENT)  # type: ignore[attr-defined]
        assert caught.value.__traceback__ is not None
        assert len([one for one in counting.given if one[0] == "epi_operation"]) == 1
        assert [one for one in counting.freed if one[0] == "epi_operation"]
        emulator.wait_until_none_is_open()
    asynchronous.close()
    counting.balanced("epi_client", "epi_operation")


def test_a_close_that_is_interrupted_frees(
    emulator: Emulator, client: epicloud.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.stall(path=ABSENT)
    operation = client.start.get_deployment(id=ABSENT)
    emulator.wait_for_open_request(ABSENT)
    calls = 0

    class Interrupted:
        """The library, when Ctrl-C is pressed just before it frees."""

        def __getattr__(self, name: str) -> Any:
            return getattr(lib, name)

        def epi_operation_free(self, pointer: Any) -> None:
            nonlocal calls
            calls += 1
            if calls == 1:
                signal.raise_signal(signal.SIGINT)
            lib.epi_operation_free(pointer)

    monkeypatch.setattr(_handles, "lib", Interrupted())
    with pytest.raises(KeyboardInterrupt):
        operation.close()
    assert calls == 2
    assert "closed" in repr(operation)
    emulator.wait_until_none_is_open()


@pytest.mark.parametrize("function", ["epi_client_new", "epi_operation_events", "epi_operation_result"])
def test_what_an_interrupted_call_gave_is_freed(emulator: Emulator, counting: Counting, function: str) -> None:
    def use() -> None:
        with epicloud.Client(**emulator.account) as client:
            operation = client.start.list_deployments()
            operation.wait()
            operation.events()
            operation.result()

    counting.interrupted = function
    with pytest.raises(KeyboardInterrupt):
        use()
    gc.collect()
    counting.balanced("epi_client")


@pytest.mark.parametrize("function", ["epi_client_new", "epi_operation_start", "epi_operation_result"])
def test_the_error_of_an_interrupted_call_is_freed(emulator: Emulator, counting: Counting, function: str) -> None:
    def use() -> None:
        with epicloud.Client(**emulator.account) as client:
            counting.interrupted = function
            if function == "epi_client_new":
                epicloud.Client(endpoint="nonsense")
            client.get_deployment(id="" if function == "epi_operation_start" else ABSENT)

    with pytest.raises(KeyboardInterrupt):
        use()
    gc.collect()
    counting.balanced("epi_client", "epi_error")


def test_freed_once_on_collection(emulator: Emulator, counting: Counting) -> None:
    emulator.stall(path=ABSENT)

    def forget() -> None:
        client = epicloud.Client(**emulator.account)
        client.start.list_deployments().wait()
        running = client.start.get_deployment(id=ABSENT)
        emulator.wait_for_open_request(ABSENT)
        assert not running.done

    forget()
    gc.collect()
    counting.balanced("epi_client", "epi_operation")
    # What ran was cancelled by it.
    emulator.wait_until_none_is_open()


def test_an_awaited_operation_that_is_forgotten_is_freed(emulator: Emulator, counting: Counting) -> None:
    emulator.stall(path=ABSENT)

    async def run() -> None:
        async with epicloud.aio.Client(**emulator.account) as client:
            operation = client.start.get_deployment(id=ABSENT)
            assert await operation.wait(0.01) is False

    before = set(threading.enumerate())
    asyncio.run(run())
    gc.collect()
    counting.balanced("epi_client", "epi_operation")
    # The waiting thread ends with its operation.
    for thread in set(threading.enumerate()) - before:
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_a_closed_client_and_its_operations(emulator: Emulator) -> None:
    emulator.fault({"kind": "delay", "ms": 300}, path="*/deployments")
    client = epicloud.Client(**emulator.account)
    operation = client.start.list_deployments()
    client.close()
    assert operation.result() == []
    with pytest.raises(epicloud.InvalidArgument, match="this client is closed"):
        client.list_deployments()
    with pytest.raises(epicloud.InvalidArgument, match="this client is closed"):
        client.cancel_all()
    assert "closed" in repr(client)
    operation.close()
    operation.close()
    assert "closed" in repr(operation)
    for use in (operation.wait, operation.result, operation.progress, operation.events, operation.cancel):
        with pytest.raises(ValueError, match="this operation is closed"):
            use()
    with pytest.raises(epicloud.InvalidArgument, match="this operation is closed"):
        _ = operation.done
    with pytest.raises(epicloud.InvalidArgument, match="this operation is closed"):
        next(iter(operation))


def test_closing_while_others_wait_ends_their_wait(emulator: Emulator, client: epicloud.Client) -> None:
    emulator.stall(path=ABSENT)
    operation = client.start.get_deployment(id=ABSENT)
    raised: list[epicloud.Error] = []

    def run() -> None:
        with pytest.raises(epicloud.Error) as caught:
            operation.result()
        raised.append(caught.value)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    emulator.wait_for_open_request(ABSENT)
    operation.close()
    for thread in threads:
        thread.join(PATIENCE)
    assert {type(error) for error in raised} <= {epicloud.InvalidArgument, epicloud.Cancelled}
    assert len(raised) == len(threads)


def test_threads_share_a_client(client: epicloud.Client) -> None:
    results: list[Any] = []

    def run() -> None:
        for _ in range(20):
            results.append(client.list_deployments())  # noqa: PERF401 (what one thread has is of no use here)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert results == [[]] * 160


FORK = """
import os, sys, epicloud
with epicloud.Client.from_environment() as client:
    client.verify()
    running = client.start.get_deployment(id=sys.argv[1])
    child = os.fork()
    if child == 0:
        try:
            for use in (client.verify, client.start.verify, epicloud.Client.from_environment,
                        running.result, running.progress, running.events, running.cancel):
                try:
                    use()
                except epicloud.Unsupported as error:
                    assert "fork" in str(error), error
                else:
                    os._exit(1)
            try:
                with running:
                    raise KeyError
            except KeyError:
                client.close()
        except BaseException as error:
            sys.stderr.write(repr(error))
            os._exit(2)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, status
    # The parent has noticed nothing.
    assert not running.done
    running.cancel()
    client.verify()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_is_refused(emulator: Emulator) -> None:
    emulator.stall(path=ABSENT)
    command = [sys.executable, "-W", "error", "-c", FORK, ABSENT]
    ended = subprocess.run(
        command, env=emulator.environment, stderr=subprocess.PIPE, timeout=PATIENCE, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")


LEFT = """
import sys, epicloud, threading
client = epicloud.Client.from_environment()
operation = client.start.get_deployment(id=sys.argv[1])
threading.Thread(target=operation.wait, daemon=True).start()
print("left", flush=True)
sys.stdin.readline()
"""


def test_a_program_may_end_with_operations_running(emulator: Emulator) -> None:
    emulator.stall(path=ABSENT)
    command = [sys.executable, "-c", LEFT, ABSENT]
    with subprocess.Popen(
        command, env=emulator.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        emulator.wait_for_open_request(ABSENT)
        said, errors = child.communicate(b"\n", PATIENCE)
    assert (child.returncode, said, errors) == (0, b"left\n", b"")


def test_a_library_of_another_version_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    library = lib

    class Other:
        """A library of another version, or of another ABI."""

        def __init__(self, **changed: Any) -> None:
            self._changed = changed

        def __getattr__(self, name: str) -> Any:
            return self._changed.get(name) or getattr(library, name)

    text = ffi.new("char[]", b"9.8.7")
    monkeypatch.setattr(_handles, "lib", Other(epi_version=lambda: text))
    with pytest.raises(ImportError, match=rf"needs the library {epicloud.__version__} but found 9\.8\.7$"):
        _handles.check_library()
    monkeypatch.setattr(_handles, "lib", Other(EPI_ABI_VERSION=7 << 16))
    with pytest.raises(epicloud.AbiMismatch, match=r"built for version 7\.0 of the ABI, and the library .* has 0\.3"):
        _handles.check_library()


def test_a_null_handle_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_handles.OperationHandle, "_live", lambda _: ffi.NULL)
    handle = object.__new__(_handles.OperationHandle)
    for use in (handle.progress, handle.cancel, handle.result, lambda: handle.events(0)):
        with pytest.raises(epicloud.InvalidArgument):
            use()
