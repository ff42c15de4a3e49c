/* Reading and making the secrets, columns of room and user. A name is derived from the secret
 * (event/bell.c); here are only the secrets. */
#include "store/rooms/bell_name.h"

#include <sodium.h>
#include <string.h>

void bell_name_from_row(const struct db_rows *rows, unsigned first, struct bell_name *name) {
    const struct text secret = db_get_text(rows, first);
    memset(name, 0, sizeof(*name));
    /* NULL: no bell has been asked for yet. */
    if (secret.len != BELL_SECRET_SIZE)
        return;
    name->exists = true;
    memcpy(name->secret, secret.at, BELL_SECRET_SIZE);
    /* Raised when members leave, so that they do not know the later names. */
    name->generation = db_get_u64(rows, first + 1);
}

/* Columns: secret, generation, last_seq. */
static enum error read_name(struct db *db, const char *sql, uint64_t id, struct bell_name *name,
                            uint64_t *last_seq) {
    struct db_rows *rows;
    memset(name, 0, sizeof(*name));
    const enum error error = DB_FIND(db, sql, &rows, db_u64(id));
    if (error)
        return error;
    /* NULL columns leave the name as one that does not exist. */
    bell_name_from_row(rows, 0, name);
    *last_seq = db_get_u64(rows, 2);
    db_done(rows);
    return ERROR_NONE;
}

/* Stores a new secret unless there is one already, then reads the stored one. */
static enum error make_name(struct db *db, const char *make_sql, const char *read_sql, uint64_t id,
                            struct bell_name *name, uint64_t *last_seq) {
    unsigned char secret[BELL_SECRET_SIZE];
    /* 16 random bytes from libsodium, not guessable. */
    randombytes_buf(secret, sizeof(secret));
    const enum error error =
        DB_RUN(db, make_sql, DB_REPEATABLE, NULL, db_bytes(secret, sizeof(secret)), db_u64(id));
    return error ? error : read_name(db, read_sql, id, name, last_seq);
}

/* Users have no generation: the name of a user's bell is known to this user only. */
static const char OF_ROOM[] = "SELECT bell, bell_generation, last_seq FROM room WHERE room_id = ?";
static const char OF_USER[] = "SELECT bell, 0, last_seq FROM user WHERE user_id = ?";

enum error bell_name_of_room(struct db *db, uint64_t room_id, struct bell_name *name,
                             uint64_t *last_seq) {
    return read_name(db, OF_ROOM, room_id, name, last_seq);
}

enum error bell_name_of_user(struct db *db, uint64_t user_id, struct bell_name *name,
                             uint64_t *last_seq) {
    return read_name(db, OF_USER, user_id, name, last_seq);
}

enum error bell_names_changed(struct db *db, uint64_t seconds, bell_name_visit *visit,
                              void *context) {
    /* By KEY changed_at; only rooms whose bell was asked for. */
    static const char SQL[] =
        "SELECT bell, bell_generation, last_seq FROM room "
        "WHERE changed_at >= NOW(6) - INTERVAL ? SECOND AND bell IS NOT NULL";
    struct db_rows *rows;
    struct bell_name name;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(seconds));
    if (error)
        return error;
    while (db_next(rows)) {
        bell_name_from_row(rows, 0, &name);
        visit(context, &name, db_get_u64(rows, 2));
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error bell_name_make_of_room(struct db *db, uint64_t room_id, struct bell_name *name,
                                  uint64_t *last_seq) {
    /* Two requests at once: the condition lets the first one write, and both read its secret. */
    static const char MAKE[] = "UPDATE room SET bell = ? WHERE room_id = ? AND bell IS NULL";
    /* Nearly always there is one, so that nothing is written. */
    const enum error error = bell_name_of_room(db, room_id, name, last_seq);
    if (error || name->exists)
        return error;
    return make_name(db, MAKE, OF_ROOM, room_id, name, last_seq);
}

enum error bell_name_make_of_user(struct db *db, uint64_t user_id, struct bell_name *name,
                                  uint64_t *last_seq) {
    static const char MAKE[] = "UPDATE user SET bell = ? WHERE user_id = ? AND bell IS NULL";
    const enum error error = bell_name_of_user(db, user_id, name, last_seq);
    if (error || name->exists)
        return error;
    return make_name(db, MAKE, OF_USER, user_id, name, last_seq);
}
