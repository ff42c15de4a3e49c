/* Messages: reading one row; the transactions that post, edit, delete and mark as read. A message
 * has a position in its room (1, 2, 3, ...), which never changes; deleting empties it and keeps the
 * row. message_page.c reads whole pages. */
#include "store/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "event/event.h"
#include "store/file.h"
#include "store/mention.h"
#include "store/token.h"
#include "store/transaction.h"

/* The column client_id is unique for a room and sender. Its first letter says whether the client
 * chose it or the store generated it, so that the two kinds never collide. */
#define KEY_OF_CLIENT 'c'
#define KEY_OF_STORE 's'
#define KEY_SIZE (1 + 64 * 4 + 1)

/* Hexadecimal digits in a generated key: of the time, and of a random number. */
#define KEY_PART 16

static const char *const TYPES[] = {
    [MESSAGE_TEXT] = "text",
    [MESSAGE_IMAGE] = "image",
    [MESSAGE_FILE] = "file",
    [MESSAGE_SYSTEM] = "system",
};

#define TYPE_COUNT (sizeof(TYPES) / sizeof(TYPES[0]))

const char *message_type_name(enum message_type type) {
    return type < TYPE_COUNT ? TYPES[type] : NULL;
}

unsigned message_type_of(struct text name) {
    for (unsigned type = MESSAGE_TEXT; type < MESSAGE_SYSTEM; type++)
        if (text_equals(name, text_of(TYPES[type])))
            return type;
    return 0;
}

/* Reads MESSAGE_QUOTE_COLUMNS. */
static struct message_quote quote_from_row(const struct db_rows *rows, unsigned first,
                                           uint64_t message_id) {
    return (struct message_quote){.message_id = message_id,
                                  .sender_id = db_get_u64(rows, first),
                                  .sender_username = db_get_text(rows, first + 1),
                                  .excerpt = db_get_text(rows, first + 2),
                                  .is_deleted = db_get_bool(rows, first + 3)};
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
    message->quote = quote_from_row(rows, first + 14, db_get_u64(rows, first + 13));
    message->files = db_get_text(rows, first + 18);
    message->mentions = db_get_text(rows, first + 19);

    /* Generated keys are not shown. */
    if (message->client_id.len > 0 && message->client_id.at[0] == KEY_OF_CLIENT)
        message->client_id = (struct text){message->client_id.at + 1, message->client_id.len - 1};
    else
        message->client_id.len = 0;
    return true;
}

/* ---- reading ---- */

enum error message_get(struct db *db, uint64_t room_id, uint64_t message_id, uint64_t user_id,
                       message_visit *visit, void *context) {
    static const char SQL[] =
        "SELECT " MESSAGE_COLUMNS("?") " FROM message m JOIN user s ON s.user_id = m.sender_id "
        MESSAGE_QUOTE_JOIN MESSAGE_QUOTE_NAME_JOIN
        /* By both: an id of another room is not found. */
        "WHERE m.message_id = ? AND m.room_id = ?";
    struct db_rows *rows;
    struct message message;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id), db_u64(message_id),
                              db_u64(room_id));
    if (error)
        return error;
    /* Unless there is a row. */
    error = ERROR_NOT_FOUND;
    if (db_next(rows) && message_from_row(rows, 0, room_id, &message)) {
        visit(context, &message);
        error = ERROR_NONE;
    }
    db_done(rows);
    return error;
}

/* ---- changing ---- */

/* Posting is the most frequent change, so it has the fewest steps: one UPDATE locks the room and
 * returns its counters in user variables; the next moves the read mark, and changes no row if the
 * sender is not a member; the unique key detects a repeated client_id. TRANSACTION_ENTER_ROOM with
 * declared variables takes two thirds more CPU time of the server. FORCE INDEX saves the optimizer
 * from estimating the rows of another index, a third of that step. */
