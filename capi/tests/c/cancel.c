/* Cancelling: in a request that is never answered, in a transfer, in a wait, all at once, and by freeing. */
#include "harness.h"

/* Nothing is sent after an operation is over, although the library would have tried again. */
static void silent_since(const epi_client *client, long requests)
{
    epi_call_options options = EPI_CALL_OPTIONS_INIT;
    epi_operation *other;

    CHECK(ask("requests") == requests);
    /* One request that is never answered, to let some time pass. */
    options.timeout_ms = 200;
    other = start(client, epi_edge_log_location_get, "{}", &options);
    CHECK_STATUS(EPI_STATUS_TIMEOUT, epi_operation_wait(other, -1));
    epi_operation_free(other);
    CHECK(ask("requests") == requests + 1);
}

static void cancelled(const epi_client *client, call start_call, const char *request, const char *open)
{
    epi_operation *operation = start(client, start_call, request, NULL);
    epi_error *error = NULL;
    char *json = NULL;
    long requests;

    ask(open);
    CHECK_STATUS(EPI_STATUS_PENDING, epi_operation_wait(operation, 0));
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_cancel(operation));
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_cancel(operation));
    CHECK_STATUS(EPI_STATUS_CANCELLED, epi_operation_wait(operation, -1));
    requests = ask("requests");
    CHECK_STATUS(EPI_STATUS_CANCELLED, epi_operation_result(operation, &json, &error));
    CHECK(json == NULL && says(error, "cancelled"));
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_cancel(operation));
    CHECK_STATUS(EPI_STATUS_CANCELLED, epi_operation_wait(operation, 0));
    epi_operation_free(operation);
    silent_since(client, requests);
}

static int32_t stop(const epi_progress *progress, void *user_data)
{
    (void)progress;
    (void)user_data;
    return 1;
}

/* A host that cancels by its answer is asked for it, also while nothing moves. */
static void cancelled_by_its_callback(const epi_client *client)
{
    epi_call_options options = EPI_CALL_OPTIONS_INIT;
    epi_operation *operation;

    options.progress = stop;
    operation = start(client, epi_edge_log_location_get, "{}", &options);
    CHECK_STATUS(EPI_STATUS_CANCELLED, epi_operation_wait(operation, -1));
    epi_operation_free(operation);
}

int main(void)
{
    epi_client *client = new_client();
    epi_operation *first;
    epi_operation *second;
    long requests;
    FILE *file;

    /* These stall in the emulator: a request, the download of an export, the upload of a block. */
    cancelled(client, epi_edge_log_location_get, "{}", "open /edgelogs/");
    cancelled(client, epi_database_export_save,
              "{\"environment\":\"Production\",\"databaseName\":\"epicms\",\"outputFile\":\"cut.bacpac\","
              "\"wait\":{\"pollingIntervalSeconds\":1}}",
              "open /bacpacs/");
    file = fopen("site.cms.app.1.0.0.nupkg", "wb");
    CHECK(file != NULL && fputs("a package", file) >= 0 && fclose(file) == 0);
    cancelled(client, epi_package_upload, "{\"files\":[{\"path\":\"site.cms.app.1.0.0.nupkg\"}]}",
              "open /deploymentpackages/");

    /* By freeing. */
    first = start(client, epi_edge_log_location_get, "{}", NULL);
    ask("open /edgelogs/");
    epi_operation_free(first);
    requests = ask("requests");
    silent_since(client, requests);

    /* All at once; the client can be used as before. */
    first = start(client, epi_edge_log_location_get, "{}", NULL);
    second = start(client, epi_edge_log_location_get, "{}", NULL);
    CHECK_STATUS(EPI_STATUS_OK, epi_client_cancel_all(client));
    CHECK_STATUS(EPI_STATUS_CANCELLED, epi_operation_wait(first, -1));
    CHECK_STATUS(EPI_STATUS_CANCELLED, epi_operation_wait(second, -1));
    epi_operation_free(first);
    epi_operation_free(second);
    epi_string_free(run(client, epi_deployment_list, "{}", NULL));
    cancelled_by_its_callback(client);
    epi_client_free(client);
    return 0;
}
