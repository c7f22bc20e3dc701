"""The documents of the calls, for type checkers and editors; at run time they are plain dictionaries.

Requests use snake_case. A member that is None counts as left out; a member that is left out has the default of the
library, which is False for booleans. Results are the objects of the service, in camelCase and with any further members
that the service sends.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, TypedDict, Union

if TYPE_CHECKING:
    from typing_extensions import Required

Path = Union[str, "os.PathLike[str]"]
"""A path of a local file."""
LogLevel = Literal["default", "warning", "info", "verbose", "debug"]
"""The most detailed level of messages that an operation keeps."""


class Progress(NamedTuple):
    """The progress of an operation. None means unknown, which is not the same as 0."""

    phase: str
    """The stage: "starting", "requesting", "waiting", "uploading", "committing", "downloading", "verifying"."""
    attempt: int | None
    """The highest attempt of any request in this phase; 1 when none failed."""
    percent: int | None
    """The percentage of the service while waiting, 0 to 100."""
    status: str
    """"PENDING" while it is running, then the name of its final status, such as "OK"."""
    bytes_done: int | None
    """Bytes acknowledged by the blob storage, or received."""
    bytes_total: int | None
    """Total bytes."""
    items_done: int | None
    """Finished blocks, parts or files."""
    items_total: int | None
    """Total blocks, parts or files."""
    bytes_per_second: int | None
    """Smoothed rate, in bytes per second."""
    eta_ms: int | None
    """Estimated time left, in milliseconds."""
    bytes_sent: int | None
    """Bytes that the connection has accepted, of `bytes_total`; at least `bytes_done`. Uploads only."""
    retries: int | None
    """Requests retried so far in this transfer."""


ProgressCallback = Callable[[Progress], object]
"""A function that is called with the progress."""


class Config(TypedDict, total=False):
    """The configuration of a client, except for the secret."""

    client_key: str | None
    """The key of the API credentials."""
    project_id: str | None
    """The project's GUID, for requests that name none."""
    endpoint: str | None
    """The base URL of the service; the default is the live service."""
    ca_file: Path | None
    """A PEM file with additional CA certificates to trust."""
    state_dir: Path | None
    """The directory for the resume data of interrupted uploads; the default is the state directory of the user."""
    call_timeout_seconds: int | None
    """Time limit of one request to the service, with its retries, in seconds; the default is 120."""
    service: Literal["dxp"] | None
    """The service; the default is "dxp"."""


class Call(TypedDict, total=False):
    """What every call takes."""

    timeout: float | None
    """Time limit of the whole call, in seconds; the default is no limit."""
    progress: ProgressCallback | None
    """Called on the waiting thread, or in the event loop, when the progress changes and at the end."""
    log_level: LogLevel | None
    """The most detailed level of messages in `events`; the default is "info"."""


class Request(Call, total=False):
    """The members of every request to Optimizely DXP."""

    project_id: str | None
    """The project's GUID; the default is that of the client."""


class Wait(TypedDict, total=False):
    """How to wait for the service."""

    timeout_minutes: int | None
    """Maximum time to wait, in minutes, 1 to 2147483647; the default is no limit."""
    polling_interval_seconds: int | None
    """Polling interval in seconds, 1 to 2147483647; the default is 30."""


class PackageFile(TypedDict, total=False):
    """A file to upload."""

    path: Required[Path]
    """The local file."""
    blob_name: str | None
    """The name to upload the package under; the default is the name of the file."""


class UploadSettings(TypedDict, total=False):
    """How files are uploaded."""

    streams: int | None
    """Blocks uploaded in parallel, 1 to 64; by default adapted to the connection."""
    block_size: int | None
    """Block size in bytes, 1 to 4194304000 (4000 MiB); by default chosen by the size of the file."""
    integrity: Literal["crc64", "md5"] | None
    """The checksum of each block; the default is "crc64" where the blob storage supports it, otherwise "md5"."""
    no_content_md5: bool | None
    """Do not store the MD5 of the file."""


class DownloadSettings(TypedDict, total=False):
    """How a file is downloaded."""

    streams: int | None
    """Parts downloaded in parallel, 1 to 16; the default is 8."""


