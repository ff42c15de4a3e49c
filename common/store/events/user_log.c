/* Reading the events of a user's own stream, which are rows of user_event and the read marks of the
 * user's memberships; comparing the last numbers of many streams, which is pushd's gap check. */
#include "store/events/user_log.h"

#include <stdio.h>
#include <string.h>

#include "event/event.h"

/* Reads the bounds of a user's stream. ERROR_NOT_FOUND: no such user. */
static enum error read_state(struct db *db, uint64_t user_id, struct user_log_state *state) {
    /* One row by the primary key: the two numbers bound what can be read. */
    static const char SQL[] = "SELECT last_seq, oldest_seq FROM user WHERE user_id = ?";
    struct db_rows *rows;
    memset(state, 0, sizeof(*state));
    /* Not found: deleted by hand, since the program only disables users. */
    const enum error error = DB_FIND(db, SQL, &rows, db_u64(user_id));
    if (error)
        return error;
    *state = (struct user_log_state){db_get_u64(rows, 0), db_get_u64(rows, 1)};
    db_done(rows);
    return ERROR_NONE;
}

/* The rows of user_event, and the read marks of the memberships, in the order of their numbers. A
 * direct room has the name of the other user; a room that was deleted since has none. Column 5:
 * older than the retention. Columns 8 and 9: last message read, unread messages; then what the user
 * has set for the room; the room (for `mentioned`, that of the message); whether the user is banned
 * from it, and until when; and until when the user is silenced there (NULL: that has ended, early
 * or by itself). */
#define LIST(condition) \
    "SELECT STRAIGHT_JOIN e.seq, e.event_type, e.actor_id, a.username, e.subject_id, "            \
    "e.created_at < SYSDATE(6) - INTERVAL ? DAY, r.room_id IS NOT NULL, "                         \
    "IF(r.direct_low IS NULL, r.name, other.username), NULL, NULL, "                              \
    ROOM_VIEW_COLUMNS("me", "r") ", r.room_id, b.room_id IS NOT NULL, b.until, s.until "          \
    "FROM user_event e LEFT JOIN user a ON a.user_id = e.actor_id "                               \
    "LEFT JOIN message mm ON e.event_type = " EVENT_SQL(EVENT_MENTIONED)                          \
    " AND mm.message_id = e.subject_id "                                                          \
    "LEFT JOIN report rp ON e.event_type = " EVENT_SQL(EVENT_REPORT_CREATED)                      \
    " AND rp.report_id = e.subject_id "                                                           \
    "LEFT JOIN held h ON e.event_type = " EVENT_SQL(EVENT_MESSAGE_HELD)                           \
    " AND h.held_id = e.subject_id "                                                              \
    "LEFT JOIN room r ON r.room_id = CASE e.event_type WHEN " EVENT_SQL(EVENT_MENTIONED)          \
    " THEN mm.room_id WHEN " EVENT_SQL(EVENT_REPORT_CREATED)                                      \
    " THEN rp.room_id WHEN " EVENT_SQL(EVENT_MESSAGE_HELD)                                        \
    " THEN h.room_id ELSE e.subject_id END "                                                      \
    "LEFT JOIN user other ON other.user_id = "                                                    \
    "IF(r.direct_low = e.user_id, r.direct_high, r.direct_low) "                                  \
    "LEFT JOIN member me ON e.event_type = " EVENT_SQL(EVENT_PREFERENCES_CHANGED)                 \
    " AND me.room_id = r.room_id AND me.user_id = e.user_id "                                     \
    "LEFT JOIN ban b ON e.event_type = " EVENT_SQL(EVENT_ROOM_REMOVED)                            \
    " AND b.room_id = e.subject_id AND b.user_id = e.user_id "                                    \
    "AND (b.until IS NULL OR b.until > SYSDATE(6)) "                                              \
    "LEFT JOIN silence s ON e.event_type = " EVENT_SQL(EVENT_SILENCE_CHANGED)                     \
    " AND s.room_id = e.subject_id AND s.user_id = e.user_id AND s.until > SYSDATE(6) "           \
    "WHERE e.user_id = ? AND e.seq > ? AND e.seq <= ? " condition                                 \
    "UNION ALL "                                                                                  \
    "SELECT me.mark_seq, " EVENT_SQL(EVENT_READ_CHANGED) ", me.user_id, u.username, me.room_id, " \
    "FALSE, TRUE, NULL, m.message_id, "                                          \
    "r.message_count - GREATEST(me.last_read_position, r.trimmed), 0, NULL, "              \
    "FALSE, FALSE, r.room_id, FALSE, NULL, NULL "                                                 \
    "FROM member me JOIN user u ON u.user_id = me.user_id "                                       \
    "JOIN room r ON r.room_id = me.room_id "                                                      \
    "LEFT JOIN message m ON m.room_id = me.room_id AND m.position = me.last_read_position "       \
    "WHERE me.user_id = ? AND me.mark_seq > ? AND me.mark_seq <= ? "                              \
    "ORDER BY 1 LIMIT ?"

