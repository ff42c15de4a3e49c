/* The SQL of files: announcing with the day's quota, reading one with the membership of the user,
 * finishing, and deleting: first the mark, then the bytes, then the row. States are those of enum
 * file_state: 0 uploading, 1 being scanned, 2 usable, 3 blocked, 4 deleted. The bytes are in
 * os/file_store.c, outside of the database. */
#include "store/messages/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "event/event.h"
#include "secrets/secret.h"
#include "store/rooms/room_state.h"
#include "store/transaction.h"

/* If bytes could not be removed, the next attempt is this much later, so that others come first. */
#define AGAIN_HOURS "1"

bool file_is_shown(struct text media_type) {
    char quoted[260];
    /* A type has no quotes, so that it cannot match across two of the list. */
    const int len = snprintf(quoted, sizeof(quoted), "'%.*s'", (int)media_type.len, media_type.at);
    return len > 2 && (size_t)len < sizeof(quoted) && strstr(FILE_SHOWN_TYPES, quoted) != NULL;
}

struct file_shown file_shown_of(const struct file *file) {
    return (struct file_shown){.id = file->id,
                               .state = file->state,
                               .size = file->size,
                               .media_type = text_of(file->media_type),
                               .width = file->width,
                               .height = file->height,
                               .has_duration = file->has_duration,
                               .duration_ms = file->duration_ms,
                               .has_thumbnail = file->thumbnail != 0,
                               .name = text_of(file->name)};
}

/* ---- announcing ---- */

/* Counts p_size bytes. 10: over the quota. The row of the quota is locked until the commit, so that
 * parallel requests cannot exceed it together. */
#define TAKE_QUOTA                                                                             \
    "INSERT INTO file_quota (user_id, day, bytes) VALUES (p_user, v_today, p_size) "           \
    "ON DUPLICATE KEY UPDATE bytes = IF(day = v_today, bytes, 0) + p_size, day = v_today; "    \
    "IF (SELECT bytes FROM file_quota WHERE user_id = p_user) > p_quota THEN "                 \
    "SET v_outcome = 10; LEAVE body; END IF; "

/* Seconds until the quota begins again, rounded up. */
#define UNTIL_TOMORROW "TIMESTAMPDIFF(SECOND, v_now, v_today + INTERVAL 1 DAY) + 1"

enum error file_take_quota(struct db *db, uint64_t user_id, uint64_t bytes, uint64_t quota,
                           uint64_t *seconds) {
    /* 10 is ERROR_RATE_LIMITED, and *seconds its Retry-After. */
    static const char SQL[] = TRANSACTION(
        "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; DECLARE p_size BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE p_quota BIGINT UNSIGNED DEFAULT ?; DECLARE v_today DATE; ",
        "SET v_now = SYSDATE(6); SET v_today = DATE(v_now); " TAKE_QUOTA,
        ", " UNTIL_TOMORROW);
    struct db_rows *rows;
    enum error error =
        DB_RUN(db, SQL, 0, &rows, db_u64(user_id), db_u64(bytes), db_u64(quota));
    if (error)
        /* *seconds is set also if the quota refused the bytes. */
        return error;
    if (transaction_row(rows, &error))
        *seconds = db_get_u64(rows, 1);
    db_done(rows);
    return error;
}