class UploadPackages(Request, total=False):
    """The request of `upload_packages`."""

    files: Required[Sequence[PackageFile]]
    """The files."""
    sas_url: str | None
    """The container SAS URL to upload to, a secret; by default requested from the service."""
    upload: UploadSettings | None
    """How to upload."""


class DeployPackages(Request, total=False):
    """The request of `deploy_packages`."""

    files: Required[Sequence[PackageFile]]
    """The files."""
    target_environment: Required[str]
    """Where to deploy."""
    maintenance_page: bool | None
    """Show a maintenance page during the deployment."""
    zero_downtime_mode: Literal["ReadOnly", "ReadWrite"] | None
    """Deploy without downtime."""
    direct_deploy: bool | None
    """Deploy directly to the site, without a slot and its verification."""
    wait: Wait | None
    """How to wait."""
    strict: bool | None
    """Treat warnings as an error."""
    upload: UploadSettings | None
    """How to upload."""
    reuse_uploaded: bool | None
    """Deploy packages that are already uploaded and used by a deployment, matched by name."""


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
    """Show a maintenance page during the deployment."""
    zero_downtime_mode: Literal["ReadOnly", "ReadWrite"] | None
    """Deploy without downtime."""
    direct_deploy: bool | None
    """Deploy directly to the site, without a slot and its verification."""
    wait: Wait | None
    """Wait until it awaits verification, has succeeded or failed; by default there is no wait."""
    strict: bool | None
    """Treat warnings as an error."""
    allow_failed: bool | None
    """Return a deployment that failed without an error text, instead of raising an error."""


class GetDeployment(Request):
    """The request of `get_deployment`."""

    id: str
    """The deployment's GUID."""


class WaitForDeployment(GetDeployment, total=False):
    """The request of `wait_for_deployment`."""

    until: Literal["start", "complete", "reset", "completeReset"] | None
    """The step to wait for; the default is "start"."""
    wait: Wait | None
    """How to wait."""
    strict: bool | None
    """Treat warnings as an error."""
    allow_failed: bool | None
    """Return a deployment that failed without an error text, instead of raising an error."""


class CompleteDeployment(GetDeployment, total=False):
    """The request of `complete_deployment`."""

    wait: Wait | None
    """Wait until it has succeeded or failed; by default there is no wait."""
    strict: bool | None
    """Treat warnings as an error."""
    allow_failed: bool | None
    """Return a deployment that failed without an error text, instead of raising an error."""


class ResetDeployment(GetDeployment, total=False):
    """The request of `reset_deployment`."""

    reset_with_db_rollback: bool | None
    """Also roll back the database; maintenance mode only."""
    validate_before_swap: bool | None
    """Stop before the swap for verification; maintenance mode only."""
    complete: bool | None
    """Complete a reset that awaits verification."""
    wait: Wait | None
    """Wait until it is reset, the reset awaits verification, or it has failed; by default there is no wait."""
    strict: bool | None
    """Treat warnings as an error."""
    allow_failed: bool | None
    """Return a deployment that failed without an error text, instead of raising an error."""


class Database(Request):
    """A database of an environment."""

    environment: str
    """The environment of the database."""
    database_name: str
    """The database: "epicms" or "epicommerce"."""


class StartDatabaseExport(Database, total=False):
    """The request of `start_database_export`."""

    retention_hours: int | None
    """Hours that the service keeps the export, 1 to 2147483647; the default is 24."""
    wait: Wait | None
    """Wait until it finishes; by default there is no wait."""
    allow_failed: bool | None
    """Return a failed or expired export, instead of raising an error."""


class GetDatabaseExport(Database):
    """The request of `get_database_export`."""

    id: str
    """The export's GUID."""


class WaitForDatabaseExport(GetDatabaseExport, total=False):
    """The request of `wait_for_database_export`."""

    wait: Wait | None
    """How to wait."""
    allow_failed: bool | None
    """Return a failed or expired export, instead of raising an error."""


