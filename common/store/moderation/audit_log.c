/* Adding entries, reading a page of them by number, and deleting old ones. */
#include "store/moderation/audit_log.h"

#include "store/transaction.h"

static const char *const ACTORS[] = {[AUDIT_BY_USER] = "user",
                                     [AUDIT_BY_KEY] = "key",
                                     [AUDIT_BY_ADMINISTRATOR] = "confabctl"};

/* A row of a newer program may have a kind that this one does not know. */
const char *audit_actor_name(enum audit_actor actor) {
    return actor >= AUDIT_BY_USER && actor <= AUDIT_BY_ADMINISTRATOR ? ACTORS[actor] : "confabctl";
}

enum error audit_log_add(struct db *db, const struct audit_entry *entry) {
    static const char SQL[] = TRANSACTION(
        "DECLARE p_action VARCHAR(48) CHARACTER SET utf8mb4 DEFAULT ?; "
        "DECLARE p_kind INT DEFAULT ?; DECLARE p_actor, p_user, p_room, p_subject BIGINT UNSIGNED; "
        "DECLARE p_reason VARCHAR(500) CHARACTER SET utf8mb4; ",
        "SET p_actor = ?; SET p_user = ?; SET p_room = ?; SET p_subject = ?; SET p_reason = ?; "
        /* The number comes from a counter and not from AUTO_INCREMENT, which leaves gaps after a
         * rollback. Its row stays locked until the entry is committed. */
        "UPDATE total SET number = number + 1 WHERE name = 'audit'; "
        "INSERT INTO audit (audit_id, action, actor_kind, actor_id, user_id, room_id, subject_id, "
        "reason, created_at) SELECT number, p_action, p_kind, p_actor, p_user, p_room, p_subject, "
        "p_reason, SYSDATE(6) FROM total WHERE name = 'audit'; ",
        "");
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, 0, &rows, db_text(entry->action), db_u64(entry->actor),
               db_u64(entry->actor_id), db_u64(entry->user_id), db_u64(entry->room_id),
               db_u64(entry->subject_id),
               entry->reason.len > 0 ? db_text(entry->reason) : db_str(NULL));
    if (!error)
        db_done(rows);
    return error;
}

enum error audit_log_list(struct db *db, uint64_t after, uint64_t limit, audit_log_visit *visit,
                          void *context) {
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
    static const char SQL[] =
        /* If all entries were deleted, the oldest is the next one to come. */
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
