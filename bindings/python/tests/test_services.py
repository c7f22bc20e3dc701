"""Guidewire Cloud and Redis Enterprise: every method once, on each surface, with what the service makes of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

import epicloud
from epicloud import _handles, guidewire, redis_enterprise
from stage import CANARY, WAIT, Emulator

if TYPE_CHECKING:
    from collections.abc import Callable

LOCATION = {"type": "mount_point", "path": "/mnt/exports"}


def waited_for(kind: Any, account: dict[str, Any]) -> Callable[..., Any]:
    """Call a method of a client of its own."""

    def call(method: str, **request: Any) -> Any:
        with kind(**account) as client:
            return getattr(client, method)(**request)

    return call


def awaited(kind: Any, account: dict[str, Any]) -> Callable[..., Any]:
    """The same with asyncio."""

    def call(method: str, **request: Any) -> Any:
        async def run() -> Any:
            async with kind(**account) as client:
                return await getattr(client, method)(**request)

        return asyncio.run(run())

    return call


def of_operation(kind: Any, account: dict[str, Any]) -> Callable[..., Any]:
    """The same by operations of asyncio."""

    def call(method: str, **request: Any) -> Any:
        async def run() -> Any:
            async with kind(**account) as client:
                return await getattr(client.start, method)(**request)

        return asyncio.run(run())

    return call


GUIDEWIRE = [
    (waited_for, guidewire.Client),
    (awaited, guidewire.AsyncClient),
    (of_operation, guidewire.AsyncClient),
]
REDIS = [
    (waited_for, redis_enterprise.Client),
    (awaited, redis_enterprise.AsyncClient),
    (of_operation, redis_enterprise.AsyncClient),
]


@pytest.mark.parametrize(("way", "kind"), GUIDEWIRE)
def test_guidewire(emulator: Emulator, way: Callable[..., Any], kind: Any) -> None:
    call = way(kind, emulator.guidewire)
    planet = emulator.ready["guidewire"]["planet"]
    assert call("verify")["backups"] == 0
    created = call("create_backup", planet_id=planet, planet_class="dev", retention_days=10, name="a_b")
    assert (created["service"], created["state"]) == ("guidewire", "queued")
    identity = str(created["object"]["id"])
    assert call("wait_for_backup", id=identity, wait=WAIT)["state"] == "succeeded"
    assert call("get_backup", id=identity)["artifact"]["id"] == identity
    assert [job["handle"] for job in call("list_backups", planet_id=planet)] == [
        call("get_backup", id=identity)["handle"]
    ]
    assert call("get_job", handle=created["handle"])["state"] == "succeeded"
    assert call("wait_for_job", handle=created["handle"])["status"] == "succeeded"
    assert call("delete_backup", id=identity)["state"] == "deleted"
    with pytest.raises(epicloud.NotFound):
        call("get_backup", id=identity)


@pytest.mark.parametrize(("way", "kind"), REDIS)
def test_redis_enterprise(emulator: Emulator, way: Callable[..., Any], kind: Any) -> None:
    call = way(kind, emulator.redis)
    emulator.control("POST", "redis/databases/1/knobs", {"exportMs": 1})
    assert call("verify", uid=1)["database"]["exportable"] is True
    assert [database["uid"] for database in call("list_databases")] == [1, 2]
    assert call("get_database", uid=2)["shards_count"] == 3
    started = call("start_export", uid=1, location=LOCATION, email_notification=True)
    assert started["service"] == "redis-enterprise"
    ended = call("wait_for_export", handle=started["handle"], wait=WAIT)
    assert ended["artifact"]["location"] == LOCATION
    assert call("get_export", handle=ended["handle"])["state"] == "succeeded"
    assert call("get_job", handle=ended["handle"])["state"] == "succeeded"
    assert call("wait_for_job", handle=ended["handle"])["state"] == "succeeded"
    assert call("reset_export", uid=1)["object"]["uid"] == 1


def test_a_location_is_spelled_as_the_service_spells_it(emulator: Emulator) -> None:
    wrong = {"type": "abs", "container": "c", "account_name": "a", "account_key": CANARY, "sas_token": CANARY}
    with redis_enterprise.Client(**emulator.redis) as client:
        with pytest.raises(epicloud.InvalidArgument) as raised:
            client.start_export(uid=1, location=wrong)
        assert raised.value.field == "location.sas_token"
        assert CANARY not in str(raised.value)
        with pytest.raises(epicloud.InvalidArgument) as raised:
            client.start_export(uid=1, location="/mnt/exports")  # type: ignore[arg-type]
        assert raised.value.field == "location"
    spelled = _handles.to_document({"busy_timeout_seconds": 1, "location": _handles.AsSpelled(wrong)})
    assert spelled == {"busyTimeoutSeconds": 1, "location": wrong}


def test_clients_from_variables(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, account in ((guidewire, emulator.guidewire), (redis_enterprise, emulator.redis)):
        for name, variable in module.ENVIRONMENT.items():
            monkeypatch.setenv(variable, account.get(name, ""))
    with guidewire.Client.from_environment() as cloud:
        assert cloud.verify()["tenantId"] == emulator.guidewire["tenant_id"]
        assert repr(cloud) == "<epicloud.guidewire.Client>"
    with redis_enterprise.Client.from_environment() as cluster:
        assert len(cluster.verify()["databases"]) == 2
    monkeypatch.setenv("EPI_GUIDEWIRE_MAX_RETENTION_DAYS", "many")
    with pytest.raises(epicloud.InvalidArgument, match="whole number of days"):
        guidewire.Client.from_environment()


def test_a_secret_is_needed(emulator: Emulator) -> None:
    account = {**emulator.guidewire, "client_secret": None}
    with pytest.raises(epicloud.NotConfigured):
        guidewire.Client(**account)
    with pytest.raises(epicloud.NotConfigured):
        redis_enterprise.Client(**{**emulator.redis, "password": ""})
