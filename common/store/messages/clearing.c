/* The clearings are rows of a table, done one after the other. The messages of a user in a room are
 * a range of the unique key of client_id; last_key is how far it was read. */
#include "store/messages/clearing.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/buffer.h"
#include "event/event.h"
#include "store/messages/file.h"
#include "store/transaction.h"

/* Rooms in which messages of a user are looked for by one statement. */
#define ROOMS_AT_ONCE 10000

/* A slice is deleted as a range of positions if at least every fourth of these is of it. */
#define DENSE 4

struct clearing {
    uint64_t id, room_id, user_id, actor_id;
    bool whole_site;
    int64_t since;
    /* 65 characters of up to four bytes, and the terminator. */
    char last_key[65 * 4 + 1];
};

/* The clearing that is to continue; its id is 0 if there is none. */
static enum error next_clearing(struct db *db, struct clearing *clearing) {
    /* Banned users first, since others see their messages until they are deleted; then the oldest
     * clearing. After a restart it continues from last_key. */
    static const char SQL[] =
        "SELECT clearing_id, room_id, user_id, actor_id, whole_site, since, last_key "
        "FROM clearing ORDER BY actor_id = user_id, clearing_id LIMIT 1";
    struct db_rows *rows;
    const enum error error = db_run(db, SQL, DB_REPEATABLE, NULL, 0, &rows);
    *clearing = (struct clearing){0};
    if (error)
        return error;
    if (db_next(rows)) {
        const struct text key = db_get_text(rows, 6);
        clearing->id = db_get_u64(rows, 0);
        clearing->room_id = db_get_u64(rows, 1);
        clearing->user_id = db_get_u64(rows, 2);
        clearing->actor_id = db_get_u64(rows, 3);
        clearing->whole_site = db_get_bool(rows, 4);
        clearing->since = db_get_time(rows, 5);
        snprintf(clearing->last_key, sizeof(clearing->last_key), "%.*s", (int)key.len, key.at);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error clearing_next_room(struct db *db, uint64_t after, uint64_t user_id, uint64_t *room_id) {
    /* Rooms by rising id; one probe of the unique key shows whether the user has a message there
     * (room_id, sender_id, client_id). In slices, since on a site with many rooms one statement for
     * all would not end before the timeout of its connection. */
    static const char SQL[] =
        "SELECT COALESCE((SELECT r.room_id FROM room r WHERE r.room_id > ? AND r.room_id <= ? "
        "AND EXISTS (SELECT 1 FROM message m FORCE INDEX (client_id) "
        "WHERE m.room_id = r.room_id AND m.sender_id = ?) ORDER BY r.room_id LIMIT 1), "
        "(SELECT ? FROM room WHERE room_id > ? LIMIT 1), 0)";
    const uint64_t last = after + ROOMS_AT_ONCE;
    *room_id = 0;
    return DB_NUMBER(db, SQL, room_id, db_u64(after), db_u64(last), db_u64(user_id), db_u64(last),
                     db_u64(last));
}

/* Ends the clearing, or moves it to the next room. */
static enum error end_room(struct db *db, const struct clearing *clearing) {
    static const char END[] = "DELETE FROM clearing WHERE clearing_id = ?";
    static const char MOVE[] =
        "UPDATE clearing SET room_id = ?, last_key = '' WHERE clearing_id = ?";
    /* 0 ends it: there is no further room, or the clearing is of one room. */
    uint64_t room_id = 0;
    const enum error error = clearing->whole_site ? clearing_next_room(db, clearing->room_id,
                                                                       clearing->user_id, &room_id)
                                                  : ERROR_NONE;
    if (error)
        return error;
    return room_id ? DB_RUN(db, MOVE, DB_REPEATABLE, NULL, db_u64(room_id), db_u64(clearing->id))
                   : DB_RUN(db, END, DB_REPEATABLE, NULL, db_u64(clearing->id));
}

/* ---- a slice ---- */

/* The messages of a slice that are there still: each of a list of positions, or those of the user
 * in a range of positions. A range costs half as much for each message, and others' messages in it
 * are skipped. It may have more of the user than the slice has read, whose keys come later; they
 * are to be deleted as well. */
#define OF_LIST                                                               \
    "JSON_TABLE(p_list, '$[*]' COLUMNS (p BIGINT UNSIGNED PATH '$')) j "      \
    "STRAIGHT_JOIN message m ON m.room_id = p_room AND m.position = j.p "
#define IS_OF_LIST "NOT m.is_deleted "
#define OF_RANGE "message m FORCE INDEX (PRIMARY) "
#define IS_OF_RANGE                                                           \
    "m.room_id = p_room AND m.position BETWEEN p_first AND p_last "           \
    "AND m.sender_id = p_sender AND m.created_at >= p_since AND NOT m.is_deleted "

/* Rows that refer to the messages are deleted only if there are any. */
#define CLEAR_WHAT_REFERS(of, is_of)                                                            \
    "IF v_reacted > 0 THEN "                                                                    \
    "DELETE x FROM " of "STRAIGHT_JOIN reaction x ON x.room_id = p_room "                       \
    "AND x.message_id = m.message_id WHERE " is_of "AND m.reaction_kinds > 0; "                 \
    "DELETE x FROM " of "STRAIGHT_JOIN reaction_total x ON x.room_id = p_room "                 \
    "AND x.message_id = m.message_id WHERE " is_of "AND m.reaction_kinds > 0; END IF; "         \
    "IF EXISTS (SELECT 1 FROM pin WHERE room_id = p_room) THEN "                                \
    "DELETE x FROM " of "STRAIGHT_JOIN pin x ON x.room_id = p_room "                            \
    "AND x.message_id = m.message_id WHERE " is_of "; SET v_pins = ROW_COUNT(); END IF; "       \
    /* Messages with files are of a type of their own. */                                       \
    "IF v_typed > 0 THEN "                                                                      \
    "UPDATE " of "STRAIGHT_JOIN file x ON x.message_id = m.message_id "                         \
    "SET x.state = 4, x.expires_at = v_now WHERE " is_of "AND m.message_type <> 1 "             \
    "AND x.state <> 4; SET v_files = ROW_COUNT(); END IF; "                                     \
    /* Also mentions that an edit has taken back, which the message does not show. */           \
    "IF EXISTS (SELECT 1 FROM mention WHERE room_id = p_room "                                  \
    "AND position BETWEEN p_first AND p_last) THEN "                                            \
    "DELETE x FROM " of "STRAIGHT_JOIN mention x ON x.room_id = p_room "                        \
    "AND x.position = m.position WHERE " is_of "; END IF; "

/* Deletes messages as message_delete does, each with its event, and notes how far the clearing has
 * come. A clearing was allowed when it began: no check of the actor, and no entry in the audit for
 * each message. All in one transaction: so the room is locked, and the log written to disk, once
 * for the slice. */
#define CLEAR(of, is_of)                                                                        \
    TRANSACTION_UNAUDITED(                                                                      \
        TRANSACTION_ROOM_DECLARATIONS                                                           \
        "DECLARE p_list VARCHAR(22000) CHARACTER SET ascii DEFAULT ?; "                         \
        "DECLARE p_first BIGINT UNSIGNED DEFAULT ?; DECLARE p_last BIGINT UNSIGNED DEFAULT ?; " \
        "DECLARE p_sender BIGINT UNSIGNED DEFAULT ?; DECLARE p_since DATETIME(6) DEFAULT ?; "   \
        "DECLARE p_clearing BIGINT UNSIGNED DEFAULT ?; "                                        \
        "DECLARE p_key VARCHAR(65) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin DEFAULT ?; " \
        "DECLARE v_cleared, v_reacted, v_typed, v_pins, v_files BIGINT UNSIGNED DEFAULT 0; ",   \
        TRANSACTION_LOCK_ROOM                                                                   \
        "IF v_room IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "                        \
        /* Unless another process has moved it to the next room, whose messages would be        \
         * skipped. */                                                                          \
        "UPDATE clearing SET last_key = p_key "                                                 \
        "WHERE clearing_id = p_clearing AND room_id = p_room; "                                 \
        "SELECT STRAIGHT_JOIN COUNT(*), COALESCE(SUM(m.reaction_kinds > 0), 0), "               \
        "COALESCE(SUM(m.message_type <> 1), 0) INTO v_cleared, v_reacted, v_typed "             \
        "FROM " of "WHERE " is_of "; "                                                          \
        "IF v_cleared = 0 THEN LEAVE body; END IF; "                                            \
        /* The numbers of the events follow the positions. Those that are deleted already have  \
         * none. */                                                                             \
        "INSERT INTO event (room_id, seq, event_type, actor_id, subject_id, created_at) "       \
        "SELECT STRAIGHT_JOIN p_room, v_seq - 1 + ROW_NUMBER() OVER (ORDER BY m.position), "    \
        EVENT_SQL(EVENT_MESSAGE_DELETED) ", p_user, m.message_id, v_now FROM " of               \
        "WHERE " is_of "; "                                                                     \
        CLEAR_WHAT_REFERS(of, is_of)                                                            \
        "UPDATE " of "SET m.content = '', m.is_deleted = TRUE, m.reaction_kinds = 0, "          \
        "m.mentions = NULL WHERE " is_of "; "                                                   \
        "UPDATE room SET last_seq = last_seq + v_cleared, pin_count = pin_count - v_pins, "     \
        "changed_at = v_now WHERE room_id = p_room; ",                                          \
        ", v_files")

/* The messages of a slice: their ids, their positions as JSON, and the ends of these. */
struct slice {
    uint64_t ids[CLEARING_MOST];
    size_t count;
    uint64_t first, last;
    struct buffer json;
};

/* Reads the next messages, whose keys come after last_key, and moves that. */
static enum error read_slice(struct db *db, struct clearing *clearing, uint64_t limit,
                             struct slice *slice) {
    /* FORCE INDEX: the rows of one user follow each other in this key, in the order of last_key. */
    static const char SQL[] =
        "SELECT message_id, client_id, position FROM message FORCE INDEX (client_id) "
        "WHERE room_id = ? AND sender_id = ? AND client_id > ? AND NOT is_deleted "
        "AND created_at >= ? ORDER BY client_id LIMIT ?";
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(clearing->room_id), db_u64(clearing->user_id),
               db_str(clearing->last_key), db_time(clearing->since), db_u64(limit));
    if (error)
        return error;
    buffer_append_char(&slice->json, '[');
    while (slice->count < limit && db_next(rows)) {
        const struct text key = db_get_text(rows, 1);
        const uint64_t position = db_get_u64(rows, 2);
        snprintf(clearing->last_key, sizeof(clearing->last_key), "%.*s", (int)key.len, key.at);
        /* The rows are in the order of client_id: any of them may have the lowest position. */
        if (slice->count == 0 || position < slice->first)
            slice->first = position;
        if (position > slice->last)
            slice->last = position;
        buffer_printf(&slice->json, "%s%" PRIu64, slice->count > 0 ? "," : "", position);
        slice->ids[slice->count++] = db_get_u64(rows, 0);
    }
    buffer_append_char(&slice->json, ']');
    db_done(rows);
    return ERROR_NONE;
}

/* Deletes the messages of one slice; *read becomes their number. */
static enum error clear_slice(struct db *db, const char *file_dir, struct clearing *clearing,
                              uint64_t limit, uint64_t *read) {
    static const char LIST[] = CLEAR(OF_LIST, IS_OF_LIST), RANGE[] = CLEAR(OF_RANGE, IS_OF_RANGE);
    struct slice slice = {.json = BUFFER_EMPTY};
    struct db_rows *rows;
    uint64_t files = 0;
    enum error error = read_slice(db, clearing, limit, &slice);
    *read = slice.count;
    if (!error && slice.count > 0) {
        const bool is_dense = slice.last - slice.first < DENSE * slice.count;
        /* Repeatable: what is deleted already has no second event. */
        error = DB_RUN(db, is_dense ? RANGE : LIST, DB_REPEATABLE, &rows,
                       db_u64(clearing->room_id), db_u64(clearing->actor_id),
                       db_text(is_dense ? text_of("[]")
                                        : (struct text){slice.json.data, slice.json.len}),
                       db_u64(slice.first), db_u64(slice.last), db_u64(clearing->user_id),
                       db_time(clearing->since), db_u64(clearing->id), db_str(clearing->last_key));
        if (!error)
            error = transaction_number(rows, &files);
    }
    /* Marked by the transaction: not served any more, even if the bytes stay until the next
     * housekeeping. */
    for (size_t i = 0; !error && files > 0 && i < slice.count; i++)
        file_remove_of_message(db, file_dir, slice.ids[i]);
    buffer_free(&slice.json);
    if (error != ERROR_NOT_FOUND)
        return error;
    /* The room was deleted meanwhile, and its messages go with it: nothing is left here. */
    *read = 0;
    return ERROR_NONE;
}

enum error clearing_step(struct db *db, const char *file_dir, uint64_t limit, uint64_t *done) {
    struct clearing clearing;
    *done = 0;
    enum error error = next_clearing(db, &clearing);
    if (error || clearing.id == 0)
        return error;
    if (limit > CLEARING_MOST)
        limit = CLEARING_MOST;
    /* A clearing of all rooms begins before the first. */
    if (clearing.room_id > 0)
        error = clear_slice(db, file_dir, &clearing, limit, done);
    /* Fewer than the limit: the room is done. Moving on counts as a step, so that the caller does
     * not stop. */
    if (!error && *done < limit) {
        error = end_room(db, &clearing);
        ++*done;
    }
    return error;
}
