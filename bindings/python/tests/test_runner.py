"""The driver of the behaviour suite: it answers as `tests/vectors/README.md` says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import epicloud
import epicloud.guidewire
import epicloud.redis_enterprise
import runner as driver
from epicloud import client as surface
from stage import ABSENT, PATIENCE, Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator


class Running:
    """A running driver."""

    def __init__(self, folder: Path) -> None:
        program = [sys.executable, str(Path(__file__).with_name("runner.py"))]
        self.process = subprocess.Popen(
            program, cwd=folder, env={**os.environ, "LC_ALL": "C"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def ask(self, *fields: Any) -> tuple[int, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        texts = [field if isinstance(field, str) else json.dumps(field, ensure_ascii=False) for field in fields]
        self.process.stdin.write("\t".join(texts).encode() + b"\n")
        self.process.stdin.flush()
        status, document = self.process.stdout.readline().decode().split("\t")
        return int(status), json.loads(document)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    started = Running(tmp_path)
    with started.process:
        yield started
        started.process.communicate(timeout=PATIENCE)
    assert started.process.returncode == 0


def config(emulator: Emulator) -> dict[str, str]:
    return {name: emulator.ready[name] for name in ("endpoint", "clientKey", "projectId", "caFile")}


def test_a_conversation(emulator: Emulator, running: Running) -> None:
    secret = emulator.ready["clientSecret"]
    status, error = running.ask("client", {"endpoint": "nonsense"}, secret)
    assert (status, error["status"], error["field"], error["exitCode"]) == (10, "INVALID_ARGUMENT", "endpoint", 1)
    assert running.ask("client", {"unknownMember": 1}, secret)[1]["field"] == "unknownMember"
    assert running.ask("client", {"clientSecret": "x"}, secret)[1]["field"] == "clientSecret"
    assert running.ask("client", config(emulator), secret) == (0, {})
    assert running.ask("start", "deployment.list", {}) == (0, {})
    assert running.ask("end") == (0, [])
    status, error = running.ask("start", "deployment.get", {"id": "", "wait": {}})
    assert (status, error["field"]) == (10, "wait")
    assert running.ask("start", "deployment.get", {"id": ABSENT}) == (0, {})
    status, error = running.ask("end")
    assert (status, error["httpStatus"], error["retry"], error["attempts"]) == (22, 404, "never", 1)
    assert ABSENT in error["errors"][0]
    assert set(error) == set(driver.described(epicloud.NotFound(error)))
    assert running.ask("start", "databaseExport.save", save("ü.bacpac")) == (0, {})
    assert running.ask("end")[1]["file"] == "ü.bacpac"
    emulator.stall(path=ABSENT)
    assert running.ask("start", "deployment.get", {"id": ABSENT}) == (0, {})
    emulator.wait_for_open_request(ABSENT)
    assert running.ask("cancel") == (0, {})
    status, error = running.ask("end")
    assert (status, error["status"], error["exitCode"]) == (60, "CANCELLED", 130)


def save(file: str) -> dict[str, Any]:
    return {
        "environment": "Production",
        "databaseName": "epicms",
        "outputFile": file,
        "wait": {"pollingIntervalSeconds": 1},
    }


def test_the_layout(running: Running) -> None:
    status, layout = running.ask("layout")
    assert status == 0
    assert (layout["epi_progress.struct_size"], layout["epi_call_options.struct_size"]) == (0, 0)
    assert layout["epi_progress"] == layout["epi_progress.retries"] + 8
    assert layout["epi_call_options"] > layout["epi_call_options.user_data"]


def test_every_operation_has_its_method() -> None:
    surfaces = (surface.Operations, epicloud.guidewire.Operations, epicloud.redis_enterprise.Operations)
    methods = {name for table in surfaces for name in dir(table) if not name.startswith("_")}
    assert set(driver.METHODS.values()) == methods


def test_a_document_is_spelled_for_python() -> None:
    document = {"files": [{"blobName": "aB"}], "noContentMd5": True, "wait": {"pollingIntervalSeconds": 1}}
    expected = {"files": [{"blob_name": "aB"}], "no_content_md5": True, "wait": {"polling_interval_seconds": 1}}
    assert driver.pythonic(document) == expected


def test_the_unexpected_ends_it(tmp_path: Path) -> None:
    program = [sys.executable, str(Path(__file__).with_name("runner.py"))]
    ended = subprocess.run(
        program, cwd=tmp_path, input=b"nonsense\n", capture_output=True, timeout=PATIENCE, check=False
    )
    assert ended.returncode != 0
    assert ended.stdout == b""
