/* Included twice, and here and in another file: the header guards itself and defines nothing. */
#include "epicloud.h"
#include "epicloud.h"

unsigned second_version(void);

int main(void)
{
    epi_call_options options = EPI_CALL_OPTIONS_INIT;
    epi_progress progress = EPI_PROGRESS_INIT;

    if (options.struct_size != sizeof(epi_call_options) || progress.struct_size != sizeof(epi_progress))
        return 1;
    return epi_abi_version() == EPI_ABI_VERSION && second_version() == EPI_ABI_VERSION ? 0 : 1;
}
