"""Failures as exceptions: the table of statuses, what they carry, and what is refused before anything is sent."""

from __future__ import annotations

import asyncio
import copy
import math
import pickle
import re
import traceback
from pathlib import Path
from typing import Any

import pytest
from epicloud._native import ffi, lib

import epicloud
import epicloud.aio
from epicloud import _handles, errors
from stage import ABSENT, CANARY, WAIT, Emulator


def test_every_status_of_the_library_has_its_exception() -> None:
    names = {number: lib.epi_status_name(number) for number in range(256)}
    known = {number: ffi.string(name).decode() for number, name in names.items() if name != ffi.NULL}
    assert known.pop(lib.EPI_STATUS_OK) == "OK"
    assert known.pop(lib.EPI_STATUS_PENDING) == "PENDING"
    assert set(known.values()) == set(errors.BY_STATUS)
    for number, status in known.items():
        made = _handles._made_here(number, "it failed")
        kind = type(made)
        # The class has the status's name, is public, and is the one that is raised.
        assert kind.__name__ == status.title().replace("_", "")
        assert getattr(epicloud, kind.__name__) is kind
        assert kind.__name__ in epicloud.__all__
        assert (made.status, made.message, str(made)) == (status, "it failed", "it failed")


def test_some_exceptions_are_those_of_python_too() -> None:
    for kind, base in (
        (epicloud.InvalidArgument, ValueError),
        (epicloud.NotFound, LookupError),
        (epicloud.Timeout, TimeoutError),
        (epicloud.Network, ConnectionError),
        (epicloud.Io, OSError),
        (epicloud.NoSpace, OSError),
        (epicloud.AbiMismatch, ImportError),
    ):
        assert issubclass(kind, base)


def test_a_status_of_a_newer_library_is_an_error() -> None:
    made = _handles._made_here(250, "it is new")
    assert type(made) is epicloud.Error
    assert made.status == "250"


def answer(status: int, **more: Any) -> dict[str, Any]:
    return {"kind": "status", "status": status, "message": "the service's own words", **more}


@pytest.mark.parametrize(
    ("effect", "kind", "http_status"),
    [
        (answer(400), epicloud.Rejected, 400),
        (answer(401), epicloud.Unauthenticated, 401),
        (answer(403), epicloud.Forbidden, 403),
        (answer(404), epicloud.NotFound, 404),
        (answer(409), epicloud.Conflict, 409),
        ({"kind": "loginPage", "status": 200}, epicloud.Protocol, 200),
    ],
)
def test_what_the_service_says(
    emulator: Emulator, client: epicloud.Client, effect: Any, kind: Any, http_status: int
) -> None:
    emulator.fault(effect)
    with pytest.raises(kind) as caught:
        client.list_deployments()
    error = caught.value
    assert isinstance(error, epicloud.Error)
    assert error.http_status == http_status
    assert (error.retry, error.retry_after_ms) == ("never", None)
    if effect["kind"] == "status":
        assert error.errors == ("the service's own words",)
        assert "the service's own words" in error.message
        assert error.attempts == 1


def test_what_an_error_carries(client: epicloud.Client) -> None:
    with pytest.raises(epicloud.NotFound) as caught:
        client.get_deployment(id=ABSENT)
    error = caught.value
    assert error.exit_code == 3
    assert error.field is None
    assert error.next_step == "check id and projectId"
    assert str(error) == f"{error.message} ({error.next_step})"
    assert repr(error) == f"NotFound({error.message!r})"


def test_what_the_store_says(emulator: Emulator, client: epicloud.Client, package: Path) -> None:
    emulator.fault({"kind": "status", "status": 412, "code": "LeaseIdMissing"}, path="/deploymentpackages/")
    with pytest.raises(epicloud.Conflict) as caught:
        client.upload_packages(files=[{"path": package}])
    error = caught.value
    assert (error.http_status, error.code) == (412, "LeaseIdMissing")
    # In the form that the emulator gives them; its store is the one that does.
    assert re.fullmatch(r"e0000000-001e-0000-0000-[0-9a-f]{12}", str(error.request_id))


