/* A library that is not the one: of another version, without any function that is looked for, or one that needs a C
   library which this system does not have (with a stand-in for that). */
#if defined(EPI_TEST_OTHER_VERSION)
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
#elif defined(EPI_TEST_C_LIBRARY)
int epi_from_c_library(void)
{
    return 0;
}
#elif defined(EPI_TEST_C_LIBRARY_USER)
int epi_from_c_library(void);

int epi_nothing(void)
{
    return epi_from_c_library();
}
#else
int epi_nothing;
#endif
