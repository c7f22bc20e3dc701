/*
 * Exports a database to a file, with a progress line:
 *
 *     export ENVIRONMENT DATABASE FILE
 *
 * The account is in EPI_CONFIG, {"clientKey":"...","projectId":"..."}, and EPI_SECRET. Each run makes a new export;
 * cancel.c shows how to resume one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <epicloud.h>

static int fail(epi_error *error)
{
    fprintf(stderr, "\nerror: %s\n", error != NULL ? epi_error_message(error) : "no request could be made");
    if (epi_error_next_step(error) != NULL)
        fprintf(stderr, "next: %s\n", epi_error_next_step(error));
    epi_error_free(error);
    return 1;
}

/* The arguments as a document. The caller frees it. */
static char *make_request(char **arguments)
{
    static const char form[] = "{\"environment\":%s,\"databaseName\":%s,\"outputFile\":%s,"
                               "\"wait\":{\"pollingIntervalSeconds\":5}}";
    char *environment = epi_json_quote(arguments[0]);
    char *database = epi_json_quote(arguments[1]);
    char *file = epi_json_quote(arguments[2]);
    char *request = NULL;

    /* NULL means that a text is not UTF-8. */
    if (environment != NULL && database != NULL && file != NULL) {
        size_t length = sizeof form + strlen(environment) + strlen(database) + strlen(file);

        request = malloc(length);
        if (request != NULL)
            snprintf(request, length, form, environment, database, file);
    }
    epi_string_free(environment);
    epi_string_free(database);
    epi_string_free(file);
    return request;
}

static void show(const epi_progress *progress)
{
    if (progress->phase == EPI_PHASE_WAITING)
        fprintf(stderr, "\rthe service is exporting ...");
    else if (progress->bytes_total > 0)
        fprintf(stderr, "\r%3" PRId64 " %% of %" PRId64 " MB   ", progress->bytes_done * 100 / progress->bytes_total,
                progress->bytes_total / 1000000);
}

int main(int argc, char **argv)
{
    const char *secret = getenv("EPI_SECRET");
    epi_client *client = NULL;
    epi_operation *operation = NULL;
    epi_progress progress = EPI_PROGRESS_INIT;
    epi_error *error = NULL;
    char *json = NULL;
    char *request;
    epi_status status;

    if (argc != 4) {
        fprintf(stderr, "usage: %s ENVIRONMENT DATABASE FILE\n", argv[0]);
        return 1;
    }
    if (epi_client_new(getenv("EPI_CONFIG"), secret, secret != NULL ? strlen(secret) : 0, &client, &error))
        return fail(error);

    request = make_request(argv + 1);
    if (request == NULL)
        return fail(NULL);
    status = epi_database_export_save(client, request, NULL, &operation, &error);
    free(request);
    /* The operation continues without it. */
    epi_client_free(client);
    if (status != EPI_STATUS_OK)
        return fail(error);

    while (epi_operation_wait(operation, 250) == EPI_STATUS_PENDING)
        if (epi_operation_progress(operation, &progress) == EPI_STATUS_OK)
            show(&progress);
    status = epi_operation_result(operation, &json, &error);
    epi_operation_free(operation);
    if (status != EPI_STATUS_OK)
        return fail(error);

    fprintf(stderr, "\rsaved to %s          \n", argv[3]);
    puts(json);
    epi_string_free(json);
    return 0;
}
