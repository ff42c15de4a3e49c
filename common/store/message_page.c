#include "store/message_page.h"

#include "store/token_member.h"

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
        if (!message_from_row(rows, 0, state->room_id, &message))
            continue;
        *complete = message_name(names, &message) || named;
        visit(context, *complete ? &message : NULL);
    }
    db_done(rows);
    return error;
}

enum error message_page_list(struct db *db, struct user_names *names,
                             const struct room_state *state, const struct message_page *page,
                             bool *cursor_found, message_visit *visit, void *context) {
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
 * page is a range of constants here, too. What is said of the caller is in its first row. */
#define PAGE_BY_TOKEN(cursor, low, high)                                                  \
    "SELECT STRAIGHT_JOIN IF(m.position = " high ", " TOKEN_MEMBER_TEXT                   \
    ", NULL), " MESSAGE_COLUMNS_NAMELESS TOKEN_MEMBER_JOINS cursor                        \
    "JOIN message m FORCE INDEX (PRIMARY) ON m.room_id = r.room_id AND m.position > " low \
    " AND m.position <= " high " " TOKEN_MEMBER_WHERE NEWEST_FIRST
#define NEWEST "CAST(r.message_count AS SIGNED)"
#define CURSOR_IN_ROOM \
    "JOIN message c FORCE INDEX (message_id) ON c.message_id = ? AND c.room_id = r.room_id "

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
    return DB_RUN(db, OFFSET, DB_REPEATABLE, rows, db_i64(from), room, db_i64(from + limit),
                  db_i64(from), hash);
}

enum error message_page_by_token(struct db *db, struct user_names *names,
                                 const unsigned char token_hash[SECRET_HASH_SIZE], uint64_t room_id,
                                 const struct message_page *page, struct identity *identity,
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
            known = token_member_from_text(db_get_text(rows, 0), identity);
        *found = known =
            known && message_from_row(rows, 1, room_id, &message) && message_name(names, &message);
        if (known)
            visit(context, &message);
    }
    db_done(rows);
    return error;
}