static const char ALL[] = LIST("");
/* Leaves out events that have no JSON: changed credentials, and events about a room, message or
 * report that is gone. */
static const char SHOWN[] = LIST("AND e.event_type <> " EVENT_SQL(EVENT_CREDENTIALS_CHANGED)
                                 " AND (e.event_type NOT IN (" EVENT_SQL(EVENT_MENTIONED)
                                 ", " EVENT_SQL(EVENT_REPORT_CREATED)
                                 ", " EVENT_SQL(EVENT_MESSAGE_HELD)
                                 ", " EVENT_SQL(EVENT_MODERATION_CHANGED)
                                 ") OR r.room_id IS NOT NULL) ");

/* Reads the columns of an event of a user; the texts but the actor's name point into the row. */
static void event_from_row(const struct db_rows *rows, uint64_t user_id, struct user_event *event) {
    event->user_id = user_id;
    event->seq = db_get_u64(rows, 0);
    event->type = (unsigned)db_get_u64(rows, 1);
    event->actor_id = db_get_u64(rows, 2);
    const struct text actor = db_get_text(rows, 3);
    snprintf(event->actor, sizeof(event->actor), "%.*s", (int)actor.len, actor.at);
    event->subject_id = db_get_u64(rows, 4);
    event->has_room = db_get_bool(rows, 6);
    event->room_name = db_get_text(rows, 7);
    event->mark = (struct read_mark){event->subject_id, db_get_u64(rows, 8), db_get_u64(rows, 9)};
    event->view = room_view_from_row(rows, 10);
    event->room_id = db_get_u64(rows, 10 + ROOM_VIEW_COLUMN_COUNT);
    event->is_banned = db_get_bool(rows, 11 + ROOM_VIEW_COLUMN_COUNT);
    event->banned_until = db_get_time(rows, 12 + ROOM_VIEW_COLUMN_COUNT);
    event->silenced_until = db_get_time(rows, 13 + ROOM_VIEW_COLUMN_COUNT);
}

/* A list while it is read. */
struct listing {
    uint64_t user_id;
    uint64_t next; /* the number that comes next */
    bool fills;    /* numbers without an event are visited */
    user_event_visit *visit;
    void *context;
};

/* Visits the numbers up to `last` as marks that a later one has replaced. */
static void fill(struct listing *listing, uint64_t last) {
    for (; listing->fills && listing->next <= last; listing->next++) {
        const struct user_event replaced = {.user_id = listing->user_id,
                                            .seq = listing->next,
                                            .type = EVENT_READ_CHANGED,
                                            .actor_id = listing->user_id};
        listing->visit(listing->context, &replaced);
    }
}

/* True if events after `after` have been deleted or are past the retention. */
static bool is_gone(const struct user_log_state *state, uint64_t after) {
    return after > state->last_seq || after + 1 < state->oldest_seq;
}

/* Visits at most `limit` rows with numbers after `after` up to `last`. */
static enum error list(struct db *db, struct listing *listing, uint64_t after, uint64_t last,
                       uint64_t limit, uint64_t retention_days) {
    const char *sql = listing->fills ? ALL : SHOWN;
    const struct db_value user = db_u64(listing->user_id), low = db_u64(after), high = db_u64(last);
    struct user_log_state state;
    struct user_event event;
    struct db_rows *rows;
    enum error error = DB_RUN(db, sql, DB_REPEATABLE, &rows, db_u64(retention_days), user, low,
                              high, user, low, high, db_u64(limit));
    if (error)
        return error;
    listing->next = after + 1;
    /* The first number is that of a mark that was replaced, or of an event that was deleted since
     * the state was read. The state is read again only in this case: usually the first row is the
     * next number. */
    const bool has_row = db_next(rows);
    if (!has_row || db_get_u64(rows, 0) != after + 1) {
        error = read_state(db, listing->user_id, &state);
        if (!error && is_gone(&state, after))
            error = ERROR_GONE;
    }
    /* Later rows are younger. A first row past the retention (column 5) means that events after
     * `after` may be gone by now. */
    if (!error && has_row && db_get_bool(rows, 5))
        error = ERROR_GONE;
    /* Each gap between two rows is filled before the second one is visited. */
    if (!error && has_row)
        do {
            event_from_row(rows, listing->user_id, &event);
            fill(listing, event.seq - 1);
            listing->visit(listing->context, &event);
            listing->next = event.seq + 1;
        } while (db_next(rows));
    if (!error)
        fill(listing, last);
    db_done(rows);
    return error;
}

