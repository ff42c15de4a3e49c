/*
 * step: the database work of confab-worker, one step at a time on a thread, so that the loop never
 * waits.
 *
 * A step renews the worker's row, records how deliveries have ended, searches for rooms with new
 * events, leases what is due, and reads the events of it: the deliveries that the loop then sends.
 */
#ifndef CONFAB_WORKER_STEP_H
#define CONFAB_WORKER_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "config/config.h"
#include "delivery.h"

struct steps;

/* The result of a delivery. */
struct step_result {
    uint64_t hook_id, room_id, claim, seq, last_seq, tries;
    bool was_tried; /* counted; false: aborted, nothing to send, or to be tried again later */
    bool succeeded;
    bool is_gone;      /* the room, the hook or the test is over */
    uint64_t delay_ms; /* until the next try, unless it succeeded */
    char failure[128];
};

/* One step. The thread that runs it must be the only one that touches it. */
struct step {
    /* set by the loop */
    const struct step_result *results; /* to record */
    size_t result_count;
    size_t slots;            /* most deliveries to begin */
    bool update_search;      /* update the search index */
    const struct text *jwks; /* an answer to store; NULL: none */
    const char *jwks_failure;

    /* set by the step */
    bool is_connected;   /* the database has answered all the time */
    bool is_recorded;    /* the results are recorded */
    bool has_lost;       /* what was leased before belongs to others now */
    bool has_hooks;      /* there are hooks, active or not */
    bool has_more;       /* run the next step at once */
    bool jwks_is_due;    /* fetch jwks_url */
    int64_t lease_until; /* milliseconds of the monotonic clock: nothing may be sent after it */
    struct delivery **deliveries;
    size_t delivery_count, delivery_space;
};

/* config must outlive it. Never NULL. */
struct steps *steps_new(const struct config *config);

/* Runs a step. */
void steps_run(struct steps *steps, struct step *step);

/* Removes the worker's row, so that others take over at once. */
void steps_leave(struct steps *steps);

/* Closes the connection to the database and frees everything. */
void steps_free(struct steps *steps);

#endif
