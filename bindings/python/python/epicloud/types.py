"""The documents of the calls, for type checkers and editors; at run time they are plain dictionaries.

Requests have this package's spelling (snake_case). A member that is None counts as left out; what is left out has the
library's default, which is false for what is true or false. Results are the service's own objects, with its spelling
(camelCase) and with members that are not listed here when the service sends more.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, TypedDict, Union

if TYPE_CHECKING:
    from typing_extensions import Required

Path = Union[str, "os.PathLike[str]"]
"""A path of a local file."""
LogLevel = Literal["default", "warning", "info", "verbose", "debug"]
"""The most detailed messages that an operation keeps."""


class Progress(NamedTuple):
    """How far an operation is. None means unknown, which is not the same as 0."""

    phase: str
    """What it is doing: "starting", "requesting", "waiting", "uploading", "committing", "downloading", "verifying"."""
    attempt: int | None
    """The highest attempt of any request in this phase; 1 when none failed."""
    percent: int | None
    """The service's own percentage while waiting, 0 to 100."""
    status: str
    """"PENDING" while it runs, then the name of its final status, such as "OK"."""
    bytes_done: int | None
    """Bytes acknowledged by the other side."""
    bytes_total: int | None
    """Bytes in all."""
    items_done: int | None
    """Blocks, ranges or files finished."""
    items_total: int | None
    """Blocks, ranges or files in all."""
    bytes_per_second: int | None
    """Smoothed rate."""
    eta_ms: int | None
    """Estimated time left in milliseconds."""
    bytes_sent: int | None
    """Bytes that the connection has accepted, of `bytes_total`; at least `bytes_done`. Of uploads only."""
    retries: int | None
    """Requests repeated so far in this transfer."""


ProgressCallback = Callable[[Progress], object]
"""Told about progress."""


class Config(TypedDict, total=False):
    """What a client is told about its account, beside the secret."""

    client_key: str | None
    """The key of the API credentials."""
    project_id: str | None
    """The project's GUID, for requests that name none."""
    endpoint: str | None
    """The service's base address; the live service when left out."""
    ca_file: Path | None
    """A PEM file of certificate authorities to trust beside the system's."""
    state_dir: Path | None
    """The folder that keeps what a cut upload needs to go on; the user's own for state when left out."""
    call_timeout_seconds: int | None
    """How long the answers of one request to the service are waited for, in seconds; 120 when left out."""
    service: Literal["dxp"] | None
    """Which service; "dxp" when left out."""


class Request(TypedDict, total=False):
    """What every call takes."""

    project_id: str | None
    """The project's GUID; that of the client when left out."""
    timeout: float | None
    """The longest time the whole call may take, in seconds; no limit when left out."""
    progress: ProgressCallback | None
    """Called on the waiting thread, or in the event loop, when the figures have changed, and at the end."""
    log_level: LogLevel | None
    """The most detailed messages that `events` has; those of "info" when left out."""


class Wait(TypedDict, total=False):
    """How to wait for the service."""

    timeout_minutes: int | None
    """The longest wait in minutes, 1 to 2147483647; no limit when left out."""
    polling_interval_seconds: int | None
    """The pause between two looks in seconds, 1 to 2147483647; 30 when left out."""


class PackageFile(TypedDict, total=False):
    """A file to upload."""

    path: Required[Path]
    """The local file."""
    blob_name: str | None
    """The package's name in the store; the file's own name when left out."""


class UploadSettings(TypedDict, total=False):
    """How files are uploaded."""

    streams: int | None
    """Blocks sent at the same time, 1 to 64; adapted to the connection when left out."""
    block_size: int | None
    """Bytes of each block but the last, 1 to 4194304000 (4000 MiB); chosen by the file's size when left out."""
    integrity: Literal["crc64", "md5"] | None
    """The checksum of each block; chosen by the store's version when left out."""
    no_content_md5: bool | None
    """Leave out the whole-file MD5."""


class DownloadSettings(TypedDict, total=False):
    """How a file is downloaded."""

    streams: int | None
    """Ranges fetched at the same time, 1 to 16; 8 when left out."""


class UploadPackages(Request, total=False):
    """The request of `upload_packages`."""

    files: Required[Sequence[PackageFile]]
    """The files."""
    sas_url: str | None
    """The container link to upload to, a secret; a fresh one of the project when left out."""
    upload: UploadSettings | None
    """How to upload."""


class DeployPackages(Request, total=False):
    """The request of `deploy_packages`."""

    files: Required[Sequence[PackageFile]]
    """The files."""
    target_environment: Required[str]
    """Where to deploy."""
    maintenance_page: bool | None
    """Show the maintenance page meanwhile."""
    zero_downtime_mode: Literal["ReadOnly", "ReadWrite"] | None
    """Deploy without downtime."""
    direct_deploy: bool | None
    """Deploy straight to the site, without a slot and its verification."""
    wait: Wait | None
    """How to wait."""
    strict: bool | None
    """Take warnings for an error."""
    upload: UploadSettings | None
    """How to upload."""
    reuse_uploaded: bool | None
    """Start from packages that are uploaded already and in use by a deployment, by their names."""


