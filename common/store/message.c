#include "store/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "event.h"
#include "secret.h"
#include "store/transaction.h"

/* client_id is stored behind a letter that tells whose it is, so that a key of the
 * store's own never meets a client's. */
#define KEY_OF_CLIENT 'c'
#define KEY_OF_STORE 's'
#define KEY_SIZE (1 + 64 * 4 + 1)

static const char *const TYPES[] = {
    [MESSAGE_TEXT] = "text",
    [MESSAGE_IMAGE] = "image",
    [MESSAGE_FILE] = "file",
};

#define TYPE_COUNT (sizeof(TYPES) / sizeof(TYPES[0]))

const char *message_type_name(enum message_type type) {
    return type < TYPE_COUNT ? TYPES[type] : NULL;
}

unsigned message_type_of(struct text name) {
    for (unsigned type = MESSAGE_TEXT; type < TYPE_COUNT; type++)
        if (text_equals(name, text_of(TYPES[type])))
            return type;
    return 0;
}

bool message_from_row(const struct db_rows *rows, unsigned first, struct message *message) {
    if (db_is_null(rows, first))
        return false;
    message->id = db_get_u64(rows, first);
    message->room_id = db_get_u64(rows, first + 1);
    message->position = db_get_u64(rows, first + 2);
    message->sender_id = db_get_u64(rows, first + 3);
    message->sender_username = db_get_text(rows, first + 4);
    message->type = (enum message_type)db_get_u64(rows, first + 5);
    message->is_deleted = db_get_bool(rows, first + 6);
    message->reply_to_id = db_get_u64(rows, first + 7);
    message->created_at = db_get_time(rows, first + 8);
    message->edited_at = db_get_time(rows, first + 9);
    message->client_id = db_get_text(rows, first + 10);
    message->content = db_get_text(rows, first + 11);
    if (message->client_id.len > 0 && message->client_id.at[0] == KEY_OF_CLIENT)
        message->client_id = (struct text){message->client_id.at + 1, message->client_id.len - 1};
    else
        message->client_id.len = 0;
    return true;
}

bool message_name(struct user_names *names, struct message *message) {
    if (message->sender_username.len > 0)
        user_names_note(names, message->sender_id, message->sender_username);
    else
        message->sender_username = user_names_find(names, message->sender_id);
    return message->sender_username.at != NULL;
}

/* ---- reading ---- */

/* A page is a range of positions, walked from its end along the primary key: any page
 * costs the same. Each kind comes in two forms, without the senders' names and with them.
 * The joins are inner and in this order, since with an outer one the server would sort the
 * page in a temporary table instead. */
#define PAGE_END " JOIN user s ON s.user_id = m.sender_id "
#define NEWEST_FIRST " ORDER BY m.position DESC"

#define PAGE_BY_POSITION(columns, join)                    \
    "SELECT STRAIGHT_JOIN " columns " FROM message m" join \
    "WHERE m.room_id = ? AND m.position > ? AND m.position <= ?" NEWEST_FIRST

/* By cursor the positions are counted from that of one message c. They are cast because
 * they are unsigned and a difference may not be. */
#define CURSOR "CAST(c.position AS SIGNED)"
#define PAGE_BY_CURSOR(columns, join, low, high)                    \
    "SELECT STRAIGHT_JOIN " columns                                 \
    " FROM message c "                                              \
    "JOIN message m ON m.room_id = c.room_id AND m.position > " low \
    " AND m.position <= " high join "WHERE c.message_id = ? AND c.room_id = ?" NEWEST_FIRST
#define PAGE_BEFORE(columns, join) PAGE_BY_CURSOR(columns, join, CURSOR " - 1 - ?", CURSOR " - 1")
#define PAGE_AFTER(columns, join) PAGE_BY_CURSOR(columns, join, CURSOR, CURSOR " + ?")

#define NAMELESS MESSAGE_COLUMNS_NAMELESS, " "
#define NAMED MESSAGE_COLUMNS, PAGE_END
#define FORM(page, form) page(form)

static const char *const BY_POSITION[] = {FORM(PAGE_BY_POSITION, NAMELESS),
                                          FORM(PAGE_BY_POSITION, NAMED)};
static const char *const BEFORE[] = {FORM(PAGE_BEFORE, NAMELESS), FORM(PAGE_BEFORE, NAMED)};
static const char *const AFTER[] = {FORM(PAGE_AFTER, NAMELESS), FORM(PAGE_AFTER, NAMED)};

/* Numbers of a page stay far below where sums of them overflow. */
static int64_t bounded(uint64_t number) {
    return number > INT64_MAX / 4 ? INT64_MAX / 4 : (int64_t)number;
}

