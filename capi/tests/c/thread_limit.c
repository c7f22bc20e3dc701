/*
 * Few threads: as another user, with a limit on processes and threads, every call either does what it should or is an
 * error that names the limit. Arguments: user, limit, a file to upload. Prints what was refused first, or "all".
 */
#include "harness.h"

#include <sys/resource.h>
#include <unistd.h>

static int32_t on_progress(const epi_progress *progress, void *user_data)
{
    (void)progress;
    (void)user_data;
    return 0;
}

/* The one permitted refusal. */
static void check_refusal(epi_status status, epi_error *error, const char *what)
{
    CHECK_STATUS(EPI_STATUS_IO, status);
    CHECK(error != NULL);
    CHECK(strstr(epi_error_message(error), "the limit on processes and threads is reached (ulimit -u") != NULL);
    CHECK(epi_error_retry(error) == EPI_RETRY_LATER);
    epi_error_free(error);
    printf("%s\n", what);
}

/* Whether a call came to its end. */
static int ends_well(epi_client *client, call start_call, const char *request, const char *what)
{
    epi_call_options options = EPI_CALL_OPTIONS_INIT;
    epi_operation *operation = NULL;
    epi_error *error = NULL;
    char *json = NULL;
    epi_status status;

    options.progress = on_progress;
    status = start_call(client, request, &options, &operation, &error);
    if (status == EPI_STATUS_OK) {
        epi_operation_wait(operation, -1);
        status = epi_operation_result(operation, &json, &error);
        epi_string_free(json);
        epi_operation_free(operation);
    }
    if (status == EPI_STATUS_OK)
        return 1;
    print_error(error);
    check_refusal(status, error, what);
    return 0;
}

int main(int argc, char **argv)
{
    const char *secret = setting("EPI_SECRET");
    const char *config = setting("EPI_LIMITED_CONFIG");
    char request[4096];
    struct rlimit limit;
    epi_client *client = NULL;
    epi_error *error = NULL;
    epi_status status;
    int attempt;

    CHECK(argc == 4);
    limit.rlim_cur = limit.rlim_max = (rlim_t)atoi(argv[2]);
    CHECK(setgid((gid_t)atoi(argv[1])) == 0 && setuid((uid_t)atoi(argv[1])) == 0);
    CHECK(setrlimit(RLIMIT_NPROC, &limit) == 0);
    /* Ends what hangs. */
    alarm(120);

    /* A host that repeats what was refused is refused again, and nothing is left behind that would make it worse. */
    for (attempt = 0; attempt < 5; attempt++) {
        status = epi_client_new(config, secret, strlen(secret), &client, &error);
        if (status == EPI_STATUS_OK)
            break;
        CHECK(client == NULL);
        check_refusal(status, error, "client");
        error = NULL;
    }
    if (client == NULL)
        return 0;
    snprintf(request, sizeof request, "{\"files\":[{\"path\":\"%s\"}]}", argv[3]);
    if (ends_well(client, epi_deployment_list, "{}", "list") && ends_well(client, epi_package_upload, request, "upload"))
        printf("all\n");
    epi_client_free(client);
    return 0;
}
