/* Reading the events of a room together with their subjects; deleting events in slices. The stream
 * of a room is numbered without gaps from oldest_seq to last_seq; what an event shows (the message,
 * the membership) is joined from its table as it is now. Which events a user may see of a message
 * or a member is decided here as well. */
#include "store/events/event_log.h"

#include "event/event.h"
#include "store/transaction.h"

/* The types of events whose subject is a message that is shown, or its reactions. Edited and pinned
 * messages are shown in full, so that a client needs no second request. */
#define MESSAGE_EVENTS                                                                           \
    EVENT_SQL(EVENT_NEW_MESSAGE)                                                                 \
    ", " EVENT_SQL(EVENT_MESSAGE_EDITED) ", " EVENT_SQL(EVENT_REACTIONS_CHANGED) ", " EVENT_SQL( \
        EVENT_MESSAGE_PINNED)

/* The columns of the event itself, their number, and the first columns of the subjects. */
#define EVENT_COLUMNS                                             \
    "e.seq, e.event_type, e.actor_id, a.username, e.subject_id, " \
    "e.created_at < SYSDATE(6) - INTERVAL ? DAY"
#define EVENT_COLUMN_COUNT 6
#define FIRST_MESSAGE EVENT_COLUMN_COUNT
#define FIRST_MEMBER (FIRST_MESSAGE + MESSAGE_COLUMN_COUNT)

/* LEFT JOINs: the actor, the message or the membership may be gone. Each subject is joined only for
 * the types of events that show it. STRAIGHT_JOIN begins with the range of the primary key of
 * `event`. */
static const char LIST[] =
    "SELECT STRAIGHT_JOIN " EVENT_COLUMNS ", " MESSAGE_COLUMNS("NULL") ", " MEMBER_COLUMNS
    " FROM event e "
    "LEFT JOIN user a ON a.user_id = e.actor_id "
    "LEFT JOIN message m ON e.event_type IN (" MESSAGE_EVENTS ") AND m.message_id = e.subject_id "
    "AND m.room_id = e.room_id "
    "LEFT JOIN user s ON s.user_id = m.sender_id " MESSAGE_QUOTE_JOIN MESSAGE_QUOTE_NAME_JOIN
    "LEFT JOIN member mb ON e.event_type = " EVENT_SQL(EVENT_MEMBER_UPDATED)
    " AND mb.room_id = e.room_id AND mb.user_id = e.subject_id "
    "LEFT JOIN user mu ON mu.user_id = mb.user_id "
    "WHERE e.room_id = ? AND e.seq > ? AND e.seq <= ? ORDER BY e.seq";

/* Reads the columns of an event of a room; texts point into the row. */
static void event_from_row(const struct db_rows *rows, uint64_t room_id, struct room_event *event) {
    event->bell = NULL;
    event->room_id = room_id;
    /* The envelope finds the bell's name itself, where it is published. */
    event->seq = db_get_u64(rows, 0);
    event->type = (unsigned)db_get_u64(rows, 1);
    event->actor_id = db_get_u64(rows, 2);
    event->actor = db_get_text(rows, 3);
    event->subject_id = db_get_u64(rows, 4);
    /* False, from columns of NULL, if the event has no such subject. */
    event->message = (struct message){0};
    event->has_message = message_from_row(rows, FIRST_MESSAGE, room_id, &event->message);
    /* MEMBER_COLUMNS of a former member are NULL: the event then shows ids only. */
    event->has_membership = member_from_row(rows, FIRST_MEMBER, &event->membership);
}

/* Hides messages from before the user joined: a quote of one is left out; an event about one
 * becomes a message_deleted, since the numbers must have no gaps. */
static void hide_message(struct room_event *event, uint64_t first_position) {
    /* Hidden messages become deletions, which name no more than the id; message_show_to also takes
     * out the quote of one that is hidden. */
    if (!event->has_message || message_show_to(&event->message, first_position))
        return;
    event->type = EVENT_MESSAGE_DELETED;
    event->has_message = false;
}

/* Hides which member an event is about, in rooms whose members only moderators see: the event looks
 * like a member_updated whose member has left. */
