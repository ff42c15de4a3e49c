/* When a process claims housekeeping, and how much of it it does at a time. */
#include "housekeeping.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/housekeeping.h"
#include "store/server.h"

/* How often each process tries to claim housekeeping, and how often one of them gets it. */
#define CLAIM_EVERY_MS 60000
#define RUN_EVERY_SECONDS 600

/* Time limits of one step. */
#define BUSY_BUDGET_MS 20
#define IDLE_BUDGET_MS 500

bool housekeeping_note_redis(struct service *service, uint64_t timeout_ms) {
    char identity[REDIS_IDENTITY_SIZE] = "";
    bool others = false;
    if (!redis_client_is_configured(service->redis) ||
        !redis_client_identity(service->redis, timeout_ms, identity))
        return false;
    if (server_note_redis(service->db, identity, &others))
        return false;
    if (others)
        log_warn("another host uses another Redis: events reach its clients seconds later");
    return others;
}

void housekeeping_step(struct service *service, bool idle) {
    const int64_t now = clock_monotonic_ms();
    bool *claimed = &service->housekeeping_claimed;
    uint64_t deleted = 0;
    bool finished = false;
    if (now < service->housekeeping_due_ms)
        return;

    if (!*claimed)
        housekeeping_note_redis(service, service->config->redis_timeout);

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
