/* One row for each address. tried_at is set before the fetch, so that only one of several workers
 * fetches, and a site that fails is tried again after a minute. fcgi-api only reads, and requests a
 * fetch if a key is missing. */
#include "store/site/jwks.h"

enum error jwks_get(struct db *db, const char *url, struct buffer *out, int64_t *fetched_at) {
    /* Without a body nothing was fetched yet, which is not an error: *out stays empty. */
    static const char SQL[] =
        "SELECT body, fetched_at FROM jwks WHERE url = ? AND body IS NOT NULL";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_str(url));
    *fetched_at = 0;
    if (error)
        return error;
    if (db_next(rows)) {
        const struct text body = db_get_text(rows, 0);
        buffer_append(out, body.at, body.len);
        *fetched_at = db_get_time(rows, 1);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error jwks_request(struct db *db, const char *url) {
    /* A thousand tokens with unknown keys write once a second at most. */
    static const char SQL[] =
        "INSERT INTO jwks (url, wanted_at) VALUES (?, SYSDATE(6)) ON DUPLICATE KEY UPDATE "
        "wanted_at = IF(wanted_at BETWEEN SYSDATE(6) - INTERVAL 1 SECOND AND SYSDATE(6), "
        "wanted_at, SYSDATE(6))";
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_str(url));
}

enum error jwks_is_due(struct db *db, const char *url, bool *is_due) {
    static const char FIRST[] = "INSERT IGNORE INTO jwks (url) VALUES (?)";
    /* Read first, so that the usual call writes nothing. */
    static const char FIND[] = "SELECT 1 FROM jwks WHERE url = ?";
    /* An hour after the last success; a minute after a try if that failed or a key is missing. */
    static const char CLAIM[] =
        "UPDATE jwks SET tried_at = SYSDATE(6) WHERE url = ? AND (tried_at IS NULL "
        "OR tried_at > SYSDATE(6) OR (tried_at < SYSDATE(6) - INTERVAL ? SECOND "
        "AND (fetched_at IS NULL OR failure IS NOT NULL OR wanted_at > tried_at "
        "OR tried_at < SYSDATE(6) - INTERVAL ? SECOND)))";
    struct db_rows *rows;
    *is_due = false;
    enum error error = DB_RUN(db, FIND, DB_REPEATABLE, &rows, db_str(url));
    if (error)
        return error;
    const bool is_known = db_next(rows);
    db_done(rows);
    if (!is_known)
        error = DB_RUN(db, FIRST, DB_REPEATABLE, NULL, db_str(url));
    /* tried_at in the future: the clock was set back. One of several workers changes the row. */
    if (!error)
        error = DB_RUN(db, CLAIM, 0, NULL, db_str(url), db_u64(JWKS_WANTED_SECONDS),
                       db_u64(JWKS_FETCH_SECONDS));
    *is_due = !error && db_changed(db) > 0;
    return error;
}

enum error jwks_store(struct db *db, const char *url, struct text body) {
    /* wanted_at stays: it is compared with tried_at, which is later now. */
    static const char SQL[] =
        "UPDATE jwks SET body = ?, fetched_at = SYSDATE(6), failure = NULL WHERE url = ?";
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_text(body), db_str(url));
}

enum error jwks_record_failure(struct db *db, const char *url, const char *why) {
    /* The former body stays in use. */
    static const char SQL[] = "UPDATE jwks SET failure = ? WHERE url = ?";
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_str(why), db_str(url));
}
