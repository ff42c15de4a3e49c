/* One statement each: the user, the site's id for it, and that it is not the site's own. */
#include "store/site/site_user.h"

#include "store/site/external_user.h"

#define COLUMNS USER_COLUMNS ", u.is_bot, x.subject"

/* By id: the site need not know the user. */
#define BY_ID                                                                             \
    "SELECT " COLUMNS " FROM user u "                                                     \
    "LEFT JOIN external_user x ON x.user_id = u.user_id AND x.issuer = ? "                \
    "WHERE u.user_id = ? AND " EXTERNAL_USER_NOT_SITE " ORDER BY x.subject LIMIT 1"
#define BY_SUBJECT                                                                        \
    "SELECT " COLUMNS " FROM external_user x JOIN user u ON u.user_id = x.user_id "       \
    "WHERE x.issuer = ? AND x.subject = ? AND " EXTERNAL_USER_NOT_SITE

/* Reads the only row, and frees the rows. `subject` may be NULL. */
static enum error read_row(struct db_rows *rows, struct user *user, bool *is_bot,
                           struct buffer *subject) {
    enum error error = ERROR_NOT_FOUND;
    if (db_next(rows)) {
        /* NULL, for a user without an id of the site, is read as an empty text. */
        const struct text found = db_get_text(rows, USER_COLUMN_COUNT + 1);
        user_from_row(rows, 0, user);
        *is_bot = db_get_bool(rows, USER_COLUMN_COUNT);
        if (subject)
            buffer_append(subject, found.at, found.len);
        error = ERROR_NONE;
    }
    db_done(rows);
    return error;
}

enum error site_user_find(struct db *db, uint64_t user_id, struct text issuer, struct user *user,
                          struct buffer *subject) {
    /* The site's own user is not found by any of these. */
    struct db_rows *rows;
    bool is_bot;
    const enum error error =
        DB_RUN(db, BY_ID, DB_REPEATABLE, &rows, db_text(issuer), db_u64(user_id));
    return error ? error : read_row(rows, user, &is_bot, subject);
}

enum error site_user_find_named(struct db *db, const struct api_key_user *named, struct text issuer,
                                struct user *user, bool *is_bot) {
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, named->id ? BY_ID : BY_SUBJECT, DB_REPEATABLE, &rows, db_text(issuer),
               named->id ? db_u64(named->id) : db_text(named->subject));
    return error ? error : read_row(rows, user, is_bot, NULL);
}
