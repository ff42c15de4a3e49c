/* When a process claims housekeeping, and how much of it it does at a time. */
#include "housekeeping.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/housekeeping.h"

/* How often each process tries to claim housekeeping, and how often one of them gets it. */
#define CLAIM_EVERY_MS 60000
#define RUN_EVERY_SECONDS 600

/* Time limits of one step. */
#define BUSY_BUDGET_MS 20
#define IDLE_BUDGET_MS 500

void housekeeping_step(struct service *service, bool idle) {
    const int64_t now = clock_monotonic_ms();
    bool *claimed = &service->housekeeping_claimed;
    uint64_t deleted = 0;
    bool finished = false;
    if (now < service->housekeeping_due_ms)
        return;

    /* The claim is in the database, so that only one process gets it. */
    if (!*claimed && housekeeping_claim(service->db, RUN_EVERY_SECONDS, claimed))
        *claimed = false;
    if (*claimed && housekeeping_run(service->db, service->config,
                                     idle ? IDLE_BUDGET_MS : BUSY_BUDGET_MS, &deleted, &finished))
        *claimed = false;
    if (deleted > 0)
        log_info("housekeeping: deleted %" PRIu64 " expired rows", deleted);

    /* A run that is not finished continues with the next call. */
    if (finished)
        *claimed = false;
    service->housekeeping_due_ms = *claimed ? now : now + CLAIM_EVERY_MS;
}