enum error file_announce(struct db *db, const struct file_draft *draft, uint64_t hours,
                         uint64_t quota, uint64_t *file_id, int64_t *expires_at,
                         uint64_t *seconds) {
    static const char SQL[] = TRANSACTION(
        "DECLARE p_room BIGINT UNSIGNED DEFAULT ?; DECLARE p_user BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE p_size BIGINT UNSIGNED DEFAULT ?; DECLARE p_quota BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE p_stored BINARY(16) DEFAULT UNHEX(?); "
        "DECLARE p_name VARCHAR(255) CHARACTER SET utf8mb4 DEFAULT ?; "
        /* The type is what the client claims; file_finish replaces it by the one that the bytes
         * have. */
        "DECLARE p_type VARCHAR(255) CHARACTER SET utf8mb4 DEFAULT ?; "
        "DECLARE p_width BIGINT UNSIGNED DEFAULT ?; DECLARE p_height BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE p_duration BIGINT UNSIGNED DEFAULT ?; DECLARE p_hours BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE v_file BIGINT UNSIGNED DEFAULT 0; DECLARE v_expires DATETIME(6); "
        "DECLARE v_today DATE; ",
        "SET v_now = SYSDATE(6); SET v_today = DATE(v_now); "
        "SET v_expires = v_now + INTERVAL p_hours HOUR; "
        /* Users who may not post may not send files: 3 not a member, 17 to 19 as in error.h. */
        "SET v_outcome = COALESCE((SELECT CASE WHEN r.is_archived THEN 18 "
        "WHEN " TRANSACTION_ROLE("m") " = " ROLE_SQL_READER " THEN 17 "
        "WHEN m.silenced_until > v_now THEN 19 ELSE 0 END "
        "FROM member m JOIN room r ON r.room_id = m.room_id "
        "WHERE m.room_id = p_room AND m.user_id = p_user), 3); "
        "IF v_outcome > 0 THEN LEAVE body; END IF; "
        TAKE_QUOTA
        "INSERT INTO file (room_id, user_id, stored_as, name, size, media_type, width, height, "
        "duration_ms, created_at, expires_at) VALUES (p_room, p_user, p_stored, p_name, p_size, "
        "p_type, p_width, p_height, p_duration, v_now, v_expires); "
        "SET v_file = LAST_INSERT_ID(); ",
        ", v_file, v_expires, " UNTIL_TOMORROW);
    /* The name on the disk is random, so that it cannot be guessed from the id. */
    char stored_as[FILE_STORE_NAME_SIZE];
    struct db_rows *rows;
    secret_random_hex(stored_as, (sizeof(stored_as) - 1) / 2);
    enum error error = DB_RUN(
        db, SQL, 0, &rows, db_u64(draft->room_id), db_u64(draft->user_id), db_u64(draft->size),
        /* Widths of 0 and unknown durations are stored as NULL. */
        db_u64(quota), db_str(stored_as), db_text(draft->name), db_text(draft->media_type),
        db_id_or_null(draft->width), db_id_or_null(draft->height),
        draft->has_duration ? db_u64(draft->duration_ms) : db_str(NULL), db_u64(hours));
    if (error)
        return error;
    if (transaction_row(rows, &error)) {
        *file_id = db_get_u64(rows, 1);
        *expires_at = db_get_time(rows, 2);
        *seconds = db_get_u64(rows, 3);
    }
    db_done(rows);
    return error;
}

/* ---- reading ---- */

#define FILE_COLUMNS                                                                             \
    "f.file_id, f.room_id, f.user_id, f.message_id, f.state, LOWER(HEX(f.stored_as)), f.name, " \
    "f.media_type, f.size, f.width, f.height, f.duration_ms, f.thumbnail, f.created_at, "       \
    "f.expires_at"
#define FILE_COLUMN_COUNT 15

/* Copies a column into an array, cut to its size. */
static void copy_text(const struct db_rows *rows, unsigned column, char *out, size_t size) {
    const struct text text = db_get_text(rows, column);
    const size_t len = text.len < size ? text.len : size - 1;
    /* An empty column may have no address, which memcpy must not be given. */
    if (len > 0)
        memcpy(out, text.at, len);
    out[len] = '\0';
}

/* Reads FILE_COLUMNS; texts are copied. */
static void file_from_row(const struct db_rows *rows, struct file *file) {
    *file = (struct file){.id = db_get_u64(rows, 0),
                          .room_id = db_get_u64(rows, 1),
                          .user_id = db_get_u64(rows, 2),
                          .message_id = db_get_u64(rows, 3),
                          .state = (enum file_state)db_get_u64(rows, 4),
                          .size = db_get_u64(rows, 8),
                          .width = db_get_u64(rows, 9),
                          .height = db_get_u64(rows, 10),
                          .duration_ms = db_get_u64(rows, 11),
                          .has_duration = !db_is_null(rows, 11),
                          .thumbnail = (unsigned)db_get_u64(rows, 12),
                          .created_at = db_get_time(rows, 13),
                          .expires_at = db_get_time(rows, 14)};
    copy_text(rows, 5, file->stored_as, sizeof(file->stored_as));
    copy_text(rows, 6, file->name, sizeof(file->name));
    copy_text(rows, 7, file->media_type, sizeof(file->media_type));
}