#define POST_PARTS(declarations, check, columns, values, use_files, store, results)              \
    TRANSACTION(declarations,                                                                    \
                "UPDATE room SET last_seq = (@confab_seq := last_seq + 1), "                     \
                "message_count = (@confab_position := message_count + 1), "                      \
                "last_active_at = (@confab_now := SYSDATE(6)), "                                 \
                "bell = (@confab_bell := bell), "                                                \
                "bell_generation = (@confab_generation := bell_generation) WHERE room_id = ?; "  \
                check                                                                            \
                "INSERT INTO message (room_id, position, sender_id, message_type, reply_to_id, " \
                "created_at, client_id, content" columns ") "                                    \
                "VALUES (?, @confab_position, ?, ?, ?, @confab_now, ?, ?" values "); " use_files \
                "INSERT INTO event (room_id, seq, event_type, actor_id, subject_id, created_at)" \
                " VALUES (?, @confab_seq, " EVENT_SQL(                                           \
                    EVENT_NEW_MESSAGE) ", ?, LAST_INSERT_ID(), @confab_now); " store,            \
                ", TRUE, LAST_INSERT_ID(), @confab_seq, @confab_position, "                      \
                "CAST(@confab_now AS DATETIME(6)), @confab_bell, @confab_generation" results)

#define POST_SQL(check_sender, count_reply, reply_columns, use_files) \
    POST_PARTS("", check_sender count_reply, "", "", use_files, "", reply_columns)

/* With mentions: a statement of its own, so that other posts do not pay for them. `before`: what is
 * checked before rows of users are locked. */
#define POST_MENTIONS_SQL(before, check_sender, count_reply, reply_columns, use_files)          \
    POST_PARTS("DECLARE p_room BIGINT UNSIGNED DEFAULT ?; DECLARE p_user BIGINT UNSIGNED "       \
               "DEFAULT ?; " MENTION_DECLARATIONS,                                               \
               before MENTION_LOCK("@confab_position") check_sender MENTION_CHECK count_reply,   \
               ", mentions", ", p_mentions", use_files,                                          \
               MENTION_STORE("@confab_position", "LAST_INSERT_ID()", "@confab_now"),             \
               MENTION_COLUMNS reply_columns)

/* The sender is a member, whose read mark moves; with AUTH, also the owner of a token. */
#define BY_MEMBER(auth) \
    "UPDATE member FORCE INDEX (PRIMARY) "                                      \
    "SET last_read_position = @confab_position, read_at = @confab_now "            \
    "WHERE room_id = ? AND user_id = ?" auth "; "                               \
    "IF ROW_COUNT() = 0 THEN "                                                  \
    "SET v_outcome = IF(EXISTS (SELECT 1 FROM room WHERE room_id = ?), 3, 4); " \
    "LEAVE body; END IF; "

/* The site needs no membership, but there must be such a room. */
#define BY_SITE "IF ROW_COUNT() = 0 THEN SET v_outcome = 4; LEAVE body; END IF; "

/* A reply: counted with the message that it answers, which must be in the room, and listed there;
 * the result has what the reply shows of it. */
#define COUNT_REPLY                                                           \
    "UPDATE message SET reply_count = (@confab_replies := reply_count + 1) "  \
    "WHERE message_id = ? AND room_id = ?; "                                  \
    "IF ROW_COUNT() = 0 THEN SET v_outcome = 1; LEAVE body; END IF; "         \
    "INSERT INTO reply (room_id, message_id, number, position) "              \
    "VALUES (?, ?, @confab_replies, @confab_position); "
#define REPLY_COLUMNS                                                         \
    ", " MESSAGE_QUOTE_COLUMNS("qs.username")                                 \
    " FROM (SELECT 1) one LEFT JOIN message q ON q.message_id = ? " MESSAGE_QUOTE_NAME_JOIN

/* The files become those of the message, in the order given; each must be usable still. 6: one is
 * not. A message of nothing but pictures, sound and film, which browsers show, is an image. */
