"""Every method once, on each surface, with what the service makes of it."""

from __future__ import annotations

import asyncio
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import epicloud
import epicloud.aio
from epicloud import _handles, guidewire, redis_enterprise
from epicloud import client as surface
from stage import EXPORT, WAIT, Emulator

if TYPE_CHECKING:
    from collections.abc import Callable

METHODS = [name for name in dir(surface.Operations) if not name.startswith("_")]
"""Of Optimizely DXP."""
SURFACES = (
    (surface.Operations, epicloud.Client, epicloud.aio.Operations, epicloud.aio.Client),
    (guidewire.Operations, guidewire.Client, guidewire.AsyncOperations, guidewire.AsyncClient),
    (
        redis_enterprise.Operations,
        redis_enterprise.Client,
        redis_enterprise.AsyncOperations,
        redis_enterprise.AsyncClient,
    ),
)
"""The table of each service, and what is made from it."""


def story(call: Callable[..., Any], package: Path) -> set[str]:
    """Call every method in an order in which each succeeds, and look at each result; tells which were called."""
    called: set[str] = set()

    def done(method: str, **request: Any) -> Any:
        called.add(method)
        return call(method, **request)

    assert done("verify")["authenticationVerified"] is True
    assert done("get_package_location")["location"].startswith("https://")
    settings = {"streams": 2, "block_size": 7, "no_content_md5": None}
    uploaded = done("upload_packages", files=[{"path": package}], upload=settings)
    blocks = -(-package.stat().st_size // 7)
    assert [(receipt["blobName"], receipt["blocks"]) for receipt in uploaded["packages"]] == [(package.name, blocks)]
    files = [{"path": package, "blob_name": "other.cms.app.1.0.0.nupkg"}]
    deployed = done("deploy_packages", files=files, target_environment="Integration", direct_deploy=True, wait=WAIT)
    assert deployed["packages"][0]["bytes"] == package.stat().st_size
    assert deployed["deployment"]["status"] == "Succeeded"
    started = done("start_deployment", target_environment="Preproduction", packages=[package.name])
    assert started["status"] == "InProgress"
    identity = started["id"]
    waited = done("wait_for_deployment", id=identity, wait=WAIT)
    assert waited["status"] == "AwaitingVerification"
    assert done("complete_deployment", id=identity, wait=WAIT)["status"] == "Succeeded"
    assert done("get_deployment", id=identity)["parameters"]["packages"] == [package.name]
    copied = done(
        "start_deployment",
        target_environment="Preproduction",
        source_environment="Integration",
        source_apps=["cms"],
        include_blob=True,
        maintenance_page=True,
        wait=WAIT,
    )
    assert copied["parameters"]["includeBlob"] is True
    reset = done("reset_deployment", id=copied["id"], reset_with_db_rollback=True, wait=WAIT)
    assert reset["status"] == "Reset"
    assert identity in [deployment["id"] for deployment in done("list_deployments")]
    database = {"environment": "Production", "database_name": "epicms"}
    export = done("start_database_export", **database, retention_hours=2)
    assert export["status"] == "InProgress"
    job = done("get_job", handle=export["handle"])
    assert (job["service"], job["object"]["id"]) == ("dxp", export["id"])
    assert done("wait_for_job", handle=job["handle"], wait=WAIT)["state"] == "succeeded"
    found = done("get_database_export", **database, id=export["id"])
    assert found["databaseName"] == "epicms"
    finished = done("wait_for_database_export", **database, id=export["id"], wait=WAIT)
    assert finished["status"] == "Succeeded"
    file = package.with_name("ü.bacpac")
    saved = done("save_database_export", **database, id=export["id"], output_file=file, overwrite=True, wait=WAIT)
    assert (saved["bytes"], saved["verified"], file.stat().st_size) == (EXPORT, "md5", EXPORT)
    containers = done("list_storage_containers", environment="Integration")["storageContainers"]
    links = done("get_storage_links", environment="Integration", storage_container=containers, retention_hours=1)
    assert [link["containerName"] for link in links] == containers
    assert done("get_edge_log_location")["location"].startswith("https://")
    return called


def test_blocking(client: epicloud.Client, package: Path) -> None:
    assert story(lambda method, **request: getattr(client, method)(**request), package) == set(METHODS)


def test_operations(client: epicloud.Client, package: Path) -> None:
    def call(method: str, **request: Any) -> Any:
        with getattr(client.start, method)(**request) as operation:
            return operation.result()

    assert story(call, package) == set(METHODS)


def test_asynchronous(emulator: Emulator, package: Path) -> None:
    def call(method: str, **request: Any) -> Any:
        async def run() -> Any:
            async with epicloud.aio.Client(**emulator.account) as client:
                return await getattr(client, method)(**request)

        return asyncio.run(run())

    assert story(call, package) == set(METHODS)


def test_asynchronous_operations(emulator: Emulator, package: Path) -> None:
    def call(method: str, **request: Any) -> Any:
        async def run() -> Any:
            async with epicloud.aio.Client(**emulator.account) as client:
                return await getattr(client.start, method)(**request)

        return asyncio.run(run())

    assert story(call, package) == set(METHODS)


def test_every_call_of_the_library_has_a_method_on_every_surface(monkeypatch: pytest.MonkeyPatch) -> None:
    header = (Path(__file__).parents[3] / "capi/include/epicloud.h").read_text(encoding="utf-8")
    operations = re.findall(r'return epi_operation_start\(client, "([\w.]+)"', header)
    assert len(operations) == len(set(operations))
    named: set[str] = set()

    def started(_: Any, name: str, __: Any) -> None:
        assert name.startswith("job.") or name not in named
        named.add(name)

    monkeypatch.setattr(surface.Calls, "_start", started)
    table: Any
    for table, *others in SURFACES:
        methods = [name for name in dir(table) if not name.startswith("_")]
        for method in methods:
            getattr(table(None), method)()
        for kind in others:
            assert set(methods) <= set(vars(kind)), kind
    assert named == set(operations)


@pytest.mark.parametrize("surfaces", SURFACES)
def test_every_surface_describes_itself(surfaces: tuple[Any, ...]) -> None:
    table, *others = surfaces
    for method in (name for name in dir(table) if not name.startswith("_")):
        start = inspect.signature(getattr(table, method)).return_annotation
        result = start[len("Operation[") : -1]
        for kind in others:
            function = getattr(kind, method)
            said, _, arguments = (function.__doc__ or "").partition("\n\nArguments")
            assert (function.__name__, said) == (method, getattr(table, method).__doc__)
            assert "timeout" in arguments
            expected = f"Operation[{result}]" if kind.__name__.endswith("Operations") else result
            assert inspect.signature(function).return_annotation == expected


def test_requests_are_spelled_as_the_library_spells_them(tmp_path: Path) -> None:
    file = tmp_path / "a_b.nupkg"
    request = {"files": ({"path": file, "blob_name": None},), "wait": {"timeout_minutes": 5}, "include_db": False}
    expected = {"files": [{"path": str(file)}], "wait": {"timeoutMinutes": 5}, "includeDb": False}
    assert _handles.to_document(request) == expected


def test_unknown_members_of_a_result_are_kept(emulator: Emulator, client: epicloud.Client) -> None:
    started = client.start_database_export(environment="Integration", database_name="epicommerce")
    recorded = [one for one in emulator.requests() if one["method"] == "POST"]
    assert len(recorded) == 1
    assert set(started) >= {"id", "projectId", "environment", "databaseName", "status", "downloadLink", "bacpacName"}


def test_from_environment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    with epicloud.Client.from_environment() as client:
        assert client.verify()["projectId"] == emulator.ready["projectId"]
    monkeypatch.setenv("EPI_CALL_TIMEOUT", "30")
    assert epicloud.client.read_environment()["call_timeout_seconds"] == 30
    monkeypatch.setenv("EPI_CALL_TIMEOUT", "soon")
    with pytest.raises(epicloud.InvalidArgument, match="EPI_CALL_TIMEOUT: must be a whole number"):
        epicloud.Client.from_environment()
    monkeypatch.delenv("EPI_CALL_TIMEOUT")
    # An empty one counts as not set: the library says what is missing.
    for name in ("EPI_CLIENT_KEY", "EPI_CLIENT_SECRET"):
        monkeypatch.setenv(name, "")
    with epicloud.Client.from_environment() as client, pytest.raises(epicloud.NotConfigured):
        client.verify()


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
def test_the_secret_may_be_bytes(emulator: Emulator, form: Any) -> None:
    secret = form(emulator.ready["clientSecret"].encode())
    with epicloud.Client(**{**emulator.account, "client_secret": secret}) as client:
        assert client.list_deployments() == []
    assert bytes(secret).decode() == emulator.ready["clientSecret"], "it is the caller's own"
