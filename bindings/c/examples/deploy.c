/*
 * Uploads packages, deploys them and waits until the deployment awaits verification:
 *
 *     deploy ENVIRONMENT PACKAGE...
 *
 * The account is in EPI_CONFIG, {"clientKey":"...","projectId":"..."}, and EPI_SECRET.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <epicloud.h>

static int fail(epi_error *error)
{
    fprintf(stderr, "error: %s\n", error != NULL ? epi_error_message(error) : "no request could be made");
    epi_error_free(error);
    return 1;
}

/* Appends a text to a growing document. NULL stays NULL. */
static char *add(char *document, const char *text)
{
    size_t length = document != NULL ? strlen(document) : 0;
    char *longer = document != NULL && text != NULL ? realloc(document, length + strlen(text) + 1) : NULL;

    if (longer == NULL)
        free(document);
    else
        strcpy(longer + length, text);
    return longer;
}

static char *add_quoted(char *document, const char *text)
{
    char *quoted = epi_json_quote(text);

    document = add(document, quoted);
    epi_string_free(quoted);
    return document;
}

/* The arguments as a document. The caller frees it. */
static char *make_request(const char *environment, char **packages, int count)
{
    char *request = add(calloc(1, 1), "{\"targetEnvironment\":");
    int index;

    request = add(add_quoted(request, environment), ",\"wait\":{\"pollingIntervalSeconds\":5},\"files\":[");
    for (index = 0; index < count; index++) {
        request = add(request, index == 0 ? "{\"path\":" : ",{\"path\":");
        request = add(add_quoted(request, packages[index]), "}");
    }
    return add(request, "]}");
}

/* Runs on a thread of the library, so it only prints. */
static void on_log(int32_t level, const char *target, const char *message, const char *fields_json, void *user_data)
{
    (void)target;
    (void)fields_json;
    (void)user_data;
    fprintf(stderr, "%s%s\n", level == EPI_LOG_LEVEL_WARNING ? "warning: " : "", message);
}

int main(int argc, char **argv)
{
    const char *secret = getenv("EPI_SECRET");
    epi_call_options options = EPI_CALL_OPTIONS_INIT;
    epi_client *client = NULL;
    epi_operation *operation = NULL;
    epi_error *error = NULL;
    char *json = NULL;
    char *request;
    epi_status status;

    if (argc < 3) {
        fprintf(stderr, "usage: %s ENVIRONMENT PACKAGE...\n", argv[0]);
        return 1;
    }
    if (epi_client_new(getenv("EPI_CONFIG"), secret, secret != NULL ? strlen(secret) : 0, &client, &error))
        return fail(error);

    request = make_request(argv[1], argv + 2, argc - 2);
    if (request == NULL)
        return fail(NULL);
    options.log = on_log;
    options.log_level = EPI_LOG_LEVEL_VERBOSE;
    status = epi_package_deploy(client, request, &options, &operation, &error);
    free(request);
    epi_client_free(client);
    if (status != EPI_STATUS_OK)
        return fail(error);

    epi_operation_wait(operation, -1);
    status = epi_operation_result(operation, &json, &error);
    epi_operation_free(operation);
    if (status != EPI_STATUS_OK)
        return fail(error);
    puts(json);
    epi_string_free(json);
    return 0;
}