#define NO_FILES ""
#define USE_FILES                                                                           \
    "SET @confab_message = LAST_INSERT_ID(); "                                              \
    "UPDATE file SET message_id = @confab_message, expires_at = NULL, "                     \
    "place = FIND_IN_SET(file_id, ?) WHERE file_id IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "      \
    "AND room_id = ? AND user_id = ? AND message_id IS NULL AND state IN (1, 2) "           \
    "AND expires_at > @confab_now; "                                                        \
    "IF ROW_COUNT() <> ? THEN SET v_outcome = 6; LEAVE body; END IF; "                      \
    "IF NOT EXISTS (SELECT 1 FROM file WHERE message_id = @confab_message "                 \
    "AND media_type NOT IN (" FILE_SHOWN_TYPES ")) THEN "                                   \
    "UPDATE message SET message_type = 2 WHERE message_id = @confab_message; END IF; "

/* The token belongs to the sender, and the sender is active. */
#define AUTH                                                                              \
    " AND user_id = (SELECT u.user_id FROM token t JOIN user u ON u.user_id = t.user_id " \
    "WHERE t.token_hash = ? AND u.is_active AND " TOKEN_IS_VALID("t") ")"

/* Indexed by who posts, whether the message has files, is a reply, and has mentions. */
#define POSTS_OF(before, by, count_reply, reply_columns, files)          \
    {                                                                    \
        POST_SQL(before by, count_reply, reply_columns, files),          \
        POST_MENTIONS_SQL(before, by, count_reply, reply_columns, files) \
    }
#define POSTS_WITH(before, by, files)                          \
    {                                                          \
        POSTS_OF(before, by, "", "", files),                   \
        POSTS_OF(before, by, COUNT_REPLY, REPLY_COLUMNS, files) \
    }
#define POSTS(before, by) {POSTS_WITH(before, by, NO_FILES), POSTS_WITH(before, by, USE_FILES)}
enum sender { SENDER_MEMBER, SENDER_TOKEN, SENDER_SITE };
static const char *const POST[3][2][2][2] = {[SENDER_MEMBER] = POSTS("", BY_MEMBER("")),
                                             [SENDER_TOKEN] = POSTS("", BY_MEMBER(AUTH)),
                                             [SENDER_SITE] = POSTS(BY_SITE, "")};

/* Writes the value of the column client_id: the client's own, or else a generated one. That starts
 * with the time, so that the index grows at its end; the random digits make it unique. */
static void make_key(const struct message_draft *draft, char key[KEY_SIZE], struct text *text) {
    if (draft->client_id.len > 0) {
        key[0] = KEY_OF_CLIENT;
        /* A client_id has up to 64 characters of up to 4 bytes; KEY_SIZE has room for them. */
        memcpy(key + 1, draft->client_id.at, draft->client_id.len);
        *text = (struct text){key, 1 + draft->client_id.len};
        return;
    }
    key[0] = KEY_OF_STORE;
    /* Sixteen digits of microseconds, then sixteen random ones. */
    text_put_hex(key + 1, KEY_PART, (uint64_t)clock_now());
    secret_random_hex(key + 1 + KEY_PART, KEY_PART / 2);
    *text = (struct text){key, 1 + 2 * KEY_PART};
}

/* The columns of the bell come after six others, those of mentions and the quote after those. */
#define BELL_COLUMN 6
#define MENTION_COLUMN (BELL_COLUMN + BELL_NAME_COLUMN_COUNT)

static void keep_mentioned(const struct db_rows *rows, enum error error,
                           struct message_change *change) {
    const struct text streams = db_get_text(rows, MENTION_COLUMN + 1);
    change->bad_mentions = (enum mention_refusal)db_get_u64(rows, MENTION_COLUMN);
    if (!error)
        buffer_append(&change->mentioned, streams.at, streams.len);
}

