/* Messages: reading one row; the transactions that edit and delete a message. A message has a
 * position in its room (1, 2, 3, ...), which never changes; deleting empties it and keeps the row.
 * message_post.c posts, message_mark.c moves read marks, message_page.c reads whole pages. */
#include "store/messages/message.h"

#include <string.h>

#include "event/event.h"
#include "store/messages/mention.h"
#include "store/messages/message_private.h"
#include "store/moderation/audit_log.h"
#include "store/transaction.h"

static const char *const TYPES[] = {
    [MESSAGE_TEXT] = "text",
    [MESSAGE_IMAGE] = "image",
    [MESSAGE_FILE] = "file",
    [MESSAGE_SYSTEM] = "system",
};

#define TYPE_COUNT (sizeof(TYPES) / sizeof(TYPES[0]))

const char *message_type_name(enum message_type type) {
    /* NULL for a number of a newer version of the database. */
    return type < TYPE_COUNT ? TYPES[type] : NULL;
}

unsigned message_type_of(struct text name) {
    /* Up to MESSAGE_SYSTEM, which users cannot post. */
    for (unsigned type = MESSAGE_TEXT; type < MESSAGE_SYSTEM; type++)
        if (text_equals(name, text_of(TYPES[type])))
            return type;
    return 0;
}

struct message_quote message_quote_from_row(const struct db_rows *rows, unsigned first,
                                            uint64_t message_id) {
    return (struct message_quote){.message_id = message_id,
                                  .sender_id = db_get_u64(rows, first),
                                  .sender_username = db_get_text(rows, first + 1),
                                  .excerpt = db_get_text(rows, first + 2),
                                  .is_deleted = db_get_bool(rows, first + 3),
                                  .position = db_get_u64(rows, first + 4)};
}

bool message_from_row(const struct db_rows *rows, unsigned first, uint64_t room_id,
                      struct message *message) {
    /* A LEFT JOIN found no message. */
    if (db_is_null(rows, first))
        return false;
    message->id = db_get_u64(rows, first);
    message->room_id = room_id;
    message->position = db_get_u64(rows, first + 1);
    message->sender_id = db_get_u64(rows, first + 2);
    message->sender_username = db_get_text(rows, first + 3);
    message->type = (enum message_type)db_get_u64(rows, first + 4);
    message->is_deleted = db_get_bool(rows, first + 5);
    message->reply_to_id = db_get_u64(rows, first + 6);
    message->created_at = db_get_time(rows, first + 7);
    message->edited_at = db_get_time(rows, first + 8);
    /* NULL for messages without one. */
    message->client_id = db_get_text(rows, first + 9);
    message->content = db_get_text(rows, first + 10);
    message->reactions = db_get_text(rows, first + 11);
    message->reply_count = db_get_u64(rows, first + 12);
    /* Zeros and empty texts, from NULL, if it is not a reply. */
    message->quote = message_quote_from_row(rows, first + 14, db_get_u64(rows, first + 13));
    message->files = db_get_text(rows, first + 19);
    message->mentions = db_get_text(rows, first + 20);

    /* Generated keys are not shown. The first letter says where the key comes from; only the rest
     * of a client's own is its client_id. */
    if (message->client_id.len > 0 && message->client_id.at[0] == MESSAGE_KEY_OF_CLIENT)
        message->client_id = (struct text){message->client_id.at + 1, message->client_id.len - 1};
    else
        message->client_id.len = 0;
    return true;
}

bool message_show_to(struct message *message, uint64_t first_position) {
    /* A quote of a message from before the user joined is taken out; the message itself is kept. */
    if (message->quote.position <= first_position)
        message->quote.message_id = first_position > 0 ? 0 : message->quote.message_id;
    return message->position > first_position;
}

/* ---- reading ---- */

