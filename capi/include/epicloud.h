/*
 * epicloud.h - deploy to and export databases from the Optimizely DXP cloud.
 *
 * Generated from the library's sources; do not edit.
 *
 * USE. Make a client, start a call, wait for its operation, take the result,
 * free everything:
 *
 *     if (epi_deployment_list(client, "{}", NULL, &operation, &error) == EPI_STATUS_OK) {
 *         epi_operation_wait(operation, -1);
 *         status = epi_operation_result(operation, &json, &error);
 *         epi_operation_free(operation);
 *     }
 *
 * TEXTS are UTF-8 and end in NUL. Requests and results are JSON documents; member
 * names are those of the service. An unknown or wrong member of a request is an
 * error that names it by its JSON path. Results can hold links that are secrets:
 * do not log them. Messages and events hold none. A document is at most 1 MiB long
 * and nested 8 levels deep. Relative paths in a document are those of the current
 * directory when the operation starts.
 *
 * ERRORS. A function that can fail returns a status. If `out_error` is given, it
 * is set to an error that the caller frees, or to NULL. Pointer outputs are set
 * to NULL on failure. There is no "last error" and no global state to set up.
 * What the system says in a message follows the locale of the program.
 *
 * HANDLES are numbers in the shape of pointers and must not be dereferenced. NULL,
 * a freed handle and one of another kind are refused with
 * EPI_STATUS_INVALID_ARGUMENT, in every build. What the library cannot check, and
 * what stays the caller's duty: that other pointers point to what the comment
 * says, that texts end in NUL, that structs are as large as their struct_size,
 * that a text is freed once, and that the texts of an error are not used after it
 * was freed.
 *
 * THREADS. Each comment has a class: "any" may be called from any thread at any
 * time, also for one handle at once; "last" must be the last call for its handle,
 * though a wait that is under way is safe and ends; "pure" touches no handle.
 * What a callback has written can be read without a lock once epi_operation_wait
 * has returned a final status, or epi_operation_free has returned. Every call is
 * content with 64 KiB of stack. No call is a cancellation point; a thread must not
 * be cancelled (pthread_cancel) inside one, and a callback must not end its thread.
 *
 * BLOCKING. Each comment says whether a call blocks. Starting an operation never
 * does, so an event loop can do all of it:
 *  - make the client on another thread, because that reads files;
 *  - start an operation and add its epi_operation_end_event to the loop;
 *  - when that is signalled, take the result and call epi_operation_release;
 *  - to give up earlier, call epi_operation_cancel and wait for the signal, or
 *    epi_operation_release and forget it. Never call epi_operation_free, which
 *    waits for the disk.
 * epi_operation_progress may be called at any time. Callbacks run on a thread of
 * the library, so a loop that uses them only wakes itself there.
 *
 * PROCESS. The library installs no signal handler, writes no environment variable
 * and prints nothing. Its threads begin with the first client and end, in the
 * background, after the last handle was freed. They block the signals that a
 * program may handle, so handlers run on the program's own threads, and a broken
 * connection raises no SIGPIPE. Only the threads that call the program's functions
 * have the signal mask of the thread that started the operation.
 *  - Threads: one for each processor, at most 4, some for files and addresses while
 *    they are needed, and one for each operation with callbacks, of 2 MiB of stack.
 *    Where the system gives too few, epi_client_new, the start of an operation or
 *    its end is EPI_STATUS_IO, with EPI_RETRY_LATER and a message that names the
 *    limit.
 *  - Descriptors: one for each connection, which is one for each operation and for
 *    each block or range in transfer, and one or two for each file. Idle connections
 *    are closed within 90 seconds. Two descriptors stay open after the last handle
 *    was freed. Keep the descriptors 0 to 2 open while a client lives: the system
 *    would give these numbers to connections and files of the library.
 *  - Memory: a few MiB for a client, and a block or range for each one in transfer.
 *    Where the system gives none, the process ends.
 *  - Environment: epi_client_new reads SSL_CERT_FILE, SSL_CERT_DIR, and ALL_PROXY,
 *    HTTPS_PROXY, HTTP_PROXY and NO_PROXY in upper and lower case. Set none of them
 *    on another thread meanwhile.
 *  - Unloading (dlclose) is fine at any time on Linux and the BSDs: the library
 *    stays where it is until the process ends, and with it threads and handles.
 *    On other systems keep it loaded once a client was made.
 *  - After fork, the child must not use handles of its parent, nor make clients,
 *    while the parent had any at the time of the fork: calls are refused with
 *    EPI_STATUS_UNSUPPORTED where the library notices, and frees do nothing. A
 *    fork before the first client, and exec after any fork, are fine. A fork while
 *    another thread is inside the library leaves the child nothing but exec.
 *  - exit may be called with operations running; they end with the process. Callbacks
 *    can still begin then: cancel first if they use what exit destroys.
 */

