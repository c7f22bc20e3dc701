#ifndef EPICLOUD_NO_CALLS
/*
 * CALLS. One function for each operation of each service: `epi_operation_start` with the
 * operation's name, under a name of its own. An operation needs a client of its service;
 * on another one it ends in `EPI_STATUS_UNSUPPORTED`. What it returns, ownership and
 * threads are those of `epi_operation_start`. None of them is a symbol of the library;
 * define EPICLOUD_NO_CALLS to leave them out.
 */

/**
 * Verifies the credentials by listing the deployments of the project.
 *
 * Request: projectId (the client's own when absent, as in all requests).
 * Result: projectId, clientKey and authenticationVerified, which is always true:
 * credentials that are not accepted end in `EPI_STATUS_UNAUTHENTICATED`.
 *
 * Since: 0.1.
 */
static inline epi_status epi_client_verify(const epi_client *client,
                                           const char *request_json,
                                           const epi_call_options *options,
                                           epi_operation **out_operation,
                                           epi_error **out_error)
{
    return epi_operation_start(client, "connect", request_json, options, out_operation,
                               out_error);
}

/**
 * Gets the write-only link that packages are uploaded to.
 *
 * Request: projectId.
 * Result: the service's object; its location is a secret that expires.
 *
 * Since: 0.1.
 */
static inline epi_status epi_package_location_get(const epi_client *client,
                                                  const char *request_json,
                                                  const epi_call_options *options,
                                                  epi_operation **out_operation,
                                                  epi_error **out_error)
{
    return epi_operation_start(client, "packageLocation.get", request_json, options, out_operation,
                               out_error);
}

/**
 * Uploads package files.
 *
 * Request: files, a list of objects with path and optionally blobName; sasUrl (a
 * fresh link of the project when absent); upload, an object with streams (1 to 64;
 * adapted to the connection when absent), blockSize (bytes, up to 4000 MiB; chosen
 * by the file's size when absent), integrity of each block ("crc64", or "md5" where
 * the store does not know that; chosen when absent) and noContentMd5 (false).
 * Result: packages, one receipt a file in the order of the request. Its integrity is
 * the checksum by which the blob storage has confirmed each block ("crc64" or
 * "contentMd5"), or "unverified" when it did not confirm all of them.
 *
 * Since: 0.1.
 */
static inline epi_status epi_package_upload(const epi_client *client,
                                            const char *request_json,
                                            const epi_call_options *options,
                                            epi_operation **out_operation,
                                            epi_error **out_error)
{
    return epi_operation_start(client, "package.upload", request_json, options, out_operation,
                               out_error);
}

/**
 * Uploads package files, starts a deployment of them and waits for it.
 *
 * Request: files and upload as in `epi_package_upload`; targetEnvironment;
 * maintenancePage, zeroDowntimeMode, directDeploy, strict and wait as in
 * `epi_deployment_start`; reuseUploaded (start from packages that are uploaded
 * already and in use by a deployment, by their names; their content is not
 * compared). Without wait it waits with the defaults.
 * Result: packages, the receipts; reused, the names of those that were there, if
 * any; and deployment as it was last seen.
 *
 * Since: 0.1.
 */
static inline epi_status epi_package_deploy(const epi_client *client,
                                            const char *request_json,
                                            const epi_call_options *options,
                                            epi_operation **out_operation,
                                            epi_error **out_error)
{
    return epi_operation_start(client, "package.deploy", request_json, options, out_operation,
                               out_error);
}

/**
 * Starts a deployment of packages, or of another environment's content.
 *
 * Request: targetEnvironment; packages, a list of names of uploaded packages, or
 * sourceEnvironment with sourceApps (a list of "cms" and "commerce"), includeBlob
 * and includeDb; maintenancePage; zeroDowntimeMode ("ReadOnly" or "ReadWrite",
 * which switches the maintenance page on); directDeploy; strict (take warnings
 * for an error); allowFailed (give back a deployment that failed without a text
 * of the service, instead of an error); wait, an object with timeoutMinutes
 * (1 to 2147483647, no limit when absent) and pollingIntervalSeconds (the same,
 * 30 when absent); without wait the call does not wait. Switches that are absent
 * are false.
 * Result: the service's deployment object.
 *
 * Since: 0.1.
 */
