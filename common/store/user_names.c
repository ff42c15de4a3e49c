#include "store/user_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/xalloc.h"

/* Places are twice as many as the names that are kept for long, a power of two: what one
 * list notes finds room beside them. */
#define PLACES 4096
#define KEPT 2048
#define MOST (PLACES - 256)

/* As many as the schema lets a name have. */
#define NAME_SIZE 32

struct place {
    uint64_t user_id; /* 0: free */
    unsigned char len;
    char name[NAME_SIZE];
};

struct user_names {
    struct place places[PLACES]; /* by id, from its own place on */
    unsigned count;
    uint64_t connection; /* of the database connection they were read by */
};

struct user_names *user_names_new(void) {
    return xcalloc(1, sizeof(struct user_names));
}

void user_names_free(struct user_names *names) {
    free(names);
}

void user_names_begin(struct user_names *names, const struct db *db) {
    const uint64_t connection = db_connection_number(db);
    if (names->count > 0 && (names->count > KEPT || names->connection != connection)) {
        memset(names->places, 0, sizeof(names->places));
        names->count = 0;
    }
    names->connection = connection;
}

/* The place of a user, or the free one where it would be. */
static unsigned place_of(const struct user_names *names, uint64_t user_id) {
    unsigned at = (unsigned)(user_id % PLACES);
    while (names->places[at].user_id != 0 && names->places[at].user_id != user_id)
        at = (at + 1) % PLACES;
    return at;
}

struct text user_names_find(const struct user_names *names, uint64_t user_id) {
    const struct place *place = &names->places[place_of(names, user_id)];
    return place->user_id != 0 ? (struct text){place->name, place->len} : (struct text){NULL, 0};
}

void user_names_note(struct user_names *names, uint64_t user_id, struct text name) {
    struct place *place = &names->places[place_of(names, user_id)];
    if (user_id == 0 || place->user_id != 0 || names->count >= MOST || name.len > NAME_SIZE)
        return;
    place->user_id = user_id;
    place->len = (unsigned char)name.len;
    memcpy(place->name, name.at, name.len);
    names->count++;
}

enum error user_names_learn(struct user_names *names, struct db *db, struct db_rows *rows,
                            unsigned column) {
    static const char SQL[] =
        "SELECT u.user_id, u.username FROM "
        "JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT UNSIGNED PATH '$')) j "
        "JOIN user u ON u.user_id = j.id";
    const uint64_t present = db_row(rows);
    struct buffer ids = BUFFER_EMPTY;
    for (db_seek(rows, present); db_next(rows);) {
        const uint64_t id = db_get_u64(rows, column);
        if (user_names_find(names, id).at)
            continue;
        buffer_append_char(&ids, ids.len == 0 ? '[' : ',');
        buffer_append_u64(&ids, id);
    }
    buffer_append_char(&ids, ']');
    db_seek(rows, present);
    db_next(rows);

    struct db_rows *found;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &found, db_text((struct text){ids.data, ids.len}));
    buffer_free(&ids);
    if (error)
        return error;
    while (db_next(found))
        user_names_note(names, db_get_u64(found, 0), db_get_text(found, 1));
    db_done(found);
    return ERROR_NONE;
}
