/* The second file that includes the header. */
#include "epicloud.h"

unsigned second_version(void);

unsigned second_version(void)
{
    return (unsigned)epi_abi_version();
}
