/* A library that is not the one: of another version, or without any function that is looked for. */
#ifdef EPI_TEST_OTHER_VERSION
#include <epicloud.h>

epi_status epi_abi_check(uint32_t header_version, epi_error **out_error)
{
    (void)header_version;
    *out_error = NULL;
    return EPI_STATUS_OK;
}

const char *epi_version(void)
{
    return "9.8.7";
}
#else
int epi_nothing;
#endif
