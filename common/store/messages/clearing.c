/* The orders are rows of `clearing`, done one after the other. The messages of a user in a room are
 * a range of the unique key of client_id; last_key is how far it was read. */
#include "store/messages/clearing.h"

#include <stdio.h>

#include "store/messages/file.h"
#include "store/messages/message.h"

struct order {
    uint64_t id, room_id, user_id, actor_id;
    bool whole_site;
    int64_t since;
    char last_key[65 * 4 + 1];
};

static enum error next_order(struct db *db, struct order *order) {
    static const char SQL[] =
        "SELECT clearing_id, room_id, user_id, actor_id, whole_site, since, last_key "
        "FROM clearing ORDER BY clearing_id LIMIT 1";
    struct db_rows *rows;
    const enum error error = db_run(db, SQL, DB_REPEATABLE, NULL, 0, &rows);
    *order = (struct order){0};
    if (error)
        return error;
    if (db_next(rows)) {
        const struct text key = db_get_text(rows, 6);
        order->id = db_get_u64(rows, 0);
        order->room_id = db_get_u64(rows, 1);
        order->user_id = db_get_u64(rows, 2);
        order->actor_id = db_get_u64(rows, 3);
        order->whole_site = db_get_bool(rows, 4);
        order->since = db_get_time(rows, 5);
        snprintf(order->last_key, sizeof(order->last_key), "%.*s", (int)key.len, key.at);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error clearing_next_room(struct db *db, uint64_t after, uint64_t user_id, uint64_t *room_id) {
    static const char SQL[] =
        "SELECT r.room_id FROM room r WHERE r.room_id > ? AND EXISTS (SELECT 1 FROM message m "
        "FORCE INDEX (client_id) WHERE m.room_id = r.room_id AND m.sender_id = ?) "
        "ORDER BY r.room_id LIMIT 1";
    struct db_rows *rows;
    *room_id = 0;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(after), db_u64(user_id));
    if (error)
        return error;
    if (db_next(rows))
        *room_id = db_get_u64(rows, 0);
    db_done(rows);
    return ERROR_NONE;
}

/* Ends the order, or moves it to the next room. */
static enum error end_room(struct db *db, const struct order *order) {
    static const char END[] = "DELETE FROM clearing WHERE clearing_id = ?";
    static const char MOVE[] =
        "UPDATE clearing SET room_id = ?, last_key = '' WHERE clearing_id = ?";
    uint64_t room_id = 0;
    const enum error error =
        order->whole_site ? clearing_next_room(db, order->room_id, order->user_id, &room_id)
                          : ERROR_NONE;
    if (error)
        return error;
    return room_id ? DB_RUN(db, MOVE, DB_REPEATABLE, NULL, db_u64(room_id), db_u64(order->id))
                   : DB_RUN(db, END, DB_REPEATABLE, NULL, db_u64(order->id));
}

/* Deletes the messages of one slice, whose keys come after last_key. */
static enum error clear_slice(struct db *db, const char *file_dir, struct order *order,
                              uint64_t limit, uint64_t *read) {
    static const char SQL[] =
        "SELECT message_id, client_id FROM message FORCE INDEX (client_id) WHERE room_id = ? "
        "AND sender_id = ? AND client_id > ? AND NOT is_deleted AND created_at >= ? "
        "ORDER BY client_id LIMIT ?";
    static const char KEEP[] = "UPDATE clearing SET last_key = ? WHERE clearing_id = ?";
    struct db_rows *rows;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(order->room_id),
                              db_u64(order->user_id), db_str(order->last_key),
                              db_time(order->since), db_u64(limit));
    *read = 0;
    if (error)
        return error;
    while (!error && db_next(rows)) {
        struct message_change change;
        const uint64_t message_id = db_get_u64(rows, 0);
        const struct text key = db_get_text(rows, 1);
        snprintf(order->last_key, sizeof(order->last_key), "%.*s", (int)key.len, key.at);
        error = message_clear(db, order->room_id, order->actor_id, message_id, &change);
        /* Marked by the transaction: not served any more, even if the bytes stay. */
        if (!error && change.changed)
            file_remove_of_message(db, file_dir, message_id);
        /* The room was deleted meanwhile. */
        if (error == ERROR_NOT_FOUND)
            error = ERROR_NONE;
        ++*read;
    }
    db_done(rows);
    if (error || *read == 0)
        return error;
    return DB_RUN(db, KEEP, DB_REPEATABLE, NULL, db_str(order->last_key), db_u64(order->id));
}

enum error clearing_step(struct db *db, const char *file_dir, uint64_t limit, uint64_t *done) {
    struct order order;
    *done = 0;
    enum error error = next_order(db, &order);
    if (error || order.id == 0)
        return error;
    /* An order for all rooms begins before the first. */
    if (order.room_id > 0)
        error = clear_slice(db, file_dir, &order, limit, done);
    if (!error && *done < limit) {
        error = end_room(db, &order);
        ++*done;
    }
    return error;
}
