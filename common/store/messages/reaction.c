/* Reactions: the transactions that add and remove one, and the list of those of a message. The
 * number of the event is the number of the reaction in its room, which gives their order. Which
 * texts are emoji is checked in unicode/emoji.c. */
#include "store/messages/reaction.h"

#include "event/event.h"
#include "store/transaction.h"

bool reaction_next(struct text *list, struct reaction_total *total) {
    struct text number, mine;
    /* Emoji have no blanks. */
    if (!text_split(list, ' ', &total->emoji) || !text_split(list, ' ', &number) ||
        !text_split(list, ' ', &mine) || !text_to_u64(number, &total->number))
        return false;
    /* 1: the user who reads is among them. */
    total->is_mine = text_equals(mine, text_of("1"));
    return true;
}

/* ---- changing ---- */

/* The common part of both transactions: access, the message, and whether the user has given this
 * emoji. The change itself says how many kinds the message has afterwards. */
#define CHANGE(is_done, change) \
    TRANSACTION(                                                                                \
        TRANSACTION_ROOM_DECLARATIONS                                                           \
        "DECLARE p_message BIGINT UNSIGNED DEFAULT ?; "                                         \
        "DECLARE p_emoji VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin DEFAULT ?; "\
        "DECLARE v_position, v_kinds BIGINT UNSIGNED; DECLARE v_deleted BOOLEAN; "              \
        "DECLARE v_changed, v_given BOOLEAN DEFAULT FALSE; ",                                   \
        TRANSACTION_ENTER_ROOM(TRANSACTION_NOT_MEMBER) TRANSACTION_MAY_WRITE                    \
        "SELECT position, is_deleted, reaction_kinds INTO v_position, v_deleted, v_kinds "      \
        "FROM message WHERE message_id = p_message AND room_id = p_room; "                      \
        /* 4: a deleted message cannot have reactions. */                                       \
        "IF v_position IS NULL OR v_deleted THEN SET v_outcome = 4; LEAVE body; END IF; "       \
        "SET v_given = EXISTS (SELECT 1 FROM reaction WHERE room_id = p_room "                  \
        "AND message_id = p_message AND user_id = p_user AND emoji = p_emoji); "                \
        "IF " is_done " THEN LEAVE body; END IF; " change                                       \
        "UPDATE message SET reaction_kinds = v_kinds "                                          \
        "WHERE room_id = p_room AND position = v_position; "                                    \
        "UPDATE room SET last_seq = v_seq WHERE room_id = p_room; "                             \
        TRANSACTION_ROOM_EVENT(EVENT_SQL(EVENT_REACTIONS_CHANGED), "p_message")                 \
        "SET v_changed = TRUE; ",                                                               \
        ", v_changed, v_seq, " REACTION_LIST("p_room", "p_message", "p_user"))

/* By the primary key of reaction_total. */
#define OF_TOTAL "WHERE room_id = p_room AND message_id = p_message AND emoji = p_emoji; "

/* Gives or takes back a reaction, and reads the new totals. The caller frees them. */
static enum error run_change(struct db *db, const char *sql, const struct reaction_key *key,
                             struct reaction_change *change) {
    struct db_rows *rows;
    *change = (struct reaction_change){.totals = BUFFER_EMPTY};
    /* Repeatable: a second run finds the emoji given, or taken back, and changes nothing. */
    enum error error =
        DB_RUN(db, sql, DB_REPEATABLE, &rows, db_u64(key->room_id), db_u64(key->user_id),
               db_u64(key->message_id), db_text(key->emoji));
    if (error)
        return error;
    if (transaction_row(rows, &error)) {
        const struct text totals = db_get_text(rows, 3);
        change->changed = error == ERROR_NONE && db_get_bool(rows, 1);
        /* The only bad input that the statement finds: too many kinds. */
        change->too_many = error == ERROR_BAD_INPUT;
        change->seq = db_get_u64(rows, 2);
        /* A copy, since the texts of rows end with them; the caller frees it. */
        buffer_append(&change->totals, totals.at, totals.len);
    }
    db_done(rows);
    return error;
}