/* Reads FILE_COLUMNS of the only row and frees the rows. ERROR_NOT_FOUND: there is no row. */
static enum error take_file(struct db_rows *rows, struct file *file) {
    const bool found = db_next(rows);
    if (found)
        file_from_row(rows, file);
    db_done(rows);
    return found ? ERROR_NONE : ERROR_NOT_FOUND;
}

enum error file_get(struct db *db, uint64_t file_id, uint64_t user_id, struct file *file) {
    /* The room must still be there: its files are marked only by housekeeping. Whether the user
     * sees it is decided by columns, so that the caller can tell 403 from 404. A member sees what
     * came after joining, and always the own files. */
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN " FILE_COLUMNS ", me.user_id IS NOT NULL AND ("
        ROOM_FIRST_POSITION("me", "r") " = 0 OR f.user_id = me.user_id OR "
        "(SELECT position FROM message WHERE message_id = f.message_id) > me.first_position), "
        ROOM_STATE_MAY_VIEW("?", ROOM_STATE_IS_GUEST("?"))
        ", r.is_open, r.direct_low IS NOT NULL FROM file f "
        "JOIN room r ON r.room_id = f.room_id "
        "LEFT JOIN member me ON me.room_id = f.room_id AND me.user_id = ? "
        "WHERE f.file_id = ? AND f.state <> 4 "
        "AND (f.expires_at IS NULL OR f.expires_at > SYSDATE(6))";
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id), db_u64(user_id), db_u64(user_id),
               db_u64(file_id));
    if (error)
        return error;
    const bool found = db_next(rows);
    if (found) {
        file_from_row(rows, file);
        file->is_member = db_get_bool(rows, FILE_COLUMN_COUNT);
        file->is_viewer = db_get_bool(rows, FILE_COLUMN_COUNT + 1);
        file->is_open = db_get_bool(rows, FILE_COLUMN_COUNT + 2);
        file->is_direct = db_get_bool(rows, FILE_COLUMN_COUNT + 3);
    }
    db_done(rows);
    return found ? ERROR_NONE : ERROR_NOT_FOUND;
}

enum error file_get_export(struct db *db, uint64_t file_id, struct file *file) {
    /* Exports are in no room (0) and are checked against their user by the caller. */
    static const char SQL[] = "SELECT " FILE_COLUMNS " FROM file f WHERE f.file_id = ? "
                              "AND f.room_id = 0 AND f.state = 2 AND f.expires_at > SYSDATE(6)";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(file_id));
    if (error)
        return error;
    return take_file(rows, file);
}

enum error file_each(struct db *db, file_visit *visit, void *context) {
    /* All rooms and states, for comparing with the folder; only `confabctl files` reads whole
     * tables. */
    static const char SQL[] = "SELECT " FILE_COLUMNS " FROM file f ORDER BY f.stored_as";
    struct db_rows *rows;
    struct file file;
    const enum error error = db_run(db, SQL, DB_REPEATABLE, NULL, 0, &rows);
    if (error)
        return error;
    while (db_next(rows)) {
        file_from_row(rows, &file);
        visit(context, &file);
    }
    db_done(rows);
    return ERROR_NONE;
}

/* ---- finishing ---- */

enum error file_finish(struct db *db, uint64_t file_id, const char *media_type, bool scan) {
    /* Only once: a second request that finishes the same upload finds state 1 or 2 and changes
     * nothing. */
    static const char SQL[] =
        "UPDATE file SET media_type = ?, state = IF(?, 1, 2), scan_at = IF(?, SYSDATE(6), NULL) "
        "WHERE file_id = ? AND state = 0";
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_str(media_type), db_bool(scan), db_bool(scan),
                  db_u64(file_id));
}

enum error file_set_thumbnail(struct db *db, uint64_t file_id, unsigned kind, bool *changed) {
    /* The time makes a repeated change a change. */
    static const char SQL[] =
        "UPDATE file SET thumbnail = ?, thumbnail_at = SYSDATE(6) "
        /* Not once it is in a message: other users have seen it then. */
        "WHERE file_id = ? AND message_id IS NULL AND state <= 2";
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_u64(kind), db_u64(file_id));
    *changed = !error && db_changed(db) > 0;
    return error;
}

