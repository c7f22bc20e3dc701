/* Threads: many waiters, cancel against completion, free against wait, client freed first. One end each, always. */
#include "harness.h"

#include <pthread.h>
#include <stdatomic.h>

#define WAITERS 4

typedef struct {
    epi_operation *operation;
    atomic_int ready;
    atomic_int ends;
    epi_status seen[WAITERS];
} one_round;

typedef struct {
    one_round *round;
    int index;
} waiter;

static int32_t count_end(const epi_progress *progress, void *user_data)
{
    one_round *round = user_data;

    if (progress->status != EPI_STATUS_PENDING)
        atomic_fetch_add(&round->ends, 1);
    return 0;
}

static void *wait_for_it(void *argument)
{
    waiter *self = argument;

    atomic_fetch_add(&self->round->ready, 1);
    self->round->seen[self->index] = epi_operation_wait(self->round->operation, -1);
    return NULL;
}

static void *cancel_it(void *argument)
{
    one_round *round = argument;

    atomic_fetch_add(&round->ready, 1);
    epi_operation_cancel(round->operation);
    return NULL;
}

static void begin(one_round *round, const epi_client *client)
{
    epi_call_options options = EPI_CALL_OPTIONS_INIT;

    memset(round, 0, sizeof *round);
    options.progress = count_end;
    options.user_data = round;
    round->operation = start(client, epi_deployment_list, "{}", &options);
}

static void begin_waiters(one_round *round, waiter *waiters, pthread_t *threads)
{
    for (int index = 0; index < WAITERS; index++) {
        waiters[index].round = round;
        waiters[index].index = index;
        CHECK(pthread_create(&threads[index], NULL, wait_for_it, &waiters[index]) == 0);
    }
}

static void many_waiters(const epi_client *client)
{
    one_round round;
    waiter waiters[WAITERS];
    pthread_t threads[WAITERS];

    begin(&round, client);
    begin_waiters(&round, waiters, threads);
    for (int index = 0; index < WAITERS; index++) {
        CHECK(pthread_join(threads[index], NULL) == 0);
        CHECK_STATUS(EPI_STATUS_OK, round.seen[index]);
    }
    CHECK(atomic_load(&round.ends) == 1);
    epi_operation_free(round.operation);
}

static int cancel_against_completion(const epi_client *client, int turn)
{
    one_round round;
    pthread_t thread;
    epi_error *error = NULL;
    char *json = NULL;
    epi_status status;

    begin(&round, client);
    /* From before the request is sent until after it was answered. */
    if (turn % 4 != 0)
        epi_operation_wait(round.operation, turn % 4);
    CHECK(pthread_create(&thread, NULL, cancel_it, &round) == 0);
    status = epi_operation_wait(round.operation, -1);
    CHECK(status == EPI_STATUS_OK || status == EPI_STATUS_CANCELLED);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK_STATUS(status, epi_operation_result(round.operation, &json, &error));
    CHECK((json != NULL) == (status == EPI_STATUS_OK));
    CHECK((error != NULL) == (status == EPI_STATUS_CANCELLED));
    CHECK_STATUS(status, epi_operation_wait(round.operation, 0));
    CHECK(atomic_load(&round.ends) <= 1);
    epi_string_free(json);
    epi_error_free(error);
    epi_operation_free(round.operation);
    return status == EPI_STATUS_CANCELLED;
}

static int free_against_wait(const epi_client *client)
{
    one_round round;
    waiter waiters[WAITERS];
    pthread_t threads[WAITERS];
    epi_status end = EPI_STATUS_INVALID_ARGUMENT;

    begin(&round, client);
    begin_waiters(&round, waiters, threads);
    while (atomic_load(&round.ready) < WAITERS)
        ;
    epi_operation_free(round.operation);
    for (int index = 0; index < WAITERS; index++) {
        CHECK(pthread_join(threads[index], NULL) == 0);
        /* Who came after the free found no handle; all others saw the same end. */
        if (round.seen[index] == EPI_STATUS_INVALID_ARGUMENT)
            continue;
        CHECK(round.seen[index] == EPI_STATUS_OK || round.seen[index] == EPI_STATUS_CANCELLED);
        CHECK(end == EPI_STATUS_INVALID_ARGUMENT || end == round.seen[index]);
        end = round.seen[index];
    }
    CHECK(atomic_load(&round.ends) <= 1);
    return end == EPI_STATUS_CANCELLED;
}

static void client_freed_first(void)
{
    epi_client *client = new_client();
    one_round round;

    begin(&round, client);
    epi_client_free(client);
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_wait(round.operation, -1));
    CHECK(atomic_load(&round.ends) == 1);
    epi_operation_free(round.operation);
}

int main(void)
{
    epi_client *client = new_client();
    int count = rounds(1000);
    int cancelled = 0;
    int freed = 0;

    for (int turn = 0; turn < count; turn++)
        many_waiters(client);
    printf("%d rounds of %d waiters on one operation: one end each\n", count, WAITERS);
    for (int turn = 0; turn < count; turn++)
        cancelled += cancel_against_completion(client, turn);
    printf("%d rounds of cancel against completion: one end each, %d cancelled\n", count, cancelled);
    for (int turn = 0; turn < count; turn++)
        freed += free_against_wait(client);
    printf("%d rounds of free against %d waiters: one end each, %d cancelled\n", count, WAITERS, freed);
    epi_client_free(client);
    for (int turn = 0; turn < count; turn++)
        client_freed_first();
    printf("%d rounds of a client freed before its operation: one end each\n", count);
    return 0;
}