/* Copies what the reply shows, since the rows are freed. */
static void keep_quote(const struct db_rows *rows, unsigned first, uint64_t message_id,
                       struct message_change *change) {
    struct message_quote *quote = &change->quote;
    *quote = quote_from_row(rows, first, message_id);
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

/* Reads the row that every change of a message returns, and frees the rows: outcome, changed, id,
 * seq, position, time, and the bell of the room, which only a post reads; with mentions, their
 * columns; after the post of a reply to a message, what it shows of that. */
static enum error read_change(struct db_rows *rows, uint64_t reply_to_id, bool with_mentions,
                              struct message_change *change) {
    enum error error = ERROR_INTERNAL;
    if (db_next(rows)) {
        error = (enum error)db_get_u64(rows, 0);
        /* A refused change has changed nothing, whatever the other columns say. */
        change->changed = error == ERROR_NONE && db_get_bool(rows, 1);
        change->message_id = db_get_u64(rows, 2);
        change->seq = db_get_u64(rows, 3);
        change->position = db_get_u64(rows, 4);
        change->at = db_get_time(rows, 5);
        bell_name_from_row(rows, BELL_COLUMN, &change->bell);
        if (reply_to_id)
            keep_quote(rows, MENTION_COLUMN + (with_mentions ? MENTION_COLUMN_COUNT : 0),
                       reply_to_id, change);
        if (with_mentions)
            keep_mentioned(rows, error, change);
    }
    db_done(rows);
    return error;
}

/* Room for ten ids of twenty digits, separated by commas, and the terminator. */
#define FILE_IDS_SIZE (FILE_MOST * 21 + 1)

/* The values of USE_FILES, and their number. `list` is storage for the ids as a text. */
#define FILE_VALUES (FILE_MOST + 4)
static size_t bind_files(const struct message_draft *draft, char list[FILE_IDS_SIZE],
                         struct db_value *values) {
    size_t count = 0, len = 0;
    for (size_t i = 0; i < draft->file_count; i++)
        len += (size_t)snprintf(list + len, FILE_IDS_SIZE - len, "%s%" PRIu64, i > 0 ? "," : "",
                                draft->file_ids[i]);
    values[count++] = db_text((struct text){list, len});
    /* NULL is in no list. */
    for (size_t i = 0; i < FILE_MOST; i++)
        values[count++] = db_id_or_null(i < draft->file_count ? draft->file_ids[i] : 0);
    values[count++] = db_u64(draft->room_id);
    values[count++] = db_u64(draft->sender_id);
    values[count++] = db_u64(draft->file_count);
    return count;
}

/* Binds the values in the order of POST_SQL and runs it. */
static enum error run_post(struct db *db, const struct message_draft *draft, struct text key,
                           struct db_rows **rows) {
    /* The value of each question mark, from the top of the statement to its end; optional parts of
     * the text have optional values here. */
    const struct db_value room = db_u64(draft->room_id), sender = db_u64(draft->sender_id);
    /* With mentions, token hash, reply and files. */
    struct db_value values[20 + MENTION_VALUES + FILE_VALUES];
    char file_ids[FILE_IDS_SIZE];
    size_t count = 0;
    struct mention_values bound;
    const enum sender by = draft->by_site      ? SENDER_SITE
                           : draft->token_hash ? SENDER_TOKEN
                                               : SENDER_MEMBER;
    if (draft->mentions) {
        mention_bind(&bound, draft->mentions, draft->sender_id, draft->all_members);
        values[count++] = room;
        values[count++] = sender;
        memcpy(values + count, bound.values, sizeof(bound.values));
        count += MENTION_VALUES;
    }
    values[count++] = room;
    if (by != SENDER_SITE) {
        values[count++] = room;
        values[count++] = sender;
    }
    if (by == SENDER_TOKEN)
        values[count++] = db_bytes(draft->token_hash, SECRET_HASH_SIZE);
    if (by != SENDER_SITE)
        values[count++] = room;
    /* The reply must be to a message of the same room. */
    if (draft->reply_to_id) {
        values[count++] = db_u64(draft->reply_to_id);
        values[count++] = room;
        values[count++] = room;
        values[count++] = db_u64(draft->reply_to_id);
    }
    values[count++] = room;
    values[count++] = sender;
    values[count++] = db_u64(draft->file_count > 0 ? MESSAGE_FILE : draft->type);
    values[count++] = db_id_or_null(draft->reply_to_id);
    values[count++] = db_text(key);
    values[count++] = db_text(draft->content);
    if (draft->file_count > 0)
        count += bind_files(draft, file_ids, values + count);
    values[count++] = room;
    values[count++] = sender;
    if (draft->reply_to_id)
        values[count++] = db_u64(draft->reply_to_id);
    /* Repeatable, since the unique key of client_id makes a second run fail as a duplicate. */
    const bool has_files = draft->file_count > 0, is_reply = draft->reply_to_id != 0;
    const enum error error = db_run(db, POST[by][has_files][is_reply][draft->mentions != NULL],
                                    DB_REPEATABLE, values, count, rows);
    if (draft->mentions)
        mention_free(&bound);
    return error;
}

/* Finds the message that has the key already. With a generated key it can only be the message of
 * this very post, whose statement was repeated after a lost connection: then changed is true. */
static enum error find_posted(struct db *db, const struct message_draft *draft, struct text key,
                              struct message_change *change) {
    static const char SQL[] =
        "SELECT m.message_id, m.position, m.created_at, q.message_id, "
        MESSAGE_QUOTE_COLUMNS("qs.username") " FROM message m " MESSAGE_QUOTE_JOIN
        MESSAGE_QUOTE_NAME_JOIN "WHERE m.room_id = ? AND m.sender_id = ? AND m.client_id = ?";
    struct db_rows *rows;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(draft->room_id),
                              db_u64(draft->sender_id), db_text(key));
    if (error)
        return error;
    error = ERROR_NOT_FOUND;
    /* No seq: the caller does not know it, and pushd finds the event in the database. */
    if (db_next(rows)) {
        *change = (struct message_change){.changed = draft->client_id.len == 0,
                                          .message_id = db_get_u64(rows, 0),
                                          .position = db_get_u64(rows, 1),
                                          .at = db_get_time(rows, 2)};
        keep_quote(rows, 4, db_get_u64(rows, 3), change);
        error = ERROR_NONE;
    }
    db_done(rows);
    return error;
}

