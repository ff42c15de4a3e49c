#include "regulars.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* 100 KiB in all, of which only what is used becomes memory. */
#define PLACES 1024

/* So many places in a row may have a regular. */
#define ROW 4

struct regular {
    unsigned char token_hash[SECRET_HASH_SIZE];
    uint64_t room_id; /* 0: nobody */
    uint64_t user_id;
    uint64_t token_id;
    char name[USER_NAME_SIZE];
};

struct regulars {
    struct regular places[PLACES + ROW - 1];
    uint64_t session; /* of the database connection that they were met by */
};

struct regulars *regulars_new(void) {
    return xcalloc(1, sizeof(struct regulars));
}

void regulars_free(struct regulars *regulars) {
    free(regulars);
}

/* The row in which a regular is; a token's hash is as good as random. */
static struct regular *row_of(struct regulars *regulars,
                              const unsigned char token_hash[SECRET_HASH_SIZE], uint64_t room_id) {
    uint64_t number;
    memcpy(&number, token_hash, sizeof(number));
    return &regulars->places[(number + room_id) % PLACES];
}

/* The place of a regular, NULL if there is none. */
static struct regular *place_of(struct regulars *regulars,
                                const unsigned char token_hash[SECRET_HASH_SIZE],
                                uint64_t room_id) {
    struct regular *row = row_of(regulars, token_hash, room_id);
    for (struct regular *place = row; place < row + ROW; place++)
        if (room_id != 0 && place->room_id == room_id &&
            memcmp(place->token_hash, token_hash, SECRET_HASH_SIZE) == 0)
            return place;
    return NULL;
}

/* Where a newcomer goes: a free place, or the first of the row. */
static struct regular *place_for(struct regulars *regulars,
                                 const unsigned char token_hash[SECRET_HASH_SIZE],
                                 uint64_t room_id) {
    struct regular *row = row_of(regulars, token_hash, room_id);
    for (struct regular *place = row; place < row + ROW; place++)
        if (place->room_id == 0)
            return place;
    return row;
}

static void begin(struct regulars *regulars, const struct db *db) {
    if (regulars->session == db_session(db))
        return;
    memset(regulars->places, 0, sizeof(regulars->places));
    regulars->session = db_session(db);
}

bool regulars_find(struct regulars *regulars, const struct db *db,
                   const unsigned char token_hash[SECRET_HASH_SIZE], uint64_t room_id,
                   struct identity *identity) {
    begin(regulars, db);
    const struct regular *place = place_of(regulars, token_hash, room_id);
    if (!place)
        return false;
    memset(identity, 0, sizeof(*identity));
    identity->user.id = place->user_id;
    identity->user.is_active = true;
    memcpy(identity->user.name, place->name, sizeof(place->name));
    identity->token_id = place->token_id;
    return true;
}

void regulars_note(struct regulars *regulars, const struct db *db,
                   const unsigned char token_hash[SECRET_HASH_SIZE], uint64_t room_id,
                   const struct identity *identity) {
    begin(regulars, db);
    struct regular *place = place_of(regulars, token_hash, room_id);
    if (!place)
        place = place_for(regulars, token_hash, room_id);
    memcpy(place->token_hash, token_hash, SECRET_HASH_SIZE);
    place->room_id = room_id;
    place->user_id = identity->user.id;
    place->token_id = identity->token_id;
    memcpy(place->name, identity->user.name, sizeof(place->name));
}

void regulars_forget(struct regulars *regulars, const unsigned char token_hash[SECRET_HASH_SIZE],
                     uint64_t room_id) {
    struct regular *place = place_of(regulars, token_hash, room_id);
    if (place)
        memset(place, 0, sizeof(*place));
}
