/* Forking: fine before the first client and for exec; refused, not hanging, in the child of a process with clients. */
#include "harness.h"

#include <sys/wait.h>
#include <unistd.h>

static int exit_code(pid_t child)
{
    int status = 0;

    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* No client can be made in the child, whatever was freed there; a new program can make one. */
static void go_on_as_a_child(char **argv)
{
    epi_client *another = NULL;
    epi_error *error = NULL;
    const char *secret = setting("EPI_SECRET");

    CHECK_STATUS(EPI_STATUS_UNSUPPORTED,
                 epi_client_new(setting("EPI_CONFIG"), secret, strlen(secret), &another, &error));
    CHECK(another == NULL && says(error, "forked"));
    execl(argv[0], argv[0], "again", (char *)NULL);
    _exit(1);
}

int main(int argc, char **argv)
{
    epi_client *client;
    epi_operation *operation;
    epi_error *error = NULL;
    epi_progress progress = EPI_PROGRESS_INIT;
    char *json = NULL;
    pid_t child;

    if (argc > 1) {
        client = new_client();
        epi_string_free(run(client, epi_deployment_list, "{}", NULL));
        epi_client_free(client);
        return 0;
    }

    /* Before the first client. */
    child = fork();
    if (child == 0) {
        client = new_client();
        epi_string_free(run(client, epi_deployment_list, "{}", NULL));
        epi_client_free(client);
        _exit(0);
    }
    CHECK(exit_code(child) == 0);

    /* With a client: every call is refused, no free and no wait hangs. */
    client = new_client();
    epi_string_free(run(client, epi_deployment_list, "{}", NULL));
    operation = start(client, epi_edge_log_location_get, "{}", NULL);
    ask("open /edgelogs/");
    child = fork();
    if (child == 0) {
        CHECK(says(refused(client, epi_deployment_list, "{}", NULL, EPI_STATUS_UNSUPPORTED), "forked"));
        CHECK_STATUS(EPI_STATUS_UNSUPPORTED, epi_operation_wait(operation, -1));
        CHECK_STATUS(EPI_STATUS_UNSUPPORTED, epi_operation_cancel(operation));
        CHECK_STATUS(EPI_STATUS_UNSUPPORTED, epi_client_cancel_all(client));
        CHECK_STATUS(EPI_STATUS_UNSUPPORTED, epi_operation_progress(operation, &progress));
        CHECK_STATUS(EPI_STATUS_UNSUPPORTED, epi_operation_events(operation, 0, &json));
        CHECK_STATUS(EPI_STATUS_UNSUPPORTED, epi_operation_result(operation, &json, &error));
        CHECK(json == NULL && says(error, "forked"));
        epi_operation_free(operation);
        epi_client_free(client);
        go_on_as_a_child(argv);
    }
    CHECK(exit_code(child) == 0);

    /* The parent has noticed nothing. */
    CHECK_STATUS(EPI_STATUS_PENDING, epi_operation_wait(operation, 0));
    epi_operation_free(operation);
    epi_string_free(run(client, epi_deployment_list, "{}", NULL));

    epi_client_free(client);

    /* Freeing the last handle in a child ends nothing there: the connections and threads behind it are the parent's. */
    client = new_client();
    epi_string_free(run(client, epi_deployment_list, "{}", NULL));
    child = fork();
    if (child == 0) {
        epi_client_free(client);
        go_on_as_a_child(argv);
    }
    CHECK(exit_code(child) == 0);
    operation = start(client, epi_deployment_list, "{}", NULL);
    epi_client_free(client);
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_wait(operation, -1));
    child = fork();
    if (child == 0) {
        epi_operation_free(operation);
        go_on_as_a_child(argv);
    }
    CHECK(exit_code(child) == 0);
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_result(operation, &json, &error));
    epi_string_free(json);
    epi_operation_free(operation);
    return 0;
}