#ifndef EPICLOUD_H
#define EPICLOUD_H

#include <stddef.h>
#include <stdint.h>

/**
 * The library's version as a text.
 *
 * Since: 0.1.
 */
#define EPI_VERSION "0.1.0"

/**
 * The first number of the library's version.
 *
 * Since: 0.1.
 */
#define EPI_VERSION_MAJOR 0

/**
 * The second number of the library's version.
 *
 * Since: 0.1.
 */
#define EPI_VERSION_MINOR 1

/**
 * The third number of the library's version.
 *
 * Since: 0.1.
 */
#define EPI_VERSION_PATCH 0

/**
 * The version of the ABI: major << 16 | minor.
 *
 * Since: 0.1.
 */
#define EPI_ABI_VERSION 3

/**
 * The values of `epi_status`.
 *
 * Since: 0.1.
 */
typedef enum epi_status_value {
    /**
     * It succeeded.
     */
    EPI_STATUS_OK = 0,
    /**
     * The operation is still running.
     */
    EPI_STATUS_PENDING = 1,
    /**
     * A request, option or file breaks a rule; the message names the field.
     */
    EPI_STATUS_INVALID_ARGUMENT = 10,
    /**
     * Credentials or another required setting are missing.
     */
    EPI_STATUS_NOT_CONFIGURED = 11,
    /**
     * The caller was built for another version of this library.
     */
    EPI_STATUS_ABI_MISMATCH = 12,
    /**
     * This is not offered.
     */
    EPI_STATUS_UNSUPPORTED = 13,
    /**
     * Credentials, signature or clock are wrong, or the credentials lack a right.
     */
    EPI_STATUS_UNAUTHENTICATED = 20,
    /**
     * The credentials or the link do not permit the call.
     */
    EPI_STATUS_FORBIDDEN = 21,
    /**
     * The project, deployment, export, blob or file does not exist.
     */
    EPI_STATUS_NOT_FOUND = 22,
    /**
     * Something else is in the way: a busy environment, an existing file.
     */
    EPI_STATUS_CONFLICT = 23,
    /**
     * The service asks for fewer requests.
     */
    EPI_STATUS_THROTTLED = 24,
    /**
     * The service cannot answer at present.
     */
    EPI_STATUS_UNAVAILABLE = 25,
    /**
     * The service understood the request and refused it.
     */
    EPI_STATUS_REJECTED = 26,
    /**
     * The answer could not be understood.
     */
    EPI_STATUS_PROTOCOL = 27,
    /**
     * The connection failed.
     */
    EPI_STATUS_NETWORK = 30,
    /**
     * The certificate or the TLS handshake failed.
     */
    EPI_STATUS_TLS = 31,
    /**
     * A time limit passed; the service may go on.
     */
    EPI_STATUS_TIMEOUT = 32,
    /**
     * The answer to a change was lost: look before trying again.
     */
    EPI_STATUS_AMBIGUOUS = 33,
    /**
     * The deployment or export ended in failure.
     */
    EPI_STATUS_JOB_FAILED = 40,
    /**
     * The link, or what a job has made, is past its time.
     */
    EPI_STATUS_EXPIRED = 41,
    /**
     * The deployment ended well but with warnings, and strict was asked for.
     */
    EPI_STATUS_WARNINGS = 42,
    /**
     * The service may not write to the destination of an export.
     */
    EPI_STATUS_DESTINATION_DENIED = 43,
    /**
     * The destination of an export does not exist.
     */
    EPI_STATUS_DESTINATION_NOT_FOUND = 44,
    /**
     * A local file could not be read or written.
     */
    EPI_STATUS_IO = 50,
    /**
     * Data differs from its checksum or size.
     */
    EPI_STATUS_INTEGRITY = 51,
    /**
     * The local disk is full.
     */
    EPI_STATUS_NO_SPACE = 52,
    /**
     * The operation was cancelled.
     */
    EPI_STATUS_CANCELLED = 60,
    /**
     * A bug in this library, caught; other calls go on working.
     */
    EPI_STATUS_PANIC = 90,
    /**
     * A bug in this library.
     */
    EPI_STATUS_INTERNAL = 91,
} epi_status_value;