enum error file_check(struct db *db, uint64_t room_id, uint64_t user_id, const uint64_t *ids,
                      size_t count, uint64_t *wrong_id, bool *is_incomplete) {
    static const char SQL[] =
        "SELECT f.state FROM file f WHERE f.file_id = ? AND f.room_id = ? AND f.user_id = ? "
        "AND f.message_id IS NULL AND f.state <= 2 AND f.expires_at > SYSDATE(6)";
    enum error error = ERROR_NONE;
    *wrong_id = 0;
    *is_incomplete = false;
    /* One read by key for each, at most FILE_MOST. The post checks all again under its lock; this
     * finds the one to name in the error. */
    for (size_t i = 0; !error && i < count && !*wrong_id; i++) {
        struct db_rows *rows;
        error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(ids[i]), db_u64(room_id),
                       db_u64(user_id));
        if (error)
            break;
        /* Found and still uploading is an error of its own. */
        const bool found = db_next(rows);
        *is_incomplete = found && db_get_u64(rows, 0) == FILE_UPLOADING;
        if (!found || *is_incomplete)
            *wrong_id = ids[i];
        db_done(rows);
    }
    return error;
}

/* ---- deleting ---- */

/* Removes the bytes of a file that is marked, then its row. *removed: both are gone. */
static enum error remove_marked(struct db *db, const char *folder, uint64_t file_id,
                                const char *stored_as, bool *removed) {
    static const char GONE[] = "DELETE FROM file WHERE file_id = ? AND state = 4";
    static const char LATER[] =
        "UPDATE file SET expires_at = SYSDATE(6) + INTERVAL " AGAIN_HOURS
        " HOUR WHERE file_id = ? AND state = 4";
    /* The bytes before the row: a row without bytes can be removed again, bytes without a row
     * cannot be found. */
    *removed = file_store_remove(folder, stored_as);
    if (!*removed)
        log_warn("file %" PRIu64 " cannot be removed from file_dir; trying again in an hour",
                 file_id);
    return DB_RUN(db, *removed ? GONE : LATER, DB_REPEATABLE, NULL, db_u64(file_id));
}

void file_remove_of_message(struct db *db, const char *folder, uint64_t message_id) {
    static const char SQL[] =
        "SELECT file_id, LOWER(HEX(stored_as)) FROM file WHERE message_id = ? AND state = 4";
    struct db_rows *rows;
    /* Errors are not reported: what stays is marked, and housekeeping removes it. */
    if (!folder[0] || DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(message_id)))
        return;
    enum error error = ERROR_NONE;
    while (!error && db_next(rows)) {
        char stored_as[FILE_STORE_NAME_SIZE];
        bool removed;
        copy_text(rows, 1, stored_as, sizeof(stored_as));
        error = remove_marked(db, folder, db_get_u64(rows, 0), stored_as, &removed);
    }
    db_done(rows);
}

/* Marks a file that has expired, unless a message has just used it. */
static enum error mark_expired(struct db *db, uint64_t file_id, bool *marked) {
    /* The condition is repeated under the lock of the row, since a post may have taken the file
     * after it was listed. */
    static const char SQL[] =
        "UPDATE file SET state = 4 "
        "WHERE file_id = ? AND message_id IS NULL AND state <> 4 AND expires_at <= SYSDATE(6)";
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_u64(file_id));
    *marked = !error && db_changed(db) > 0;
    return error;
}

