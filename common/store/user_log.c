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
    error = ERROR_NOT_FOUND;
    if (db_next(rows)) {
        *state = (struct user_log_state){db_get_u64(rows, 0), db_get_u64(rows, 1)};
        error = ERROR_NONE;
    }
    db_done(rows);
    return error;
}

/* A direct room is named after the other one of its users. */
static const char LIST[] =
    "SELECT STRAIGHT_JOIN e.seq, e.event_type, e.actor_id, a.username, e.subject_id, "
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
    if (error || after == state->last_seq)
        return error;
    if (after > state->last_seq || after + 1 < state->oldest_seq)
        return ERROR_GONE;
    const uint64_t last = limit < state->last_seq - after ? after + limit : state->last_seq;
    error = DB_RUN(db, LIST, DB_REPEATABLE, &rows, db_u64(retention_days), db_u64(user_id),
                   db_u64(after), db_u64(last));
    if (error)
        return error;
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

static enum error visit_heads(struct db_rows *rows, stream_head_visit *visit, void *context) {
    while (db_next(rows))
        visit(context, db_get_bool(rows, 0), db_get_u64(rows, 1), db_get_u64(rows, 2));
    db_done(rows);
    return ERROR_NONE;
}

enum error user_log_heads(struct db *db, struct text room_ids, struct text user_ids,
                          stream_head_visit *visit, void *context) {
#define IDS "JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT UNSIGNED PATH '$')) j "
    static const char SQL[] =
        "SELECT 0, r.room_id, r.last_seq FROM " IDS
        "JOIN room r ON r.room_id = j.id UNION ALL "
        "SELECT 1, u.user_id, u.last_seq FROM " IDS "JOIN user u ON u.user_id = j.id";
#undef IDS
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_text(room_ids), db_text(user_ids));
    return error ? error : visit_heads(rows, visit, context);
}

enum error user_log_rooms(struct db *db, uint64_t user_id, stream_head_visit *visit,
                          void *context) {
    static const char SQL[] =
        "SELECT 0, r.room_id, r.last_seq FROM member me "
        "JOIN room r ON r.room_id = me.room_id WHERE me.user_id = ?";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id));
    return error ? error : visit_heads(rows, visit, context);
}
