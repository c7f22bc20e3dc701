"""Nothing of this package shows a secret: neither the client secret nor the links that the service gives."""

from __future__ import annotations

import gc
import io
import json
import logging
import traceback
from typing import TYPE_CHECKING, Any

import pytest

import epicloud
import epicloud.aio
from stage import CANARY, WAIT, Emulator

if TYPE_CHECKING:
    from pathlib import Path


def signature(link: str) -> str:
    """Give what makes a link a secret."""
    return link.partition("sig=")[2].partition("&")[0]


def test_the_client_secret_is_shown_nowhere(
    emulator: Emulator, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shown = io.StringIO()
    handler = logging.StreamHandler(shown)
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.DEBUG)
    try:
        client = epicloud.Client(**{**emulator.account, "client_secret": CANARY})
        other = epicloud.aio.Client(**{**emulator.account, "client_secret": CANARY.encode()})
        operation = client.start.list_deployments(log_level="debug")
        with pytest.raises(epicloud.Unauthenticated) as caught:
            operation.result()
        error = caught.value
        trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        texts = [repr(thing) for thing in (client, other, client.start, operation, operation.progress(), error)]
        texts += [str(error), repr(vars(error)), trace, json.dumps(operation.events())]
    finally:
        logging.getLogger().removeHandler(handler)
        logging.getLogger().setLevel(logging.WARNING)
    texts += [shown.getvalue(), *capfd.readouterr()]
    with pytest.raises(epicloud.Error) as caught_too:
        epicloud.Client(client_key="x", client_secret=f"{CANARY}!")
    texts += [str(caught_too.value), repr(caught_too.value.__dict__)]
    for text in texts:
        assert CANARY.rstrip("=") not in text
    assert any("UNAUTHENTICATED" in text for text in texts)


def test_the_client_secret_is_not_kept(emulator: Emulator) -> None:
    client = epicloud.Client(**{**emulator.account, "client_secret": emulator.ready["clientSecret"]})
    reached: list[Any] = [client]
    seen: set[int] = set()
    while reached:
        thing = reached.pop()
        if id(thing) in seen or type(thing).__name__ in ("module", "type", "function", "frame"):
            continue
        seen.add(id(thing))
        if isinstance(thing, (str, bytes, bytearray)):
            text = thing if isinstance(thing, str) else bytes(thing).decode("latin-1")
            assert emulator.ready["clientSecret"] not in text
        reached.extend(gc.get_referents(thing))
    assert len(seen) > 1


def test_links_are_shown_nowhere(emulator: Emulator, client: epicloud.Client, package: Path) -> None:
    location = client.get_package_location()["location"]
    secret = signature(location)
    assert len(secret) > 20
    with client.start.upload_packages(files=[{"path": package}], sas_url=location, log_level="debug") as operation:
        operation.result()
        texts = [json.dumps(operation.events()), repr(operation), repr(operation.progress())]
    emulator.fault({"kind": "status", "status": 403, "code": "AuthenticationFailed"}, path="/deploymentpackages/")
    with pytest.raises(epicloud.Error) as caught:
        client.upload_packages(files=[{"path": package}], sas_url=location)
    texts += [str(caught.value), repr(caught.value), repr(vars(caught.value))]
    with pytest.raises(epicloud.InvalidArgument) as refused:
        client.upload_packages(files=[{"path": package}], sas_url=location.replace("https://", "nonsense:"))
    texts += [str(refused.value), repr(vars(refused.value))]
    for text in texts:
        assert secret not in text
    export = client.start_database_export(environment="Production", database_name="epicms", wait=WAIT)
    assert signature(str(export["downloadLink"])), "the result has the link, for those who ask for it"