enum error message_position(struct db *db, uint64_t room_id, uint64_t message_id,
                            uint64_t *position) {
    static const char SQL[] = "SELECT position FROM message WHERE message_id = ? AND room_id = ?";
    /* 0: not in this room. */
    return DB_NUMBER(db, SQL, position, db_u64(message_id), db_u64(room_id));
}

enum error message_get(struct db *db, uint64_t room_id, uint64_t message_id, uint64_t user_id,
                       message_visit *visit, void *context) {
    /* The joins have one row each, so that the statement reads a message and what it quotes by
     * keys. */
    static const char SQL[] =
        "SELECT " MESSAGE_COLUMNS("?") ", " ROOM_FIRST_POSITION("me", "r")
        " FROM message m JOIN user s ON s.user_id = m.sender_id "
        "JOIN room r ON r.room_id = m.room_id "
        "LEFT JOIN member me ON me.room_id = m.room_id AND me.user_id = ? "
        MESSAGE_QUOTE_JOIN MESSAGE_QUOTE_NAME_JOIN
        /* By both: an id of another room is not found. */
        "WHERE m.message_id = ? AND m.room_id = ?";
    struct db_rows *rows;
    struct message message;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id), db_u64(user_id),
                              db_u64(message_id), db_u64(room_id));
    if (error)
        return error;
    /* Unless there is a row. */
    error = ERROR_NOT_FOUND;
    if (db_next(rows) && message_from_row(rows, 0, room_id, &message) &&
        message_show_to(&message, db_get_u64(rows, MESSAGE_COLUMN_COUNT))) {
        visit(context, &message);
        error = ERROR_NONE;
    }
    db_done(rows);
    return error;
}

/* ---- results of changes ---- */

/* The columns of the bell come after six others, those of mentions and the quote after those. */
#define BELL_COLUMN 6
#define MENTION_COLUMN (BELL_COLUMN + BELL_NAME_COLUMN_COUNT)

/* The result for mentions: why they were refused, or which streams got an event. */
static void keep_mentioned(const struct db_rows *rows, enum error error,
                           struct message_change *change) {
    const struct text streams = db_get_text(rows, MENTION_COLUMN + 1);
    change->bad_mentions = (enum mention_refusal)db_get_u64(rows, MENTION_COLUMN);
    /* `mentioned` is a copy, since the texts of rows end with them; the caller frees the buffer. */
    if (!error)
        buffer_append(&change->mentioned, streams.at, streams.len);
}

void message_keep_quote(const struct db_rows *rows, unsigned first, uint64_t message_id,
                        struct message_change *change) {
    /* The columns are borrowed; the texts move into the change, so that it outlives the rows. */
    struct message_quote *quote = &change->quote;
    *quote = message_quote_from_row(rows, first, message_id);
    struct text *texts[] = {&quote->sender_username, &quote->excerpt};
    size_t used = 0;
    for (size_t i = 0; i < 2; i++) {
        /* The schema bounds both. */
        if (texts[i]->len > sizeof(change->quote_texts) - used)
            texts[i]->len = 0;
        memcpy(change->quote_texts + used, texts[i]->at, texts[i]->len);
        texts[i]->at = change->quote_texts + used;
        used += texts[i]->len;
    }
}

enum error message_read_change(struct db_rows *rows, uint64_t reply_to_id, bool with_mentions,
                               struct message_change *change) {
    enum error error;
    if (transaction_row(rows, &error)) {
        /* A refused change has changed nothing, whatever the other columns say. */
        change->changed = error == ERROR_NONE && db_get_bool(rows, 1);
        change->message_id = db_get_u64(rows, 2);
        change->seq = db_get_u64(rows, 3);
        change->position = db_get_u64(rows, 4);
        /* Microseconds since 1970: edited_at, or the time of the deletion. */
        change->at = db_get_time(rows, 5);
        bell_name_from_row(rows, BELL_COLUMN, &change->bell);
        /* Which columns there are depends on the statement: those of mentions come before those of
         * the quote. */
        if (reply_to_id)
            message_keep_quote(rows, MENTION_COLUMN + (with_mentions ? MENTION_COLUMN_COUNT : 0),
                               reply_to_id, change);
        if (with_mentions)
            keep_mentioned(rows, error, change);
    }
    db_done(rows);
    return error;
}

