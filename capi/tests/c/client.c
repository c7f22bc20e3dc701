/* Clients: what they are made of, what is refused, and in which order they may be freed. */
#include "harness.h"

static int refuses(const char *config, const void *secret, size_t length, epi_status expected, const char *words)
{
    epi_client *client = (epi_client *)&length;
    epi_error *error = NULL;

    CHECK_STATUS(expected, epi_client_new(config, secret, length, &client, &error));
    CHECK(client == NULL);
    return says(error, words);
}

int main(void)
{
    epi_status bad = EPI_STATUS_INVALID_ARGUMENT;
    epi_client *client = new_client();
    epi_client *bare = NULL;
    epi_operation *operation = NULL;
    epi_error *error = NULL;
    char secret[256];
    char *json;

    CHECK(refuses(NULL, NULL, 0, bad, "config_json: must not be NULL"));
    CHECK(refuses("\xff{}", NULL, 0, bad, "config_json: is not UTF-8 from byte 0 on"));
    CHECK(refuses("{", NULL, 0, bad, "config_json: is not valid JSON"));
    CHECK(refuses("[]", NULL, 0, bad, "config_json: must be an object"));
    CHECK(refuses("{\"clientSecret\":\"x\"}", NULL, 0, bad, "clientSecret: unknown field"));
    CHECK(refuses("{\"projectId\":1}", NULL, 0, bad, "projectId: invalid type"));
    CHECK(refuses("{\"projectId\":\"$(x)\"}", NULL, 0, bad, "projectId: "));
    CHECK(refuses("{\"service\":\"other\"}", NULL, 0, bad, "service: "));
    CHECK(refuses("{\"endpoint\":\"http://example.com/\"}", NULL, 0, bad, "endpoint: "));
    CHECK(refuses("{\"caFile\":\"/nowhere.pem\"}", NULL, 0, EPI_STATUS_NOT_FOUND, "caFile: "));
    CHECK(refuses("{}", NULL, 5, bad, "secret: must not be NULL with a secret_len of 5"));
    CHECK(refuses("{}", "x", (size_t)-1, bad, "secret_len: "));
    CHECK(refuses("{}", "x", 1, EPI_STATUS_NOT_CONFIGURED, ""));
    CHECK_STATUS(bad, epi_client_new("{}", NULL, 0, NULL, &error));
    CHECK(says(error, "out_client: must not be NULL"));
    CHECK_STATUS(bad, epi_client_new(NULL, NULL, 0, NULL, NULL));

    json = run(client, epi_client_verify, "{}", NULL);
    CHECK(strstr(json, "\"authenticationVerified\":true") != NULL);
    epi_string_free(json);

    /* A step variable often carries a line end; it is no part of a secret. */
    CHECK(snprintf(secret, sizeof secret, " %s\r\n", setting("EPI_SECRET")) < (int)sizeof secret);
    CHECK_STATUS(EPI_STATUS_OK, epi_client_new(setting("EPI_CONFIG"), secret, strlen(secret), &bare, NULL));
    epi_string_free(run(bare, epi_client_verify, "{}", NULL));
    epi_client_free(bare);

    /* Without an account, what needs one ends with a sentence that says so. */
    CHECK_STATUS(EPI_STATUS_OK, epi_client_new("{}", NULL, 0, &bare, NULL));
    operation = start(bare, epi_client_verify, "{}", NULL);
    CHECK_STATUS(EPI_STATUS_NOT_CONFIGURED, epi_operation_wait(operation, -1));
    epi_operation_free(operation);
    epi_client_free(bare);

    /* Freed first, used afterwards. */
    operation = start(client, epi_deployment_list, "{}", NULL);
    epi_client_free(client);
    CHECK_STATUS(EPI_STATUS_OK, epi_operation_wait(operation, -1));
    epi_operation_free(operation);
    CHECK(says(refused(client, epi_deployment_list, "{}", NULL, bad), "client: was freed"));
    CHECK_STATUS(bad, epi_client_cancel_all(client));
    epi_client_free(client);
    epi_client_free(NULL);
    return 0;
}
