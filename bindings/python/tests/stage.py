"""A real emulator for each test, and what tests ask it through its control interface."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from epicloud import types

PATIENCE = 60
"""Seconds that something which must happen may take. Nothing is judged by time; this only ends a hopeless test."""
WAIT: types.Wait = {"polling_interval_seconds": 1}
"""The shortest pause between two looks."""
EXPORT = 3 << 20
"""The length of an exported database."""
ABSENT = "11111111-2222-3333-4444-555555555555"
"""An id that the service does not know."""
CANARY = "Y2FuYXJ5LXNlY3JldC10aGF0LW11c3Qtbm90LXNob3c="
"""A client secret that must not appear anywhere."""


def until(happened: Callable[[], Any], what: str) -> None:
    """Ask the emulator until something has happened; its answers are what paces the questions."""
    began = time.monotonic()
    while not happened():
        assert time.monotonic() - began < PATIENCE, f"in vain: {what}"


class Emulator:
    """A running `epi-emulator`."""

    def __init__(self, *options: str) -> None:
        command = [os.environ["EPI_EMULATOR"], "--speed", "instant", "--export-size", str(EXPORT), *options]
        self._state = tempfile.TemporaryDirectory()
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self.ready: dict[str, Any] = json.loads(self._process.stdout.readline())
        self._address = "/".join(self.ready["endpoint"].split("/")[:3])
        # A proxy of the developer's knows nothing of this machine.
        self._http = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._state.cleanup()

    @property
    def account(self) -> dict[str, Any]:
        """What a client takes."""
        names = {"client_key": "clientKey", "client_secret": "clientSecret", "project_id": "projectId"}
        names |= {"endpoint": "endpoint", "ca_file": "caFile"}
        # What a cut upload leaves must not land in the home of the person who runs the tests.
        return {**{name: self.ready[member] for name, member in names.items()}, "state_dir": self._state.name}

    @property
    def guidewire(self) -> dict[str, Any]:
        """What a client of Guidewire Cloud takes."""
        ready = self.ready["guidewire"]
        names = {"token_url": "tokenUrl", "client_id": "clientId", "client_secret": "clientSecret"}
        names |= {"endpoint": "endpoint", "tenant_id": "tenant", "star_system_id": "starSystem"}
        return {**{name: ready[member] for name, member in names.items()}, "ca_file": self.ready["caFile"]}

    @property
    def redis(self) -> dict[str, Any]:
        """What a client of Redis Enterprise takes."""
        ready = self.ready["redis"]
        names = {"endpoint": "endpoint", "user": "user", "password": "password", "ca_file": "caFile"}
        return {name: ready[member] for name, member in names.items()}

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a program that uses this account."""
        return {**os.environ, **{f"EPI_{name.upper()}": value for name, value in self.account.items()}}

    def control(self, method: str, what: str, document: Any = None) -> Any:
        body = None if document is None else json.dumps(document).encode()
        address = f"{self._address}/__control/{what}"
        request = urllib.request.Request(address, body, method=method)  # noqa: S310 (the emulator's own)
        with self._http.open(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def fault(self, effect: Mapping[str, Any], times: int | None = None, **when: Any) -> None:
        """Add a rule."""
        rule = {"effect": effect, "when": when}
        self.control("POST", "faults", rule if times is None else {**rule, "times": times})

    def stall(self, **when: Any) -> None:
        """Let requests wait for ever."""
        self.fault({"kind": "stall"}, **when)

    def requests(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("GET", "requests")["requests"]
        return found

    def wait_for_open_request(self, path: str, count: int = 1) -> None:
        """Wait until so many requests stand without an answer."""

        def stand_open() -> bool:
            standing = [one for one in self.requests() if one["ended"] is None and path in one["path"]]
            return len(standing) >= count

        until(stand_open, f"{count} open requests to {path}")

    def wait_until_none_is_open(self) -> None:
        until(lambda: all(one["ended"] is not None for one in self.requests()), "no request is open")