enum error message_post(struct db *db, const struct message_draft *draft,
                        struct message_change *change) {
    char key[KEY_SIZE];
    struct text key_text;
    struct db_rows *rows;
    memset(change, 0, sizeof(*change));
    /* One letter and the terminator are not the client's. */
    if (draft->client_id.len > KEY_SIZE - 2 || draft->file_count > FILE_MOST)
        return ERROR_BAD_INPUT;
    make_key(draft, key, &key_text);
    enum error error = run_post(db, draft, key_text, &rows);
    if (!error)
        error = read_change(rows, draft->reply_to_id, draft->mentions != NULL, change);

    /* A repeated client_id returns the earlier message, also if the new reply_to_id is invalid. */
    if (error == ERROR_CONFLICT || (error == ERROR_BAD_INPUT && draft->client_id.len > 0)) {
        const enum error found = find_posted(db, draft, key_text, change);
        if (found != ERROR_NOT_FOUND)
            return found;
    }
    change->bad_reply = error == ERROR_BAD_INPUT && change->bad_mentions == MENTION_FINE;
    /* The outcome of USE_FILES. */
    change->bad_files = error == ERROR_GONE;
    if (change->bad_files)
        return ERROR_BAD_INPUT;
    /* A duplicate whose message is not found: it was rolled back meanwhile; the client may try
     * again. */
    return error == ERROR_CONFLICT ? ERROR_UNAVAILABLE : error;
}

#define MESSAGE_DECLARATIONS                         \
    TRANSACTION_ROOM_DECLARATIONS                    \
    "DECLARE p_message BIGINT UNSIGNED DEFAULT ?; "  \
    "DECLARE v_position, v_sender, v_kinds BIGINT UNSIGNED; " \
    "DECLARE v_deleted BOOLEAN; DECLARE v_changed BOOLEAN DEFAULT FALSE; "

#define FIND_MESSAGE                                                               \
    "SELECT position, sender_id, is_deleted, reaction_kinds " \
    "INTO v_position, v_sender, v_deleted, v_kinds " \
    "FROM message WHERE message_id = p_message AND room_id = p_room; "             \
    "IF v_position IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "

#define ADVANCE_ROOM "UPDATE room SET last_seq = v_seq WHERE room_id = p_room; "

#define CHANGE_COLUMNS ", v_changed, p_message, v_seq, v_position, v_now, NULL, 0"

/* `check`, `set` and `store` add the mentions. */
#define EDIT_SQL(declarations, check, set, store, results)                                      \
    TRANSACTION(                                                                                \
        MESSAGE_DECLARATIONS                                                                    \
        "DECLARE p_content VARCHAR(8000) CHARACTER SET utf8mb4 DEFAULT ?; " declarations,       \
        /* The sender must still be a member. */                                                \
        TRANSACTION_ENTER_ROOM(TRANSACTION_NOT_MEMBER)                                          \
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
        memcpy(values + 4, bound.values, sizeof(bound.values));
    }
    const enum error error = db_run(db, mentions ? WITH_MENTIONS : PLAIN, DB_REPEATABLE, values,
                                    mentions ? 4 + MENTION_VALUES : 4, &rows);
    mention_free(&bound);
    return error ? error : read_change(rows, 0, mentions != NULL, change);
}

enum error message_delete(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t message_id,
                          struct message_change *change) {
    static const char SQL[] = TRANSACTION(
        MESSAGE_DECLARATIONS,
        /* A member; or the sender, who may delete own messages after leaving. Others get 403 if
         * they can see the room, else 404. */
        TRANSACTION_LOCK_ROOM
        "IF v_room IS NULL OR (v_member IS NULL AND NOT EXISTS (SELECT 1 FROM message "
        "WHERE message_id = p_message AND room_id = p_room AND sender_id = p_user)) THEN "
        "SET v_outcome = IF(v_private = FALSE, 3, 4); LEAVE body; END IF; "
        FIND_MESSAGE
        /* Admins delete any message. */
        "IF v_sender <> p_user AND NOT v_admin THEN SET v_outcome = 3; LEAVE body; END IF; "
        /* Deleted already: a success that changes nothing. */
        "IF v_deleted THEN LEAVE body; END IF; "
        "UPDATE message SET content = '', is_deleted = TRUE, reaction_kinds = 0, mentions = NULL "
        "WHERE room_id = p_room AND position = v_position; "
        "IF v_kinds > 0 THEN "
        "DELETE FROM reaction WHERE room_id = p_room AND message_id = p_message; "
        "DELETE FROM reaction_total WHERE room_id = p_room AND message_id = p_message; END IF; "
        "DELETE FROM pin WHERE room_id = p_room AND message_id = p_message; "
        "IF ROW_COUNT() > 0 THEN "
        "UPDATE room SET pin_count = pin_count - 1 WHERE room_id = p_room; END IF; "
        "UPDATE file SET state = 4, expires_at = v_now "
        "WHERE message_id = p_message AND state <> 4; "
        /* Also those that an edit has taken back. */
        "DELETE FROM mention WHERE room_id = p_room AND position = v_position; "
        ADVANCE_ROOM
        TRANSACTION_ROOM_EVENT(EVENT_SQL(EVENT_MESSAGE_DELETED), "p_message")
        "SET v_changed = TRUE; ",
        CHANGE_COLUMNS);
    struct db_rows *rows;
    memset(change, 0, sizeof(*change));
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(user_id), db_u64(message_id));
    return error ? error : read_change(rows, 0, false, change);
}

/* A read mark is no event of the room, so the room is not locked. Its number in the user's own
 * stream is kept with the membership; see user_log.h. `move` is an SQL condition under which the
 * mark moves, to v_target; `more` follows then. */
