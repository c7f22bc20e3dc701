/*
 * What `cargo xtask bench` measures of the C ABI, with the account in EPI_CONFIG and EPI_SECRET:
 *   bench calls NUMBER        so many short calls, one after the other
 *   bench upload FILE         one package
 */
#include "harness.h"

static void upload(const epi_client *client, const char *file)
{
    char *path = epi_json_quote(file);
    char request[4096];

    CHECK(path != NULL);
    CHECK((size_t)snprintf(request, sizeof request, "{\"files\":[{\"path\":%s}]}", path) < sizeof request);
    epi_string_free(path);
    epi_string_free(run(client, epi_package_upload, request, NULL));
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    epi_client *client = new_client();

    if (strcmp(argv[1], "upload") == 0) {
        upload(client, argv[2]);
    } else {
        for (long left = atol(argv[2]); left > 0; left--)
            epi_string_free(run(client, epi_deployment_list, "{}", NULL));
    }
    epi_client_free(client);
    return 0;
}
