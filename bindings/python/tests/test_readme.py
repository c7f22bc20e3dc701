"""What a stranger reads first: the blocks of the README and the examples, run as they stand there.

Each asks the service as often as it would a real one, so they all run at the same time, each with its own emulator.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import epicloud
import epicloud.client
import epicloud.guidewire
import epicloud.redis_enterprise
from stage import EXPORT, PATIENCE, Emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACKAGE = Path(__file__).parents[1]
BLOCKS = re.findall(r"^```python\n(.*?)^```$", (PACKAGE / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
PACKAGES = ["site.cms.app.1.0.0.nupkg", "site.commerce.app.1.0.0.nupkg"]


def example(name: str) -> str:
    return str(PACKAGE / "examples" / f"{name}.py")


def run(emulator: Emulator, folder: Path, *arguments: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-X", "utf8", *arguments],
        cwd=folder,
        env=emulator.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def block(index: int) -> Callable[[Emulator, Path], str]:
    return lambda emulator, folder: run(emulator, folder, "-c", BLOCKS[index])


def export(emulator: Emulator, folder: Path) -> str:
    return run(emulator, folder, example("export"), "Production", "epicms", "ü.bacpac")


def deploy(emulator: Emulator, folder: Path) -> str:
    for name in PACKAGES:
        (folder / name).write_text(name)
    return run(emulator, folder, example("deploy"), "Integration", *PACKAGES)


def cancel(emulator: Emulator, folder: Path) -> str:
    """Interrupt the download, look at what is left, and go on."""
    emulator.stall(path="/bacpacs/", method="GET")
    program = [sys.executable, example("cancel"), "epicms", "saved.bacpac"]
    with subprocess.Popen(
        program, cwd=folder, env=emulator.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        emulator.wait_for_open_request("/bacpacs/")
        child.send_signal(signal.SIGINT)
        said, errors = child.communicate(timeout=PATIENCE)
    assert (child.returncode, errors) == (1, "cancelled; what was downloaded is kept\n")
    accepted = re.search(r"^export ([-0-9a-f]{36}) is accepted$", said, re.MULTILINE)
    assert accepted, said
    assert not (folder / "saved.bacpac").exists()
    emulator.wait_until_none_is_open()
    emulator.control("DELETE", "faults")
    return run(emulator, folder, example("cancel"), "epicms", "saved.bacpac", accepted[1])


PROGRAMS: dict[str, Callable[[Emulator, Path], str]] = {
    **{f"block {index}": block(index) for index in range(len(BLOCKS))},
    "export": export,
    "deploy": deploy,
    "cancel": cancel,
}


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Path, Future[str]]]]:
    """Start all programs; each has a folder, and in the end an output."""

    def carry_out(program: Callable[[Emulator, Path], str], folder: Path) -> str:
        emulator = Emulator()
        try:
            return program(emulator, folder)
        finally:
            emulator.stop()

    with ThreadPoolExecutor(len(PROGRAMS)) as pool:
        folders = {name: tmp_path_factory.mktemp("program") for name in PROGRAMS}
        yield {
            name: (folders[name], pool.submit(carry_out, program, folders[name])) for name, program in PROGRAMS.items()
        }


Started = dict[str, tuple[Path, "Future[str]"]]


def test_the_first_block_goes_from_nothing_to_a_finished_export(started: Started) -> None:
    assert len([line for line in BLOCKS[0].splitlines() if line]) <= 10
    folder, output = started["block 0"]
    assert output.result() == f"{EXPORT} bytes, verified by md5\n"
    assert (folder / "epicms.bacpac").stat().st_size == EXPORT


@pytest.mark.parametrize("index", range(1, len(BLOCKS)))
def test_every_other_block_runs(started: Started, index: int) -> None:
    # The one that deploys has nothing to say.
    assert started[f"block {index}"][1].result() or "print" not in BLOCKS[index]


def test_the_example_export(started: Started) -> None:
    folder, output = started["export"]
    assert output.result().endswith(f"ü.bacpac: {EXPORT} bytes, verified by md5\n")
    assert (folder / "ü.bacpac").stat().st_size == EXPORT


def test_the_example_deploy(started: Started) -> None:
    said = started["deploy"][1].result()
    assert re.search(r"^deployment [-0-9a-f]{36}: AwaitingVerification$", said, re.MULTILINE), said


def test_the_example_cancel(started: Started) -> None:
    folder, output = started["cancel"]
    assert output.result().endswith("\nmd5\n")
    assert (folder / "saved.bacpac").stat().st_size == EXPORT


def test_the_table_of_methods_is_complete() -> None:
    page = (PACKAGE / "README.md").read_text("utf-8")
    tables = (epicloud.client.Operations, epicloud.guidewire.Operations, epicloud.redis_enterprise.Operations)
    for method in (name for table in tables for name in dir(table) if not name.startswith("_")):
        assert f"`{method}`" in page, method