static inline epi_status epi_deployment_start(const epi_client *client,
                                              const char *request_json,
                                              const epi_call_options *options,
                                              epi_operation **out_operation,
                                              epi_error **out_error)
{
    return epi_operation_start(client, "deployment.start", request_json, options, out_operation,
                               out_error);
}

/**
 * Lists the ten most recent deployments.
 *
 * Request: projectId.
 * Result: a list of the service's deployment objects.
 *
 * Since: 0.1.
 */
static inline epi_status epi_deployment_list(const epi_client *client,
                                             const char *request_json,
                                             const epi_call_options *options,
                                             epi_operation **out_operation,
                                             epi_error **out_error)
{
    return epi_operation_start(client, "deployment.list", request_json, options, out_operation,
                               out_error);
}

/**
 * Gets one deployment.
 *
 * Request: id.
 * Result: the service's deployment object.
 *
 * Since: 0.1.
 */
static inline epi_status epi_deployment_get(const epi_client *client,
                                            const char *request_json,
                                            const epi_call_options *options,
                                            epi_operation **out_operation,
                                            epi_error **out_error)
{
    return epi_operation_start(client, "deployment.get", request_json, options, out_operation,
                               out_error);
}

/**
 * Waits for a deployment that runs.
 *
 * Request: id; until ("start", which is the default, "complete", "reset" or
 * "completeReset"); wait, strict and allowFailed as in `epi_deployment_start`.
 * Without wait it waits with the defaults.
 * Result: the service's deployment object.
 *
 * Since: 0.1.
 */
static inline epi_status epi_deployment_wait(const epi_client *client,
                                             const char *request_json,
                                             const epi_call_options *options,
                                             epi_operation **out_operation,
                                             epi_error **out_error)
{
    return epi_operation_start(client, "deployment.wait", request_json, options, out_operation,
                               out_error);
}

/**
 * Completes a deployment that awaits its verification.
 *
 * Request: id; wait, strict and allowFailed as in `epi_deployment_start`.
 * Result: the service's deployment object.
 *
 * Since: 0.1.
 */
static inline epi_status epi_deployment_complete(const epi_client *client,
                                                 const char *request_json,
                                                 const epi_call_options *options,
                                                 epi_operation **out_operation,
                                                 epi_error **out_error)
{
    return epi_operation_start(client, "deployment.complete", request_json, options, out_operation,
                               out_error);
}

/**
 * Resets a deployment that awaits its verification.
 *
 * Request: id; resetWithDbRollback; validateBeforeSwap; complete (complete a reset
 * that awaits its verification; not together with the other two); wait, strict
 * and allowFailed as in `epi_deployment_start`.
 * Result: the service's deployment object.
 *
 * Since: 0.1.
 */
static inline epi_status epi_deployment_reset(const epi_client *client,
                                              const char *request_json,
                                              const epi_call_options *options,
                                              epi_operation **out_operation,
                                              epi_error **out_error)
{
    return epi_operation_start(client, "deployment.reset", request_json, options, out_operation,
                               out_error);
}

/**
 * Starts an export of a database.
 *
 * Request: environment; databaseName ("epicms" or "epicommerce"); retentionHours
 * (24 when absent); wait as in `epi_deployment_start`; allowFailed (give back a
 * failed or expired export, instead of an error).
 * Result: the service's export object. Its download link is a secret.
 *
 * Since: 0.1.
 */
static inline epi_status epi_database_export_start(const epi_client *client,
                                                   const char *request_json,
                                                   const epi_call_options *options,
                                                   epi_operation **out_operation,
                                                   epi_error **out_error)
{
    return epi_operation_start(client, "databaseExport.start", request_json, options, out_operation,
                               out_error);
}

/**
 * Gets one database export.
 *
 * Request: environment, databaseName, id.
 * Result: the service's export object. Its download link is a secret.
 *
 * Since: 0.1.
 */
static inline epi_status epi_database_export_get(const epi_client *client,
                                                 const char *request_json,
                                                 const epi_call_options *options,
                                                 epi_operation **out_operation,
                                                 epi_error **out_error)
{
    return epi_operation_start(client, "databaseExport.get", request_json, options, out_operation,
                               out_error);
}

/**
 * Waits for a database export that runs.
 *
 * Request: environment, databaseName, id; wait and allowFailed as in
 * `epi_database_export_start`. Without wait it waits with the defaults.
 * Result: the service's export object. Its download link is a secret.
 *
 * Since: 0.1.
 */