#define MARK_SQL(target, move, more)                                                             \
    TRANSACTION(                                                                                 \
        "DECLARE p_room BIGINT UNSIGNED DEFAULT ?; DECLARE p_user BIGINT UNSIGNED DEFAULT ?; "   \
        "DECLARE p_message BIGINT UNSIGNED DEFAULT ?; "                                          \
        "DECLARE v_room, v_member, v_read, v_position, v_count, v_mark_seq BIGINT UNSIGNED; "    \
        "DECLARE v_target, v_user_seq BIGINT UNSIGNED; "                                         \
        "DECLARE v_private, v_moved, v_read_before BOOLEAN; "                                    \
        "DECLARE v_noted BOOLEAN DEFAULT FALSE; ",                                               \
        /* FOR UPDATE: two marks of one user come one after the other. First, so that under      \
         * REPEATABLE READ the snapshot of what follows is not older than the mark. */           \
        "SELECT last_seq + 1 INTO v_mark_seq FROM user WHERE user_id = p_user FOR UPDATE; "      \
        "SELECT user_id, last_read_position, read_at IS NOT NULL "                               \
        "INTO v_member, v_read, v_read_before FROM member "                                      \
        "WHERE room_id = p_room AND user_id = p_user FOR UPDATE; "                               \
        "SELECT r.room_id, r.is_private INTO v_room, v_private FROM room r "                     \
        "WHERE r.room_id = p_room; "                                                             \
        "IF v_room IS NULL OR (v_private AND v_member IS NULL) THEN "                            \
        "SET v_outcome = 4; LEAVE body; END IF; "                                                \
        "IF v_member IS NULL THEN SET v_outcome = 3; LEAVE body; END IF; "                       \
        /* 1: the message is not in this room. */                                                \
        "SELECT position INTO v_position FROM message "                                          \
        "WHERE message_id = p_message AND room_id = p_room; "                                    \
        "IF v_position IS NULL THEN SET v_outcome = 1; LEAVE body; END IF; "                     \
        "SET v_target = " target "; SET v_moved = " move "; "                                    \
        "IF v_moved THEN UPDATE user SET last_seq = v_mark_seq WHERE user_id = p_user; "         \
        "UPDATE member SET last_read_position = v_target, mark_seq = v_mark_seq "                \
        "WHERE room_id = p_room AND user_id = p_user; SET v_read = v_target; "                  \
        more "END IF; "                                                                          \
        /* Read last: with the row of the member locked, the count includes every message of     \
         * its own. */                                                                           \
        "SELECT message_count INTO v_count FROM room WHERE room_id = p_room; ",                  \
        ", v_moved, v_count - v_read, "                                                          \
        "(SELECT message_id FROM message WHERE room_id = p_room AND position = v_read), "        \
        "v_mark_seq, v_user_seq, v_noted")

#define READ_NOW \
    "UPDATE member SET read_at = SYSDATE(6) WHERE room_id = p_room AND user_id = p_user; "

static enum error move_mark(struct db *db, const char *sql, uint64_t room_id, uint64_t user_id,
                            uint64_t message_id, struct message_mark *mark) {
    struct db_rows *rows;
    memset(mark, 0, sizeof(*mark));
    enum error error =
        DB_RUN(db, sql, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(user_id), db_u64(message_id));
    if (error)
        return error;
    error = ERROR_INTERNAL;
    if (db_next(rows)) {
        error = (enum error)db_get_u64(rows, 0);
        mark->moved = db_get_bool(rows, 1);
        mark->unread_count = error ? 0 : db_get_u64(rows, 2);
        mark->message_id = db_get_u64(rows, 3);
        mark->user_seq = mark->moved ? db_get_u64(rows, 4) : 0;
        mark->view_seq = mark->moved ? db_get_u64(rows, 5) : 0;
        mark->noted = !error && db_get_bool(rows, 6);
        mark->bad_message = error == ERROR_BAD_INPUT;
    }
    db_done(rows);
    return error;
}

enum error message_mark_read(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t message_id,
                             struct message_mark *mark) {
    static const char SQL[] =
        MARK_SQL("v_position", "v_target > v_read",
                 READ_NOW
                 /* The mark was set by joining; now the user has read up to there. */
                 "ELSEIF v_target = v_read AND NOT v_read_before THEN SET v_noted = TRUE; "
                 READ_NOW);
    return move_mark(db, SQL, room_id, user_id, message_id, mark);
}