class SaveDatabaseExport(Database, total=False):
    """The request of `save_database_export`."""

    output_file: Required[Path]
    """Where to write the bacpac."""
    id: str | None
    """An existing export. By default, the export of an interrupted save is resumed or a new one is started."""
    new_export: bool | None
    """Start a new export, even if an interrupted save could be resumed. Not together with `id`."""
    retention_hours: int | None
    """Hours that the service keeps a new export, 1 to 2147483647; the default is 24. Not together with `id`."""
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
    """List only writable containers."""


class GetStorageLinks(Request, total=False):
    """The request of `get_storage_links`."""

    environment: Required[str]
    """The environment."""
    storage_container: Required[Sequence[str]]
    """The names of the containers."""
    retention_hours: int | None
    """Hours that the SAS URLs are valid, 1 to 168; the default is 24."""
    writable: bool | None
    """Allow writing."""


class Verified(TypedDict):
    """Credentials that the service accepts."""

    projectId: str
    """The project's GUID."""
    clientKey: str
    """The client key."""
    authenticationVerified: bool
    """Always true; otherwise there is an error."""


class Location(TypedDict):
    """The location of packages or of edge logs."""

    location: str
    """The SAS URL, a secret that expires."""


class UploadReceipt(TypedDict, total=False):
    """An uploaded file."""

    blobName: Required[str]
    """The package's name."""
    bytes: Required[int]
    """Its length."""
    contentMd5: str
    """The MD5 of the file in Base64."""
    blocks: Required[int]
    """Number of blocks."""
    retries: Required[int]
    """Requests that were retried."""
    integrity: Required[Literal["crc64", "contentMd5", "unverified"]]
    """The checksum by which the blob storage confirmed each block; `unverified` if it did not confirm all of them."""


class UploadedPackages(TypedDict):
    """The result of `upload_packages`."""

    packages: list[UploadReceipt]
    """One receipt for each file, in the order of the request."""


class Deployment(TypedDict, total=False):
    """A deployment as the service describes it."""

    id: Required[str]
    """The deployment's GUID."""
    projectId: str
    """The project's GUID."""
    status: Required[str]
    """The status of the service, such as "InProgress", "AwaitingVerification", "Succeeded", "Failed" or "Reset"."""
    startTime: str | None
    """RFC 3339."""
    endTime: str | None
    """RFC 3339."""
    percentComplete: int
    """0 to 100."""
    validationLinks: list[str] | None
    """The URLs of the slot, set when the deployment awaits verification."""
    deploymentWarnings: list[str] | None
    """The warnings so far."""
    deploymentErrors: list[str] | None
    """The errors; may be empty even when the deployment failed."""
    parameters: dict[str, object]
    """The parameters of the request."""


class DeployedPackages(TypedDict):
    """The result of `deploy_packages`."""

    packages: list[UploadReceipt]
    """One receipt for each file, in the order of the request."""
    deployment: Deployment
    """The deployment as last reported by the service."""


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
    """The status of the service, such as "InProgress", "Succeeded" or "ExportFailed"."""
    downloadLink: str | None
    """The download link of the bacpac, a secret that expires."""
    bacpacName: str | None
    """The name of the file."""
    handle: str
    """What `get_job` and `wait_for_job` take; only in the result of `start_database_export`."""


class StructureWarning(TypedDict):
    """A warning about a bacpac that matters before an import."""

    code: str
    """The code for programs, such as "localHeaders"."""
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
    """The status of the service."""
    file: Required[str]
    """The file."""
    bytes: Required[int]
    """Its length."""
    contentMd5: str
    """Its MD5 in Base64, if it was verified."""
    verified: Required[str]
    """What was verified: "md5" (and the size), or only the "size"."""
    resumedBytes: Required[int]
    """Bytes from an earlier, interrupted download."""
    retries: Required[int]
    """Requests that were retried."""
    structure: Required[str]
    """Always "checked": the structure of the bacpac is valid and complete. Table data is not read."""
    warnings: Required[list[StructureWarning]]
    """Warnings of the structure check."""


class StorageContainers(TypedDict):
    """The storage containers of an environment."""

    storageContainers: list[str]
    """Their names."""