static inline epi_status epi_database_export_wait(const epi_client *client,
                                                  const char *request_json,
                                                  const epi_call_options *options,
                                                  epi_operation **out_operation,
                                                  epi_error **out_error)
{
    return epi_operation_start(client, "databaseExport.wait", request_json, options, out_operation,
                               out_error);
}

/**
 * Starts or takes a database export, waits for it, downloads and verifies it.
 *
 * Request: environment, databaseName, outputFile; id of an export that exists, or
 * retentionHours for a new one (24 when absent); newExport (start one even if that of
 * an interrupted call could go on); overwrite; wait as in `epi_deployment_start`, but
 * without it it waits with the defaults; download, an object with streams (1 to 16).
 * Result: id, environment, databaseName, status, file, bytes and how it was
 * verified. After an interruption the same call goes on with its export, which is
 * kept in a file beside outputFile, and with what was downloaded of it; a message
 * event says so. The id is told by an accepted event and by the error of a failure.
 *
 * Since: 0.1.
 */
static inline epi_status epi_database_export_save(const epi_client *client,
                                                  const char *request_json,
                                                  const epi_call_options *options,
                                                  epi_operation **out_operation,
                                                  epi_error **out_error)
{
    return epi_operation_start(client, "databaseExport.save", request_json, options, out_operation,
                               out_error);
}

/**
 * Lists the storage containers of an environment.
 *
 * Request: environment; writable (only those that may be written to).
 * Result: the service's object.
 *
 * Since: 0.1.
 */
static inline epi_status epi_storage_container_list(const epi_client *client,
                                                    const char *request_json,
                                                    const epi_call_options *options,
                                                    epi_operation **out_operation,
                                                    epi_error **out_error)
{
    return epi_operation_start(client, "storageContainer.list", request_json, options, out_operation,
                               out_error);
}

/**
 * Makes links to storage containers.
 *
 * Request: environment; storageContainer, a list of names; retentionHours (1 to
 * 168, 24 when absent); writable.
 * Result: a list of the service's objects. The links in them are secrets.
 *
 * Since: 0.1.
 */
static inline epi_status epi_storage_sas_get(const epi_client *client,
                                             const char *request_json,
                                             const epi_call_options *options,
                                             epi_operation **out_operation,
                                             epi_error **out_error)
{
    return epi_operation_start(client, "storageSas.get", request_json, options, out_operation,
                               out_error);
}

/**
 * Gets the read-only link to the edge logs.
 *
 * Request: projectId.
 * Result: the service's object; its location is a secret that expires.
 *
 * Since: 0.1.
 */
static inline epi_status epi_edge_log_location_get(const epi_client *client,
                                                   const char *request_json,
                                                   const epi_call_options *options,
                                                   epi_operation **out_operation,
                                                   epi_error **out_error)
{
    return epi_operation_start(client, "edgeLogLocation.get", request_json, options, out_operation,
                               out_error);
}

/**
 * Verifies the credentials by listing the backups of the star system.
 *
 * Request: no members.
 * Result: tenantId, starSystemId, clientId, endpoint and backups, how many there are.
 *
 * Since: 0.1.
 */
static inline epi_status epi_guidewire_connect(const epi_client *client,
                                               const char *request_json,
                                               const epi_call_options *options,
                                               epi_operation **out_operation,
                                               epi_error **out_error)
{
    return epi_operation_start(client, "guidewire.connect", request_json, options, out_operation,
                               out_error);
}

/**
 * Creates a backup of a planet's databases.
 *
 * Request: planetId; planetClass ("dev", "preprod" or "prod"); retentionDays (1 to the
 * tenant's maximum) or permanent; mechanism ("logical" when absent, or "snapshot" where
 * the planet has them); name (up to 255 characters); description; uniqueName (add a
 * short random text to the name, so that the backup is found for certain if the answer
 * is lost); wait, an object with timeoutMinutes (1 to 2147483647, no limit when absent)
 * and pollingIntervalSeconds (the same; a growing pause when absent); without wait the
 * call does not wait; allowFailed (give back a backup that has failed, instead of an
 * error).
 * Result: the record of the job, as of `epi_job_get`.
 *
 * Since: 0.1.
 */