static void hide_member(struct room_event *event, const struct room_state *state) {
    /* Users always see events about themselves. */
    if (!state->hides_members || !event_is_of_member(event->type) ||
        event->subject_id == state->viewer_id)
        return;
    event->type = EVENT_MEMBER_UPDATED;
    event->has_membership = false;
    event->actor = text_of("");
}

enum error event_log_list(struct db *db, const struct room_state *state, uint64_t after,
                          uint64_t limit, uint64_t retention_days, room_event_visit *visit,
                          void *context) {
    struct db_rows *rows;
    struct room_event event;
    /* Nothing is new: no query. */
    if (after == state->last_seq)
        return ERROR_NONE;
    /* A number from the future (of another database, or before a restore), or events between have
     * been deleted. */
    if (after > state->last_seq || after + 1 < state->oldest_seq)
        return ERROR_GONE;
    /* Compared so that `after + limit` cannot overflow. */
    const uint64_t last = limit < state->last_seq - after ? after + limit : state->last_seq;
    enum error error = DB_RUN(db, LIST, DB_REPEATABLE, &rows, db_u64(retention_days),
                              db_u64(state->room_id), db_u64(after), db_u64(last));
    if (error)
        return error;
    /* The first row must be the next event and within the retention (column 5). Otherwise events
     * are missing. ERROR_GONE also without any row: last_seq says that there are events, so they
     * were deleted between the caller's read of the state and this statement. */
    error = ERROR_GONE;
    while (db_next(rows)) {
        event_from_row(rows, state->room_id, &event);
        /* Checked on the first row only: the numbers that follow have no gaps. */
        if (error && (event.seq != after + 1 || db_get_bool(rows, 5)))
            break;
        error = ERROR_NONE;
        /* Hidden events are visited too, in another form: clients count on numbers without gaps. */
        event.is_bounded = state->is_bounded;
        hide_message(&event, state->first_position);
        hide_member(&event, state);
        visit(context, &event);
    }
    db_done(rows);
    return error;
}

enum error event_log_arrival(struct db *db, const struct room_state *state, uint64_t user_id,
                             uint64_t limit, uint64_t *seq) {
    /* The newest invitation of this user among the last `limit` events of the room; joining is
     * stored as the same event. */
    static const char SQL[] =
        "SELECT seq FROM event WHERE room_id = ? AND seq > ? AND seq <= ? AND subject_id = ? "
        "AND event_type = " EVENT_SQL(EVENT_USER_INVITED) " ORDER BY seq DESC LIMIT 1";
    /* All at or before last_seq, so that it agrees with the state that the caller has read. */
    const uint64_t last = state->last_seq;
    *seq = 0;
    return DB_NUMBER(db, SQL, seq, db_u64(state->room_id), db_u64(last > limit ? last - limit : 0),
                     db_u64(last), db_u64(user_id));
}

/* ---- deleting ---- */

/* The number of the oldest event kept. In the stream of a user it may be higher than oldest_seq:
 * the numbers in between are those of read marks that later ones have replaced. */
#define OLDEST(events, key, id) \
    "(SELECT o.seq FROM " events " o WHERE o." key " = " id " ORDER BY o.seq LIMIT 1)"

/* The next streams by their id, and whether the oldest event of each is older than the retention.
 * The number of streams is limited: there may be millions, and usually none is due. */
#define NEXT_STREAMS(table, key, events, oldest)                                      \
    "SELECT t." key                                                                   \
    ", e.created_at < SYSDATE(6) - INTERVAL ? DAY FROM "                              \
    "(SELECT " key ", oldest_seq FROM " table " WHERE " key " > ? ORDER BY " key      \
    " LIMIT ?) t LEFT JOIN " events " e ON e." key " = t." key " AND e.seq = " oldest \
    " ORDER BY t." key

/* Deletes the old events among the first `limit` of one stream. The row of the room or user is
 * locked first, so that oldest_seq always agrees with the events. */
