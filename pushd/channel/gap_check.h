/*
 * gap_check: queries the database which of many streams have events after the last known one.
 *
 * A gap check finds the events that Redis lost. The streams are queried in slices, and only
 * those with news are in the result, so that the memory used does not grow with their number.
 */
#ifndef CONFAB_PUSHD_CHANNEL_GAP_CHECK_H
#define CONFAB_PUSHD_CHANNEL_GAP_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "db/db_pool.h"
#include "event/event.h"
#include "store/events/user_log.h"

/* One check: made, filled with streams, run once. */
struct gap_check;

/* The streams that have advanced, and those that do not exist any more. With an error, some are
 * missing. Belongs to the check. */
struct gap_check_result {
    enum error error;
    const struct stream_head *heads;
    size_t count;
};

/* Called on the loop; the check is freed when it returns. */
typedef void gap_check_done(void *context, const struct gap_check_result *result);

/* Never NULL. A check that is not run is freed with gap_check_free. */
struct gap_check *gap_check_new(void);
void gap_check_free(struct gap_check *check);

/* Adds a stream and the number of the last event known of it. */
void gap_check_add(struct gap_check *check, enum event_stream kind, uint64_t id, uint64_t last_seq);

/* The number of streams added. */
size_t gap_check_count(const struct gap_check *check);

/* Queries the database on a thread, then calls done. */
void gap_check_run(struct gap_check *check, struct db_pool *db_pool, gap_check_done *done,
                   void *context);

#endif
