/* Setting the actor of a connection; reading pages of entries by number; deleting old entries. How
 * transactions write entries is in audit_sql.h. */
#include "store/moderation/audit_log.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "store/transaction.h"

static const char *const ACTORS[] = {[AUDIT_BY_USER] = "user",
                                     [AUDIT_BY_KEY] = "key",
                                     [AUDIT_BY_ADMINISTRATOR] = "confabctl"};

/* A row of a newer program may have a kind that this one does not know. */
const char *audit_actor_name(enum audit_actor actor) {
    return actor >= AUDIT_BY_USER && actor <= AUDIT_BY_ADMINISTRATOR ? ACTORS[actor] : "confabctl";
}

/* Appends a text of the program as an SQL string; what would need an escape is left out. */
static void append_quoted(struct buffer *sql, struct text text) {
    /* The connection's variables cannot be bound as values: db_set_session takes a text. */
    buffer_append_char(sql, '\'');
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] >= ' ' && text.at[i] <= '~' && !strchr("'\\", text.at[i]))
            buffer_append_char(sql, text.at[i]);
    buffer_append_char(sql, '\'');
}

void audit_log_begin(struct db *db, const struct audit_entry *entry, bool once) {
    struct buffer sql = BUFFER_EMPTY;
    /* Which of the variables a transaction may set itself is in audit_sql.h. */
    buffer_append_str(&sql, "SET @confab_audit_action = ");
    append_quoted(&sql, entry->action);
    buffer_printf(&sql,
                  ", @confab_audit_kind = %d, @confab_audit_actor = %" PRIu64
                  ", @confab_audit_user = %" PRIu64 ", @confab_audit_room = %" PRIu64
                  ", @confab_audit_subject = %" PRIu64
                  ", @confab_audit_once = %d, @confab_audit_last = NULL",
                  (int)entry->actor, entry->actor_id, entry->user_id, entry->room_id,
                  entry->subject_id, once);
    /* Run before the next statement of this connection, and again after a reconnect. */
    db_set_session(db, buffer_str(&sql));
    buffer_free(&sql);
}

void audit_log_end(struct db *db) {
    /* Transactions that follow have no entries but those of moderators. */
    db_set_session(db, "SET @confab_audit_action = NULL, @confab_audit_kind = NULL, "
                       "@confab_audit_actor = NULL, @confab_audit_last = NULL");
}

enum error audit_log_add(struct db *db) {
    /* An empty transaction: AUDIT_END_SQL alone writes the entry, for actions that do not change
     * the database. */
    static const char SQL[] = TRANSACTION("", "", "");
    struct db_rows *rows;
    const enum error error = db_run(db, SQL, 0, NULL, 0, &rows);
    return error ? error : transaction_outcome(rows);
}

enum error audit_log_list(struct db *db, uint64_t after, uint64_t limit, audit_log_visit *visit,
                          void *context) {
    /* By the primary key; the caller pages with the number of the last entry. */
    static const char SQL[] =
        "SELECT audit_id, action, actor_kind, actor_id, user_id, room_id, subject_id, reason, "
        "created_at FROM audit WHERE audit_id > ? ORDER BY audit_id LIMIT ?";
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(after), db_u64(limit));
    if (error)
        return error;
    while (db_next(rows)) {
        const struct audit_entry entry = {.id = db_get_u64(rows, 0),
                                          .action = db_get_text(rows, 1),
                                          .actor = (enum audit_actor)db_get_u64(rows, 2),
                                          .actor_id = db_get_u64(rows, 3),
                                          .user_id = db_get_u64(rows, 4),
                                          .room_id = db_get_u64(rows, 5),
                                          .subject_id = db_get_u64(rows, 6),
                                          .reason = db_get_text(rows, 7),
                                          .created_at = db_get_time(rows, 8)};
        visit(context, &entry);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error audit_log_ends(struct db *db, uint64_t *oldest, uint64_t *last) {
    /* If all entries were deleted, the oldest is the next one to come. */
    static const char SQL[] =
        "SELECT t.number, COALESCE((SELECT MIN(audit_id) FROM audit), t.number + 1) "
        "FROM total t WHERE t.name = 'audit'";
    struct db_rows *rows;
    const enum error error = db_run(db, SQL, DB_REPEATABLE, NULL, 0, &rows);
    if (error)
        return error;
    /* Without the row of the counter the audit counts as empty. */
    *last = 0;
    *oldest = 1;
    if (db_next(rows)) {
        *last = db_get_u64(rows, 0);
        *oldest = db_get_u64(rows, 1);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error audit_log_purge(struct db *db, uint64_t days, uint64_t limit, uint64_t *deleted) {
    /* From the oldest on, so that the numbers kept have no gaps. */
    static const char SQL[] =
        "DELETE FROM audit WHERE created_at < NOW(6) - INTERVAL ? DAY ORDER BY audit_id LIMIT ?";
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_u64(days), db_u64(limit));
    *deleted = error ? 0 : db_changed(db);
    return error;
}