#define PURGE_STREAM(table, key, events) \
    TRANSACTION(                                                                          \
        "DECLARE p_id BIGINT UNSIGNED DEFAULT ?; DECLARE p_days BIGINT UNSIGNED DEFAULT ?; "\
        "DECLARE p_limit BIGINT UNSIGNED DEFAULT ?; "                                     \
        "DECLARE v_oldest, v_up_to BIGINT UNSIGNED; DECLARE v_count BIGINT DEFAULT 0; ",  \
        "SELECT oldest_seq INTO v_oldest FROM " table " WHERE " key " = p_id FOR UPDATE; "\
        "SET v_now = SYSDATE(6); "                                                        \
        "IF v_oldest IS NULL THEN LEAVE body; END IF; "                                   \
        "SET v_oldest = " OLDEST(events, key, "p_id") "; "                                \
        "SELECT MAX(seq) INTO v_up_to FROM " events " WHERE " key " = p_id "              \
        "AND seq >= v_oldest AND seq < v_oldest + p_limit "                               \
        "AND created_at < v_now - INTERVAL p_days DAY; "                                  \
        "IF v_up_to IS NULL THEN LEAVE body; END IF; "                                    \
        "DELETE FROM " events " WHERE " key " = p_id AND seq <= v_up_to; "                \
        "SET v_count = ROW_COUNT(); "                                                     \
        "UPDATE " table " SET oldest_seq = v_up_to + 1 WHERE " key " = p_id; ",           \
        ", v_count")

/* Deletes up to `limit` expired events of one stream, and adds their number to *deleted. */
static enum error purge_stream(struct db *db, const char *sql, uint64_t id, uint64_t days,
                               uint64_t limit, uint64_t *deleted) {
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, sql, DB_REPEATABLE, &rows, db_u64(id), db_u64(days), db_u64(limit));
    if (error)
        return error;
    /* The second column is v_count; without a row nothing was deleted. */
    if (db_next(rows))
        *deleted += db_get_u64(rows, 1);
    db_done(rows);
    return ERROR_NONE;
}

/* Deletes expired events of the streams after *id, which then is the last one done. *done: no
 * stream is left. */
static enum error purge_streams(struct db *db, const char *next_sql, const char *purge_sql,
                                uint64_t days, uint64_t limit, uint64_t *id, bool *done,
                                uint64_t *deleted) {
    struct db_rows *rows;
    enum error error =
        DB_RUN(db, next_sql, DB_REPEATABLE, &rows, db_u64(days), db_u64(*id), db_u64(limit));
    if (error)
        return error;
    *done = db_count(rows) < limit;
    /* The rows of the first statement are in memory, so others may run meanwhile. */
    while (!error && db_next(rows)) {
        uint64_t of_stream = 0;
        if (db_get_bool(rows, 1))
            error = purge_stream(db, purge_sql, db_get_u64(rows, 0), days, limit, &of_stream);
        *deleted += of_stream;
        /* It may have more: the next call begins with it. */
        if (error || of_stream == limit) {
            *done = false;
            break;
        }
        *id = db_get_u64(rows, 0);
    }
    db_done(rows);
    return error;
}

enum error event_log_purge(struct db *db, uint64_t retention_days, uint64_t limit,
                           struct event_log_purge *purge, uint64_t *deleted) {
    /* Users have streams too; the same text with other tables. */
    static const char NEXT_ROOMS[] = NEXT_STREAMS("room", "room_id", "event", "t.oldest_seq");
    static const char NEXT_USERS[] =
        NEXT_STREAMS("user", "user_id", "user_event", OLDEST("user_event", "user_id", "t.user_id"));
    static const char PURGE_ROOM[] = PURGE_STREAM("room", "room_id", "event");
    static const char PURGE_USER[] = PURGE_STREAM("user", "user_id", "user_event");
    *deleted = 0;
    if (!purge->rooms_done)
        return purge_streams(db, NEXT_ROOMS, PURGE_ROOM, retention_days, limit, &purge->room_id,
                             &purge->rooms_done, deleted);
    if (!purge->users_done)
        return purge_streams(db, NEXT_USERS, PURGE_USER, retention_days, limit, &purge->user_id,
                             &purge->users_done, deleted);
    return ERROR_NONE;
}
