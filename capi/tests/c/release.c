/*
 * Giving back what hangs, and being told the end without a callback. This program's own open64 plays a share that does not
 * answer: opening the package waits until it is told to go on.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <unistd.h>

#include "harness.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int hanging, answering;

int open64(const char *path, int flags, ...)
{
    static int (*real)(const char *, int, ...);
    va_list list;
    int mode;

    va_start(list, flags);
    mode = va_arg(list, int);
    va_end(list);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "open64");
    if (strstr(path, "hangs.cms.app.1.0.0.nupkg") != NULL) {
        pthread_mutex_lock(&lock);
        hanging++;
        pthread_cond_broadcast(&changed);
        while (!answering)
            pthread_cond_wait(&changed, &lock);
        pthread_mutex_unlock(&lock);
    }
    return real(path, flags, mode);
}

static int signalled(epi_event event, int timeout_ms)
{
    struct pollfd place = {(int)event, POLLIN, 0};

    return poll(&place, 1, timeout_ms) == 1 && (place.revents & POLLIN) != 0;
}

static epi_event end_event(const epi_operation *operation)
{
    epi_event event = 0;
    epi_error *error = NULL;

    CHECK_STATUS(EPI_STATUS_OK, epi_operation_end_event(operation, &event, &error));
    CHECK(event > 0 && error == NULL);
    return event;
}

/* The handle goes at once, what hangs ends later, and the event says when. */
static void releases_what_hangs(const epi_client *client)
{
    FILE *file = fopen("hangs.cms.app.1.0.0.nupkg", "w");
    epi_operation *operation;
    epi_event event;

    CHECK(file != NULL && fputs("PK", file) >= 0 && fclose(file) == 0);
    operation = start(client, epi_package_upload, "{\"files\":[{\"path\":\"hangs.cms.app.1.0.0.nupkg\"}]}", NULL);
    event = end_event(operation);
    pthread_mutex_lock(&lock);
    while (hanging == 0)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    /* Comes back although the file is still being opened: nothing lets it go on before. */
    epi_operation_release(operation);
    CHECK_STATUS(EPI_STATUS_INVALID_ARGUMENT, epi_operation_wait(operation, -1));
    CHECK(!signalled(event, 0));
    pthread_mutex_lock(&lock);
    answering = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    CHECK(signalled(event, -1));
    CHECK(signalled(event, 0));
    close((int)event);
}

static int32_t count(const epi_progress *progress, void *user_data)
{
    (void)progress;
    (*(int *)user_data)++;
    return 0;
}

/* After the event no callback of it runs any more, so what it was given may go. */
static void tells_the_end_of_callbacks(const epi_client *client)
{
    for (int round = 0; round < rounds(50); round++) {
        int *calls = calloc(1, sizeof *calls);
        epi_call_options options = EPI_CALL_OPTIONS_INIT;
        epi_operation *operation;
        epi_event event;

        CHECK(calls != NULL);
        options.progress = count;
        options.user_data = calls;
        operation = start(client, epi_deployment_list, "{}", &options);
        event = end_event(operation);
        if (round % 2 == 0)
            epi_operation_release(operation);
        CHECK(signalled(event, -1));
        free(calls);
        if (round % 2 != 0) {
            CHECK_STATUS(EPI_STATUS_OK, epi_operation_wait(operation, 0));
            /* One that was made after the end says it at once. */
            close((int)event);
            event = end_event(operation);
            CHECK(signalled(event, 0));
            epi_operation_release(operation);
        }
        close((int)event);
    }
}

/* A host may close its event at any time; the library must not be sent SIGPIPE by that. */
static void does_without_an_event_that_was_closed(const epi_client *client)
{
    epi_operation *operation = start(client, epi_deployment_list, "{}", NULL);
    epi_event one = end_event(operation), other = end_event(operation);

    close((int)one);
    CHECK(signalled(other, -1));
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_wait(operation, -1));
    close((int)other);
    epi_operation_free(operation);
}

static void refuses_what_is_no_operation(const epi_client *client)
{
    epi_event event = 7;
    epi_error *error = NULL;
    epi_operation *operation = NULL;

    CHECK_STATUS(EPI_STATUS_INVALID_ARGUMENT, epi_operation_end_event(NULL, &event, &error));
    CHECK(event == -1 && error != NULL);
    epi_error_free(error);
    CHECK_STATUS(EPI_STATUS_INVALID_ARGUMENT, epi_operation_end_event(NULL, NULL, NULL));
    epi_operation_release(NULL);
    epi_operation_release((epi_operation *)client);
    CHECK_STATUS(EPI_STATUS_INVALID_ARGUMENT, epi_operation_start(client, "deployment.fly", "{}", NULL, &operation, &error));
    CHECK(operation == NULL && strcmp(epi_error_field(error), "name") == 0);
    epi_error_free(error);
}

int main(void)
{
    epi_client *client = new_client();

    refuses_what_is_no_operation(client);
    releases_what_hangs(client);
    tells_the_end_of_callbacks(client);
    does_without_an_event_that_was_closed(client);
    epi_client_free(client);
    return 0;
}