/**
 * The values of `epi_phase`.
 *
 * More may be added in a later minor version.
 *
 * Since: 0.1.
 */
typedef enum epi_phase_value {
    /**
     * Nothing was reported yet.
     */
    EPI_PHASE_STARTING = 0,
    /**
     * Not used.
     */
    EPI_PHASE_REQUESTING = 1,
    /**
     * Waiting for a deployment or an export in the service.
     */
    EPI_PHASE_WAITING = 2,
    /**
     * Sending the blocks of a package.
     */
    EPI_PHASE_UPLOADING = 3,
    /**
     * Making the uploaded blocks a package.
     */
    EPI_PHASE_COMMITTING = 4,
    /**
     * Receiving a file.
     */
    EPI_PHASE_DOWNLOADING = 5,
    /**
     * Comparing what was received with its checksum.
     */
    EPI_PHASE_VERIFYING = 6,
} epi_phase_value;

/**
 * The values of `epi_log_level`.
 *
 * Since: 0.1.
 */
typedef enum epi_log_level_value {
    /**
     * The default of an operation, which is `EPI_LOG_LEVEL_INFO`.
     */
    EPI_LOG_LEVEL_DEFAULT = 0,
    /**
     * Warnings of the service, and that it does not answer as it should.
     */
    EPI_LOG_LEVEL_WARNING = 1,
    /**
     * What every user should read.
     */
    EPI_LOG_LEVEL_INFO = 2,
    /**
     * What a user who asks for more wants to read.
     */
    EPI_LOG_LEVEL_VERBOSE = 3,
    /**
     * Every request and every decision, for finding faults.
     */
    EPI_LOG_LEVEL_DEBUG = 4,
} epi_log_level_value;

/**
 * The values of `epi_retry`.
 *
 * Since: 0.1.
 */
typedef enum epi_retry_value {
    /**
     * The answer will be the same.
     */
    EPI_RETRY_NEVER = 0,
    /**
     * It can help, later.
     */
    EPI_RETRY_LATER = 1,
    /**
     * It was tried again and kept failing.
     */
    EPI_RETRY_EXHAUSTED = 2,
} epi_retry_value;

/**
 * One account at one service: a handle made by `epi_client_new`.
 *
 * Any number of operations may run on it at once. They share its connections.
 *
 * Since: 0.1.
 */
typedef struct epi_client epi_client;

/**
 * What went wrong: a handle made by a failed call.
 *
 * Since: 0.1.
 */
typedef struct epi_error epi_error;

/**
 * One call at work: a handle made by each call that asks the service for something.
 *
 * It ends exactly once: with its result, with an error, or cancelled. Its end
 * stays readable until it is freed.
 *
 * Since: 0.1.
 */
typedef struct epi_operation epi_operation;

/**
 * The outcome of a call: one of the `EPI_STATUS_` values.
 *
 * 0 is success. Values are grouped by who can do something about it, are never
 * reused, and may be added in a later minor version: treat an unknown one as a
 * failure.
 *
 * Since: 0.1.
 */
typedef int32_t epi_status;

/**
 * What an operation is doing: one of the `EPI_PHASE_` values.
 *
 * Since: 0.3.
 */
typedef int32_t epi_phase;

/**
 * How far an operation is. -1 means unknown, which is not the same as 0.
 *
 * Begin with `EPI_PROGRESS_INIT`. In ABI 0.1 it ended with `eta_ms`; a program
 * built with that header is given as much.
 *
 * Since: 0.1.
 */