enum error message_mark_unread(struct db *db, uint64_t room_id, uint64_t user_id,
                               uint64_t message_id, struct message_mark *mark) {
    static const char SQL[] =
        MARK_SQL("v_position - 1", "v_target < v_read",
                 "SET v_now = SYSDATE(6); " TRANSACTION_USER_EVENT(
                     "p_user", EVENT_SQL(EVENT_PREFERENCES_CHANGED), "p_user", "p_room", "+ 0"));
    return move_mark(db, SQL, room_id, user_id, message_id, mark);
}

/* The rooms and their ends, as rows. */
#define MARKS                                                                             \
    "JSON_TABLE(@confab_moved, '$[*]' COLUMNS (place FOR ORDINALITY, "                    \
    "room BIGINT UNSIGNED PATH '$[0]', position BIGINT UNSIGNED PATH '$[1]')) j "

enum error message_mark_all_read(struct db *db, uint64_t user_id, message_mark_visit *visit,
                                 void *context) {
    /* The rooms with unread messages, each with the numbers of its two events: a read_changed, kept
     * with the membership, and a preferences_changed. A message posted meanwhile stays unread. */
    static const char SQL[] = TRANSACTION(
        "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; DECLARE v_seq, v_count BIGINT UNSIGNED; ",
        "SELECT last_seq INTO v_seq FROM user WHERE user_id = p_user FOR UPDATE; "
        "SET v_now = SYSDATE(6); "
        "SET @confab_moved = (SELECT JSON_ARRAYAGG(JSON_ARRAY(r.room_id, r.message_count)) "
        "FROM member me JOIN room r ON r.room_id = me.room_id "
        "WHERE me.user_id = p_user AND me.last_read_position < r.message_count); "
        "SET v_count = COALESCE(JSON_LENGTH(@confab_moved), 0); "
        "IF v_count = 0 THEN LEAVE body; END IF; "
        "UPDATE user SET last_seq = v_seq + 2 * v_count WHERE user_id = p_user; "
        "UPDATE " MARKS "STRAIGHT_JOIN member me ON me.room_id = j.room AND me.user_id = p_user "
        "SET me.last_read_position = GREATEST(me.last_read_position, j.position), "
        "me.mark_seq = v_seq + j.place, me.read_at = v_now; "
        "INSERT INTO user_event (user_id, seq, event_type, actor_id, subject_id, created_at) "
        "SELECT p_user, v_seq + v_count + j.place, " EVENT_SQL(EVENT_PREFERENCES_CHANGED)
        ", p_user, j.room, v_now FROM " MARKS "; ",
        ", v_seq, v_count");
    static const char MOVED[] =
        "SELECT j.room, j.place, m.message_id, r.message_count - j.position, "
        ROOM_VIEW_COLUMNS("me", "r") " FROM " MARKS "JOIN room r ON r.room_id = j.room "
        "JOIN member me ON me.room_id = r.room_id AND me.user_id = ? "
        "LEFT JOIN message m ON m.room_id = j.room AND m.position = j.position ORDER BY j.place";
    struct db_rows *rows;
    uint64_t seq = 0, count = 0;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id));
    if (error)
        return error;
    error = ERROR_INTERNAL;
    if (db_next(rows)) {
        error = (enum error)db_get_u64(rows, 0);
        seq = db_get_u64(rows, 1);
        count = db_get_u64(rows, 2);
    }
    db_done(rows);
    if (error || count == 0)
        return error;
    error = DB_RUN(db, MOVED, 0, &rows, db_u64(user_id));
    if (error)
        return error;
    while (db_next(rows)) {
        const uint64_t place = db_get_u64(rows, 1);
        const struct message_mark mark = {.moved = true,
                                          .message_id = db_get_u64(rows, 2),
                                          .unread_count = db_get_u64(rows, 3),
                                          .user_seq = seq + place,
                                          .view_seq = seq + count + place};
        const struct room_view view = room_view_from_row(rows, 4);
        visit(context, db_get_u64(rows, 0), &mark, &view);
    }
    db_done(rows);
    return ERROR_NONE;
}
