/* The end of an operation is seen everywhere at once: figures, wait and result never disagree. */
#include "harness.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn = PTHREAD_COND_INITIALIZER;
static int in_last, may_return;

static int32_t on_progress(const epi_progress *progress, void *user_data)
{
    (void)user_data;
    if (progress->status == EPI_STATUS_PENDING)
        return 0;
    pthread_mutex_lock(&lock);
    in_last = 1;
    pthread_cond_broadcast(&turn);
    while (!may_return)
        pthread_cond_wait(&turn, &lock);
    pthread_mutex_unlock(&lock);
    return 0;
}

static epi_status shown(epi_operation *operation)
{
    epi_progress progress = EPI_PROGRESS_INIT;

    CHECK_STATUS(EPI_STATUS_OK, epi_operation_progress(operation, &progress));
    return progress.status;
}

static epi_status result(epi_operation *operation)
{
    epi_error *error = NULL;
    char *json = NULL;
    epi_status status = epi_operation_result(operation, &json, &error);

    CHECK((status == EPI_STATUS_PENDING) == (json == NULL && error == NULL));
    epi_string_free(json);
    epi_error_free(error);
    return status;
}

int main(void)
{
    epi_client *client = new_client();
    epi_call_options options = EPI_CALL_OPTIONS_INIT;
    const char *missing = "{\"files\":[{\"path\":\"/nowhere/a.cms.app.1.0.0.nupkg\"}]}";
    epi_operation *operation;
    epi_status status;
    int round;

    options.progress = on_progress;
    operation = start(client, epi_package_upload, missing, &options);
    pthread_mutex_lock(&lock);
    while (!in_last)
        pthread_cond_wait(&turn, &lock);
    pthread_mutex_unlock(&lock);
    /* The last callback knows the end, and has not returned. */
    CHECK_STATUS(EPI_STATUS_PENDING, shown(operation));
    CHECK_STATUS(EPI_STATUS_PENDING, epi_operation_wait(operation, 0));
    CHECK_STATUS(EPI_STATUS_PENDING, result(operation));
    pthread_mutex_lock(&lock);
    may_return = 1;
    pthread_cond_broadcast(&turn);
    pthread_mutex_unlock(&lock);
    CHECK_STATUS(EPI_STATUS_NOT_FOUND, epi_operation_wait(operation, -1));
    CHECK_STATUS(EPI_STATUS_NOT_FOUND, shown(operation));
    CHECK_STATUS(EPI_STATUS_NOT_FOUND, result(operation));
    epi_operation_free(operation);

    /* A host that looks at the figures alone finds the result when they are final. */
    for (round = rounds(200); round > 0; round--) {
        operation = start(client, epi_deployment_list, "{}", round % 2 ? &options : NULL);
        while ((status = shown(operation)) == EPI_STATUS_PENDING) {
        }
        CHECK_STATUS(status, epi_operation_wait(operation, 0));
        CHECK_STATUS(status, result(operation));
        epi_operation_free(operation);
    }
    epi_client_free(client);
    return 0;
}