static inline epi_status epi_guidewire_backup_create(const epi_client *client,
                                                     const char *request_json,
                                                     const epi_call_options *options,
                                                     epi_operation **out_operation,
                                                     epi_error **out_error)
{
    return epi_operation_start(client, "guidewire.backup.create", request_json, options, out_operation,
                               out_error);
}

/**
 * Gets a backup.
 *
 * Request: id.
 * Result: the record of the job, as of `epi_job_get`.
 *
 * Since: 0.1.
 */
static inline epi_status epi_guidewire_backup_get(const epi_client *client,
                                                  const char *request_json,
                                                  const epi_call_options *options,
                                                  epi_operation **out_operation,
                                                  epi_error **out_error)
{
    return epi_operation_start(client, "guidewire.backup.get", request_json, options, out_operation,
                               out_error);
}

/**
 * Lists the backups of a planet or of the star system.
 *
 * Request: planetId (the whole star system when absent).
 * Result: a list of records of jobs, newest first.
 *
 * Since: 0.1.
 */
static inline epi_status epi_guidewire_backup_list(const epi_client *client,
                                                   const char *request_json,
                                                   const epi_call_options *options,
                                                   epi_operation **out_operation,
                                                   epi_error **out_error)
{
    return epi_operation_start(client, "guidewire.backup.list", request_json, options, out_operation,
                               out_error);
}

/**
 * Waits for a backup that runs.
 *
 * Request: id; wait and allowFailed as in `epi_guidewire_backup_create`. Without wait it
 * waits with the defaults.
 * Result: the record of the job, as of `epi_job_get`.
 *
 * Since: 0.1.
 */
static inline epi_status epi_guidewire_backup_wait(const epi_client *client,
                                                   const char *request_json,
                                                   const epi_call_options *options,
                                                   epi_operation **out_operation,
                                                   epi_error **out_error)
{
    return epi_operation_start(client, "guidewire.backup.wait", request_json, options, out_operation,
                               out_error);
}

/**
 * Deletes a backup, and waits until it is gone.
 *
 * Request: id; ifExists (a backup that is not there is no error).
 * Result: the record of the job, as of `epi_job_get`.
 *
 * Since: 0.1.
 */
static inline epi_status epi_guidewire_backup_delete(const epi_client *client,
                                                     const char *request_json,
                                                     const epi_call_options *options,
                                                     epi_operation **out_operation,
                                                     epi_error **out_error)
{
    return epi_operation_start(client, "guidewire.backup.delete", request_json, options, out_operation,
                               out_error);
}

/**
 * Verifies the credentials, and says what a cluster is and holds.
 *
 * Request: uid (a database of which to say whether it can be exported).
 * Result: endpoint; version (null where the user may not know it); databases; and, with
 * uid, database with uid, name, exportable (null where the cluster does not tell) and
 * modules, those that cannot be exported or of which that is not known.
 *
 * Since: 0.1.
 */
static inline epi_status epi_redis_enterprise_connect(const epi_client *client,
                                                      const char *request_json,
                                                      const epi_call_options *options,
                                                      epi_operation **out_operation,
                                                      epi_error **out_error)
{
    return epi_operation_start(client, "redisEnterprise.connect", request_json, options, out_operation,
                               out_error);
}

/**
 * Starts an export of a database.
 *
 * Request: uid; location, an object with type ("url", "sftp", "s3", "gs", "abs" or
 * "mount_point") and the members of that type as the service spells them, of which some
 * are secrets; emailNotification; reset (clear the result of the last export before;
 * true when absent); waitWhileBusyMinutes (wait so long for an export that somebody else
 * runs; refuse at once when absent); busyTimeoutSeconds (try again for so long while the
 * database is busy with something else; 360 when absent); wait as in
 * `epi_guidewire_backup_create`; allowFailed (give back an export that has failed,
 * instead of an error).
 * Result: the record of the job, as of `epi_job_get`.
 *
 * Since: 0.1.
 */
static inline epi_status epi_redis_enterprise_export_start(const epi_client *client,
                                                           const char *request_json,
                                                           const epi_call_options *options,
                                                           epi_operation **out_operation,
                                                           epi_error **out_error)
{
    return epi_operation_start(client, "redisEnterprise.export.start", request_json, options, out_operation,
                               out_error);
}