static enum error run_page(struct db *db, const struct room_state *state,
                           const struct message_page *page, bool named, struct db_rows **rows) {
    const struct db_value room = db_u64(state->room_id);
    const int64_t from = bounded(page->from), limit = bounded(page->limit);
    if (page->kind == MESSAGE_PAGE_BEFORE)
        return DB_RUN(db, BEFORE[named], DB_REPEATABLE, rows, db_i64(limit), db_i64(from), room);
    if (page->kind == MESSAGE_PAGE_AFTER && from > 0)
        return DB_RUN(db, AFTER[named], DB_REPEATABLE, rows, db_i64(limit), db_i64(from), room);
    const bool from_beginning = page->kind == MESSAGE_PAGE_AFTER;
    const int64_t newest = bounded(state->message_count);
    const int64_t high = from_beginning ? limit : newest - from;
    const int64_t low = from_beginning ? 0 : high - limit;
    return DB_RUN(db, BY_POSITION[named], DB_REPEATABLE, rows, room, db_i64(low), db_i64(high));
}

static enum error find_cursor(struct db *db, uint64_t room_id, uint64_t message_id, bool *found) {
    static const char SQL[] = "SELECT 1 FROM message WHERE message_id = ? AND room_id = ?";
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(message_id), db_u64(room_id));
    if (error)
        return error;
    *found = db_next(rows);
    db_done(rows);
    return ERROR_NONE;
}

/* Visits the page in one of its forms; *complete false: a name is not known, and the visits
 * are void. */
static enum error visit_page(struct db *db, struct user_names *names,
                             const struct room_state *state, const struct message_page *page,
                             bool named, bool *complete, bool *any, message_visit *visit,
                             void *context) {
    struct db_rows *rows;
    struct message message;
    const enum error error = run_page(db, state, page, named, &rows);
    *complete = true;
    *any = false;
    while (!error && *complete && db_next(rows)) {
        *any = true;
        if (!message_from_row(rows, 0, &message))
            continue;
        *complete = message_name(names, &message) || named;
        visit(context, *complete ? &message : NULL);
    }
    db_done(rows);
    return error;
}

enum error message_list(struct db *db, struct user_names *names, const struct room_state *state,
                        const struct message_page *page, bool *cursor_found, message_visit *visit,
                        void *context) {
    bool complete = false, any = false;
    enum error error = ERROR_NONE;
    user_names_begin(names, db);
    if (!user_names_are_none(names))
        error = visit_page(db, names, state, page, false, &complete, &any, visit, context);
    if (!error && !complete)
        error = visit_page(db, names, state, page, true, &complete, &any, visit, context);
    if (error)
        return error;
    *cursor_found = any || page->kind == MESSAGE_PAGE_OFFSET ||
                    (page->kind == MESSAGE_PAGE_AFTER && page->from == 0);
    return *cursor_found ? ERROR_NONE : find_cursor(db, state->room_id, page->from, cursor_found);
}

/* All but the page are single rows by key, which the server reads before it plans the rest: the
 * page is a range of constants here, too. What is said of the caller is in each of its rows. */
#define PAGE_BY_TOKEN(cursor, low, high)                                                       \
    "SELECT STRAIGHT_JOIN " TOKEN_MEMBER_COLUMNS                                               \
    ", " MESSAGE_COLUMNS_NAMELESS TOKEN_MEMBER_JOINS cursor                                    \
    "JOIN message m ON m.room_id = r.room_id AND m.position > " low " AND m.position <= " high \
    " " TOKEN_MEMBER_WHERE NEWEST_FIRST
#define NEWEST "CAST(r.message_count AS SIGNED)"
#define CURSOR_IN_ROOM "JOIN message c ON c.message_id = ? AND c.room_id = r.room_id "

static enum error run_page_by_token(struct db *db, struct db_value hash, uint64_t room_id,
                                    const struct message_page *page, struct db_rows **rows) {
    static const char OFFSET[] = PAGE_BY_TOKEN("", NEWEST " - ?", NEWEST " - ?");
    static const char BEFORE_CURSOR[] =
        PAGE_BY_TOKEN(CURSOR_IN_ROOM, CURSOR " - 1 - ?", CURSOR " - 1");
    const struct db_value room = db_u64(room_id);
    const int64_t from = bounded(page->from), limit = bounded(page->limit);
    if (page->kind == MESSAGE_PAGE_BEFORE)
        return DB_RUN(db, BEFORE_CURSOR, DB_REPEATABLE, rows, room, db_i64(from), db_i64(limit),
                      hash);
    return DB_RUN(db, OFFSET, DB_REPEATABLE, rows, room, db_i64(from + limit), db_i64(from), hash);
}

