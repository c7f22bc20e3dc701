/* The runner of the behaviour suite for C; tests/vectors/README.md tells what it is asked. */
#include <stddef.h>

#include "harness.h"

static epi_client *client;
static epi_operation *operation;

/* The document must have this member with this value. A name inside a text is never followed by `":`. */
static void same(const char *document, const char *name, const char *value)
{
    size_t length = strlen(name) + strlen(value) + sizeof "\"\":";
    char *member = malloc(length);
    const char *found;

    CHECK(member != NULL);
    snprintf(member, length, "\"%s\":%s", name, value);
    found = strstr(document, member);
    if (found == NULL || (found[length - 1] != ',' && found[length - 1] != '}')) {
        fprintf(stderr, "the accessor says %s, the document %s\n", member, document);
        exit(1);
    }
    free(member);
}

static void same_text(const char *document, const char *name, const char *text)
{
    char *quoted = text != NULL ? epi_json_quote(text) : NULL;

    CHECK((quoted == NULL) == (text == NULL));
    same(document, name, quoted != NULL ? quoted : "null");
    epi_string_free(quoted);
}

static void same_number(const char *document, const char *name, int64_t number, int64_t unknown)
{
    char digits[24];

    snprintf(digits, sizeof digits, "%" PRId64, number);
    same(document, name, number == unknown ? "null" : digits);
}

/* Every accessor of an error says what its document says. */
/* The list of the service's own texts, as the document has it. */
static void same_details(const char *document, const epi_error *error)
{
    char *list = NULL;
    size_t length = 0;
    const char *text;
    FILE *stream = open_memstream(&list, &length);

    CHECK(stream != NULL);
    fputc('[', stream);
    for (size_t index = 0; (text = epi_error_detail(error, index)) != NULL; index++) {
        char *quoted = epi_json_quote(text);
        fprintf(stream, "%s%s", index > 0 ? "," : "", quoted);
        epi_string_free(quoted);
    }
    fputc(']', stream);
    CHECK(fclose(stream) == 0);
    same(document, "errors", list);
    free(list);
}

static void accessors_agree(const epi_error *error)
{
    static const char *const retries[] = {
        [EPI_RETRY_NEVER] = "never", [EPI_RETRY_LATER] = "later", [EPI_RETRY_EXHAUSTED] = "exhausted"};
    const char *document = epi_error_json(error);
    int32_t retry = epi_error_retry(error);

    CHECK(retry >= 0 && (size_t)retry < sizeof retries / sizeof retries[0] && retries[retry] != NULL);
    same_text(document, "status", epi_status_name(epi_error_status(error)));
    same_text(document, "message", epi_error_message(error));
    same_text(document, "code", epi_error_code(error));
    same_text(document, "requestId", epi_error_request_id(error));
    same_text(document, "retry", retries[retry]);
    same_number(document, "httpStatus", epi_error_http_status(error), 0);
    same_number(document, "retryAfterMs", epi_error_retry_after_ms(error), -1);
    same_text(document, "field", epi_error_field(error));
    same_text(document, "nextStep", epi_error_next_step(error));
    same_number(document, "attempts", epi_error_attempts(error), -1);
    same_number(document, "exitCode", epi_error_exit_code(error), -1);
    same_details(document, error);
}

/* Prints the answer, and frees the error. */
static void answer(epi_status status, const char *document, epi_error *error)
{
    if (error != NULL) {
        CHECK_STATUS(status, epi_error_status(error));
        accessors_agree(error);
    } else {
        CHECK_STATUS(EPI_STATUS_OK, status);
    }
    printf("%" PRId32 "\t%s\n", status, error != NULL ? epi_error_json(error) : document);
    fflush(stdout);
    epi_error_free(error);
}

static void make_client(const char *config, const char *secret)
{
    epi_error *error = NULL;

    epi_client_free(client);
    epi_status status = epi_client_new(config, secret[0] ? secret : NULL, strlen(secret), &client, &error);
    CHECK((client == NULL) == (error != NULL));
    answer(status, "{}", error);
}

static void start_call(const char *name, const char *request)
{
    epi_error *error = NULL;

    epi_status status = epi_operation_start(client, name, request, NULL, &operation, &error);
    CHECK((operation == NULL) == (error != NULL));
    answer(status, "{}", error);
}

static void end(void)
{
    epi_error *error = NULL;
    char *json = NULL;

    epi_status waited = epi_operation_wait(operation, -1);
    CHECK_STATUS(waited, epi_operation_result(operation, &json, &error));
    CHECK((json == NULL) == (error != NULL));
    epi_operation_free(operation);
    operation = NULL;
    answer(waited, json, error);
    epi_string_free(json);
}

#define SIZE(type) printf("\"" #type "\":%zu", sizeof(type))
#define AT(type, field) printf(",\"" #type "." #field "\":%zu", offsetof(type, field))

static void layout(void)
{
    printf("0\t{");
    SIZE(epi_progress);
    AT(epi_progress, struct_size);
    AT(epi_progress, phase);
    AT(epi_progress, attempt);
    AT(epi_progress, percent);
    AT(epi_progress, status);
    AT(epi_progress, bytes_done);
    AT(epi_progress, bytes_total);
    AT(epi_progress, items_done);
    AT(epi_progress, items_total);
    AT(epi_progress, bytes_per_second);
    AT(epi_progress, eta_ms);
    AT(epi_progress, bytes_sent);
    AT(epi_progress, retries);
    printf(",");
    SIZE(epi_call_options);
    AT(epi_call_options, struct_size);
    AT(epi_call_options, timeout_ms);
    AT(epi_call_options, progress);
    AT(epi_call_options, log);
    AT(epi_call_options, log_level);
    AT(epi_call_options, reserved);
    AT(epi_call_options, user_data);
    printf("}\n");
    fflush(stdout);
}

/* Cuts the next field off a line. */
static char *field(char **rest)
{
    char *start = *rest;
    size_t length = strcspn(start, "\t\n");

    *rest = start[length] == '\t' ? start + length + 1 : start + length;
    start[length] = '\0';
    return start;
}

int main(void)
{
    static char line[1 << 20];

    while (fgets(line, sizeof line, stdin) != NULL) {
        char *rest = line;
        const char *verb = field(&rest), *first = field(&rest), *second = field(&rest);

        if (strcmp(verb, "client") == 0) {
            make_client(first, second);
        } else if (strcmp(verb, "start") == 0) {
            start_call(first, second);
        } else if (strcmp(verb, "cancel") == 0) {
            answer(epi_operation_cancel(operation), "{}", NULL);
        } else if (strcmp(verb, "end") == 0) {
            end();
        } else if (strcmp(verb, "layout") == 0) {
            layout();
        } else {
            fprintf(stderr, "there is no verb %s\n", verb);
            return 1;
        }
    }
    epi_client_free(client);
    return 0;
}
