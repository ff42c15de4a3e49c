/* Pins: the transactions that pin and unpin a message, and the list of pinned messages of a room.
 * The number of the event is that of the pin, which gives their order. */
#include "store/rooms/pin.h"

#include <string.h>

#include "event/event.h"
#include "store/rooms/room.h"
#include "store/transaction.h"

/* Both members of a direct room may pin: it has no admins. */
#define MAY_NOT_PIN                                                           \
    "v_member IS NULL OR NOT (v_admin OR v_direct_low IS NOT NULL OR EXISTS " \
    "(SELECT 1 FROM room WHERE room_id = p_room AND may_pin = " ROOM_MAY_PIN_ALL "))"

/* The common part of both transactions; `change` is added to pin_count. */
#define CHANGE(no_message, is_done, change, number, type) \
    TRANSACTION(                                                                                \
        TRANSACTION_ROOM_DECLARATIONS                                                           \
        "DECLARE p_message BIGINT UNSIGNED DEFAULT ?; DECLARE v_position BIGINT UNSIGNED; "     \
        "DECLARE v_deleted BOOLEAN; DECLARE v_changed, v_pinned BOOLEAN DEFAULT FALSE; ",       \
        TRANSACTION_ENTER_ROOM(MAY_NOT_PIN) TRANSACTION_MAY_WRITE                               \
        "SELECT position, is_deleted INTO v_position, v_deleted "                               \
        "FROM message WHERE message_id = p_message AND room_id = p_room; "                      \
        "IF " no_message " THEN SET v_outcome = 4; LEAVE body; END IF; "                        \
        "SET v_pinned = EXISTS (SELECT 1 FROM pin WHERE room_id = p_room "                      \
        "AND message_id = p_message); "                                                         \
        "IF " is_done " THEN LEAVE body; END IF; " change                                       \
        "UPDATE room SET pin_count = pin_count " number ", last_seq = v_seq "                   \
        "WHERE room_id = p_room; "                                                              \
        TRANSACTION_ROOM_EVENT(type, "p_message")                                               \
        "SET v_changed = TRUE; ",                                                               \
        ", v_changed, v_seq")

/* Pins or unpins a message, and reads the outcome. */
static enum error run_change(struct db *db, const char *sql, uint64_t room_id, uint64_t user_id,
                             uint64_t message_id, struct pin_change *change) {
    struct db_rows *rows;
    memset(change, 0, sizeof(*change));
    enum error error =
        DB_RUN(db, sql, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(user_id), db_u64(message_id));
    if (error)
        return error;
    if (transaction_row(rows, &error)) {
        change->changed = error == ERROR_NONE && db_get_bool(rows, 1);
        /* The only bad input that the statement finds. */
        change->too_many = error == ERROR_BAD_INPUT;
        change->seq = db_get_u64(rows, 2);
    }
    db_done(rows);
    return error;
}

enum error pin_add(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t message_id,
                   struct pin_change *change) {
    /* The count is read under the lock of the room: parallel requests cannot exceed it. */
    static const char SQL[] =
        CHANGE("v_position IS NULL OR v_deleted", "v_pinned",
               /* 1: too many. */
               "IF (SELECT pin_count FROM room WHERE room_id = p_room) >= " EVENT_SQL(PIN_MOST)
               " THEN SET v_outcome = 1; LEAVE body; END IF; "
               "INSERT INTO pin (room_id, seq, message_id, user_id) "
               "VALUES (p_room, v_seq, p_message, p_user); ",
               "+ 1", EVENT_SQL(EVENT_MESSAGE_PINNED));
    return run_change(db, SQL, room_id, user_id, message_id, change);
}

enum error pin_remove(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t message_id,
                      struct pin_change *change) {
    static const char SQL[] =
        CHANGE("v_position IS NULL", "NOT v_pinned",
               "DELETE FROM pin WHERE room_id = p_room AND message_id = p_message; ", "- 1",
               EVENT_SQL(EVENT_MESSAGE_UNPINNED));
    return run_change(db, SQL, room_id, user_id, message_id, change);
}

enum error pin_count(struct db *db, const struct room_state *state, uint64_t *count) {
    /* For members who see all messages it is the stored count; for others the pins are counted. */
    static const char ALL[] = "SELECT pin_count FROM room WHERE room_id = ?";
    /* At most PIN_MOST rows. */
    static const char SEEN[] =
        "SELECT COUNT(*) FROM pin i JOIN message m ON m.message_id = i.message_id "
        "AND m.room_id = i.room_id WHERE i.room_id = ? AND m.position > ?";
    if (state->first_position == 0)
        return DB_NUMBER(db, ALL, count, db_u64(state->room_id));
    return DB_NUMBER(db, SEEN, count, db_u64(state->room_id), db_u64(state->first_position));
}

enum error pin_list(struct db *db, const struct room_state *state, uint64_t user_id,
                    uint64_t limit, uint64_t offset, message_visit *visit, void *context) {
    /* Newest pin first. The sub-select skips pins of messages from before the user joined, and has
     * the page before the messages are read. */
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN " MESSAGE_COLUMNS("?") " FROM "
        "(SELECT i.room_id, i.message_id, i.seq FROM pin i WHERE i.room_id = ? AND (? = 0 OR "
        "(SELECT position FROM message "
        "WHERE message_id = i.message_id AND room_id = i.room_id) > ?) "
        "ORDER BY i.seq DESC LIMIT ? OFFSET ?) p "
        "JOIN message m ON m.message_id = p.message_id AND m.room_id = p.room_id "
        "JOIN user s ON s.user_id = m.sender_id " MESSAGE_QUOTE_JOIN MESSAGE_QUOTE_NAME_JOIN
        "ORDER BY p.seq DESC";
    struct db_rows *rows;
    struct message message;
    const struct db_value first = db_u64(state->first_position);
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id),
                                    db_u64(state->room_id), first, first, db_u64(limit),
                                    db_u64(offset));
    if (error)
        return error;
    /* A deleted message is never pinned: deleting removes the pin. */
    while (db_next(rows))
        if (message_from_row(rows, 0, state->room_id, &message))
            visit(context, &message);
    db_done(rows);
    return ERROR_NONE;
}
