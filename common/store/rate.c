/* The token bucket of base/token_bucket.c in SQL, used without Redis or while it fails: a row of
 * the table rate for each bucket, with the time at which it is full again. A request may take
 * from two buckets (of the account and of the address); it takes from both or from none. */
#include "store/rate.h"

#include "base/clock.h"
#include "store/transaction.h"

/* No bucket is full later than in this time; if one is, the clock was set back. Two days are more
 * than any configured rate takes to refill a bucket. */
#define MOST_SPAN_US (2 * 24 * 3600 * INT64_C(1000000))

/* tat is the time at which the bucket is full again, in microseconds since 1970. A bucket whose
 * time is more than one span ahead counts as full: the clock was set back since. */
#define WAIT(tat, interval, span) "GREATEST(" tat " + " interval " - " span " - p_at, 0)"
#define VALID(span) "IF(tat > p_at + " span ", p_at, GREATEST(tat, p_at))"

/* 1 or 2 buckets; the caller hashes their names, so that the table has no addresses. */
enum error rate_take(struct db *db, const struct token_bucket *buckets, size_t count,
                     uint64_t *wait_us) {
    static const char SQL[] = TRANSACTION_UNAUDITED(
        "DECLARE p_at BIGINT DEFAULT ?; "
        "DECLARE p_first BINARY(16) DEFAULT ?; "
        "DECLARE p_first_interval BIGINT DEFAULT ?; DECLARE p_first_span BIGINT DEFAULT ?; "
        "DECLARE p_second BINARY(16) DEFAULT ?; "
        "DECLARE p_second_interval BIGINT DEFAULT ?; DECLARE p_second_span BIGINT DEFAULT ?; "
        "DECLARE v_first, v_second BIGINT DEFAULT p_at; DECLARE v_wait BIGINT DEFAULT 0; ",
        /* The row is made first, so that there is one to lock. */
        "INSERT IGNORE INTO rate (bucket, tat) VALUES (p_first, 0); "
        /* The lock makes parallel requests count one after the other. Buckets are locked in the
         * order given, that of the account first. */
        "SELECT " VALID("p_first_span")
        " INTO v_first FROM rate WHERE bucket = p_first FOR UPDATE; "
        "SET v_wait = " WAIT("v_first", "p_first_interval", "p_first_span") "; "
        /* The second bucket is optional; NULL stands for none. */
        "IF p_second IS NOT NULL THEN "
        "SELECT " VALID("p_second_span")
        " INTO v_second FROM rate WHERE bucket = p_second FOR UPDATE; "
        "SET v_wait = GREATEST(v_wait, "
        WAIT("v_second", "p_second_interval", "p_second_span") "); "
        "END IF; "
        /* Both allow it: take a token of each. */
        "IF v_wait = 0 THEN "
        "UPDATE rate SET tat = v_first + p_first_interval WHERE bucket = p_first; "
        "IF p_second IS NOT NULL THEN "
        "INSERT INTO rate (bucket, tat) VALUES (p_second, v_second + p_second_interval) "
        "ON DUPLICATE KEY UPDATE tat = v_second + p_second_interval; "
        "END IF; "
        "END IF; ",
        ", v_wait");
    /* With one bucket `second` is the first again, and its name is bound as NULL. */
    const struct token_bucket *first = &buckets[0], *second = &buckets[count - 1];
    struct db_rows *rows;
    /* The time is that of this host, as with Redis, so that both ways agree. */
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_i64(clock_now()),
               db_bytes(first->name, TOKEN_BUCKET_NAME_SIZE), db_u64(first->interval_us),
               db_u64(first->interval_us * first->burst),
               count > 1 ? db_bytes(second->name, TOKEN_BUCKET_NAME_SIZE) : db_str(NULL),
               db_u64(second->interval_us), db_u64(second->interval_us * second->burst));
    if (error)
        return error;
    /* Microseconds until a token is there; 0: taken. */
    *wait_us = db_next(rows) ? db_get_u64(rows, 1) : 0;
    db_done(rows);
    return ERROR_NONE;
}

enum error rate_give_back(struct db *db, const struct token_bucket *bucket) {
    /* Only if the bucket is not full, which has nothing to give back. */
    static const char SQL[] = "UPDATE rate SET tat = tat - ? WHERE bucket = ? AND tat > ?";
    /* Not repeatable: giving back twice would allow a request too many. */
    return DB_RUN(db, SQL, 0, NULL, db_u64(bucket->interval_us),
                  db_bytes(bucket->name, TOKEN_BUCKET_NAME_SIZE), db_i64(clock_now()));
}

enum error rate_purge(struct db *db, uint64_t limit, uint64_t *deleted) {
    /* A full bucket is the same as no row; the second condition finds times after a clock was set
     * back. */
    static const char SQL[] = "DELETE FROM rate WHERE tat < ? OR tat > ? LIMIT ?";
    const int64_t now = clock_now();
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_i64(now),
                                    db_i64(now + MOST_SPAN_US), db_u64(limit));
    *deleted = error ? 0 : db_changed(db);
    return error;
}
