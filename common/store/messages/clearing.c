/* The clearings are rows of a table, done one after the other. The messages of a user in a room are
 * a range of the unique key of client_id; last_key is how far it was read. */
#include "store/messages/clearing.h"

#include <stdio.h>

#include "store/messages/file.h"
#include "store/messages/message.h"

struct clearing {
    uint64_t id, room_id, user_id, actor_id;
    bool whole_site;
    int64_t since;
    /* 65 characters of up to four bytes, and the terminator. */
    char last_key[65 * 4 + 1];
};

/* The clearing that is to go on; its id is 0 if there is none. */
static enum error next_clearing(struct db *db, struct clearing *clearing) {
    /* The oldest clearing, so that one that was asked for first is done first. After a restart it
     * goes on from last_key. */
    static const char SQL[] =
        "SELECT clearing_id, room_id, user_id, actor_id, whole_site, since, last_key "
        "FROM clearing ORDER BY clearing_id LIMIT 1";
    struct db_rows *rows;
    const enum error error = db_run(db, SQL, DB_REPEATABLE, NULL, 0, &rows);
    *clearing = (struct clearing){0};
    if (error)
        return error;
    if (db_next(rows)) {
        const struct text key = db_get_text(rows, 6);
        clearing->id = db_get_u64(rows, 0);
        clearing->room_id = db_get_u64(rows, 1);
        clearing->user_id = db_get_u64(rows, 2);
        clearing->actor_id = db_get_u64(rows, 3);
        clearing->whole_site = db_get_bool(rows, 4);
        clearing->since = db_get_time(rows, 5);
        snprintf(clearing->last_key, sizeof(clearing->last_key), "%.*s", (int)key.len, key.at);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error clearing_next_room(struct db *db, uint64_t after, uint64_t user_id, uint64_t *room_id) {
    /* Rooms by rising id; whether the user has a message there is one probe of the unique key
     * (room_id, sender_id, client_id). */
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

/* Ends the clearing, or moves it to the next room. */
static enum error end_room(struct db *db, const struct clearing *clearing) {
    static const char END[] = "DELETE FROM clearing WHERE clearing_id = ?";
    static const char MOVE[] =
        "UPDATE clearing SET room_id = ?, last_key = '' WHERE clearing_id = ?";
    /* 0 ends it: there is no further room, or the clearing is of one room. */
    uint64_t room_id = 0;
    const enum error error = clearing->whole_site ? clearing_next_room(db, clearing->room_id,
                                                                       clearing->user_id, &room_id)
                                                  : ERROR_NONE;
    if (error)
        return error;
    return room_id ? DB_RUN(db, MOVE, DB_REPEATABLE, NULL, db_u64(room_id), db_u64(clearing->id))
                   : DB_RUN(db, END, DB_REPEATABLE, NULL, db_u64(clearing->id));
}

/* Deletes the messages of one slice, whose keys come after last_key. */
static enum error clear_slice(struct db *db, const char *file_dir, struct clearing *clearing,
                              uint64_t limit, uint64_t *read) {
    /* FORCE INDEX: the rows of one user follow each other in this key, in the order of last_key. */
    static const char SQL[] =
        "SELECT message_id, client_id FROM message FORCE INDEX (client_id) WHERE room_id = ? "
        "AND sender_id = ? AND client_id > ? AND NOT is_deleted AND created_at >= ? "
        "ORDER BY client_id LIMIT ?";
    static const char KEEP[] = "UPDATE clearing SET last_key = ? WHERE clearing_id = ?";
    struct db_rows *rows;
    enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(clearing->room_id), db_u64(clearing->user_id),
               db_str(clearing->last_key), db_time(clearing->since), db_u64(limit));
    *read = 0;
    if (error)
        return error;
    /* The rows of a plain SELECT are in memory, so that the transactions may run while they are
     * read. */
    while (!error && db_next(rows)) {
        struct message_change change;
        const uint64_t message_id = db_get_u64(rows, 0);
        const struct text key = db_get_text(rows, 1);
        /* Advanced also past a message that could not be deleted: it is gone with its room. */
        snprintf(clearing->last_key, sizeof(clearing->last_key), "%.*s", (int)key.len, key.at);
        error = message_clear(db, clearing->room_id, clearing->actor_id, message_id, &change);
        /* Marked by the transaction: not served any more, even if the bytes stay. */
        if (!error && change.changed)
            file_remove_of_message(db, file_dir, message_id);
        /* The room was deleted meanwhile. */
        if (error == ERROR_NOT_FOUND)
            error = ERROR_NONE;
        ++*read;
    }
    db_done(rows);
    /* Written once for the slice. If the process ends before, the messages are found deleted and
     * are skipped. */
    if (error || *read == 0)
        return error;
    return DB_RUN(db, KEEP, DB_REPEATABLE, NULL, db_str(clearing->last_key), db_u64(clearing->id));
}

enum error clearing_step(struct db *db, const char *file_dir, uint64_t limit, uint64_t *done) {
    struct clearing clearing;
    *done = 0;
    enum error error = next_clearing(db, &clearing);
    if (error || clearing.id == 0)
        return error;
    /* A clearing of all rooms begins before the first. */
    if (clearing.room_id > 0)
        error = clear_slice(db, file_dir, &clearing, limit, done);
    /* Fewer than the limit: the room is done. Moving on counts as a step, so that the caller does
     * not stop. */
    if (!error && *done < limit) {
        error = end_room(db, &clearing);
        ++*done;
    }
    return error;
}
