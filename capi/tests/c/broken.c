/* Connections that break while a file is sent: the upload is repeated, and no SIGPIPE ends a host that never asked. */
#include "harness.h"

#include <signal.h>

#define BYTES (24 << 20)

int main(void)
{
    const char *request = "{\"files\":[{\"path\":\"site.cms.app.1.0.0.nupkg\"}]}";
    epi_client *client;
    FILE *file = fopen("site.cms.app.1.0.0.nupkg", "wb");
    struct sigaction action;

    CHECK(file != NULL && fseek(file, BYTES - 1, SEEK_SET) == 0 && fputc('x', file) == 'x' && fclose(file) == 0);
    /* As in most programs. */
    CHECK(sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL);

    client = new_client();
    for (int turn = 0; turn < rounds(10); turn++)
        epi_string_free(run(client, epi_package_upload, request, NULL));
    epi_client_free(client);
    CHECK(sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    return 0;
}
