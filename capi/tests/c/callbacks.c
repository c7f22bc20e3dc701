/* Callbacks: what they are told, how often, what they may do, and that none runs after a cancel or a free. */
#include "harness.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#define HANGS_AFTER_SECONDS 120

#define SAVE(file)                                                                                       \
    "{\"environment\":\"Production\",\"databaseName\":\"epicms\",\"outputFile\":\"" file "\",\"overwrite\":true," \
    "\"wait\":{\"pollingIntervalSeconds\":1}}"

/* What one operation's callbacks share with the test. */
typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t turn;
    int calls;
    int ends;
    int phases;
    int phase;
    int messages;
    int running;
    int freed;
    int hold;
    int answer;
    epi_operation *to_free;
    epi_operation *to_wait;
    char accepted[512];
} host;

static void prepare(host *host)
{
    memset(host, 0, sizeof *host);
    pthread_mutex_init(&host->lock, NULL);
    pthread_cond_init(&host->turn, NULL);
}

static int32_t on_progress(const epi_progress *progress, void *user_data)
{
    host *host = user_data;
    epi_operation *to_free;
    epi_operation *to_wait;
    int answer;

    pthread_mutex_lock(&host->lock);
    CHECK(host->running == 0 && host->freed == 0);
    CHECK(progress->struct_size == sizeof *progress);
    host->running = 1;
    host->calls += 1;
    host->ends += progress->status != EPI_STATUS_PENDING;
    host->phases += progress->phase != host->phase;
    host->phase = progress->phase;
    pthread_cond_broadcast(&host->turn);
    while (host->hold)
        pthread_cond_wait(&host->turn, &host->lock);
    to_free = host->to_free;
    host->to_free = NULL;
    to_wait = host->to_wait;
    answer = host->answer;
    pthread_mutex_unlock(&host->lock);

    if (to_wait != NULL)
        CHECK_STATUS(EPI_STATUS_PENDING, epi_operation_wait(to_wait, -1));
    epi_operation_free(to_free);

    pthread_mutex_lock(&host->lock);
    host->running = 0;
    pthread_cond_broadcast(&host->turn);
    pthread_mutex_unlock(&host->lock);
    return answer;
}

static void on_log(int32_t level, const char *target, const char *message, const char *fields, void *user_data)
{
    host *host = user_data;

    CHECK(level >= EPI_LOG_LEVEL_WARNING && level <= EPI_LOG_LEVEL_DEBUG);
    CHECK(strcmp(target, "databaseExport.save") == 0);
    CHECK(message[0] != '\0' && fields[0] == '{');
    pthread_mutex_lock(&host->lock);
    CHECK(host->running == 0 && host->freed == 0);
    host->messages += 1;
    if (strstr(fields, "\"event\":\"accepted\"") != NULL)
        snprintf(host->accepted, sizeof host->accepted, "%s", fields);
    pthread_mutex_unlock(&host->lock);
}

static epi_operation *save(const epi_client *client, host *host, const char *request)
{
    epi_call_options options = EPI_CALL_OPTIONS_INIT;

    options.progress = on_progress;
    options.log = on_log;
    options.user_data = host;
    return start(client, epi_database_export_save, request, &options);
}

/* Waits until a callback has begun. */
static void called(host *host)
{
    pthread_mutex_lock(&host->lock);
    while (host->calls == 0)
        pthread_cond_wait(&host->turn, &host->lock);
    pthread_mutex_unlock(&host->lock);
}

static void let_go(host *host)
{
    pthread_mutex_lock(&host->lock);
    host->hold = 0;
    pthread_cond_broadcast(&host->turn);
    pthread_mutex_unlock(&host->lock);
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void told_everything_once(const epi_client *client)
{
    host host;
    epi_operation *operation;
    double began = seconds();

    prepare(&host);
    operation = save(client, &host, SAVE("told.bacpac"));
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_wait(operation, -1));
    /* Ten a second, besides the first of each phase and the end. */
    CHECK(host.calls <= (int)((seconds() - began) * 10) + host.phases + 1);
    /* The end is seen after the last callback, so nothing changes any more. */
    CHECK(host.ends == 1 && host.running == 0 && host.messages > 0);
    CHECK(host.phases >= 2 && strstr(host.accepted, "\"what\":\"export\"") != NULL);
    printf("callbacks: %d calls, %d phases, %d messages, 1 end\n", host.calls, host.phases, host.messages);
    epi_operation_free(operation);
}

