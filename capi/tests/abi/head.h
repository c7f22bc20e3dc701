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
