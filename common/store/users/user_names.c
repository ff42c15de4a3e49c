/* Names of users by id, kept by a process between requests: a hash table of fixed size with open
 * addressing. A name changes only when its user is erased: that clears the tables of the processes
 * of this host at once, and others are cleared each second, which costs a busy process nothing. A
 * new connection may lead to another database (a restored backup), and clears the table. */
#include "store/users/user_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/xalloc.h"

/* The cache is cleared between lists when it has more than CLEAR_ABOVE names. A single list may
 * fill it up to MOST_NAMES; some slots stay empty, where a search ends. */
#define SLOTS 4096
#define CLEAR_ABOVE 2048
#define MOST_NAMES (SLOTS - 256)

/* The longest name that the schema permits, in bytes. */
#define NAME_SIZE 32

struct slot {
    uint64_t user_id; /* 0: free */
    unsigned char len;
    char name[NAME_SIZE];
};

struct user_names {
    struct slot slots[SLOTS]; /* a name is in slot id % SLOTS, or in the next free one */
    unsigned count;
    uint64_t connection; /* number of the database connection they were read by */
    int64_t since_ms;    /* when the table was cleared last */
    const _Atomic uint64_t *erasures;
    uint64_t erasures_seen;
};

/* How long a name may be kept after an erasure by another host, or by confabctl. */
#define KEPT_MS 1000

struct user_names *user_names_new(void) {
    return xcalloc(1, sizeof(struct user_names));
}

void user_names_watch(struct user_names *names, const _Atomic uint64_t *erasures) {
    names->erasures = erasures;
}

void user_names_free(struct user_names *names) {
    free(names);
}

void user_names_begin(struct user_names *names, const struct db *db) {
    const uint64_t connection = db_connection_number(db);
    const uint64_t erasures = names->erasures ? *names->erasures : 0;
    const int64_t now = clock_monotonic_ms();
    /* Only between lists: during one, the texts handed out point into the slots. */
    if (names->count > CLEAR_ABOVE || names->connection != connection ||
        names->erasures_seen != erasures || now - names->since_ms > KEPT_MS) {
        if (names->count > 0)
            memset(names->slots, 0, sizeof(names->slots));
        names->count = 0;
        names->since_ms = now;
    }
    names->connection = connection;
    names->erasures_seen = erasures;
}

/* The index of the slot of a user, or of the free one where it belongs. */
static unsigned find_slot(const struct user_names *names, uint64_t user_id) {
    /* Ids of users are consecutive, so the remainder spreads them evenly. */
    unsigned index = (unsigned)(user_id % SLOTS);
    /* Ends, since some slots are always free (MOST_NAMES). */
    while (names->slots[index].user_id != 0 && names->slots[index].user_id != user_id)
        index = (index + 1) % SLOTS;
    return index;
}

struct text user_names_find(const struct user_names *names, uint64_t user_id) {
    const struct slot *slot = &names->slots[find_slot(names, user_id)];
    return slot->user_id != 0 ? (struct text){slot->name, slot->len} : (struct text){NULL, 0};
}

void user_names_add(struct user_names *names, uint64_t user_id, struct text name) {
    struct slot *slot = &names->slots[find_slot(names, user_id)];
    /* User 0 does not exist. A table that is full, or a name that is too long, is not an error: the
     * name is read again next time. */
    if (user_id == 0 || slot->user_id != 0 || names->count >= MOST_NAMES || name.len > NAME_SIZE)
        return;
    slot->user_id = user_id;
    slot->len = (unsigned char)name.len;
    memcpy(slot->name, name.at, name.len);
    names->count++;
}

/* Whether the cache has all names of the current row. */
static bool has_row(const struct user_names *names, const struct db_rows *rows,
                    const unsigned *columns, unsigned count) {
    /* A column that is NULL has the id 0, which needs no name. */
    bool has_all = true;
    for (unsigned i = 0; i < count; i++) {
        const uint64_t id = db_get_u64(rows, columns[i]);
        has_all = has_all && (id == 0 || user_names_find(names, id).at);
    }
    return has_all;
}

enum error user_names_load(struct user_names *names, struct db *db, struct db_rows *rows,
                           const unsigned *columns, unsigned count) {
    /* From the ids to the users, one probe of the primary key each. */
    static const char SQL[] =
        "SELECT u.user_id, u.username FROM "
        "JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT UNSIGNED PATH '$')) j "
        "JOIN user u ON u.user_id = j.id";
    /* The row to return to. */
    const uint64_t current = db_row(rows);
    struct buffer ids = BUFFER_EMPTY;
    /* The usual case: no query. */
    if (has_row(names, rows, columns, count))
        return ERROR_NONE;

    /* The missing ids as a JSON array; one id may be in it several times. */
    for (db_seek(rows, current); db_next(rows);) {
        for (unsigned i = 0; i < count; i++) {
            const uint64_t id = db_get_u64(rows, columns[i]);
            if (id == 0 || user_names_find(names, id).at)
                continue;
            buffer_append_char(&ids, ids.len == 0 ? '[' : ',');
            buffer_append_u64(&ids, id);
        }
    }
    /* The caller continues with its row, whose values the walk has overwritten. */
    db_seek(rows, current);
    db_next(rows);
    buffer_append_char(&ids, ']');

    struct db_rows *found;
    /* At most one query for a list: the ids of all rows that follow are in it. */
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &found, db_text((struct text){ids.data, ids.len}));
    buffer_free(&ids);
    if (error)
        return error;
    /* An id without a user stays unknown. */
    while (db_next(found))
        user_names_add(names, db_get_u64(found, 0), db_get_text(found, 1));
    db_done(found);
    return ERROR_NONE;
}
