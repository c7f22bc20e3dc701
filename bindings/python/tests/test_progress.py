"""Progress and events, on both surfaces."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

import epicloud
import epicloud.aio
from stage import EXPORT, PATIENCE, WAIT, Emulator

if TYPE_CHECKING:
    from pathlib import Path


def export(folder: Path) -> dict[str, Any]:
    return {
        "environment": "Production",
        "database_name": "epicms",
        "output_file": folder / "a.bacpac",
        "wait": WAIT,
    }


def is_a_whole_story(seen: list[epicloud.Progress]) -> None:
    first, *_, last = seen
    assert (first.status, first.percent, first.bytes_total) == ("PENDING", None, None)
    assert (last.status, last.bytes_done, last.bytes_total, last.phase) == ("OK", EXPORT, EXPORT, "verifying")
    assert last.bytes_sent is None, "of uploads only"
    assert "waiting" in {progress.phase for progress in seen}
    assert [progress.status for progress in seen].count("OK") == 1
    # Only what has changed is told.
    assert all(one != other for one, other in zip(seen, seen[1:]))


def test_an_operation_is_iterated_to_its_end(client: epicloud.Client, tmp_path: Path) -> None:
    with client.start.save_database_export(**export(tmp_path)) as operation:
        is_a_whole_story(list(operation))
        assert operation.done
        assert operation.result()["verified"] == "md5"
        # Afterwards there is only the end.
        assert [progress.status for progress in operation] == ["OK"]


def test_a_callback_is_told_on_the_waiting_thread(client: epicloud.Client, tmp_path: Path) -> None:
    seen: list[epicloud.Progress] = []
    threads = set()

    def progress(newest: epicloud.Progress) -> None:
        seen.append(newest)
        threads.add(threading.current_thread())

    client.save_database_export(**export(tmp_path), progress=progress)
    is_a_whole_story(seen)
    assert threads == {threading.current_thread()}


def test_an_asynchronous_callback_and_iterator(emulator: Emulator, tmp_path: Path) -> None:
    async def run() -> None:
        seen: list[epicloud.Progress] = []
        async with epicloud.aio.Client(**emulator.account) as client:
            await client.save_database_export(**export(tmp_path), progress=seen.append)
            is_a_whole_story(seen)
            async with client.start.save_database_export(**export(tmp_path), overwrite=True) as operation:
                is_a_whole_story([progress async for progress in operation])
                assert (await operation)["bytes"] == EXPORT

    asyncio.run(run())


def test_a_callback_that_raises_ends_the_operation(emulator: Emulator, client: epicloud.Client) -> None:
    emulator.stall(path="*/deployments")

    def refuse(_: epicloud.Progress) -> None:
        raise RuntimeError("enough")

    operation = client.start.list_deployments(progress=refuse)
    with pytest.raises(RuntimeError, match="enough"):
        operation.wait()
    assert operation.progress().status == "CANCELLED"

    async def run() -> None:
        async with epicloud.aio.Client(**emulator.account) as other:
            running = other.start.list_deployments(progress=refuse)
            with pytest.raises(RuntimeError, match="enough"):
                await running
            assert running.progress().status == "CANCELLED"

    asyncio.run(run())


def test_leaving_the_loop_early_leaves_the_operation_alone(emulator: Emulator, client: epicloud.Client) -> None:
    emulator.stall(path="*/deployments", nth=1)
    with client.start.list_deployments() as operation:
        for progress in operation:
            assert progress.status == "PENDING"
            break
        assert not operation.done
        assert operation.wait(0) is False
        assert operation.wait(0.01) is False


def test_events(client: epicloud.Client, package: Path) -> None:
    request: dict[str, Any] = {"files": [{"path": package}], "target_environment": "Integration", "wait": WAIT}
    with client.start.deploy_packages(**request, log_level="debug") as operation:
        result = operation.result()
        document = operation.events()
        events = document["events"]
        assert [event["seq"] for event in events] == list(range(1, document["lastSeq"] + 1))
        assert document["dropped"] == 0
        accepted = [event for event in events if event["event"] == "accepted"]
        assert [(event["what"], event["id"]) for event in accepted] == [("deployment", result["deployment"]["id"])]
        uploading = [event for event in events if event.get("phase") == "uploading"]
        assert uploading[0]["subject"] == package.name
        # Only what is new, and reading removes nothing.
        assert operation.events(accepted[0]["seq"])["events"] == events[accepted[0]["seq"] :]
        assert operation.events(document["lastSeq"])["events"] == []


def test_waiting_has_limits_that_cancel_nothing(emulator: Emulator) -> None:
    emulator.stall(path="*/deployments")

    async def run() -> None:
        client = epicloud.aio.Client(**emulator.account)
        async with client, client.start.list_deployments() as operation:
            assert await operation.wait(0) is False
            assert await operation.wait(0.01) is False
            assert operation.progress().status == "PENDING"
            operation.cancel()
            assert await operation.wait(PATIENCE) is True
            with pytest.raises(epicloud.Cancelled):
                await operation

    asyncio.run(run())


@pytest.mark.skipif(not hasattr(BaseException, "add_note"), reason="exceptions take notes from Python 3.11 on")
def test_an_interrupted_call_notes_how_to_take_it_up(
    emulator: Emulator, client: epicloud.Client, tmp_path: Path
) -> None:
    emulator.stall(method="GET", path="/bacpacs/")

    def interrupt(newest: epicloud.Progress) -> None:
        if newest.phase == "downloading":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        client.save_database_export(**export(tmp_path), progress=interrupt)
    (known,) = emulator.control("GET", "state")["exports"]
    (note,) = caught.value.__notes__  # type: ignore[attr-defined, unused-ignore]
    assert known["id"] in note, note


def test_what_cannot_report_is_refused_before_anything_is_sent(emulator: Emulator, client: epicloud.Client) -> None:
    for given, field in [({"progress": True}, "progress"), ({"log_level": "trace"}, "options.log_level")]:
        with pytest.raises(epicloud.InvalidArgument) as caught:
            client.list_deployments(**given)  # type: ignore[arg-type]
        assert caught.value.field == field
    assert "debug" in caught.value.message
    assert emulator.requests() == []


def test_help_names_the_arguments() -> None:
    for method in [epicloud.Client.save_database_export, epicloud.aio.Client.save_database_export]:
        text = method.__doc__ or ""
        missing = [name for name in ("output_file", "project_id", "timeout") if name not in text]
        assert missing == [], text