typedef struct epi_progress {
    /**
     * Set by the caller to sizeof(epi_progress); no more than that is written.
     */
    size_t struct_size;
    /**
     * What it is doing, an `EPI_PHASE_` value.
     */
    epi_phase phase;
    /**
     * The highest attempt of any request in this phase; 1 when none failed.
     */
    int32_t attempt;
    /**
     * The service's own percentage while waiting, 0 to 100.
     */
    int32_t percent;
    /**
     * The final status; `EPI_STATUS_PENDING` while it runs.
     *
     * Only the last callback sees it before `epi_operation_wait` and
     * `epi_operation_result` do.
     */
    epi_status status;
    /**
     * Bytes acknowledged by the other side.
     */
    int64_t bytes_done;
    /**
     * Bytes in all.
     */
    int64_t bytes_total;
    /**
     * Blocks, ranges or files finished.
     */
    int64_t items_done;
    /**
     * Blocks, ranges or files in all.
     */
    int64_t items_total;
    /**
     * Smoothed rate.
     */
    int64_t bytes_per_second;
    /**
     * Estimated time left in milliseconds.
     */
    int64_t eta_ms;
    /**
     * Bytes that the connection has accepted, at least `bytes_done`; of uploads only.
     */
    int64_t bytes_sent;
    /**
     * Requests repeated so far in this transfer.
     */
    int64_t retries;
} epi_progress;

/**
 * Receives the progress of an operation.
 *
 * Called on a thread of the library, never twice at once for an operation: at each
 * change of phase, otherwise at most ten times a second and at least once a second,
 * and once at the end, when `status` is no longer `EPI_STATUS_PENDING`. It is not
 * called again once the operation is cancelled, freed or released. It should not
 * block, and must not throw (the process ends) or jump out. It may call any function
 * of this library; freed from here, its own operation cannot wait for it to return.
 *
 * Returns: 0 to continue, any other value to cancel the operation.
 * Ownership: `progress` is valid during the call; `user_data` is the host's own.
 * Threads: a library thread.
 * Since: 0.1.
 */
typedef int32_t (*epi_progress_fn)(const struct epi_progress *progress, void *user_data);

/**
 * How much a message matters: one of the `EPI_LOG_LEVEL_` values.
 *
 * Since: 0.3.
 */
typedef int32_t epi_log_level;

/**
 * Receives the messages of an operation.
 *
 * `target` is the name of the operation, `message` a sentence for people, and
 * `fields_json` the event as a document, as in `epi_operation_events`. Called as
 * `epi_progress_fn` is, each message once.
 *
 * Returns: nothing.
 * Ownership: the texts are valid during the call; `user_data` is the host's own.
 * Threads: a library thread.
 * Since: 0.1.
 */
typedef void (*epi_log_fn)(epi_log_level level,
                           const char *target,
                           const char *message,
                           const char *fields_json,
                           void *user_data);

/**
 * How a call is carried out. Zero means "default" for every field.
 *
 * Begin with `EPI_CALL_OPTIONS_INIT`.
 *
 * Since: 0.1.
 */
typedef struct epi_call_options {
    /**
     * Set by the caller to sizeof(epi_call_options); no more than that is read.
     */
    size_t struct_size;
    /**
     * The longest time the operation may take; 0 is no limit.
     */
    int64_t timeout_ms;
    /**
     * Receives progress; may be NULL.
     */
    epi_progress_fn progress;
    /**
     * Receives messages; may be NULL.
     */
    epi_log_fn log;
    /**
     * The most detailed messages kept and reported, an `EPI_LOG_LEVEL_` value.
     */
    epi_log_level log_level;
    /**
     * Must be 0.
     */
    int32_t reserved;
    /**
     * Handed to both functions; never looked at, so it may be a number.
     */
    void *user_data;
} epi_call_options;

/**
 * What an event loop waits on: a descriptor, or on Windows a HANDLE.
 *
 * Since: 0.3.
 */
typedef ptrdiff_t epi_event;

/**
 * Whether repeating a call can help: one of the `EPI_RETRY_` values.
 *
 * Since: 0.3.
 */
typedef int32_t epi_retry;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Tells the version of the C ABI.
 *
 * A program works with a library of the same major version and at least its minor
 * version. Before 1.0 a minor version may drop what an older one had; `epi_abi_check`
 * knows which.
 *
 * Returns: major << 16 | minor.
 * Ownership: none.
 * Blocks: no.
 * Threads: pure.
 * Since: 0.1.
 */
uint32_t epi_abi_version(void);

/**
 * Checks that a program and the library it has loaded fit together.
 *
 * Call it first, with `EPI_ABI_VERSION` as `header_version`.
 *
 * Returns: `EPI_STATUS_OK`, or `EPI_STATUS_ABI_MISMATCH` with a sentence that names both.
 * Ownership: `out_error` may be NULL; the caller frees what it gets.
 * Blocks: no.
 * Threads: pure.
 * Since: 0.1.
 */
