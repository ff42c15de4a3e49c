/* When a process claims housekeeping, and how long each step takes. There is no process or timer of
 * its own: each serving process tries between two requests. A step delays the requests of its
 * process, so it is short while requests come. */
#include "housekeeping.h"

#include <inttypes.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "event/bell.h"
#include "redis/redis_server.h"
#include "shared.h"
#include "store/housekeeping.h"
#include "store/server.h"

/* How often this host records which Redis it uses; see server_record_redis. */
#define NOTE_EVERY_MS 10000

/* How often each process tries to claim housekeeping, and how often one of them gets it. */
#define CLAIM_EVERY_MS 60000
#define RUN_EVERY_SECONDS 600

/* Time limits of one step. */
#define BUSY_BUDGET_MS 20
#define IDLE_BUDGET_MS 500

bool housekeeping_record_redis(struct service *service, uint64_t timeout_ms) {
    char identity[REDIS_SERVER_IDENTITY_SIZE] = "";
    bool others = false;
    /* Each Redis has a random identity, stored in it; see server_record_redis. */
    if (!redis_client_is_configured(service->redis) ||
        !redis_server_identity(service->redis, timeout_ms, identity))
        return false;
    if (server_record_redis(service->db, identity, &others))
        return false;
    if (others)
        log_warn("another host uses a different Redis: events reach its clients seconds later");
    return others;
}

/* True in one of the processes of this host each time. */
static bool note_is_due(struct service *service, int64_t now) {
    _Atomic int64_t *noted_ms = &shared_numbers(service->shared)->redis_noted_ms;
    int64_t last = atomic_load(noted_ms);
    /* A time in the future was stored before the last boot. */
    const bool is_due = last == 0 || now - last >= NOTE_EVERY_MS || last > now;
    return is_due && atomic_compare_exchange_strong(noted_ms, &last, now);
}

void housekeeping_step(struct service *service, bool idle) {
    const int64_t now = clock_monotonic_ms();
    bool *claimed = &service->housekeeping_claimed;
    uint64_t deleted = 0;
    bool finished = false;
    if (note_is_due(service, now))
        housekeeping_record_redis(service, service->config->redis_timeout);
    /* Not due: the usual case, one comparison. */
    if (now < service->housekeeping_due_ms)
        return;

    /* The claim is in the database, so that only one process gets it; a worker, if there is one. */
    if (!*claimed && housekeeping_claim(service->db, RUN_EVERY_SECONDS, true, claimed))
        *claimed = false;
    /* An error ends the run; another process will claim the next. */
    if (*claimed &&
        housekeeping_run(service->db, service->config, idle ? IDLE_BUDGET_MS : BUSY_BUDGET_MS,
                         &service->housekeeping, &deleted, &finished))
        *claimed = false;
    if (deleted > 0) {
        bell_ring_changed(service->publisher.bell, service->db);
        log_info("housekeeping: deleted %" PRIu64 " expired rows", deleted);
    }

    /* A run that is not finished continues with the next call. */
    if (finished)
        *claimed = false;
    service->housekeeping_due_ms = *claimed ? now : now + CLAIM_EVERY_MS;
}