class StorageLink(TypedDict, total=False):
    """A SAS URL of a storage container."""

    containerName: str
    """The container."""
    sasLink: Required[str]
    """The SAS URL, a secret that expires."""
    expiresOn: str
    """RFC 3339."""


class Event(TypedDict, total=False):
    """An event of an operation. The members depend on `event`."""

    seq: Required[int]
    """Its number, from 1."""
    event: Required[Literal["message", "accepted", "warning", "retrying", "progress"]]
    """Its kind."""
    level: str
    """Of a message: how much it matters."""
    text: str
    """The event as a sentence; not for progress."""
    what: str
    """What was accepted ("deployment", "export") or is retried."""
    id: str
    """The id of the accepted deployment or export."""
    attempt: int
    """The failed attempt, from 1."""
    delayMs: int
    """The pause before the next attempt, in milliseconds."""
    reason: str
    """Why it failed."""
    phase: str
    """Of progress: the stage. Its figures have the names of `Progress`, in camelCase."""
    subject: str
    """Of progress: the file, package, environment or database."""
    status: str
    """Of progress: the status of the service."""
    percent: int
    """Of progress: the percentage of the service."""
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
    """The events of an operation after a given one."""

    events: list[Event]
    """The events."""
    dropped: int
    """The number of events that are no longer kept."""
    lastSeq: int
    """The number of the newest event, for the next call."""


class GuidewireConfig(TypedDict, total=False):
    """The configuration of a client of Guidewire Cloud, except for the secret."""

    endpoint: Required[str]
    """The base URL of the Database API of the region."""
    client_id: Required[str]
    """The id of the OAuth client."""
    tenant_id: Required[str]
    """The tenant."""
    star_system_id: Required[str]
    """The star system."""
    token_url: str | None
    """Where tokens are requested; the default is that of the region, where it is a published one."""
    scopes: str | None
    """The scopes of a token, separated by spaces; by default those that backups need."""
    max_retention_days: int | None
    """The tenant's maximum retention in days; the default is 14."""
    star_system_list: Literal["backup", "backups"] | None
    """How the path of a star system's list ends; the default is "backup", and the other one is tried as well."""
    ca_file: Path | None
    """A PEM file with additional CA certificates to trust."""
    call_timeout_seconds: int | None
    """Time limit of one request to the service, with its retries, in seconds; the default is 120."""


class RedisEnterpriseConfig(TypedDict, total=False):
    """The configuration of a client of Redis Enterprise Software, except for the password."""

    endpoint: Required[str]
    """The address of the cluster's REST API, such as `https://cluster:9443`."""
    user: Required[str]
    """The user name, usually an e-mail address."""
    authentication: Literal["basic", "jwt"] | None
    """How requests say whose they are; the default is "basic"."""
    ca_file: Path | None
    """A PEM file with additional CA certificates to trust."""
    certificate_sha256: str | None
    """The SHA-256 fingerprint of the one certificate to accept, instead of `ca_file`."""
    call_timeout_seconds: int | None
    """Time limit of one request to the service, with its retries, in seconds; the default is 120."""


class GetJob(Call):
    """The request of `get_job`."""

    handle: str
    """The handle that the start of the job returned."""


class WaitForJob(GetJob, total=False):
    """The request of `wait_for_job`."""

    wait: Wait | None
    """How to wait; the default is without limit."""
    allow_failed: bool | None
    """Return a job that has failed, or whose result has expired, instead of raising."""


class Job(TypedDict, total=False):
    """An export job of any service."""

    service: str
    """The service."""
    handle: str
    """One word by which the job is found again, from any machine; no secret."""
    subject: str
    """What is exported."""
    state: str
    """"idle", "queued", "running", "unknown", "succeeded", "failed", "expired" or "deleted"."""
    status: str
    """The service's own word for it."""
    progress: float
    """The service's own figure, 0 to 1, where it tells one."""
    evidence: Literal["strong", "weak"]
    """Whether this is certainly the job that was asked for."""
    times: dict[str, object]
    """When it did what, and who says so."""
    artifact: dict[str, object]
    """What it has yielded."""
    failure: dict[str, object]
    """Why it failed."""
    object: dict[str, object]
    """The service's own object; that of DXP contains the download link, a secret."""


