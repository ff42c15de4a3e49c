/* The two tables of credentials read as one list. Both are read with the user's id by their keys on
 * user_id, then sorted: a user has few. */
#include "store/logins/session_list.h"

#include "store/logins/token.h"

#define TOKENS "FROM token t WHERE t.user_id = ? AND " TOKEN_IS_VALID("t")
#define SESSIONS \
    "FROM session s WHERE s.user_id = ? AND s.expires_at > SYSDATE(6) AND " \
    LOGIN_IS_IN_USE("s")

enum error session_list(struct db *db, uint64_t user_id, uint64_t limit, uint64_t offset,
                        session_list_visit *visit, void *context) {
    /* The first column is the table: TRUE for a token. Ids are unique in each table only. */
    static const char SQL[] =
        "SELECT c.is_token, c.id, c.created_at, c.last_used_at FROM ("
        "SELECT TRUE AS is_token, t.token_id AS id, t.created_at, t.last_used_at " TOKENS
        " UNION ALL SELECT FALSE, s.session_id, s.created_at, s.last_used_at " SESSIONS
        ") c ORDER BY c.created_at DESC, c.is_token, c.id DESC LIMIT ? OFFSET ?";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id),
                                    db_u64(user_id), db_u64(limit), db_u64(offset));
    if (error)
        return error;
    while (db_next(rows)) {
        const struct session_entry entry = {db_get_bool(rows, 0), db_get_u64(rows, 1),
                                            db_get_time(rows, 2), db_get_time(rows, 3)};
        visit(context, &entry);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error session_list_count(struct db *db, uint64_t user_id, uint64_t *count) {
    /* Both halves bind the same user. */
    static const char SQL[] =
        "SELECT (SELECT COUNT(*) " TOKENS ") + (SELECT COUNT(*) " SESSIONS ")";
    return DB_NUMBER(db, SQL, count, db_u64(user_id), db_u64(user_id));
}

enum error session_list_owns(struct db *db, uint64_t user_id, bool is_token, uint64_t id,
                             bool *owned) {
    /* Those of other users, expired and unknown ones have one answer, so that ids cannot be
     * probed. */
    static const char TOKEN[] = "SELECT 1 " TOKENS " AND t.token_id = ?";
    static const char SESSION[] = "SELECT 1 " SESSIONS " AND s.session_id = ?";
    struct db_rows *rows;
    const enum error error =
        is_token ? DB_RUN(db, TOKEN, DB_REPEATABLE, &rows, db_u64(user_id), db_u64(id))
                 : DB_RUN(db, SESSION, DB_REPEATABLE, &rows, db_u64(user_id), db_u64(id));
    if (error)
        return error;
    *owned = db_next(rows);
    db_done(rows);
    return ERROR_NONE;
}
