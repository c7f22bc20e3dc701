/* Operations: wait, progress, events, result; requests and options that are refused; time limits. */
#include "harness.h"

static void refusals(const epi_client *client)
{
    epi_status bad = EPI_STATUS_INVALID_ARGUMENT;
    epi_call_options options = EPI_CALL_OPTIONS_INIT;
    epi_operation *operation = NULL;
    epi_error *error = NULL;
    struct {
        epi_call_options known;
        int64_t newer[4];
    } larger = { EPI_CALL_OPTIONS_INIT, { 0, 0, 0, 0 } };

    CHECK(says(refused(NULL, epi_deployment_list, "{}", NULL, bad), "client: must not be NULL"));
    CHECK(says(refused(client, epi_deployment_list, NULL, NULL, bad), "request_json: must not be NULL"));
    CHECK(says(refused(client, epi_deployment_list, "{\"\xff\":1}", NULL, bad), "request_json: is not UTF-8 from byte 2"));
    CHECK(says(refused(client, epi_deployment_list, "{} {}", NULL, bad), "request_json: is not valid JSON"));
    CHECK(says(refused(client, epi_deployment_list, "{\"a\":1}", NULL, bad), "a: unknown field"));
    CHECK(says(refused(client, epi_deployment_get, "{}", NULL, bad), "id: is missing"));
    CHECK(says(refused(client, epi_deployment_get, "{\"id\":1}", NULL, bad), "id: "));
    CHECK(says(refused(client, epi_deployment_start, "{\"targetEnvironment\":\"x\",\"packages\":[\"a\"],"
                       "\"wait\":{\"timeoutMinutes\":0}}", NULL, bad), "wait.timeoutMinutes: 0 is not between"));
    CHECK(says(refused(client, epi_deployment_start, "{\"targetEnvironment\":\"x\",\"packages\":[\"a\"],"
                       "\"wait\":{\"timeoutMinutes\":4294967296}}", NULL, bad), "wait.timeoutMinutes: "));

    options.struct_size = 0;
    CHECK(says(refused(client, epi_deployment_list, "{}", &options, bad), "options.struct_size: 0 is not a size"));
    options.struct_size = sizeof options - 1;
    CHECK(says(refused(client, epi_deployment_list, "{}", &options, bad), "options.struct_size: "));
    options.struct_size = (size_t)-1;
    CHECK(says(refused(client, epi_deployment_list, "{}", &options, bad), "options.struct_size: "));
    options.struct_size = sizeof options;
    options.timeout_ms = -1;
    CHECK(says(refused(client, epi_deployment_list, "{}", &options, bad), "options.timeout_ms: -1"));
    options.timeout_ms = 0;
    options.log_level = 5;
    CHECK(says(refused(client, epi_deployment_list, "{}", &options, bad), "options.log_level: 5"));

    /* A newer header: fine, unless it asks for something that this library does not know. */
    larger.known.struct_size = sizeof larger;
    epi_string_free(run(client, epi_deployment_list, "{}", &larger.known));
    larger.newer[3] = 1;
    CHECK(says(refused(client, epi_deployment_list, "{}", &larger.known, EPI_STATUS_ABI_MISMATCH), "an option is set"));

    CHECK_STATUS(bad, epi_deployment_list(client, "{}", NULL, NULL, &error));
    CHECK(says(error, "out_operation: must not be NULL"));
    CHECK_STATUS(bad, epi_deployment_list(client, "{", NULL, &operation, NULL));
    CHECK_STATUS(bad, epi_operation_wait(NULL, 0));
    CHECK_STATUS(bad, epi_operation_cancel((epi_operation *)client));
}

static void reading(const epi_client *client)
{
    epi_operation *operation = start(client, epi_deployment_list, "{}", NULL);
    epi_progress progress = EPI_PROGRESS_INIT;
    epi_error *error = NULL;
    char *first = NULL;
    char *second = NULL;
    epi_status status;

    do {
        CHECK_STATUS(EPI_STATUS_OK, epi_operation_progress(operation, &progress));
        status = epi_operation_wait(operation, 5);
    } while (status == EPI_STATUS_PENDING);
    CHECK_STATUS(EPI_STATUS_OK, status);
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_wait(operation, 0));
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_progress(operation, &progress));
    CHECK(progress.status == EPI_STATUS_OK && progress.struct_size == sizeof progress);
    CHECK(progress.bytes_total == -1 && progress.attempt == 1);
    CHECK(progress.bytes_sent == -1 && progress.retries == -1);
    progress.struct_size -= 1;
    CHECK_STATUS(EPI_STATUS_INVALID_ARGUMENT, epi_operation_progress(operation, &progress));
    /* A program that was built with the header of ABI 0.1 has room for that much. */
    progress.struct_size = offsetof(epi_progress, bytes_sent);
    progress.status = -7;
    progress.bytes_sent = -7;
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_progress(operation, &progress));
    CHECK(progress.status == EPI_STATUS_OK && progress.bytes_sent == -7);
    CHECK_STATUS(EPI_STATUS_INVALID_ARGUMENT, epi_operation_progress(operation, NULL));

    CHECK_STATUS(EPI_STATUS_OK, epi_operation_result(operation, &first, &error));
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_result(operation, &second, NULL));
    CHECK(first != second && strcmp(first, second) == 0 && first[0] == '[');
    epi_string_free(first);
    epi_string_free(second);
    CHECK_STATUS(EPI_STATUS_INVALID_ARGUMENT, epi_operation_result(operation, NULL, &error));
    CHECK(says(error, "out_json: must not be NULL"));
    epi_operation_free(operation);
    epi_operation_free(operation);
    epi_operation_free(NULL);
    CHECK_STATUS(EPI_STATUS_INVALID_ARGUMENT, epi_operation_wait(operation, -1));
}

