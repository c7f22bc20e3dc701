/*
 * Downloads an export that Ctrl-C cancels:
 *
 *     cancel ENVIRONMENT DATABASE FILE [ID]
 *
 * The account is in EPI_CONFIG, {"clientKey":"...","projectId":"..."}, and EPI_SECRET. What was downloaded is kept, and
 * the export continues in the service: the same command with the printed id resumes both.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <epicloud.h>

/* A handler may do little more than this; the thread that waits does the rest. */
static volatile sig_atomic_t interrupted = 0;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static int fail(epi_error *error)
{
    fprintf(stderr, "error: %s\n", epi_error_message(error));
    if (epi_error_next_step(error) != NULL)
        fprintf(stderr, "next: %s\n", epi_error_next_step(error));
    epi_error_free(error);
    return 1;
}

/* Shows what the service has accepted, so that you can resume it. */
static void on_log(int32_t level, const char *target, const char *message, const char *fields_json, void *user_data)
{
    (void)level;
    (void)target;
    (void)fields_json;
    (void)user_data;
    fprintf(stderr, "%s\n", message);
}

int main(int argc, char **argv)
{
    const char *secret = getenv("EPI_SECRET");
    epi_call_options options = EPI_CALL_OPTIONS_INIT;
    epi_client *client = NULL;
    epi_operation *operation = NULL;
    epi_error *error = NULL;
    char *json = NULL;
    char request[1024];
    int length;
    epi_status status;

    if (argc != 4 && argc != 5) {
        fprintf(stderr, "usage: %s ENVIRONMENT DATABASE FILE [ID]\n", argv[0]);
        return 1;
    }
    /* These arguments need no quoting; see export.c for ones that may. */
    length = snprintf(request, sizeof request,
                      "{\"environment\":\"%s\",\"databaseName\":\"%s\",\"outputFile\":\"%s\",%s%s%s"
                      "\"wait\":{\"pollingIntervalSeconds\":5}}",
                      argv[1], argv[2], argv[3], argc == 5 ? "\"id\":\"" : "", argc == 5 ? argv[4] : "",
                      argc == 5 ? "\"," : "");
    if (length < 0 || (size_t)length >= sizeof request) {
        fprintf(stderr, "error: an argument is too long\n");
        return 1;
    }
    if (epi_client_new(getenv("EPI_CONFIG"), secret, secret != NULL ? strlen(secret) : 0, &client, &error))
        return fail(error);

    signal(SIGINT, on_interrupt);
    options.log = on_log;
    status = epi_database_export_save(client, request, &options, &operation, &error);
    epi_client_free(client);
    if (status != EPI_STATUS_OK)
        return fail(error);

    while (epi_operation_wait(operation, 100) == EPI_STATUS_PENDING)
        if (interrupted)
            epi_operation_cancel(operation);
    status = epi_operation_result(operation, &json, &error);
    epi_operation_free(operation);
    if (status == EPI_STATUS_CANCELLED) {
        fprintf(stderr, "cancelled; what was downloaded is kept\n");
        epi_error_free(error);
        return 130;
    }
    if (status != EPI_STATUS_OK)
        return fail(error);
    puts(json);
    epi_string_free(json);
    return 0;
}