enum error user_log_list(struct db *db, uint64_t user_id, uint64_t after, uint64_t limit,
                         uint64_t retention_days, struct user_log_state *state,
                         user_event_visit *visit, void *context) {
    struct listing listing = {
        .user_id = user_id, .fills = true, .visit = visit, .context = context};
    const enum error error = read_state(db, user_id, state);
    /* Nothing is new. This costs one read by key. */
    if (error || after == state->last_seq)
        return error;
    if (is_gone(state, after))
        return ERROR_GONE;
    /* Compared so that `after + limit` cannot overflow. The numbers are the limit, and not the
     * rows: a number without an event counts as well. */
    const uint64_t last = limit < state->last_seq - after ? after + limit : state->last_seq;
    return list(db, &listing, after, last, last - after, retention_days);
}

/* Counts what it passes on. */
struct counted {
    user_event_visit *visit;
    void *context;
    uint64_t count;
};

/* Counts what it passes on, so that the caller knows whether there is more. */
static void count_event(void *context, const struct user_event *event) {
    struct counted *counted = context;
    counted->count++;
    counted->visit(counted->context, event);
}

enum error user_log_page(struct db *db, uint64_t user_id, uint64_t after, uint64_t limit,
                         uint64_t retention_days, struct user_log_state *state, bool *more,
                         user_event_visit *visit, void *context) {
    struct counted counted = {visit, context, 0};
    struct listing listing = {.user_id = user_id, .visit = count_event, .context = &counted};
    enum error error = read_state(db, user_id, state);
    /* Set also on failure. */
    *more = false;
    if (error || after == state->last_seq)
        return error;
    if (is_gone(state, after))
        return ERROR_GONE;
    /* The limit is one of rows here, and `last` the end of the stream: gaps are not visited. */
    error = list(db, &listing, after, state->last_seq, limit, retention_days);
    /* A full page may also have been the last; the next one is empty then. */
    *more = counted.count == limit;
    return error;
}

/* Columns: whether it is the stream of a user, id, last_seq (NULL: no such room or user). */
static enum error visit_heads(struct db_rows *rows, stream_head_visit *visit, void *context) {
    while (db_next(rows)) {
        const struct stream_head head = {db_get_bool(rows, 0), !db_is_null(rows, 2),
                                         db_get_u64(rows, 1), db_get_u64(rows, 2)};
        visit(context, &head);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error user_log_moved(struct db *db, struct text rooms, struct text users,
                          stream_head_visit *visit, void *context) {
#define PAIRS                                                        \
    "JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT UNSIGNED PATH '$[0]', " \
    "seq BIGINT UNSIGNED PATH '$[1]')) j "
    /* The LEFT JOIN reports a room or user that is gone as a row with NULL. */
    static const char SQL[] = "SELECT 0, j.id, r.last_seq FROM " PAIRS
                              "LEFT JOIN room r ON r.room_id = j.id "
                              "WHERE r.room_id IS NULL OR r.last_seq > j.seq UNION ALL "
                              "SELECT 1, j.id, u.last_seq FROM " PAIRS
                              "LEFT JOIN user u ON u.user_id = j.id "
                              "WHERE u.user_id IS NULL OR u.last_seq > j.seq";
#undef PAIRS
    struct db_rows *found;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &found, db_text(rooms), db_text(users));
    return error ? error : visit_heads(found, visit, context);
}

enum error user_log_rooms(struct db *db, uint64_t user_id, user_room_visit *visit,
                          void *context) {
    /* last_seq of all rooms of a user, for a client that is notified of all of them. */
    static const char SQL[] =
        "SELECT r.room_id, r.last_seq, r.direct_low IS NOT NULL, " ROOM_VIEW_COLUMNS("me", "r")
        " FROM member me JOIN room r ON r.room_id = me.room_id WHERE me.user_id = ?";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id));
    if (error)
        return error;
    while (db_next(rows)) {
        const struct user_room room = {db_get_u64(rows, 0), db_get_u64(rows, 1),
                                       db_get_bool(rows, 2), room_view_from_row(rows, 3)};
        visit(context, &room);
    }
    db_done(rows);
    return ERROR_NONE;
}
