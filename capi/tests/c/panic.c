/* A panic in a handler and one in the calling thread: an error with its text, and the library goes on. */
#include "harness.h"

/* In no header: the feature test-abi only. */
epi_status epi_test_panic(const epi_client *client, epi_operation **out_operation, epi_error **out_error);
epi_status epi_test_panic_here(epi_error **out_error);
size_t epi_test_handles(void);

int main(void)
{
    epi_client *client = new_client();
    epi_operation *operation = NULL;
    epi_error *error = NULL;
    char *json = NULL;

    for (int turn = 0; turn < 3; turn++) {
        CHECK_STATUS(EPI_STATUS_OK, epi_test_panic(client, &operation, &error));
        CHECK_STATUS(EPI_STATUS_PANIC, epi_operation_wait(operation, -1));
        CHECK_STATUS(EPI_STATUS_PANIC, epi_operation_result(operation, &json, &error));
        CHECK(says(error, "a bug in this library: injected by a test (test_abi.rs:"));
        epi_operation_free(operation);
        CHECK_STATUS(EPI_STATUS_PANIC, epi_test_panic_here(&error));
        CHECK(says(error, "a bug in this library: injected by a test (test_abi.rs:"));
        epi_string_free(run(client, epi_deployment_list, "{}", NULL));
    }
    epi_client_free(client);
    CHECK(epi_test_handles() == 0);
    return 0;
}
