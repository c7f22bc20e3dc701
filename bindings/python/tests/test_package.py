"""The package as it is installed: its version, its licences, its types, its texts."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

from epicloud._native import lib

import epicloud
import epicloud.aio
import epicloud.client
import epicloud.guidewire
import epicloud.redis_enterprise

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]


def test_all_versions_are_one() -> None:
    assert metadata.version("epicloud") == epicloud.__version__
    assert f'\nversion = "{epicloud.__version__}"\n' in (ROOT / "Cargo.toml").read_text("utf-8")
    assert lib.epi_abi_version() == lib.EPI_ABI_VERSION


def test_what_is_installed() -> None:
    files = {str(file) for file in metadata.files("epicloud") or ()}
    assert "epicloud/py.typed" in files
    assert metadata.requires("epicloud") == ["cffi>=1.15"]
    for name in ("LICENSE-APACHE", "LICENSE-MIT"):
        installed = next(file for file in files if file.endswith(f"/licenses/{name}"))
        text = metadata.distribution("epicloud").read_text(f"licenses/{name}")
        assert text == (ROOT / name).read_text("utf-8"), installed
    # The installed package is looked at, not the sources.
    assert ROOT / "bindings" not in Path(epicloud.__file__).parents


def public(owner: Any) -> Iterator[tuple[str, Any]]:
    for name, thing in vars(owner).items():
        own = getattr(thing, "__module__", "epicloud").startswith("epicloud")
        if own and not name.startswith("_") and isinstance(thing, (type, FunctionType, property)):
            yield f"{owner.__name__}.{name}", thing


def test_everything_public_is_described() -> None:
    for module in (
        epicloud,
        epicloud.aio,
        epicloud.client,
        epicloud.errors,
        epicloud.guidewire,
        epicloud.redis_enterprise,
        epicloud.types,
    ):
        assert module.__doc__
        for name, thing in public(module):
            assert inspect.getdoc(thing), name
            if isinstance(thing, type):
                for member, part in public(thing):
                    assert inspect.getdoc(part), member


TYPED = """
import asyncio
from pathlib import Path
from typing_extensions import assert_type
import epicloud
import epicloud.aio
from epicloud import types

def blocking(client: epicloud.Client) -> None:
    assert_type(client.get_deployment(id="x"), types.Deployment)
    assert_type(client.list_deployments(timeout=5, progress=print), list[types.Deployment])
    operation = client.start.upload_packages(files=[{"path": Path("x"), "blob_name": None}])
    assert_type(operation, epicloud.Operation[types.UploadedPackages])
    assert_type(operation.result()["packages"][0]["bytes"], int)
    for progress in operation:
        assert_type(progress.percent, int | None)

async def asynchronous(client: epicloud.aio.Client) -> None:
    assert_type(await client.get_deployment(id="x"), types.Deployment)
    assert_type(await client.start.verify(), types.Verified)
    async for progress in client.start.verify():
        assert_type(progress, epicloud.Progress)
"""
WRONG = {
    "client.get_deployment()": "id",
    "client.get_deployment(id=1)": "id",
    'client.get_deployment(id="x", unknown=1)': "unknown",
    'client.complete_deployment(id="x", wait={"timeout_minuets": 1})': '"wait"',
    'client.start.reset_deployment(id="x", complete="yes")': "complete",
    'epicloud.Client(client_kye="x")': "client_kye",
}


def mypy(file: Path) -> str:
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--cache-dir", str(file.parent / "cache")]
    ended = subprocess.run([*command, str(file)], cwd=file.parent, capture_output=True, text=True, check=False)
    return ended.stdout


def test_the_types_of_all_surfaces(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(TYPED)
    assert mypy(right).startswith("Success"), mypy(right)
    lines = [f"    {line}\n" for line in WRONG]
    wrong.write_text(f"import epicloud\ndef f(client: epicloud.Client) -> None:\n{''.join(lines)}")
    said = mypy(wrong)
    for number, (line, word) in enumerate(WRONG.items(), 3):
        assert any(f"wrong.py:{number}: error" in error and word in error for error in said.splitlines()), (line, said)