class StartDeployment(Request, total=False):
    """The request of `start_deployment`: `packages`, or `source_environment`."""

    target_environment: Required[str]
    """Where to deploy."""
    packages: Sequence[str] | None
    """Names of uploaded packages."""
    source_environment: str | None
    """The environment to copy from."""
    source_apps: Sequence[str] | None
    """The code to copy: "cms", "commerce"."""
    include_blob: bool | None
    """Copy the blobs."""
    include_db: bool | None
    """Copy the databases."""
    maintenance_page: bool | None
    """Show the maintenance page meanwhile."""
    zero_downtime_mode: Literal["ReadOnly", "ReadWrite"] | None
    """Deploy without downtime."""
    direct_deploy: bool | None
    """Deploy straight to the site, without a slot and its verification."""
    wait: Wait | None
    """Wait until it awaits verification, has succeeded or failed; no wait when left out."""
    strict: bool | None
    """Take warnings for an error."""
    allow_failed: bool | None
    """Give back a deployment that failed without a text of the service, instead of an error."""


class GetDeployment(Request):
    """The request of `get_deployment`."""

    id: str
    """The deployment's GUID."""


class WaitForDeployment(GetDeployment, total=False):
    """The request of `wait_for_deployment`."""

    until: Literal["start", "complete", "reset", "completeReset"] | None
    """What to wait for; "start" when left out."""
    wait: Wait | None
    """How to wait."""
    strict: bool | None
    """Take warnings for an error."""
    allow_failed: bool | None
    """Give back a deployment that failed without a text of the service, instead of an error."""


class CompleteDeployment(GetDeployment, total=False):
    """The request of `complete_deployment`."""

    wait: Wait | None
    """Wait until it has succeeded or failed; no wait when left out."""
    strict: bool | None
    """Take warnings for an error."""
    allow_failed: bool | None
    """Give back a deployment that failed without a text of the service, instead of an error."""


class ResetDeployment(GetDeployment, total=False):
    """The request of `reset_deployment`."""

    reset_with_db_rollback: bool | None
    """Put the database back to its state before; with maintenance mode only."""
    validate_before_swap: bool | None
    """Stop before the swap for validation; with maintenance mode only."""
    complete: bool | None
    """Complete a reset that awaits its verification."""
    wait: Wait | None
    """Wait until it is reset, awaits the verification of the reset, or has failed; no wait when left out."""
    strict: bool | None
    """Take warnings for an error."""
    allow_failed: bool | None
    """Give back a deployment that failed without a text of the service, instead of an error."""


class Database(Request):
    """A database of an environment."""

    environment: str
    """The environment the database belongs to."""
    database_name: str
    """The database: "epicms" or "epicommerce"."""


class StartDatabaseExport(Database, total=False):
    """The request of `start_database_export`."""

    retention_hours: int | None
    """Hours that the service keeps the result, 1 to 2147483647; 24 when left out."""
    wait: Wait | None
    """Wait until it has ended; no wait when left out."""
    allow_failed: bool | None
    """Give back a failed or expired export, instead of an error."""


class GetDatabaseExport(Database):
    """The request of `get_database_export`."""

    id: str
    """The export's GUID."""


class WaitForDatabaseExport(GetDatabaseExport, total=False):
    """The request of `wait_for_database_export`."""

    wait: Wait | None
    """How to wait."""
    allow_failed: bool | None
    """Give back a failed or expired export, instead of an error."""


class SaveDatabaseExport(Database, total=False):
    """The request of `save_database_export`."""

    output_file: Required[Path]
    """Where to write the bacpac."""
    id: str | None
    """An export that exists. When left out, that of an interrupted save goes on, or a new one is started."""
    new_export: bool | None
    """Start a new export even if that of an interrupted save could go on. Not together with `id`."""
    retention_hours: int | None
    """Hours that the service keeps a new export, 1 to 2147483647; 24 when left out. Not together with `id`."""
    overwrite: bool | None
    """Replace the file if it exists."""
    wait: Wait | None
    """How to wait."""
    download: DownloadSettings | None
    """How to download."""


class ListStorageContainers(Request, total=False):
    """The request of `list_storage_containers`."""

    environment: Required[str]
    """The environment."""
    writable: bool | None
    """Only those that may be written to."""


class GetStorageLinks(Request, total=False):
    """The request of `get_storage_links`."""

    environment: Required[str]
    """The environment."""
    storage_container: Required[Sequence[str]]
    """The containers' names."""
    retention_hours: int | None
    """Hours that the links are valid, 1 to 168; 24 when left out."""
    writable: bool | None
    """Links that may be written to."""


class Verified(TypedDict):
    """Credentials that the service accepts."""

    projectId: str
    """The project's GUID."""
    clientKey: str
    """The client key."""
    authenticationVerified: bool
    """Always true: what is not accepted is an error."""


class Location(TypedDict):
    """A place that packages go to or edge logs come from."""

    location: str
    """The link, a secret that expires."""