/* ---- changing ---- */

#define MESSAGE_DECLARATIONS                         \
    TRANSACTION_ROOM_DECLARATIONS                    \
    "DECLARE p_message BIGINT UNSIGNED DEFAULT ?; "  \
    "DECLARE v_position, v_sender, v_kinds BIGINT UNSIGNED; " \
    "DECLARE v_deleted BOOLEAN; DECLARE v_changed BOOLEAN DEFAULT FALSE; "

/* By the unique key of message_id; the room is compared so that ids of other rooms are not found.
 * No lock: the room's row, which every change takes, excludes others. */
#define FIND_MESSAGE                                                               \
    "SELECT position, sender_id, is_deleted, reaction_kinds " \
    "INTO v_position, v_sender, v_deleted, v_kinds " \
    "FROM message WHERE message_id = p_message AND room_id = p_room; "             \
    "IF v_position IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "

#define ADVANCE_ROOM "UPDATE room SET last_seq = v_seq WHERE room_id = p_room; "

/* In the order of message_read_change; the bell is NULL, as only posts need it without another
 * read. */
#define CHANGE_COLUMNS ", v_changed, p_message, v_seq, v_position, v_now, NULL, 0"

/* `check`, `set` and `store` add the mentions. */
#define EDIT_SQL(declarations, check, set, store, results)                                      \
    TRANSACTION(                                                                                \
        MESSAGE_DECLARATIONS                                                                    \
        "DECLARE p_content VARCHAR(8000) CHARACTER SET utf8mb4 DEFAULT ?; " declarations,       \
        /* The sender must still be a member. */                                                \
        TRANSACTION_ENTER_ROOM(TRANSACTION_NOT_MEMBER) TRANSACTION_MAY_WRITE                    \
        FIND_MESSAGE                                                                            \
        /* 4: a deleted message counts as not found; 3: only the sender edits. */                \
        "IF v_deleted THEN SET v_outcome = 4; LEAVE body; END IF; "                             \
        "IF v_sender <> p_user THEN SET v_outcome = 3; LEAVE body; END IF; "                    \
        check                                                                                   \
        "UPDATE message SET content = p_content, edited_at = v_now" set                         \
        " WHERE room_id = p_room AND position = v_position; "                                   \
        /* The room's last_seq moves to v_seq, then the event gets that number. */              \
        ADVANCE_ROOM                                                                            \
        TRANSACTION_ROOM_EVENT(EVENT_SQL(EVENT_MESSAGE_EDITED), "p_message") store              \
        "SET v_changed = TRUE; ",                                                               \
        CHANGE_COLUMNS results)

enum error message_edit(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t message_id,
                        struct text content, const struct mention_list *mentions,
                        uint64_t all_members, struct message_change *change) {
    /* Two texts, as for posts: an edit without mentions locks no users. */
    static const char PLAIN[] = EDIT_SQL("", "", "", "", "");
    static const char WITH_MENTIONS[] =
        EDIT_SQL(MENTION_DECLARATIONS, MENTION_LOCK("v_position") MENTION_CHECK,
                 ", mentions = p_mentions", MENTION_STORE("v_position", "p_message", "v_now"),
                 MENTION_COLUMNS);
    struct db_value values[4 + MENTION_VALUES] = {db_u64(room_id), db_u64(user_id),
                                                  db_u64(message_id), db_text(content)};
    struct mention_values bound = {0};
    struct db_rows *rows;
    memset(change, 0, sizeof(*change));
    if (mentions) {
        mention_bind(&bound, mentions, user_id, all_members);
        /* The first four values are those of both texts. */
        memcpy(values + 4, bound.values, sizeof(bound.values));
    }
    /* Repeatable: a second run stores the same text and one more event, which does no harm. */
    const enum error error = db_run(db, mentions ? WITH_MENTIONS : PLAIN, DB_REPEATABLE, values,
                                    mentions ? 4 + MENTION_VALUES : 4, &rows);
    /* The buffers of `bound` are borrowed until db_run returns. */
    mention_free(&bound);
    return error ? error : message_read_change(rows, 0, mentions != NULL, change);
}

