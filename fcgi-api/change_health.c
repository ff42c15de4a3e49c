/* The time of the last change that failed because the disk was full, in memory shared by all
 * processes, for /healthz: a small change may succeed there although messages fail. */
#include "change_health.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "base/clock.h"

/* A failure is forgotten after this time: there may be no change that could succeed. */
#define VALID_MS 60000

struct change_health {
    _Atomic int64_t failed_ms; /* on the monotonic clock; 0: the last change succeeded */
    _Atomic bool is_draining;
};

struct change_health *change_health_new(void) {
    /* Anonymous memory that the processes inherit when they are forked. */
    void *shared = mmap(NULL, sizeof(struct change_health), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return NULL;
    return shared;
}

void change_health_record(struct change_health *health, bool disk_is_full) {
    /* After a success there is usually nothing to write, and the cache line stays shared. */
    if (health && (disk_is_full || health->failed_ms))
        health->failed_ms = disk_is_full ? clock_monotonic_ms() : 0;
}

bool change_health_disk_is_full(const struct change_health *health) {
    /* NULL, without shared memory: nothing is known, which counts as room on the disk. */
    const int64_t failed_ms = health ? health->failed_ms : 0;
    return failed_ms && clock_monotonic_ms() - failed_ms < VALID_MS;
}

void change_health_drain(struct change_health *health) {
    if (health)
        health->is_draining = true;
}

bool change_health_is_draining(const struct change_health *health) {
    return health && health->is_draining;
}
