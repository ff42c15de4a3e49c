/* One statement: the user, the site's id for it, and that it is not the site's own. */
#include "store/site_user.h"

/* An SQL condition: the user u is not the site's own. */
#define NOT_SITE                                                                        \
    "NOT EXISTS (SELECT 1 FROM external_user s WHERE s.issuer = '' AND s.subject = '' " \
    "AND s.user_id = u.user_id)"

enum error site_user_find(struct db *db, uint64_t user_id, struct text issuer, struct user *user,
                          struct buffer *subject) {
    static const char SQL[] = "SELECT " USER_COLUMNS
                              ", x.subject FROM user u "
                              "LEFT JOIN external_user x ON x.user_id = u.user_id AND x.issuer = ? "
                              "WHERE u.user_id = ? AND " NOT_SITE " ORDER BY x.subject LIMIT 1";
    struct db_rows *rows;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_text(issuer), db_u64(user_id));
    if (error)
        return error;
    error = ERROR_NOT_FOUND;
    if (db_next(rows)) {
        const struct text found = db_get_text(rows, USER_COLUMN_COUNT);
        user_from_row(rows, 0, user);
        /* NULL, for a user without an id of the site, is read as an empty text. */
        buffer_append(subject, found.at, found.len);
        error = ERROR_NONE;
    }
    db_done(rows);
    return error;
}

enum error site_user_find_named(struct db *db, const struct api_key_user *named, struct text issuer,
                                struct user *user, bool *is_bot) {
    static const char BY_ID[] =
        "SELECT " USER_COLUMNS ", u.is_bot FROM user u WHERE u.user_id = ? AND " NOT_SITE;
    static const char BY_SUBJECT[] =
        "SELECT " USER_COLUMNS
        ", u.is_bot FROM external_user x JOIN user u ON u.user_id = x.user_id "
        "WHERE x.issuer = ? AND x.subject = ? AND " NOT_SITE;
    struct db_rows *rows;
    enum error error = named->id ? DB_RUN(db, BY_ID, DB_REPEATABLE, &rows, db_u64(named->id))
                                 : DB_RUN(db, BY_SUBJECT, DB_REPEATABLE, &rows, db_text(issuer),
                                          db_text(named->subject));
    if (error)
        return error;
    error = ERROR_NOT_FOUND;
    if (db_next(rows)) {
        user_from_row(rows, 0, user);
        *is_bot = db_get_bool(rows, USER_COLUMN_COUNT);
        error = ERROR_NONE;
    }
    db_done(rows);
    return error;
}
