"""What ends a call early: cancel, Ctrl-C, a cancelled task, time limits. No request reaches the service afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from epicloud._native import lib

import epicloud
import epicloud.aio
from epicloud import _handles
from stage import ABSENT, PATIENCE, WAIT, Emulator, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def quiet(emulator: Emulator) -> Iterator[None]:
    """Look, when the test is over, that nothing more is asked for: every connection is closed by then.

    The measure of "more" is another operation, which looks as often as those that were ended would have.
    """
    yield
    emulator.wait_until_none_is_open()
    emulator.control("DELETE", "faults")
    emulator.control("DELETE", "requests")
    with epicloud.Client(**emulator.account) as client:
        for database in ("epicms", "epicommerce"):
            client.start_database_export(environment="Production", database_name=database, wait=WAIT)
    looks = emulator.requests()
    assert len([one for one in looks if one["method"] == "GET"]) == 4
    assert not [one for one in looks if ABSENT in one["path"]]


def waiting(emulator: Emulator) -> dict[str, Any]:
    """Let a wait for a deployment stand at its second look; what asks for it."""
    emulator.stall(path=f"*/deployments/{ABSENT}")
    return {"id": ABSENT, "wait": WAIT}


@pytest.mark.usefixtures("quiet")
def test_cancel_from_another_thread(emulator: Emulator, client: epicloud.Client) -> None:
    operation = client.start.wait_for_deployment(**waiting(emulator))
    raised: list[BaseException] = []

    def run() -> None:
        with pytest.raises(epicloud.Cancelled) as caught:
            operation.result()
        raised.append(caught.value)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    emulator.wait_for_open_request(ABSENT)
    operation.cancel()
    operation.cancel()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(raised) == 3
    assert operation.done
    assert operation.progress().status == "CANCELLED"


@pytest.mark.usefixtures("quiet")
def test_cancel_all(emulator: Emulator, client: epicloud.Client) -> None:
    operations = [client.start.wait_for_deployment(**waiting(emulator)) for _ in range(3)]
    emulator.wait_for_open_request(ABSENT, 3)
    client.cancel_all()
    for operation in operations:
        with pytest.raises(epicloud.Cancelled):
            operation.result()
    assert epicloud.Cancelled.status == "CANCELLED"


@pytest.mark.usefixtures("quiet")
def test_the_end_of_a_block_cancels(emulator: Emulator, client: epicloud.Client) -> None:
    with contextlib.suppress(KeyError), client.start.wait_for_deployment(**waiting(emulator)) as operation:
        emulator.wait_for_open_request(ABSENT)
        raise KeyError
    with pytest.raises(epicloud.InvalidArgument, match="closed"):
        operation.progress()


CHILD = """
import sys, epicloud
how = sys.argv[1]
with epicloud.Client.from_environment() as client:
    try:
        request = {"id": sys.argv[2], "wait": {"polling_interval_seconds": 1}}
        if how == "method":
            client.wait_for_deployment(**request)
        elif how == "iterator":
            for progress in client.start.wait_for_deployment(**request):
                pass
        elif how == "callback":
            client.wait_for_deployment(**request, progress=lambda progress: None)
        else:
            import asyncio, epicloud.aio
            async def main():
                async with epicloud.aio.Client.from_environment() as client:
                    await client.wait_for_deployment(**request)
            asyncio.run(main())
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        sys.stdin.read()
        sys.exit(7)