epi_status epi_abi_check(uint32_t header_version, struct epi_error **out_error);

/**
 * Tells the library's version, such as "0.1.0".
 *
 * Returns: a static text.
 * Ownership: belongs to the library; never freed.
 * Blocks: no.
 * Threads: pure.
 * Since: 0.1.
 */
const char *epi_version(void);

/**
 * Gives the name of a status without "EPI_STATUS_", such as "NOT_FOUND".
 *
 * Returns: a static text, or NULL if the library does not know the status.
 * Ownership: belongs to the library; never freed.
 * Blocks: no.
 * Threads: pure.
 * Since: 0.1.
 */
const char *epi_status_name(epi_status status);

/**
 * Frees a text that the library gave to the caller.
 *
 * Only for texts whose Ownership line says so, once each, and never with free().
 * NULL is fine and does nothing.
 *
 * Returns: nothing.
 * Ownership: ends `text`.
 * Blocks: no.
 * Threads: pure.
 * Since: 0.1.
 */
void epi_string_free(char *text);

/**
 * Writes a text as a JSON string, quotes included, for putting a request together.
 *
 * Returns: the JSON text, or NULL if `text` is NULL or is not UTF-8.
 * Ownership: borrows `text`; the caller frees the result with `epi_string_free`.
 * Blocks: no.
 * Threads: pure.
 * Since: 0.1.
 */
char *epi_json_quote(const char *text);

/**
 * Makes a client. Checks the configuration; nothing is sent yet.
 *
 * `config_json` is an object whose member service names the service: "dxp" (when
 * absent), "guidewire" or "redis-enterprise". It holds no secret. All services have
 * endpoint, caFile (a PEM file of certificate authorities to trust besides the
 * system's) and callTimeoutSeconds (how long the answers of one request to the service
 * are waited for; 120). The other members are:
 * - dxp, where all may be left out: clientKey, projectId (for requests that name none)
 *   and stateDir (the folder that keeps what a cut upload needs to go on; one of the
 *   user's own for state). Without endpoint it is the live service.
 * - guidewire: endpoint (the base URL of the Database API of the region), clientId,
 *   tenantId and starSystemId; and where they are needed tokenUrl (known for the
 *   published regions), scopes, maxRetentionDays (14) and starSystemList ("backup" or
 *   "backups").
 * - redis-enterprise: endpoint (such as https://cluster:9443) and user; and where they
 *   are needed authentication ("basic" or "jwt") and certificateSha256 (the fingerprint
 *   of the one certificate to trust, instead of caFile).
 *
 * `secret` is the client secret as the service gave it, or the user's password for
 * redis-enterprise, `secret_len` bytes; white space and line ends around it
 * are left out, and UTF-16 is read. NULL and 0 make a client of dxp for what needs no
 * account, such as uploading to a link.
 *
 * Returns: `EPI_STATUS_OK`, or why there is no client.
 * Ownership: everything is copied; the copy of `secret` is zeroed when the client
 * and its operations are gone. The caller frees `out_client` with
 * `epi_client_free`, and `out_error`, which may be NULL, with `epi_error_free`.
 * Blocks: while it reads caFile and the certificates of the system and starts threads:
 * milliseconds, or as long as the disk takes.
 * Threads: any.
 * Since: 0.1.
 */
epi_status epi_client_new(const char *config_json,
                          const void *secret,
                          size_t secret_len,
                          struct epi_client **out_client,
                          struct epi_error **out_error);

/**
 * Cancels all operations of a client, as `epi_operation_cancel` does each.
 *
 * Returns: `EPI_STATUS_OK`, or `EPI_STATUS_INVALID_ARGUMENT` if `client` is no client.
 * Ownership: borrows `client`.
 * Blocks: no.
 * Threads: any.
 * Since: 0.1.
 */
epi_status epi_client_cancel_all(const struct epi_client *client);

/**
 * Frees a client.
 *
 * Its operations go on, and are waited for and freed as before. NULL is fine and
 * does nothing; so is a handle that was freed.
 *
 * Returns: nothing.
 * Ownership: ends `client`.
 * Blocks: no.
 * Threads: last.
 * Since: 0.1.
 */
void epi_client_free(struct epi_client *client);