def test_a_failed_deployment_has_the_texts_of_the_service(emulator: Emulator, client: epicloud.Client) -> None:
    steps = [{"delayMs": 1, "percent": 50, "status": "Failed", "errors": ["first", "second"]}]
    emulator.control("POST", "deployments", {"phase": "deploy", "steps": steps})
    emulator.control("POST", "blobs", {"container": "deploymentpackages", "name": "a.cms.app.1.nupkg", "text": "x"})
    with pytest.raises(epicloud.JobFailed) as caught:
        client.start_deployment(target_environment="Integration", packages=["a.cms.app.1.nupkg"], wait=WAIT)
    assert caught.value.errors == ("first", "second")


def test_a_file_that_exists_is_in_the_way(client: epicloud.Client, tmp_path: Path) -> None:
    file = tmp_path / "there.bacpac"
    file.write_text("mine")
    with pytest.raises(epicloud.Conflict, match=r"there\.bacpac"):
        client.save_database_export(environment="Production", database_name="epicms", output_file=file, wait=WAIT)
    assert file.read_text() == "mine"


def test_a_connection_that_fails(emulator: Emulator) -> None:
    account = {**emulator.account, "endpoint": "http://127.0.0.1:1/"}
    with epicloud.Client(**account) as client, pytest.raises(epicloud.Network) as caught:
        client.start_deployment(target_environment="Integration", packages=["a.cms.app.1.nupkg"])
    assert caught.value.http_status is None


LINKS = {"environment": "Integration", "storage_container": ["mysitemedia"]}
CYCLE: dict[str, Any] = {}
CYCLE["again"] = CYCLE
NO_HOURS = (math.nan, math.inf, -math.inf, 10**400, 10**300, 2**64, 24.5)
NO_LIMIT = (-1, math.nan, -math.inf, 1e16, 1e308, 10**400)
BAD: list[tuple[str, dict[str, Any], str]] = [
    ("get_deployment", {"id": ""}, "id"),
    ("get_deployment", {}, "id"),
    ("upload_packages", {"files": [{"blob_name": "x.cms.app.1.nupkg"}]}, "files[0].path"),
    ("get_deployment", {"id": ABSENT, "unknown_member": 1}, "unknownMember"),
    ("list_deployments", {"project_id": "$(x)"}, "projectId"),
    ("start_deployment", {"target_environment": "Integration", "packages": []}, "packages"),
    ("start_deployment", {"target_environment": "Integration", "packages": "one"}, "packages"),
    (
        "complete_deployment",
        {"id": ABSENT, "wait": {"polling_interval_seconds": 0}},
        "wait.pollingIntervalSeconds",
    ),
    ("complete_deployment", {"id": ABSENT, "wait": {"timeout_minuets": 5}}, "wait.timeoutMinuets"),
    ("upload_packages", {"files": [{"path": "x.cms.app.1.nupkg"}, {"path": "no.zip"}]}, "files[1].blobName"),
    ("upload_packages", {"files": [{"path": 1}]}, "files[0].path"),
    ("get_storage_links", {"environment": "Integration", "storage_container": [""]}, "storageContainer[0]"),
    ("get_deployment", {"id": "\udc80"}, "id"),
    ("get_deployment", {"id": b"x"}, "id"),
    ("upload_packages", {"files": [{"path": "x.cms.app.1.nupkg"}, {"path": "\ud800"}]}, "files[1].path"),
    ("upload_packages", {"files": [{"path": Path("\udcff.cms.app.1.nupkg")}]}, "files[0].path"),
    ("get_storage_links", {"environment": "Integration", "storage_container": {"a"}}, "storageContainer"),
    *(("get_storage_links", {**LINKS, "retention_hours": hours}, "retentionHours") for hours in NO_HOURS),
    ("complete_deployment", {"id": ABSENT, "wait": {"timeout_minutes": math.nan}}, "wait.timeoutMinutes"),
    ("complete_deployment", {"id": ABSENT, "wait": {1: 2}}, "wait"),
    ("complete_deployment", {"id": ABSENT, "wait": CYCLE}, "request"),
    ("complete_deployment", {"id": ABSENT, "wait": {"\udc80": 2}}, "wait"),
    *(("list_deployments", {"timeout": limit}, "options.timeout_ms") for limit in NO_LIMIT),
    ("list_deployments", {"log_level": "loud"}, "options.log_level"),
]