enum error message_list_by_token(struct db *db, struct user_names *names,
                                 const unsigned char token_hash[SECRET_HASH_SIZE], uint64_t room_id,
                                 const struct message_page *page, struct caller *caller,
                                 bool *found, message_visit *visit, void *context) {
    struct db_rows *rows;
    struct message message;
    *found = false;
    user_names_begin(names, db);
    if (page->kind == MESSAGE_PAGE_AFTER || user_names_are_none(names))
        return ERROR_NONE;
    const enum error error =
        run_page_by_token(db, db_bytes(token_hash, SECRET_HASH_SIZE), room_id, page, &rows);
    bool known = true;
    while (!error && known && db_next(rows)) {
        if (!*found)
            token_member_from_row(rows, 0, caller);
        *found = known = message_from_row(rows, TOKEN_MEMBER_COLUMN_COUNT, &message) &&
                         message_name(names, &message);
        if (known)
            visit(context, &message);
    }
    db_done(rows);
    return error;
}

enum error message_get(struct db *db, uint64_t room_id, uint64_t message_id, message_visit *visit,
                       void *context) {
    static const char SQL[] = "SELECT " MESSAGE_COLUMNS " FROM message m" PAGE_END
                              "WHERE m.message_id = ? AND m.room_id = ?";
    struct db_rows *rows;
    struct message message;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(message_id), db_u64(room_id));
    if (error)
        return error;
    error = ERROR_NOT_FOUND;
    if (db_next(rows) && message_from_row(rows, 0, &message)) {
        visit(context, &message);
        error = ERROR_NONE;
    }
    db_done(rows);
    return error;
}

/* ---- changing ---- */

/* The transaction that matters most, so it takes the fewest steps: one UPDATE locks the room
 * and tells its counters through user variables, the next one tells whether the sender is a
 * member (and only if not, it is asked whether there is such a room at all), and the unique key,
 * not a look beforehand, tells of a client_id that has been seen. Declared variables and a
 * SELECT ... FOR UPDATE in front cost two thirds more. */
#define POST_SQL(proof, reply_check) \
    TRANSACTION("",                                                                              \
                "UPDATE room SET last_seq = (@confab_seq := last_seq + 1), "                     \
                "message_count = (@confab_position := message_count + 1), "                      \
                "last_active_at = (@confab_now := SYSDATE(6)) WHERE room_id = ?; "               \
                "UPDATE member SET last_read_position = @confab_position "                       \
                "WHERE room_id = ? AND user_id = ?" proof "; "                                   \
                "IF ROW_COUNT() = 0 THEN "                                                       \
                "SET v_outcome = IF(EXISTS (SELECT 1 FROM room WHERE room_id = ?), 3, 4); "      \
                "LEAVE body; END IF; " reply_check                                               \
                "INSERT INTO message (room_id, position, sender_id, message_type, reply_to_id, " \
                "created_at, client_id, content) "                                               \
                "VALUES (?, @confab_position, ?, ?, ?, @confab_now, ?, ?); "                     \
                "INSERT INTO event (room_id, seq, event_type, actor_id, subject_id, created_at)" \
                " VALUES (?, @confab_seq, " EVENT_SQL(                                           \
                    EVENT_NEW_MESSAGE) ", ?, LAST_INSERT_ID(), @confab_now); ",                  \
                ", TRUE, LAST_INSERT_ID(), @confab_seq, @confab_position, "                      \
                "CAST(@confab_now AS DATETIME(6))")

/* That a token is still the sender's, who is still active, as of this moment. */
#define PROOF                                                                       \
    " AND ? = (SELECT t.user_id FROM token t JOIN user u ON u.user_id = t.user_id " \
    "WHERE t.token_hash = ? AND u.is_active)"

#define REPLY_CHECK                                                                    \
    "IF NOT EXISTS (SELECT 1 FROM message WHERE message_id = ? AND room_id = ?) THEN " \
    "SET v_outcome = 1; LEAVE body; END IF; "

/* By whether the sender is to be proven, and whether there is a message replied to. */
static const char *const POST[2][2] = {{POST_SQL("", ""), POST_SQL("", REPLY_CHECK)},
                                       {POST_SQL(PROOF, ""), POST_SQL(PROOF, REPLY_CHECK)}};

/* A key that no other post has: the time keeps the index growing at its end, the random
 * digits keep two posts of one microsecond apart. */
