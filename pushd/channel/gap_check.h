/*
 * gap_check: asks the database which of many streams go further than is known here.
 *
 * It finds what Redis lost. Of streams where nothing happened nothing comes back, and they
 * are asked for in slices, so that it leaves no memory behind that grows with their number.
 */
#ifndef CONFAB_PUSHD_TAIL_CHECK_H
#define CONFAB_PUSHD_TAIL_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "db/db_pool.h"
#include "event/event.h"
#include "store/user_log.h"

/* One check, from the first stream that is named until its answer is freed. */
struct gap_check;

/* What was found: the streams that go further, and those that are gone. After an error some
 * are missing. It belongs to the check. */
struct gap_check_result {
    enum error error;
    const struct stream_head *heads;
    size_t count;
};

/* Called on the loop; the check is freed when it returns. */
typedef void gap_check_done(void *context, const struct gap_check_result *answer);

/* Never NULL. Without a run it is freed by gap_check_free. */
struct gap_check *gap_check_new(void);
void gap_check_free(struct gap_check *check);

/* Names a stream, and the number of the last event that is known of it. */
void gap_check_add(struct gap_check *check, enum event_stream kind, uint64_t id, uint64_t last_seq);

/* How many were named. */
size_t gap_check_count(const struct gap_check *check);

/* Asks on a thread, then calls done. */
void gap_check_run(struct gap_check *check, struct db_pool *db_pool, gap_check_done *done,
                   void *context);

#endif
