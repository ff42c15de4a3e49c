/* The SQL of pages of messages, and of replies to one. Positions have no gaps, so a page is a range
 * of the primary key (room_id, position): its cost does not depend on how far back it is. Names of
 * senders come from a cache (user_names) instead of a join. */
#include "store/messages/message_page.h"

/* A page is a range of positions, read along the primary key, from its newest message; one after a
 * message from its oldest. */
#define PAGE(from, order)                                               \
    "SELECT STRAIGHT_JOIN " MESSAGE_COLUMNS_NAMELESS("?") " FROM " from \
    " ORDER BY m.position " order

/* FORCE INDEX keeps the optimizer from estimating the rows of other indexes. */
#define RANGE                                             \
    "message m FORCE INDEX (PRIMARY) " MESSAGE_QUOTE_JOIN \
    "WHERE m.room_id = ? AND m.position > ? AND m.position <= ?"
static const char BY_POSITION[] = PAGE(RANGE, "DESC");
static const char FROM_BEGINNING[] = PAGE(RANGE, "ASC");

/* Pages by cursor: positions relative to that of the message c. The cast is needed because the
 * difference may be negative. The last value is the position after which the user sees messages: a
 * cursor before it is not found, and no page goes below it. */
#define CURSOR "CAST(c.position AS SIGNED)"
#define PAGE_BY_CURSOR(low, high, order)                                            \
    PAGE("message c JOIN message m FORCE INDEX (PRIMARY) ON m.room_id = c.room_id " \
         "AND m.position > " low " AND m.position <= " high " " MESSAGE_QUOTE_JOIN  \
         "WHERE c.message_id = ? AND c.room_id = ? AND c.position > ?",             \
         order)
static const char BEFORE[] =
    PAGE_BY_CURSOR("GREATEST(" CURSOR " - 1 - ?, ?)", CURSOR " - 1", "DESC");
static const char AFTER[] = PAGE_BY_CURSOR(CURSOR, CURSOR " + ?", "ASC");

/* A page around a message: a limited number of newer ones, if there are any, then older ones. */
#define AROUND_NEWEST "GREATEST(LEAST(" CURSOR " + ?, ?), " CURSOR ")"
static const char AROUND[] =
    PAGE_BY_CURSOR("GREATEST(" AROUND_NEWEST " - ?, ?)", AROUND_NEWEST, "DESC");

/* Limits a number so that sums of it do not overflow. */
static int64_t clamp(uint64_t number) {
    /* A quarter, since at most three such numbers are added. */
    return number > INT64_MAX / 4 ? INT64_MAX / 4 : (int64_t)number;
}

/* Runs the statement of a page: each kind has one. */
static enum error run_page(struct db *db, const struct room_state *state, uint64_t user_id,
                           const struct message_page *page, struct db_rows **rows) {
    const struct db_value room = db_u64(state->room_id), user = db_u64(user_id);
    const int64_t from = clamp(page->from), limit = clamp(page->limit);
    const int64_t hidden = clamp(state->first_position);
    /* The values are in the order of the question marks: the user, bounds, the cursor and its
     * room. In SQL the low bound comes before the high one; values are bound in the order of the
     * text. */
    if (page->kind == MESSAGE_PAGE_BEFORE)
        return DB_RUN(db, BEFORE, DB_REPEATABLE, rows, user, db_i64(limit), db_i64(hidden),
                      db_i64(from), room, db_i64(hidden));
    if (page->kind == MESSAGE_PAGE_AFTER && from > 0)
        return DB_RUN(db, AFTER, DB_REPEATABLE, rows, user, db_i64(limit), db_i64(from), room,
                      db_i64(hidden));

    if (page->kind == MESSAGE_PAGE_AROUND) {
        /* Half of the page is newer than the message, as far as there are newer ones. */
        const struct db_value newer = db_i64(limit / 2),
                              count = db_i64(clamp(state->message_count));
        return DB_RUN(db, AROUND, DB_REPEATABLE, rows, user, newer, count, db_i64(limit),
                      db_i64(hidden), newer, count, db_i64(from), room, db_i64(hidden));
    }

    /* Otherwise the positions are known: after=0 is counted from the oldest message, an offset from
     * the newest. */
    const bool from_beginning = page->kind == MESSAGE_PAGE_AFTER;
    /* The state was read before; messages that came since are not in the page, as its tag says. */
    const int64_t newest = clamp(state->message_count);
    /* high is the newest position of the page, low the one before its oldest; both may be
     * negative. */
    const int64_t high = from_beginning ? hidden + limit : newest - from;
    const int64_t lowest = from_beginning ? hidden : high - limit;
    const int64_t low = lowest > hidden ? lowest : hidden;
    return DB_RUN(db, from_beginning ? FROM_BEGINNING : BY_POSITION, DB_REPEATABLE, rows, user,
                  room, db_i64(low), db_i64(high));
}

/* After an empty page: finds out whether the cursor is a message of the room. */
static enum error find_cursor(struct db *db, const struct room_state *state, uint64_t message_id,
                              bool *found) {
    uint64_t position = 0;
    /* Both an id of another room and one from before the user joined are unknown. */
    const enum error error = message_position(db, state->room_id, message_id, &position);
    *found = !error && position > state->first_position;
    return error;
}

