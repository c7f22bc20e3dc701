/* Opens and closes clients, ten thousand times: memory stays flat, no thread and no descriptor is left. Linux only. */
#include "harness.h"

#include <dirent.h>
#include <sched.h>
#include <unistd.h>

static long resident_kib(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    CHECK(file != NULL && fscanf(file, "%*d %ld", &pages) == 1);
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static int entries(const char *folder)
{
    int count = 0;
    DIR *dir = opendir(folder);

    CHECK(dir != NULL);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

/* The runtime ends in the background; gives what is left once nothing changes for long. */
static int settled(const char *folder, int expected)
{
    int count = entries(folder);

    for (int turn = 0; turn < 1000000 && count > expected; turn++) {
        sched_yield();
        count = entries(folder);
    }
    return count;
}

int main(void)
{
    int count = rounds(10000);
    int warm = count / 10;
    long before = 0;
    long after;
    int threads = entries("/proc/self/task");
    int descriptors;
    int threads_left;
    int descriptors_left;

    /* Built with the command line, the async runtime keeps a pair of sockets for signals as long as the process lives,
     * made with the first client; built for C alone it does not. */
    epi_client_free(new_client());
    CHECK(settled("/proc/self/task", threads) == threads);
    descriptors = entries("/proc/self/fd");
    for (int turn = 0; turn < count; turn++) {
        epi_client *client = new_client();

        /* Every hundredth one is used. */
        if (turn % 100 == 0)
            epi_string_free(run(client, epi_deployment_list, "{}", NULL));
        epi_client_free(client);
        if (turn + 1 == warm) {
            settled("/proc/self/task", threads);
            before = resident_kib();
        }
    }
    threads_left = settled("/proc/self/task", threads) - threads;
    descriptors_left = settled("/proc/self/fd", descriptors) - descriptors;
    after = resident_kib();
    printf("%d clients opened and closed: %ld KiB resident after %d, %ld KiB at the end (%+ld KiB), "
           "%d threads and %d descriptors left\n",
           count, before, warm, after, after - before, threads_left, descriptors_left);
    CHECK(threads_left == 0 && descriptors_left == 0);
    CHECK(getenv("EPI_ROUNDS") != NULL || after - before <= 2048);
    return 0;
}
