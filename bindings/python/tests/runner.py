"""The driver of the behaviour suite in `tests/vectors`: reads lines, calls the package's public methods, answers.

What a user of the package gets is what is answered: results as they are returned, and errors put together from the
members of the exceptions. `tests/vectors/README.md` describes the lines.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from epicloud._native import ffi, lib

import epicloud
import epicloud.guidewire
import epicloud.redis_enterprise
from epicloud import _handles

METHODS = {
    "connect": "verify",
    "packageLocation.get": "get_package_location",
    "package.upload": "upload_packages",
    "package.deploy": "deploy_packages",
    "deployment.start": "start_deployment",
    "deployment.list": "list_deployments",
    "deployment.get": "get_deployment",
    "deployment.wait": "wait_for_deployment",
    "deployment.complete": "complete_deployment",
    "deployment.reset": "reset_deployment",
    "databaseExport.start": "start_database_export",
    "databaseExport.get": "get_database_export",
    "databaseExport.wait": "wait_for_database_export",
    "databaseExport.save": "save_database_export",
    "storageContainer.list": "list_storage_containers",
    "storageSas.get": "get_storage_links",
    "edgeLogLocation.get": "get_edge_log_location",
    "guidewire.connect": "verify",
    "guidewire.backup.create": "create_backup",
    "guidewire.backup.get": "get_backup",
    "guidewire.backup.list": "list_backups",
    "guidewire.backup.wait": "wait_for_backup",
    "guidewire.backup.delete": "delete_backup",
    "redisEnterprise.connect": "verify",
    "redisEnterprise.export.start": "start_export",
    "redisEnterprise.export.get": "get_export",
    "redisEnterprise.export.wait": "wait_for_export",
    "redisEnterprise.export.reset": "reset_export",
    "redisEnterprise.database.list": "list_databases",
    "redisEnterprise.database.get": "get_database",
    "job.get": "get_job",
    "job.wait": "wait_for_job",
}
"""The method for each operation of the library's catalog."""


def pythonic(value: Any) -> Any:
    """Spell a document as users of this package do."""
    if isinstance(value, dict):
        return {
            re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", name): pythonic(it) for name, it in value.items()
        }
    return [pythonic(item) for item in value] if isinstance(value, list) else value


def described(error: epicloud.Error) -> dict[str, Any]:
    """Put the document of an error together from the members of the exception."""
    return {
        "status": error.status,
        "exitCode": error.exit_code,
        "message": error.message,
        "httpStatus": error.http_status,
        "code": error.code,
        "errors": list(error.errors),
        "requestId": error.request_id,
        "field": error.field,
        "nextStep": error.next_step,
        "retry": error.retry,
        "retryAfterMs": error.retry_after_ms,
        "attempts": error.attempts,
    }


def layout() -> dict[str, int]:
    """Give the sizes and offsets of the two structs, as cffi sees them."""
    found = {}
    for struct in ("epi_progress", "epi_call_options"):
        found[struct] = ffi.sizeof(struct)
        for field, _ in ffi.typeof(struct).fields:
            found[f"{struct}.{field}"] = ffi.offsetof(struct, field)
    return found


class Runner:
    """One client and one operation at a time."""

    def __init__(self) -> None:
        self._client: Any = None
        self._operation: epicloud.Operation[Any] | None = None

    def client(self, config: str, secret: str) -> Any:
        """Make a client in place of the one before."""
        if self._client is not None:
            self._client.close()
            self._client = None
        settings = pythonic(json.loads(config))
        # A secret among the settings is refused; in Python's spelling it would be the secret's own argument.
        if "client_secret" in settings:
            settings["clientSecret"] = settings.pop("client_secret")
        service = settings.get("service")
        if service == "guidewire":
            del settings["service"]
            self._client = epicloud.guidewire.Client(**settings, client_secret=secret)
        elif service == "redis-enterprise":
            del settings["service"]
            self._client = epicloud.redis_enterprise.Client(**settings, password=secret)
        else:
            self._client = epicloud.Client(**settings, client_secret=secret)
        return {}

    def start(self, operation: str, request: str) -> Any:
        """Start an operation."""
        assert self._client is not None, "start before client"
        members = pythonic(json.loads(request))
        self._operation = getattr(self._client.start, METHODS[operation])(**members)
        return {}

    def cancel(self) -> Any:
        """Cancel it, without waiting."""
        assert self._operation is not None, "cancel before start"
        self._operation.cancel()
        return {}

    def end(self) -> Any:
        """Wait for its end, and free it."""
        assert self._operation is not None, "end before start"
        with self._operation as operation:
            self._operation = None
            return operation.result()

    def layout(self) -> Any:
        """Tell how this package sees the structs."""
        return layout()

    def answer(self, line: str) -> tuple[int, Any]:
        """Do what a line says; the status and its document."""
        name, *fields = line.split("\t")
        try:
            return (0, getattr(self, name)(*fields))
        except epicloud.Error as error:
            return (getattr(lib, f"EPI_STATUS_{error.status}"), described(error))


def main() -> None:
    """Answer every line with one line."""
    assert _handles.declared_version() == epicloud.__version__
    runner = Runner()
    # The protocol is UTF-8, whatever the system's own is.
    for line in sys.stdin.buffer:
        status, document = runner.answer(line.decode("utf-8").rstrip("\r\n"))
        sys.stdout.buffer.write(f"{status}\t{json.dumps(document)}\n".encode())
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