/**
 * Gets an export by its handle, or the last one of a database.
 *
 * Request: handle, or uid for the last export, whoever has started it.
 * Result: the record of the job, as of `epi_job_get`.
 *
 * Since: 0.1.
 */
static inline epi_status epi_redis_enterprise_export_get(const epi_client *client,
                                                         const char *request_json,
                                                         const epi_call_options *options,
                                                         epi_operation **out_operation,
                                                         epi_error **out_error)
{
    return epi_operation_start(client, "redisEnterprise.export.get", request_json, options, out_operation,
                               out_error);
}

/**
 * Waits for an export that runs.
 *
 * Request: handle; wait and allowFailed as in `epi_redis_enterprise_export_start`.
 * Without wait it waits with the defaults.
 * Result: the record of the job, as of `epi_job_get`.
 *
 * Since: 0.1.
 */
static inline epi_status epi_redis_enterprise_export_wait(const epi_client *client,
                                                          const char *request_json,
                                                          const epi_call_options *options,
                                                          epi_operation **out_operation,
                                                          epi_error **out_error)
{
    return epi_operation_start(client, "redisEnterprise.export.wait", request_json, options, out_operation,
                               out_error);
}

/**
 * Clears what a database says of its last export; the files stay.
 *
 * Request: uid.
 * Result: the record of the job, as of `epi_job_get`.
 *
 * Since: 0.1.
 */
static inline epi_status epi_redis_enterprise_export_reset(const epi_client *client,
                                                           const char *request_json,
                                                           const epi_call_options *options,
                                                           epi_operation **out_operation,
                                                           epi_error **out_error)
{
    return epi_operation_start(client, "redisEnterprise.export.reset", request_json, options, out_operation,
                               out_error);
}

/**
 * Lists the databases of a cluster, without their passwords.
 *
 * Request: no members.
 * Result: a list of the service's database objects.
 *
 * Since: 0.1.
 */
static inline epi_status epi_redis_enterprise_database_list(const epi_client *client,
                                                            const char *request_json,
                                                            const epi_call_options *options,
                                                            epi_operation **out_operation,
                                                            epi_error **out_error)
{
    return epi_operation_start(client, "redisEnterprise.database.list", request_json, options, out_operation,
                               out_error);
}

/**
 * Gets a database, without its passwords.
 *
 * Request: uid.
 * Result: the service's database object.
 *
 * Since: 0.1.
 */
static inline epi_status epi_redis_enterprise_database_get(const epi_client *client,
                                                           const char *request_json,
                                                           const epi_call_options *options,
                                                           epi_operation **out_operation,
                                                           epi_error **out_error)
{
    return epi_operation_start(client, "redisEnterprise.database.get", request_json, options, out_operation,
                               out_error);
}

/**
 * Gets an export job by its handle, on a client of the job's service.
 *
 * Request: handle, as the start of the job gave it.
 * Result: service; handle (the newest one; it holds no secret); subject; state, the
 * neutral one ("idle", "queued", "running", "unknown", "succeeded", "failed",
 * "expired" or "deleted"); status, the service's own word; progress (0 to 1) where
 * the service tells it; evidence ("strong" or "weak": whether it is certainly the job
 * that was asked for); times; artifact once there is one; failure if it has failed;
 * and object, the service's own, which for an export of DXP holds its download link,
 * a secret.
 *
 * Since: 0.1.
 */
static inline epi_status epi_job_get(const epi_client *client,
                                     const char *request_json,
                                     const epi_call_options *options,
                                     epi_operation **out_operation,
                                     epi_error **out_error)
{
    return epi_operation_start(client, "job.get", request_json, options, out_operation,
                               out_error);
}

/**
 * Waits for an export job by its handle, on a client of the job's service.
 *
 * Request: handle; wait as in `epi_guidewire_backup_create`, but without it it waits
 * with the defaults; allowFailed (give back a job that has failed, or whose result has
 * expired, instead of an error).
 * Result: the record of the job, as of `epi_job_get`.
 *
 * Since: 0.1.
 */
static inline epi_status epi_job_wait(const epi_client *client,
                                      const char *request_json,
                                      const epi_call_options *options,
                                      epi_operation **out_operation,
                                      epi_error **out_error)
{
    return epi_operation_start(client, "job.wait", request_json, options, out_operation,
                               out_error);
}
#endif  /* EPICLOUD_NO_CALLS */
