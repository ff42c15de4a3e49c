#include "housekeeping.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/housekeeping.h"

/* A process looks so often whether it is its turn; a turn comes so often to all of them. */
#define LOOK_EVERY_MS 60000
#define TURN_EVERY_SECONDS 600

#define BUSY_BUDGET_MS 20
#define IDLE_BUDGET_MS 500

/* When this process looks next, and whether it is in the middle of its turn. */
static int64_t next_look_ms;
static bool has_turn;

static void take_turn(struct service *service, uint64_t budget_ms) {
    const int64_t now = clock_monotonic_ms();
    uint64_t dropped = 0;
    bool finished = false;
    if (now < next_look_ms)
        return;
    if (!has_turn && housekeeping_claim(service->db, TURN_EVERY_SECONDS, &has_turn))
        has_turn = false;
    if (has_turn && housekeeping_run(service->db, service->config->event_retention, budget_ms,
                                     &dropped, &finished))
        has_turn = false;
    if (dropped > 0)
        log_info("dropped %" PRIu64 " rows past their time", dropped);
    if (finished)
        has_turn = false;
    next_look_ms = has_turn ? now : now + LOOK_EVERY_MS;
}

void housekeeping_after_request(struct service *service) {
    take_turn(service, BUSY_BUDGET_MS);
}

void housekeeping_when_idle(struct service *service) {
    take_turn(service, IDLE_BUDGET_MS);
}
