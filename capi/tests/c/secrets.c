/*
 * The client secret: nothing that the library tells holds it, and nothing is left of it in memory when the client is
 * gone. Everything that is told is printed, for the test to search.
 */
#include "harness.h"

#define SECRET_SPACE 256
#define MASK 0x55
/* What malloc keeps its own notes in once it is freed. */
#define OVERWRITTEN 16
#define PIECE sizeof(uint64_t)

/* What is searched, masked, so that the search does not find itself. */
typedef struct {
    unsigned char bytes[SECRET_SPACE];
    size_t length;
} needle;

static int32_t on_progress(const epi_progress *progress, void *user_data)
{
    (void)progress;
    (void)user_data;
    return 0;
}

static void on_log(int32_t level, const char *target, const char *message, const char *fields, void *user_data)
{
    (void)user_data;
    printf("%" PRId32 " %s %s %s\n", level, target, message, fields);
}

static int sextet(char c)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = strchr(alphabet, c);

    return found == NULL || c == '\0' ? -1 : (int)(found - alphabet);
}

static needle text_of(const char *secret)
{
    needle text = {.length = strlen(secret)};

    CHECK(text.length < SECRET_SPACE);
    for (size_t at = 0; at < text.length; at++)
        text.bytes[at] = (unsigned char)secret[at] ^ MASK;
    return text;
}

/* The bytes that the text stands for in Base64. */
static needle key_of(const char *secret)
{
    needle key = {.length = 0};
    unsigned bits = 0;
    int count = 0;

    for (; sextet(*secret) >= 0; secret++) {
        bits = bits << 6 | (unsigned)sextet(*secret);
        count += 6;
        if (count >= 8) {
            count -= 8;
            key.bytes[key.length++] = (unsigned char)(bits >> count) ^ MASK;
        }
    }
    return key;
}

/*
 * Whether a part of the needle that survives a free is there: malloc writes over the first bytes of what is freed, and
 * what is left may be cut. Every 16 bytes in a row of the rest hold one of these pieces.
 */
static int holds(const unsigned char *memory, size_t length, const needle *searched)
{
    uint64_t mask, pieces[SECRET_SPACE / PIECE], there;
    size_t count = 0;

    memset(&mask, MASK, sizeof mask);
    for (size_t at = OVERWRITTEN; at + PIECE <= searched->length; at += PIECE)
        memcpy(&pieces[count++], searched->bytes + at, PIECE);
    CHECK(count >= 2);
    for (size_t start = 0; start + PIECE <= length; start++) {
        memcpy(&there, memory + start, PIECE);
        for (size_t piece = 0; piece < count; piece++) {
            if ((there ^ mask) == pieces[piece])
                return 1;
        }
    }
    return 0;
}

/* How many writable parts of this process hold it. */
static int found_in_memory(const needle *searched)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    int found = 0;

    CHECK(maps != NULL);
    while (fgets(line, sizeof line, maps) != NULL) {
        uintptr_t from, to;
        char rights[5];

        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &from, &to, rights) == 3 && strncmp(rights, "rw", 2) == 0
            && strstr(line, "[v") == NULL && holds((const unsigned char *)from, to - from, searched)) {
            fprintf(stderr, "found in %s", line);
            found++;
        }
    }
    fclose(maps);
    return found;
}

/* A search that does not find what was freed would find nothing at all in the end. */
static void finds_what_was_freed(void)
{
    needle planted = {.length = 48};
    unsigned char *copy = malloc(planted.length);

    CHECK(copy != NULL);
    for (size_t at = 0; at < planted.length; at++)
        planted.bytes[at] = (unsigned char)(at * 37 + 11);
    CHECK(found_in_memory(&planted) == 0);
    for (size_t at = 0; at < planted.length; at++)
        copy[at] = planted.bytes[at] ^ MASK;
    free(copy);
    CHECK(found_in_memory(&planted) == 1);
}

int main(void)
{
    char *given = getenv("EPI_SECRET");
    epi_call_options options = EPI_CALL_OPTIONS_INIT;
    epi_error *error = NULL;
    char *json;

    CHECK(given != NULL);
    finds_what_was_freed();
    needle text = text_of(given), key = key_of(given);
    CHECK(found_in_memory(&text) == 1);

    epi_client *client = new_client();
    options.progress = on_progress;
    options.log = on_log;
    options.log_level = EPI_LOG_LEVEL_DEBUG;
    CHECK(found_in_memory(&key) > 0);

    /* Retries, a wait, a download; and errors of each kind. */
    epi_operation *operation = start(client, epi_database_export_save,
                                     "{\"environment\":\"Production\",\"databaseName\":\"epicms\","
                                     "\"outputFile\":\"saved.bacpac\",\"wait\":{\"pollingIntervalSeconds\":1}}",
                                     &options);
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_wait(operation, -1));
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_events(operation, 0, &json));
    puts(json);
    epi_string_free(json);
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_result(operation, &json, NULL));
    puts(json);
    epi_string_free(json);
    epi_operation_free(operation);

    operation = start(client, epi_deployment_get, "{\"id\":\"x\"}", &options);
    CHECK_STATUS(EPI_STATUS_NOT_FOUND, epi_operation_wait(operation, -1));
    CHECK_STATUS(EPI_STATUS_NOT_FOUND, epi_operation_result(operation, &json, &error));
    puts(epi_error_json(error));
    epi_error_free(error);
    epi_operation_free(operation);
    error = refused(client, epi_deployment_get, "{\"clientSecret\":1}", &options, EPI_STATUS_INVALID_ARGUMENT);
    puts(epi_error_json(error));
    epi_error_free(error);
    epi_client_free(client);

    /* The host's own copy goes; then there is none. */
    memset(given, 0, strlen(given));
    CHECK(found_in_memory(&text) == 0);
    CHECK(found_in_memory(&key) == 0);
    return 0;
}