/* It would wait for itself. */
static void waited_for_inside_its_own_callback(const epi_client *client)
{
    host host;
    epi_operation *operation;

    prepare(&host);
    host.hold = 1;
    operation = save(client, &host, SAVE("waited.bacpac"));
    pthread_mutex_lock(&host.lock);
    host.to_wait = operation;
    pthread_mutex_unlock(&host.lock);
    let_go(&host);
    /* A deadlock ends the program instead of hanging for ever. */
    alarm(HANGS_AFTER_SECONDS);
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_wait(operation, -1));
    alarm(0);
    CHECK(host.calls >= 2 && host.ends == 1);
    epi_operation_free(operation);
}

static void any_other_answer_cancels(const epi_client *client)
{
    host host;
    epi_operation *operation;

    prepare(&host);
    host.answer = 1;
    operation = save(client, &host, SAVE("never.bacpac"));
    CHECK_STATUS(EPI_STATUS_CANCELLED, epi_operation_wait(operation, -1));
    CHECK(host.calls == 1 && host.ends == 0);
    epi_operation_free(operation);
}

static atomic_int free_is_over;

static void *free_it(void *operation)
{
    epi_operation_free(operation);
    atomic_store(&free_is_over, 1);
    return NULL;
}

static void a_free_waits_for_the_callback(const epi_client *client)
{
    host host;
    epi_operation *operation;
    pthread_t thread;
    int calls;

    prepare(&host);
    host.hold = 1;
    operation = save(client, &host, SAVE("held.bacpac"));
    called(&host);
    CHECK(pthread_create(&thread, NULL, free_it, operation) == 0);
    /* The handle is gone at once, the free itself is not over. */
    while (epi_operation_cancel(operation) == EPI_STATUS_OK)
        ;
    CHECK(atomic_load(&free_is_over) == 0);
    let_go(&host);
    CHECK(pthread_join(thread, NULL) == 0);
    pthread_mutex_lock(&host.lock);
    CHECK(host.running == 0);
    host.freed = 1;
    calls = host.calls;
    pthread_mutex_unlock(&host.lock);
    epi_string_free(run(client, epi_deployment_list, "{}", NULL));
    CHECK(host.calls == calls && calls == 1);
}

static void freed_inside_its_own_callback(const epi_client *client)
{
    host host;

    prepare(&host);
    host.hold = 1;
    host.to_free = save(client, &host, SAVE("own.bacpac"));
    let_go(&host);
    pthread_mutex_lock(&host.lock);
    while (host.calls == 0 || host.running)
        pthread_cond_wait(&host.turn, &host.lock);
    CHECK(host.calls == 1);
    pthread_mutex_unlock(&host.lock);
}

/* Two callbacks at the same time, each freeing the operation of the other. */
static void freed_inside_each_other_s_callback(const epi_client *client)
{
    host one;
    host other;
    epi_operation *first;
    epi_operation *second;

    prepare(&one);
    prepare(&other);
    one.hold = other.hold = 1;
    first = save(client, &one, SAVE("one.bacpac"));
    second = save(client, &other, SAVE("other.bacpac"));
    called(&one);
    called(&other);
    one.to_free = second;
    other.to_free = first;
    let_go(&one);
    let_go(&other);
    pthread_mutex_lock(&one.lock);
    while (one.running)
        pthread_cond_wait(&one.turn, &one.lock);
    pthread_mutex_unlock(&one.lock);
    pthread_mutex_lock(&other.lock);
    while (other.running)
        pthread_cond_wait(&other.turn, &other.lock);
    pthread_mutex_unlock(&other.lock);
    CHECK(one.calls == 1 && other.calls == 1);
}

/* The last handle of all is freed inside a callback, and with it the library's threads. */
static void the_last_handle_goes_inside_a_callback(void)
{
    host host;
    epi_client *client = new_client();

    prepare(&host);
    host.hold = 1;
    host.to_free = save(client, &host, SAVE("last.bacpac"));
    called(&host);
    epi_client_free(client);
    let_go(&host);
    pthread_mutex_lock(&host.lock);
    while (host.running)
        pthread_cond_wait(&host.turn, &host.lock);
    pthread_mutex_unlock(&host.lock);
    client = new_client();
    epi_string_free(run(client, epi_deployment_list, "{}", NULL));
    epi_client_free(client);
}

int main(void)
{
    epi_client *client = new_client();

    told_everything_once(client);
    waited_for_inside_its_own_callback(client);
    any_other_answer_cancels(client);
    a_free_waits_for_the_callback(client);
    freed_inside_its_own_callback(client);
    freed_inside_each_other_s_callback(client);
    epi_client_free(client);
    the_last_handle_goes_inside_a_callback();
    return 0;
}