/* The emulator refuses the first two requests for this. */
static void a_retry_is_another_attempt(const epi_client *client)
{
    epi_operation *operation = start(client, epi_package_location_get, "{}", NULL);
    epi_progress progress = EPI_PROGRESS_INIT;
    char *json = NULL;

    CHECK_STATUS(EPI_STATUS_OK, epi_operation_wait(operation, -1));
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_progress(operation, &progress));
    CHECK(progress.attempt == 3);
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_events(operation, 0, &json));
    CHECK(strstr(json, "\"event\":\"retrying\"") != NULL && strstr(json, "\"attempt\":2") != NULL);
    epi_string_free(json);
    epi_operation_free(operation);
}

static void events(const epi_client *client)
{
    const char *request = "{\"environment\":\"Production\",\"databaseName\":\"epicms\",\"outputFile\":\"saved.bacpac\","
                          "\"wait\":{\"pollingIntervalSeconds\":1}}";
    epi_operation *operation = start(client, epi_database_export_save, request, NULL);
    epi_progress progress = EPI_PROGRESS_INIT;
    char *json = NULL;

    CHECK_STATUS(EPI_STATUS_OK, epi_operation_wait(operation, -1));
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_progress(operation, &progress));
    CHECK(progress.phase == EPI_PHASE_VERIFYING || progress.phase == EPI_PHASE_DOWNLOADING);
    CHECK(progress.bytes_total > 0 && progress.bytes_done == progress.bytes_total);
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_events(operation, 0, &json));
    CHECK(strstr(json, "\"event\":\"accepted\",\"what\":\"export\"") != NULL);
    CHECK(strstr(json, "\"phase\":\"waiting\"") != NULL);
    CHECK(strstr(json, "\"phase\":\"downloading\"") != NULL);
    CHECK(strstr(json, "{\"events\":[{\"seq\":1,") == json);
    CHECK(strstr(json, "\"dropped\":0") != NULL);
    epi_string_free(json);
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_events(operation, UINT64_MAX, &json));
    CHECK(strstr(json, "{\"events\":[],\"dropped\":0") == json);
    epi_string_free(json);
    epi_operation_free(operation);
    CHECK_STATUS(EPI_STATUS_INVALID_ARGUMENT, epi_operation_events(operation, 0, &json));
    CHECK(json == NULL);
}

/* A host that looks only now and then sees nothing else of a small upload than its end: that all of it was sent. */
static void the_last_figures_of_an_upload(const epi_client *client)
{
    FILE *file = fopen("small.cms.app.1.0.0.nupkg", "wb");
    epi_operation *operation;
    epi_progress progress = EPI_PROGRESS_INIT;

    CHECK(file != NULL && fputs("small", file) >= 0 && fclose(file) == 0);
    /* The emulator refuses no further request for the location. */
    operation = start(client, epi_package_upload, "{\"files\":[{\"path\":\"small.cms.app.1.0.0.nupkg\"}]}", NULL);
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_wait(operation, -1));
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_progress(operation, &progress));
    CHECK(progress.phase == EPI_PHASE_COMMITTING && progress.status == EPI_STATUS_OK);
    CHECK(progress.bytes_done == 5 && progress.bytes_total == 5 && progress.bytes_sent == 5);
    CHECK(progress.items_done == 1 && progress.items_total == 1 && progress.retries == 0);
    epi_operation_free(operation);
}

static void time_limit(const epi_client *client)
{
    epi_call_options options = EPI_CALL_OPTIONS_INIT;
    epi_operation *operation;
    epi_error *error = NULL;
    char *json = NULL;

    options.timeout_ms = 50;
    /* The emulator never answers this one. */
    operation = start(client, epi_edge_log_location_get, "{}", &options);
    CHECK_STATUS(EPI_STATUS_PENDING, epi_operation_result(operation, &json, &error));
    CHECK(json == NULL && error == NULL);
    CHECK_STATUS(EPI_STATUS_TIMEOUT, epi_operation_wait(operation, -1));
    CHECK_STATUS(EPI_STATUS_TIMEOUT, epi_operation_result(operation, &json, &error));
    CHECK(json == NULL && says(error, "the time limit of 50 ms passed"));
    epi_operation_free(operation);
}

int main(void)
{
    epi_client *client = new_client();

    refusals(client);
    reading(client);
    a_retry_is_another_attempt(client);
    events(client);
    the_last_figures_of_an_upload(client);
    time_limit(client);
    epi_client_free(client);
    return 0;
}