"""


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("how", ["method", "iterator", "callback", "asyncio"])
def test_ctrl_c(emulator: Emulator, tmp_path: Path, how: str) -> None:
    program = tmp_path / "child.py"
    program.write_text(CHILD)
    waiting(emulator)
    command = [sys.executable, str(program), how, ABSENT]
    with subprocess.Popen(
        command, env=emulator.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        emulator.wait_for_open_request(ABSENT)
        child.send_signal(signal.SIGINT)
        assert child.stdout is not None
        assert child.stdout.readline() == b"interrupted\n"
        # The program lives on, and its operation has already ended: nothing is open and nothing follows.
        emulator.wait_until_none_is_open()
        count = len(emulator.requests())
        _, said = child.communicate(timeout=PATIENCE)
    assert (child.returncode, said) == (7, b"")
    assert len(emulator.requests()) == count


@pytest.mark.usefixtures("quiet")
def test_a_cancelled_task_cancels_its_operation(emulator: Emulator) -> None:
    async def run() -> None:
        async with epicloud.aio.Client(**emulator.account) as client:
            request = waiting(emulator)
            operation = client.start.wait_for_deployment(**request)
            tasks = [
                asyncio.ensure_future(operation.result()),
                asyncio.ensure_future(client.wait_for_deployment(**request)),
            ]
            await asyncio.to_thread(emulator.wait_for_open_request, ABSENT, 2)
            for task in tasks:
                task.cancel()
            for task in tasks:
                with pytest.raises(asyncio.CancelledError):
                    await task
            # It has ended by now, not only been told to.
            assert operation.done
            assert operation.progress().status == "CANCELLED"
            await asyncio.to_thread(emulator.wait_until_none_is_open)

    asyncio.run(run())


@pytest.mark.usefixtures("quiet")
def test_a_cancelled_loop_over_progress_cancels_its_operation(emulator: Emulator) -> None:
    async def run() -> None:
        async with epicloud.aio.Client(**emulator.account) as client:
            operation = client.start.wait_for_deployment(**waiting(emulator))

            async def watch() -> None:
                async for _ in operation:
                    pass

            task = asyncio.ensure_future(watch())
            await asyncio.to_thread(emulator.wait_for_open_request, ABSENT)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert operation.progress().status == "CANCELLED"

    asyncio.run(run())


@pytest.mark.usefixtures("quiet")
def test_the_loop_stays_free_while_operations_are_awaited(emulator: Emulator) -> None:
    async def run() -> None:
        async with epicloud.aio.Client(**emulator.account) as client:
            request = waiting(emulator)
            # More than the threads of the loop's own pool.
            tasks = [asyncio.ensure_future(client.wait_for_deployment(**request)) for _ in range(40)]
            await asyncio.to_thread(emulator.wait_for_open_request, ABSENT, 40)
            assert await asyncio.to_thread(lambda: "free") == "free"
            client.cancel_all()
            for ended in await asyncio.gather(*tasks, return_exceptions=True):
                assert isinstance(ended, epicloud.Cancelled)

    asyncio.run(run())


@pytest.mark.usefixtures("quiet")
def test_a_time_limit(emulator: Emulator, client: epicloud.Client) -> None:
    request = waiting(emulator)
    with pytest.raises(epicloud.Timeout) as caught:
        client.wait_for_deployment(**request, timeout=0.3)
    assert isinstance(caught.value, TimeoutError)
    # Never rounded to 0, which would be no limit.
    with pytest.raises(epicloud.Timeout):
        client.wait_for_deployment(**request, timeout=0)

    async def run() -> None:
        async with epicloud.aio.Client(**emulator.account) as other:
            with pytest.raises(epicloud.Timeout):
                await other.wait_for_deployment(**request, timeout=0.01)

    asyncio.run(run())


@pytest.mark.usefixtures("quiet")
def test_asyncio_time_limits(emulator: Emulator) -> None:
    async def run() -> None:
        async with epicloud.aio.Client(**emulator.account) as client:
            operation = client.start.wait_for_deployment(**waiting(emulator))
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(operation.result(), 0.1)
            assert operation.progress().status == "CANCELLED"

    asyncio.run(run())


def test_the_wait_for_the_end_is_bounded(
    emulator: Emulator, client: epicloud.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = client.start.wait_for_deployment(**waiting(emulator))
    polls: list[int] = []

    class Stuck:
        """A library whose operations never end."""

        def __getattr__(self, name: str) -> Any:
            return getattr(library, name)

        def epi_operation_wait(self, _: object, timeout_ms: int) -> int:
            polls.append(timeout_ms)
            if len(polls) == 1:
                raise KeyboardInterrupt
            return int(library.EPI_STATUS_PENDING)

    library = lib
    monkeypatch.setattr(_handles, "lib", Stuck())
    with pytest.raises(KeyboardInterrupt):
        operation.wait()
    assert sum(polls[1:]) == _handles.CANCEL_LIMIT_MS
    monkeypatch.undo()
    until(lambda: operation.done, "the operation was cancelled all the same")