class UploadReceipt(TypedDict, total=False):
    """A file that was uploaded."""

    blobName: Required[str]
    """The package's name."""
    bytes: Required[int]
    """Its length."""
    contentMd5: str
    """The whole file's MD5 in Base64."""
    blocks: Required[int]
    """Blocks it was sent in."""
    retries: Required[int]
    """Requests that were repeated."""
    integrity: Required[Literal["crc64", "contentMd5", "unverified"]]
    """The checksum by which the blob storage has confirmed each block; `unverified` if it did not confirm them all."""


class UploadedPackages(TypedDict):
    """The result of `upload_packages`."""

    packages: list[UploadReceipt]
    """One receipt a file, in the order of the request."""


class Deployment(TypedDict, total=False):
    """A deployment as the service describes it."""

    id: Required[str]
    """The deployment's GUID."""
    projectId: str
    """The project's GUID."""
    status: Required[str]
    """The service's word, such as "InProgress", "AwaitingVerification", "Succeeded", "Failed" or "Reset"."""
    startTime: str | None
    """RFC 3339."""
    endTime: str | None
    """RFC 3339."""
    percentComplete: int
    """0 to 100."""
    validationLinks: list[str] | None
    """Where to look at the slot, filled at verification."""
    deploymentWarnings: list[str] | None
    """The warnings so far."""
    deploymentErrors: list[str] | None
    """The errors; may be empty even when the deployment failed."""
    parameters: dict[str, object]
    """What was asked for."""


class DeployedPackages(TypedDict):
    """The result of `deploy_packages`."""

    packages: list[UploadReceipt]
    """One receipt a file, in the order of the request."""
    deployment: Deployment
    """The deployment as it was last seen."""


class DatabaseExport(TypedDict, total=False):
    """A database export as the service describes it."""

    id: Required[str]
    """The export's GUID."""
    projectId: str
    """The project's GUID."""
    environment: str
    """The environment."""
    databaseName: str
    """The database."""
    status: Required[str]
    """The service's word, such as "InProgress", "Succeeded" or "ExportFailed"."""
    downloadLink: str | None
    """The link to the bacpac, a secret that expires."""
    bacpacName: str | None
    """The file's name."""


class StructureWarning(TypedDict):
    """Something worth knowing about a bacpac before it is imported."""

    code: str
    """What programs know it by, such as "localHeaders"."""
    text: str
    """A sentence."""


class SavedDatabaseExport(TypedDict, total=False):
    """The result of `save_database_export`."""

    id: Required[str]
    """The export's GUID."""
    environment: Required[str]
    """The environment."""
    databaseName: Required[str]
    """The database."""
    status: Required[str]
    """The service's word."""
    file: Required[str]
    """The file."""
    bytes: Required[int]
    """Its length."""
    contentMd5: str
    """Its MD5 in Base64, where it was compared."""
    verified: Required[str]
    """What was compared with what the service told: "md5" (and the size), or only the "size"."""
    resumedBytes: Required[int]
    """Bytes that an earlier, cut download had left."""
    retries: Required[int]
    """Requests that were repeated."""
    structure: Required[str]
    """Always "checked": it is a bacpac whose parts are there and where they should be. Table data is not read."""
    warnings: Required[list[StructureWarning]]
    """What the check found that does not keep it from being saved."""


class StorageContainers(TypedDict):
    """The storage containers of an environment."""

    storageContainers: list[str]
    """Their names."""


class StorageLink(TypedDict, total=False):
    """A link to a storage container."""

    containerName: str
    """The container."""
    sasLink: Required[str]
    """The link, a secret that expires."""
    expiresOn: str
    """RFC 3339."""


class Event(TypedDict, total=False):
    """Something that happened in an operation. Which members there are depends on `event`."""

    seq: Required[int]
    """Its number, from 1."""
    event: Required[Literal["message", "accepted", "warning", "retrying", "progress"]]
    """Its kind."""
    level: str
    """Of a message: how much it matters."""
    text: str
    """Of a message or a warning."""
    what: str
    """What was accepted ("deployment", "export") or is tried again."""
    id: str
    """The service's id of what was accepted."""
    attempt: int
    """The attempt that failed."""
    delayMs: int
    """The pause before the next one."""
    reason: str
    """Why it failed."""
    phase: str
    """Of progress: the stage. Its figures have the names of `Progress`, in camelCase."""
    subject: str
    """Of progress: what is being worked on."""
    status: str
    """Of progress: the service's own status word."""
    percent: int
    """Of progress: the service's own percentage."""
    bytesDone: int
    """Of progress."""
    bytesTotal: int
    """Of progress."""
    itemsDone: int
    """Of progress."""
    itemsTotal: int
    """Of progress."""
    bytesSent: int
    """Of progress."""
    retries: int
    """Of progress."""
    bytesPerSecond: int
    """Of progress."""
    etaMs: int
    """Of progress."""


class Events(TypedDict):
    """What has happened in an operation after an event."""

    events: list[Event]
    """The events."""
    dropped: int
    """How many of them are no longer kept."""
    lastSeq: int
    """The number of the newest, for the next call."""
