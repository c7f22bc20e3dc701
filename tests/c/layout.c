/* Prints how this compiler lays the two structs out. */
#include <stddef.h>
#include <stdio.h>

#include "epicloud.h"

#define SIZE(type) printf(#type " %zu\n", sizeof(type))
#define AT(type, field) printf(#type "." #field " %zu\n", offsetof(type, field))

int main(void)
{
    SIZE(epi_progress);
    AT(epi_progress, struct_size);
    AT(epi_progress, phase);
    AT(epi_progress, attempt);
    AT(epi_progress, percent);
    AT(epi_progress, status);
    AT(epi_progress, bytes_done);
    AT(epi_progress, bytes_total);
    AT(epi_progress, items_done);
    AT(epi_progress, items_total);
    AT(epi_progress, bytes_per_second);
    AT(epi_progress, eta_ms);
    SIZE(epi_call_options);
    AT(epi_call_options, struct_size);
    AT(epi_call_options, timeout_ms);
    AT(epi_call_options, progress);
    AT(epi_call_options, log);
    AT(epi_call_options, log_level);
    AT(epi_call_options, reserved);
    AT(epi_call_options, user_data);
    return 0;
}