@pytest.mark.parametrize(("method", "request_members", "field"), BAD)
def test_bad_input_is_named_before_anything_is_sent(
    emulator: Emulator, client: epicloud.Client, method: str, request_members: dict[str, Any], field: str
) -> None:
    # Without `start` as well as with it, and no operation is made.
    for surface in (client, client.start):
        with pytest.raises(epicloud.InvalidArgument) as caught:
            getattr(surface, method)(**request_members)
        assert caught.value.field == field
        assert (caught.value.attempts, caught.value.exit_code) == (0, 1)
        assert field.split(".")[-1].split("[")[0] in str(caught.value)
    assert emulator.requests() == []


@pytest.mark.parametrize("limit", [math.inf, 1e12, 9e15])
def test_a_time_limit_may_be_long(client: epicloud.Client, limit: float) -> None:
    assert client.list_deployments(timeout=limit) == []
    assert client.start.list_deployments().wait(limit)


@pytest.mark.parametrize("limit", [math.nan, -math.inf, 10**400], ids=["nan", "-inf", "huge"])
def test_a_wait_of_no_time_is_refused(emulator: Emulator, client: epicloud.Client, limit: float) -> None:
    emulator.stall(path=ABSENT)

    async def run() -> None:
        async with epicloud.aio.Client(**emulator.account) as other, other.start.get_deployment(id=ABSENT) as running:
            with pytest.raises(epicloud.InvalidArgument, match="timeout: is not a number in range"):
                await running.wait(limit)
            # The argument was wrong, not the operation.
            assert not running.done
            assert running.progress().status == "PENDING"

    with client.start.get_deployment(id=ABSENT) as operation:
        with pytest.raises(epicloud.InvalidArgument, match="timeout: is not a number in range") as caught:
            operation.wait(limit)
        assert caught.value.field == "timeout"
        assert operation.wait(-1) is False
        assert operation.progress().status == "PENDING"
    asyncio.run(run())


@pytest.mark.parametrize("after", [-1, 2**64, math.nan])
def test_no_number_of_an_event_is_refused(client: epicloud.Client, after: Any) -> None:
    operation = client.start.list_deployments()
    with pytest.raises(epicloud.InvalidArgument, match="after: is not a number in range") as caught:
        operation.events(after)
    assert caught.value.field == "after"
    assert operation.events(2**64 - 1)["events"] == []


@pytest.mark.parametrize(
    ("member", "value", "kind", "field"),
    [
        ("project_id", "$(x)", epicloud.InvalidArgument, "projectId"),
        ("endpoint", "nonsense", epicloud.InvalidArgument, "endpoint"),
        ("service", "other", epicloud.InvalidArgument, "service"),
        ("client_secret", "not base64!", epicloud.InvalidArgument, None),
        ("client_secret", "", epicloud.Error, None),
        ("client_secret", f"{CANARY}\ud800", epicloud.InvalidArgument, "clientSecret"),
        ("project_id", "\udc80", epicloud.InvalidArgument, "projectId"),
        ("ca_file", b"x.pem", epicloud.InvalidArgument, "caFile"),
        ("ca_file", "absent.pem", epicloud.NotFound, None),
        ("state_dir", "", epicloud.InvalidArgument, "stateDir"),
    ],
)
def test_bad_settings(emulator: Emulator, member: str, value: Any, kind: Any, field: str | None) -> None:
    with pytest.raises(kind) as caught:
        epicloud.Client(**{**emulator.account, member: value})
    assert CANARY not in "".join(traceback.format_exception(kind, caught.value, caught.value.__traceback__))
    if field is not None:
        assert caught.value.field == field


def test_no_account(emulator: Emulator) -> None:
    with epicloud.Client(endpoint=emulator.ready["endpoint"]) as client, pytest.raises(epicloud.NotConfigured):
        client.verify()


def test_errors_travel(emulator: Emulator) -> None:
    with epicloud.Client(**{**emulator.account, "client_secret": CANARY}) as client:
        with pytest.raises(epicloud.Unauthenticated) as caught:
            client.verify()
        for other in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):  # noqa: S301
            assert type(other) is epicloud.Unauthenticated
            assert (str(other), other.http_status) == (str(caught.value), 401)
