/* The token bucket of base/token_bucket.c in SQL. */
#include "store/rate.h"

#include "base/clock.h"
#include "store/transaction.h"

/* No bucket is full later than in this time; if one is, the clock was set back. */
#define MOST_SPAN_US (24 * 3600 * INT64_C(1000000))

/* tat is the time at which the bucket is full again, in microseconds since 1970. */
enum error rate_take(struct db *db, const unsigned char bucket[RATE_BUCKET_SIZE],
                     uint64_t interval_us, uint64_t burst, uint64_t *wait_us) {
    static const char SQL[] = TRANSACTION(
        "DECLARE p_bucket BINARY(16) DEFAULT ?; DECLARE p_at BIGINT DEFAULT ?; "
        "DECLARE p_interval BIGINT DEFAULT ?; DECLARE p_span BIGINT DEFAULT ?; "
        "DECLARE v_tat, v_wait BIGINT DEFAULT 0; ",
        "INSERT IGNORE INTO rate (bucket, tat) VALUES (p_bucket, 0); "
        "SELECT IF(tat > p_at + p_span, p_at, GREATEST(tat, p_at)) INTO v_tat "
        "FROM rate WHERE bucket = p_bucket FOR UPDATE; "
        "SET v_wait = GREATEST(v_tat + p_interval - p_span - p_at, 0); "
        "IF v_wait = 0 THEN UPDATE rate SET tat = v_tat + p_interval WHERE bucket = p_bucket; "
        "END IF; ",
        ", v_wait");
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_bytes(bucket, RATE_BUCKET_SIZE),
               db_i64(clock_now()), db_u64(interval_us), db_u64(interval_us * burst));
    if (error)
        return error;
    *wait_us = db_next(rows) ? db_get_u64(rows, 1) : 0;
    db_done(rows);
    return ERROR_NONE;
}

enum error rate_purge(struct db *db, uint64_t limit, uint64_t *deleted) {
    static const char SQL[] = "DELETE FROM rate WHERE tat < ? OR tat > ? LIMIT ?";
    const int64_t now = clock_now();
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_i64(now),
                                    db_i64(now + MOST_SPAN_US), db_u64(limit));
    *deleted = error ? 0 : db_changed(db);
    return error;
}