/* Visits the rows of a page, starting with the current one, and frees them. The columns of the
 * message start at `first`. */
static enum error visit_page(struct db *db, struct user_names *names, struct db_rows *rows,
                             unsigned first, uint64_t room_id, message_visit *visit,
                             void *context) {
    const unsigned senders[] = {first + MESSAGE_SENDER_COLUMN, first + MESSAGE_QUOTE_SENDER_COLUMN};
    struct message message;
    enum error error = ERROR_NONE;
    do {
        /* Loads all names of the page with the first row that lacks one, by one statement at
         * most. */
        error = user_names_load(names, db, rows, senders, 2);
        if (!error && message_from_row(rows, first, room_id, &message)) {
            message.sender_username = user_names_find(names, message.sender_id);
            message.quote.sender_username = user_names_find(names, message.quote.sender_id);
            visit(context, &message);
        }
    } while (!error && db_next(rows));
    db_done(rows);
    return error;
}

enum error message_page_list(struct db *db, struct user_names *names,
                             const struct room_state *state, uint64_t user_id,
                             const struct message_page *page, bool *cursor_found,
                             message_visit *visit, void *context) {
    struct db_rows *rows;
    const enum error error = run_page(db, state, user_id, page, &rows);
    if (error)
        return error;
    /* May clear the cache; from here to the end of the page it only grows. */
    user_names_begin(names, db);
    *cursor_found = true;
    if (db_next(rows))
        return visit_page(db, names, rows, 0, state->room_id, visit, context);
    db_done(rows);
    /* An empty page needs a cursor that exists (else 400); only after=0, the beginning, has no
     * message. */
    if (page->kind == MESSAGE_PAGE_OFFSET || (page->kind == MESSAGE_PAGE_AFTER && page->from == 0))
        return ERROR_NONE;
    return find_cursor(db, state, page->from, cursor_found);
}

enum error message_page_by_token(struct db *db, struct user_names *names,
                                 const unsigned char token_hash[SECRET_HASH_SIZE], uint64_t room_id,
                                 const struct message_page *page, struct identity *identity,
                                 bool *found, message_visit *visit, void *context) {
#define NEWEST "CAST(r.message_count AS SIGNED)"
    /* The token, the membership and the page in one statement: what a client does most often needs
     * one round trip. */
    static const char SQL[] = "SELECT STRAIGHT_JOIN " TOKEN_MEMBER_COLUMNS
                              ", " MESSAGE_COLUMNS_NAMELESS("u.user_id") TOKEN_MEMBER_FROM
        "JOIN message m FORCE INDEX (PRIMARY) ON m.room_id = r.room_id "
        "AND m.position > GREATEST(" NEWEST " - ?, CAST(" ROOM_FIRST_POSITION("me", "r")
        " AS SIGNED)) AND m.position <= " NEWEST
        " - ? " MESSAGE_QUOTE_JOIN TOKEN_MEMBER_WHERE " ORDER BY m.position DESC";
    const int64_t from = clamp(page->from), limit = clamp(page->limit);
    struct db_rows *rows;
    *found = false;
    /* Pages by cursor take the ordinary way. */
    if (page->kind != MESSAGE_PAGE_OFFSET)
        return ERROR_NONE;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_i64(from + limit), db_i64(from),
               db_bytes(token_hash, SECRET_HASH_SIZE));
    if (error)
        return error;
    user_names_begin(names, db);
    *found = db_next(rows);
    /* No row: the token, the membership or the page may be missing. The ordinary way finds out
     * which. */
    if (!*found) {
        db_done(rows);
        return ERROR_NONE;
    }
    token_member_from_row(rows, 0, identity);
    /* The columns of the message follow those of the token. */
    return visit_page(db, names, rows, TOKEN_MEMBER_COLUMN_COUNT, room_id, visit, context);
}

enum error message_page_replies(struct db *db, struct user_names *names, uint64_t user_id,
                                const struct message_replies *replies, uint64_t *count,
                                message_visit *visit, void *context) {
    /* The message, and a range of the primary key of `reply`, which has their positions. An outer
     * join: without replies in this range there is a row with the message's count and NULLs, which
     * message_from_row skips. */
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN " MESSAGE_COLUMNS_NAMELESS("?") ", p.reply_count FROM message p "
        "LEFT JOIN reply y ON y.room_id = p.room_id AND y.message_id = p.message_id "
        "AND y.number > ? AND y.number <= ? "
        "LEFT JOIN message m ON m.room_id = y.room_id AND m.position = y.position "
        MESSAGE_QUOTE_JOIN "WHERE p.message_id = ? AND p.room_id = ? ORDER BY y.number";
    const int64_t offset = clamp(replies->offset), limit = clamp(replies->limit);
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id), db_i64(offset),
               db_i64(offset + limit), db_u64(replies->message_id), db_u64(replies->room_id));
    if (error)
        return error;
    user_names_begin(names, db);
    if (!db_next(rows)) {
        db_done(rows);
        return ERROR_NOT_FOUND;
    }
    /* A page without any reply has one row, of the message itself. */
    *count = db_get_u64(rows, MESSAGE_COLUMN_COUNT);
    return visit_page(db, names, rows, 0, replies->room_id, visit, context);
}