/**
 * Starts an operation and returns at once.
 *
 * `name` is its name, such as "deployment.start". The functions below have a name of
 * their own for each operation and say what its request and its result are.
 * Everything that can be checked without the network is checked here: a wrong request
 * starts nothing.
 *
 * Returns: `EPI_STATUS_OK` with an operation, or why it was not started.
 * Ownership: everything is copied; the caller gives `out_operation` back with
 * `epi_operation_free` or `epi_operation_release`, and frees `out_error` with
 * `epi_error_free`. `options` and `out_error` may be NULL.
 * Blocks: no; it reads the request, which takes milliseconds for the largest.
 * Threads: any.
 * Since: 0.3.
 */
epi_status epi_operation_start(const struct epi_client *client,
                               const char *name,
                               const char *request_json,
                               const struct epi_call_options *options,
                               struct epi_operation **out_operation,
                               struct epi_error **out_error);

/**
 * Waits until the operation ends or the time is up.
 *
 * A timeout of 0 polls, and a negative one, such as -1, waits without limit.
 * Several threads may wait on one operation; each gets the same final status.
 * The end is seen after the last callback has returned; inside a callback of the
 * operation this polls, whatever the timeout. When the operation is freed
 * meanwhile, the wait ends with `EPI_STATUS_CANCELLED` or its final status.
 *
 * Returns: `EPI_STATUS_PENDING` while it runs, otherwise its final status;
 * `EPI_STATUS_INVALID_ARGUMENT` if `operation` is no operation.
 * Ownership: borrows `operation`.
 * Blocks: for at most `timeout_ms`; with 0 never.
 * Threads: any.
 * Since: 0.1.
 */
epi_status epi_operation_wait(const struct epi_operation *operation, int64_t timeout_ms);

/**
 * Tells how far the operation is.
 *
 * Never waits for the operation, so it may be called as often as a screen is
 * drawn. Set `struct_size` first, most easily with `EPI_PROGRESS_INIT`.
 *
 * Returns: `EPI_STATUS_OK`, or `EPI_STATUS_INVALID_ARGUMENT` if `operation` is no
 * operation or `struct_size` is no size of an `epi_progress`.
 * Ownership: borrows `operation`; writes to `out_progress`.
 * Blocks: no.
 * Threads: any.
 * Since: 0.1.
 */
epi_status epi_operation_progress(const struct epi_operation *operation,
                                  struct epi_progress *out_progress);

/**
 * Gives what has happened since an event: messages and changes of progress.
 *
 * The document is an object: events is a list, lastSeq the number of the newest
 * event, for the next call, and dropped the number of events after `after_seq`
 * that are no longer kept. Each event has seq, its number from 1, and event, its
 * kind: message (level, text), accepted (what, id: from now on the service goes
 * on by itself), warning (text), retrying (what, attempt, delayMs, reason) or
 * progress (phase, subject, status, percent and figures). The newest 256 are
 * kept. Reading removes nothing; begin with an `after_seq` of 0. Which messages
 * are kept is set by `log_level` in `epi_call_options`.
 *
 * Returns: `EPI_STATUS_OK`, or `EPI_STATUS_INVALID_ARGUMENT`.
 * Ownership: borrows `operation`; the caller frees `out_json` with
 * `epi_string_free`; on failure it is NULL.
 * Blocks: no.
 * Threads: any.
 * Since: 0.1.
 */
epi_status epi_operation_events(const struct epi_operation *operation,
                                uint64_t after_seq,
                                char **out_json);

/**
 * Gives the result of an operation that has ended.
 *
 * Each call gives a fresh copy. The document is the service's own result with
 * all its members, or what the call's comment says.
 *
 * Returns: `EPI_STATUS_OK` with the result; `EPI_STATUS_PENDING` before the end;
 * otherwise the final status, with the error.
 * Ownership: borrows `operation`; the caller frees `out_json` with
 * `epi_string_free`, and `out_error`, which may be NULL, with `epi_error_free`.
 * What is not given is NULL.
 * Blocks: no.
 * Threads: any.
 * Since: 0.1.
 */
epi_status epi_operation_result(const struct epi_operation *operation,
                                char **out_json,
                                struct epi_error **out_error);

