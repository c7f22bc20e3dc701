/* Versions, names of statuses, and the two helpers for texts. */
#include "harness.h"

int main(void)
{
    epi_error *error = NULL;
    char number[16];
    char version[64];
    char *quoted;

    CHECK(strcmp(epi_version(), EPI_VERSION) == 0);
    snprintf(version, sizeof version, "%d.%d.%d", EPI_VERSION_MAJOR, EPI_VERSION_MINOR, EPI_VERSION_PATCH);
    CHECK(strcmp(version, EPI_VERSION) == 0);
    CHECK(epi_abi_version() == EPI_ABI_VERSION);

    CHECK_STATUS(EPI_STATUS_OK, epi_abi_check(EPI_ABI_VERSION, &error));
    CHECK(error == NULL);
    CHECK_STATUS(EPI_STATUS_ABI_MISMATCH, epi_abi_check(EPI_ABI_VERSION + 0x10000, &error));
    snprintf(number, sizeof number, "version %d.", (EPI_ABI_VERSION >> 16) + 1);
    CHECK(strstr(epi_error_message(error), number) != NULL);
    CHECK(strstr(epi_error_message(error), EPI_VERSION) != NULL);
    epi_error_free(error);
    CHECK_STATUS(EPI_STATUS_ABI_MISMATCH, epi_abi_check(EPI_ABI_VERSION + 1, NULL));
    /* A program of an earlier minor version. */
    /* Programs of 0.2 call functions that are no longer symbols. */
    CHECK_STATUS(EPI_STATUS_ABI_MISMATCH, epi_abi_check(2, NULL));

    CHECK(strcmp(epi_status_name(EPI_STATUS_OK), "OK") == 0);
    CHECK(strcmp(epi_status_name(EPI_STATUS_NO_SPACE), "NO_SPACE") == 0);
    CHECK(epi_status_name(-1) == NULL);

    quoted = epi_json_quote("C:\\Temp\\\"\xc3\xbc\"\n");
    CHECK(strcmp(quoted, "\"C:\\\\Temp\\\\\\\"\xc3\xbc\\\"\\n\"") == 0);
    epi_string_free(quoted);
    CHECK(epi_json_quote("\xff") == NULL);
    CHECK(epi_json_quote(NULL) == NULL);
    epi_string_free(NULL);
    return 0;
}
