/**
 * The first value of an `epi_progress` that is given to `epi_operation_progress`.
 *
 * Since: 0.1.
 */
#define EPI_PROGRESS_INIT { sizeof(epi_progress), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/**
 * The first value of an `epi_call_options`: every option has its default.
 *
 * Since: 0.1.
 */
#define EPI_CALL_OPTIONS_INIT { sizeof(epi_call_options), 0, NULL, NULL, 0, 0, NULL }
