/*
 * What every test program stands on: checks, a client of the emulator, and questions to the test that started it.
 * The test gives the account in EPI_CONFIG and EPI_SECRET and answers questions on standard input.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "epicloud.h"

#define CHECK(condition)                                                            \
    do {                                                                            \
        if (!(condition)) {                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                                \
        }                                                                           \
    } while (0)

#define CHECK_STATUS(expected, actual)                                                          \
    do {                                                                                        \
        epi_status status_ = (actual);                                                          \
        if (status_ != (expected)) {                                                            \
            fprintf(stderr, "%s:%d: %s gave %" PRId32 "\n", __FILE__, __LINE__, #actual, status_); \
            exit(1);                                                                            \
        }                                                                                       \
    } while (0)

/* A call, so that tests can take one as a parameter. */
typedef epi_status (*call)(const epi_client *, const char *, const epi_call_options *, epi_operation **, epi_error **);

static inline const char *setting(const char *name)
{
    const char *value = getenv(name);
    CHECK(value != NULL);
    return value;
}

/* Rounds of a test of reliability; fewer under a slow checker. */
static inline int rounds(int most)
{
    const char *value = getenv("EPI_ROUNDS");
    int given = value != NULL ? atoi(value) : most;
    return given < most ? given : most;
}

static inline void print_error(epi_error *error)
{
    if (error != NULL)
        fprintf(stderr, "%s\n", epi_error_json(error));
}

static inline epi_client *new_client(void)
{
    epi_client *client = NULL;
    epi_error *error = NULL;
    const char *secret = setting("EPI_SECRET");
    epi_status status = epi_client_new(setting("EPI_CONFIG"), secret, strlen(secret), &client, &error);

    print_error(error);
    CHECK_STATUS(EPI_STATUS_OK, status);
    CHECK(client != NULL && error == NULL);
    return client;
}

static inline epi_operation *start(const epi_client *client, call start_call, const char *request,
                                   const epi_call_options *options)
{
    epi_operation *operation = NULL;
    epi_error *error = NULL;
    epi_status status = start_call(client, request, options, &operation, &error);

    print_error(error);
    CHECK_STATUS(EPI_STATUS_OK, status);
    CHECK(operation != NULL && error == NULL);
    return operation;
}

/* Runs an operation to its successful end and gives its result, which the caller frees. */
static inline char *run(const epi_client *client, call start_call, const char *request, const epi_call_options *options)
{
    epi_operation *operation = start(client, start_call, request, options);
    epi_error *error = NULL;
    char *json = NULL;

    epi_operation_wait(operation, -1);
    epi_status status = epi_operation_result(operation, &json, &error);
    print_error(error);
    CHECK_STATUS(EPI_STATUS_OK, status);
    CHECK(json != NULL && error == NULL);
    epi_operation_free(operation);
    return json;
}

/* The error of a call that must be refused at once. The caller frees it. */
static inline epi_error *refused(const epi_client *client, call start_call, const char *request,
                                 const epi_call_options *options, epi_status expected)
{
    epi_operation *operation = (epi_operation *)&expected;
    epi_error *error = NULL;

    CHECK_STATUS(expected, start_call(client, request, options, &operation, &error));
    CHECK(operation == NULL && error != NULL);
    CHECK_STATUS(expected, epi_error_status(error));
    return error;
}

/* Whether an error says this, and frees it. */
static inline int says(epi_error *error, const char *words)
{
    int found = error != NULL && strstr(epi_error_message(error), words) != NULL;

    if (!found)
        fprintf(stderr, "'%s' is not in: %s\n", words, error != NULL ? epi_error_json(error) : "no error");
    epi_error_free(error);
    return found;
}

/* Asks the test: "requests" is the number the emulator has had, "open PATH" waits until one there is unanswered. */
static inline long ask(const char *question)
{
    char line[64];

    printf("? %s\n", question);
    fflush(stdout);
    CHECK(fgets(line, sizeof line, stdin) != NULL);
    return atol(line);
}

#endif