static void make_key(const struct message_draft *draft, char key[KEY_SIZE], struct text *text) {
    if (draft->client_id.len > 0) {
        key[0] = KEY_OF_CLIENT;
        memcpy(key + 1, draft->client_id.at, draft->client_id.len);
        *text = (struct text){key, 1 + draft->client_id.len};
        return;
    }
    char random[17];
    secret_random_hex(random, 8);
    const int len =
        snprintf(key, KEY_SIZE, "%c%016" PRIx64 "%s", KEY_OF_STORE, (uint64_t)clock_now(), random);
    *text = (struct text){key, (size_t)len};
}

/* Reads the row every change of a message ends with: outcome, changed, id, seq,
 * position, time. */
static enum error read_change(struct db_rows *rows, struct message_change *change) {
    enum error error = ERROR_INTERNAL;
    if (db_next(rows)) {
        error = (enum error)db_get_u64(rows, 0);
        change->changed = error == ERROR_NONE && db_get_bool(rows, 1);
        change->message_id = db_get_u64(rows, 2);
        change->seq = db_get_u64(rows, 3);
        change->position = db_get_u64(rows, 4);
        change->at = db_get_time(rows, 5);
    }
    db_done(rows);
    return error;
}

static enum error run_post(struct db *db, const struct message_draft *draft, struct text key,
                           struct db_rows **rows) {
    const struct db_value room = db_u64(draft->room_id), sender = db_u64(draft->sender_id);
    struct db_value values[15];
    size_t count = 0;
    values[count++] = room;
    values[count++] = room;
    values[count++] = sender;
    if (draft->token_hash) {
        values[count++] = sender;
        values[count++] = db_bytes(draft->token_hash, SECRET_HASH_SIZE);
    }
    values[count++] = room;
    if (draft->reply_to_id) {
        values[count++] = db_u64(draft->reply_to_id);
        values[count++] = room;
    }
    values[count++] = room;
    values[count++] = sender;
    values[count++] = db_u64(draft->type);
    values[count++] = db_id_or_null(draft->reply_to_id);
    values[count++] = db_text(key);
    values[count++] = db_text(draft->content);
    values[count++] = room;
    values[count++] = sender;
    return db_run(db, POST[draft->token_hash != NULL][draft->reply_to_id != 0], DB_REPEATABLE,
                  values, count, rows);
}

/* Finds the message that was posted under the key before; changed then tells whether this
 * post made it itself (under a key of the store's own, which nobody else can have used). */
static enum error find_posted(struct db *db, const struct message_draft *draft, struct text key,
                              struct message_change *change) {
    static const char SQL[] =
        "SELECT message_id, position, created_at FROM message "
        "WHERE room_id = ? AND sender_id = ? AND client_id = ?";
    struct db_rows *rows;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(draft->room_id),
                              db_u64(draft->sender_id), db_text(key));
    if (error)
        return error;
    error = ERROR_NOT_FOUND;
    if (db_next(rows)) {
        *change = (struct message_change){.changed = draft->client_id.len == 0,
                                          .message_id = db_get_u64(rows, 0),
                                          .position = db_get_u64(rows, 1),
                                          .at = db_get_time(rows, 2)};
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
    if (draft->client_id.len > KEY_SIZE - 2)
        return ERROR_BAD_INPUT;
    make_key(draft, key, &key_text);
    enum error error = run_post(db, draft, key_text, &rows);
    if (!error)
        error = read_change(rows, change);
    /* What was posted before stays what it is, whatever comes with its client_id now. */
    if (error == ERROR_CONFLICT || (error == ERROR_BAD_INPUT && draft->client_id.len > 0)) {
        const enum error found = find_posted(db, draft, key_text, change);
        if (found != ERROR_NOT_FOUND)
            return found;
    }
    change->bad_reply = error == ERROR_BAD_INPUT;
    return error == ERROR_CONFLICT ? ERROR_UNAVAILABLE : error;
}

#define MESSAGE_DECLARATIONS                         \
    TRANSACTION_ROOM_DECLARATIONS                    \
    "DECLARE p_message BIGINT UNSIGNED DEFAULT ?; "  \
    "DECLARE v_position, v_sender BIGINT UNSIGNED; " \
    "DECLARE v_deleted BOOLEAN; DECLARE v_changed BOOLEAN DEFAULT FALSE; "

#define FIND_MESSAGE                                                               \
    "SELECT position, sender_id, is_deleted INTO v_position, v_sender, v_deleted " \
    "FROM message WHERE message_id = p_message AND room_id = p_room; "             \
    "IF v_position IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "

#define ROOM_STEPS_ON "UPDATE room SET last_seq = v_seq WHERE room_id = p_room; "

#define CHANGE_COLUMNS ", v_changed, p_message, v_seq, v_position, v_now"

enum error message_edit(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t message_id,
                        struct text content, struct message_change *change) {
    static const char SQL[] = TRANSACTION(
        MESSAGE_DECLARATIONS
        "DECLARE p_content VARCHAR(8000) CHARACTER SET utf8mb4 DEFAULT ?; ",
        TRANSACTION_ENTER_ROOM(TRANSACTION_NOT_MEMBER)
        FIND_MESSAGE
        "IF v_deleted THEN SET v_outcome = 4; LEAVE body; END IF; "
        "IF v_sender <> p_user THEN SET v_outcome = 3; LEAVE body; END IF; "
        "UPDATE message SET content = p_content, edited_at = v_now "
        "WHERE room_id = p_room AND position = v_position; "
        ROOM_STEPS_ON
        TRANSACTION_ROOM_EVENT(EVENT_SQL(EVENT_MESSAGE_EDITED), "p_message")
        "SET v_changed = TRUE; ",
        CHANGE_COLUMNS);
    struct db_rows *rows;
    memset(change, 0, sizeof(*change));
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(user_id),
                                    db_u64(message_id), db_text(content));
    return error ? error : read_change(rows, change);
}

enum error message_delete(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t message_id,
                          struct message_change *change) {
    static const char SQL[] = TRANSACTION(
        MESSAGE_DECLARATIONS,
        TRANSACTION_ENTER_ROOM(TRANSACTION_NOT_MEMBER)
        FIND_MESSAGE
        "IF v_sender <> p_user AND NOT v_admin THEN SET v_outcome = 3; LEAVE body; END IF; "
        "IF v_deleted THEN LEAVE body; END IF; "
        "UPDATE message SET content = '', is_deleted = TRUE "
        "WHERE room_id = p_room AND position = v_position; "
        ROOM_STEPS_ON
        TRANSACTION_ROOM_EVENT(EVENT_SQL(EVENT_MESSAGE_DELETED), "p_message")
        "SET v_changed = TRUE; ",
        CHANGE_COLUMNS);
    struct db_rows *rows;
    memset(change, 0, sizeof(*change));
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(user_id), db_u64(message_id));
    return error ? error : read_change(rows, change);
}

enum error message_mark_read(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t message_id,
                             struct message_mark *mark) {
    /* The mark is the member's own: it needs no lock on the room, only on its row. */
    static const char SQL[] = TRANSACTION(
        "DECLARE p_room BIGINT UNSIGNED DEFAULT ?; DECLARE p_user BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE p_message BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE v_room, v_member, v_read, v_position, v_count BIGINT UNSIGNED; "
        "DECLARE v_private, v_moved BOOLEAN; ",
        "SELECT r.room_id, r.is_private INTO v_room, v_private FROM room r "
        "WHERE r.room_id = p_room; "
        "SELECT user_id, last_read_position INTO v_member, v_read FROM member "
        "WHERE room_id = p_room AND user_id = p_user FOR UPDATE; "
        "IF v_room IS NULL OR (v_private AND v_member IS NULL) THEN "
        "SET v_outcome = 4; LEAVE body; END IF; "
        "IF v_member IS NULL THEN SET v_outcome = 3; LEAVE body; END IF; "
        "SELECT position INTO v_position FROM message "
        "WHERE message_id = p_message AND room_id = p_room; "
        "IF v_position IS NULL THEN SET v_outcome = 1; LEAVE body; END IF; "
        "SET v_moved = v_position > v_read; "
        "IF v_moved THEN UPDATE member SET last_read_position = v_position "
        "WHERE room_id = p_room AND user_id = p_user; SET v_read = v_position; END IF; "
        "SELECT message_count INTO v_count FROM room WHERE room_id = p_room; ",
        ", v_moved, v_count - v_read, "
        "(SELECT message_id FROM message WHERE room_id = p_room AND position = v_read)");
    struct db_rows *rows;
    memset(mark, 0, sizeof(*mark));
    enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(user_id), db_u64(message_id));
    if (error)
        return error;
    error = ERROR_INTERNAL;
    if (db_next(rows)) {
        error = (enum error)db_get_u64(rows, 0);
        mark->moved = db_get_bool(rows, 1);
        mark->unread_count = error ? 0 : db_get_u64(rows, 2);
        mark->message_id = db_get_u64(rows, 3);
        mark->bad_message = error == ERROR_BAD_INPUT;
    }
    db_done(rows);
    return error;
}