enum error reaction_add(struct db *db, const struct reaction_key *key,
                        struct reaction_change *change) {
    static const char SQL[] = CHANGE(
        "v_given",
        /* The total first: whether the emoji is new decides about the limit. */
        "UPDATE reaction_total SET number = number + 1 " OF_TOTAL
        /* The first with this emoji; 1: there are too many others. */
        "IF ROW_COUNT() = 0 THEN "
        "IF v_kinds >= " EVENT_SQL(REACTION_KINDS_MOST) " THEN "
        "SET v_outcome = 1; LEAVE body; END IF; "
        "INSERT INTO reaction_total (room_id, message_id, emoji, number, since_seq) "
        "VALUES (p_room, p_message, p_emoji, 1, v_seq); "
        "SET v_kinds = v_kinds + 1; END IF; "
        "INSERT INTO reaction (room_id, message_id, seq, user_id, emoji, created_at) "
        "VALUES (p_room, p_message, v_seq, p_user, p_emoji, v_now); ");
    return run_change(db, SQL, key, change);
}

enum error reaction_remove(struct db *db, const struct reaction_key *key,
                           struct reaction_change *change) {
    static const char SQL[] = CHANGE(
        "NOT v_given",
        "DELETE FROM reaction WHERE room_id = p_room AND message_id = p_message "
        /* The total at 0 is deleted; ROW_COUNT of the last statement is how many kinds fewer there
         * are. */
        "AND user_id = p_user AND emoji = p_emoji; "
        "UPDATE reaction_total SET number = number - 1 " OF_TOTAL
        "DELETE FROM reaction_total WHERE number = 0 AND room_id = p_room "
        "AND message_id = p_message AND emoji = p_emoji; "
        "SET v_kinds = v_kinds - ROW_COUNT(); ");
    return run_change(db, SQL, key, change);
}

/* ---- reading ---- */

enum error reaction_count(struct db *db, uint64_t room_id, uint64_t message_id, uint64_t *count) {
    /* A sum over at most REACTION_KINDS_MOST rows. From the message, so that one without reactions
     * has a row, and a deleted one none. */
    static const char SQL[] =
        "SELECT (SELECT SUM(t.number) FROM reaction_total t "
        "WHERE t.room_id = m.room_id AND t.message_id = m.message_id) "
        "FROM message m WHERE m.message_id = ? AND m.room_id = ? AND NOT m.is_deleted";
    struct db_rows *rows;
    const enum error error = DB_FIND(db, SQL, &rows, db_u64(message_id), db_u64(room_id));
    if (error)
        return error;
    /* SUM of no row is NULL, which reads as 0. */
    *count = db_get_u64(rows, 0);
    db_done(rows);
    return ERROR_NONE;
}

enum error reaction_list(struct db *db, uint64_t room_id, uint64_t message_id, uint64_t limit,
                         uint64_t offset, reaction_visit *visit, void *context) {
    /* A range of the primary key; the rows before the page are skipped. */
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN x.emoji, x.user_id, u.username, x.created_at FROM reaction x "
        "JOIN user u ON u.user_id = x.user_id WHERE x.room_id = ? AND x.message_id = ? "
        "ORDER BY x.seq LIMIT ? OFFSET ?";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id),
                                    db_u64(message_id), db_u64(limit), db_u64(offset));
    if (error)
        return error;
    while (db_next(rows)) {
        const struct reaction reaction = {.emoji = db_get_text(rows, 0),
                                          .user_id = db_get_u64(rows, 1),
                                          .username = db_get_text(rows, 2),
                                          .created_at = db_get_time(rows, 3)};
        visit(context, &reaction);
    }
    db_done(rows);
    return ERROR_NONE;
}
