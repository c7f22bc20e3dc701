/* Errors: what the service said arrives as fields, all of them in one document too. */
#include "harness.h"

static epi_error *ended(const epi_client *client, call start_call, const char *request, epi_status expected)
{
    epi_operation *operation = start(client, start_call, request, NULL);
    epi_error *error = NULL;
    char *json = NULL;

    CHECK_STATUS(expected, epi_operation_wait(operation, -1));
    CHECK_STATUS(expected, epi_operation_result(operation, &json, NULL));
    CHECK_STATUS(expected, epi_operation_result(operation, &json, &error));
    CHECK(json == NULL && error != NULL);
    /* An error outlives its operation. */
    epi_operation_free(operation);
    CHECK_STATUS(expected, epi_error_status(error));
    return error;
}

int main(void)
{
    epi_client *client = new_client();
    epi_client *stranger = NULL;
    epi_error *error;

    error = ended(client, epi_deployment_get, "{\"id\":\"7c1a5d4e-0000-4000-8000-000000000000\"}", EPI_STATUS_NOT_FOUND);
    CHECK(epi_error_http_status(error) == 404);
    CHECK(epi_error_retry(error) == EPI_RETRY_NEVER && epi_error_retry_after_ms(error) == -1);
    CHECK(strstr(epi_error_json(error), "\"status\":\"NOT_FOUND\"") != NULL);
    CHECK(strstr(epi_error_json(error), "\"httpStatus\":404") != NULL);
    CHECK(strchr(epi_error_message(error), '\n') == NULL);
    epi_error_free(error);

    /* The emulator answers 429 with a Retry-After to this, for ever. */
    error = ended(client, epi_package_location_get, "{}", EPI_STATUS_THROTTLED);
    CHECK(epi_error_http_status(error) == 429);
    CHECK(epi_error_retry(error) == EPI_RETRY_EXHAUSTED);
    CHECK(epi_error_retry_after_ms(error) == 1000);
    CHECK(strstr(epi_error_json(error), "\"retryAfterMs\":1000") != NULL);
    epi_error_free(error);

    /* A refusal in the service's own words. */
    error = ended(client, epi_storage_container_list, "{\"environment\":\"Production\"}", EPI_STATUS_REJECTED);
    CHECK(strstr(epi_error_json(error), "\"errors\":[\"first reason\",\"second reason\"]") != NULL);
    epi_error_free(error);

    CHECK_STATUS(EPI_STATUS_OK, epi_client_new(setting("EPI_CONFIG"), "d3Jvbmc=", 8, &stranger, NULL));
    error = ended(stranger, epi_client_verify, "{}", EPI_STATUS_UNAUTHENTICATED);
    CHECK(epi_error_http_status(error) == 401);
    CHECK(strstr(epi_error_json(error), "d3Jvbmc=") == NULL);
    epi_error_free(error);
    epi_client_free(stranger);

    /* No error at all. */
    CHECK_STATUS(EPI_STATUS_INVALID_ARGUMENT, epi_error_status(NULL));
    CHECK_STATUS(EPI_STATUS_INVALID_ARGUMENT, epi_error_status(error));
    CHECK(epi_error_message(error) == NULL && epi_error_json(NULL) == NULL && epi_error_code(NULL) == NULL);
    CHECK(epi_error_request_id(NULL) == NULL && epi_error_http_status(NULL) == 0);
    CHECK(epi_error_retry(NULL) == EPI_RETRY_NEVER && epi_error_retry_after_ms(NULL) == -1);
    epi_error_free(error);
    epi_error_free(NULL);
    epi_client_free(client);
    return 0;
}