/**
 * Cancels the operation. Does not wait; any number of times.
 *
 * It still ends, once, with `EPI_STATUS_CANCELLED`, or with its natural status if
 * that came first. What the service has accepted goes on there. After this
 * returns, no further callback of the operation begins. Not for signal handlers:
 * set a flag there, and cancel from the thread that waits.
 *
 * Returns: `EPI_STATUS_OK`, or `EPI_STATUS_INVALID_ARGUMENT` if `operation` is no
 * operation.
 * Ownership: borrows `operation`.
 * Blocks: no.
 * Threads: any.
 * Since: 0.1.
 */
epi_status epi_operation_cancel(const struct epi_operation *operation);

/**
 * Gives an event that tells an event loop when the operation has ended.
 *
 * On POSIX systems it is a descriptor for poll, select, epoll or kqueue, which becomes
 * readable at the end and stays so; do not read from it. On Windows it is the HANDLE
 * of an event for WaitForMultipleObjects, which is set at the end. The end comes when
 * no callback of the operation runs any more and all its files are closed, whether it
 * succeeded, failed, or was cancelled, freed or released. From then on
 * `epi_operation_wait` with a timeout of 0 gives the final status. Each call gives an
 * event of its own; after the end it is signalled already.
 *
 * Returns: `EPI_STATUS_OK`; `EPI_STATUS_IO` if the system has none to give;
 * `EPI_STATUS_INVALID_ARGUMENT` if `operation` is no operation.
 * Ownership: borrows `operation`; the caller closes `out_event` with close or
 * CloseHandle, at any time; on failure it is -1. The caller frees `out_error`, which
 * may be NULL, with `epi_error_free`.
 * Blocks: no.
 * Threads: any.
 * Since: 0.3.
 */
epi_status epi_operation_end_event(const struct epi_operation *operation,
                                   epi_event *out_event,
                                   struct epi_error **out_error);

/**
 * Frees an operation; one that is still running is cancelled, and waited for.
 *
 * After this returns the operation sends nothing and calls nothing, and its files are
 * closed. Do not call it while holding a lock that a callback takes. Inside a callback
 * of the operation itself it cannot wait for that callback, which is then the last.
 * Inside a callback of another operation it waits as anywhere, unless both callbacks
 * are freeing. NULL and a handle that was freed are fine: nothing happens.
 *
 * Returns: nothing.
 * Ownership: ends `operation`.
 * Blocks: while the operation runs, until its connections are closed (milliseconds),
 * a running callback has returned, and the file call under way has: on a disk or a
 * share that does not answer, without limit. `epi_operation_release` never blocks.
 * Threads: last.
 * Since: 0.1.
 */
void epi_operation_free(struct epi_operation *operation);

/**
 * Gives an operation back without waiting; one that is still running is cancelled.
 *
 * The library cancels it and cleans up in the background. No callback of it begins
 * after this returns; one that is running may still be, and files may still be open.
 * A host that has to know when that is over, for example to free `user_data` or to
 * open the file again, gets an event from `epi_operation_end_event` first. NULL and a
 * handle that was freed are fine: nothing happens.
 *
 * Returns: nothing.
 * Ownership: ends `operation`.
 * Blocks: never.
 * Threads: last.
 * Since: 0.3.
 */
void epi_operation_release(struct epi_operation *operation);

/**
 * Gives the status of an error.
 *
 * Returns: an `EPI_STATUS_` value; `EPI_STATUS_INVALID_ARGUMENT` if `error` is no error.
 * Ownership: borrows `error`.
 * Blocks: no.
 * Threads: any.
 * Since: 0.1.
 */
epi_status epi_error_status(const struct epi_error *error);

/**
 * Gives the HTTP status of the service's answer.
 *
 * Returns: the status, or 0 if there was no answer.
 * Ownership: borrows `error`.
 * Blocks: no.
 * Threads: any.
 * Since: 0.1.
 */
int32_t epi_error_http_status(const struct epi_error *error);

/**
 * Gives the service's error code, such as "LeaseIdMissing".
 *
 * Returns: a text, or NULL if there is none.
 * Ownership: the text belongs to `error` and is valid until it is freed.
 * Blocks: no.
 * Threads: any.
 * Since: 0.1.
 */
const char *epi_error_code(const struct epi_error *error);

/**
 * Gives the service's request id, for questions to its support.
 *
 * Returns: a text, or NULL if there is none.
 * Ownership: the text belongs to `error` and is valid until it is freed.
 * Blocks: no.
 * Threads: any.
 * Since: 0.1.
 */
const char *epi_error_request_id(const struct epi_error *error);