/* `enter` locks the room, and finds the message; `done` comes last. */
#define DELETE_SQL(enter, done)                                                                 \
    TRANSACTION(                                                                                \
        MESSAGE_DECLARATIONS,                                                                   \
        enter                                                                                   \
        /* Deleted already: a success that changes nothing. */                                  \
        "IF v_deleted THEN LEAVE body; END IF; "                                                \
        "UPDATE message SET content = '', is_deleted = TRUE, reaction_kinds = 0, "              \
        "mentions = NULL WHERE room_id = p_room AND position = v_position; "                    \
        "IF v_kinds > 0 THEN "                                                                  \
        "DELETE FROM reaction WHERE room_id = p_room AND message_id = p_message; "              \
        "DELETE FROM reaction_total WHERE room_id = p_room AND message_id = p_message; "        \
        "END IF; "                                                                              \
        "DELETE FROM pin WHERE room_id = p_room AND message_id = p_message; "                   \
        "IF ROW_COUNT() > 0 THEN "                                                              \
        "UPDATE room SET pin_count = pin_count - 1 WHERE room_id = p_room; END IF; "            \
        "UPDATE file SET state = 4, expires_at = v_now "                                        \
        "WHERE message_id = p_message AND state <> 4; "                                         \
        /* Also mentions that an edit has taken back. */                                        \
        "DELETE FROM mention WHERE room_id = p_room AND position = v_position; "                \
        ADVANCE_ROOM                                                                            \
        TRANSACTION_ROOM_EVENT(EVENT_SQL(EVENT_MESSAGE_DELETED), "p_message")                   \
        "SET v_changed = TRUE; " done,                                                          \
        CHANGE_COLUMNS)

/* Runs the deletion by a member or by the site; both statements have the same result. */
static enum error run_delete(struct db *db, const char *sql, uint64_t room_id, uint64_t user_id,
                             uint64_t message_id, struct message_change *change) {
    struct db_rows *rows;
    memset(change, 0, sizeof(*change));
    const enum error error =
        DB_RUN(db, sql, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(user_id), db_u64(message_id));
    return error ? error : message_read_change(rows, 0, false, change);
}

enum error message_delete(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t message_id,
                          struct message_change *change) {
    /* By a member; the sender, also after leaving; or a site moderator. Others get 403 if they can
     * see the room, else 404. The audit has deletions by others only; the sender's own are not
     * moderation. */
    static const char SQL[] = DELETE_SQL(
        TRANSACTION_LOCK_ROOM TRANSACTION_SITE_MODERATOR
        "IF v_room IS NULL OR (v_role IS NULL AND NOT EXISTS (SELECT 1 FROM message "
        "WHERE message_id = p_message AND room_id = p_room AND sender_id = p_user)) THEN "
        "SET v_outcome = IF(v_private = FALSE, 3, 4); LEAVE body; END IF; "
        FIND_MESSAGE
        /* Moderators delete any message. */
        "IF v_sender <> p_user AND COALESCE(v_role, 0) < " ROLE_SQL_MODERATOR " THEN "
        "SET v_outcome = 3; LEAVE body; END IF; ",
        "IF v_sender <> p_user THEN "
        AUDIT_SQL("'delete_message'", "v_sender", "p_room", "p_message", "NULL") "END IF; ");
    return run_delete(db, SQL, room_id, user_id, message_id, change);
}