class CreateBackup(Call, total=False):
    """The request of `epicloud.guidewire`'s `create_backup`."""

    planet_id: Required[str]
    """The planet."""
    planet_class: Required[str]
    """What the planet is for: "dev", "preprod" or "prod"."""
    mechanism: str | None
    """How it is made; the default is "logical"."""
    permanent: bool | None
    """Keep it until it is deleted; instead of `retention_days`."""
    retention_days: int | None
    """Days that the service keeps it, 1 to the tenant's maximum."""
    name: str | None
    """A name, up to 255 characters."""
    description: str | None
    """What it is for."""
    unique_name: bool | None
    """Add a short random text to the name, so that the backup is found for certain if the response is lost."""
    wait: Wait | None
    """Wait until it has ended."""
    allow_failed: bool | None
    """Return a backup that has failed, instead of raising."""


class GetBackup(Call):
    """The request of `epicloud.guidewire`'s `get_backup`."""

    id: str
    """The backup."""


class ListBackups(Call, total=False):
    """The request of `epicloud.guidewire`'s `list_backups`."""

    planet_id: str | None
    """The planet; the default is the whole star system."""


class WaitForBackup(GetBackup, total=False):
    """The request of `epicloud.guidewire`'s `wait_for_backup`."""

    wait: Wait | None
    """How to wait; the default is without limit."""
    allow_failed: bool | None
    """Return a backup that has failed, instead of raising."""


class DeleteBackup(GetBackup, total=False):
    """The request of `epicloud.guidewire`'s `delete_backup`."""

    if_exists: bool | None
    """A backup that does not exist is no error."""


class StarSystem(TypedDict):
    """The result of `epicloud.guidewire`'s `verify`."""

    tenantId: str
    starSystemId: str
    clientId: str
    endpoint: str
    backups: int


class ConnectCluster(Call, total=False):
    """The request of `epicloud.redis_enterprise`'s `verify`."""

    uid: int | None
    """A database of which to say whether it can be exported."""


class StartRedisExport(Call, total=False):
    """The request of `epicloud.redis_enterprise`'s `start_export`."""

    uid: Required[int]
    """The database."""
    location: Required[Mapping[str, str]]
    """Where the files go: `type`, and the members of that type as the service spells them. Some of them are secrets."""
    email_notification: bool | None
    """Let the cluster send a mail when it has ended."""
    reset: bool | None
    """Clear the result of the last export before; the default is True."""
    wait_while_busy_minutes: int | None
    """Minutes to wait for an export that somebody else runs; by default it is refused at once."""
    busy_timeout_seconds: int | None
    """Seconds to try the start again while the database is busy with something else; the default is 360."""
    wait: Wait | None
    """Wait until it has ended."""
    allow_failed: bool | None
    """Return an export that has failed, instead of raising."""


class GetRedisExport(Call, total=False):
    """The request of `epicloud.redis_enterprise`'s `get_export`: one of both."""

    uid: int | None
    """The database, for its last export, whoever has started it."""
    handle: str | None
    """The handle of an export."""


class WaitForRedisExport(Call, total=False):
    """The request of `epicloud.redis_enterprise`'s `wait_for_export`."""

    handle: Required[str]
    """The handle of the export."""
    wait: Wait | None
    """How to wait; the default is without limit."""
    allow_failed: bool | None
    """Return an export that has failed, instead of raising."""


class OfRedisDatabase(Call):
    """The request of what is done with one database."""

    uid: int
    """The database."""


class Cluster(TypedDict, total=False):
    """The result of `epicloud.redis_enterprise`'s `verify`."""

    endpoint: Required[str]
    version: Required[str | None]
    databases: Required[list[RedisDatabase]]
    database: dict[str, object]


class RedisDatabase(TypedDict, total=False):
    """A database of a cluster, without its passwords."""

    uid: Required[int]
    name: str
    status: str
    shards_count: int
