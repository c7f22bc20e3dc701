/* Every call works on the smallest stack that the header promises, whatever it is given. */
#include "harness.h"

#include <pthread.h>

enum { STACK = 64 * 1024 };

static epi_client *client;

static int32_t on_progress(const epi_progress *progress, void *user_data)
{
    (void)progress;
    (void)user_data;
    return 0;
}

static void *make(void *unused)
{
    client = new_client();
    return unused;
}

static void *list(void *unused)
{
    epi_call_options options = EPI_CALL_OPTIONS_INIT;

    options.progress = on_progress;
    epi_string_free(run(client, epi_deployment_list, "{}", &options));
    CHECK(says(refused(client, epi_deployment_get, "{\"id\":1}", NULL, EPI_STATUS_INVALID_ARGUMENT), "id: "));
    return unused;
}

static void *nested(void *request)
{
    const char *words = "request_json: is nested deeper than";
    epi_client *none = NULL;
    epi_error *error = NULL;

    CHECK(says(refused(client, epi_deployment_get, request, NULL, EPI_STATUS_INVALID_ARGUMENT), words));
    CHECK_STATUS(EPI_STATUS_INVALID_ARGUMENT, epi_client_new(request, NULL, 0, &none, &error));
    CHECK(says(error, "config_json: is nested deeper than"));
    return NULL;
}

static void *allowed(void *request)
{
    /* As deep as it may be, and still not what is asked for. */
    CHECK(says(refused(client, epi_deployment_get, request, NULL, EPI_STATUS_INVALID_ARGUMENT), "id: "));
    return NULL;
}

static void *leave(void *unused)
{
    epi_client_free(client);
    return unused;
}

static void on_small_stack(void *(*work)(void *), void *argument)
{
    pthread_attr_t attributes;
    pthread_t thread;

    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, STACK) == 0);
    CHECK(pthread_create(&thread, &attributes, work, argument) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    pthread_attr_destroy(&attributes);
}

static char *lists(size_t depth, int closed)
{
    char *text = malloc(2 * depth + 16);
    size_t end = 6;

    CHECK(text != NULL);
    strcpy(text, "{\"id\":");
    memset(text + end, '[', depth);
    end += depth;
    if (closed) {
        memset(text + end, ']', depth);
        end += depth;
    }
    strcpy(text + end, "}");
    return text;
}

int main(void)
{
    const size_t depths[] = {8, 60, 127, 128, 129, 100000, 400000};
    size_t at;
    char *text;

    on_small_stack(make, NULL);
    on_small_stack(list, NULL);
    for (at = 0; at < 2 * sizeof depths / sizeof *depths; at++) {
        text = lists(depths[at / 2], (int)(at % 2));
        on_small_stack(nested, text);
        free(text);
    }
    text = lists(7, 1);
    on_small_stack(allowed, text);
    free(text);
    on_small_stack(leave, NULL);
    return 0;
}