enum error file_purge(struct db *db, const char *folder, uint64_t limit, uint64_t *deleted) {
    /* By KEY expires_at; files in use have NULL there. */
    static const char SQL[] =
        "SELECT file_id, LOWER(HEX(stored_as)), state FROM file "
        "WHERE expires_at <= SYSDATE(6) ORDER BY expires_at LIMIT ?";
    struct db_rows *rows;
    *deleted = 0;
    /* On a host without the folder the rows stay: they are the only way to the bytes. */
    if (!folder[0] || !file_store_check(folder))
        return ERROR_NONE;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(limit));
    if (error)
        return error;
    while (!error && db_next(rows)) {
        char stored_as[FILE_STORE_NAME_SIZE];
        const uint64_t file_id = db_get_u64(rows, 0);
        bool marked = db_get_u64(rows, 2) == FILE_DELETED, removed = false;
        copy_text(rows, 1, stored_as, sizeof(stored_as));
        /* What is marked already was deleted with its message, or could not be removed the last
         * time. */
        if (!marked)
            error = mark_expired(db, file_id, &marked);
        if (!error && marked)
            error = remove_marked(db, folder, file_id, stored_as, &removed);
        *deleted += removed;
    }
    db_done(rows);
    return error;
}

/* ---- scanning ---- */

/* A time later than the next try is of a clock that was ahead. */
#define SCAN_IS_DUE \
    "(scan_at <= NOW(6) OR scan_at > NOW(6) + INTERVAL " FILE_SCAN_SECONDS " SECOND) "

enum error file_scan_claim(struct db *db, struct file *file) {
    /* By KEY scan_at, which is NULL for files that need no scan. The claim moves it on, so that a
     * scan whose worker died is repeated. */
    static const char NEXT[] = "SELECT " FILE_COLUMNS " FROM file f WHERE " SCAN_IS_DUE
                               "ORDER BY scan_at LIMIT 1";
    static const char CLAIM[] = "UPDATE file SET scan_at = NOW(6) + INTERVAL " FILE_SCAN_SECONDS
                                " SECOND WHERE file_id = ? AND " SCAN_IS_DUE;
    struct db_rows *rows;
    enum error error = db_run(db, NEXT, DB_REPEATABLE, NULL, 0, &rows);
    if (error)
        return error;
    error = take_file(rows, file);
    if (error)
        return error;
    /* One of several workers changes the row; the others look again later. */
    error = DB_RUN(db, CLAIM, DB_REPEATABLE, NULL, db_u64(file->id));
    return !error && db_changed(db) == 0 ? ERROR_NOT_FOUND : error;
}

enum error file_scan_record(struct db *db, uint64_t file_id, uint64_t room_id, bool is_clean,
                            struct file_scanned *scanned) {
    /* The room's lock comes first, as in every transaction; the file may have been used, or
     * deleted, while it was scanned. The event is its sender's. */
    static const char SQL[] = TRANSACTION(
        "DECLARE p_file BIGINT UNSIGNED DEFAULT ?; DECLARE p_room BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE p_clean BOOLEAN DEFAULT ?; DECLARE v_seq, v_message, p_user BIGINT UNSIGNED; ",
        "SELECT last_seq + 1 INTO v_seq FROM room WHERE room_id = p_room FOR UPDATE; "
        "SET v_now = SYSDATE(6); "
        /* Only a file that is still being scanned; deleted or finished: nothing to do. */
        "SELECT message_id, user_id INTO v_message, p_user FROM file "
        "WHERE file_id = p_file AND state = 1 FOR UPDATE; "
        "IF p_user IS NULL THEN SET v_message = NULL; LEAVE body; END IF; "
        "UPDATE file SET state = IF(p_clean, 2, 3), scan_at = NULL WHERE file_id = p_file; "
        /* A file that is in no message yet has no event: its state is read when it is posted. */
        "IF v_seq IS NULL OR v_message IS NULL THEN SET v_message = NULL; LEAVE body; END IF; "
        "UPDATE room SET last_seq = v_seq WHERE room_id = p_room; "
        TRANSACTION_ROOM_EVENT(EVENT_SQL(EVENT_MESSAGE_EDITED), "v_message"),
        /* An edit of the message, since the clients show the state of its files. */
        ", COALESCE(v_message, 0), COALESCE(v_seq, 0)");
    struct db_rows *rows;
    *scanned = (struct file_scanned){0};
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(file_id), db_u64(room_id),
                              db_bool(is_clean));
    if (error)
        return error;
    if (transaction_row(rows, &error)) {
        scanned->message_id = db_get_u64(rows, 1);
        scanned->seq = db_get_u64(rows, 2);
    }
    db_done(rows);
    return error;
}
