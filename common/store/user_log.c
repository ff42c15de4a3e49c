/* Reading the events of a user's own stream; comparing the last numbers of many streams, which is
 * pushd's gap check. */
#include "store/user_log.h"

#include <stdio.h>
#include <string.h>

static enum error read_state(struct db *db, uint64_t user_id, struct user_log_state *state) {
    static const char SQL[] = "SELECT last_seq, oldest_seq FROM user WHERE user_id = ?";
    struct db_rows *rows;
    memset(state, 0, sizeof(*state));
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id));
    if (error)
        return error;
    /* No such user: deleted by hand, since the program only disables users. */
    error = ERROR_NOT_FOUND;
    if (db_next(rows)) {
        *state = (struct user_log_state){db_get_u64(rows, 0), db_get_u64(rows, 1)};
        error = ERROR_NONE;
    }
    db_done(rows);
    return error;
}

/* A direct room has the name of the other user. */
static const char LIST[] =
    "SELECT STRAIGHT_JOIN e.seq, e.event_type, e.actor_id, a.username, e.subject_id, "
    /* Column 5: older than the retention. A room that was deleted since has no name. */
    "e.created_at < SYSDATE(6) - INTERVAL ? DAY, r.room_id IS NOT NULL, "
    "IF(r.direct_low IS NULL, r.name, other.username) "
    "FROM user_event e LEFT JOIN user a ON a.user_id = e.actor_id "
    "LEFT JOIN room r ON r.room_id = e.subject_id "
    "LEFT JOIN user other ON other.user_id = "
    "IF(r.direct_low = e.user_id, r.direct_high, r.direct_low) "
    "WHERE e.user_id = ? AND e.seq > ? AND e.seq <= ? ORDER BY e.seq";

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
}

enum error user_log_list(struct db *db, uint64_t user_id, uint64_t after, uint64_t limit,
                         uint64_t retention_days, struct user_log_state *state,
                         user_event_visit *visit, void *context) {
    struct db_rows *rows;
    struct user_event event;
    enum error error = read_state(db, user_id, state);
    /* Nothing is new. */
    if (error || after == state->last_seq)
        return error;
    /* A number from the future, or events between have been deleted. */
    if (after > state->last_seq || after + 1 < state->oldest_seq)
        return ERROR_GONE;
    /* Compared so that `after + limit` cannot overflow. */
    const uint64_t last = limit < state->last_seq - after ? after + limit : state->last_seq;
    error = DB_RUN(db, LIST, DB_REPEATABLE, &rows, db_u64(retention_days), db_u64(user_id),
                   db_u64(after), db_u64(last));
    if (error)
        return error;
    /* The first row must be the next event and within the retention; see event_log_list. */
    error = ERROR_GONE;
    while (db_next(rows)) {
        event_from_row(rows, user_id, &event);
        if (error && (event.seq != after + 1 || db_get_bool(rows, 5)))
            break;
        error = ERROR_NONE;
        visit(context, &event);
    }
    db_done(rows);
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

enum error user_log_rooms(struct db *db, uint64_t user_id, stream_head_visit *visit,
                          void *context) {
    static const char SQL[] =
        /* The present ends of all rooms of a user, for a client that watches them all. */
        "SELECT 0, r.room_id, r.last_seq FROM member me "
        "JOIN room r ON r.room_id = me.room_id WHERE me.user_id = ?";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id));
    return error ? error : visit_heads(rows, visit, context);
}