/**
 * Gives the message: one line in lower case, without secrets.
 *
 * Returns: a text, or NULL if `error` is no error.
 * Ownership: the text belongs to `error` and is valid until it is freed.
 * Blocks: no.
 * Threads: any.
 * Since: 0.1.
 */
const char *epi_error_message(const struct epi_error *error);

/**
 * Gives what the user can do about it: one line in lower case.
 *
 * Returns: a text, or NULL if nothing is known.
 * Ownership: the text belongs to `error` and is valid until it is freed.
 * Blocks: no.
 * Threads: any.
 * Since: 0.1.
 */
const char *epi_error_next_step(const struct epi_error *error);

/**
 * Tells whether trying the same call again can help.
 *
 * Returns: an `EPI_RETRY_` value; `EPI_RETRY_NEVER` if `error` is no error.
 * Ownership: borrows `error`.
 * Blocks: no.
 * Threads: any.
 * Since: 0.1.
 */
epi_retry epi_error_retry(const struct epi_error *error);

/**
 * Tells how long the service asked to wait before the next try.
 *
 * Returns: milliseconds, or -1 if it did not ask.
 * Ownership: borrows `error`.
 * Blocks: no.
 * Threads: any.
 * Since: 0.1.
 */
int64_t epi_error_retry_after_ms(const struct epi_error *error);

/**
 * Gives the JSON path of what broke a rule, such as "wait.timeoutMinutes".
 *
 * Returns: a text, or NULL if nothing did.
 * Ownership: the text belongs to `error` and is valid until it is freed.
 * Blocks: no.
 * Threads: any.
 * Since: 0.3.
 */
const char *epi_error_field(const struct epi_error *error);

/**
 * Gives one of the service's own texts: the first with an `index` of 0.
 *
 * Returns: a text, or NULL if there are no more.
 * Ownership: the text belongs to `error` and is valid until it is freed.
 * Blocks: no.
 * Threads: any.
 * Since: 0.3.
 */
const char *epi_error_detail(const struct epi_error *error, size_t index);

/**
 * Gives the number of attempts that were made.
 *
 * Returns: the number; 0 if nothing was sent.
 * Ownership: borrows `error`.
 * Blocks: no.
 * Threads: any.
 * Since: 0.3.
 */
int32_t epi_error_attempts(const struct epi_error *error);

/**
 * Gives the exit code that the program epi ends with for this error.
 *
 * Returns: the exit code; 1 if `error` is no error.
 * Ownership: borrows `error`.
 * Blocks: no.
 * Threads: any.
 * Since: 0.3.
 */
int32_t epi_error_exit_code(const struct epi_error *error);

/**
 * Gives everything about an error in one document.
 *
 * Its members are status (the name without "EPI_STATUS_"), message, httpStatus,
 * code, errors (the service's own texts), requestId, field (the JSON path of
 * what broke a rule), nextStep (what to do about it), retry, retryAfterMs,
 * attempts (0 when nothing was sent) and exitCode (that of the program epi).
 * Unknown ones are null.
 *
 * message and nextStep say members and operations as documents do. For a host
 * that has other words for them, messageParts and nextStepParts (null without
 * a next step) hold the same as a list: {"text"} for words, {"member"} for the
 * path of a member, {"operation", "request"} for an operation that helps, by
 * its name in the catalog and its request. More kinds of parts may come.
 *
 * Returns: a JSON text, or NULL if `error` is no error.
 * Ownership: the text belongs to `error` and is valid until it is freed.
 * Blocks: no.
 * Threads: any.
 * Since: 0.1.
 */
const char *epi_error_json(const struct epi_error *error);

/**
 * Frees an error and its texts.
 *
 * NULL is fine and does nothing; so is a handle that was freed.
 *
 * Returns: nothing.
 * Ownership: ends `error`.
 * Blocks: no.
 * Threads: last.
 * Since: 0.1.
 */
void epi_error_free(struct epi_error *error);

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

/**
 * The first value of an `epi_progress` that is given to `epi_operation_progress`.
 *
 * Since: 0.1.
 */
#define EPI_PROGRESS_INIT { sizeof(epi_progress), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/**
 * The first value of an `epi_call_options`: every option has its default.
 *
 * Since: 0.1.
 */
#define EPI_CALL_OPTIONS_INIT { sizeof(epi_call_options), 0, NULL, NULL, 0, 0, NULL }

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* EPICLOUD_H */
