/* Loading the library by name and letting go of it: it stays, so neither threads nor handles are cut off. */
#include <dlfcn.h>

/* The functions of the calls need the library at link time. */
#define EPICLOUD_NO_CALLS
#include "harness.h"

#define SYMBOL(name) __typeof__(name) *name##_ = (__typeof__(name) *)symbol(library, #name)

static void *symbol(void *library, const char *name)
{
    void *found = dlsym(library, name);

    CHECK(found != NULL);
    return found;
}

static void *load(void)
{
    void *library = dlopen(setting("EPI_LIBRARY"), RTLD_NOW | RTLD_LOCAL);

    CHECK(library != NULL);
    return library;
}

int main(void)
{
    const char *secret = setting("EPI_SECRET");
    epi_client *client = NULL;
    epi_operation *operation = NULL, *pending = NULL;
    char *json = NULL;

    for (int round = 0; round < 100; round++) {
        void *library = load();
        SYMBOL(epi_version);
        CHECK(strcmp(epi_version_(), EPI_VERSION) == 0);
        CHECK(dlclose(library) == 0);
    }

    void *library = load();
    SYMBOL(epi_client_new);
    SYMBOL(epi_client_free);
    SYMBOL(epi_operation_start);
    SYMBOL(epi_operation_wait);
    SYMBOL(epi_operation_result);
    SYMBOL(epi_operation_free);
    SYMBOL(epi_string_free);
    CHECK_STATUS(EPI_STATUS_OK, epi_client_new_(setting("EPI_CONFIG"), secret, strlen(secret), &client, NULL));
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_start_(client, "edgeLogLocation.get", "{}", NULL, &pending, NULL));
    CHECK(dlclose(library) == 0);

    /* Nobody holds the library any more. Its threads go on, and so do the handles. */
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_start_(client, "deployment.list", "{}", NULL, &operation, NULL));
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_wait_(operation, -1));
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_result_(operation, &json, NULL));
    CHECK(strcmp(json, "[]") == 0);
    epi_string_free_(json);
    epi_operation_free_(operation);
    CHECK_STATUS(EPI_STATUS_PENDING, epi_operation_wait_(pending, 0));
    epi_operation_free_(pending);
    epi_client_free_(client);
    return 0;
}
