"""What every test can ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import epicloud
from stage import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    running = Emulator()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def client(emulator: Emulator) -> Iterator[epicloud.Client]:
    with epicloud.Client(**emulator.account) as made:
        yield made


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A file with a good name."""
    file = tmp_path / "site.cms.app.1.0.0.nupkg"
    file.write_bytes(b"content of a package")
    return file
