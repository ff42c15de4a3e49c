#include "store/user_names.h"

#include <stdlib.h>
#include <string.h>

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
    uint64_t session; /* of the database connection they were read by */
};

struct user_names *user_names_new(void) {
    return xcalloc(1, sizeof(struct user_names));
}

void user_names_free(struct user_names *names) {
    free(names);
}

void user_names_begin(struct user_names *names, const struct db *db) {
    const uint64_t session = db_session(db);
    if (names->count > 0 && (names->count > KEPT || names->session != session)) {
        memset(names->places, 0, sizeof(names->places));
        names->count = 0;
    }
    names->session = session;
}

bool user_names_are_none(const struct user_names *names) {
    return names->count == 0;
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
